//! What stood in the history before it was changed, as far as it is here: a request brings only what is new or changed in it, so this is
//! looked for in the requests before.

use std::sync::Arc;

use ccdump_client::content::kind;
use ccdump_provider::{block::BlockKind, content::Content};
use ccdump_wire::v1::{Block, BlockState};

use super::turn::Turn;
use crate::record::{Held, Piece, RequestSide};

/// The requests before, the newest first.
#[derive(Debug, Default)]
pub(super) struct Former<'a> {
    requests: Vec<&'a RequestSide>,
}

impl<'a> Former<'a> {
    pub(super) fn of(turn: Turn<'a>) -> Self {
        let sides = turn.before.into_iter().chain(turn.earlier.iter().copied()).map(|loaded| loaded.request.here());
        Self { requests: sides.map_while(|side| side).collect() }
    }

    /// What stood in the place of a block, if that is changed. `None` where it is not here, or not sure.
    pub(super) fn of_changed(&self, block: &Block) -> Option<Arc<Content>> {
        if block.state() != BlockState::Changed {
            return None;
        }
        self.find(block, |before| kind(before) == kind(block) && before.role == block.role && place(before) == place(block))
    }

    /// The content of a block of the request before.
    pub(super) fn of_gone(&self, gone: &Block) -> Option<Arc<Content>> {
        self.find(gone, |before| before.hash == gone.hash && kind(before) == kind(gone))
    }

    fn find(&self, block: &Block, is_it: impl Fn(&Block) -> bool) -> Option<Arc<Content>> {
        for side in &self.requests {
            if let Some(piece) = side.pieces.iter().find(|piece| is_it(&piece.block)) {
                return here(piece);
            }
            // What stood behind a block that is gone, or that was put in between, stands elsewhere now.
            let new = side.pieces.iter().map(|piece| &piece.block).filter(|new| new.state() == BlockState::New);
            let mut moving = new.filter(|new| numbers(new) <= numbers(block)).chain(&side.removed);
            if moving.any(|moving| is_system(moving) == is_system(block)) {
                return None;
            }
        }
        None
    }
}

fn here(piece: &Piece) -> Option<Arc<Content>> {
    match &piece.content {
        Held::Here(content) => Some(content.clone()),
        _ => None,
    }
}

fn is_system(block: &Block) -> bool {
    kind(block) == BlockKind::System
}

/// Where a block stands among others of its kind.
fn numbers(block: &Block) -> Vec<u64> {
    block.pointer.split('/').filter_map(|part| part.parse().ok()).collect()
}

/// A string stands where the first block of an array would.
fn place(block: &Block) -> &str {
    block.pointer.strip_suffix("/0").unwrap_or(&block.pointer)
}
