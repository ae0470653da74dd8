//! Short names for the sections of system prompts: the same section has the same name all over a session.

use std::collections::HashMap;

/// Sessions' sections that have names; more have none.
const MOST: usize = 10_000;

/// Sections by session and by what they say, with their numbers in order of appearance.
#[derive(Debug, Default)]
pub struct Tags {
    numbers: HashMap<(Option<String>, u64), usize>,
    /// How many each session has.
    counts: HashMap<Option<String>, usize>,
}

impl Tags {
    /// Gives a section its number, if it has none.
    pub fn see(&mut self, session: Option<&str>, hash: u64) {
        let key = (session.map(str::to_owned), hash);
        if self.numbers.len() < MOST && !self.numbers.contains_key(&key) {
            let count = self.counts.entry(key.0.clone()).or_default();
            *count += 1;
            self.numbers.insert(key, *count);
        }
    }

    /// The number of a section, from 1.
    pub fn number(&self, session: Option<&str>, hash: u64) -> Option<usize> {
        self.numbers.get(&(session.map(str::to_owned), hash)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_numbered_as_they_appear_in_their_session() {
        let mut tags = Tags::default();
        for (session, hash) in [(Some("a"), 7), (Some("a"), 9), (Some("b"), 9), (Some("a"), 7), (None, 1)] {
            tags.see(session, hash);
        }
        let numbers = [(Some("a"), 7), (Some("a"), 9), (Some("b"), 9), (Some("b"), 7), (None, 1)]
            .map(|(session, hash)| tags.number(session, hash));
        assert_eq!(numbers, [Some(1), Some(2), Some(1), None, Some(1)]);
        (0..20_000).for_each(|hash| tags.see(None, hash));
        assert_eq!((tags.number(None, 19_999), tags.numbers.len()), (None, MOST));
    }
}
