//! What is copied, as text: blocks, and whole exchanges in other programs' words.

mod curl;
mod markdown;
mod shell;

use ccdump_model::{blocks::Item, line::Detail};

pub(crate) use self::{curl::curl, markdown::markdown};
use crate::MakeLines;

/// Wide enough that lines are not broken that were none.
const WIDTH: u16 = 1000;

/// All of an item, with the parts of its text.
pub fn whole(item: &Item, lines: MakeLines) -> String {
    text(&Item { own: None, ..item.clone() }, lines)
}

/// What an item shows itself, without marks and trailing blanks.
pub fn text(item: &Item, lines: MakeLines) -> String {
    let lines = lines(item, Detail::Full, WIDTH);
    let texts: Vec<String> = lines
        .iter()
        .map(|line| {
            line.spans
                .iter()
                .map(|span| span.text.as_str())
                .collect::<String>()
                .trim_end()
                .to_owned()
        })
        .collect();
    texts.join("\n").trim_matches('\n').to_owned()
}
