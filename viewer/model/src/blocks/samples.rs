//! What tests of items and of their lines begin with; two turns of an agent come from real bodies
//! through the provider crate.

use std::sync::Arc;

use ccdump_provider::{content, outline, provider::Provider, request, response::ResponseReader};
use ccdump_record::{EndState, Exchange, RequestRole};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::Turn;
use crate::record::{Fetched, Held, Loaded, Piece, RequestSide, ResponseSide};

static UTC: TimeZone = TimeZone::UTC;

const PATH: &str = "/v1/messages?beta=true";

pub fn row() -> Exchange {
    Exchange {
        id: 12,
        agent: Some("main".to_owned()),
        provider: "anthropic".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/messages".to_owned(),
        model: Some("claude-opus-4-8".to_owned()),
        role: RequestRole::Turn,
        status: Some(200),
        end_state: Some(EndState::Complete),
        started_at_us: 1_793_871_667_250_999,
        ..Exchange::default()
    }
}

pub fn turn<'a>(
    row: &'a Exchange,
    loaded: &'a Loaded,
    before: Option<&'a Loaded>,
    after: Option<&'a Loaded>,
) -> Turn<'a> {
    Turn {
        row,
        loaded,
        before,
        earlier: &[],
        tries: &[],
        is_tried_again: false,
        last: None,
        sections: None,
        after,
        name: None,
        callees: &[],
        zone: &UTC,
    }
}

fn pieces(blocks: &[ccdump_record::Block], body: &[u8]) -> Vec<Piece> {
    let piece = |read: &ccdump_record::Block| {
        let bytes =
            usize::try_from(read.range.start).ok().zip(usize::try_from(read.range.end).ok());
        let bytes =
            bytes.and_then(|(start, end)| body.get(start..end)).expect("a block lies in its body");
        Piece {
            block: read.clone(),
            content: Held::Here(Arc::new(content::read(read.kind, bytes))),
        }
    };
    blocks.iter().map(piece).collect()
}

/// What is fetched of a request: new and changed blocks, and those that are gone.
fn asked(body: &Value, before: Option<&Value>) -> RequestSide {
    let bytes = body.to_string();
    let read =
        |body: &str| request::read(Provider::Anthropic, "POST", PATH, body.as_bytes()).blocks;
    let mut blocks = read(&bytes);
    let gone = before
        .map(|before| outline::compare(&read(&before.to_string()), &mut blocks))
        .unwrap_or_default();
    blocks.retain(|block| block.state != ccdump_record::BlockState::Same);
    RequestSide {
        pieces: pieces(&blocks, bytes.as_bytes()),
        removed: gone,
        previous: before.map(|_| 1),
        ..RequestSide::default()
    }
}

fn answered(events: &[Value]) -> ResponseSide {
    let body: String = events
        .iter()
        .map(|event| {
            format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default())
        })
        .collect();
    let mut reader =
        ResponseReader::new(Provider::Anthropic, "POST", PATH, 200, Some("text/event-stream"));
    reader.push(body.as_bytes(), 0);
    reader.finish();
    ResponseSide {
        pieces: pieces(&reader.facts().blocks, body.as_bytes()),
        ..ResponseSide::default()
    }
}

fn starts(index: u64, block: Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn delta(index: u64, delta: Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn stops(index: u64) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

/// An agent is asked for a list, calls a tool, and is asked again.
pub fn two_turns() -> (Loaded, Loaded) {
    let cache = json!({"type": "ephemeral"});
    let body = |messages: Value| {
        json!({
            "model": "claude-opus-4-8",
            "max_tokens": 32_000,
            "stream": true,
            "system": [{"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.330;"}, {"type": "text", "text": "You are an agent.", "cache_control": cache}],
            "tools": [{"name": "Bash", "description": "Runs commands", "input_schema": {"type": "object"}}],
            "messages": messages,
        })
    };
    let first = body(json!([{"role": "user", "content": [
        {"type": "text", "text": "<system-reminder>\nContext.\n</system-reminder>"},
        {"type": "text", "text": "List the files.", "cache_control": cache},
    ]}]));
    let answer = [
        json!({"type": "message_start", "message": {"id": "msg_1", "model": "claude-opus-4-8", "usage": {"input_tokens": 5}}}),
        starts(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        delta(0, json!({"type": "thinking_delta", "thinking": "They want a list."})),
        delta(0, json!({"type": "signature_delta", "signature": "abc"})),
        stops(0),
        starts(1, json!({"type": "text", "text": ""})),
        delta(1, json!({"type": "text_delta", "text": "I'll list "})),
        delta(1, json!({"type": "text_delta", "text": "them.\n"})),
        stops(1),
        starts(2, json!({"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}})),
        delta(2, json!({"type": "input_json_delta", "partial_json": "{\"command\": \"ls"})),
        delta(2, json!({"type": "input_json_delta", "partial_json": " -la\"}"})),
        stops(2),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 30}}),
        json!({"type": "message_stop"}),
    ];
    let second = body(json!([
        {"role": "user", "content": [
            {"type": "text", "text": "<system-reminder>\nContext.\n</system-reminder>"},
            {"type": "text", "text": "List the files."},
        ]},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "They want a list.", "signature": "abc"},
            {"type": "text", "text": "I'll list them."},
            {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls -la", "timeout": 120_000}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": "a.rs\nb.rs", "is_error": false},
            {"type": "text", "text": "Only *.rs, please.", "cache_control": cache},
        ]},
    ]));
    let one = Loaded {
        request: Fetched::Here(asked(&first, None)),
        response: Fetched::Here(answered(&answer)),
        ..Loaded::default()
    };
    let words = [starts(0, json!({"type": "text", "text": "Two files."})), stops(0)];
    let two = Loaded {
        request: Fetched::Here(asked(&second, Some(&first))),
        response: Fetched::Here(answered(&words)),
        ..Loaded::default()
    };
    (one, two)
}
