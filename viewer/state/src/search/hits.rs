//! Where a pattern was found, oldest first.

use std::collections::BTreeMap;

use ccdump_model::blocks::ItemKey;
use serde::{Deserialize, Serialize};

use crate::conversation::Spot;

/// As many are kept; who finds more looks for something else.
pub(super) const MOST: usize = 10_000;

/// One place where it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    pub spot: Spot,
    /// Counted from 0 within the item.
    #[serde(default)]
    pub nth: usize,
}

/// Items of exchanges, in the order in which they are shown, with how often it was found in each.
#[derive(Debug, Default)]
pub struct Hits {
    by_exchange: BTreeMap<u64, Vec<(ItemKey, usize)>>,
    count: usize,
}

impl Hits {
    pub fn count(&self) -> usize {
        self.count
    }

    pub(super) fn is_full(&self) -> bool {
        self.count >= MOST
    }

    /// How many more there may be.
    pub(super) fn room(&self) -> usize {
        MOST.saturating_sub(self.count)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// What was found in an exchange, instead of what was known of it.
    pub(super) fn put(&mut self, exchange: u64, items: Vec<(ItemKey, usize)>) {
        let sum = |items: &[(ItemKey, usize)]| items.iter().map(|(_, count)| count).sum::<usize>();
        let count = sum(&items);
        let former = if items.is_empty() {
            self.by_exchange.remove(&exchange)
        } else {
            self.by_exchange.insert(exchange, items)
        };
        self.count = self.count.saturating_sub(former.map_or(0, |items| sum(&items))) + count;
    }

    /// The number of a match, counted from 1.
    pub fn number(&self, of: &Match) -> Option<usize> {
        let items = self.by_exchange.get(&of.spot.exchange)?;
        let at = items.iter().position(|(key, _)| *key == of.spot.item)?;
        let before = self
            .by_exchange
            .range(..of.spot.exchange)
            .flat_map(|(_, items)| items)
            .chain(items.iter().take(at));
        Some(before.map(|(_, count)| count).sum::<usize>() + of.nth + 1)
    }

    /// The match after another one, or before it.
    pub(super) fn next(&self, from: &Match, forward: bool) -> Option<Match> {
        let own = self.by_exchange.get(&from.spot.exchange).map_or(&[][..], Vec::as_slice);
        let here = self.of(from.spot.exchange);
        let at = own.iter().position(|(key, _)| *key == from.spot.item);
        match (at, forward) {
            (Some(at), true) => {
                let before: usize = own.iter().take(at).map(|(_, count)| count).sum();
                here.into_iter().nth(before + from.nth + 1)
            }
            (Some(at), false) => {
                let before: usize =
                    own.iter().take(at).map(|(_, count)| count).sum::<usize>() + from.nth;
                before.checked_sub(1).and_then(|before| here.into_iter().nth(before))
            }
            (None, _) => None,
        }
        .or_else(|| self.beyond(from.spot.exchange, forward))
    }

    /// The first match after an exchange, or the last one before it.
    pub(super) fn beyond(&self, exchange: u64, forward: bool) -> Option<Match> {
        if forward {
            let (next, _) = self.by_exchange.range(exchange.saturating_add(1)..).next()?;
            return self.of(*next).into_iter().next();
        }
        let (next, _) = self.by_exchange.range(..exchange).next_back()?;
        self.of(*next).pop()
    }

    /// The first of all, or the last.
    pub(super) fn end(&self, first: bool) -> Option<Match> {
        let mut all = self.by_exchange.keys();
        let exchange = if first { all.next() } else { all.next_back() }?;
        let mut own = self.of(*exchange);
        if first { own.into_iter().next() } else { own.pop() }
    }

    /// Those of an exchange.
    pub(super) fn of(&self, exchange: u64) -> Vec<Match> {
        let items = self.by_exchange.get(&exchange).into_iter().flatten();
        items
            .flat_map(|(item, count)| {
                (0..*count)
                    .map(move |nth| Match { spot: Spot { exchange, item: item.clone() }, nth })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits() -> Hits {
        let mut hits = Hits::default();
        for (exchange, items) in
            [(5, vec![("a", 2), ("b", 1)]), (2, vec![("a", 1)]), (9, vec![("c", 3)]), (7, vec![])]
        {
            hits.put(
                exchange,
                items.into_iter().map(|(key, count)| (ItemKey::new(key), count)).collect(),
            );
        }
        hits
    }

    #[test]
    fn they_are_gone_through_one_by_one_in_both_directions() {
        let hits = hits();
        let mut at = hits.end(true);
        let mut there = Vec::new();
        while let Some(found) = at {
            assert_eq!(hits.number(&found), Some(there.len() + 1));
            at = hits.next(&found, true);
            there.push(found);
        }
        assert_eq!(there.len(), hits.count());
        let mut at = hits.end(false);
        while let Some(found) = at {
            assert_eq!(there.pop().as_ref(), Some(&found));
            at = hits.next(&found, false);
        }
        assert!(there.is_empty());
    }

    #[test]
    fn what_is_found_anew_replaces_what_was_known() {
        let mut hits = hits();
        hits.put(5, vec![(ItemKey::new("b"), 1)]);
        assert_eq!(hits.count(), 5);
        let gone = Match { spot: Spot { exchange: 5, item: ItemKey::new("a") }, nth: 1 };
        assert_eq!(hits.number(&gone), None);
        assert_eq!(hits.next(&gone, true).map(|found| found.spot.exchange), Some(9));
        assert_eq!(hits.next(&gone, false).map(|found| found.spot.exchange), Some(2));
    }
}
