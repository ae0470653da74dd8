//! How the person came to what is on the screen: a view state, and the keys that were pressed
//! since. A report is made of it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{
    State,
    component::{Component, Saved},
};
use crate::keymap::{Command, Key, built_in_key};

/// After so many keys a new chapter begins; the one before it is kept.
pub const KEYS: usize = 100;
const CHAPTERS: usize = 2;
/// A chapter does not begin with a larger state than this: what is kept of a viewer must stay
/// small. Bytes.
pub const LARGEST: usize = 128 << 10;

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
    /// Something else than a key was done since: the next key begins a chapter.
    #[serde(skip)]
    pub is_outdated: bool,
}

impl Journal {
    fn is_full(&self) -> bool {
        self.chapters.back().is_none_or(|chapter| chapter.keys.len() >= KEYS)
    }

    /// Begins a chapter.
    pub fn begin(&mut self, at_us: i64, state: Saved) {
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
    /// A key is about to do something; without a command, to be typed.
    pub(super) fn note(&mut self, key: Key, command: Option<Command>) {
        // Who reports is interested in what was there before the viewer was left.
        if command == Some(Command::Detach) {
            return;
        }
        if self.journal.is_full() || std::mem::take(&mut self.journal.is_outdated) {
            let mut state = Saved::default();
            self.put_places(&mut state);
            self.journal.begin(self.now_us, state);
        }
        // Whoever replays it has keys of their own, or none.
        let key =
            command.and_then(|command| built_in_key(&self.contexts(), command, key)).unwrap_or(key);
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
