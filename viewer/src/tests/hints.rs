//! Search with a daemon that says where to look: there first, and what it says is only where to
//! look.

use ccdump_state::{DaemonEvent, Effect, Event, keymap::Key, search::Question};
use ccdump_wire::v1::{SearchHit, Side};
use proptest::prelude::*;

use super::rig::{Rig, row};

impl Rig {
    /// A search that is typed and whose steps are taken one by one.
    fn begin(&mut self, typed: &str) {
        self.hints = true;
        self.key("/");
        self.state.search.switches.word = true;
        self.state.search.switches.regex = true;
        for c in typed.chars() {
            self.key_only(&if c == ' ' { "space".to_owned() } else { c.to_string() });
        }
    }

    /// Frames of which the fetches are answered that `answers` lets through. Gives the others.
    fn frames(&mut self, count: usize, answers: impl Fn(u64) -> bool) -> Vec<Effect> {
        let is_held = |effect: &Effect| matches!(effect, Effect::Fetch { exchange, .. } if !answers(*exchange));
        let mut held = Vec::new();
        for _ in 0..count {
            let (kept, now): (Vec<_>, Vec<_>) =
                self.state.arrange().into_iter().partition(&is_held);
            held.extend(kept);
            self.run(now);
        }
        held
    }

    /// A key, and nothing that comes of it.
    fn key_only(&mut self, name: &str) {
        let effects = self.state.update(self.now, Event::Key(Key::parse(name).expect("a key")));
        self.run(effects);
    }

    /// The daemon has looked through all.
    fn hints_end(&mut self) {
        let number = self.question().number;
        self.event(Event::Hinted { number, answer: Ok(Vec::new()), is_over: true });
    }

    fn question(&self) -> &Question {
        self.asked.last().and_then(Option::as_ref).expect("it asks")
    }

    /// The daemon names these.
    fn hint(&mut self, number: u64, exchanges: &[u64]) {
        let hit = |id: &u64| SearchHit { exchange: *id, sides: vec![Side::Response as i32] };
        let answer = Ok(exchanges.iter().map(hit).collect());
        let effects = self.state.update(self.now, Event::Hinted { number, answer, is_over: false });
        self.run(effects);
    }
}

#[test]
fn what_the_daemon_names_is_searched_first_and_all_else_afterwards() {
    let mut rig = Rig::with(400);
    rig.begin("question 17");
    rig.frames(4, |_| true);
    assert_eq!(rig.at(), None, "it is far away");
    let number = rig.question().number;
    rig.hint(number - 1, &[17]);
    rig.frames(4, |_| true);
    assert_eq!(rig.at(), None, "that was the answer to what was typed before");
    rig.hint(number, &[17, 40]);
    rig.frames(8, |_| true);
    assert_eq!(rig.at(), Some(17));
    assert!(rig.shows("question 17") && rig.state.search.is_going_on());
    let fetched = (1..=400).filter(|exchange| rig.state.contents.get(*exchange).is_some()).count();
    assert!(fetched < 60, "{fetched} exchanges were fetched, most of them for nothing");
    rig.hints_end();
    rig.finish();
    assert_eq!((rig.found(), rig.at()), ((Some(1), 1), Some(17)), "in 40 it is not");
}

#[test]
fn a_daemon_that_does_not_answer_is_not_waited_for() {
    let mut rig = Rig::with(400);
    rig.begin("question 17");
    rig.frames(100, |_| true);
    assert_eq!(rig.at(), None);
    let until = rig.state.deadline().expect("it looks again then");
    assert!(until <= rig.now + 1_000_000);
    rig.now += 1_000_000;
    rig.event(Event::Tick);
    rig.finish();
    assert_eq!(rig.at(), Some(17));
}

#[test]
fn a_match_is_not_gone_to_while_one_that_was_named_before_it_is_not_searched() {
    for (typed, forward, origin, far, near) in [
        ("question (290|100|50)", false, 290, 50, 100),
        ("question (10|200|250)", true, 10, 250, 200),
    ] {
        let mut rig = Rig::with(300);
        if forward {
            rig.key("g");
        }
        rig.begin(typed);
        let number = rig.question().number;
        rig.hint(number, &[origin]);
        rig.frames(3, |_| true);
        assert_eq!(rig.at(), Some(origin));
        rig.key_only("enter");
        // The far one is here, the near one is on its way.
        rig.hint(number, &[far]);
        rig.frames(3, |id| id.abs_diff(far) < 2 || id.abs_diff(origin) < 20);
        assert!(rig.found().1 >= 2, "the far one is known");
        rig.hint(number, &[near]);
        let held = rig.frames(1, |id| id.abs_diff(near) > 1);
        rig.key_only(if forward { "n" } else { "N" });
        let held = [held, rig.frames(3, |id| id.abs_diff(near) > 1)].concat();
        assert_eq!(rig.at(), Some(origin), "{typed}: it waits");
        assert!(!held.is_empty());
        rig.run(held);
        rig.frames(3, |_| true);
        assert_eq!(rig.at(), Some(near), "{typed}");
        rig.key_only(if forward { "n" } else { "N" });
        rig.frames(3, |_| true);
        assert_eq!(rig.at(), Some(far), "{typed}");
    }
}

#[test]
fn each_letter_asks_anew_and_what_is_over_is_taken_back() {
    let mut rig = Rig::with(40);
    rig.key("/");
    rig.type_text("ab");
    rig.key("alt-c");
    let asked: Vec<_> = rig
        .asked
        .iter()
        .flatten()
        .map(|asked| (asked.text.as_str(), asked.switches.case, asked.origin))
        .collect();
    assert_eq!(asked, [("a", false, 40), ("ab", false, 40), ("ab", true, 40)]);
    let numbers: Vec<u64> = rig.asked.iter().flatten().map(|asked| asked.number).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    assert_eq!(rig.question().agent.agent.as_deref(), Some("main"));
    rig.key("esc");
    assert_eq!(rig.asked.last(), Some(&None));
    let before = rig.asked.len();
    rig.keys(&["j", "k"]);
    assert_eq!(rig.asked.len(), before, "it is taken back once");
    // What is no pattern is never asked for.
    rig.keys(&["/", "alt-r", "("]);
    assert_eq!(rig.asked.len(), before);
}

#[test]
fn a_daemon_that_cannot_tell_is_named_once_and_asked_again_when_it_is_another() {
    let mut rig = Rig::with(40);
    rig.key("/");
    rig.type_text("q");
    let answer =
        || Err("this daemon cannot search; it is older than this viewer: update it".to_owned());
    for _ in 0..2 {
        rig.event(Event::Hinted { number: rig.question().number, answer: answer(), is_over: true });
    }
    let words = "what is far away is found late: this daemon cannot search";
    assert_eq!(rig.state.notices.iter().filter(|notice| notice.text.starts_with(words)).count(), 1);
    let before = rig.asked.len();
    rig.type_text("uestion 5");
    rig.finish();
    assert_eq!((rig.found(), rig.asked.len()), ((Some(1), 1), before));
    let (build, proxy) = ("y".to_owned(), String::new());
    rig.event(Event::Daemon(DaemonEvent::Connected { build, proxy, started_ms: None }));
    rig.key("backspace");
    assert_eq!(rig.question().text, "question ");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_daemon_names_the_same_is_found(turns in 1_u64..60, hints in prop::collection::vec(0_u64..70, 0..40), digit in 0_u32..10) {
        let mut rig = Rig::with(turns);
        rig.hints = true;
        rig.key("/");
        rig.type_text(&format!("question {digit}"));
        let number = rig.question().number;
        let (first, rest) = hints.split_at(hints.len() / 2);
        rig.hint(number, first);
        rig.event(Event::Daemon(DaemonEvent::Rows(vec![row(turns + 1, "main")])));
        rig.hint(number, rest);
        rig.hints_end();
        rig.finish();
        let expected = |turns| (1..=turns).filter(|id: &u64| id.to_string().starts_with(&digit.to_string())).count();
        prop_assert_eq!(rig.found().1, expected(turns + 1));
        // When all was searched, nobody waits for what comes later.
        prop_assert!(rig.found().0.is_some() || expected(turns) == 0);
    }
}
