//! Short messages at the lower right, over the conversation.

use ccdump_client::text::cut_line;
use ccdump_model::theme::{Role, Theme};
use ccdump_state::{State, Weight};
use ratatui::{Frame, layout::Rect, widgets::Clear};

use super::paint::{self, word};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, theme: &Theme) {
    let notices: Vec<_> = state.notices.iter().collect();
    for (number, notice) in notices.iter().rev().enumerate() {
        let Some(row) =
            usize::from(area.height).checked_sub(number + 1).and_then(|row| paint::row(area, row))
        else {
            break;
        };
        let role = match notice.weight {
            Weight::Plain => Role::Strong,
            Weight::Good => Role::Good,
            Weight::Warning => Role::Warning,
        };
        let spans = [
            word(Role::Frame, " ▏"),
            word(role, cut_line(&notice.text, usize::from(area.width).saturating_sub(4))),
            word(role, " "),
        ];
        let width = u16::try_from(paint::width(&spans)).unwrap_or(u16::MAX).min(row.width);
        let place = Rect { x: row.right() - width, width, ..row };
        frame.render_widget(Clear, place);
        paint::text(frame, place, theme, &spans);
    }
}
