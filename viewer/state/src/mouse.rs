//! The mouse: the wheel scrolls what is under the pointer, a click chooses, marks or folds, and
//! lines over which it is drawn are copied.

use ccdump_model::record::Node;
use serde::{Deserialize, Serialize};

use super::{Areas, Effect, State, Weight, component::Component, prompt::Prompt};
use crate::{
    areas::{Area, MARGIN},
    keymap::{Command, Context},
    sheet::BAR,
};

/// Columns of the help with its border, where there is room.
const HELP_WIDTH: u16 = 74;
/// Lines that a notch of the wheel scrolls.
const NOTCH: i32 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Press,
    /// Moved while it is pressed.
    Drag,
    Release,
    WheelUp,
    WheelDown,
}

/// What the left button or the wheel did, and in which cell of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    pub action: Action,
    pub x: u16,
    pub y: u16,
}

#[derive(Debug, Default)]
pub struct Pointer {
    /// It was turned on, or off, by key: it is not as it is configured.
    is_turned: bool,
    /// Rows of the conversation: where it was pressed, and where it is.
    drag: Option<(usize, usize)>,
}

impl Pointer {
    /// Nothing is being selected any more.
    pub(super) fn let_go(&mut self) {
        self.drag = None;
    }

    /// The rows of the conversation over which it was drawn.
    pub fn selected(&self) -> Option<std::ops::RangeInclusive<usize>> {
        self.drag.filter(|(from, to)| from != to).map(|(from, to)| from.min(to)..=from.max(to))
    }
}

impl State {
    /// Whether the mouse is the viewer's. Else it is the terminal's, and selects as it does
    /// elsewhere.
    pub fn has_mouse(&self) -> bool {
        self.config.mouse != self.pointer.is_turned
    }

    pub(super) fn turn_mouse(&mut self) {
        self.pointer.is_turned = !self.pointer.is_turned;
        self.pointer.drag = None;
        let whose = if self.has_mouse() {
            "the mouse scrolls and chooses"
        } else {
            "the mouse is the terminal's"
        };
        self.notices.say(self.now_us, Weight::Plain, whose);
    }

    pub(super) fn mouse(&mut self, mouse: Mouse) -> Vec<Effect> {
        let areas = self.areas();
        let drag = if mouse.action == Action::Press { None } else { self.pointer.drag.take() };
        if matches!(mouse.action, Action::WheelDown | Action::WheelUp) {
            return self.wheel(mouse, &areas);
        }
        if self.help.is_some() || self.prompt.open.is_some() {
            return if mouse.action == Action::Press {
                self.press_above(mouse, &areas)
            } else {
                Vec::new()
            };
        }
        let row = row_in(areas.conversation, mouse);
        match mouse.action {
            Action::Press => return self.press(mouse, &areas),
            Action::Drag => self.pointer.drag = drag.map(|(from, to)| (from, row.unwrap_or(to))),
            Action::Release => {
                let selected = Pointer { drag, ..Pointer::default() }.selected();
                return selected.map(|rows| Effect::Copy(self.text_of(rows))).into_iter().collect();
            }
            Action::WheelUp | Action::WheelDown => {}
        }
        Vec::new()
    }

    fn wheel(&mut self, mouse: Mouse, areas: &Areas) -> Vec<Effect> {
        let lines = if mouse.action == Action::WheelDown { NOTCH } else { -NOTCH };
        let command = if lines > 0 { Command::LineDown } else { Command::LineUp };
        match self.context() {
            Context::Help => {
                return (0..NOTCH).flat_map(|_| self.run(Context::Help, command)).collect();
            }
            Context::Palette => return self.run(Context::Palette, command),
            _ => {}
        }
        if row_in(areas.sidebar, mouse).is_some() {
            let first =
                i64::try_from(self.sidebar.first).unwrap_or(i64::MAX).saturating_add(lines.into());
            self.sidebar.first = usize::try_from(first).unwrap_or(0);
        } else if row_in(areas.conversation, mouse).is_some() && self.sheet.is_open() {
            self.sheet.wheel(lines, areas.conversation.height.saturating_sub(BAR));
        } else if row_in(areas.conversation, mouse).is_some() {
            self.leave_jumps();
            self.conversation.scroll(lines);
        }
        Vec::new()
    }

    /// What lies over the rest: the help and the palette are closed by a click beside them. What is
    /// typed in the last line is left by key.
    fn press_above(&mut self, mouse: Mouse, areas: &Areas) -> Vec<Effect> {
        let is_line = self.help.is_none() && self.prompt.open != Some(Prompt::Palette);
        if is_line {
            return Vec::new();
        }
        if row_in(areas.footer, mouse).is_some() {
            return self.press_hint(mouse);
        }
        if self.help.is_none() {
            return self.click_palette(mouse.x, mouse.y);
        }
        if self.help_area().row_at(mouse.x, mouse.y).is_none() {
            self.help = None;
        }
        Vec::new()
    }

    /// Does what a hint in the last line says.
    fn press_hint(&mut self, mouse: Mouse) -> Vec<Effect> {
        let hint = self.footer().hints.into_iter().find(|hint| hint.columns.contains(&mouse.x));
        hint.map(|hint| self.run(hint.context, hint.command)).unwrap_or_default()
    }

    fn press(&mut self, mouse: Mouse, areas: &Areas) -> Vec<Effect> {
        if row_in(areas.footer, mouse).is_some() {
            return self.press_hint(mouse);
        }
        if row_in(areas.tabs, mouse).is_some() {
            let tab = self.tab_titles().into_iter().find(|tab| tab.columns.contains(&mouse.x));
            tab.into_iter().for_each(|tab| self.show_tab(tab.number.saturating_sub(1)));
            return Vec::new();
        }
        self.press_pane(mouse, areas);
        Vec::new()
    }

    fn press_pane(&mut self, mouse: Mouse, areas: &Areas) {
        if let Some(row) = row_in(areas.sidebar, mouse) {
            if let Some(Node::Agent { key, .. }) =
                self.roster.nodes().get(self.sidebar.first.saturating_add(row))
            {
                let agent = key.clone();
                self.choose(Some(agent));
            }
            return;
        }
        let Some(row) = row_in(areas.conversation, mouse) else { return };
        if self.sheet.is_open() {
            return self.press_sheet(areas.conversation, mouse);
        }
        self.sidebar.focused = false;
        self.pointer.drag = Some((row, row));
        let Some(clicked) = self.conversation.window.rows.get(row) else { return };
        let column =
            usize::from(mouse.x.saturating_sub(areas.conversation.x.saturating_add(MARGIN)));
        let folds =
            clicked.fold_sign().is_some_and(|sign| (sign..=sign + 1).contains(&(column + 1)));
        self.conversation.focus = clicked.spot();
        self.leave_jumps();
        if folds {
            self.conversation.fold();
        }
    }

    /// Where the help is drawn, with its border.
    pub fn help_area(&self) -> Area {
        let lines = self.config.keymap.help_lines();
        Area::centered((self.width, self.height), HELP_WIDTH, lines.saturating_add(2))
    }

    fn leave_jumps(&mut self) {
        self.conversation.stop_seeking();
        self.search.stop_seeking();
    }

    fn text_of(&self, rows: std::ops::RangeInclusive<usize>) -> String {
        let rows = self.conversation.window.rows.get(rows).unwrap_or_default();
        let texts: Vec<String> = rows.iter().map(|row| row.text().trim_end().to_owned()).collect();
        texts.join("\n")
    }
}

/// The row of an area that the pointer is in.
fn row_in(area: Area, mouse: Mouse) -> Option<usize> {
    area.row_at(mouse.x, mouse.y).map(usize::from)
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedPointer {
    is_turned: bool,
}

impl Component for Pointer {
    const KEY: &'static str = "mouse";
    const SCHEMA: u32 = 1;
    type Saved = SavedPointer;

    fn extract(&self) -> SavedPointer {
        SavedPointer { is_turned: self.is_turned }
    }

    fn restore(&mut self, saved: SavedPointer) {
        self.is_turned = saved.is_turned;
    }
}
