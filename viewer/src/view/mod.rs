//! Draws the state. Looks at it only; what is drawn where follows from the state and the size of
//! the screen.

mod conversation;
mod footer;
mod help;
mod matches;
mod moment;
mod notices;
mod paint;
mod palette;
mod prompt;
mod reloads;
pub(crate) mod replay;
mod sheet;
mod sidebar;
mod tabs;
mod top;
mod welcome;

use ccdump_model::theme::Theme;
use ccdump_state::State;
use ratatui::{Frame, layout::Rect};

/// Smaller screens show only that they are too small.
const SMALLEST: (u16, u16) = (20, 5);

pub(crate) fn draw(frame: &mut Frame<'_>, state: &State, theme: &Theme) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return paint::text(
            frame,
            area,
            theme,
            &[paint::word(ccdump_model::theme::Role::Text, "too small")],
        );
    }
    let areas = state.areas();
    let [top, tab_line, sidebar, conversation, footer] =
        [areas.top, areas.tabs, areas.sidebar, areas.conversation, areas.footer]
            .map(|area| Rect::new(area.x, area.y, area.width, area.height));
    top::draw(frame, top, state, theme);
    tabs::draw(frame, tab_line, state, theme);
    sidebar::draw(frame, sidebar, state, theme);
    if state.sheet.is_open() {
        sheet::draw(frame, conversation, state, theme);
    } else if state.roster.is_empty() {
        welcome::draw(frame, conversation, state, theme);
    } else {
        conversation::draw(frame, conversation, state, theme);
    }
    if !prompt::draw(frame, footer, state, theme) {
        footer::draw(frame, footer, state, theme);
    }
    reloads::draw(frame, conversation, state, theme);
    notices::draw(frame, conversation, state, theme);
    palette::draw(frame, state, theme);
    help::draw(frame, state, theme);
    paint::ground(frame, theme);
}
