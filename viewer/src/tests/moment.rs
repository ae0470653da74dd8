//! A moment is shown as it was, and however one comes to it.

use std::collections::BTreeSet;

use ccdump_model::record::AgentKey;
use ccdump_record::{
    BodyData, ClosedBy, Detail, Ended, Event as LogEvent, Exchange, Header, Opened, Payload, Piece,
    ResponseHead,
};
use ccdump_state::{DaemonEvent, Event, Moment};
use proptest::prelude::*;
use serde_json::json;

use super::rig::{Rig, row};

const SECOND: i64 = 1_000_000;

/// Exchange `id` begins at 10 × `id` seconds, answers a second later and ends five seconds after it
/// began.
fn full(id: u64) -> Exchange {
    Exchange {
        started_at_us: start(id),
        ttft_us: Some(1_000_000),
        duration_us: Some(5_000_000),
        status: Some(200),
        ..row(id, if id == 5 { "sub" } else { "main" })
    }
}

fn start(id: u64) -> i64 {
    i64::try_from(id).expect("small") * 10 * SECOND
}

/// No tool call is in these.
const IDS: [u64; 4] = [1, 2, 4, 5];

/// What streamed: a line every half second, from the first second on, in one event.
fn events(id: u64) -> Vec<LogEvent> {
    let sse = |data: serde_json::Value| {
        format!("event: {}\ndata: {data}\n\n", data["type"].as_str().expect("a type"))
    };
    let begin = sse(
        json!({"type": "message_start", "message": {"id": "m", "role": "assistant", "usage": {}}}),
    ) + &sse(
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    );
    let delta = |line| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": line}});
    let mut pieces = vec![begin];
    pieces.extend((0..3 + id % 7).map(|line| sse(delta(format!("answer {id} line {line}\n")))));
    let times = [1_000_000].into_iter().chain((0..).map(|half| 1_000_000 + half * 500_000));
    let told = times.zip(&pieces).map(|(after, piece)| Piece {
        after_us: after,
        length: piece.len().try_into().expect("short"),
    });
    let payload = pieces.concat();
    let data = BodyData {
        pieces: told.collect(),
        payload: Payload { bytes: payload.into(), ..Payload::default() },
        ..BodyData::default()
    };
    let headers =
        vec![Header { name: "content-type".to_owned(), value: "text/event-stream".to_owned() }];
    let details = [
        (0, Detail::Opened(Opened::default())),
        (
            900_000,
            Detail::ResponseHead(ResponseHead { status: 200, headers, ..ResponseHead::default() }),
        ),
        (0, Detail::ResponseData(data)),
        (5 * SECOND, Detail::Ended(Ended::by(ClosedBy::Finished))),
    ];
    let event = |(seq, (after, detail)): (u64, (i64, Detail))| LogEvent {
        seq: id * 100 + seq,
        exchange: id,
        at_us: start(id) + after,
        detail,
    };
    (1..).zip(details).map(event).collect()
}

struct Past {
    rig: Rig,
    sent: BTreeSet<u64>,
}

impl Past {
    fn at(at: &str, is_looped: bool) -> Self {
        Self::restored(at, is_looped, None)
    }

    /// The row of the exchange is known from the beginning of some and not of others, as when the
    /// daemon is away.
    fn restored(at: &str, is_looped: bool, state: Option<Vec<u8>>) -> Self {
        let at: ccdump_state::at::At = at.parse().expect("a moment");
        let first = Some(full(at.exchange)).filter(|row| row.id % 2 == 0);
        let mut rig = Rig::empty();
        rig.state.show_moment(Moment::new(at, is_looped, first));
        rig.event(Event::Held { name: "moment".to_owned(), saved: true, state });
        rig.event(Event::Daemon(DaemonEvent::Rows(IDS.into_iter().map(full).collect())));
        rig.event(Event::Daemon(DaemonEvent::SnapshotEnd));
        let mut past = Self { rig, sent: BTreeSet::new() };
        past.stream();
        past
    }

    /// Sends what is followed, once as long as it is followed.
    fn stream(&mut self) {
        loop {
            let followed = self.rig.followed.clone();
            self.sent.retain(|id| followed.contains(id));
            let Some(id) = followed.into_iter().find(|id| !self.sent.contains(id)) else { return };
            self.sent.insert(id);
            self.rig.event(Event::Live { exchange: id, events: events(id) });
        }
    }

    fn key(&mut self, name: &str) {
        self.rig.key(name);
        self.stream();
    }

    fn wait(&mut self, us: i64) {
        self.rig.now += us - 1000;
        self.rig.event(Event::Tick);
        self.stream();
    }

    fn shown(&self) -> i64 {
        self.rig.state.moment.as_ref().expect("a moment").shown_us()
    }

    fn is_playing(&self) -> bool {
        self.rig.state.moment.as_ref().is_some_and(Moment::is_playing)
    }

    /// What there is to see, without what depends on the way to it.
    fn seen(&self) -> (Vec<Option<Exchange>>, Vec<String>, usize) {
        let state = &self.rig.state;
        let rows = IDS.iter().map(|id| state.roster.row(*id).cloned()).collect();
        (rows, self.rig.text(), state.roster.nodes().len())
    }
}

#[test]
fn a_search_in_the_past_asks_the_daemon_nothing() {
    let mut past = Past::at("4", false);
    past.key("/");
    past.rig.type_text("question 1");
    assert_eq!((past.rig.found(), past.rig.asked.as_slice()), ((Some(1), 1), &[][..]));
}

#[test]
fn the_record_is_opened_as_it_was() {
    for (at, there, not_there) in [
        (
            "2",
            &["question 2", "answer 2 line 4", "answer 1 line 3"][..],
            &["question 4", "streaming"][..],
        ),
        ("2@0", &["question 2", "answer 1 line 3"], &["answer 2", "question 4"]),
        ("2@0.9", &["question 2"], &["answer 2"]),
        (
            "2@1",
            &["question 2", "streaming", "answer 2 line 0"],
            &["answer 2 line 1", "question 4"],
        ),
        ("2@2.4", &["answer 2 line 2"], &["answer 2 line 3"]),
        ("2@4.999", &["answer 2 line 4", "streaming"], &[]),
        ("2@20", &["question 4"], &["answer 4"]),
        ("1", &["question 1", "answer 1 line 3"], &["question 2"]),
        ("5@1.6", &["question 5", "answer 5 line 1"], &["answer 5 line 2", "question 4"]),
    ] {
        let past = Past::at(at, false);
        let text = past.rig.text();
        there.iter().for_each(|words| assert!(past.rig.shows(words), "{at}: {words} in {text:#?}"));
        not_there
            .iter()
            .for_each(|words| assert!(!past.rig.shows(words), "{at}: {words} in {text:#?}"));
        assert!(!past.is_playing() && past.rig.state.is_whole());
    }
}

#[test]
fn one_goes_by_seconds_and_by_events() {
    let mut past = Past::at("2@1.6", false);
    for (key, after_ms) in [
        (">", 2_600),
        ("<", 1_600),
        ("e", 2_000),
        ("e", 2_500),
        ("E", 2_000),
        ("E", 1_500),
        ("E", 1_000),
        ("E", 900),
        ("E", 0),
        ("E", -5_000),
        ("<", -6_000),
        ("<", -7_000),
    ] {
        past.key(key);
        assert_eq!(past.shown() - start(2), after_ms * 1_000, "{key}");
    }
    (0..10).for_each(|_| past.key("<"));
    assert_eq!(past.shown(), start(1), "there is nothing before");
    (0..100).for_each(|_| past.key(">"));
    assert_eq!(past.shown(), start(5) + 5 * SECOND, "nor after");
    past.key("e");
    assert_eq!(past.shown(), start(5) + 5 * SECOND);
}

#[test]
fn it_plays_at_the_recorded_speed_and_stops_at_the_end() {
    let mut past = Past::at("4@1", false);
    past.key("p");
    assert!(past.is_playing() && past.rig.state.deadline().is_some());
    past.wait(SECOND);
    assert_eq!(past.shown(), start(4) + 2 * SECOND);
    assert!(past.rig.shows("answer 4 line 2") && !past.rig.shows("answer 4 line 3"));
    past.key("+");
    past.key("+");
    past.key("-");
    let before = past.shown();
    past.wait(SECOND / 2);
    assert_eq!(past.shown() - before, SECOND);
    past.key("p");
    let before = past.shown();
    past.wait(SECOND);
    assert_eq!((past.shown(), past.is_playing()), (before, false));
    past.key("p");
    past.wait(1_000 * SECOND);
    assert_eq!((past.shown(), past.is_playing()), (start(5) + 5 * SECOND, false));
    assert!(past.rig.shows("answer 4 line 6") && !past.rig.shows("streaming"));
}

#[test]
fn a_loop_plays_the_exchange_again_and_again() {
    for (at, begin) in [("2", 0), ("2@2.6", 2_600_000), ("2@9", 0)] {
        let mut past = Past::at(at, true);
        assert!(
            (0..SECOND / 100).contains(&(past.shown() - start(2) - begin)) && past.is_playing(),
            "{at}"
        );
        for _ in 0..3 {
            past.wait(5 * SECOND - begin - SECOND / 10);
            assert!(
                past.rig.shows("answer 2 line 4") && past.rig.shows("streaming"),
                "{at} {:#?}",
                past.rig.text()
            );
            past.wait(SECOND);
            assert_eq!(past.shown(), start(2) + 5 * SECOND, "the end is seen for a while");
            assert!(past.rig.shows("answer 2 line 4") && !past.rig.shows("streaming"));
            past.wait(SECOND / 2);
            assert!((0..SECOND / 100).contains(&(past.shown() - start(2) - begin)), "{at}");
            assert!(!past.rig.shows("answer 2 line 4") && past.rig.shows("question 2"));
        }
    }
}

#[test]
fn what_is_inspected_at_a_moment_is_said_to_go_beyond_it() {
    for (at, part, is_said) in
        [("4@2", "1", false), ("4@2", "2", true), ("4@2", "5", true), ("4@9", "2", false)]
    {
        let mut past = Past::at(at, false);
        past.key("i");
        past.key(part);
        assert!(past.rig.state.sheet.is_open());
        let rows = &past.rig.state.sheet.rows;
        let is_there = rows.roots().any(|row| rows.text(row).contains("it went on at this moment"));
        assert_eq!(is_there, is_said, "{at} {part}");
    }
}

#[test]
fn the_keys_of_time_mean_nothing_where_no_moment_is_shown() {
    let mut rig = Rig::with(9);
    let there = rig.text();
    rig.keys(&["p", "<", "e", "+"]);
    assert_eq!((rig.text(), rig.follows()), (there, true));
}

#[test]
fn a_viewer_that_is_replaced_goes_on_and_one_begun_anew_begins_anew() {
    let mut past = Past::at("2@1.6", false);
    for key in ["+", ">", "k", "5"] {
        past.key(key);
    }
    let saved = past.rig.save();
    let text = past.rig.text();
    let replaced = Past::restored("2@1.6", false, Some(saved.clone()));
    assert_eq!((replaced.shown(), replaced.rig.text()), (past.shown(), text));
    let other = Past::restored("2@1", false, Some(saved));
    assert_eq!(other.shown(), start(2) + SECOND);
    assert!(other.rig.follows() && other.rig.shows("answer 2 line 0"));
    past.key("q");
    let left = past.rig.saved.clone();
    let anew = Past::restored("2@1.6", false, left);
    assert_eq!(anew.shown(), start(2) + 1_600_000);
    assert!(anew.rig.follows());
}

#[test]
fn a_loop_that_is_replaced_plays_on() {
    let mut past = Past::at("2", true);
    past.wait(2 * SECOND);
    past.rig.event(Event::Leave);
    let saved = past.rig.saved.clone().expect("the state");
    let (shown, mut next) = (past.shown(), Past::restored("2", true, Some(saved)));
    let begun = next.shown();
    assert!(begun >= shown && next.is_playing());
    next.wait(SECOND);
    assert_eq!(next.shown(), begun + SECOND);
}

#[test]
fn the_first_picture_needs_no_more_than_its_own_rows() {
    let mut rig = Rig::empty();
    let at = "2".parse().expect("a moment");
    rig.state.show_moment(Moment::new(at, false, Some(full(2))));
    rig.event(Event::Held { name: "moment".to_owned(), saved: true, state: None });
    // Those of the newest exchanges.
    rig.event(Event::Daemon(DaemonEvent::Rows(vec![full(5)])));
    assert!(!rig.state.is_whole() && rig.shows("question 2") && !rig.shows("question 1"));
    let agent = AgentKey::of(&full(2));
    rig.event(Event::Rows { agent, rows: [1, 2, 4].map(full).to_vec() });
    assert!(rig.state.is_whole() && rig.shows("question 1") && !rig.shows("question 4"));
}

#[test]
fn another_record_is_empty() {
    let mut past = Past::at("2", false);
    past.rig.event(Event::Daemon(DaemonEvent::Reset("restored".to_owned())));
    past.key("<");
    assert!(past.rig.text().is_empty() && past.rig.state.roster.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn however_one_comes_to_a_moment_it_is_the_same(
        begin in 0_i64..45_000,
        steps in prop::collection::vec(prop_oneof![
            3 => (1_000_i64..4 * SECOND).prop_map(Err),
            2 => prop::sample::select(vec!["p", "<", ">", "e", "E", "+", "-"]).prop_map(Ok),
        ], 1..25),
    ) {
        let mut past = Past::at(&format!("1@{}", begin as f64 / 1e3), false);
        past.key("p");
        for step in steps {
            match step {
                Ok(key) => past.key(key),
                Err(us) => past.wait(us),
            }
            let after = past.shown() - start(1);
            let jump = Past::at(&format!("1@{}.{:06}", after / SECOND, after % SECOND), false);
            prop_assert_eq!(past.seen(), jump.seen());
        }
    }
}
