//! A line that is typed: a search, a number, a command's name.

use serde::{Deserialize, Serialize};

use crate::keymap::{Code, Key};

/// Nobody types longer ones by hand. Bytes.
const LONGEST: usize = 300;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Input {
    text: String,
    /// Bytes before the cursor; always between two characters.
    cursor: usize,
}

impl Input {
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the cursor, and what after it.
    pub fn parts(&self) -> (&str, &str) {
        self.text.split_at_checked(self.cursor).unwrap_or((&self.text, ""))
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Does what a key does to a line; says whether its text has changed.
    pub fn press(&mut self, key: Key) -> bool {
        let before = self.text.len();
        match key {
            Key { code: Code::Char(c), ctrl: false, alt: false }
                if !c.is_control() && before + c.len_utf8() <= LONGEST =>
            {
                self.text.insert(self.cursor, c);
                self.cursor += c.len_utf8();
                return true;
            }
            Key { code: Code::Char('u'), ctrl: true, .. } => self.take_out(0, self.cursor),
            Key { code: Code::Char('w'), ctrl: true, .. } => {
                let word = self.parts().0.trim_end().rfind(char::is_whitespace);
                let from = word.map_or(0, |at| at + self.char_after(at));
                self.take_out(from, self.cursor);
            }
            Key { code: Code::Backspace, .. } => {
                self.take_out(self.cursor - self.char_before(), self.cursor)
            }
            Key { code: Code::Delete, .. } => {
                self.take_out(self.cursor, self.cursor + self.char_after(self.cursor))
            }
            Key { code: Code::Left, .. } => self.cursor -= self.char_before(),
            Key { code: Code::Right, .. } => self.cursor += self.char_after(self.cursor),
            Key { code: Code::Home, .. } => self.cursor = 0,
            Key { code: Code::End, .. } => self.cursor = before,
            _ => {}
        }
        self.text.len() != before
    }

    fn take_out(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
    }

    /// Bytes of the character before the cursor.
    fn char_before(&self) -> usize {
        self.parts().0.chars().next_back().map_or(0, char::len_utf8)
    }

    fn char_after(&self, at: usize) -> usize {
        self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
    }
}

/// With the cursor at its end. What is longer than could be typed is cut off.
impl From<String> for Input {
    fn from(mut text: String) -> Self {
        text.retain(|c| !c.is_control());
        text.truncate(text.floor_char_boundary(LONGEST));
        Self { cursor: text.len(), text }
    }
}

impl From<Input> for String {
    fn from(input: Input) -> Self {
        input.text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn typed(keys: &[&str]) -> Input {
        let mut input = Input::default();
        for key in keys {
            input.press(Key::parse(key).expect("a key"));
        }
        input
    }

    #[test]
    fn a_line_is_edited_as_lines_are() {
        for (keys, before, after) in [
            (&["a", "b", "left", "c"][..], "ac", "b"),
            (&["a", "漢", "backspace", "b"], "ab", ""),
            (&["a", "b", "home", "delete"], "", "b"),
            (&["a", "space", "b", "c", "ctrl-w"], "a ", ""),
            (&["a", "b", "space", "ctrl-w", "c"], "c", ""),
            (&["a", "b", "left", "ctrl-u"], "", "b"),
            (&["backspace", "delete", "left", "right", "alt-c", "ctrl-d"], "", ""),
            (&["a", "left", "end", "b"], "ab", ""),
        ] {
            assert_eq!(typed(keys).parts(), (before, after), "{keys:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_pressed_the_cursor_stands_between_characters(start in ".{0,120}", keys in proptest::collection::vec(0_usize..9, 0..40)) {
            let names = ["é", "👩", "left", "right", "home", "end", "backspace", "delete", "ctrl-w"];
            let mut input = Input::from(start);
            for at in keys {
                input.press(Key::parse(names[at]).expect("a key"));
                let (before, after) = input.parts();
                prop_assert_eq!(format!("{before}{after}"), input.text());
                prop_assert!(input.text().len() <= LONGEST);
            }
        }
    }
}
