//! Where the daemon says that it stands: what is worth looking at before anything else. Never more
//! than that: what is found is what is found in the texts themselves.

use std::collections::BTreeSet;

/// As many are kept, those that were named first: more are found by going through all.
const MOST: usize = 2_000;

#[derive(Debug, Default)]
pub(super) struct Hints {
    /// Not searched yet.
    open: BTreeSet<u64>,
    /// Searched before it was their turn.
    searched: BTreeSet<u64>,
    /// More may be named.
    pub(super) are_coming: bool,
}

impl Hints {
    /// The daemon named one.
    pub(super) fn add(&mut self, exchange: u64) {
        if !self.searched.contains(&exchange) && self.open.len() + self.searched.len() < MOST {
            self.open.insert(exchange);
        }
    }

    /// Whether there are some to be searched.
    pub(super) fn are_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// It was searched. `before_its_turn`: those between it and the ones that were searched before
    /// are still to come.
    pub(super) fn took(&mut self, exchange: u64, before_its_turn: bool) {
        if self.open.remove(&exchange) && before_its_turn {
            self.searched.insert(exchange);
        }
    }

    /// Whether it was searched before its turn, which has come now.
    pub(super) fn has_had(&mut self, exchange: u64) -> bool {
        self.searched.remove(&exchange)
    }

    /// What was found is forgotten: they are to be searched again.
    pub(super) fn reopen(&mut self) {
        self.open.append(&mut self.searched);
    }

    /// Whether all that was searched is still there. `exchanges` rise.
    pub(super) fn are_of(&self, exchanges: &[u64]) -> bool {
        self.searched.iter().all(|id| exchanges.binary_search(id).is_ok())
    }

    /// Those to be searched, the nearest first; with a direction only those that lie there, the
    /// origin itself included. What is not among `exchanges` (yet) is passed over.
    pub(super) fn nearest<'a>(
        &'a self,
        exchanges: &'a [u64],
        origin: u64,
        forward: Option<bool>,
    ) -> impl Iterator<Item = u64> + 'a {
        let is_here = move |id: &u64| exchanges.binary_search(id).is_ok();
        let oldest = if forward == Some(true) { origin } else { 0 };
        let most_down = if forward == Some(false) { 0 } else { usize::MAX };
        let mut up = self.open.range(oldest..=origin).rev().copied().filter(is_here).peekable();
        let mut down = self
            .open
            .range(origin.saturating_add(1)..)
            .copied()
            .filter(is_here)
            .take(most_down)
            .peekable();
        std::iter::from_fn(move || match (up.peek(), down.peek()) {
            (Some(above), Some(below)) if origin.abs_diff(*above) <= origin.abs_diff(*below) => {
                up.next()
            }
            (Some(_), None) => up.next(),
            _ => down.next(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_comes_first_and_what_is_not_here_is_passed_over() {
        let mut hints = Hints::default();
        [1, 4, 5, 8, 9, 20, 30].into_iter().for_each(|id| hints.add(id));
        let exchanges = [1, 2, 4, 5, 8, 20, 30];
        let nearest =
            |hints: &Hints, forward| hints.nearest(&exchanges, 5, forward).collect::<Vec<u64>>();
        assert_eq!(nearest(&hints, None), [5, 4, 8, 1, 20, 30]);
        assert_eq!(nearest(&hints, Some(true)), [5, 8, 20, 30]);
        assert_eq!(nearest(&hints, Some(false)), [5, 4, 1]);
        hints.took(4, false);
        hints.took(8, true);
        assert_eq!(nearest(&hints, None), [5, 1, 20, 30]);
        hints.add(8);
        assert!(hints.are_of(&exchanges) && !hints.are_of(&[1, 2]));
        hints.reopen();
        assert_eq!(
            nearest(&hints, None),
            [5, 8, 1, 20, 30],
            "it was searched, and is to be searched again"
        );
    }

    #[test]
    fn a_daemon_that_names_without_end_takes_no_room() {
        let mut hints = Hints::default();
        (0..1_000_000).for_each(|id| hints.add(id));
        assert_eq!(hints.open.len(), MOST);
    }
}
