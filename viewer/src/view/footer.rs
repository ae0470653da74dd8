//! The keys that matter here, from the table of keys.

use ratatui::{Frame, layout::Rect};

use super::paint::{self, word};
use crate::{
    keymap,
    lines::Span,
    state::State,
    theme::{Role, Theme},
};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, theme: &Theme) {
    let mut spans: Vec<Span> = vec![word(Role::Bar, " ")];
    let room = usize::from(area.width);
    for (key, what) in keymap::footer(state.context()) {
        let next = [word(Role::Key, key.to_string()), word(Role::Bar, format!(" {what}   "))];
        if paint::width(&spans) + paint::width(&next) > room + 3 {
            break;
        }
        spans.extend(next);
    }
    paint::text(frame, area, theme, &spans);
}
