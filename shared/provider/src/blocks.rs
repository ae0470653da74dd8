//! Collects the blocks of a JSON body.

use std::ops::Range;

use ccdump_record::{Block, BlockKind, BlockState, Role};

use crate::{
    fingerprint::{self, Labels, Level},
    json,
};

/// Blocks of one body, so that a body of nothing but brackets takes no more memory than a
/// conversation. What finds no room is folded into one more block at the end.
const MOST_BLOCKS: usize = 100_000;

pub(crate) struct Blocks<'a> {
    body: &'a str,
    blocks: Vec<Block>,
    /// From the first value that found no room to the last.
    folded: Option<Range<u64>>,
}

impl<'a> Blocks<'a> {
    pub(crate) fn new(body: &'a str) -> Self {
        Self { body, blocks: Vec::new(), folded: None }
    }

    /// A request parameter.
    pub(crate) fn parameter(&mut self, key: &str, value: &str) {
        let labels = Labels { name: Some(json::name_of(key)), ..Labels::default() };
        self.add(|| format!("/{}", json::escape(key)), value, BlockKind::Parameter, None, labels);
    }

    /// A block of content, or a string in its place. Its kind is that of its `type` unless `kind`
    /// says it.
    pub(crate) fn block(
        &mut self,
        pointer: impl FnOnce() -> String,
        value: &str,
        kind: Option<BlockKind>,
        role: Option<Role>,
    ) {
        let labels = fingerprint::labels(value);
        let kind = kind.unwrap_or_else(|| kind_of(labels.wire_type.as_deref().unwrap_or_default()));
        self.add(pointer, value, kind, role, labels);
    }

    /// Hands on the elements of `list`, each with its index; false when it is no array.
    pub(crate) fn each(&mut self, list: &str, mut add: impl FnMut(&mut Self, usize, &str)) -> bool {
        let Some(elements) = json::elements(list) else { return false };
        for (index, element) in elements.enumerate() {
            if self.blocks.len() >= MOST_BLOCKS {
                self.fold(json::range(self.body, element));
            } else {
                add(self, index, element);
            }
        }
        true
    }

    pub(crate) fn finish(mut self) -> Vec<Block> {
        if let Some(range) = self.folded {
            let bytes = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
            let bytes = bytes
                .and_then(|(start, end)| self.body.as_bytes().get(start..end))
                .unwrap_or_default();
            self.blocks.push(raw(bytes, range));
        }
        self.blocks
    }

    fn add(
        &mut self,
        pointer: impl FnOnce() -> String,
        value: &str,
        kind: BlockKind,
        role: Option<Role>,
        labels: Labels,
    ) {
        let range = json::range(self.body, value);
        if self.blocks.len() >= MOST_BLOCKS {
            return self.fold(range);
        }
        let level = if kind == BlockKind::Parameter { Level::Plain } else { Level::Block };
        let id =
            labels.id.filter(|_| matches!(kind, BlockKind::ToolUse | BlockKind::ServerToolUse));
        self.blocks.push(Block {
            pointer: pointer(),
            kind,
            role,
            wire_type: labels.wire_type.unwrap_or_default(),
            name: labels.name,
            tool_use_id: labels.tool_use_id.or(id),
            range,
            hash: fingerprint::of_json(value, level, role),
            state: BlockState::New,
        });
    }

    fn fold(&mut self, range: Range<u64>) {
        self.folded = Some(match self.folded.take() {
            Some(folded) => folded.start.min(range.start)..folded.end.max(range.end),
            None => range,
        });
    }
}

/// A body, or a part of one, that is shown as it is.
pub(crate) fn raw(bytes: &[u8], range: Range<u64>) -> Block {
    Block {
        pointer: String::new(),
        kind: BlockKind::Raw,
        role: None,
        wire_type: String::new(),
        name: None,
        tool_use_id: None,
        range,
        hash: fingerprint::of_bytes(bytes),
        state: BlockState::New,
    }
}

/// The kind of a content block with this `type`.
pub fn kind_of(wire_type: &str) -> BlockKind {
    match wire_type {
        "text" => BlockKind::Text,
        "thinking" => BlockKind::Thinking,
        "redacted_thinking" => BlockKind::RedactedThinking,
        "tool_use" => BlockKind::ToolUse,
        "tool_result" => BlockKind::ToolResult,
        "image" => BlockKind::Image,
        "document" => BlockKind::Document,
        "server_tool_use" | "mcp_tool_use" => BlockKind::ServerToolUse,
        other if other.ends_with("_tool_result") => BlockKind::ServerToolResult,
        _ => BlockKind::Unknown,
    }
}
