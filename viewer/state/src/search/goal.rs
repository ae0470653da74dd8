//! The match one wants to be at.

use super::{Match, Search};
use crate::conversation::Stand;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    Nearest,
    Next { forward: bool },
}

impl Search {
    /// The match to go to, once it is known; and whether it stands beyond the last one.
    /// `exchanges`: those of the conversation. What the daemon named of them is not passed over: it
    /// is searched first.
    pub(super) fn found(&self, exchanges: &[u64]) -> Option<(Match, bool)> {
        match self.goal? {
            Goal::Nearest => self.nearest(exchanges).map(|found| (found, false)),
            Goal::Next { forward } => {
                let around = || {
                    self.hits.end(forward).filter(|_| self.scan.is_done).map(|found| (found, true))
                };
                self.next(exchanges, forward).map(|found| (found, false)).or_else(around)
            }
        }
    }

    fn nearest(&self, exchanges: &[u64]) -> Option<Match> {
        let origin = self.origin.as_ref()?.exchange;
        let follows = self.before.as_ref().is_some_and(Stand::follows);
        let mut at_origin = self.hits.of(origin).into_iter();
        let here = if follows { at_origin.next_back() } else { at_origin.next() };
        let (up, down) = (self.hits.beyond(origin, false), self.hits.beyond(origin, true));
        let distance = |found: &Match| found.spot.exchange.abs_diff(origin);
        let found = here.or_else(|| up.into_iter().chain(down).min_by_key(distance))?;
        let hint = self.hints.nearest(exchanges, origin, None).next();
        hint.is_none_or(|hint| hint.abs_diff(origin) >= distance(&found)).then_some(found)
    }

    fn next(&self, exchanges: &[u64], forward: bool) -> Option<Match> {
        let origin = self.origin.as_ref()?.exchange;
        let (from, found) = match &self.current {
            Some(current) => (current.spot.exchange, self.hits.next(current, forward)),
            None if forward => {
                let at_origin = self.hits.of(origin).into_iter().next();
                (origin, at_origin.or_else(|| self.hits.beyond(origin, true)))
            }
            None => (origin, self.hits.beyond(origin, false)),
        };
        let found = found?;
        let hint = self.hints.nearest(exchanges, from, Some(forward)).next();
        let lies_before = |hint: u64| {
            if forward { hint < found.spot.exchange } else { hint > found.spot.exchange }
        };
        (!hint.is_some_and(lies_before)).then_some(found)
    }
}
