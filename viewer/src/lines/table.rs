//! A table of a text: columns line up, and share the room when there is too little of it.

use pulldown_cmark::Alignment;

use super::{Span, page::Page, wrap};
use ccdump_model::line::{width, width_of};
use ccdump_model::theme::Role;

/// Columns that a cell is not made narrower than.
const NARROWEST: usize = 6;
const BETWEEN: &str = " │ ";

#[derive(Debug)]
pub(super) struct Table {
    alignments: Vec<Alignment>,
    /// The head first.
    rows: Vec<Vec<Vec<Span>>>,
}

impl Table {
    pub(super) fn new(alignments: Vec<Alignment>) -> Self {
        Self { alignments, rows: vec![Vec::new()] }
    }

    pub(super) fn row(&mut self) {
        self.rows.push(Vec::new());
    }

    pub(super) fn cell(&mut self, cell: Vec<Span>) {
        if let Some(row) = self.rows.last_mut() {
            row.push(cell);
        }
    }

    pub(super) fn draw(self, page: &mut Page) {
        let Some(widths) = self.widths(page.room()) else { return self.draw_as_list(page) };
        for (at, row) in self.rows.iter().enumerate() {
            self.draw_row(row, &widths, at == 0, page);
            if at == 0 {
                let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                page.words(vec![Span::new(Role::Frame, &rule.join("─┼─"))], 2);
            }
        }
    }

    /// The width of each column; `None` when there is no room for them side by side.
    fn widths(&self, room: usize) -> Option<Vec<usize>> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let room = room.checked_sub(columns.saturating_sub(1).saturating_mul(width(BETWEEN)))?;
        if columns.saturating_mul(NARROWEST) > room {
            return None;
        }
        let mut widths = vec![1; columns];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = width_of(cell).max(*width);
            }
        }
        // The widest give way, down to an equal share.
        let mut order: Vec<usize> = (0..columns).collect();
        order.sort_by_key(|column| widths.get(*column).copied());
        let mut left = room;
        for (done, column) in order.into_iter().enumerate() {
            let share = left / (columns - done).max(1);
            if let Some(width) = widths.get_mut(column) {
                *width = (*width).min(share);
                left = left.saturating_sub(*width);
            }
        }
        Some(widths)
    }

    fn draw_row(&self, row: &[Vec<Span>], widths: &[usize], is_head: bool, page: &mut Page) {
        let cells: Vec<Vec<Vec<Span>>> = widths
            .iter()
            .enumerate()
            .map(|(at, width)| {
                let mut cell = row.get(at).cloned().unwrap_or_default();
                if is_head {
                    cell.iter_mut().for_each(|span| span.role = Role::Strong);
                }
                fitted(cell, *width)
            })
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or_default();
        for line in 0..height {
            let mut spans = Vec::new();
            for (at, (width, cell)) in widths.iter().zip(&cells).enumerate() {
                if at > 0 {
                    wrap::append(&mut spans, Role::Frame, BETWEEN);
                }
                let content = cell.get(line).cloned().unwrap_or_default();
                let free = width.saturating_sub(width_of(&content));
                let before = match self.alignments.get(at) {
                    _ if content.is_empty() => 0,
                    Some(Alignment::Right) => free,
                    Some(Alignment::Center) => free / 2,
                    _ => 0,
                };
                wrap::append(&mut spans, Role::Text, &" ".repeat(before));
                content.iter().for_each(|span| wrap::append(&mut spans, span.look(), &span.text));
                if at + 1 < widths.len() {
                    wrap::append(&mut spans, Role::Text, &" ".repeat(free - before));
                }
            }
            page.row(spans);
        }
    }

    /// Each cell on a line of its own, with the name of its column.
    fn draw_as_list(self, page: &mut Page) {
        let mut rows = self.rows.into_iter();
        let head = rows.next().unwrap_or_default();
        for row in rows {
            page.indent(Span::new(Role::Frame, "• "), Span::new(Role::Text, ""));
            for (at, cell) in row.into_iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let mut line = head.get(at).cloned().unwrap_or_default();
                line.iter_mut().for_each(|span| span.role = Role::Strong);
                line.push(Span::new(Role::Dim, ": "));
                line.extend(cell);
                page.words(line, 2);
            }
            page.outdent();
        }
    }
}

/// A cell's lines. A cluster wider than the column, which no column of this width holds, is left to
/// the next line by the wrapper, so that no line is wider than `width` as long as that is two or
/// more.
fn fitted(cell: Vec<Span>, width: usize) -> Vec<Vec<Span>> {
    let lines = wrap::words(cell, width, 0);
    lines.into_iter().map(|line| wrap::cut(line, width)).collect()
}
