//! Sessions and agents at the side.

use serde::{Deserialize, Serialize};

use super::component::Component;

#[derive(Debug)]
pub struct Sidebar {
    /// What the person wants; a narrow screen has no room for it anyway.
    pub open: bool,
    pub focused: bool,
    /// First row of the tree that is shown.
    pub first: usize,
    /// The chosen row that was brought onto the screen, and the height it had then: it may be
    /// scrolled away again.
    revealed: Option<(usize, usize)>,
}

impl Default for Sidebar {
    fn default() -> Self {
        Self { open: true, focused: false, first: 0, revealed: None }
    }
}

impl Sidebar {
    /// Scrolls so that row `chosen` of `rows` can be seen in `height` lines.
    pub fn reveal(&mut self, chosen: Option<usize>, rows: usize, height: usize) {
        let wanted = chosen.map(|chosen| (chosen, height));
        if let Some(chosen) = chosen.filter(|_| wanted != self.revealed) {
            // The session's own line above its first agent should be seen, too.
            self.first =
                self.first.min(chosen.saturating_sub(1)).max((chosen + 1).saturating_sub(height));
        }
        self.revealed = wanted;
        self.first = self.first.min(rows.saturating_sub(height));
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedSidebar {
    open: bool,
    focused: bool,
}

impl Default for SavedSidebar {
    fn default() -> Self {
        Sidebar::default().extract()
    }
}

impl Component for Sidebar {
    const KEY: &'static str = "sidebar";
    const SCHEMA: u32 = 1;
    type Saved = SavedSidebar;

    fn extract(&self) -> SavedSidebar {
        SavedSidebar { open: self.open, focused: self.focused }
    }

    fn restore(&mut self, saved: SavedSidebar) {
        self.open = saved.open;
        self.focused = saved.focused;
    }
}
