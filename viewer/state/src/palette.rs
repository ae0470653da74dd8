//! All commands of a place, found by a few letters of what they do.

use serde::{Deserialize, Serialize};

use super::{Effect, State, component::Component, input::Input, prompt::Prompt};
use crate::{
    areas::Area,
    keymap::{Command, Context, Key},
};

/// Columns and rows of it, with its border, where there is room.
const WIDTH: u16 = 64;
const HEIGHT: u16 = 18;

#[derive(Debug, Default)]
pub struct Palette {
    pub input: Input,
    /// The chosen one of those that are shown.
    pub chosen: usize,
}

/// A command that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub context: Context,
    pub command: Command,
    pub key: Key,
    pub what: &'static str,
    /// Characters of `what` that were typed, by number.
    pub met: Vec<usize>,
}

impl Palette {
    /// A key that is no command. Says whether it changed what is typed.
    pub(super) fn press(&mut self, key: Key) -> bool {
        let is_other = self.input.press(key);
        if is_other {
            self.chosen = 0;
        }
        is_other
    }
}

impl State {
    /// The commands that are to be shown, the best ones first.
    pub fn palette_entries(&self) -> Vec<Entry> {
        let typed = self.palette.input.text();
        let mut entries: Vec<(i32, Entry)> = Vec::new();
        for context in self.contexts_below() {
            for (command, key, what) in self.config.keymap.commands(context) {
                let is_known = entries.iter().any(|(_, entry)| entry.command == command);
                if command == Command::Palette || is_known || !self.offers(command) {
                    continue;
                }
                let by_name =
                    || score(typed, command.name()).map(|(score, _)| (score - 2, Vec::new()));
                if let Some((score, met)) = score(typed, what).or_else(by_name) {
                    entries.push((score, Entry { context, command, key, what, met }));
                }
            }
        }
        // Equals stay in the order of the table.
        entries.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        entries.into_iter().map(|(_, entry)| entry).collect()
    }

    /// Where the palette is drawn, with its border: what is typed stands on the first line in it,
    /// then the entries.
    pub fn palette_area(&self) -> Area {
        Area::centered((self.width, self.height), WIDTH, HEIGHT)
    }

    /// The number of the first entry that is shown, of so many.
    pub fn palette_first(&self, entries: usize) -> usize {
        let room = usize::from(self.palette_area().height.saturating_sub(3));
        let chosen = self.palette.chosen.min(entries.saturating_sub(1));
        (chosen + 1).saturating_sub(room)
    }

    /// Runs the entry in that cell of the screen; beside the palette, it is closed.
    pub(super) fn click_palette(&mut self, x: u16, y: u16) -> Vec<Effect> {
        let area = self.palette_area();
        let Some(row) = area.row_at(x, y) else {
            return self.run(Context::Palette, Command::Cancel);
        };
        let entries = self.palette_entries().len();
        let number = usize::from(row).checked_sub(2).map(|row| row + self.palette_first(entries));
        let is_border = row + 1 == area.height || x == area.x || x + 1 == area.x + area.width;
        match number.filter(|number| *number < entries && !is_border) {
            Some(number) => {
                self.palette.chosen = number;
                self.run(Context::Palette, Command::Accept)
            }
            None => Vec::new(),
        }
    }

    pub(super) fn open_palette(&mut self) {
        self.palette.chosen = 0;
        self.prompt.open = Some(Prompt::Palette);
    }

    pub(super) fn palette_command(&mut self, command: Command) -> Vec<Effect> {
        let last = self.palette_entries().len().saturating_sub(1);
        let chosen = &mut self.palette.chosen;
        match command {
            Command::LineDown => *chosen = (*chosen + 1).min(last),
            Command::LineUp => *chosen = chosen.saturating_sub(1),
            Command::Accept => {
                let entry = self.palette_entries().into_iter().nth(self.palette.chosen);
                self.prompt.open = None;
                return entry
                    .map(|entry| self.run(entry.context, entry.command))
                    .unwrap_or_default();
            }
            other => return self.common_command(other),
        }
        Vec::new()
    }
}

/// How well a text meets what was typed, and by which of its characters. `None`: not all of the
/// letters are in it in this order.
fn score(typed: &str, text: &str) -> Option<(i32, Vec<usize>)> {
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let mut met = Vec::new();
    let mut score = 0;
    for wanted in typed.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase) {
        let from = met.last().map_or(0, |last| last + 1);
        let rest =
            || text.iter().enumerate().skip(from).filter(|(_, c)| **c == wanted).map(|(at, _)| at);
        let begins_word = |at: &usize| {
            at.checked_sub(1)
                .is_none_or(|before| text.get(before).is_some_and(|c| !c.is_alphanumeric()))
        };
        let follows = from > 0 && text.get(from) == Some(&wanted);
        // Letters that follow each other say most, then those that begin a word.
        let (at, worth) = match rest().find(begins_word) {
            _ if follows => (from, 4),
            Some(at) => (at, 3),
            None => (rest().next()?, 0),
        };
        score += worth;
        met.push(at);
    }
    Some((score, met))
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedPalette {
    text: Input,
    chosen: usize,
}

impl Component for Palette {
    const KEY: &'static str = "palette";
    const SCHEMA: u32 = 1;
    type Saved = SavedPalette;

    fn extract(&self) -> SavedPalette {
        SavedPalette { text: self.input.clone(), chosen: self.chosen }
    }

    fn restore(&mut self, saved: SavedPalette) {
        *self = Self { input: saved.text, chosen: saved.chosen };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_follow_each_other_or_begin_words_count_most() {
        for (typed, better, worse) in [
            ("nt", "next turn", "mention"),
            ("theme", "another theme", "the last message"),
            ("tool", "next tool call", "to the other line"),
        ] {
            let of = |text| score(typed, text).map(|(score, _)| score);
            assert!(of(better) > of(worse), "{typed}: {:?} {:?}", of(better), of(worse));
        }
        assert_eq!(score("xyz", "next turn"), None);
        assert_eq!(score("N T", "next turn"), Some((6, vec![0, 5])));
        assert_eq!(score("", "anything"), Some((0, vec![])));
    }
}
