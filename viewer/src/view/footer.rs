//! The keys that matter here.

use ccdump_model::theme::{Role, Theme};
use ccdump_state::{State, footer::Hint};
use ratatui::{Frame, layout::Rect};

use super::paint::{self, word};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, theme: &Theme) {
    let footer = state.footer();
    if let Some([text, count]) = footer.searched {
        paint::text(frame, area, theme, &[word(Role::BarStrong, text), word(Role::Live, count)]);
    }
    for Hint { key, what, columns, .. } in footer.hints {
        let place = Rect {
            x: area.x.saturating_add(columns.start),
            width: columns.end - columns.start,
            ..area
        };
        let spans = [word(Role::Key, format!(" {key}")), word(Role::Bar, format!(" {what} "))];
        paint::text(frame, place.intersection(area), theme, &spans);
    }
}
