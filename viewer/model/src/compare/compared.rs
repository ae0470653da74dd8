//! Two requests as they were fetched to be compared: their outlines, and what those blocks say that
//! are not the same.

use std::{collections::HashMap, sync::Arc};

use ccdump_provider::content::Content;
use ccdump_record::Block;

use super::{Comparison, Pair, Relation, outlines};
use crate::record::Held;

/// Bytes of one side that are fetched at once; what goes beyond is named by its size.
const MOST: u64 = 4 << 20;

/// One of two requests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Half {
    pub blocks: Vec<Block>,
    /// By place in the outline, of what is not the same on both sides.
    contents: HashMap<usize, Held>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Compared {
    pub left: Half,
    pub right: Half,
    pub regions: Vec<Comparison>,
}

impl Compared {
    pub fn new(left: Vec<Block>, right: Vec<Block>) -> Self {
        let regions = outlines(&left, &right);
        let half = |blocks| Half { blocks, contents: HashMap::new() };
        Self { left: half(left), right: half(right), regions }
    }

    /// Places of the blocks whose content is to be fetched, left and right, in the order of their
    /// bodies.
    pub fn wanted(&self) -> (Vec<usize>, Vec<usize>) {
        let pairs = || self.regions.iter().flat_map(|region| &region.pairs);
        let differs = |pair: &&Pair| !matches!(pair.relation, Relation::Same | Relation::Moved);
        let left = pairs().filter(differs).filter_map(|pair| pair.left);
        let right = pairs().filter(differs).filter_map(|pair| pair.right);
        (self.left.bounded(left.collect()), self.right.bounded(right.collect()))
    }
}

impl Half {
    fn bounded(&self, mut places: Vec<usize>) -> Vec<usize> {
        places.sort_unstable();
        let mut bytes = 0_u64;
        places.retain(|at| {
            let length = self.blocks.get(*at).map_or(0, |block| block.length());
            let fits = bytes.saturating_add(length) <= MOST;
            bytes = if fits { bytes.saturating_add(length) } else { bytes };
            fits
        });
        places
    }

    pub fn block(&self, at: Option<usize>) -> Option<&Block> {
        self.blocks.get(at?)
    }

    pub fn hold(&mut self, at: usize, content: Held) {
        self.contents.insert(at, content);
    }

    /// What a block says. `Err`: why that is not known here.
    pub fn content(&self, at: Option<usize>) -> Result<&Arc<Content>, &str> {
        match at.and_then(|at| self.contents.get(&at)) {
            Some(Held::Here(content)) => Ok(content),
            Some(Held::Failed(why)) => Err(why),
            _ => Err("not fetched: all that differs is more than 4 MiB; see: ccdump-view body"),
        }
    }
}
