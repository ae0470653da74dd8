//! Blocks as they are served and stored, and as the provider crate has them.

use ccdump_provider::block::{Block, BlockKind, BlockState, Role};
use ccdump_wire::v1;

const KINDS: [(BlockKind, v1::BlockKind); 15] = [
    (BlockKind::Unknown, v1::BlockKind::Unspecified),
    (BlockKind::Text, v1::BlockKind::Text),
    (BlockKind::Thinking, v1::BlockKind::Thinking),
    (BlockKind::RedactedThinking, v1::BlockKind::RedactedThinking),
    (BlockKind::ToolUse, v1::BlockKind::ToolUse),
    (BlockKind::ToolResult, v1::BlockKind::ToolResult),
    (BlockKind::System, v1::BlockKind::System),
    (BlockKind::ToolDefinition, v1::BlockKind::ToolDefinition),
    (BlockKind::Parameter, v1::BlockKind::Parameter),
    (BlockKind::Image, v1::BlockKind::Image),
    (BlockKind::Document, v1::BlockKind::Document),
    (BlockKind::ServerToolUse, v1::BlockKind::ServerToolUse),
    (BlockKind::ServerToolResult, v1::BlockKind::ServerToolResult),
    (BlockKind::Error, v1::BlockKind::Error),
    (BlockKind::Raw, v1::BlockKind::Raw),
];

const ROLES: [Role; 3] = [Role::User, Role::Assistant, Role::System];

pub fn to_wire(block: &Block) -> v1::Block {
    let kind = KINDS.iter().find(|(kind, _)| *kind == block.kind).map_or(v1::BlockKind::Unspecified, |&(_, kind)| kind);
    let state = match block.state {
        BlockState::New => v1::BlockState::New,
        BlockState::Changed => v1::BlockState::Changed,
        BlockState::Same => v1::BlockState::Same,
    };
    v1::Block {
        pointer: block.pointer.clone(),
        kind: kind.into(),
        role: block.role.map(|role| role.as_str().to_owned()).unwrap_or_default(),
        wire_type: block.wire_type.clone(),
        name: block.name.clone(),
        tool_use_id: block.tool_use_id.clone(),
        offset: block.range.start,
        length: block.range.end.saturating_sub(block.range.start),
        hash: block.hash,
        state: state.into(),
    }
}

/// A kind, as the provider crate has it.
pub fn kind_of(kind: v1::BlockKind) -> BlockKind {
    KINDS.iter().find(|(_, known)| *known == kind).map_or(BlockKind::Unknown, |&(kind, _)| kind)
}

pub fn from_wire(block: &v1::Block) -> Block {
    Block {
        pointer: block.pointer.clone(),
        kind: kind_of(block.kind()),
        role: ROLES.into_iter().find(|role| role.as_str() == block.role),
        wire_type: block.wire_type.clone(),
        name: block.name.clone(),
        tool_use_id: block.tool_use_id.clone(),
        range: block.offset..block.offset.saturating_add(block.length),
        hash: block.hash,
        state: match block.state() {
            v1::BlockState::Changed => BlockState::Changed,
            v1::BlockState::Same => BlockState::Same,
            v1::BlockState::New | v1::BlockState::Unspecified => BlockState::New,
        },
    }
}
