//! What is read from a response, however it is cut and however it ends.

use ccdump_provider::{
    agent_call::{self, AgentCall},
    provider::Provider,
    response::{ResponseFacts, ResponseReader},
};
use ccdump_record::{BlockKind, Role, Usage};
use proptest::prelude::*;
use serde_json::json;

use crate::streams::{self, chunked};

const EVENTS: Option<&str> = Some("text/event-stream; charset=utf-8");
const JSON: Option<&str> = Some("application/json");

fn path(provider: Provider) -> &'static str {
    match provider {
        Provider::Anthropic => "/v1/messages?beta=true",
        Provider::OpenAi => "/v1/chat/completions",
        Provider::Gemini => "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse",
        Provider::Unknown => "/v1/messages",
    }
}

/// Reads the chunks, the first at 1, the next at 2 and so on.
fn read(
    provider: Provider,
    status: u16,
    content_type: Option<&str>,
    chunks: &[&[u8]],
) -> ResponseFacts {
    let mut reader = ResponseReader::new(provider, "POST", path(provider), status, content_type);
    for (at, chunk) in (1..).zip(chunks) {
        reader.push(chunk, at);
    }
    reader.finish();
    reader.facts().clone()
}

fn events(provider: Provider, events: &[String]) -> ResponseFacts {
    read(provider, 200, EVENTS, &events.iter().map(String::as_bytes).collect::<Vec<_>>())
}

#[test]
fn an_anthropic_stream() {
    let stream = streams::anthropic();
    let facts = events(Provider::Anthropic, &stream);
    assert_eq!(facts.model.as_deref(), Some("claude-opus-5-5"));
    assert_eq!(facts.message_id.as_deref(), Some("msg_1"));
    assert_eq!(facts.stop_reason.as_deref(), Some("tool_use"));
    // The split by lifetime is of message_start, the rest of message_delta.
    let usage = Usage {
        input: Some(3),
        output: Some(42),
        cache_read: Some(100),
        cache_write_5m: Some(10),
        cache_write_1h: Some(20),
    };
    assert_eq!(facts.usage, Some(usage));
    assert_eq!(facts.first_token_at_us, Some(4), "the first thinking_delta is the fourth event");
    assert_eq!(facts.terminal, Some(stream.concat().len() as u64));
    assert!(facts.is_stream && facts.error.is_none());

    let offset = |events: usize| stream[..events].concat().len() as u64;
    let blocks: Vec<_> = facts
        .blocks
        .iter()
        .map(|block| (block.pointer.as_str(), block.kind, block.range.clone()))
        .collect();
    let expected = [
        ("/content/0", BlockKind::Thinking, offset(1)..offset(6)),
        ("/content/1", BlockKind::Text, offset(6)..offset(10)),
        ("/content/2", BlockKind::ToolUse, offset(10)..offset(15)),
    ];
    assert_eq!(blocks, expected);
    let tool = &facts.blocks[2];
    assert_eq!(
        (tool.name.as_deref(), tool.tool_use_id.as_deref()),
        (Some("Bash"), Some("toolu_1"))
    );
    assert!(
        facts.blocks.iter().all(|block| block.role == Some(Role::Assistant) && block.hash != 0)
    );
}

/// A stream with one call of a tool, whose arguments come in these pieces.
fn calling(tool: &str, pieces: &[&str]) -> Vec<String> {
    let event = |name: &str, data: serde_json::Value| format!("event: {name}\ndata: {data}\n\n");
    let start = json!({"type": "tool_use", "id": "toolu_9", "name": tool, "input": {}});
    let delta = |piece: &&str| {
        let delta = json!({"type": "input_json_delta", "partial_json": piece});
        event(
            "content_block_delta",
            json!({"type": "content_block_delta", "index": 1, "delta": delta}),
        )
    };
    let mut events = vec![event(
        "content_block_start",
        json!({"type": "content_block_start", "index": 1, "content_block": start}),
    )];
    events.extend(pieces.iter().map(delta));
    events.push(event("content_block_stop", json!({"type": "content_block_stop", "index": 1})));
    events
}

#[test]
fn a_call_that_starts_an_agent_is_told_as_soon_as_it_is_whole() {
    let pieces = [
        "{\"prompt\": \" Look \\u0061round\\n\", \"descr",
        "iption\": \"Look\", \"subagent_type\": \"Explore\"}",
    ];
    let stream = calling("Agent", &pieces).concat();
    let whole = json!({"content": [{"type": "text", "text": "x"}, {"type": "tool_use", "id": "toolu_9", "name": "Agent",
        "input": {"prompt": "Look around", "description": "Look", "subagent_type": "Explore"}}]});
    let expected = AgentCall {
        pointer: "/content/1".to_owned(),
        tool_use_id: "toolu_9".to_owned(),
        kind: Some("Explore".to_owned()),
        description: Some("Look".to_owned()),
        prompt: agent_call::of_text("Look around"),
    };
    let mut reader =
        ResponseReader::new(Provider::Anthropic, "POST", path(Provider::Anthropic), 200, EVENTS);
    let (most, last) = stream.split_at(stream.len() - 1);
    reader.push(most.as_bytes(), 1);
    assert_eq!(reader.facts().agent_calls, [], "its last byte is still to come");
    reader.push(last.as_bytes(), 2);
    assert_eq!(reader.facts().agent_calls.first(), Some(&expected));
    let facts = read(Provider::Anthropic, 200, JSON, &[whole.to_string().as_bytes()]);
    assert_eq!(facts.agent_calls, [expected]);
}

#[test]
fn what_starts_no_agent_or_never_came_whole_is_told_of_nobody() {
    for (tool, pieces) in [
        ("Bash", &["{\"prompt\": \"x\"}"][..]),
        ("Agent", &["{\"prompt\": \"x\""]),
        ("Agent", &["{\"prompt\": 7}"]),
        ("Agent", &["{\"prompt\": \" \"}"]),
        ("Agent", &[]),
    ] {
        assert_eq!(
            events(Provider::Anthropic, &calling(tool, pieces)).agent_calls,
            [],
            "{tool} {pieces:?}"
        );
    }
}

#[test]
fn the_terminal_event_counts_when_it_is_whole() {
    let stream = streams::anthropic().concat();
    let cut =
        |length: usize| read(Provider::Anthropic, 200, EVENTS, &[&stream.as_bytes()[..length]]);
    assert_eq!(cut(stream.len()).terminal, Some(stream.len() as u64));
    assert_eq!(cut(stream.len() - 1).terminal, None);
    assert!(cut(stream.len() - 1).is_stream);
    let more = format!("{stream}event: ping\ndata: {{}}\n\n");
    assert_eq!(
        read(Provider::Anthropic, 200, EVENTS, &[more.as_bytes()]).terminal,
        Some(stream.len() as u64)
    );
}

#[test]
fn a_stream_that_breaks_off_keeps_what_came() {
    let stream = streams::anthropic();
    let facts = events(Provider::Anthropic, &stream[..8]);
    assert_eq!(facts.terminal, None);
    let [thinking, text] = &facts.blocks[..] else {
        panic!("two blocks had begun: {:?}", facts.blocks)
    };
    assert_eq!(text.range.end, stream[..8].concat().len() as u64);
    assert_ne!(text.hash, thinking.hash);
}

#[test]
fn how_a_text_is_cut_into_deltas_does_not_change_its_hash() {
    let stream = streams::anthropic();
    let delta = |text: &str| {
        streams::event(
            "content_block_delta",
            &json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": text}}),
        )
    };
    let hash = |texts: &[&str]| {
        let mut events = stream[..7].to_vec();
        events.extend(texts.iter().map(|text| delta(text)));
        super::response::events(Provider::Anthropic, &events).blocks[1].hash
    };
    assert_eq!(hash(&["Hällo ", "world"]), hash(&["Hä", "", "llo wor", "ld"]));
    assert_ne!(hash(&["Hello"]), hash(&["World"]));
}

#[test]
fn an_error_event_ends_the_stream() {
    let mut stream = streams::anthropic()[..8].to_vec();
    stream.push(streams::anthropic_error());
    let facts = events(Provider::Anthropic, &stream);
    assert_eq!(facts.error.as_deref(), Some("overloaded_error: Overloaded"));
    assert_eq!(facts.terminal, Some(stream.concat().len() as u64));
    let error = facts.blocks.last().expect("the error is a block");
    assert_eq!(
        (error.pointer.as_str(), error.kind, error.range.start),
        ("/error", BlockKind::Error, stream[..8].concat().len() as u64)
    );
}

#[test]
fn a_tool_use_that_starts_is_a_first_token() {
    let stream = streams::anthropic();
    let facts =
        events(Provider::Anthropic, &[stream[0].clone(), stream[10].clone(), stream[12].clone()]);
    assert_eq!(facts.first_token_at_us, Some(2));
}

#[test]
fn events_without_names_are_known_by_their_data() {
    let named = streams::anthropic();
    let bare: Vec<_> =
        named.iter().map(|event| event.split_once('\n').expect("two lines").1.to_owned()).collect();
    let (named, bare) = (events(Provider::Anthropic, &named), events(Provider::Anthropic, &bare));
    assert_eq!(
        (bare.usage, bare.stop_reason, bare.terminal.is_some()),
        (named.usage, named.stop_reason, true)
    );
    assert_eq!(bare.blocks.len(), 3);
}

#[test]
fn absurd_events_take_nothing_with_them() {
    let stream = streams::anthropic();
    let odd = [
        "event: message_delta\ndata: {\"delta\":{\"stop_reason\":7},\"usage\":{\"output_tokens\":NaN,\"input_tokens\":1e999}}\n\n",
        "event: content_block_delta\ndata: {\"index\":-1,\"delta\":{\"text\":\"a\"}}\n\n",
        "event: content_block_delta\ndata: {\"index\":18446744073709551615,\"delta\":{\"text\":\"a\"}}\n\n",
        "event: content_block_delta\ndata: {\"index\":1,\"delta\":\"\"}\n\n",
        "event: content_block_stop\ndata: {}\n\n",
        "event: content_block_start\ndata: [\n\n",
        "event: message_start\ndata: {\"message\":null}\n\n",
        "event: something_new\ndata: {\"type\":\"something_new\"}\n\n",
        "event: content_block_delta\ndata: {\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"half \\ud83d\"}}\n\n",
        "\u{feff}: comment\n\n",
    ];
    let mut mixed = stream.clone();
    mixed.splice(8..8, odd.map(str::to_owned));
    let (mixed, clean) =
        (events(Provider::Anthropic, &mixed), events(Provider::Anthropic, &stream));
    assert_eq!(
        (mixed.usage, mixed.stop_reason, mixed.error),
        (clean.usage, clean.stop_reason, None)
    );
    assert_eq!(mixed.blocks.len(), 3);
    assert!(mixed.terminal.is_some());
}

#[test]
fn a_whole_anthropic_message() {
    let body = r#"{ "id":"msg_2", "type":"message", "role":"assistant","model":"claude-haiku-4-5",
        "content":[{"type":"text","text":"Hi"} , {"type":"tool_use","id":"t","name":"Read","input":{}}],
        "stop_reason":"end_turn","usage":{"input_tokens":-5,"output_tokens":9.7,"cache_read_input_tokens":null,"cache_creation_input_tokens":1e30}}"#;
    let facts = read(Provider::Anthropic, 200, JSON, &chunked(body.as_bytes(), &[7]));
    assert_eq!(facts.message_id.as_deref(), Some("msg_2"));
    assert_eq!(facts.model.as_deref(), Some("claude-haiku-4-5"));
    assert_eq!(facts.stop_reason.as_deref(), Some("end_turn"));
    let usage = Usage {
        input: Some(-5),
        output: Some(9),
        cache_read: None,
        cache_write_5m: Some(i64::MAX),
        cache_write_1h: None,
    };
    assert_eq!(facts.usage, Some(usage));
    assert!(!facts.is_stream && facts.terminal.is_none() && facts.first_token_at_us.is_none());
    let parts: Vec<_> = facts
        .blocks
        .iter()
        .map(|block| (&*block.pointer, &body[block.range.start as usize..block.range.end as usize]))
        .collect();
    let expected = [
        ("/content/0", r#"{"type":"text","text":"Hi"}"#),
        ("/content/1", r#"{"type":"tool_use","id":"t","name":"Read","input":{}}"#),
    ];
    assert_eq!(parts, expected);
}

#[test]
fn error_bodies_in_words() {
    let table = [
        (
            Provider::Anthropic,
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"Slow down"}}"#,
            Some("rate_limit_error: Slow down"),
        ),
        (
            Provider::OpenAi,
            r#"{"error":{"message":"No key","type":"invalid_request_error","code":"x"}}"#,
            Some("invalid_request_error: No key"),
        ),
        (Provider::OpenAi, r#"{"error":"just words"}"#, Some("just words")),
        (
            Provider::Gemini,
            r#"{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED"}}"#,
            Some("RESOURCE_EXHAUSTED: Quota"),
        ),
        (Provider::Anthropic, "upstream connect error\nmore", Some("upstream connect error")),
        (Provider::Anthropic, "<html><h1>502</h1>", None),
        (Provider::Anthropic, "{}", None),
        (Provider::Anthropic, "", None),
        (Provider::Unknown, r#"{"error":{"type":"a","message":"b"}}"#, None),
    ];
    for (provider, body, expected) in table {
        let facts = read(provider, 529, JSON, &[body.as_bytes()]);
        assert_eq!(facts.error.as_deref(), expected, "{body}");
        assert!(!facts.is_stream);
        let kind = facts.blocks.first().map(|block| block.kind);
        match expected {
            Some(_) if body.starts_with('{') => assert_eq!(kind, Some(BlockKind::Error), "{body}"),
            _ if body.is_empty() => assert_eq!(kind, None),
            _ => assert_eq!(kind, Some(BlockKind::Raw), "{body}"),
        }
    }
}

#[test]
fn chat_completions() {
    let stream = streams::chat();
    let facts = events(Provider::OpenAi, &stream);
    let usage = Usage {
        input: Some(10),
        output: Some(7),
        cache_read: Some(40),
        cache_write_5m: None,
        cache_write_1h: None,
    };
    assert_eq!(facts.usage, Some(usage));
    assert_eq!(
        (facts.model.as_deref(), facts.message_id.as_deref()),
        (Some("gpt-6.1-sol"), Some("chatcmpl-1"))
    );
    assert_eq!(facts.stop_reason.as_deref(), Some("tool_calls"));
    assert_eq!(facts.first_token_at_us, Some(2), "the first chunk has no text");
    assert_eq!(facts.terminal, Some(stream.concat().len() as u64));
    let [raw] = &facts.blocks[..] else { panic!("recorded raw: {:?}", facts.blocks) };
    assert_eq!(
        (raw.kind, &*raw.pointer, raw.range.clone()),
        (BlockKind::Raw, "", 0..stream.concat().len() as u64)
    );
}

#[test]
fn responses_end_in_several_ways() {
    for (status, error) in [
        ("completed", None),
        ("incomplete", None),
        ("failed", Some("server_is_overloaded: Overloaded")),
    ] {
        let stream = streams::responses(status);
        let facts = events(Provider::OpenAi, &stream);
        let usage = Usage {
            input: Some(30),
            output: Some(9),
            cache_read: Some(20),
            cache_write_5m: Some(10),
            cache_write_1h: None,
        };
        assert_eq!(facts.usage, Some(usage), "{status}");
        assert_eq!((facts.stop_reason.as_deref(), facts.error.as_deref()), (Some(status), error));
        assert_eq!(facts.first_token_at_us, Some(3), "{status}");
        assert_eq!(facts.terminal, Some(stream.concat().len() as u64), "{status}");
    }
    let facts = events(
        Provider::OpenAi,
        &[streams::event(
            "error",
            &json!({"type": "error", "code": "overloaded", "message": "No"}),
        )],
    );
    assert_eq!(facts.error.as_deref(), Some("overloaded: No"));
}

#[test]
fn gemini_has_no_terminal_event() {
    let facts = events(Provider::Gemini, &streams::gemini());
    let usage = Usage {
        input: Some(50),
        output: Some(7),
        cache_read: Some(30),
        cache_write_5m: None,
        cache_write_1h: None,
    };
    assert_eq!(facts.usage, Some(usage));
    assert_eq!(
        (facts.model.as_deref(), facts.stop_reason.as_deref()),
        (Some("gemini-3-pro"), Some("STOP"))
    );
    assert_eq!((facts.first_token_at_us, facts.terminal, facts.is_stream), (Some(1), None, false));
}

#[test]
fn what_is_no_model_call_is_not_read() {
    let body = br#"{"usage":{"input_tokens":1},"error":{"message":"not looked at"}}"#;
    let mut reader = ResponseReader::new(Provider::Anthropic, "GET", "/v1/models", 200, JSON);
    reader.push(body, 1);
    reader.finish();
    let facts = reader.facts();
    assert_eq!((facts.usage, &facts.error, facts.blocks.len()), (None, &None, 1));
    assert_eq!(facts.blocks[0].range, 0..body.len() as u64);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunking_changes_nothing(sizes in prop::collection::vec(1usize..60, 1..5), crlf in any::<bool>(), which in 0usize..4) {
        let (provider, events) = [
            (Provider::Anthropic, streams::anthropic()),
            (Provider::OpenAi, streams::chat()),
            (Provider::OpenAi, streams::responses("completed")),
            (Provider::Gemini, streams::gemini()),
        ][which].clone();
        let mut stream = events.concat();
        if crlf {
            stream = stream.replace("\r\n", "\n").replace('\n', "\r\n");
        }
        let without_time = |mut facts: ResponseFacts| {
            prop_assert!(facts.first_token_at_us.take().is_some());
            Ok(facts)
        };
        let at_once = without_time(read(provider, 200, EVENTS, &[stream.as_bytes()]))?;
        let in_chunks = without_time(read(provider, 200, EVENTS, &chunked(stream.as_bytes(), &sizes)))?;
        prop_assert_eq!(at_once, in_chunks);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0usize..2000, cut in 0usize..40, status in prop_oneof![Just(200u16), Just(500)]) {
        for provider in [Provider::Anthropic, Provider::OpenAi, Provider::Gemini, Provider::Unknown] {
            let mut damaged = streams::anthropic().concat().into_bytes();
            let at = at.min(damaged.len());
            damaged.splice(at..(at + cut).min(damaged.len()), bytes.iter().copied());
            for content_type in [EVENTS, JSON, None] {
                for body in [&bytes, &damaged] {
                    let facts = read(provider, status, content_type, &chunked(body, &[13]));
                    prop_assert!(facts.blocks.iter().all(|block| block.range.start < block.range.end && block.range.end <= body.len() as u64));
                    prop_assert!(facts.terminal.is_none_or(|terminal| terminal <= body.len() as u64));
                }
            }
        }
    }
}
