//! The conversation of the chosen agent.

use ccdump_model::theme::{Role, Theme};
use ccdump_state::{MARGIN, State};
use ratatui::{Frame, layout::Rect};

use super::{
    matches,
    paint::{self, word},
};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, theme: &Theme) {
    let talk = &state.conversation;
    let marked = talk.focus.as_ref();
    for (number, row) in talk.window.rows.iter().enumerate() {
        let Some(place) = paint::row(area, number) else { break };
        if marked.is_some_and(|spot| row.is_of(spot)) {
            paint::text(frame, Rect { width: MARGIN, ..place }, theme, &[word(Role::Focus, "▌")]);
        }
        let text = Rect { x: place.x + MARGIN, width: place.width.saturating_sub(MARGIN), ..place };
        if let Some(line) = row.turn.line(row.line) {
            paint::text(frame, text, theme, &line.spans);
        }
    }
    matches::draw(frame, area, state, theme);
    for row in
        state.pointer.selected().into_iter().flatten().filter_map(|row| paint::row(area, row))
    {
        frame.buffer_mut().set_style(row, theme.style(Role::Selected));
    }
}
