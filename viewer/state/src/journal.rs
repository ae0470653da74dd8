//! How the person came to what is on the screen: a view state, and the keys that were pressed since. A report is made of it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{
    State,
    component::{Component, Saved},
};
use crate::keymap::{Command, Key, built_in_key};

/// After so many keys a new chapter begins; the one before it is kept.
const KEYS: usize = 100;
const CHAPTERS: usize = 2;
/// A chapter does not begin with a larger state than this: what is kept of a viewer must stay small. Bytes.
const LARGEST: usize = 128 << 10;

/// A key, by its name, and when it was pressed. Microseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pressed {
    pub at_us: i64,
    pub key: String,
}

/// A state of all components but this one, and what was pressed then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chapter {
    pub at_us: i64,
    pub state: Saved,
    pub keys: Vec<Pressed>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Journal {
    /// Oldest first; each goes on where the one before it ends.
    pub chapters: VecDeque<Chapter>,
    /// Of the terminal, when the last key was pressed.
    pub width: u16,
    pub height: u16,
}

impl Journal {
    fn is_full(&self) -> bool {
        self.chapters.back().is_none_or(|chapter| chapter.keys.len() >= KEYS)
    }

    /// Begins a chapter.
    fn begin(&mut self, at_us: i64, state: Saved) {
        if state.bytes().len() > LARGEST {
            // Keys mean nothing without what they were pressed at.
            self.chapters.clear();
            return;
        }
        self.chapters.push_back(Chapter { at_us, state, keys: Vec::new() });
        while self.chapters.len() > CHAPTERS {
            self.chapters.pop_front();
        }
    }

    fn press(&mut self, at_us: i64, key: Key) {
        if let Some(chapter) = self.chapters.back_mut() {
            chapter.keys.push(Pressed { at_us, key: key.name() });
        }
    }
}

impl State {
    /// A key is about to do something.
    pub(super) fn note(&mut self, key: Key, command: Command) {
        // Who reports is interested in what was there before the viewer was left.
        if command == Command::Detach {
            return;
        }
        if self.journal.is_full() {
            let mut state = Saved::default();
            let at = self.now_us / 1000;
            state.put(&self.appearance, at);
            state.put(&self.sidebar, at);
            state.put(&self.conversation, at);
            self.journal.begin(self.now_us, state);
        }
        // Whoever replays it has keys of their own, or none.
        let key = built_in_key(&self.contexts(), command, key).unwrap_or(key);
        self.journal.press(self.now_us, key);
        (self.journal.width, self.journal.height) = (self.width, self.height);
    }
}

impl Component for Journal {
    const KEY: &'static str = "journal";
    const SCHEMA: u32 = 1;
    type Saved = Self;

    fn extract(&self) -> Self {
        self.clone()
    }

    fn restore(&mut self, saved: Self) {
        *self = saved;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Event,
        keymap::{Change, Keymap},
        rig::Rig,
    };
    use ccdump_render::toml_file::TomlFile;

    fn keys(journal: &Journal) -> Vec<(usize, &str)> {
        let chapters = journal.chapters.iter().enumerate();
        chapters.flat_map(|(number, chapter)| chapter.keys.iter().map(move |pressed| (number, pressed.key.as_str()))).collect()
    }

    /// Nothing was pressed yet.
    fn rig(turns: u64) -> Rig {
        let mut rig = Rig::with(turns);
        rig.state.journal = Journal::default();
        rig
    }

    #[test]
    fn it_says_how_one_came_here_and_survives_a_relaunch() {
        let mut rig = rig(40);
        rig.keys(&["pgup", "Z", "ctrl-d", "J"]);
        assert_eq!(keys(&rig.state.journal), [(0, "pgup"), (0, "ctrl-d"), (0, "J")], "keys that do nothing are left out");
        let saved = rig.save();
        let mut next = Rig::empty();
        next.event(Event::Held { name: "main".to_owned(), saved: true, state: Some(saved) });
        next.rows(40);
        next.keys(&["enter", "q"]);
        assert_eq!(keys(&next.state.journal), [(0, "pgup"), (0, "ctrl-d"), (0, "J"), (0, "enter")]);
        assert_eq!((next.state.journal.width, next.state.journal.height), (next.state.width, next.state.height));
    }

    #[test]
    fn a_key_of_ones_own_is_told_as_the_built_in_one() {
        let mut rig = rig(9);
        let place = TomlFile { name: "view.toml", text: "" }.place(&(0..0));
        let key = |name| Key::parse(name).expect("a key");
        let change = Change { context: None, command: Command::NextTurn, keys: vec![key("x"), key("]")], place };
        rig.state.config.keymap = Keymap::with(&[change]).expect("no conflict");
        rig.keys(&["x", "]", "}"]);
        assert_eq!(keys(&rig.state.journal), [(0, "}"), (0, "]")]);
    }

    #[test]
    fn it_is_bounded_and_each_chapter_begins_with_the_state_it_goes_on_from() {
        let mut rig = rig(40);
        (0..KEYS).for_each(|_| rig.key("k"));
        let there = rig.text();
        rig.key("J");
        assert_eq!(rig.state.journal.chapters.len(), 2);
        let state = rig.state.journal.chapters[1].state.bytes();
        let mut next = Rig::empty();
        next.event(Event::Held { name: "main".to_owned(), saved: true, state: Some(state) });
        next.rows(40);
        assert_eq!(next.text(), there);
        (0..2 * KEYS).for_each(|_| rig.key("j"));
        let lengths: Vec<_> = rig.state.journal.chapters.iter().map(|chapter| chapter.keys.len()).collect();
        assert_eq!(lengths, [KEYS, 1]);
    }

    #[test]
    fn a_state_that_is_too_large_begins_no_chapter() {
        let mut rig = rig(3);
        let large = format!(r#"{{"conversation":"{}"}}"#, "x".repeat(LARGEST));
        let large = Saved::read(large.as_bytes()).expect("JSON");
        rig.state.journal.begin(0, large);
        assert!(rig.state.journal.chapters.is_empty());
        rig.key("k");
        assert_eq!(keys(&rig.state.journal), [(0, "k")]);
    }
}
