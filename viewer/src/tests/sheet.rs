//! Sheets: rows that fold, and where one is on them.

use ccdump_record::{Detail, Event as LogEvent, Exchange};
use ccdump_state::{
    DaemonEvent, Event, Program,
    mouse::{Action, Mouse},
    sheet::{Part, Subject},
};

use super::rig::{Rig, row};

fn inspecting(part: Part) -> Rig {
    let mut rig = Rig::with(9);
    rig.key("i");
    let key = Part::ALL
        .iter()
        .position(|other| *other == part)
        .map(|at| (at + 1).to_string())
        .expect("a part");
    rig.key(&key);
    rig
}

/// The text of the rows on the screen.
fn seen(rig: &Rig) -> Vec<String> {
    let rows = &rig.state.sheet.rows;
    let height = usize::from(rig.state.areas().conversation.height) - 1;
    let text = |at: usize| {
        let row = rows.get(at).expect("a row");
        row.line.spans.iter().map(|span| span.text.as_str()).collect()
    };
    rows.from(rig.state.sheet.first).take(height).map(text).collect()
}

fn marked(rig: &Rig) -> String {
    rig.state.sheet.rows.path(rig.state.sheet.cursor)
}

fn relaunched(rig: &mut Rig) -> Rig {
    let state = rig.save();
    let mut next = Rig::empty();
    next.event(Event::Held { name: "main".to_owned(), saved: true, state: Some(state) });
    next.rows(9);
    next
}

#[test]
fn json_is_shown_in_the_order_and_with_the_numbers_that_were_sent() {
    let rig = inspecting(Part::Request);
    assert_eq!(
        rig.state.sheet.subject,
        Some(Subject::Inspect { exchange: 9, part: Part::Request })
    );
    let rows = &rig.state.sheet.rows;
    let at = |path: &str| rows.find(path).unwrap_or_else(|| panic!("{path} is no row"));
    assert!(at("/messages") < at("/model") && at("/zeta") > at("/stream"));
    assert_eq!(rows.source(at("/zeta")), Some("1.5"));
    assert_eq!(rows.hides(at("/tools")), 0);
    assert_eq!(rows.hides(at("/messages/0/content")), 81);
}

#[test]
fn rows_are_folded_gone_through_and_copied() {
    let mut rig = inspecting(Part::Request);
    assert_eq!(marked(&rig), "/messages");
    rig.keys(&["j", "l", "j"]);
    assert_eq!(marked(&rig), "/messages/0/content");
    assert!(rig.state.sheet.rows.is_folded(rig.state.sheet.cursor));
    rig.keys(&["enter", "j"]);
    assert_eq!(marked(&rig), "/messages/0/content/0");
    assert_eq!(seen(&rig)[3], "question 9 line 0");
    rig.keys(&["h", "y"]);
    assert!(
        rig.copied
            .as_deref()
            .is_some_and(|text| text.starts_with("question 9 line 0\nquestion 9 line 1\n"))
    );
    rig.keys(&["h", "h", "y"]);
    assert_eq!(marked(&rig), "/messages/0");
    assert!(
        rig.copied
            .as_deref()
            .is_some_and(|text| text.starts_with("{\n  \"content\": \"question 9 line 0\\n"))
    );
    rig.keys(&["G", "y"]);
    assert_eq!(rig.copied.as_deref(), Some("1.5"));
}

#[test]
fn all_rows_fold_at_once() {
    let mut rig = inspecting(Part::Request);
    rig.key("O");
    assert_eq!(rig.state.sheet.rows.from(0).count(), 5, "the members of the body");
    rig.key("O");
    assert_eq!(rig.state.sheet.rows.from(0).count(), rig.state.sheet.rows.len());
}

#[test]
fn a_search_unfolds_what_it_finds_and_esc_goes_back() {
    let mut rig = inspecting(Part::Request);
    rig.key("/");
    rig.type_text("LINE 7");
    assert_eq!(marked(&rig), "/messages/0/content/7");
    rig.key("esc");
    assert_eq!(marked(&rig), "/messages");
    rig.key("/");
    rig.type_text("line 1");
    rig.key("enter");
    assert_eq!((rig.state.sheet.find.count(), rig.state.sheet.find.number()), (11, Some(1)));
    rig.keys(&["n", "n"]);
    assert_eq!(marked(&rig), "/messages/0/content/11");
    rig.keys(&["N", "N", "N"]);
    assert_eq!(rig.state.sheet.find.number(), Some(11), "around");
    rig.key("esc");
    assert!(rig.state.sheet.find.pattern().is_none() && rig.state.sheet.is_open());
    rig.key("esc");
    assert!(!rig.state.sheet.is_open());
}

#[test]
fn the_conversation_is_where_it_was() {
    let mut rig = Rig::with(40);
    rig.keys(&["pgup", "pgup", "J"]);
    let (text, focus) = (rig.text(), rig.focus());
    rig.keys(&["i", "l", "j", "j", "]", "[", "G", "tab", "q"]);
    assert_eq!((rig.text(), rig.focus()), (text, focus));
}

#[test]
fn a_relaunched_viewer_has_the_sheet_open_at_the_same_row() {
    let mut rig = inspecting(Part::Request);
    rig.keys(&["j", "l", "j", "enter", "ctrl-d", "ctrl-d"]);
    let before = (marked(&rig), seen(&rig));
    assert_eq!(before.0, "/messages/0/content/19");
    let mut next = relaunched(&mut rig);
    assert_eq!((marked(&next), seen(&next)), before);
    assert!(next.state.is_whole());
    next.key("q");
    assert!(next.shows("answer 9"), "{:?}", next.text());
}

#[test]
fn each_part_has_its_place_and_the_next_exchange_is_shown_at_the_same_one() {
    let mut rig = inspecting(Part::Request);
    rig.keys(&["k", "["]);
    assert_eq!(
        rig.state.sheet.subject,
        Some(Subject::Inspect { exchange: 8, part: Part::Request })
    );
    rig.keys(&["G", "3", "j", "1"]);
    assert_eq!(marked(&rig), "/zeta");
    rig.keys(&["#", "2", "enter"]);
    assert_eq!(
        rig.state.sheet.subject,
        Some(Subject::Inspect { exchange: 2, part: Part::Request })
    );
    assert_eq!(marked(&rig), "/zeta");
}

#[test]
fn the_mouse_chooses_folds_and_scrolls() {
    let mut rig = inspecting(Part::Request);
    let x = rig.state.areas().conversation.x;
    let click = |rig: &mut Rig, x: u16, y: u16| {
        rig.event(Event::Mouse(Mouse { action: Action::Press, x, y }))
    };
    click(&mut rig, x + 30, 3);
    assert_eq!(marked(&rig), "/messages/0");
    assert!(rig.state.sheet.rows.is_folded(rig.state.sheet.cursor), "only chosen");
    click(&mut rig, x + 3, 3);
    assert!(!rig.state.sheet.rows.is_folded(rig.state.sheet.cursor));
    rig.key("O");
    rig.key("O");
    rig.event(Event::Mouse(Mouse { action: Action::WheelDown, x: x + 5, y: 5 }));
    assert_eq!(rig.state.sheet.first, 3);
    click(&mut rig, x + 13, 1);
    assert_eq!(
        rig.state.sheet.subject,
        Some(Subject::Inspect { exchange: 9, part: Part::Response })
    );
}

#[test]
fn what_goes_on_is_fetched_anew_and_the_row_stays_marked() {
    let mut rig = Rig::empty();
    rig.event(Event::Held { name: "main".to_owned(), saved: true, state: None });
    let open = Exchange { end_state: None, ..row(9, "main") };
    rig.event(Event::Daemon(DaemonEvent::Rows(vec![open])));
    rig.event(Event::Daemon(DaemonEvent::SnapshotEnd));
    rig.event(Event::Live {
        exchange: 9,
        events: vec![LogEvent { seq: 1, ..LogEvent::of(0, Detail::Unknown(String::new())) }],
    });
    rig.keys(&["i", "4", "j", "j"]);
    let before = (marked(&rig), rig.brought);
    rig.event(Event::Tick);
    assert_eq!((marked(&rig), rig.brought), before, "not before a second has gone by");
    assert!(rig.state.deadline().is_some_and(|at| at <= rig.now + 1_000_000));
    rig.now += 1_000_000;
    rig.event(Event::Tick);
    assert_eq!((marked(&rig), rig.brought), (before.0, before.1 + 2), "the heads and the log");
    rig.event(Event::Daemon(DaemonEvent::Rows(vec![Exchange {
        through_seq: 99,
        ..row(9, "main")
    }])));
    let ended = rig.brought;
    rig.now += 9_000_000;
    rig.event(Event::Tick);
    assert_eq!(rig.brought, ended, "it is final now");
}

#[test]
fn a_request_is_copied_as_a_command_wherever_one_is() {
    for keys in [&["i", "C"][..], &["i", "5", "C"], &["C"]] {
        let mut rig = Rig::with(9);
        rig.keys(keys);
        let command = rig.copied.take().unwrap_or_else(|| panic!("{keys:?}: nothing was copied"));
        assert!(
            command.starts_with("curl -sSN -X POST \\\n  https://api.anthropic.com/v1/messages"),
            "{command}"
        );
        assert!(
            command.contains("-H 'x-api-key: '\"$ANTHROPIC_API_KEY\"")
                && command.contains("--data-raw '{\"messages\""),
            "{command}"
        );
    }
}

#[test]
fn an_exchange_is_copied_as_markdown() {
    let mut rig = Rig::with(9);
    rig.keys(&["i", "#", "3", "enter", "W"]);
    let text = rig.copied.expect("it was copied");
    let wanted = "# Exchange #3\n\n## User\n\nquestion 3\n\n## Assistant\n\nanswer 3 line 0\nanswer 3 line 1\n";
    assert!(
        text.starts_with(wanted) && text.contains("## Tool\n\n```\n") && text.contains("ls 3"),
        "{text}"
    );
}

#[test]
fn a_page_and_a_block_are_opened_in_other_programs() {
    let mut rig = Rig::with(9);
    rig.key("P");
    let (text, suffix, program) = rig.opened.take().expect("the marked block");
    assert!(text.contains("ls 9") && (suffix, program) == (".txt", Program::Pager), "{text}");
    rig.keys(&["i", "V"]);
    let (text, suffix, program) = rig.opened.take().expect("the request");
    assert!(
        text.starts_with("{\n  \"messages\": [\n")
            && (suffix, program) == (".json", Program::Editor),
        "{text}"
    );
    rig.keys(&["3", "Y"]);
    let text = rig.copied.take().expect("the headers");
    assert!(text.contains("\n  content-type              application/json\n"), "{text}");
}
