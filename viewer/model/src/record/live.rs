//! A response as it streams in.

use std::{collections::HashMap, fmt, sync::Arc};

use ccdump_provider::{
    content::Content,
    provider::Provider,
    stream::{StreamEvent, StreamReader},
};
use ccdump_record::{Block, BlockKind, BlockState, Role};
use serde_json::Value;

use super::{Held, Piece, ResponseSide};

/// Bytes of one block that are kept while it streams; what goes beyond is fetched when the response
/// has ended.
const LONGEST: usize = 4 << 20;

/// Reads the decoded bytes of a response's stream into the pieces of a [`ResponseSide`].
pub struct Live {
    provider: Provider,
    /// Once the response's head is known, and it is a stream.
    reader: Option<StreamReader>,
    /// By the provider's index: which piece it is, and a tool's arguments so far.
    blocks: HashMap<u64, (usize, String)>,
    /// Not all of it could be taken in: it has to be fetched when it has ended.
    partial: bool,
}

impl fmt::Debug for Live {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Live").field("provider", &self.provider).finish_non_exhaustive()
    }
}

impl Live {
    pub fn new(provider: Provider) -> Self {
        Self { provider, reader: None, blocks: HashMap::new(), partial: false }
    }

    /// The response begins.
    pub fn head(&mut self, status: u16, content_type: Option<&str>) {
        // What is no stream says nothing before its end, and is fetched then.
        let is_stream =
            content_type.is_some_and(|value| value.trim_start().starts_with("text/event-stream"));
        self.reader = is_stream.then(|| StreamReader::new(self.provider, status, content_type));
    }

    /// More of the decoded body.
    pub fn push(&mut self, decoded: &[u8], side: &mut ResponseSide) {
        let Self { reader, blocks, partial, .. } = self;
        if let Some(reader) = reader {
            reader.push(decoded, &mut |event| take_in(event, blocks, partial, side));
        }
    }

    /// Bytes are missing before the next ones, or cannot be decoded.
    pub fn break_off(&mut self) {
        self.reader = None;
        self.partial = true;
    }

    /// The body is over. False when what is here is not all of it: it has to be fetched.
    pub fn finish(self, side: &mut ResponseSide) -> bool {
        let Self { reader, mut blocks, mut partial, .. } = self;
        let Some(mut reader) = reader else { return false };
        reader.finish(&mut |event| take_in(event, &mut blocks, &mut partial, side));
        side.open = false;
        for (at, input) in blocks.values() {
            if let Some(piece) = side.pieces.get_mut(*at) {
                close(piece, input);
            }
        }
        !partial
    }
}

fn take_in(
    event: StreamEvent,
    blocks: &mut HashMap<u64, (usize, String)>,
    partial: &mut bool,
    side: &mut ResponseSide,
) {
    match event {
        StreamEvent::BlockStart { index, kind, wire_type, name, tool_use_id } => {
            let block = Block {
                pointer: format!("/content/{index}"),
                kind,
                role: Some(Role::Assistant),
                wire_type,
                name,
                tool_use_id,
                state: BlockState::New,
                ..Block::default()
            };
            let content = opening(kind);
            *partial |= content == Held::Loading;
            blocks.insert(index, (side.pieces.len(), String::new()));
            side.pieces.push(Piece { content, block });
        }
        StreamEvent::Text { index, text } | StreamEvent::Thinking { index, text } => {
            let Some(piece) = blocks.get(&index).and_then(|(at, _)| side.pieces.get_mut(*at))
            else {
                return;
            };
            piece.block.range.end = piece.block.range.end.saturating_add(text.len() as u64);
            let Held::Here(content) = &mut piece.content else { return };
            match Arc::make_mut(content) {
                Content::Text(so_far) | Content::Thinking(so_far) => {
                    *partial |= !append(so_far, &text);
                }
                _ => *partial = true,
            }
        }
        StreamEvent::ToolInput { index, partial_json } => {
            let Some((at, input)) = blocks.get_mut(&index) else { return };
            *partial |= !append(input, &partial_json);
            if let Some(piece) = side.pieces.get_mut(*at) {
                piece.block.range.end =
                    piece.block.range.end.saturating_add(partial_json.len() as u64);
                piece.content = Held::Opening(input.as_str().into());
            }
        }
        StreamEvent::BlockStop { index } => {
            if let Some((at, input)) = blocks.get(&index)
                && let Some(piece) = side.pieces.get_mut(*at)
            {
                close(piece, input);
            }
        }
        StreamEvent::Error(error) => side.error = Some(error),
        // Numbers and the stop reason come with the exchange's row, which knows the price as well.
        StreamEvent::Usage(_) | StreamEvent::Stop(_) => {}
        StreamEvent::Whole(_) | StreamEvent::Raw(_) => *partial = true,
    }
}

/// What a block has when it begins. What comes whole with its first event is fetched when the
/// response has ended.
fn opening(kind: BlockKind) -> Held {
    match kind {
        BlockKind::Text => Held::Here(Arc::new(Content::Text(String::new()))),
        BlockKind::Thinking => Held::Here(Arc::new(Content::Thinking(String::new()))),
        BlockKind::ToolUse | BlockKind::ServerToolUse => Held::Opening("".into()),
        _ => Held::Loading,
    }
}

/// A tool call's arguments are whole: what is no JSON then is shown as the text that it is.
fn close(piece: &mut Piece, input: &str) {
    if let Held::Opening(_) = piece.content {
        let input = match serde_json::from_str(input) {
            Ok(value) => value,
            Err(_) if input.is_empty() => Value::Object(serde_json::Map::new()),
            Err(_) => Value::String(input.to_owned()),
        };
        let name = piece.block.name.clone().unwrap_or_default();
        piece.content = Held::Here(Arc::new(Content::ToolUse { name, input }));
    }
}

/// False when there is no room.
fn append(text: &mut String, more: &str) -> bool {
    let fits = text.len().saturating_add(more.len()) <= LONGEST;
    if fits {
        text.push_str(more);
    }
    fits
}
