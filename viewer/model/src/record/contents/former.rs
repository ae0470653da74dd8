//! What stood in the request before: asked for where a request changed it.

use std::collections::{HashMap, btree_map::Entry};

use ccdump_record::{Block, BlockState};

use super::{Contents, Held, Piece, RequestSide};
use crate::blocks::{Source, Wanted};

/// Blocks of the request that `exchange` was compared with, which is `previous`: those that are
/// gone, and those in whose place other ones stand now, which are named instead.
#[derive(Debug, Clone, PartialEq)]
pub struct FormerWanted {
    pub exchange: u64,
    pub previous: u64,
    pub blocks: Vec<(Source, Block)>,
}

impl RequestSide {
    /// The request whose system prompt, tools and parameters these were compared with.
    pub fn setting_before(&self) -> Option<u64> {
        self.previous.or(self.setting_of)
    }

    /// New blocks that stood elsewhere in the request before, each with the block that is gone
    /// there, by their pointers.
    pub fn moved(&self) -> Vec<(&str, &str)> {
        let mut gone: HashMap<u64, Vec<&str>> = HashMap::new();
        for block in self.removed.iter().rev().filter(|block| block.hash != 0) {
            gone.entry(block.hash).or_default().push(&block.pointer);
        }
        let new = self
            .pieces
            .iter()
            .map(|piece| &piece.block)
            .filter(|block| block.state == BlockState::New);
        new.filter_map(|block| Some((block.pointer.as_str(), gone.get_mut(&block.hash)?.pop()?)))
            .collect()
    }
}

impl Contents {
    /// Blocks of the request before that are to be fetched now, out of those that are wanted; with
    /// what they are to the request of `exchange`: of those that were changed, the block now. They
    /// are then taken to be under way.
    pub fn ask_former(&mut self, exchange: u64, wanted: &[&Wanted]) -> Option<FormerWanted> {
        let loaded = &mut self.known.get_mut(&exchange)?.loaded;
        let side = loaded.request.here()?;
        let mut asked =
            FormerWanted { exchange, previous: side.setting_before()?, blocks: Vec::new() };
        for wanted in wanted {
            let block = match wanted.source {
                Source::Former => side
                    .pieces
                    .iter()
                    .map(|piece| &piece.block)
                    .find(|block| block.pointer == wanted.pointer),
                Source::Gone => side.removed.iter().find(|block| block.pointer == wanted.pointer),
                Source::Request | Source::Response | Source::NextRequest => None,
            };
            let key = (wanted.source, wanted.pointer.clone());
            if let Some(block) = block
                && let Entry::Vacant(place) = loaded.former.entry(key)
            {
                place.insert(Piece { block: block.clone(), content: Held::Loading });
                asked.blocks.push((wanted.source, block.clone()));
            }
        }
        loaded.version += u64::from(!asked.blocks.is_empty());
        (!asked.blocks.is_empty()).then_some(asked)
    }

    /// Blocks of the request before that were asked for.
    pub fn told_former(&mut self, exchange: u64, contents: Vec<(Source, String, Held)>) {
        let Some(loaded) = self.known.get_mut(&exchange).map(|entry| &mut entry.loaded) else {
            return;
        };
        loaded.version += 1;
        for (source, pointer, content) in contents {
            if let Some(piece) = loaded.former.get_mut(&(source, pointer)) {
                piece.content = content;
            }
        }
        self.forget_oldest();
    }
}
