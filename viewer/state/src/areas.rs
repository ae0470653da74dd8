//! How the screen is divided.

/// Columns before each line of the conversation, where the marked block has its bar.
pub const MARGIN: u16 = 1;
/// Below this width there is no room for the sidebar beside the conversation.
const NARROW: u16 = 76;

/// A part of the screen, in cells from its upper left corner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Area {
    pub x: u16,
    pub y: u16,
    pub width: u16,
    pub height: u16,
}

impl Area {
    /// In the middle of a screen, at most so large; a line above and below it stays free.
    pub(super) fn centered(screen: (u16, u16), width: u16, height: u16) -> Self {
        let (width, height) = (width.min(screen.0), height.min(screen.1.saturating_sub(2)));
        Self { x: (screen.0 - width) / 2, y: (screen.1 - height) / 2, width, height }
    }

    /// The row of this area that a cell is in, if it is.
    pub(super) fn row_at(self, x: u16, y: u16) -> Option<u16> {
        let is_beside = x < self.x || x - self.x >= self.width;
        y.checked_sub(self.y).filter(|row| *row < self.height && !is_beside)
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Areas {
    pub top: Area,
    /// Of no height where there is one tab only.
    pub tabs: Area,
    /// Of no width when it is closed or has no room.
    pub sidebar: Area,
    pub conversation: Area,
    pub footer: Area,
}

impl Areas {
    /// `tabs`: whether there is a line of them. `sidebar`: whether it is wanted; `alone`: it has
    /// the focus, and takes the whole width where both have no room.
    pub fn of(width: u16, height: u16, tabs: bool, sidebar: bool, alone: bool) -> Self {
        let row = |y| Area { x: 0, y, width, height: 1 };
        let above = 1 + u16::from(tabs);
        let middle = Area { x: 0, y: above, width, height: height.saturating_sub(above + 1) };
        let sidebar_width = match (sidebar, width < NARROW) {
            (false, _) => 0,
            (true, true) => u16::from(alone) * width,
            (true, false) => (width / 4).clamp(22, 36),
        };
        Self {
            top: row(0),
            tabs: Area { height: above - 1, ..row(1) },
            sidebar: Area { width: sidebar_width, ..middle },
            conversation: Area {
                x: sidebar_width,
                width: width.saturating_sub(sidebar_width),
                ..middle
            },
            footer: row(height.saturating_sub(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_fill_the_screen_and_the_sidebar_gives_way_where_there_is_no_room() {
        for (width, height, sidebar, alone, widths) in [
            (120, 30, true, false, (30, 90)),
            (300, 100, true, true, (36, 264)),
            (80, 24, true, false, (22, 58)),
            (60, 15, true, false, (0, 60)),
            (60, 15, true, true, (60, 0)),
            (120, 30, false, false, (0, 120)),
        ] {
            let areas = Areas::of(width, height, false, sidebar, alone);
            assert_eq!((areas.sidebar.width, areas.conversation.width), widths);
            assert_eq!(areas.conversation.height, height - 2);
            assert_eq!((areas.footer.y, areas.tabs.height), (height - 1, 0));
            let with_tabs = Areas::of(width, height, true, sidebar, alone);
            assert_eq!((with_tabs.tabs.y, with_tabs.tabs.height, with_tabs.sidebar.y), (1, 1, 2));
            assert_eq!(with_tabs.conversation.height, height - 3);
        }
        assert_eq!(Areas::of(1, 1, true, true, true).conversation.height, 0);
    }
}
