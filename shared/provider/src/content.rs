//! A block's content, for viewers: what is in it, without colours or widths.

mod found;
mod parts;
mod streamed;

use ccdump_record::BlockKind;
use serde_json::{Map, Value};

use crate::{json, signal};

#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Text(String),
    Thinking(String),
    /// Encrypted by the provider: only its size is known.
    RedactedThinking {
        bytes: u64,
    },
    /// A tool use, also one that the provider runs.
    ToolUse {
        name: String,
        input: Value,
    },
    ToolResult {
        is_error: bool,
        text: String,
        /// What is no text, in words: "image/png 12.3 kB".
        other: Vec<String>,
    },
    ToolDefinition {
        name: String,
        description: String,
        /// All else that is said of it, such as the schema of its arguments; without marks for the
        /// cache.
        rest: Map<String, Value>,
    },
    Parameter(Value),
    Image {
        media_type: Option<String>,
        bytes: u64,
    },
    Document {
        title: Option<String>,
        media_type: Option<String>,
        bytes: u64,
    },
    Other {
        wire_type: String,
        json: Value,
    },
    /// Not JSON; invalid UTF-8 replaced.
    Raw(String),
}

/// Reads the bytes of a block's range. Those of a stream's block are events, from which its content
/// is put together. Never fails: what is not of its kind's shape is `Other`, what is no JSON `Raw`.
pub fn read(kind: BlockKind, json: &[u8]) -> Content {
    if kind == BlockKind::Raw {
        return raw(json);
    }
    match json::parse(json) {
        Ok(value) => of_value(kind, value),
        Err(_) => streamed::read(json).unwrap_or_else(|| raw(json)),
    }
}

pub(crate) fn of_value(kind: BlockKind, value: Value) -> Content {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let content = match kind {
        BlockKind::Parameter => return Content::Parameter(value),
        BlockKind::Text | BlockKind::System => {
            value.as_str().map(str::to_owned).or_else(|| text("text")).map(Content::Text)
        }
        BlockKind::Thinking => text("thinking").map(Content::Thinking),
        BlockKind::RedactedThinking => {
            text("data").map(|data| Content::RedactedThinking { bytes: parts::base64_bytes(&data) })
        }
        BlockKind::ToolUse | BlockKind::ServerToolUse => text("name").map(|name| {
            let input = value.get("input").cloned().unwrap_or_default();
            Content::ToolUse { name, input }
        }),
        BlockKind::ToolResult | BlockKind::ServerToolResult => Some(parts::tool_result(&value)),
        BlockKind::ToolDefinition => text("name").map(|name| Content::ToolDefinition {
            name,
            description: text("description").unwrap_or_default(),
            rest: parts::beside(&value, &["name", "description", "cache_control"]),
        }),
        BlockKind::Image => Some(parts::image(&value)),
        BlockKind::Document => Some(parts::document(&value)),
        BlockKind::Error => {
            signal::error_in(&serde_json::json!({ "error": value })).map(Content::Text)
        }
        BlockKind::Unknown | BlockKind::Raw => None,
    };
    content.unwrap_or_else(|| Content::Other {
        wire_type: text("type").unwrap_or_default(),
        json: value.clone(),
    })
}

fn raw(bytes: &[u8]) -> Content {
    Content::Raw(String::from_utf8_lossy(bytes).into_owned())
}
