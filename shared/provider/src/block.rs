//! The block: the unit of display. Its identity is exchange + side + pointer.

use std::ops::Range;

/// One for one the kinds of the wire contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockKind {
    /// A kind this version does not know: see `wire_type`.
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
    /// The kind of a content block with this `type`.
    pub(crate) fn of_wire_type(wire_type: &str) -> Self {
        match wire_type {
            "text" => Self::Text,
            "thinking" => Self::Thinking,
            "redacted_thinking" => Self::RedactedThinking,
            "tool_use" => Self::ToolUse,
            "tool_result" => Self::ToolResult,
            "image" => Self::Image,
            "document" => Self::Document,
            "server_tool_use" | "mcp_tool_use" => Self::ServerToolUse,
            other if other.ends_with("_tool_result") => Self::ServerToolResult,
            _ => Self::Unknown,
        }
    }

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockState {
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

    pub(crate) fn of_wire(role: &str) -> Option<Self> {
        [Self::User, Self::Assistant, Self::System].into_iter().find(|known| known.as_str() == role)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// JSON pointer in the decoded body, such as `/messages/3/content/1`; of a stream, `/content/N` by the provider's content index.
    pub pointer: String,
    pub kind: BlockKind,
    pub role: Option<Role>,
    /// `type` as it stands in the body; empty where there is none.
    pub wire_type: String,
    /// Name of a tool or of a parameter.
    pub name: Option<String>,
    /// Joins a tool use with its result.
    pub tool_use_id: Option<String>,
    /// Bytes of the decoded body: the block's JSON value; of a stream, its events from the first to the last.
    pub range: Range<u64>,
    /// Of the normalised content: equal where only form differs (moved `cache_control`, string or block array, order of keys).
    pub hash: u64,
    pub state: BlockState,
}
