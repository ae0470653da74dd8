//! The sections of system prompts that each session has had, with the numbers that the daemon gave
//! them: `sp-1` is the same section all over a session, in every viewer.

use std::collections::HashMap;

use ccdump_record::SystemSection;

/// Sections that are kept over all sessions. The session that was not looked at longest is
/// forgotten first.
const MOST: usize = 20_000;

#[derive(Debug, Default)]
pub struct Sections {
    sessions: HashMap<Option<String>, Known>,
    /// Why the daemon does not tell: then they are numbered as they are seen.
    lacking: Option<String>,
    version: u64,
    clock: u64,
}

#[derive(Debug, Default)]
struct Known {
    /// In the order of their numbers.
    told: Vec<SystemSection>,
    /// By hash.
    numbers: HashMap<u64, usize>,
    /// Hashes that were seen and have no number; and whether they were when the daemon was asked
    /// last.
    unknown: HashMap<u64, bool>,
    is_wanted: bool,
    /// All that was told may be out of date.
    is_stale: bool,
    is_asked: bool,
    is_told: bool,
    looked_at: u64,
}

impl Sections {
    /// A section is on the screen. One that is not known is asked for, once.
    pub fn see(&mut self, session: Option<&str>, hash: u64) {
        let known = self.known(session);
        if known.numbers.contains_key(&hash)
            || known.unknown.contains_key(&hash)
            || self.count() >= MOST
        {
            return;
        }
        let is_lacking = self.lacking.is_some();
        let known = self.known(session);
        if is_lacking {
            known.numbers.insert(hash, known.numbers.len() + 1);
            self.version += 1;
        } else {
            known.unknown.insert(hash, false);
            known.is_wanted = true;
        }
    }

    /// All of a session are to be told, if they were not yet.
    pub fn want(&mut self, session: Option<&str>) {
        let known = self.known(session);
        known.is_wanted |= !known.is_told && !known.is_asked;
    }

    /// All of a session are to be told anew: how often and when they were sent last has changed.
    pub fn refresh(&mut self, session: Option<&str>) {
        let known = self.known(session);
        (known.is_wanted, known.is_stale) = (true, true);
    }

    /// The number of a section, from 1.
    pub fn number(&self, session: Option<&str>, hash: u64) -> Option<usize> {
        self.sessions.get(&session.map(str::to_owned))?.numbers.get(&hash).copied()
    }

    /// Whether a section was sent before an exchange, by whomever in the session.
    pub fn is_older(&self, session: Option<&str>, hash: u64, exchange: u64) -> bool {
        let number = self.number(session, hash).and_then(|number| u64::try_from(number).ok());
        let told = self.of(session);
        let at = number
            .and_then(|number| told.binary_search_by_key(&number, |section| section.number).ok());
        at.and_then(|at| told.get(at)).is_some_and(|section| section.first_exchange < exchange)
    }

    /// What the daemon told of a session, in the order of the numbers.
    pub fn of(&self, session: Option<&str>) -> &[SystemSection] {
        self.sessions.get(&session.map(str::to_owned)).map_or(&[], |known| known.told.as_slice())
    }

    /// Whether an answer is waited for.
    pub fn is_awaited(&self, session: Option<&str>) -> bool {
        self.sessions
            .get(&session.map(str::to_owned))
            .is_some_and(|known| known.is_wanted || known.is_asked)
    }

    /// Why the daemon does not tell, in words.
    pub fn lacking(&self) -> Option<&str> {
        self.lacking.as_deref()
    }

    /// Grows when numbers have come.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Sessions of which something has to be told, and the number after which; the questions are
    /// then taken to be under way.
    pub fn ask(&mut self) -> Vec<(Option<String>, u64)> {
        if self.lacking.is_some() {
            self.sessions.values_mut().for_each(|known| known.is_wanted = false);
        }
        let due = self.sessions.iter_mut().filter(|(_, known)| known.is_wanted && !known.is_asked);
        due.map(|(session, known)| {
            (known.is_wanted, known.is_asked) = (false, true);
            known.unknown.values_mut().for_each(|was_asked| *was_asked = true);
            let last = known.told.last().filter(|_| !known.is_stale);
            (session.clone(), last.map_or(0, |last| last.number))
        })
        .collect()
    }

    /// The answer, or why there is none and never will be from this daemon.
    pub fn arrived(&mut self, session: Option<&str>, answer: Result<Vec<SystemSection>, String>) {
        let known = self.known(session);
        known.is_asked = false;
        match answer {
            Ok(sections) => {
                known.is_told = true;
                // An answer to an earlier question goes on after what is here.
                let begins = sections.first().is_some_and(|first| first.number == 1);
                if known.is_stale && begins {
                    known.is_stale = false;
                    known.told.clear();
                }
                let after = known.told.last().map_or(0, |last| last.number);
                for section in sections.into_iter().filter(|section| section.number > after) {
                    if let Ok(number) = usize::try_from(section.number) {
                        known.unknown.remove(&section.block.hash);
                        known.numbers.insert(section.block.hash, number);
                    }
                    known.told.push(section);
                }
                self.version += 1;
                self.forget_oldest();
            }
            Err(why) => {
                for known in self.sessions.values_mut() {
                    known.unknown.clear();
                }
                self.lacking = Some(why);
                self.version += 1;
            }
        }
    }

    /// The record is another one.
    pub fn clear(&mut self) {
        *self = Self { version: self.version + 1, ..Self::default() };
    }

    /// What was under way will not come; the daemon may be another one.
    pub fn interrupted(&mut self) {
        self.lacking = None;
        for known in self.sessions.values_mut() {
            known.is_wanted |= known.is_asked || !known.unknown.is_empty();
            known.is_asked = false;
        }
    }

    fn count(&self) -> usize {
        self.sessions.values().map(|known| known.numbers.len() + known.unknown.len()).sum()
    }

    fn known(&mut self, session: Option<&str>) -> &mut Known {
        self.clock += 1;
        let known = self.sessions.entry(session.map(str::to_owned)).or_default();
        known.looked_at = self.clock;
        known
    }

    fn forget_oldest(&mut self) {
        while self.sessions.len() > 1 && self.count() > MOST {
            let oldest = self
                .sessions
                .iter()
                .min_by_key(|(_, known)| known.looked_at)
                .map(|(session, _)| session.clone());
            oldest.into_iter().for_each(|session| drop(self.sessions.remove(&session)));
        }
    }
}

#[cfg(test)]
mod tests {
    use ccdump_record::Block;

    use super::*;

    fn told(numbered: &[(u64, u64)]) -> Vec<SystemSection> {
        let section = |&(number, hash): &(u64, u64)| SystemSection {
            number,
            block: Block { hash, ..Block::default() },
            ..SystemSection::default()
        };
        numbered.iter().map(section).collect()
    }

    #[test]
    fn numbers_are_those_of_the_daemon_and_it_is_asked_once() {
        let mut sections = Sections::default();
        [9, 7, 9].iter().for_each(|hash| sections.see(Some("a"), *hash));
        sections.see(Some("b"), 9);
        let mut asked = sections.ask();
        asked.sort();
        assert_eq!(asked, [(Some("a".to_owned()), 0), (Some("b".to_owned()), 0)]);
        sections.see(Some("a"), 9);
        assert!(sections.ask().is_empty(), "it is under way");
        sections.arrived(Some("a"), Ok(told(&[(1, 7), (2, 8), (3, 9)])));
        assert_eq!(
            [7, 8, 9, 10].map(|hash| sections.number(Some("a"), hash)),
            [Some(1), Some(2), Some(3), None]
        );
        assert_eq!(sections.number(Some("b"), 9), None);
        let version = sections.version();
        // One that the daemon does not know either is not asked for again and again.
        sections.see(Some("a"), 11);
        assert_eq!(sections.ask(), [(Some("a".to_owned()), 3)]);
        sections.arrived(Some("a"), Ok(told(&[(3, 9), (4, 12)])));
        sections.see(Some("a"), 11);
        assert!(sections.ask().is_empty());
        assert_eq!(
            sections.of(Some("a")).iter().map(|section| section.number).collect::<Vec<_>>(),
            [1, 2, 3, 4]
        );
        assert!(sections.version() > version);
        sections.refresh(Some("a"));
        assert_eq!(sections.ask(), [(Some("a".to_owned()), 0)]);
        assert_eq!(sections.number(Some("a"), 9), Some(3), "meanwhile they have their numbers");
    }

    #[test]
    fn what_was_seen_while_an_answer_was_under_way_is_asked_for_after_it() {
        let mut sections = Sections::default();
        sections.see(None, 1);
        sections.ask();
        sections.see(None, 2);
        assert!(sections.ask().is_empty() && sections.is_awaited(None));
        sections.arrived(None, Ok(told(&[(1, 1)])));
        assert_eq!(sections.ask(), [(None, 1)]);
        sections.interrupted();
        assert_eq!(sections.ask(), [(None, 1)], "the connection broke");
    }

    #[test]
    fn without_the_daemon_they_are_numbered_as_they_are_seen() {
        let mut sections = Sections::default();
        sections.see(Some("a"), 7);
        sections.ask();
        sections.arrived(Some("a"), Err("too old".to_owned()));
        for (session, hash) in
            [(Some("a"), 7), (Some("a"), 9), (Some("b"), 9), (Some("a"), 7), (None, 1)]
        {
            sections.see(session, hash);
        }
        let numbers = [(Some("a"), 7), (Some("a"), 9), (Some("b"), 9), (Some("b"), 7), (None, 1)]
            .map(|(session, hash)| sections.number(session, hash));
        assert_eq!(numbers, [Some(1), Some(2), Some(1), None, Some(1)]);
        assert!(sections.ask().is_empty() && sections.lacking() == Some("too old"));
        (0..30_000).for_each(|hash| sections.see(None, hash));
        assert_eq!((sections.number(None, 29_999), sections.count()), (None, MOST));
    }

    #[test]
    fn sessions_that_were_not_looked_at_are_forgotten_when_there_are_too_many() {
        let mut sections = Sections::default();
        for session in ["a", "b", "c"] {
            let many: Vec<(u64, u64)> = (1..=8_000).map(|number| (number, number)).collect();
            sections.arrived(Some(session), Ok(told(&many)));
        }
        assert_eq!(
            ["a", "b", "c"].map(|session| sections.number(Some(session), 5)),
            [None, Some(5), Some(5)]
        );
    }
}
