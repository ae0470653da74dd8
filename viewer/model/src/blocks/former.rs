//! What stood in the history before it was changed, as far as it is here: a request brings only
//! what is new or changed in it, so this is looked for in the requests before; what is not there
//! can be fetched.

use std::sync::Arc;

use ccdump_provider::content::Content;
use ccdump_record::{Block, BlockKind, BlockState};

use super::{Source, Wanted, turn::Turn};
use crate::record::{Held, Loaded, Piece, RequestSide};

/// The requests before, the newest first.
#[derive(Debug, Default)]
pub(super) struct Former<'a> {
    requests: Vec<&'a RequestSide>,
    /// What was fetched of the request before, and whether there is one to be asked.
    fetched: Option<&'a Loaded>,
    can_ask: bool,
}

impl<'a> Former<'a> {
    pub(super) fn of(turn: Turn<'a>) -> Self {
        let sides = turn
            .before
            .into_iter()
            .chain(turn.earlier.iter().copied())
            .map(|loaded| loaded.request.here());
        let can_ask =
            turn.loaded.request.here().is_some_and(|side| side.setting_before().is_some());
        Self {
            requests: sides.map_while(|side| side).collect(),
            fetched: Some(turn.loaded),
            can_ask,
        }
    }

    /// What stood in the place of a block, if that is changed. `None` where it is not here, or not
    /// sure.
    pub(super) fn of_changed(&self, block: &Block) -> Option<Arc<Content>> {
        if block.state != BlockState::Changed {
            return None;
        }
        let fetched = || self.fetched(Source::Former, block);
        self.in_requests(block).or_else(fetched)
    }

    /// What is to be asked for to know that, if it was not asked for yet.
    pub(super) fn wanted(&self, source: Source, block: &Block) -> Option<Wanted> {
        let wanted = Wanted { source, pointer: block.pointer.clone() };
        let key = (source, block.pointer.clone());
        let is_new =
            self.can_ask && !self.fetched.is_some_and(|loaded| loaded.former.contains_key(&key));
        let is_known = match source {
            Source::Former => {
                block.state != BlockState::Changed || self.in_requests(block).is_some()
            }
            _ => self.of_gone(block).is_some(),
        };
        (is_new && !is_known).then_some(wanted)
    }

    fn fetched(&self, source: Source, block: &Block) -> Option<Arc<Content>> {
        here(self.fetched?.former.get(&(source, block.pointer.clone()))?)
    }

    fn in_requests(&self, block: &Block) -> Option<Arc<Content>> {
        self.find(block, |before| {
            before.kind == block.kind && before.role == block.role && place(before) == place(block)
        })
    }

    /// The content of a block of the request before.
    pub(super) fn of_gone(&self, gone: &Block) -> Option<Arc<Content>> {
        let in_requests =
            self.find(gone, |before| before.hash == gone.hash && before.kind == gone.kind);
        in_requests.or_else(|| self.fetched(Source::Gone, gone))
    }

    fn find(&self, block: &Block, is_it: impl Fn(&Block) -> bool) -> Option<Arc<Content>> {
        for side in &self.requests {
            if let Some(piece) = side.pieces.iter().find(|piece| is_it(&piece.block)) {
                return here(piece);
            }
            // What stood behind a block that is gone, or that was put in between, stands elsewhere
            // now.
            let new = side
                .pieces
                .iter()
                .map(|piece| &piece.block)
                .filter(|new| new.state == BlockState::New);
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
    block.kind == BlockKind::System
}

/// Where a block stands among others of its kind.
fn numbers(block: &Block) -> Vec<u64> {
    block.pointer.split('/').filter_map(|part| part.parse().ok()).collect()
}

/// A string stands where the first block of an array would.
fn place(block: &Block) -> &str {
    block.pointer.strip_suffix("/0").unwrap_or(&block.pointer)
}
