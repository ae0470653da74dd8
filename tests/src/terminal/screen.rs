//! What a terminal shows at one moment.

use std::fmt;

pub use vt100::Color;

#[derive(Clone)]
pub struct Screen(vt100::Screen);

/// How a cell is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    pub foreground: Color,
    pub background: Color,
    pub bold: bool,
    pub dim: bool,
    pub italic: bool,
    pub underline: bool,
    pub inverse: bool,
}

impl Screen {
    pub(super) fn of(screen: &vt100::Screen) -> Self {
        Self(screen.clone())
    }

    /// Rows and columns.
    pub fn size(&self) -> (u16, u16) {
        let (rows, cols) = self.0.size();
        (rows.get(), cols.get())
    }

    /// All rows from the top, without the blanks at their ends.
    pub fn rows(&self) -> Vec<String> {
        let (_, cols) = self.size();
        self.0.rows(0, cols).map(|row| row.trim_end().to_owned()).collect()
    }

    /// A row, counted from 0 at the top, without the blanks at its end.
    ///
    /// # Panics
    /// When there is none.
    pub fn row(&self, row: u16) -> String {
        let (rows, _) = self.size();
        self.rows()
            .into_iter()
            .nth(row.into())
            .unwrap_or_else(|| panic!("no row {row}: the screen has {rows}"))
    }

    /// The rows, a line each.
    pub fn text(&self) -> String {
        self.rows().join("\n")
    }

    /// Whether one of the rows contains that text.
    pub fn contains(&self, text: &str) -> bool {
        self.rows().iter().any(|row| row.contains(text))
    }

    /// Row and column of the first cell of the first place where that text stands.
    pub fn find(&self, text: &str) -> Option<(u16, u16)> {
        let (rows, cols) = self.size();
        let row = (0..rows).zip(self.rows()).find(|(_, content)| content.contains(text))?.0;
        let starts_here = |col: &u16| {
            self.0
                .rows(*col, cols - *col)
                .nth(row.into())
                .is_some_and(|rest| rest.starts_with(text))
        };
        (0..cols).find(starts_here).map(|col| (row, col))
    }

    /// How the cell there is drawn.
    ///
    /// # Panics
    /// When it is outside of the screen.
    pub fn style(&self, row: u16, col: u16) -> Style {
        let cell = self
            .0
            .cell(row, col)
            .unwrap_or_else(|| panic!("no cell at {row}, {col}: the screen has {:?}", self.size()));
        Style {
            foreground: cell.fgcolor(),
            background: cell.bgcolor(),
            bold: cell.bold(),
            dim: cell.dim(),
            italic: cell.italic(),
            underline: cell.underline(),
            inverse: cell.inverse(),
        }
    }

    /// How the first cell of the first place of that text is drawn.
    ///
    /// # Panics
    /// When it is not shown.
    pub fn style_of(&self, text: &str) -> Style {
        let (row, col) =
            self.find(text).unwrap_or_else(|| panic!("{text:?} is not shown:\n{self}"));
        self.style(row, col)
    }

    /// Row and column, and whether it is shown.
    pub fn cursor(&self) -> ((u16, u16), bool) {
        (self.0.cursor_position(), !self.0.hide_cursor())
    }

    /// What would make text that is written now look other than plain, in words.
    pub(super) fn pen_left_over(&self) -> Option<String> {
        let screen = &self.0;
        let marks =
            [screen.bold(), screen.dim(), screen.italic(), screen.underline(), screen.inverse()];
        let plain = screen.fgcolor() == Color::Default
            && screen.bgcolor() == Color::Default
            && marks == [false; 5];
        (!plain).then(|| format!("text is drawn as {:?}", screen.attributes_formatted()))
    }
}

/// Size and cells; where the cursor stands is no part of it.
impl PartialEq for Screen {
    fn eq(&self, other: &Self) -> bool {
        let (rows, cols) = self.size();
        let mut cells = (0..rows).flat_map(|row| (0..cols).map(move |col| (row, col)));
        self.size() == other.size()
            && cells.all(|(row, col)| self.0.cell(row, col) == other.0.cell(row, col))
    }
}

/// In a frame, so that blanks can be seen.
impl fmt::Display for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, cols) = self.size();
        let line = "─".repeat(cols.into());
        writeln!(f, "┌{line}┐")?;
        for row in 0..rows {
            let mut content = String::new();
            for col in 0..cols {
                match self.0.cell(row, col) {
                    Some(cell) if cell.is_wide_continuation() => {}
                    Some(cell) if cell.has_contents() => content.push_str(cell.contents()),
                    _ => content.push(' '),
                }
            }
            writeln!(f, "│{content}│")?;
        }
        write!(f, "└{line}┘")
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{self}")
    }
}
