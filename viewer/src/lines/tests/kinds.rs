//! All other kinds of items.

use std::sync::Arc;

use ccdump_provider::content::Content;
use ccdump_record::{Header, Usage};
use serde_json::{Value, json};

use super::{sheet, text};
use ccdump_model::{
    blocks::{
        Change, Gone, Headers, ItemBody, Numbers, Parameter, Pending, Speaker, ToolDefinition,
        TurnHead, TurnState, Voice,
    },
    record::AgentName,
};

fn numbers() -> Numbers {
    Numbers {
        cost_usd: Some(0.0123),
        duration_us: Some(2_400_000),
        ttft_us: Some(800_000),
        request_bytes: 50_123,
        response_bytes: 3_210,
    }
}

fn usage() -> Usage {
    Usage {
        input: Some(400),
        output: Some(310),
        cache_read: Some(11_900),
        cache_write_5m: None,
        cache_write_1h: Some(20),
    }
}

#[test]
fn heads_of_turns() {
    let head = |speaker, model: Option<&str>, state| {
        ItemBody::Turn(TurnHead {
            id: 12,
            speaker,
            model: model.map(str::to_owned),
            time: "14:02:11".to_owned(),
            state,
            stop: Some("end_turn".to_owned()),
        })
    };
    let opus = Some("claude-opus-4-8");
    insta::assert_snapshot!(sheet(vec![
        ("main", head(Speaker::Main, opus, TurnState::Streaming)),
        (
            "subagent",
            head(
                Speaker::Agent(AgentName::plain(
                    "Explore: find the tests of what the last commit changed"
                )),
                opus,
                TurnState::Complete
            )
        ),
        ("provider", head(Speaker::Provider("openai".to_owned()), None, TurnState::Failed)),
        (
            "stopped",
            head(
                Speaker::Main,
                Some(&"a-model-with-a-long-name-".repeat(3)),
                TurnState::DaemonStopped
            )
        ),
    ]));
}

#[test]
fn what_is_no_turn_takes_a_line() {
    let aside = |what: &str, usage, state, error: Option<&str>| ItemBody::Aside {
        id: 14,
        speaker: Speaker::Main,
        what: what.to_owned(),
        usage,
        numbers: numbers(),
        state,
        error: error.map(str::to_owned),
    };
    insta::assert_snapshot!(sheet(vec![
        ("tokens", aside("token count", None, TurnState::Complete, None)),
        (
            "title",
            aside("auxiliary request to claude-haiku", Some(usage()), TurnState::Complete, None)
        ),
        (
            "error",
            aside(
                "GET /v1/models",
                None,
                TurnState::Failed,
                Some("failed: the upstream answered 404 (not_found_error: there is no such thing)")
            )
        ),
        ("open", aside("token count", None, TurnState::Waiting, None)),
    ]));
}

fn definition(name: &str, description: &str, rest: Value) -> Content {
    let Value::Object(rest) = rest else { panic!("it has fields") };
    Content::ToolDefinition { name: name.to_owned(), description: description.to_owned(), rest }
}

#[test]
fn what_a_tool_takes_is_told_whole() {
    let bash = json!({"input_schema": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "command": {"type": "string", "description": "The command to execute"},
            "timeout": {"type": ["number", "null"], "description": "In milliseconds.\n\nAt most 600000.", "default": 5, "maximum": 600_000},
            "mode": {"enum": ["fast", "slow"]},
            "edits": {"type": "array", "maxItems": 3, "items": {
                "type": "object",
                "properties": {"old": {"type": "string"}, "new": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
                "required": ["old"],
            }},
            "odd": true,
        },
        "required": ["command", "nowhere"],
        "additionalProperties": false,
    }, "defer_loading": true});
    let on_server = json!({"type": "web_search_20250305", "max_uses": 3, "allowed_domains": ["a.example", "b.example"]});
    let tools =
        [definition("Bash", "Runs commands.", bash), definition("web_search", "", on_server)];
    let definitions = tools.map(|content| {
        let Content::ToolDefinition { name, .. } = &content else { panic!("it is one") };
        ToolDefinition {
            name: name.clone(),
            bytes: 900,
            change: Change::New,
            content: Some(Arc::new(content)),
        }
    });
    let tools = ItemBody::Tools {
        definitions: definitions.into(),
        removed: vec![],
        bytes: 1_800,
        change: Change::New,
    };
    insta::assert_snapshot!(sheet(vec![("two", tools)]));
}

#[test]
fn tools_and_parameters() {
    let tool = |name: &str, description: Option<&str>, change| ToolDefinition {
        name: name.to_owned(),
        bytes: 2_900,
        change,
        content: description.map(|text| Arc::new(definition(name, text, json!({})))),
    };
    let names = [
        "Bash",
        "Edit",
        "Glob",
        "Grep",
        "MultiEdit",
        "NotebookEdit",
        "Read",
        "Task",
        "TodoWrite",
        "WebFetch",
        "WebSearch",
        "Write",
    ];
    let all = names.map(|name| {
        tool(name, Some("Does what its name says.\n\nUsage:\n- carefully"), Change::New)
    });
    let parameter = |name: &str, value, bytes, change| Parameter {
        name: name.to_owned(),
        bytes,
        change,
        value: Some(Arc::new(Content::Parameter(value))),
    };
    insta::assert_snapshot!(sheet(vec![
        (
            "new",
            ItemBody::Tools {
                definitions: all.to_vec(),
                removed: vec![],
                bytes: 34_800,
                change: Change::New
            }
        ),
        (
            "changed",
            ItemBody::Tools {
                definitions: vec![tool("Bash", None, Change::Changed)],
                removed: vec!["Task".to_owned(), "WebFetch".to_owned()],
                bytes: 2_900,
                change: Change::Changed,
            },
        ),
        (
            "parameters",
            ItemBody::Parameters {
                parameters: vec![
                    parameter("model", json!("claude-opus-4-8"), 17, Change::New),
                    parameter("max_tokens", json!(32_000), 5, Change::Changed),
                    parameter(
                        "metadata",
                        json!({"user_id": "{\"session_id\":\"0000\"}"}),
                        140,
                        Change::New
                    ),
                    Parameter {
                        name: "output_format".to_owned(),
                        bytes: 9_000,
                        change: Change::New,
                        value: None
                    },
                ],
                removed: vec!["thinking".to_owned()],
            },
        ),
    ]));
}

#[test]
fn headers_and_usage() {
    let header =
        |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned() };
    let fields = vec![
        header("accept", "application/json"),
        header("authorization", "Bearer ‹secret 9f2c41d07be3 len=108›"),
        header(
            "anthropic-beta",
            "claude-code-20250219,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14",
        ),
    ];
    let request = Headers {
        of_request: true,
        first_line: "POST /v1/messages?beta=true".to_owned(),
        fields,
        trailers: vec![],
    };
    let response = Headers {
        of_request: false,
        first_line: "200".to_owned(),
        fields: vec![header("content-type", "text/event-stream")],
        trailers: vec![header("x-end", "1")],
    };
    let odd =
        Usage { input: Some(-5), output: None, cache_read: Some(i64::MAX), ..Usage::default() };
    insta::assert_snapshot!(sheet(vec![
        ("request", ItemBody::Headers(request)),
        ("response", ItemBody::Headers(response)),
        ("usage", ItemBody::Usage { usage: usage(), numbers: numbers() }),
        ("absurd", ItemBody::Usage { usage: odd, numbers: Numbers::default() }),
        (
            "time only",
            ItemBody::Usage {
                usage: Usage::default(),
                numbers: Numbers { cost_usd: None, ..numbers() }
            }
        ),
    ]));
}

#[test]
fn remarks() {
    let image = Content::Image { media_type: Some("image/png".to_owned()), bytes: 12_300 };
    let document = Content::Document {
        title: Some("Report".to_owned()),
        media_type: Some("application/pdf".to_owned()),
        bytes: 1_230_000,
    };
    let gone =
        |words: Option<&str>| Gone { what: "user text", bytes: 11, content: words.map(text) };
    let absent = |what, pending| ItemBody::Absent { what, bytes: 300_000, pending };
    insta::assert_snapshot!(sheet(vec![
        ("image", ItemBody::Attachment { content: Arc::new(image), voice: Voice::User }),
        ("document", ItemBody::Attachment { content: Arc::new(document), voice: Voice::User }),
        (
            "rewritten",
            ItemBody::Rewritten {
                changed: 1,
                moved: 0,
                removed: vec![gone(None), gone(Some("Never mind."))]
            }
        ),
        ("earlier", ItemBody::Earlier { blocks: 60, bytes: 120_000 }),
        (
            "error",
            ItemBody::Error(
                "failed: the upstream answered 529 (overloaded_error: Overloaded)".to_owned()
            )
        ),
        ("stop", ItemBody::Stop("max_tokens".to_owned())),
        ("notice", ItemBody::Notice("recording was incomplete: 12.3 kB missing".to_owned())),
        ("not asked", absent("user text", Pending::NotAsked)),
        ("loading", absent("request", Pending::Loading)),
        ("failed", absent("thinking", Pending::Failed("the record has a gap here".to_owned()))),
    ]));
}

#[test]
fn what_is_not_understood_is_shown_as_it_is() {
    let unknown = Content::Other {
        wire_type: "hologram".to_owned(),
        json: json!({"type": "hologram", "depth": 3, "layers": ["a", "b"]}),
    };
    let sse = "event: ping\ndata: {\"type\": \"ping\"}\n\ndata: [DONE]\n";
    insta::assert_snapshot!(sheet(vec![
        (
            "unknown",
            ItemBody::Unknown { wire_type: "hologram".to_owned(), content: Arc::new(unknown) }
        ),
        ("unknown text", ItemBody::Unknown { wire_type: String::new(), content: text("odd") }),
        (
            "JSON body",
            ItemBody::Raw {
                content: Arc::new(Content::Raw(
                    r#"{"model": "gpt-5", "input": [{"role": "user", "content": "Hi"}]}"#
                        .to_owned()
                )),
                bytes: 66
            }
        ),
        ("text body", ItemBody::Raw { content: Arc::new(Content::Raw(sse.to_owned())), bytes: 52 }),
    ]));
}
