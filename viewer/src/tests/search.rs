//! Search: what is typed, what is found, where one is then, and where one was.

use ccdump_model::{blocks::Category, line::Detail};
use ccdump_provider::pattern::NoPattern;
use ccdump_state::{DaemonEvent, Event, Prompt, keymap::Key};
use proptest::prelude::*;

use super::rig::{Rig, row};

impl Rig {
    /// Types text, key by key.
    pub fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.key(&if c == ' ' { "space".to_owned() } else { c.to_string() });
        }
    }

    /// Until all was searched.
    pub fn finish(&mut self) {
        for _ in 0..300 {
            if !self.state.search.is_going_on() {
                return;
            }
            self.event(Event::Tick);
        }
        panic!("it goes on searching");
    }

    /// The number of the match one is at, and of all.
    pub fn found(&self) -> (Option<usize>, usize) {
        let search = &self.state.search;
        (
            search.current.as_ref().and_then(|current| search.hits.number(current)),
            search.hits.count(),
        )
    }

    /// The exchange of the match.
    pub fn at(&self) -> Option<u64> {
        self.state.search.current.as_ref().map(|current| current.spot.exchange)
    }
}

#[test]
fn the_nearest_match_is_shown_while_one_types_and_the_others_one_by_one() {
    let mut rig = Rig::with(40);
    rig.keys(&["/"]);
    rig.type_text("question 3");
    rig.finish();
    // question 3, and 30 to 39.
    assert_eq!((rig.found(), rig.at()), ((Some(11), 11), Some(39)));
    rig.type_text("1");
    rig.finish();
    assert_eq!((rig.found(), rig.at()), ((Some(1), 1), Some(31)));
    assert!(rig.shows("question 31"));
    rig.keys(&["backspace", "enter"]);
    rig.finish();
    assert_eq!(rig.found(), (Some(11), 11));
    for (key, exchange) in
        [("N", 38), ("N", 37), ("n", 38), ("n", 39), ("n", 3), ("N", 39), ("n", 3), ("n", 30)]
    {
        rig.key(key);
        assert_eq!(rig.at(), Some(exchange));
        assert!(rig.shows(&format!("question {exchange}")), "{exchange}");
        assert_eq!(rig.focus().exchange, exchange);
    }
    assert!(
        rig.state.notices.iter().any(|notice| notice.text == "the search goes on at the beginning")
    );
    rig.key("esc");
    assert!(
        rig.state.search.pattern().is_none() && rig.shows("question 30"),
        "one stays, and nothing is marked"
    );
    rig.key("n");
    rig.finish();
    assert!(rig.state.search.pattern().is_some(), "what was looked for last is looked for again");
}

#[test]
fn cancelling_brings_back_what_was_there() {
    for before in [&[][..], &["pgup", "pgup", "J", "enter"], &["g"], &["5", "2", "pgup"]] {
        let mut rig = Rig::with(40);
        rig.keys(before);
        let (there, follows) = (rig.text(), rig.follows());
        rig.key("/");
        rig.type_text("line 1");
        rig.finish();
        assert!(rig.found().1 > 10);
        rig.keys(&["up", "up", "up", "up", "up", "esc"]);
        assert_eq!((rig.text(), rig.follows()), (there, follows), "{before:?}");
    }
}

#[test]
fn switches_are_shown_in_the_bar_and_change_what_is_found() {
    let mut rig = Rig::with(40);
    rig.key("/");
    rig.type_text("QUESTION 4");
    rig.finish();
    assert_eq!(rig.found().1, 2);
    for (keys, found) in [
        (&["alt-w"][..], 1),
        (&["alt-c"], 0),
        (&["alt-w"], 0),
        (&["alt-c"], 2),
        (&["alt-r", "backspace", "\\", "d"], 40),
        (&["backspace", "backspace", "("], 0),
    ] {
        rig.keys(keys);
        rig.finish();
        assert_eq!(rig.found().1, found, "{keys:?}");
    }
    assert_eq!(rig.state.search.trouble(), Some(NoPattern::NoExpression));
}

#[test]
fn what_is_folded_or_hidden_is_shown_in_full_while_it_is_the_match() {
    let mut rig = Rig::with(40);
    rig.key("3");
    assert!(!rig.shows("ls 39"));
    let there = rig.text();
    rig.key("/");
    rig.type_text("ls 39");
    assert!(rig.shows("ls 39"), "{:#?}", rig.text());
    rig.key("esc");
    assert_eq!(rig.text(), there);
    rig.key("/");
    rig.type_text("ls 3");
    rig.key("enter");
    rig.finish();
    assert!(rig.shows("ls 39"));
    rig.key("N");
    assert!(rig.shows("ls 36") && !rig.shows("ls 39"), "only the one that one is at");
    rig.key("esc");
    assert!(!rig.shows("ls 36"));
    assert_eq!(rig.state.conversation.show.level(Category::Tools), Detail::Hidden);
}

#[test]
fn what_is_typed_and_what_was_found_survive_a_relaunch() {
    for keep in [false, true] {
        let mut rig = Rig::with(40);
        rig.keys(&["3", "/", "alt-c"]);
        rig.type_text("ls 21");
        rig.finish();
        if keep {
            rig.key("enter");
        }
        let (there, saved) = (rig.text(), rig.save());
        let mut next = Rig::empty();
        next.event(Event::Held { name: "main".to_owned(), saved: true, state: Some(saved) });
        next.rows(40);
        next.finish();
        assert_eq!(next.text(), there);
        assert_eq!((next.found(), next.state.search.input.text()), ((Some(1), 1), "ls 21"));
        assert!(next.state.search.switches.case);
        assert_eq!(next.state.prompt.open, (!keep).then_some(Prompt::Search));
        if !keep {
            next.key("esc");
            assert!(next.follows() && !next.shows("ls 21"), "it is known where one was");
        }
    }
}

#[test]
fn what_comes_later_is_found_too() {
    let mut rig = Rig::with(9);
    rig.key("/");
    rig.type_text("question");
    rig.key("enter");
    rig.finish();
    assert_eq!(rig.found().1, 9);
    rig.event(Event::Daemon(DaemonEvent::Rows(vec![row(10, "main")])));
    rig.finish();
    assert_eq!(rig.found().1, 10);
    // In another agent's conversation it is looked for anew.
    rig.key(".");
    rig.finish();
    assert_eq!(rig.found(), (None, 2));
    rig.event(Event::Daemon(DaemonEvent::Reset("restored".to_owned())));
    assert_eq!(rig.found().1, 0);
}

#[test]
fn nothing_is_found_and_nothing_was_looked_for() {
    let mut rig = Rig::with(9);
    let there = rig.text();
    rig.key("n");
    assert!(
        rig.state.notices.iter().any(|notice| notice.text.starts_with("nothing was looked for"))
    );
    rig.key("/");
    rig.type_text("nowhere");
    rig.key("enter");
    rig.finish();
    rig.key("n");
    assert!(rig.state.notices.iter().any(|notice| notice.text == "nothing was found"));
    assert_eq!(rig.text(), there);
}

#[test]
fn a_long_session_is_searched_in_steps_and_the_near_match_comes_at_once() {
    let mut rig = Rig::with(10_000);
    rig.key("/");
    let mut press =
        |name: &str| rig.state.update(rig.now, Event::Key(Key::parse(name).expect("a key")));
    let mut effects: Vec<_> = "question".chars().flat_map(|c| press(&c.to_string())).collect();
    effects.extend(["space", "9", "9", "9"].into_iter().flat_map(&mut press));
    effects.extend(press("0"));
    for _ in 0..4 {
        rig.run(std::mem::take(&mut effects));
        effects = rig.state.arrange();
    }
    assert_eq!(rig.at(), Some(9990));
    assert!(rig.shows("question 9990") && rig.state.search.is_going_on());
    for _ in 0..120 {
        rig.run(effects);
        effects = rig.state.arrange();
    }
    let here = (1..=10_000).filter(|exchange| rig.state.contents.get(*exchange).is_some()).count();
    assert!((300..=440).contains(&here), "{here} exchanges are kept of those that were read");
    assert_eq!((rig.found(), rig.at()), ((Some(1), 1), Some(9990)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn wherever_one_begins_the_same_is_found(turns in 1_u64..60, pages in 0_usize..8, digit in 0_u32..10) {
        let mut rig = Rig::with(turns);
        (0..pages).for_each(|_| rig.key("pgup"));
        rig.key("/");
        rig.type_text(&format!("question {digit}"));
        rig.finish();
        let expected = (1..=turns).filter(|id| id.to_string().starts_with(&digit.to_string())).count();
        let (number, count) = rig.found();
        prop_assert_eq!(count, expected);
        prop_assert_eq!(number.is_some(), expected > 0);
    }
}
