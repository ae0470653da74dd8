//! The event parser against the standard's rules, any chunking, and another parser.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use ccdump_provider::sse::SseParser;
use proptest::prelude::*;
use sse_stream::SseByteStream;
use tokio_stream::Stream;

use crate::streams::chunked;

#[derive(Debug, Clone, PartialEq)]
struct Event {
    event: String,
    data: Vec<u8>,
    range: (u64, u64),
    truncated: bool,
}

fn parse(mut parser: SseParser, chunks: &[&[u8]]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut keep = |event: ccdump_provider::sse::SseEvent<'_>| {
        events.push(Event {
            event: event.event.to_owned(),
            data: event.data.to_vec(),
            range: (event.range.start, event.range.end),
            truncated: event.truncated,
        });
    };
    for chunk in chunks {
        parser.push(chunk, &mut keep);
    }
    parser.finish(&mut keep);
    events
}

fn event(name: &str, data: &str, range: (u64, u64)) -> Event {
    Event { event: name.to_owned(), data: data.as_bytes().to_vec(), range, truncated: false }
}

#[test]
fn rules_of_the_standard() {
    let table: &[(&str, Vec<Event>)] = &[
        ("data: a\n\n", vec![event("message", "a", (0, 9))]),
        (
            "data:a\r\rdata:b\r\r",
            vec![event("message", "a", (0, 8)), event("message", "b", (8, 16))],
        ),
        ("event: ping\r\ndata: {}\r\n\r\n", vec![event("ping", "{}", (0, 25))]),
        ("data: a\ndata:  b\ndata\n\n", vec![event("message", "a\n b\n", (0, 23))]),
        ("data\n\n", vec![event("message", "", (0, 6))]),
        (": comment\n\ndata: a\n\n", vec![event("message", "a", (11, 20))]),
        ("event: lost\n\ndata: a\n\n", vec![event("message", "a", (13, 22))]),
        (
            "event: one\nevent: two\ndata: a\nid: 7\nretry: 1\nwhat: ever\n\n",
            vec![event("two", "a", (0, 57))],
        ),
        ("\u{feff}data: a\n\n", vec![event("message", "a", (0, 12))]),
        ("\u{feff}\u{feff}data: a\n\ndata: b\n\n", vec![event("message", "b", (15, 24))]),
        ("data: no blank line\n", vec![]),
        ("data: no line end", vec![]),
        ("data : a\n\n", vec![]),
        ("\n\n\r\n\rdata: a\n\n", vec![event("message", "a", (5, 14))]),
    ];
    for (stream, expected) in table {
        assert_eq!(parse(SseParser::new(), &[stream.as_bytes()]), *expected, "{stream:?}");
    }
}

#[test]
fn a_name_that_is_not_utf8_is_empty() {
    assert_eq!(parse(SseParser::new(), &[b"event: \xff\ndata: a\n\n"]), [event("", "a", (0, 18))]);
}

#[test]
fn an_event_over_the_limit_is_cut_and_the_next_is_whole() {
    let stream = "data: 1234567\n\ndata: 123\ndata: 4567\n\ndata: 1234\n\n";
    for chunk in [1, 3, 100] {
        let chunks: Vec<_> = stream.as_bytes().chunks(chunk).collect();
        let events = parse(SseParser::with_limit(5), &chunks);
        let cut: Vec<_> = events
            .iter()
            .map(|event| (String::from_utf8_lossy(&event.data).into_owned(), event.truncated))
            .collect();
        let expected = [("12345", true), ("123\n4", true), ("1234", false)]
            .map(|(data, truncated)| (data.to_owned(), truncated));
        assert_eq!(cut, expected, "chunks of {chunk}");
        assert_eq!(events[2].range, (37, 49));
    }
}

/// Pieces that make lines, events and broken ones.
fn stream() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("data:".to_owned()),
        Just("data: ".to_owned()),
        Just("event: ".to_owned()),
        Just("id: 1".to_owned()),
        Just(": c".to_owned()),
        Just("\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("\r".to_owned()),
        Just("\r\n".to_owned()),
        Just("\u{feff}".to_owned()),
        "[a-zäöü: ]{0,12}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// What another parser makes of it, which gives blocks without data too.
fn oracle(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut stream = SseByteStream::new(tokio_stream::iter([Ok::<_, Infallible>(bytes)]));
    let mut context = Context::from_waker(Waker::noop());
    let mut events = Vec::new();
    while let Poll::Ready(Some(Ok(block))) = Pin::new(&mut stream).poll_next(&mut context) {
        let Some(data) = block.data else { continue };
        let name =
            block.event.filter(|name| !name.is_empty()).unwrap_or_else(|| "message".to_owned());
        events.push((name, data.into_bytes()));
    }
    events
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_another_parser(stream in stream()) {
        let ours: Vec<_> = parse(SseParser::new(), &[stream.as_bytes()]).into_iter().map(|event| (event.event, event.data)).collect();
        prop_assert_eq!(ours, oracle(stream.as_bytes()));
    }

    #[test]
    fn chunking_changes_nothing(stream in stream(), sizes in prop::collection::vec(1usize..9, 1..6), limit in prop_oneof![Just(8usize), Just(1 << 20)]) {
        let at_once = parse(SseParser::with_limit(limit), &[stream.as_bytes()]);
        let in_chunks = parse(SseParser::with_limit(limit), &chunked(stream.as_bytes(), &sizes));
        prop_assert_eq!(at_once, in_chunks);
    }

    #[test]
    fn ranges_are_in_order_and_hold_the_data(stream in stream().prop_map(|stream| stream.replace('\u{feff}', ""))) {
        let mut end = 0;
        for event in parse(SseParser::new(), &[stream.as_bytes()]) {
            prop_assert!(event.range.0 >= end && event.range.1 > event.range.0 && event.range.1 <= stream.len() as u64);
            end = event.range.1;
            let alone = &stream.as_bytes()[event.range.0 as usize..event.range.1 as usize];
            prop_assert_eq!(&parse(SseParser::new(), &[alone])[0].data, &event.data);
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400), sizes in prop::collection::vec(1usize..50, 1..4)) {
        prop_assert_eq!(parse(SseParser::new(), &[&bytes]), parse(SseParser::new(), &chunked(&bytes, &sizes)));
    }
}
