//! The line of tabs, where there is more than one.

use ccdump_model::{
    line::Span,
    theme::{Role, Theme},
};
use ccdump_state::{State, tabs::Title};
use ratatui::{Frame, layout::Rect};

use super::paint::{self, word};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, theme: &Theme) {
    let spans: Vec<Span> = state.tab_titles().iter().flat_map(title).collect();
    paint::text(frame, area, theme, &spans);
}

/// `[1 name]` is the one that is shown, `2● name` one in which something new came.
fn title(tab: &Title) -> [Span; 4] {
    let (left, right) = if tab.is_shown { ("[", "]") } else { (" ", " ") };
    let name = if tab.is_shown { Role::BarStrong } else { Role::Bar };
    let news = if tab.has_news { word(Role::Live, "●") } else { word(Role::Bar, " ") };
    [
        word(Role::Key, format!("{left}{}", tab.number)),
        news,
        word(name, tab.name.as_str()),
        word(Role::Key, format!("{right} ")),
    ]
}
