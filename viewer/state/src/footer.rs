//! The keys that matter here, in the last line of the screen. Help and the way out have the right
//! of way.

use std::ops::Range;

use ccdump_client::text::cut_line;
use ccdump_model::line::{harmless, width};

use super::State;
use crate::keymap::{Command, Context, Key};

/// A key, with what it does: ` key what `.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    pub context: Context,
    pub command: Command,
    pub key: Key,
    pub what: &'static str,
    /// Its columns in the last line.
    pub columns: Range<u16>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Footer {
    /// What is being looked for, and how often it was found, while its matches are shown: at the
    /// left end.
    pub searched: Option<[String; 2]>,
    pub hints: Vec<Hint>,
}

impl State {
    /// As much as has room.
    pub fn footer(&self) -> Footer {
        let keymap = &self.config.keymap;
        let all = self.contexts().into_iter().flat_map(|context| {
            keymap.footer(context).map(move |(command, key, what)| Hint {
                context,
                command,
                key,
                what,
                columns: 0..0,
            })
        });
        let offered = all.filter(|hint| self.offers(hint.command));
        let (mut last, first): (Vec<Hint>, Vec<Hint>) = offered.partition(|hint| {
            matches!(hint.command, Command::Help | Command::Detach | Command::Back)
        });
        let right: u16 = last.iter().map(Hint::width).sum();
        let room = self.width.saturating_sub(right);
        place(&mut last, room);
        let searched = self.searched();
        let mut hints = first;
        place(&mut hints, searched.iter().flatten().map(|words| columns(words)).sum());
        let fitting = hints.iter().take_while(|hint| hint.columns.end < room).count();
        hints.truncate(fitting);
        hints.append(&mut last);
        Footer { searched, hints }
    }

    fn searched(&self) -> Option<[String; 2]> {
        let (search, find) = (&self.search, &self.sheet.find);
        let (pattern, input, count) = match self.sheet.is_open() {
            true => (find.pattern(), &find.input, find.counted()),
            false => (search.pattern(), &search.input, search.counted()),
        };
        pattern?;
        let text = cut_line(&harmless(input.text()), 20);
        Some([format!(" /{text} "), format!("{count} ")])
    }
}

impl Hint {
    fn width(&self) -> u16 {
        columns(&self.key.to_string()).saturating_add(columns(self.what)).saturating_add(3)
    }
}

/// One after the other.
fn place(hints: &mut [Hint], mut column: u16) {
    for hint in hints {
        let start = column;
        column = column.saturating_add(hint.width());
        hint.columns = start..column;
    }
}

fn columns(text: &str) -> u16 {
    u16::try_from(width(text)).unwrap_or(u16::MAX)
}
