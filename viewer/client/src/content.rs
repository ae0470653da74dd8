//! From the bytes of a block to its content.

use ccdump_provider::content::{self, Content};
use ccdump_record::BlockKind;
use ccdump_wire::v1::{self, Block, Header};

/// The content of a block, from the bytes of its range.
pub fn read(block: &Block, bytes: &[u8]) -> Content {
    content::read(kind(block), bytes)
}

/// The first header of that (lower-case) name.
pub fn header<'a>(headers: &'a [Header], name: &str) -> Option<&'a str> {
    headers.iter().find(|header| header.name == name).map(|header| header.value.as_str())
}

/// The kind of `block`, in the provider crate's terms.
pub fn kind(block: &Block) -> BlockKind {
    match block.kind() {
        v1::BlockKind::Unspecified => BlockKind::Unknown,
        v1::BlockKind::Text => BlockKind::Text,
        v1::BlockKind::Thinking => BlockKind::Thinking,
        v1::BlockKind::RedactedThinking => BlockKind::RedactedThinking,
        v1::BlockKind::ToolUse => BlockKind::ToolUse,
        v1::BlockKind::ToolResult => BlockKind::ToolResult,
        v1::BlockKind::System => BlockKind::System,
        v1::BlockKind::ToolDefinition => BlockKind::ToolDefinition,
        v1::BlockKind::Parameter => BlockKind::Parameter,
        v1::BlockKind::Image => BlockKind::Image,
        v1::BlockKind::Document => BlockKind::Document,
        v1::BlockKind::ServerToolUse => BlockKind::ServerToolUse,
        v1::BlockKind::ServerToolResult => BlockKind::ServerToolResult,
        v1::BlockKind::Error => BlockKind::Error,
        v1::BlockKind::Raw => BlockKind::Raw,
    }
}
