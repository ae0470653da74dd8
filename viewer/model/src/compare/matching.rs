//! Which blocks of two outlines belong together.
//!
//! Each step pairs blocks by something that both sides have, the first with the first, the second
//! with the second: so the sides may be swapped, and the same blocks belong together.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::Hash,
    ops::Range,
};

use ccdump_record::Block;

use super::{Pair, Region, Relation, order};

/// An outline, and the places of the blocks that are compared.
type Side<'a> = (&'a [Block], &'a [usize]);

/// The pairs of one region.
pub(super) fn pairs(region: Region, left: Side<'_>, right: Side<'_>) -> Vec<Pair> {
    let mut matches = Matches::new(left, right);
    match region {
        Region::Parameters => {
            matches.by(|block| block.name.as_deref());
            matches.by(|block| block.name.is_none().then_some(&*block.pointer));
        }
        Region::Tools => {
            matches.by(|block| block.name.as_deref());
            matches.by(|block| Some(block.hash));
            matches.by(|block| block.name.is_none().then_some(&*block.pointer));
        }
        Region::System | Region::Messages => {
            matches.ends();
            matches.by(|block| Some(block.hash));
            matches.by(|block| block.tool_use_id.as_deref().map(|id| (block.kind, id)));
            matches.by_neighbours();
            matches.by(|block| Some((block.kind, block.role, &*block.pointer)));
        }
    }
    matches.finish(region)
}

struct Matches<'a> {
    left: Side<'a>,
    right: Side<'a>,
    /// For each of the left side, which of the right one belongs to it; and the other way round.
    of_left: Vec<Option<usize>>,
    of_right: Vec<Option<usize>>,
}

impl<'a> Matches<'a> {
    fn new(left: Side<'a>, right: Side<'a>) -> Self {
        Self { left, right, of_left: vec![None; left.1.len()], of_right: vec![None; right.1.len()] }
    }

    fn settle(&mut self, left: usize, right: usize) {
        if let (Some(of_left), Some(of_right)) =
            (self.of_left.get_mut(left), self.of_right.get_mut(right))
        {
            (*of_left, *of_right) = (Some(right), Some(left));
        }
    }

    /// What both begin and end with: an agent sends its whole history again.
    fn ends(&mut self) {
        let hash = |side: Side<'a>, at: usize| block(side, at).map(|block| block.hash);
        let (left, right) = (self.left, self.right);
        let most = left.1.len().min(right.1.len());
        let begin = (0..most).take_while(|at| hash(left, *at) == hash(right, *at)).count();
        let last = |side: Side<'a>, back: usize| hash(side, side.1.len() - 1 - back);
        let end =
            (0..most - begin).take_while(|back| last(left, *back) == last(right, *back)).count();
        (0..begin).for_each(|at| self.settle(at, at));
        (0..end).for_each(|back| self.settle(left.1.len() - 1 - back, right.1.len() - 1 - back));
    }

    /// Pairs what is still alone and has one key, in order.
    fn by<K: Hash + Eq>(&mut self, key: impl Fn(&'a Block) -> Option<K>) {
        self.by_keys(|_, block| key(block), |_, block| key(block));
    }

    fn by_keys<K: Hash + Eq>(
        &mut self,
        of_left: impl Fn(usize, &'a Block) -> Option<K>,
        of_right: impl Fn(usize, &'a Block) -> Option<K>,
    ) {
        let mut open: HashMap<K, VecDeque<usize>> = HashMap::new();
        for (at, block) in alone(self.left, &self.of_left) {
            if let Some(key) = of_left(at, block) {
                open.entry(key).or_default().push_back(at);
            }
        }
        let found: Vec<(usize, usize)> = alone(self.right, &self.of_right)
            .filter_map(|(at, block)| Some((open.get_mut(&of_right(at, block)?)?.pop_front()?, at)))
            .collect();
        found.into_iter().for_each(|(left, right)| self.settle(left, right));
    }

    /// Pairs what follows the same block on both sides, is of one kind and said by the same.
    fn by_neighbours(&mut self) {
        // The last one before each that belongs to something, by its place on the left side.
        let known = |at: usize, matched: &Option<usize>| matched.map(|_| at);
        let left = running(self.of_left.iter().enumerate().map(|(at, matched)| known(at, matched)));
        let right = running(self.of_right.iter().copied());
        let key = |before: &[Option<usize>], at: usize, block: &'a Block| {
            Some((*before.get(at)?, block.kind, block.role))
        };
        self.by_keys(|at, block| key(&left, at, block), |at, block| key(&right, at, block));
    }

    fn finish(self, region: Region) -> Vec<Pair> {
        let is_same = |left: usize, right: usize| {
            block(self.left, left).map(|block| block.hash)
                == block(self.right, right).map(|block| block.hash)
        };
        let same: Vec<(usize, usize)> = (0..self.of_left.len())
            .filter_map(|left| Some((left, self.of_left.get(left).copied().flatten()?)))
            .filter(|(left, right)| is_same(*left, *right))
            .collect();
        let rights: Vec<usize> = same.iter().map(|(_, right)| *right).collect();
        let in_order: HashSet<usize> =
            order::growing(&rights).into_iter().filter_map(|at| rights.get(at)).copied().collect();
        // The order of parameters means nothing.
        let stays = |right: usize| region == Region::Parameters || in_order.contains(&right);

        let mut pairs = Vec::with_capacity(self.of_left.len() + self.of_right.len());
        let mut passed = 0;
        for (right, left) in self.of_right.iter().copied().enumerate() {
            let relation = match left {
                None => Relation::Added,
                Some(left) if !is_same(left, right) => Relation::Changed,
                Some(_) if stays(right) => Relation::Same,
                Some(_) => Relation::Moved,
            };
            if let (Some(left), Relation::Same | Relation::Changed) = (left, relation) {
                self.put_removed(passed..left, &mut pairs);
                passed = passed.max(left + 1);
            }
            pairs.push(self.pair(relation, left, Some(right)));
        }
        self.put_removed(passed..self.of_left.len(), &mut pairs);
        pairs
    }

    /// Those of the left side that nothing belongs to.
    fn put_removed(&self, among: Range<usize>, pairs: &mut Vec<Pair>) {
        let removed = among.filter(|at| self.of_left.get(*at).is_some_and(Option::is_none));
        pairs.extend(removed.map(|left| self.pair(Relation::Removed, Some(left), None)));
    }

    fn pair(&self, relation: Relation, left: Option<usize>, right: Option<usize>) -> Pair {
        let place = |side: Side<'_>, at: Option<usize>| at.and_then(|at| side.1.get(at)).copied();
        Pair { relation, left: place(self.left, left), right: place(self.right, right) }
    }
}

fn block(side: Side<'_>, at: usize) -> Option<&Block> {
    side.0.get(*side.1.get(at)?)
}

/// Blocks that nothing belongs to yet.
fn alone<'a>(
    side: Side<'a>,
    matched: &[Option<usize>],
) -> impl Iterator<Item = (usize, &'a Block)> {
    let open =
        matched.iter().enumerate().filter(|(_, matched)| matched.is_none()).map(|(at, _)| at);
    open.filter_map(move |at| Some((at, block(side, at)?)))
}

/// At each place the newest of all so far.
fn running(values: impl Iterator<Item = Option<usize>>) -> Vec<Option<usize>> {
    let newest = |newest: &mut Option<usize>, value: Option<usize>| {
        *newest = value.or(*newest);
        Some(*newest)
    };
    values.scan(None, newest).collect()
}
