//! What keys and news do to the state, by table and by property.

use ccdump_model::{
    blocks::Category,
    record::{Fetch, Fetched, ResponseSide},
};
use ccdump_provider::content::Content;
use ccdump_record::{BlockKind, Exchange};
use ccdump_state::{
    Connection, DaemonEvent, Event, Saved,
    keymap::{Command, Key},
};
use proptest::prelude::*;
use serde_json::json;

use super::{
    jumps::relaunched,
    rig::{HEIGHT, Rig, fetch, piece, row},
};

#[test]
fn it_starts_at_the_end_and_follows() {
    let rig = Rig::with(40);
    assert!(
        rig.follows() && rig.shows("answer 40 line 0") && !rig.shows("question 20"),
        "{:#?}",
        rig.text()
    );
    assert_eq!(rig.text().len(), usize::from(HEIGHT - 2), "the pane is full");
}

#[test]
fn scrolling_up_leaves_the_end_and_coming_back_follows_again() {
    for (up, down) in [
        ("k", "j"),
        ("up", "down"),
        ("pgup", "pgdn"),
        ("ctrl-u", "ctrl-d"),
        ("g", "G"),
        ("home", "end"),
        ("pgup", "G"),
    ] {
        let mut rig = Rig::with(40);
        let at_end = rig.text();
        rig.key(up);
        assert!(!rig.follows() && rig.text() != at_end, "{up}");
        rig.key(down);
        assert!(rig.follows(), "{down}");
        assert_eq!(rig.text(), at_end, "{up} and {down}");
    }
}

#[test]
fn what_streams_in_moves_the_screen_only_while_following() {
    let mut rig = Rig::with(40);
    rig.key("pgup");
    let there = rig.text();
    rig.event(Event::Daemon(DaemonEvent::Rows(vec![row(41, "main")])));
    assert_eq!(rig.text(), there);
    rig.key("G");
    assert!(rig.shows("answer 41 line 0"));
    rig.event(Event::Daemon(DaemonEvent::Rows(vec![row(42, "main")])));
    assert!(rig.shows("answer 42 line 0"));
}

#[test]
fn while_following_the_newest_block_is_marked_unless_another_one_was_chosen() {
    let mut rig = Rig::with(40);
    let arrives =
        |rig: &mut Rig, id| rig.event(Event::Daemon(DaemonEvent::Rows(vec![row(id, "main")])));
    let newest = |rig: &Rig| rig.state.conversation.window.rows.last().and_then(|row| row.spot());
    for id in 41..44 {
        arrives(&mut rig, id);
        assert_eq!((rig.focus().exchange, Some(rig.focus())), (id, newest(&rig)));
    }
    // Scrolled up and down again, nothing was chosen; nor in a viewer that takes over.
    rig.keys(&["pgup", "k"]);
    assert!(!rig.follows() && Some(rig.focus()) != newest(&rig));
    rig.keys(&["pgdn", "pgdn"]);
    assert!(rig.follows() && Some(rig.focus()) == newest(&rig));
    let mut rig = relaunched(&mut Rig::with(40));
    arrives(&mut rig, 41);
    assert_eq!((rig.focus().exchange, Some(rig.focus())), (41, newest(&rig)));

    // One that was chosen stays the marked one as long as it is on the screen, in a viewer that
    // takes over too.
    let mut rig = Rig::with(40);
    rig.key("K");
    let chosen = rig.focus();
    assert!(rig.follows() && Some(&chosen) != newest(&rig).as_ref());
    let mut rig = relaunched(&mut rig);
    rig.event(Event::Tick);
    assert!(rig.follows() && rig.focus() == chosen, "{:?}", rig.focus());
    for id in 41..46 {
        arrives(&mut rig, id);
    }
    assert_eq!(Some(rig.focus()), newest(&rig));
}

#[test]
fn a_turn_stays_on_the_screen_while_the_one_after_it_is_fetched() {
    let mut rig = Rig::with(3);
    let next = Exchange { previous: Some(3), ..row(4, "main") };
    rig.state.update(rig.now, Event::Daemon(DaemonEvent::Rows(vec![next])));
    // It is asked for, and has not come.
    rig.state.arrange();
    rig.state.arrange();
    assert!(rig.shows("answer 3 line 0") && rig.shows("#4"), "{:#?}", rig.text());
}

#[test]
fn going_down_to_what_is_still_to_come_skips_nothing_of_it() {
    let mut rig = Rig::with(3);
    rig.keys(&["g"]);
    let next = Exchange { previous: Some(3), ..row(4, "main") };
    rig.fetch = |id| {
        let answer = (0..60).map(|line| format!("answer {id} line {line}\n")).collect();
        let answer =
            piece("/content/0".to_owned(), BlockKind::Text, "assistant", Content::Text(answer));
        let response = ResponseSide { pieces: vec![answer], ..ResponseSide::default() };
        Fetch { response: Fetched::Here(response), ..fetch(id) }
    };
    let mut asked = rig.state.update(rig.now, Event::Daemon(DaemonEvent::Rows(vec![next])));
    for _ in 0..4 {
        let down = Key::parse("pgdn").expect("it is a key");
        asked.extend(rig.state.update(rig.now, Event::Key(down)));
        asked.extend(rig.state.arrange());
    }
    assert!(rig.shows("#4"), "{:#?}", rig.text());
    rig.run(asked);
    rig.event(Event::Tick);
    let mut seen = rig.text();
    assert!(rig.shows("#4") && !rig.follows(), "{seen:#?}");
    for _ in 0..4 {
        rig.key("pgdn");
        seen.extend(rig.text());
    }
    let is_seen =
        |line: &u64| seen.iter().any(|seen| seen.contains(&format!("answer 4 line {line}")));
    assert!((0..60).all(|line| is_seen(&line)) && rig.follows(), "{seen:#?}");
}

#[test]
fn a_conversation_that_fits_on_the_screen_is_always_followed() {
    let mut rig = Rig::with(1);
    rig.keys(&["k", "pgup", "g"]);
    assert!(rig.follows());
}

#[test]
fn turns_tools_and_blocks_are_jumped_to_one_by_one() {
    let mut rig = Rig::with(40);
    rig.key("g");
    for turn in 1..=4 {
        assert_eq!((rig.focus().exchange, rig.focus().item.0.as_ref()), (turn, "turn"));
        rig.key("}");
    }
    rig.keys(&["{", "{"]);
    assert_eq!(rig.focus().exchange, 3);
    rig.key("g");
    for turn in [3, 6, 9] {
        rig.key("t");
        assert_eq!((rig.focus().exchange, rig.focus().item.0.contains("/content/1")), (turn, true));
    }
    rig.key("T");
    assert_eq!(rig.focus().exchange, 6);
    let before = rig.focus();
    rig.keys(&["J", "K"]);
    assert_eq!(rig.focus(), before);
}

#[test]
fn a_jump_reaches_over_exchanges_that_were_never_fetched() {
    let mut rig = Rig::with(400);
    // Back from the end: the tool calls are in every third exchange.
    for turn in (1..=133).rev().map(|third| third * 3) {
        rig.key("T");
        assert_eq!(rig.focus().exchange, turn);
    }
    let at_first = rig.focus();
    rig.key("T");
    assert_eq!(rig.focus(), at_first, "there is none before");
}

#[test]
fn categories_are_hidden_and_shown() {
    let mut rig = Rig::with(40);
    rig.key("1");
    assert!(!rig.shows("question") && rig.shows("answer"));
    assert!(rig.state.notices.iter().any(|notice| notice.text == "user hidden"));
    rig.key("2");
    assert!(!rig.shows("answer"));
    rig.keys(&["1", "2"]);
    assert!(rig.shows("question") && rig.shows("answer"));
}

#[test]
fn folding_keeps_the_marked_block_where_it_is() {
    let mut rig = Rig::with(40);
    rig.keys(&["pgup", "J", "J"]);
    let spot = rig.focus();
    let row = rig.state.conversation.window.row_of(&spot);
    rig.key("enter");
    assert_eq!(rig.state.conversation.window.row_of(&spot), row);
    rig.key("enter");
    assert_eq!(rig.state.conversation.window.row_of(&spot), row);
}

#[test]
fn each_agents_conversation_is_found_where_it_was_left() {
    let mut rig = Rig::with(40);
    rig.keys(&["pgup", "pgup"]);
    let there = rig.text();
    rig.key(".");
    assert!(rig.shows("answer 1001") && rig.follows());
    rig.key(",");
    assert_eq!(rig.text(), there);
    rig.keys(&["tab", "j", "enter"]);
    assert!(rig.shows("answer 1001"), "by way of the sidebar");
}

#[test]
fn a_new_session_is_shown_to_who_follows_and_has_chosen_nothing() {
    let new_session = || Exchange { session: Some("new".to_owned()), ..row(3000, "main") };
    let shows = |rig: &Rig| rig.state.conversation.agent.clone().and_then(|agent| agent.session);
    let mut rig = Rig::empty();
    rig.event(Event::Daemon(DaemonEvent::Rows((1..=9).map(|id| row(id, "main")).collect())));
    rig.event(Event::Daemon(DaemonEvent::SnapshotEnd));
    rig.event(Event::Daemon(DaemonEvent::Rows(vec![new_session()])));
    assert_eq!(shows(&rig).as_deref(), Some("new"));
    for keys in [&["."][..], &["pgup"]] {
        let mut rig = Rig::with(40);
        rig.keys(keys);
        rig.event(Event::Daemon(DaemonEvent::Rows(vec![new_session()])));
        assert_eq!(shows(&rig).as_deref(), Some("s"), "{keys:?}");
    }
}

#[test]
fn the_place_is_restored_even_before_the_index_is_all_there() {
    let mut rig = Rig::with(40);
    rig.keys(&["pgup", "pgup", "5", "J", "enter", "b"]);
    let (there, focus) = (rig.text(), rig.focus());
    let saved = rig.save();
    let mut next = Rig::empty();
    next.event(Event::Held { name: "main".to_owned(), saved: true, state: Some(saved) });
    next.event(Event::Daemon(DaemonEvent::Rows(vec![row(1001, "sub")])));
    assert!(next.state.conversation.window.rows.is_empty(), "what was chosen may come yet");
    next.rows(40);
    assert_eq!((next.text(), next.focus()), (there, focus));
    assert!(
        !next.state.sidebar.open
            && next.state.conversation.show.is_hidden(Category::Budget)
            && !next.follows()
    );
}

#[test]
fn the_place_is_the_same_in_whatever_order_the_lines_around_it_come() {
    for pages in 1..4 {
        let mut rig = Rig::with(12);
        (0..pages).for_each(|_| rig.key("pgup"));
        rig.keys(&["j", "J", "J"]);
        let (there, focus, saved) = (rig.text(), rig.focus(), rig.save());
        let mut next = Rig::empty();
        next.event(Event::Held { name: "main".to_owned(), saved: true, state: Some(saved) });
        let rows = (1..=12).map(|id| row(id, "main")).collect();
        next.event_slowly(Event::Daemon(DaemonEvent::Rows(rows)));
        assert_eq!((next.text(), next.focus()), (there, focus), "{pages} pages up");
    }
}

#[test]
fn a_state_that_cannot_be_read_is_told_and_harms_nothing_else() {
    for (state, told) in [
        (json!("half"), "the saved place was not restored"),
        (
            json!({"conversation": {"schema": 99, "state": {}}}),
            "conversation: saved by a newer version",
        ),
        (json!({"sidebar": {"schema": 1, "state": {"open": 7}}}), "sidebar: invalid type"),
    ] {
        let mut rig = Rig::empty();
        rig.event(Event::Held {
            name: "main".to_owned(),
            saved: true,
            state: Some(state.to_string().into_bytes()),
        });
        assert!(rig.state.notices.iter().any(|notice| notice.text.contains(told)), "{told}");
        rig.rows(40);
        assert!(rig.follows() && rig.shows("answer 40"));
    }
}

#[test]
fn parts_of_unknown_components_survive() {
    let mut rig = Rig::empty();
    let state = json!({"timeline": {"schema": 3, "state": [1, 2]}});
    rig.event(Event::Held {
        name: "main".to_owned(),
        saved: true,
        state: Some(state.to_string().into_bytes()),
    });
    rig.rows(10);
    rig.key("pgup");
    let saved: serde_json::Value = serde_json::from_slice(&rig.save()).expect("JSON");
    assert_eq!(saved["timeline"], state["timeline"]);
    assert!(
        Saved::read(saved.to_string().as_bytes()).is_ok() && saved["conversation"]["schema"] == 1
    );
}

#[test]
fn a_viewer_whose_name_is_taken_saves_nothing_and_says_so() {
    let mut rig = Rig::empty();
    rig.event(Event::Held { name: "work".to_owned(), saved: false, state: None });
    rig.rows(40);
    rig.keys(&["pgup", "1"]);
    rig.now += 1_000_000;
    rig.event(Event::Tick);
    assert_eq!(rig.saved, None);
    assert!(rig.state.notices.iter().any(|notice| notice.text.contains("another viewer is work")));
}

#[test]
fn a_lost_daemon_leaves_the_screen_as_it_is_and_a_reset_record_empties_it() {
    let mut rig = Rig::with(40);
    let there = rig.text();
    rig.event(Event::Daemon(DaemonEvent::Lost("it ended the \u{1b}[31mstream".to_owned())));
    assert!(
        matches!(&rig.state.daemon.connection, Connection::Lost { reason, .. } if reason == "it ended the stream")
    );
    assert_eq!(rig.text(), there);
    rig.event(Event::Daemon(DaemonEvent::Connected {
        build: String::new(),
        proxy: String::new(),
        started_ms: None,
    }));
    assert!(rig.state.notices.iter().any(|notice| notice.text == "the daemon is back"));
    rig.event(Event::Daemon(DaemonEvent::Reset("restored".to_owned())));
    assert!(rig.text().is_empty() && rig.state.roster.is_empty());
    assert!(
        rig.state
            .notices
            .iter()
            .any(|notice| notice.text.contains("the record is another one now: restored"))
    );
}

#[test]
fn before_anything_was_recorded_a_way_to_connect_is_copied() {
    let mut rig = Rig::empty();
    rig.keys(&["j", "y"]);
    assert_eq!(
        rig.copied.as_deref(),
        Some("codex -c openai_base_url='\"http://127.0.0.1:3344/v1\"'")
    );
    rig.keys(&["k", "k", "enter"]);
    assert_eq!(rig.copied.as_deref(), Some("ANTHROPIC_BASE_URL=http://127.0.0.1:3344 claude"));
}

#[test]
fn leaving_saves_what_was_not_saved_yet() {
    let mut rig = Rig::with(40);
    rig.keys(&["pgup", "q"]);
    assert!(rig.left && rig.saved.is_some());
    let mut rig = Rig::with(40);
    rig.keys(&["?", "q"]);
    assert!(!rig.left && rig.state.help.is_none(), "q closes the help first");
    rig.event(Event::Leave);
    assert!(rig.left);
}

#[derive(Debug, Clone)]
enum Step {
    Key(&'static str),
    Resize(u16, u16),
    NewTurn,
    Tick,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let names: Vec<&'static str> = ccdump_state::keymap::TABLE
        .iter()
        .filter(|binding| binding.command != Command::Detach)
        .flat_map(|binding| binding.keys.iter().copied())
        .collect();
    let step = prop_oneof![
        12 => proptest::sample::select(names).prop_map(Step::Key),
        2 => (1_u16..320, 1_u16..110).prop_map(|(width, height)| Step::Resize(width, height)),
        2 => Just(Step::NewTurn),
        1 => Just(Step::Tick),
    ];
    proptest::collection::vec(step, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_pressed_the_pane_is_full_of_consecutive_lines(turns in 0_u64..60, steps in steps()) {
        let mut rig = Rig::with(turns);
        let mut newest = 2000;
        for step in steps {
            match step {
                Step::Key(name) => rig.key(name),
                Step::Resize(width, height) => rig.event(Event::Resize { width, height }),
                Step::NewTurn => {
                    newest += 1;
                    rig.event(Event::Daemon(DaemonEvent::Rows(vec![row(newest, "main")])));
                }
                Step::Tick => rig.event(Event::Tick),
            }
            let areas = rig.state.areas();
            let rows = &rig.state.conversation.window.rows;
            prop_assert!(rows.len() <= usize::from(areas.conversation.height));
            for pair in rows.windows(2) {
                let follows = if pair[0].turn.exchange == pair[1].turn.exchange {
                    pair[1].line == pair[0].line + 1
                } else {
                    pair[0].line + 1 == pair[0].turn.height && pair[1].line == 0
                };
                prop_assert!(follows);
            }
            if rows.len() < usize::from(areas.conversation.height) && areas.conversation.height > 0 && !rows.is_empty() {
                prop_assert!(rig.state.conversation.window.at_end && rows[0].line == 0);
            }
            if let Some(spot) = &rig.state.conversation.focus {
                prop_assert!(rows.is_empty() || rig.state.conversation.window.row_of(spot).is_some());
            }
        }
    }

    #[test]
    fn the_same_lines_come_back_after_a_restart(pages in 0_usize..12, lines in 0_usize..30, folds in 0_usize..4) {
        let mut rig = Rig::with(60);
        (0..pages).for_each(|_| rig.key("pgup"));
        (0..lines).for_each(|_| rig.key("k"));
        for _ in 0..folds {
            rig.keys(&["J", "enter"]);
        }
        rig.key("j");
        let (there, saved) = (rig.text(), rig.save());
        let mut next = Rig::empty();
        next.event(Event::Held { name: "main".to_owned(), saved: true, state: Some(saved) });
        next.rows(60);
        prop_assert_eq!(next.text(), there);
    }

    #[test]
    fn another_width_keeps_the_block_at_the_top(pages in 1_usize..12, width in 78_u16..300) {
        let mut rig = Rig::with(60);
        (0..pages).for_each(|_| rig.key("pgup"));
        let top = rig.state.conversation.window.rows[0].spot();
        rig.event(Event::Resize { width, height: HEIGHT });
        prop_assert_eq!(rig.state.conversation.window.rows[0].spot(), top);
    }
}
