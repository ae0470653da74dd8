//! What rows are written on: knows the width, and how much there is room for.

use std::sync::Arc;

use ccdump_model::{
    line::{Line, Span, width_of},
    rows::{MOST_ROWS, Row, Rows, Source},
    theme::Role,
};
use ccdump_state::sheet::INDENT;

use crate::lines::wrap;

/// Indentation leaves at least this much room.
const LEAST_ROOM: usize = 10;
/// A page of so few rows is shown unfolded.
const FEW: usize = 60;

pub(super) struct Page {
    width: usize,
    rows: Vec<Row>,
    texts: Vec<Arc<str>>,
    /// There were more than [`MOST_ROWS`].
    is_overfull: bool,
}

impl Page {
    pub(super) fn new(width: u16) -> Self {
        Self { width: width.into(), rows: Vec::new(), texts: Vec::new(), is_overfull: false }
    }

    /// Columns for a line at this depth.
    pub(super) fn room(&self, depth: u16) -> usize {
        self.width.saturating_sub(usize::from(INDENT) * (usize::from(depth) + 1)).max(LEAST_ROOM)
    }

    pub(super) fn is_full(&self) -> bool {
        self.is_overfull
    }

    /// Keeps a text that rows are made of; gives its number for their [`Source`]s.
    pub(super) fn keep(&mut self, text: Arc<str>) -> u32 {
        self.texts.push(text);
        u32::try_from(self.texts.len() - 1).unwrap_or(u32::MAX)
    }

    /// A row, cut to the room that there is. Gives its number.
    pub(super) fn push(&mut self, depth: u16, name: &str, spans: Vec<Span>) -> usize {
        // One row is left for saying that there is more.
        if self.rows.len() + 1 >= MOST_ROWS {
            self.is_overfull = true;
            return self.rows.len();
        }
        let line = Line { spans: wrap::cut(spans, self.room(depth)) };
        self.rows.push(Row { depth, name: name.into(), line, ..Row::default() });
        self.rows.len() - 1
    }

    /// A row that was pushed.
    pub(super) fn row(&mut self, at: usize) -> Option<&mut Row> {
        self.rows.get_mut(at)
    }

    /// What is said of a row while it is folded, cut to the room behind its line.
    pub(super) fn gist(&mut self, at: usize, spans: Vec<Span>) {
        let Some(row) = self.rows.get(at) else { return };
        let room = self.room(row.depth).saturating_sub(width_of(&row.line.spans));
        let spans = if room < 2 { Vec::new() } else { wrap::cut(spans, room) };
        if let Some(row) = self.rows.get_mut(at) {
            row.gist = Line { spans };
        }
    }

    /// More of a row's line, cut to the room that is left.
    pub(super) fn append(&mut self, at: usize, spans: Vec<Span>) {
        let Some(row) = self.rows.get(at) else { return };
        let room = self.room(row.depth);
        if let Some(row) = self.rows.get_mut(at) {
            let all = std::mem::take(&mut row.line.spans).into_iter().chain(spans).collect();
            row.line.spans = wrap::cut(all, room);
        }
    }

    /// So much that a value need not be kept short.
    pub(super) fn has_much_room(&self) -> bool {
        self.rows.len() < MOST_ROWS / 2
    }

    /// The row stands for all of a text.
    pub(super) fn whole_source(&mut self, at: usize, text: u32) {
        let length = usize::try_from(text)
            .ok()
            .and_then(|text| self.texts.get(text))
            .map_or(0, |text| text.len());
        self.set_source(
            at,
            Source { text, from: 0, to: u32::try_from(length).unwrap_or(u32::MAX) },
        );
    }

    pub(super) fn set_source(&mut self, at: usize, source: Source) {
        self.row(at).into_iter().for_each(|row| row.source = Some(source));
    }

    /// Words about the page, as many rows as they take.
    pub(super) fn remark(&mut self, role: Role, words: &str) {
        let number = self.rows.len();
        for (at, spans) in
            wrap::words(vec![Span::new(role, words)], self.room(0), 2).into_iter().enumerate()
        {
            let row = self.push(0, &format!("remark {number}.{at}"), spans);
            self.row(row).into_iter().for_each(|row| row.goes_on = at > 0);
        }
    }

    /// Unfolds all where that is not much.
    pub(super) fn unfold_few(&mut self) {
        if self.rows.len() <= FEW {
            self.rows.iter_mut().for_each(|row| row.is_open = true);
        }
    }

    pub(super) fn finish(mut self) -> Rows {
        if self.is_overfull {
            let line = Line {
                spans: vec![Span::new(
                    Role::Warning,
                    "… and more: a page has 100,000 rows at most",
                )],
            };
            self.rows.push(Row { name: "more".into(), line, ..Row::default() });
        }
        Rows::new(self.rows, self.texts)
    }
}
