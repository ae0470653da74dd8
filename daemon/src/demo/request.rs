//! An agent's requests, as Claude Code writes them.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use super::{DemoError, client::Request};

pub const MESSAGES: &str = "/v1/messages?beta=true";
pub const COUNT_TOKENS: &str = "/v1/messages/count_tokens?beta=true";

const SESSION: &str = "5e551017-de30-4ca1-8b0a-7d0c0dedda7e";
const DEVICE: &str = "00de300000000000000000000000000000000000000000000000000000000000";

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub struct Role {
    /// `None`: the main agent.
    pub agent: Option<&'static str>,
    /// Who started it, where that is not the main agent.
    pub parent: Option<&'static str>,
    /// The kind of subagent.
    pub kind: Option<&'static str>,
    pub model: &'static str,
}

/// All of a model call, in the order in which it is written.
#[derive(Debug, Serialize)]
pub struct Body<'a> {
    pub model: &'a str,
    pub messages: &'a [Value],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub system: &'a [Value],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub tools: &'a [Value],
    #[serde(flatten)]
    pub settings: Option<Settings>,
}

/// What a token count does not take.
#[derive(Debug, Serialize)]
pub struct Settings {
    metadata: Value,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_management: Option<Value>,
    output_config: Value,
    stream: bool,
}

impl Settings {
    /// For a turn of the conversation.
    pub fn turn() -> Self {
        Self {
            metadata: metadata(),
            max_tokens: 32_000,
            thinking: Some(json!({"type": "adaptive"})),
            context_management: Some(
                json!({"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}),
            ),
            output_config: json!({"effort": "high"}),
            stream: true,
        }
    }

    /// For the session's title.
    pub fn title() -> Self {
        let schema = json!({"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"],
            "additionalProperties": false});
        Self {
            metadata: metadata(),
            max_tokens: 512,
            thinking: None,
            context_management: None,
            output_config: json!({"format": {"type": "json_schema", "schema": schema}}),
            stream: true,
        }
    }
}

fn metadata() -> Value {
    json!({"user_id": json!({"device_id": DEVICE, "account_uuid": "", "session_id": SESSION}).to_string()})
}

/// `class` as Claude Code hints it: main, subagent or auxiliary. `durations`: of the tools that
/// have just run.
pub fn request(
    role: Role,
    class: &str,
    durations: Option<&str>,
    path: &'static str,
    body: &Body<'_>,
) -> Result<Request, DemoError> {
    let mut headers = vec![
        ("accept", "application/json".to_owned()),
        ("content-type", "application/json".to_owned()),
        ("user-agent", "claude-cli/2.1.330 (external, cli; scripted by ccdump demo)".to_owned()),
        ("x-claude-code-session-id", SESSION.to_owned()),
        ("x-app", "cli".to_owned()),
        ("x-api-key", "demo-key".to_owned()),
        ("anthropic-version", "2023-06-01".to_owned()),
        (
            "anthropic-beta",
            "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27"
                .to_owned(),
        ),
        ("x-stainless-lang", "js".to_owned()),
        ("x-stainless-retry-count", "0".to_owned()),
        ("accept-encoding", "gzip, deflate, br, zstd".to_owned()),
        ("x-claude-code-request-class", class.to_owned()),
    ];
    let optional = [
        ("x-claude-code-agent-id", role.agent),
        ("x-claude-code-parent-agent-id", role.parent),
        ("x-claude-code-agent-type", role.kind),
        ("x-claude-code-prev-tool-durations", durations),
    ];
    headers
        .extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned()))));
    Ok(Request { path, headers, body: Bytes::from(serde_json::to_vec(body)?) })
}
