//! What a request repeats of the answer before it.

use std::collections::HashSet;

use ccdump_provider::content::Content;
use ccdump_record::BlockKind;

use super::piece::is_call;
use crate::record::{Held, Loaded, Piece};

/// What the exchange before said: it is on the screen already.
#[derive(Debug, Default)]
pub(super) struct Said<'a> {
    /// There was an answer at all.
    answered: bool,
    /// Of its tool uses.
    calls: HashSet<&'a str>,
    texts: HashSet<&'a str>,
    /// A text of it is not here to be compared.
    has_absent_text: bool,
}

impl<'a> Said<'a> {
    pub(super) fn by(before: Option<&'a Loaded>) -> Self {
        let mut said = Self::default();
        let Some(side) = before.and_then(|before| before.response.here()) else { return said };
        for piece in &side.pieces {
            said.answered = true;
            if let Some(id) = &piece.block.tool_use_id {
                said.calls.insert(id);
            }
            match text(piece) {
                Some(text) => _ = said.texts.insert(text),
                None => said.has_absent_text |= piece.block.kind == BlockKind::Text,
            }
        }
        said
    }

    /// Whether the answer before called the tool that `result` is of: it stands below the call
    /// there.
    pub(super) fn called_for(&self, result: &Piece) -> bool {
        result.block.tool_use_id.as_deref().is_some_and(|id| self.calls.contains(id))
    }

    /// Whether `piece`, of role assistant, was said there. Agents rewrite what they send back:
    /// calls are known by their id, texts by their words, and thinking is never sent back but from
    /// the answer before.
    pub(super) fn says(&self, piece: &Piece) -> bool {
        match piece.block.kind {
            BlockKind::Thinking | BlockKind::RedactedThinking => self.answered,
            _ if piece.block.tool_use_id.is_some() || is_call(piece) => self.called_for(piece),
            BlockKind::Text => match text(piece) {
                Some(text) => self.texts.contains(text) || self.has_absent_text,
                None => self.answered,
            },
            _ => false,
        }
    }
}

/// A text's words, if they are here.
fn text(piece: &Piece) -> Option<&str> {
    match &piece.content {
        Held::Here(content) => match content.as_ref() {
            Content::Text(text) | Content::Thinking(text) => Some(text.trim()),
            _ => None,
        },
        _ => None,
    }
}
