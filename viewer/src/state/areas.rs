//! How the screen is divided.

use ratatui::layout::{Constraint, Layout, Rect};

/// Columns before each line of the conversation, where the marked block has its bar.
pub(crate) const MARGIN: u16 = 1;
/// Below this width there is no room for the sidebar beside the conversation.
const NARROW: u16 = 76;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Areas {
    pub(crate) top: Rect,
    /// Empty when it is closed or has no room.
    pub(crate) sidebar: Rect,
    pub(crate) conversation: Rect,
    pub(crate) footer: Rect,
}

impl Areas {
    /// `sidebar`: whether it is wanted; `alone`: it has the focus, and takes the whole width where both have no room.
    pub(crate) fn of(width: u16, height: u16, sidebar: bool, alone: bool) -> Self {
        let screen = Rect::new(0, 0, width, height);
        let [top, middle, footer] =
            Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)]).areas(screen);
        let nothing = Rect { width: 0, ..middle };
        let (sidebar, conversation) = match (sidebar, width < NARROW) {
            (false, _) => (nothing, middle),
            (true, true) if alone => (middle, nothing),
            (true, true) => (nothing, middle),
            (true, false) => {
                let [sidebar, conversation] =
                    Layout::horizontal([Constraint::Length((width / 4).clamp(22, 36)), Constraint::Min(0)]).areas(middle);
                (sidebar, conversation)
            }
        };
        Self { top, sidebar, conversation, footer }
    }
}
