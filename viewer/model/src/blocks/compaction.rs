//! Where an agent begins anew with a summary of what was said so far.

use ccdump_provider::content::Content;
use ccdump_record::{BlockKind, BlockState, Role};

use super::{Category, ItemBody, list::List, messages::is_message, turn::Turn};
use crate::record::{Held, Piece, RequestSide};

/// How Claude Code begins the message that takes the history's place.
pub(super) const OPENING: &str = "This session is being continued from a previous conversation";

/// Of other agents: so many blocks are gone at least, and so much text has come for them at the
/// beginning.
const FEWEST_GONE: usize = 8;
const SHORTEST_SUMMARY: usize = 500;

/// Adds a seam, if there is one.
pub(super) fn add(turn: Turn<'_>, side: &RequestSide, list: &mut List) -> bool {
    let gone: Vec<u64> =
        side.removed.iter().filter(|block| is_message(block)).map(|block| block.length()).collect();
    let Some(summary) =
        side.pieces.iter().filter_map(first_words).find(|text| is_summary(text, gone.len()))
    else {
        return false;
    };
    let replaced = side
        .pieces
        .iter()
        .filter(|piece| is_message(&piece.block) && piece.block.state == BlockState::Changed)
        .count();
    let (blocks, bytes) = match (side.previous, turn.last) {
        (Some(_), _) => (
            Some(gone.len().saturating_add(replaced)),
            Some(gone.iter().fold(0, |sum: u64, length| sum.saturating_add(*length))),
        ),
        (None, Some(last)) => (None, Some(last.request_bytes)),
        (None, None) => (None, None),
    };
    let seam = ItemBody::Compacted {
        blocks,
        bytes: bytes.filter(|bytes| *bytes > 0),
        summary: summary.len() as u64,
    };
    list.add("compacted", Category::Metadata, seam);
    true
}

/// A person's text in one of the first two messages: before it there may be what the agent puts in.
fn first_words(piece: &Piece) -> Option<&str> {
    let message = piece.block.pointer.strip_prefix("/messages/")?.split('/').next()?;
    let is_first = matches!(message, "0" | "1")
        && piece.block.role == Some(Role::User)
        && piece.block.kind == BlockKind::Text;
    match &piece.content {
        Held::Here(content) if is_first => match content.as_ref() {
            Content::Text(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

fn is_summary(text: &str, gone: usize) -> bool {
    text.trim_start().starts_with(OPENING)
        || (gone >= FEWEST_GONE && text.len() >= SHORTEST_SUMMARY)
}
