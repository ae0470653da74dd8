//! What is read from a request: blocks that are exactly where they say, and hashes that see through
//! form.

use ccdump_provider::{
    agent_call,
    provider::Provider,
    request::{self, RequestFacts},
};
use ccdump_record::{Block, BlockKind, RequestRole, Role};
use proptest::prelude::*;
use serde_json::{Value, json};

const PATH: &str = "/v1/messages?beta=true";

fn read(body: &str) -> RequestFacts {
    request::read(Provider::Anthropic, "POST", PATH, body.as_bytes())
}

fn text<'a>(body: &'a str, block: &Block) -> &'a str {
    &body[block.range.start as usize..block.range.end as usize]
}

/// A request such as Claude Code's, in little and with odd spacing.
const CONVERSATION: &str = r#" {"model": "claude-opus-5-5", "max_tokens":64000,"a/b~c":null,
 "messages" : [
  {"role":"user","content":"Hi"},
  {"role":"assistant","content":[{"type":"thinking","thinking":"…","signature":"s"},{"type":"redacted_thinking","data":"xx"},
    {"type":"text","text":"a \"quote\" ]}"},{"type":"tool_use","id":"toolu_1","name":"Bash","input":{"command":"ls"}},
    {"type":"server_tool_use","id":"srv_1","name":"web_search","input":{}},
    {"type":"web_search_tool_result","tool_use_id":"srv_1","content":[]},{"type":"something_new"},"odd",7]},
  {"role":"user", "content":[ {"type":"tool_result","tool_use_id":"toolu_1","content":"ok"} ,{"type":"image","source":{}},{"type":"document","source":{}}]},
  {"role":"system","content":[{"type":"text","text":"reminder"}]},
  {"role":"user","content":{"odd":true}}, 5, {"role":"user","content":[]} ],
 "system":[{"type":"text","text":"You are"},{"type":"text","text":"code","cache_control":{"type":"ephemeral"}}],
 "tools":[{"name":"Bash","description":"Runs","input_schema":{}},{"type":"web_search_20250305","name":"web_search"}],
 "metadata":{"user_id":"{\"device_id\":\"d\",\"session_id\":\"5e55\"}"},"stream":true} "#;

#[test]
fn what_the_user_said_before_the_first_answer() {
    let openings = |messages: Value| read(&json!({ "messages": messages }).to_string()).openings;
    let texts =
        |texts: &[&str]| texts.iter().map(|text| agent_call::of_text(text)).collect::<Vec<_>>();
    let text = |text: &str| json!({"type": "text", "text": text});
    let said = |role: &str, content: Value| json!({"role": role, "content": content});
    for (messages, expected) in [
        (
            json!([
                said("user", json!("Hi\n")),
                said("assistant", json!("Yes?")),
                said("user", json!("Go on"))
            ]),
            &["Hi"][..],
        ),
        (
            json!([
                said("user", json!([text("<a>"), text(" \"Go\" ")])),
                said("system", json!([text("Tools")]))
            ]),
            &["<a>", "\"Go\""],
        ),
        (
            json!([
                said("user", json!("one")),
                said("user", json!([text("two"), {"type": "image"}, 7]))
            ]),
            &["one", "two"],
        ),
        (json!([said("assistant", json!("First")), said("user", json!("Hi"))]), &[]),
        (json!({"role": "user"}), &[]),
        (json!([5, {"role": 7}, {"role": "user", "content": {"text": 7}}]), &[]),
    ] {
        assert_eq!(openings(messages.clone()), texts(expected), "{messages}");
    }
    assert_eq!(
        openings(vec![said("user", json!("x")); 1000].into()).len(),
        64,
        "no more than a few are told apart"
    );
}

#[test]
fn blocks_in_display_order_where_they_stand() {
    let facts = read(CONVERSATION);
    let rows: Vec<_> = facts
        .blocks
        .iter()
        .map(|block| (&*block.pointer, block.kind, block.role, text(CONVERSATION, block)))
        .collect();
    let (user, assistant, system) = (Some(Role::User), Some(Role::Assistant), Some(Role::System));
    let expected = [
        ("/model", BlockKind::Parameter, None, r#""claude-opus-5-5""#),
        ("/max_tokens", BlockKind::Parameter, None, "64000"),
        ("/a~1b~0c", BlockKind::Parameter, None, "null"),
        (
            "/metadata",
            BlockKind::Parameter,
            None,
            r#"{"user_id":"{\"device_id\":\"d\",\"session_id\":\"5e55\"}"}"#,
        ),
        ("/stream", BlockKind::Parameter, None, "true"),
        ("/system/0", BlockKind::System, system, r#"{"type":"text","text":"You are"}"#),
        (
            "/system/1",
            BlockKind::System,
            system,
            r#"{"type":"text","text":"code","cache_control":{"type":"ephemeral"}}"#,
        ),
        (
            "/tools/0",
            BlockKind::ToolDefinition,
            None,
            r#"{"name":"Bash","description":"Runs","input_schema":{}}"#,
        ),
        (
            "/tools/1",
            BlockKind::ToolDefinition,
            None,
            r#"{"type":"web_search_20250305","name":"web_search"}"#,
        ),
        ("/messages/0/content", BlockKind::Text, user, r#""Hi""#),
        (
            "/messages/1/content/0",
            BlockKind::Thinking,
            assistant,
            r#"{"type":"thinking","thinking":"…","signature":"s"}"#,
        ),
        (
            "/messages/1/content/1",
            BlockKind::RedactedThinking,
            assistant,
            r#"{"type":"redacted_thinking","data":"xx"}"#,
        ),
        (
            "/messages/1/content/2",
            BlockKind::Text,
            assistant,
            r#"{"type":"text","text":"a \"quote\" ]}"}"#,
        ),
        (
            "/messages/1/content/3",
            BlockKind::ToolUse,
            assistant,
            r#"{"type":"tool_use","id":"toolu_1","name":"Bash","input":{"command":"ls"}}"#,
        ),
        (
            "/messages/1/content/4",
            BlockKind::ServerToolUse,
            assistant,
            r#"{"type":"server_tool_use","id":"srv_1","name":"web_search","input":{}}"#,
        ),
        (
            "/messages/1/content/5",
            BlockKind::ServerToolResult,
            assistant,
            r#"{"type":"web_search_tool_result","tool_use_id":"srv_1","content":[]}"#,
        ),
        ("/messages/1/content/6", BlockKind::Unknown, assistant, r#"{"type":"something_new"}"#),
        ("/messages/1/content/7", BlockKind::Unknown, assistant, r#""odd""#),
        ("/messages/1/content/8", BlockKind::Unknown, assistant, "7"),
        (
            "/messages/2/content/0",
            BlockKind::ToolResult,
            user,
            r#"{"type":"tool_result","tool_use_id":"toolu_1","content":"ok"}"#,
        ),
        ("/messages/2/content/1", BlockKind::Image, user, r#"{"type":"image","source":{}}"#),
        ("/messages/2/content/2", BlockKind::Document, user, r#"{"type":"document","source":{}}"#),
        ("/messages/3/content/0", BlockKind::Text, system, r#"{"type":"text","text":"reminder"}"#),
        ("/messages/4", BlockKind::Unknown, user, r#"{"role":"user","content":{"odd":true}}"#),
        ("/messages/5", BlockKind::Unknown, None, "5"),
    ];
    assert_eq!(rows, expected);
    assert_eq!(facts.model.as_deref(), Some("claude-opus-5-5"));
    assert_eq!(facts.session.as_deref(), Some("5e55"));
    assert!(facts.stream && facts.malformed.is_none());
    assert_eq!(facts.role, RequestRole::Turn);
}

#[test]
fn names_and_ids() {
    let facts = read(CONVERSATION);
    let at = |pointer: &str| {
        let block =
            facts.blocks.iter().find(|block| block.pointer == pointer).expect("it is there");
        (block.wire_type.as_str(), block.name.as_deref(), block.tool_use_id.as_deref())
    };
    assert_eq!(at("/model"), ("", Some("model"), None));
    assert_eq!(at("/a~1b~0c"), ("", Some("a/b~c"), None));
    assert_eq!(at("/tools/0"), ("", Some("Bash"), None));
    assert_eq!(at("/tools/1"), ("web_search_20250305", Some("web_search"), None));
    assert_eq!(at("/messages/1/content/3"), ("tool_use", Some("Bash"), Some("toolu_1")));
    assert_eq!(at("/messages/1/content/4"), ("server_tool_use", Some("web_search"), Some("srv_1")));
    assert_eq!(at("/messages/1/content/5"), ("web_search_tool_result", None, Some("srv_1")));
    assert_eq!(at("/messages/2/content/0"), ("tool_result", None, Some("toolu_1")));
}

fn hashes(body: &Value) -> Vec<u64> {
    read(&body.to_string()).blocks.iter().map(|block| block.hash).collect()
}

#[test]
fn form_does_not_change_a_hash() {
    let message = |content: &str| {
        hashes(
            &json!({"messages": [{"role": "user", "content": serde_json::from_str::<Value>(content).expect("JSON")}]}),
        )
    };
    let equal = [
        (r#""text""#, r#"[{"type":"text","text":"text"}]"#),
        (
            r#"[{"type":"text","text":"t"}]"#,
            r#"[{"text":"t","cache_control":{"type":"ephemeral","ttl":"1h"},"type":"text"}]"#,
        ),
        (
            r#"[{"type":"tool_result","tool_use_id":"i","content":"ok"}]"#,
            r#"[{"content":[{"type":"text","text":"ok","cache_control":{}}],"tool_use_id":"i","type":"tool_result"}]"#,
        ),
        (
            r#"[{"type":"tool_use","id":"i","name":"n","input":{"a":1,"b":{"c":[1,2],"d":null}}}]"#,
            r#"[{"input":{"b":{"d":null,"c":[1,2]},"a":1},"name":"n","id":"i","type":"tool_use"}]"#,
        ),
    ];
    for (one, other) in equal {
        assert_eq!(message(one), message(other), "{one} {other}");
    }
    let different = [
        (r#""text""#, r#""texT""#),
        (r#"[{"type":"text","text":"t"}]"#, r#"[{"type":"text","text":"t","citations":[]}]"#),
        (
            r#"[{"type":"tool_use","input":{"a":[1,2]}}]"#,
            r#"[{"type":"tool_use","input":{"a":[2,1]}}]"#,
        ),
        (
            r#"[{"type":"tool_use","input":{"a":"b"}}]"#,
            r#"[{"type":"tool_use","input":{"b":"a"}}]"#,
        ),
        (
            r#"[{"type":"tool_use","input":{"a":{"b":1}}}]"#,
            r#"[{"type":"tool_use","input":{"a":{},"b":1}}]"#,
        ),
        // What a tool is given may have any name.
        (
            r#"[{"type":"tool_use","input":{"cache_control":1}}]"#,
            r#"[{"type":"tool_use","input":{}}]"#,
        ),
        (
            r#"[{"type":"tool_use","input":{"content":"a"}}]"#,
            r#"[{"type":"tool_use","input":{"content":[{"type":"text","text":"a"}]}}]"#,
        ),
        (
            r#"[{"type":"tool_result","content":"ok"}]"#,
            r#"[{"type":"tool_result","content":[{"type":"text","text":"ok"},{"type":"text","text":""}]}]"#,
        ),
    ];
    for (one, other) in different {
        assert_ne!(message(one), message(other), "{one} {other}");
    }
    let said_by = |role: &str| hashes(&json!({"messages": [{"role": role, "content": "same"}]}));
    assert_ne!(said_by("user"), said_by("assistant"));
    assert_eq!(
        hashes(&json!({"system": "S"})),
        hashes(&json!({"system": [{"type": "text", "text": "S"}]}))
    );
    assert_ne!(hashes(&json!({"stop": ["a"]})), hashes(&json!({"stop": "a"})));
}

#[test]
fn roles_of_requests() {
    let format = r#"{"model":"m","output_config":{"effort":"low","format":{"type":"json_schema","schema":{}}},"messages":[]}"#;
    let with_tools = format.replace("\"messages\"", "\"tools\":[{\"name\":\"a\"}],\"messages\"");
    let without_tools = format.replace("\"messages\"", "\"tools\":[],\"messages\"");
    let effort = r#"{"model":"m","output_config":{"effort":"low","format":null},"messages":[]}"#;
    let old_format = r#"{"model":"m","output_format":{"type":"json_schema"},"messages":[]}"#;
    let anthropic = Provider::Anthropic;
    let table = [
        (anthropic, "POST", "/v1/messages", r#"{"messages":[]}"#, RequestRole::Turn),
        (anthropic, "POST", "/v1/messages", format, RequestRole::Auxiliary),
        (anthropic, "POST", "/v1/messages", old_format, RequestRole::Auxiliary),
        (anthropic, "POST", "/v1/messages", &with_tools, RequestRole::Turn),
        (anthropic, "POST", "/v1/messages", &without_tools, RequestRole::Auxiliary),
        (anthropic, "POST", "/v1/messages", effort, RequestRole::Turn),
        (anthropic, "POST", "/some/base/v1/messages/?beta=true", "{}", RequestRole::Turn),
        (
            anthropic,
            "POST",
            "/v1/messages/count_tokens?beta=true",
            r#"{"messages":[]}"#,
            RequestRole::Auxiliary,
        ),
        (anthropic, "POST", "/v1/messages/batches", r#"{"requests":[]}"#, RequestRole::Auxiliary),
        (anthropic, "GET", "/v1/messages", "", RequestRole::Other),
        (anthropic, "GET", "/v1/models?limit=1000", "", RequestRole::Other),
        (anthropic, "POST", "/v1/files", "{}", RequestRole::Other),
        (Provider::OpenAi, "POST", "/v1/responses", "{}", RequestRole::Turn),
        (Provider::OpenAi, "POST", "/v1/chat/completions", "{}", RequestRole::Turn),
        (Provider::OpenAi, "POST", "/v1/embeddings", "{}", RequestRole::Other),
        (
            Provider::Gemini,
            "POST",
            "/v1beta/models/m:streamGenerateContent?alt=sse",
            "{}",
            RequestRole::Turn,
        ),
        (Provider::Gemini, "POST", "/v1beta/models/m:countTokens", "{}", RequestRole::Auxiliary),
        (Provider::Unknown, "POST", "/v1/messages", "{}", RequestRole::Other),
    ];
    for (provider, method, path, body, expected) in table {
        assert_eq!(
            request::read(provider, method, path, body.as_bytes()).role,
            expected,
            "{method} {path} {body}"
        );
    }
}

#[test]
fn sessions_in_the_metadata() {
    let table = [
        (json!({"user_id": "{\"session_id\":\"abc\",\"x\":1}"}), Some("abc")),
        (json!({"user_id": "user_0f_account_1a2b_session_5e55-10"}), Some("5e55-10")),
        (json!({"user_id": "user_0f_account__session_5e55"}), Some("5e55")),
        (json!({"user_id": "someone"}), None),
        (json!({"user_id": "{\"session_id\":7}"}), None),
        (json!({"user_id": "user_session_"}), None),
        (json!({"user_id": ["a"]}), None),
        (json!(null), None),
    ];
    for (metadata, expected) in table {
        let facts = read(&json!({"metadata": metadata, "messages": []}).to_string());
        assert_eq!(facts.session.as_deref(), expected, "{metadata}");
    }
}

#[test]
fn what_cannot_be_read_is_one_raw_block() {
    let table: [(&[u8], &str); 7] = [
        (b"{\"model\":", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{\"a\":NaN}", "not JSON"),
        (b"{} {}", "not JSON"),
        (b"{\"a\":\"\xff\"}", "not UTF-8 at byte 6"),
        (b"", "empty"),
    ];
    for (body, reason) in table {
        let facts = request::read(Provider::Anthropic, "POST", PATH, body);
        let malformed = facts.malformed.expect("it is");
        assert!(malformed.contains(reason), "{malformed}");
        let blocks: Vec<_> = facts
            .blocks
            .iter()
            .map(|block| (&*block.pointer, block.kind, block.range.clone()))
            .collect();
        let whole = ("", BlockKind::Raw, 0..body.len() as u64);
        assert_eq!(blocks, if body.is_empty() { vec![] } else { vec![whole] });
        assert_eq!(facts.role, RequestRole::Turn);
    }
}

#[test]
fn odd_shapes_are_shown() {
    let kinds = |body: &str| {
        read(body)
            .blocks
            .iter()
            .map(|block| (block.pointer.clone(), block.kind))
            .collect::<Vec<_>>()
    };
    let row = |pointer: &str, kind| vec![(pointer.to_owned(), kind)];
    assert_eq!(kinds(r#"{"messages":"all of them"}"#), row("/messages", BlockKind::Unknown));
    assert_eq!(kinds(r#"{"system":{"text":"a"}}"#), row("/system", BlockKind::System));
    assert_eq!(kinds(r#"{"system":"a"}"#), row("/system", BlockKind::System));
    assert_eq!(kinds(r#"{"tools":7}"#), row("/tools", BlockKind::ToolDefinition));
    assert_eq!(kinds(r#"{"messages":[{"role":"user"}]}"#), row("/messages/0", BlockKind::Unknown));
    assert_eq!(kinds("{}"), row("", BlockKind::Raw));
}

#[test]
fn other_providers_are_recorded_raw() {
    let body = br#"{"model":"gpt-6.1-sol","stream":true,"input":[]}"#;
    let facts = request::read(Provider::OpenAi, "POST", "/v1/responses", body);
    assert_eq!(
        (facts.model.as_deref(), facts.stream, facts.blocks.len()),
        (Some("gpt-6.1-sol"), true, 1)
    );
    assert_eq!(
        (facts.blocks[0].kind, facts.blocks[0].range.clone()),
        (BlockKind::Raw, 0..body.len() as u64)
    );

    let facts = request::read(
        Provider::Gemini,
        "POST",
        "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse",
        b"{\"contents\":[]}",
    );
    assert_eq!((facts.model.as_deref(), facts.stream), (Some("gemini-3-pro"), true));
}

#[test]
fn large_bodies_stay_bounded() {
    let huge = format!("{{\"messages\":[{}\"\"]}}", " ".repeat(32 << 20));
    let facts = read(&huge);
    assert!(facts.malformed.is_some_and(|reason| reason.contains("too large to analyse")));
    assert_eq!(facts.blocks.len(), 1);

    let many = format!("{{\"model\":\"m\",\"messages\":[{}7]}}", "7,".repeat(150_000));
    let facts = read(&many);
    assert!(facts.malformed.is_none());
    assert_eq!(facts.blocks.len(), 100_001);
    let rest = facts.blocks.last().expect("the folded rest");
    assert_eq!((rest.kind, rest.range.end), (BlockKind::Raw, many.len() as u64 - 2));
    // The model and 99,999 of 150,001 messages have blocks of their own.
    assert_eq!(text(&many, rest).split(',').count(), 50_002);

    let deep = format!(
        "{{\"messages\":[{{\"role\":\"user\",\"content\":[{}{}]}}]}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let facts = read(&deep);
    assert_eq!((facts.malformed, facts.blocks.len()), (None, 1));
}

fn any_json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from)
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        let key = prop_oneof![
            "[a-z/~\"\\\\]{0,4}",
            Just("type".to_owned()),
            Just("content".to_owned()),
            Just("role".to_owned()),
            Just("name".to_owned())
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_request() -> impl Strategy<Value = Value> {
    let content =
        prop_oneof![any_json(), prop::collection::vec(any_json(), 0..4).prop_map(Value::from)];
    let message = prop_oneof![
        content.prop_map(|content| json!({"role": "user", "content": content})),
        any_json()
    ];
    let messages =
        prop_oneof![prop::collection::vec(message, 0..4).prop_map(Value::from), any_json()];
    (messages, any_json(), any_json(), any_json()).prop_map(|(messages, system, tools, other)| {
        let mut body = json!({"messages": messages, "system": system, "tools": tools});
        if let (Value::Object(body), Value::Object(other)) = (&mut body, other) {
            body.extend(other);
        }
        body
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_block_is_what_its_pointer_points_to(body in any_request(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&body) } else { serde_json::to_string(&body) }.expect("it is JSON");
        let facts = read(&text);
        prop_assert_eq!(facts.malformed, None);
        for block in &facts.blocks {
            let value: Value = serde_json::from_str(self::text(&text, block)).expect("a block's range is JSON");
            prop_assert_eq!(Some(&value), body.pointer(&block.pointer), "{}", block.pointer);
        }
        // Nothing is left out but messages without content.
        let parameters = body.as_object().map_or(0, |members| members.len() - 3);
        prop_assert_eq!(facts.blocks.iter().filter(|block| block.kind == BlockKind::Parameter).count(), parameters);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0usize..1600, cut in 0usize..30) {
        let mut damaged = CONVERSATION.as_bytes().to_vec();
        damaged.splice(at.min(damaged.len())..(at + cut).min(damaged.len()), bytes.iter().copied());
        for provider in [Provider::Anthropic, Provider::OpenAi, Provider::Gemini, Provider::Unknown] {
            for body in [&bytes, &damaged] {
                let facts = request::read(provider, "POST", PATH, body);
                prop_assert!(facts.blocks.iter().all(|block| block.range.start < block.range.end && block.range.end <= body.len() as u64));
                prop_assert_eq!(facts.blocks.is_empty(), body.is_empty());
            }
        }
    }
}
