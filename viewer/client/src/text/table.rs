//! Columns that line up, however wide their characters are.

use unicode_width::UnicodeWidthStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// Lines up rows that come a page at a time: columns only ever grow.
#[derive(Debug)]
pub struct Table {
    columns: Vec<(Align, usize)>,
}

impl Table {
    pub fn new(columns: &[Align]) -> Self {
        Self { columns: columns.iter().map(|align| (*align, 0)).collect() }
    }

    /// A page of rows as lines. Cells must hold no line feeds.
    pub fn page(&mut self, rows: &[Vec<String>]) -> String {
        for row in rows {
            for ((_, width), cell) in self.columns.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        let mut page = String::new();
        for row in rows {
            let mut line = String::new();
            for ((align, width), cell) in self.columns.iter().zip(row) {
                let padding = " ".repeat(width.saturating_sub(cell.width()));
                match align {
                    Align::Left => line.extend([cell, padding.as_str(), "  "]),
                    Align::Right => line.extend([padding.as_str(), cell, "  "]),
                }
            }
            page.push_str(line.trim_end());
            page.push('\n');
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_stay_as_wide_as_they_were() {
        let mut table = Table::new(&[Align::Right, Align::Left, Align::Left]);
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        assert_eq!(
            table.page(&[row(["1", "漢字", "x"]), row(["10", "a", ""])]),
            " 1  漢字  x\n10  a\n"
        );
        assert_eq!(table.page(&[row(["2", "b", "y"])]), " 2  b     y\n");
    }
}
