//! Marks what a search found, on lines that are drawn already.

use std::ops::Range;

use ccdump_model::{
    line::{Line, width},
    theme::{Role, Theme},
};
use ccdump_provider::pattern::Pattern;
use ccdump_state::{
    MARGIN, State,
    conversation::{Row, Spot},
    search,
};
use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
};

use super::paint;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, theme: &Theme) {
    let Some(pattern) = state.search.pattern() else { return };
    let rows = &state.conversation.window.rows;
    let mut first = 0;
    // Lines of one item belong together: what is found may begin on one and end on the next.
    for own in rows.chunk_by(|row, next| row.spot() == next.spot()) {
        mark(frame, area, state, theme, pattern, own, first);
        first += own.len();
    }
}

fn mark(
    frame: &mut Frame<'_>,
    area: Rect,
    state: &State,
    theme: &Theme,
    pattern: &Pattern,
    own: &[Row],
    first: usize,
) {
    let Some(spot) = own.first().and_then(Row::spot) else { return };
    let lines: Vec<&Line> = own.iter().filter_map(|row| row.turn.line(row.line)).collect();
    let current = current(state, &spot, own);
    for found in search::find(pattern, lines.iter().copied()) {
        let style = match current.is_some() && found.start() == current {
            true => theme.style(Role::Selected).add_modifier(Modifier::BOLD),
            false => Style::new().add_modifier(Modifier::UNDERLINED | Modifier::BOLD),
        };
        for piece in &found.pieces {
            let columns = lines
                .get(piece.line)
                .map(|line| columns(line, piece.from..piece.to))
                .unwrap_or_default();
            let Some(row) = paint::row(area, first + piece.line) else { continue };
            let from = columns.start.saturating_add(MARGIN).min(row.width);
            let to = columns.end.saturating_add(MARGIN).min(row.width);
            frame
                .buffer_mut()
                .set_style(Rect { x: row.x + from, width: to.saturating_sub(from), ..row }, style);
        }
    }
}

/// Where the match one is at begins, counted from the first of these rows.
fn current(state: &State, spot: &Spot, own: &[Row]) -> Option<(usize, usize)> {
    let reached = state.conversation.reached.as_ref().filter(|reached| reached.spot == *spot)?;
    let row = own.first()?;
    let first = row.line.checked_sub(row.turn.item_at(row.line)?.first)?;
    let (line, byte) = reached.start;
    Some((line.checked_sub(first)?, byte))
}

/// Bytes of a line as columns.
fn columns(line: &Line, bytes: Range<usize>) -> Range<u16> {
    let text: String = line.spans.iter().map(|span| span.text.as_str()).collect();
    let column = |byte| {
        text.get(..byte).map_or(0, |before| u16::try_from(width(before)).unwrap_or(u16::MAX))
    };
    column(bytes.start)..column(bytes.end)
}
