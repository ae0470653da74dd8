//! Texts that are shown as they stand.

use ccdump_client::text::{clean, units};

use super::{
    Span, ansi,
    code::{self, Language},
    page::Page,
    prose,
};
use ccdump_model::line::{Look, expand_tabs, expand_tabs_from, width};
use ccdump_model::theme::Role;

/// Lines that are shown of one text: more than any agent lets a tool say.
const MOST_LINES: usize = 40_000;

/// How lines that are too long are broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// Between words, with the indentation (and the bullet) of the line.
    Words,
    /// At the edge.
    Columns,
}

/// A stretch of a text that looks the same: up to this byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) end: usize,
    pub(super) look: Look,
}

/// Lays out the lines of `text`, and says how much is left out of a long one. Of an empty text
/// there is nothing.
pub(super) fn text(page: &mut Page, role: Role, text: &str, flow: Flow) {
    let flow = |_: &str| flow;
    lay_out(page, text, flow, |shown| {
        let clean = clean(shown);
        let run = Run { end: clean.len(), look: role.into() };
        (clean, vec![run])
    });
}

/// What a program has put out, in its own colours: its sentences are broken between words, all else
/// at the edge.
pub(super) fn output(page: &mut Page, role: Role, text: &str) {
    let flow = |line: &str| if prose::is_prose(line) { Flow::Words } else { Flow::Columns };
    lay_out(page, text, flow, |shown| ansi::read(role, shown));
}

/// Code, in the colours of its language. `is_numbered`: its lines may begin with their numbers.
pub(super) fn code(page: &mut Page, base: Role, language: Language, text: &str, is_numbered: bool) {
    let flow = |_: &str| Flow::Columns;
    lay_out(page, text, flow, |shown| {
        let clean = clean(shown);
        let runs = code::highlight(language, base, &clean, is_numbered);
        (clean, runs)
    });
}

/// `read` makes the text clean, and says how its stretches look; `flow` says how a line of it is
/// broken.
fn lay_out(
    page: &mut Page,
    text: &str,
    flow: impl Fn(&str) -> Flow,
    read: impl FnOnce(&str) -> (String, Vec<Run>),
) {
    let text = text.trim_matches(['\n', '\r']).trim_end();
    if text.is_empty() {
        return;
    }
    let most = page.len().saturating_add(MOST_LINES);
    let shown = start(text, page.room());
    let mut left_out = shown.len() < text.len();
    let (mut lines, mut bytes) = (0_usize, 0_usize);
    let (clean, runs) = read(shown);
    let mut looks = Looks { runs: &runs, at: 0 };
    for line in clean.trim_end_matches('\n').split('\n') {
        if page.len() >= most {
            left_out = true;
            break;
        }
        lines += 1;
        bytes = bytes.saturating_add(line.len()).saturating_add(1);
        let spans = looks.line(line);
        // Where a line has room for sure, there is nothing to be decided.
        let flow = if line.len() > page.room() { flow(line) } else { Flow::Columns };
        match flow {
            Flow::Words => page.words(spans, hang(&expand_tabs(line))),
            Flow::Columns => page.columns(spans),
        }
    }
    if left_out {
        let rest = text.lines().count().saturating_sub(lines).max(1);
        more(page, rest, text.len().saturating_sub(bytes));
    }
}

/// Gives the lines of a text their looks, one after the other.
struct Looks<'r> {
    /// Those that are not over.
    runs: &'r [Run],
    /// Where the next line begins.
    at: usize,
}

impl Looks<'_> {
    fn line(&mut self, line: &str) -> Vec<Span> {
        let text = line.trim_end();
        let (start, end) = (self.at, self.at + text.len());
        self.at += line.len() + 1;
        let (mut spans, mut column, mut from) = (Vec::new(), 0, start);
        while let Some((run, rest)) = self.runs.split_first() {
            let to = run.end.min(end);
            if let Some(piece) =
                text.get(from - start..to.max(from) - start).filter(|piece| !piece.is_empty())
            {
                let span = Span::new(run.look, &expand_tabs_from(column, piece));
                column += width(&span.text);
                spans.push(span);
            }
            from = from.max(to);
            if run.end >= self.at {
                break;
            }
            self.runs = rest;
        }
        spans
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
    let number =
        (1..=3).contains(&digits) && text.get(digits..).is_some_and(|rest| rest.starts_with(". "));
    indent + bullet.unwrap_or(if number { digits + 2 } else { 0 })
}
