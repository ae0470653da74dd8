//! Whatever a body is: no panic, nothing that a terminal would obey, no row wider than the page,
//! and no more of them than there may be.

use std::time::{Duration, Instant};

use ccdump_model::{
    line::width_of,
    record::Body,
    rows::{MOST_ROWS, Rows},
};
use ccdump_record::{BodyData, Detail, Event as LogEvent, Payload, Piece, ResponseHead, Side};
use ccdump_state::{
    Event,
    sheet::{Brought, INDENT, Need, Part, Subject},
};
use proptest::prelude::*;

use super::rig::{Rig, bring};

const WIDTH: u16 = 60;

/// The rows of a part of exchange 9, when this is what was brought for it.
fn rows(part: Part, need: Need, brought: Brought) -> Rows {
    let mut rig = Rig::with(9);
    rig.state.sheet.subject = Some(Subject::Inspect { exchange: 9, part });
    // Asks for it.
    let _ = rig.state.arrange();
    for (need, brought) in [(Need::Heads(9), bring(Need::Heads(9))), (need, Ok(brought))] {
        rig.state.update(0, Event::Brought { need, brought });
    }
    crate::rows::rows(&rig.state, WIDTH)
}

fn check(rows: &Rows) {
    assert!(rows.len() <= MOST_ROWS);
    for (at, row) in rows.all().iter().enumerate() {
        let indent = usize::from(INDENT) * (usize::from(row.depth) + 1);
        let room = usize::from(WIDTH).saturating_sub(indent).max(10);
        let both: Vec<_> = row.line.spans.iter().chain(&row.gist.spans).cloned().collect();
        assert!(
            width_of(&row.line.spans) <= room
                && width_of(&both) <= room.max(width_of(&row.line.spans)),
            "{row:?} in {room}"
        );
        for span in both {
            let is_bad = |c: char| {
                c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            };
            assert!(!span.text.contains(is_bad), "{:?}", span.text);
        }
        assert!(rows.find(&rows.path(at)).is_some());
        if row.source.is_some() {
            assert!(rows.source(at).is_some(), "{row:?}");
        }
    }
}

fn body(bytes: Vec<u8>, gaps: Vec<(usize, u64)>, is_complete: bool) -> Rows {
    let body = Body { bytes, gaps, is_complete, ..Body::default() };
    rows(Part::Request, Need::Body(9, Side::Request), Brought::Body(body))
}

const PIECES: [&str; 34] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\"a\"",
    "\"b\":",
    "1",
    "-0.5e9",
    "null",
    "true",
    " ",
    "\n",
    "\t",
    "\r",
    "\\u001b[31m",
    "\u{1b}[2J",
    "\u{9b}31m",
    "\u{202e}",
    "漢字",
    "👩\u{200d}🚀",
    "\\ud800",
    "x",
    "/",
    "~",
    "data: {\"delta\":{\"text\":\"x\"}}\n\n",
    "event: ping\n",
    "data: ",
    "\n\n",
    "[[[[[[[[[[",
    "{\"k\":{\"k\":{\"k\":",
];

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(0..PIECES.len(), 0..60)
        .prop_map(|all| all.into_iter().map(|at| PIECES[at]).collect())
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "(\\PC|\n|\u{1b}){0,80}".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            proptest::collection::btree_map("[a-z/~ .]{0,6}", inner, 0..6)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn any_text_is_rows(text in text(), is_complete in any::<bool>(), gap in proptest::option::of(0_usize..80)) {
        let gaps = gap.map(|at| (at.min(text.len()), 12)).into_iter().collect();
        check(&body(text.into_bytes(), gaps, is_complete));
    }

    #[test]
    fn any_bytes_are_rows(bytes in proptest::collection::vec(any::<u8>(), 0..200), is_complete in any::<bool>()) {
        check(&body(bytes, Vec::new(), is_complete));
    }

    /// Each value is found at its pointer, as it was sent.
    #[test]
    fn json_is_all_there(value in json().prop_filter("more than one value", |value| value.is_object() || value.is_array())) {
        let rows = body(value.to_string().into_bytes(), Vec::new(), true);
        check(&rows);
        let mut stack = vec![(String::new(), &value)];
        while let Some((path, value)) = stack.pop() {
            if !path.is_empty() {
                let at = rows.find(&path);
                prop_assert!(at.is_some(), "{} is no row", path);
                let source = at.and_then(|at| rows.source(at)).and_then(|source| serde_json::from_str(source).ok());
                prop_assert_eq!(source.as_ref(), Some(value), "{}", path);
            }
            let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
            match value {
                serde_json::Value::Object(fields) => {
                    stack.extend(fields.iter().map(|(name, value)| (format!("{path}/{}", escaped(name)), value)));
                }
                serde_json::Value::Array(items) => {
                    stack.extend(items.iter().enumerate().map(|(at, value)| (format!("{path}/{at}"), value)));
                }
                _ => {}
            }
        }
    }

    #[test]
    fn any_stream_is_events(texts in proptest::collection::vec((text(), any::<u32>()), 0..12), is_stream in any::<bool>()) {
        let kind = if is_stream { "text/event-stream" } else { "x" };
        let headers = vec![ccdump_record::Header { name: "content-type".to_owned(), value: kind.to_owned() }];
        let head = Detail::ResponseHead(ResponseHead { status: 200, headers, ..ResponseHead::default() });
        let datas = texts.into_iter().map(|(text, after_us)| {
            let pieces = vec![Piece { after_us, length: u32::try_from(text.len()).unwrap_or(0) }];
            Detail::ResponseData(BodyData { pieces, payload: Payload { bytes: text.into_bytes().into(), ..Payload::default() }, ..BodyData::default() })
        });
        let log = |()| [head].into_iter().chain(datas).enumerate();
        let log: Vec<LogEvent> = log(()).map(|(at, detail)| LogEvent { seq: at as u64 + 1, ..LogEvent::of(0, detail) }).collect();
        for part in [Part::Events, Part::Timing] {
            check(&rows(part, Need::Log(9), Brought::Log(log.clone())));
        }
    }
}

/// The largest bodies, of the worst kinds.
#[test]
fn large_bodies_are_bounded() {
    let size = 8 << 20;
    for (what, bytes) in [
        ("many values", format!("[{}1]", "1,".repeat(size / 2 - 2)).into_bytes()),
        ("one long line", format!("{{\"a\":\"{}\"}}", "x".repeat(size - 8)).into_bytes()),
        ("many short lines", "\n".repeat(size).into_bytes()),
        ("deep", "[".repeat(size).into_bytes()),
        ("one word", "x".repeat(size).into_bytes()),
    ] {
        let begun = Instant::now();
        let rows = body(bytes, Vec::new(), true);
        assert!(rows.len() <= MOST_ROWS, "{what}");
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}: {:?}", begun.elapsed());
        println!("{what}: {} rows in {:?}", rows.len(), begun.elapsed());
    }
}
