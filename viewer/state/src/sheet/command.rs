//! What keys and the mouse do on a sheet.

use ccdump_client::text::clean;
use ccdump_model::json;

use super::{BAR, INDENT, Sheet, Subject, inspect::part_at};
use crate::{Effect, MARGIN, Program, State, areas::Area, keymap::Command, mouse::Mouse};

impl Sheet {
    /// To a row, whatever hides it; one that is not on the screen comes to stand in its upper
    /// third.
    pub(super) fn go_to(&mut self, row: usize, height: u16) {
        let mut above = self.rows.parent(row);
        while let Some(at) = above {
            if self.rows.is_folded(at) {
                self.fold(at, true);
            }
            above = self.rows.parent(at);
        }
        self.cursor = row;
        let is_seen = self.rows.from(self.first).take(height.into()).any(|at| at == row);
        if !is_seen {
            self.first = row;
            self.scroll_back(usize::from(height) / 3);
        }
    }

    fn fold(&mut self, at: usize, is_open: bool) {
        let path = self.rows.path(at);
        self.rows.set_open(at, is_open);
        if let Some(place) = self.place() {
            place.fold(path, is_open);
        }
    }

    fn turn(&mut self, at: usize) {
        if self.rows.hides(at) > 0 {
            self.fold(at, self.rows.is_folded(at));
        }
    }

    /// All folded, or all unfolded if all are folded.
    fn fold_all(&mut self) {
        let is_open =
            (0..self.rows.len()).all(|at| self.rows.hides(at) == 0 || self.rows.is_folded(at));
        (0..self.rows.len()).for_each(|at| self.rows.set_open(at, is_open));
        if let Some(place) = self.place() {
            place.fold_all(is_open);
        }
    }

    fn down(&mut self, by: usize) {
        self.cursor = self.rows.from(self.cursor).take(by + 1).last().unwrap_or(self.cursor);
    }

    fn up(&mut self, by: usize) {
        let above = std::iter::successors(Some(self.cursor), |at| self.rows.previous(*at));
        self.cursor = above.take(by + 1).last().unwrap_or(self.cursor);
    }

    fn scroll_back(&mut self, by: usize) {
        let above = std::iter::successors(Some(self.first), |at| self.rows.previous(*at));
        self.first = above.take(by + 1).last().unwrap_or(self.first);
    }

    fn scroll_on(&mut self, by: usize) {
        self.first = self.rows.from(self.first).take(by + 1).last().unwrap_or(self.first);
    }

    /// The wheel: the screen moves, and the marked row stays on it.
    pub(crate) fn wheel(&mut self, lines: i32, height: u16) {
        let by = usize::try_from(lines.unsigned_abs()).unwrap_or(0);
        if lines > 0 {
            let last = self.rows.from(self.first).nth(height.into());
            if last.is_some() {
                self.scroll_on(by);
            }
            self.cursor = self.cursor.max(self.first);
        } else {
            self.scroll_back(by);
            let last = self
                .rows
                .from(self.first)
                .take(usize::from(height).max(1))
                .last()
                .unwrap_or(self.first);
            self.cursor = self.cursor.min(last);
        }
    }
}

impl State {
    pub(crate) fn sheet_command(&mut self, command: Command) -> Vec<Effect> {
        let height = usize::from(self.areas().conversation.height.saturating_sub(BAR));
        let (half, page) = ((height / 2).max(1), height.saturating_sub(2).max(1));
        let sheet = &mut self.sheet;
        let cursor = sheet.cursor;
        match command {
            Command::LineDown => sheet.down(1),
            Command::LineUp => sheet.up(1),
            Command::HalfPageDown => (sheet.scroll_on(half), sheet.down(half)).1,
            Command::HalfPageUp => (sheet.scroll_back(half), sheet.up(half)).1,
            Command::PageDown => (sheet.scroll_on(page), sheet.down(page)).1,
            Command::PageUp => (sheet.scroll_back(page), sheet.up(page)).1,
            Command::Top => sheet.cursor = 0,
            Command::Bottom => sheet.cursor = sheet.rows.last(),
            Command::Fold => sheet.turn(cursor),
            Command::FoldAll => sheet.fold_all(),
            Command::Inward if sheet.rows.is_folded(cursor) => sheet.fold(cursor, true),
            Command::Inward => sheet.down(1),
            Command::Outward if sheet.rows.hides(cursor) > 0 && !sheet.rows.is_folded(cursor) => {
                sheet.fold(cursor, false)
            }
            Command::Outward => sheet.cursor = sheet.rows.parent(cursor).unwrap_or(cursor),
            Command::Search => self.open_find(),
            Command::NextMatch => self.next_found(true),
            Command::PreviousMatch => self.next_found(false),
            Command::Cancel if sheet.find.pattern().is_some() => sheet.find.put_away(),
            Command::Cancel | Command::Back => sheet.leave(),
            Command::Copy => return self.copy_rows().map(Effect::Copy).into_iter().collect(),
            Command::CopyAll => {
                return self.sheet_text().map(|(text, _)| Effect::Copy(text)).into_iter().collect();
            }
            Command::Pager => return self.open_sheet_in(Program::Pager),
            Command::Editor => return self.open_sheet_in(Program::Editor),
            other => match sheet.subject.clone() {
                Some(Subject::Inspect { exchange, part }) => {
                    return self.inspect_command(exchange, part, other);
                }
                Some(Subject::Compare { right, .. }) => return self.compare_command(right, other),
                Some(Subject::Versions { session }) => {
                    return self.versions_command(session, other);
                }
                Some(Subject::CompareSections { .. }) => return self.common_command(other),
                None => return self.common_command(other),
            },
        }
        Vec::new()
    }

    /// The marked row with all that belongs to it: JSON as JSON, a text as text. A terminal obeys
    /// neither, wherever it is put in again.
    fn copy_rows(&self) -> Option<String> {
        let Sheet { rows, cursor, .. } = &self.sheet;
        rows.get(*cursor)?;
        let Some(source) = rows.source(*cursor) else { return Some(rows.text(*cursor)) };
        let text = serde_json::from_str::<String>(source).map(|text| clean(&text));
        Some(text.unwrap_or_else(|_| json::harmless(&json::pretty(source))))
    }

    /// All of the page, with what the name of its file is to end with. JSON is laid out, and safe
    /// to be shown.
    fn sheet_text(&self) -> Option<(String, &'static str)> {
        let rows = &self.sheet.rows;
        let whole = rows.texts.first().filter(|_| rows.texts.len() == 1);
        match whole {
            Some(text) if json::is_json(text) => {
                Some((json::harmless(&json::pretty(text)), ".json"))
            }
            Some(text) => Some((clean(text), ".txt")),
            None if rows.is_empty() => None,
            None => {
                Some((rows.roots().map(|at| rows.text(at)).collect::<Vec<_>>().join("\n"), ".txt"))
            }
        }
    }

    fn open_sheet_in(&self, program: Program) -> Vec<Effect> {
        let text = self.sheet_text();
        text.map(|(text, suffix)| Effect::Open { text, suffix, program }).into_iter().collect()
    }

    /// A click into the area of the sheet.
    pub(crate) fn press_sheet(&mut self, area: Area, mouse: Mouse) {
        self.sidebar.focused = false;
        let column = mouse.x.saturating_sub(area.x);
        let Some(row) = mouse.y.saturating_sub(area.y).checked_sub(BAR) else {
            if let Some(Subject::Inspect { exchange, .. }) = self.sheet.subject
                && let Some(part) = part_at(column)
            {
                self.sheet.open(Subject::Inspect { exchange, part });
            }
            return;
        };
        let sheet = &mut self.sheet;
        let Some(at) = sheet.rows.from(sheet.first).nth(row.into()) else { return };
        let sign = sheet
            .rows
            .get(at)
            .map_or(0, |row| MARGIN.saturating_add(row.depth.saturating_mul(INDENT)));
        // The marked row folds wherever it is clicked, another one at its sign.
        if sheet.cursor == at || (sign..=sign.saturating_add(1)).contains(&column) {
            sheet.turn(at);
        }
        sheet.cursor = at;
    }
}
