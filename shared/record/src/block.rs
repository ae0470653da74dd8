use std::ops::Range;

use serde::{Deserialize, Serialize};

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// A kind this version does not know: see `wire_type`.
    #[default]
    Unknown,
    Text,
    Thinking,
    RedactedThinking,
    ToolUse,
    ToolResult,
    System,
    ToolDefinition,
    /// A request parameter: model, max_tokens, …
    Parameter,
    Image,
    Document,
    ServerToolUse,
    ServerToolResult,
    Error,
    /// Not JSON, or not of a shape that is understood: the body as it is.
    Raw,
}

impl BlockKind {
    pub const ALL: [Self; 15] = [
        Self::Unknown,
        Self::Text,
        Self::Thinking,
        Self::RedactedThinking,
        Self::ToolUse,
        Self::ToolResult,
        Self::System,
        Self::ToolDefinition,
        Self::Parameter,
        Self::Image,
        Self::Document,
        Self::ServerToolUse,
        Self::ServerToolResult,
        Self::Error,
        Self::Raw,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Text => "text",
            Self::Thinking => "thinking",
            Self::RedactedThinking => "redacted_thinking",
            Self::ToolUse => "tool_use",
            Self::ToolResult => "tool_result",
            Self::System => "system",
            Self::ToolDefinition => "tool_definition",
            Self::Parameter => "parameter",
            Self::Image => "image",
            Self::Document => "document",
            Self::ServerToolUse => "server_tool_use",
            Self::ServerToolResult => "server_tool_result",
            Self::Error => "error",
            Self::Raw => "raw",
        }
    }
}

/// Against the request before it in its thread. A response's blocks are all new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockState {
    #[default]
    New,
    Changed,
    Same,
}

impl BlockState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Same => "same",
        }
    }
}

/// Whose words a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    User,
    Assistant,
    System,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::System => "system",
        }
    }

    /// The role of that name.
    pub fn of_name(role: &str) -> Option<Self> {
        [Self::User, Self::Assistant, Self::System].into_iter().find(|known| known.as_str() == role)
    }
}

/// The unit of display. Its identity is exchange, side and pointer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Block {
    /// JSON pointer in the decoded body, such as `/messages/3/content/1`; of a stream, `/content/N`
    /// by the provider's content index.
    pub pointer: String,
    pub kind: BlockKind,
    pub role: Option<Role>,
    /// `type` as it stands in the body; empty where there is none.
    pub wire_type: String,
    /// Name of a tool or of a parameter.
    pub name: Option<String>,
    /// Joins a tool use with its result.
    pub tool_use_id: Option<String>,
    /// Bytes of the decoded body: the block's JSON value; of a stream, its events from the first to
    /// the last.
    pub range: Range<u64>,
    /// Of the normalised content: equal where only form differs (moved `cache_control`, string or
    /// block array, order of keys).
    pub hash: u64,
    pub state: BlockState,
}

impl Block {
    /// Bytes of its range.
    pub fn length(&self) -> u64 {
        self.range.end.saturating_sub(self.range.start)
    }
}
