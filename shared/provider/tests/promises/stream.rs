//! What a viewer is told of a response while it comes.

use ccdump_provider::{
    content::Content,
    provider::Provider,
    stream::{StreamEvent, StreamReader},
};
use ccdump_record::{BlockKind, Usage};
use proptest::prelude::*;
use serde_json::json;

use crate::streams::{self, chunked};

const EVENTS: &str = "text/event-stream";

fn read(provider: Provider, status: u16, content_type: &str, chunks: &[&[u8]]) -> Vec<StreamEvent> {
    let mut told = Vec::new();
    let mut reader = StreamReader::new(provider, status, Some(content_type));
    for chunk in chunks {
        reader.push(chunk, &mut |event| told.push(plain(event)));
    }
    reader.finish(&mut |event| told.push(plain(event)));
    told
}

fn start(index: u64, kind: BlockKind, name: Option<&str>) -> StreamEvent {
    StreamEvent::BlockStart {
        index,
        kind,
        wire_type: String::new(),
        name: name.map(str::to_owned),
        tool_use_id: None,
    }
}

/// Without what has a test of its own.
fn plain(event: StreamEvent) -> StreamEvent {
    match event {
        StreamEvent::BlockStart { index, kind, name, .. } => start(index, kind, name.as_deref()),
        other => other,
    }
}

#[test]
fn a_tool_call_begins_with_the_id_that_joins_its_result() {
    let mut told = Vec::new();
    let mut reader = StreamReader::new(Provider::Anthropic, 200, Some(EVENTS));
    let event =
        br#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"Bash","input":{}}}"#;
    reader.push(
        &[b"event: content_block_start\ndata: ", event.as_slice(), b"\n\n"].concat(),
        &mut |event| told.push(event),
    );
    let [StreamEvent::BlockStart { wire_type, tool_use_id, .. }] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!((wire_type.as_str(), tool_use_id.as_deref()), ("tool_use", Some("toolu_1")));
}

fn text(index: u64, text: &str) -> StreamEvent {
    StreamEvent::Text { index, text: text.to_owned() }
}

fn thinking(index: u64, text: &str) -> StreamEvent {
    StreamEvent::Thinking { index, text: text.to_owned() }
}

fn input(index: u64, json: &str) -> StreamEvent {
    StreamEvent::ToolInput { index, partial_json: json.to_owned() }
}

fn stop(reason: &str) -> StreamEvent {
    StreamEvent::Stop(reason.to_owned())
}

#[test]
fn an_anthropic_stream() {
    let usage = |output| Usage {
        input: Some(3),
        output: Some(output),
        cache_read: Some(100),
        cache_write_5m: Some(10),
        cache_write_1h: Some(20),
    };
    let expected = [
        StreamEvent::Usage(usage(1)),
        start(0, BlockKind::Thinking, None),
        thinking(0, "Let me see."),
        StreamEvent::BlockStop { index: 0 },
        start(1, BlockKind::Text, None),
        text(1, "Hällo "),
        text(1, "\"world\" 😀\n"),
        StreamEvent::BlockStop { index: 1 },
        start(2, BlockKind::ToolUse, Some("Bash")),
        input(2, "{\"command\":"),
        input(2, "\"ls\"}"),
        StreamEvent::BlockStop { index: 2 },
        stop("tool_use"),
        StreamEvent::Usage(usage(42)),
    ];
    assert_eq!(
        read(Provider::Anthropic, 200, EVENTS, &[streams::anthropic().concat().as_bytes()]),
        expected
    );
}

#[test]
fn blocks_that_come_whole_are_told_whole() {
    let block = json!({"type": "web_search_tool_result", "content": [{"type": "web_search_result", "title": "T", "url": "u"}]});
    let event = streams::event("content_block_start", &json!({"index": 4, "content_block": block}));
    let told = read(Provider::Anthropic, 200, EVENTS, &[event.as_bytes()]);
    assert_eq!(told, [start(4, BlockKind::ServerToolResult, None), text(4, "T\nu")]);
}

#[test]
fn an_error_in_the_stream() {
    let told = read(Provider::Anthropic, 200, EVENTS, &[streams::anthropic_error().as_bytes()]);
    assert_eq!(told, [StreamEvent::Error("overloaded_error: Overloaded".to_owned())]);
}

#[test]
fn other_providers_streams() {
    let usage = |input, output, cache_read, cache_write_5m| {
        StreamEvent::Usage(Usage {
            input: Some(input),
            output: Some(output),
            cache_read: Some(cache_read),
            cache_write_5m,
            cache_write_1h: None,
        })
    };
    let chat = [
        start(0, BlockKind::Text, None),
        text(0, "Hi"),
        text(0, " there"),
        start(1, BlockKind::ToolUse, Some("shell")),
        input(1, "{\"cmd\""),
        input(1, ":1}"),
        stop("tool_calls"),
        usage(10, 7, 40, None),
    ];
    assert_eq!(read(Provider::OpenAi, 200, EVENTS, &[streams::chat().concat().as_bytes()]), chat);
    let responses = [
        start(0, BlockKind::Thinking, None),
        thinking(0, "Hm."),
        StreamEvent::BlockStop { index: 0 },
        start(1, BlockKind::ToolUse, Some("shell")),
        input(1, "{}"),
        StreamEvent::BlockStop { index: 1 },
        usage(30, 9, 20, Some(10)),
        stop("completed"),
    ];
    assert_eq!(
        read(Provider::OpenAi, 200, EVENTS, &[streams::responses("completed").concat().as_bytes()]),
        responses
    );
    let gemini: Vec<_> =
        read(Provider::Gemini, 200, EVENTS, &[streams::gemini().concat().as_bytes()])
            .into_iter()
            .filter(|event| !matches!(event, StreamEvent::Usage(_)))
            .collect();
    let expected = [
        start(0, BlockKind::Thinking, None),
        thinking(0, "Hm."),
        start(1, BlockKind::Text, None),
        text(1, "One "),
        text(1, "two"),
        start(2, BlockKind::ToolUse, Some("ls")),
        input(2, "{\"dir\":\".\"}"),
        StreamEvent::BlockStop { index: 2 },
        stop("STOP"),
    ];
    assert_eq!(gemini, expected);
}

#[test]
fn answers_that_come_whole() {
    let call = |name: &str| Content::ToolUse { name: name.to_owned(), input: json!({"a": 1}) };
    let said = Content::Text("Hi".to_owned());
    let thought = Content::Thinking("Hm".to_owned());
    let item = |kind: &str, part: serde_json::Value| json!({"type": kind, "content": [part], "summary": []});
    let table = [
        (
            Provider::Anthropic,
            json!({"content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Hi"}, {"type": "tool_use", "name": "t", "input": {"a": 1}}]}),
        ),
        (
            Provider::OpenAi,
            json!({"choices": [{"message": {"reasoning_content": "Hm", "content": "Hi", "tool_calls": [{"function": {"name": "t", "arguments": "{\"a\":1}"}}]}}]}),
        ),
        (
            Provider::OpenAi,
            json!({"output": [item("reasoning", json!({"text": "Hm"})), item("message", json!({"type": "output_text", "text": "Hi"})),
                {"type": "function_call", "name": "t", "arguments": "{\"a\":1}"}]}),
        ),
        (
            Provider::Gemini,
            json!({"candidates": [{"content": {"parts": [{"text": "Hm", "thought": true}, {"text": "Hi"}, {"functionCall": {"name": "t", "args": {"a": 1}}}]}}]}),
        ),
    ];
    for (provider, body) in table {
        let told =
            read(provider, 200, "application/json", &chunked(body.to_string().as_bytes(), &[9]));
        assert_eq!(
            told,
            [StreamEvent::Whole(vec![thought.clone(), said.clone(), call("t")])],
            "{body}"
        );
    }
}

#[test]
fn bodies_that_are_no_answer() {
    let told = |status, body: &str| {
        read(Provider::Anthropic, status, "application/json", &[body.as_bytes()])
    };
    assert_eq!(
        told(529, r#"{"type":"error","error":{"type":"a","message":"b"}}"#),
        [StreamEvent::Error("a: b".to_owned())]
    );
    assert_eq!(told(502, "bad gateway"), [StreamEvent::Error("bad gateway".to_owned())]);
    assert_eq!(told(502, "<html>"), [StreamEvent::Raw("<html>".to_owned())]);
    assert_eq!(
        told(200, r#"{"input_tokens":7}"#),
        [StreamEvent::Raw(r#"{"input_tokens":7}"#.to_owned())]
    );
    assert_eq!(told(200, ""), []);
}

/// Pieces of one block next to one another, as one.
fn joined(events: Vec<StreamEvent>) -> Vec<StreamEvent> {
    let mut joined: Vec<StreamEvent> = Vec::new();
    for event in events {
        match (joined.last_mut(), &event) {
            (Some(StreamEvent::Text { text: before, .. }), StreamEvent::Text { text, .. }) => {
                before.push_str(text)
            }
            _ => joined.push(event),
        }
    }
    joined
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunking_changes_nothing(sizes in prop::collection::vec(1usize..60, 1..5)) {
        for (provider, events) in [(Provider::Anthropic, streams::anthropic()), (Provider::OpenAi, streams::chat()), (Provider::Gemini, streams::gemini())] {
            let stream = events.concat();
            let at_once = read(provider, 200, EVENTS, &[stream.as_bytes()]);
            prop_assert_eq!(joined(at_once), joined(read(provider, 200, EVENTS, &chunked(stream.as_bytes(), &sizes))));
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0usize..2000) {
        for provider in [Provider::Anthropic, Provider::OpenAi, Provider::Gemini, Provider::Unknown] {
            let mut damaged = streams::anthropic().concat().into_bytes();
            let at = at.min(damaged.len());
            damaged.splice(at..at, bytes.iter().copied());
            for content_type in [EVENTS, "application/json"] {
                // What is no JSON is told raw, to the last byte.
                let told = read(provider, 200, content_type, &chunked(&damaged, &[11]));
                let is_stream = content_type == EVENTS && provider != Provider::Unknown;
                prop_assert_eq!(!is_stream, told == [StreamEvent::Raw(String::from_utf8_lossy(&damaged).into_owned())]);
            }
        }
    }
}
