//! Texts that are shown as they stand.

use ccdump_client::text::{clean, units};

use super::{Span, page::Page};
use ccdump_model::line::expand_tabs;
use ccdump_model::theme::Role;

/// Lines that are shown of one text.
const MOST_LINES: usize = 2_000;

/// How lines that are too long are broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// Between words, with the indentation (and the bullet) of the line.
    Words,
    /// At the edge.
    Columns,
}

/// Lays out the lines of `text`, and says how much is left out of a long one. Of an empty text there is nothing.
pub(super) fn text(page: &mut Page, role: Role, text: &str, flow: Flow) {
    let text = text.trim_matches(['\n', '\r']).trim_end();
    if text.is_empty() {
        return;
    }
    let most = page.len().saturating_add(MOST_LINES);
    let shown = start(text, page.room());
    let mut left_out = shown.len() < text.len();
    let (mut lines, mut bytes) = (0_usize, 0_usize);
    for line in clean(shown).trim_end_matches('\n').split('\n') {
        if page.len() >= most {
            left_out = true;
            break;
        }
        lines += 1;
        bytes = bytes.saturating_add(line.len()).saturating_add(1);
        let line = expand_tabs(line);
        let span = vec![Span::new(role, line.trim_end())];
        match flow {
            Flow::Words => page.words(span, hang(&line)),
            Flow::Columns => page.columns(span),
        }
    }
    if left_out {
        let rest = text.lines().count().saturating_sub(lines).max(1);
        more(page, rest, text.len().saturating_sub(bytes));
    }
}

/// `… 12,345 more lines (1.2 MB)`
fn more(page: &mut Page, lines: usize, bytes: usize) {
    let count = units::grouped(i64::try_from(lines).unwrap_or(i64::MAX));
    let noun = if lines == 1 { "line" } else { "lines" };
    let words = format!("… {count} more {noun} ({})", units::bytes(bytes as u64));
    page.words(vec![Span::new(Role::Dim, &words)], 2);
}

/// What of `text` can have room on as many lines as are shown: only that is looked at.
fn start(text: &str, room: usize) -> &str {
    let by_lines = text.match_indices('\n').nth(MOST_LINES).map_or(text.len(), |(at, _)| at);
    let by_size = text.floor_char_boundary(MOST_LINES.saturating_mul(room));
    text.get(..by_lines.min(by_size)).unwrap_or(text)
}

/// How far the lines that continue `line` are indented: as far as its text.
fn hang(line: &str) -> usize {
    let text = line.trim_start_matches(' ');
    let indent = line.len() - text.len();
    let bullet = ["- ", "* ", "• "].into_iter().find(|bullet| text.starts_with(bullet)).map(|_| 2);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = (1..=3).contains(&digits) && text.get(digits..).is_some_and(|rest| rest.starts_with(". "));
    indent + bullet.unwrap_or(if number { digits + 2 } else { 0 })
}
