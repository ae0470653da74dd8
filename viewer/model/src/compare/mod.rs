//! Two requests side by side, by their outlines alone: which blocks are the same, and which were
//! changed, moved, added or removed. What the blocks say is not needed for it.

mod compared;
mod matching;
mod order;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use ccdump_record::{Block, BlockKind};

pub use self::compared::{Compared, Half};

/// What became of a block on the way from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    Same,
    /// The same content, in another order.
    Moved,
    /// Other content in its place.
    Changed,
    Added,
    Removed,
}

impl Relation {
    /// What matters most first.
    pub const ALL: [Self; 5] = [Self::Changed, Self::Added, Self::Removed, Self::Moved, Self::Same];

    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Moved => "moved",
            Self::Changed => "changed",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }
}

/// A block of either side or of both, by its place in that side's outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    pub relation: Relation,
    pub left: Option<usize>,
    pub right: Option<usize>,
}

/// What blocks of a request are for. Content moves only within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Region {
    System,
    Tools,
    Parameters,
    Messages,
}

impl Region {
    pub const ALL: [Self; 4] = [Self::System, Self::Tools, Self::Parameters, Self::Messages];

    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Tools => "tools",
            Self::Parameters => "parameters",
            Self::Messages => "messages",
        }
    }

    /// Kinds that are not known here count as something that was said.
    pub fn of(block: &Block) -> Self {
        match block.kind {
            BlockKind::System => Self::System,
            BlockKind::ToolDefinition => Self::Tools,
            BlockKind::Parameter => Self::Parameters,
            _ => Self::Messages,
        }
    }
}

/// The blocks of one region in the order of the right side; those that are gone stand where they
/// stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    pub region: Region,
    pub pairs: Vec<Pair>,
}

impl Comparison {
    pub fn count(&self, relation: Relation) -> usize {
        self.pairs.iter().filter(|pair| pair.relation == relation).count()
    }

    /// Pairs in runs: neighbours that are the same together, all others alone.
    pub fn runs(&self) -> impl Iterator<Item = &[Pair]> {
        let is_same = |pair: &Pair| pair.relation == Relation::Same;
        self.pairs.chunk_by(move |one, next| is_same(one) && is_same(next))
    }
}

/// Compares two outlines. Gives the regions that either has.
pub fn outlines(left: &[Block], right: &[Block]) -> Vec<Comparison> {
    let compare = |region| {
        let of = |blocks: &[Block]| -> Vec<usize> {
            blocks
                .iter()
                .enumerate()
                .filter(|(_, block)| Region::of(block) == region)
                .map(|(at, _)| at)
                .collect()
        };
        Comparison {
            region,
            pairs: matching::pairs(region, (left, &of(left)), (right, &of(right))),
        }
    };
    Region::ALL.into_iter().map(compare).filter(|compared| !compared.pairs.is_empty()).collect()
}

/// How many messages (or whatever has an index of its own) these blocks are parts of.
pub fn units<'a>(blocks: impl Iterator<Item = &'a Block>) -> usize {
    blocks.map(|block| unit(&block.pointer)).collect::<HashSet<_>>().len()
}

/// `/messages/3` of `/messages/3/content/1`.
fn unit(pointer: &str) -> &str {
    let end = pointer.match_indices('/').nth(2).map_or(pointer.len(), |(at, _)| at);
    pointer.get(..end).unwrap_or(pointer)
}
