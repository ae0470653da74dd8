//! Rows that fold: a page as a tree of lines, in preorder. Each row is one line of the screen.

use std::sync::Arc;

use crate::line::Line;

/// Rows of one page. What goes beyond is left out, and the page says so.
pub const MOST_ROWS: usize = 100_000;
/// Deeper rows stand at this depth.
const DEEPEST: u16 = 200;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// 0 for those that nothing stands above.
    pub depth: u16,
    /// What it is called among its siblings: a name of JSON, a number. Places and folds are kept by
    /// it.
    pub name: Box<str>,
    pub line: Line,
    /// Stands behind the line while the row is folded: what it hides, in short.
    pub gist: Line,
    /// Unfolded until somebody says otherwise.
    pub is_open: bool,
    /// Its text is that of the row before, which did not fit.
    pub goes_on: bool,
    /// Where what it shows stands: what is copied.
    pub source: Option<Source>,
}

/// A piece of one of the texts that rows were made of: bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    pub text: u32,
    pub from: u32,
    pub to: u32,
}

#[derive(Debug, Default)]
pub struct Rows {
    rows: Vec<Row>,
    links: Vec<Link>,
    /// What [`Source`]s speak of.
    pub texts: Vec<Arc<str>>,
}

#[derive(Debug, Clone, Copy)]
struct Link {
    /// The row above it in the tree.
    parent: Option<usize>,
    /// Rows below it that belong to it.
    hides: usize,
}

impl Rows {
    /// Makes a tree of rows by their depths. A row may be one deeper than the one before it, at
    /// most.
    pub fn new(mut rows: Vec<Row>, texts: Vec<Arc<str>>) -> Self {
        rows.truncate(MOST_ROWS);
        let mut links: Vec<Link> = Vec::with_capacity(rows.len());
        let mut above: Vec<usize> = Vec::new();
        for (at, row) in rows.iter_mut().enumerate() {
            row.depth = row.depth.min(DEEPEST);
            above.truncate(row.depth.into());
            row.depth = u16::try_from(above.len()).unwrap_or(DEEPEST);
            links.push(Link { parent: above.last().copied(), hides: 0 });
            above.push(at);
        }
        // From the end: what a row hides is known before its parent's is asked for.
        for at in (0..links.len()).rev() {
            let Some(Link { parent: Some(parent), hides }) = links.get(at).copied() else {
                continue;
            };
            if let Some(link) = links.get_mut(parent) {
                link.hides += hides + 1;
            }
        }
        Self { rows, links, texts }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn get(&self, at: usize) -> Option<&Row> {
        self.rows.get(at)
    }

    pub fn all(&self) -> &[Row] {
        &self.rows
    }

    pub fn parent(&self, at: usize) -> Option<usize> {
        self.links.get(at)?.parent
    }

    /// How many rows below it belong to it.
    pub fn hides(&self, at: usize) -> usize {
        self.links.get(at).map_or(0, |link| link.hides)
    }

    /// The row after it and all that belongs to it.
    pub fn end(&self, at: usize) -> usize {
        at.saturating_add(1).saturating_add(self.hides(at))
    }

    pub fn is_folded(&self, at: usize) -> bool {
        self.hides(at) > 0 && self.get(at).is_some_and(|row| !row.is_open)
    }

    pub fn set_open(&mut self, at: usize, is_open: bool) {
        if let Some(row) = self.rows.get_mut(at) {
            row.is_open = is_open;
        }
    }

    /// The row itself, or the one that hides it.
    pub fn shown(&self, at: usize) -> usize {
        let above = std::iter::successors(self.parent(at), |parent| self.parent(*parent));
        above.filter(|parent| self.is_folded(*parent)).last().unwrap_or(at)
    }

    /// The next row that is not hidden.
    pub fn next(&self, at: usize) -> Option<usize> {
        let next = if self.is_folded(at) { self.end(at) } else { at.saturating_add(1) };
        (next < self.len()).then_some(next)
    }

    pub fn previous(&self, at: usize) -> Option<usize> {
        at.checked_sub(1).map(|before| self.shown(before))
    }

    pub fn last(&self) -> usize {
        self.shown(self.len().saturating_sub(1))
    }

    /// Rows that are not hidden, from one on.
    pub fn from(&self, at: usize) -> impl Iterator<Item = usize> {
        std::iter::successors((at < self.len()).then_some(at), |at| self.next(*at))
    }

    /// Names from the top down to a row, as a JSON pointer has them.
    pub fn path(&self, at: usize) -> String {
        let mut rows: Vec<usize> = std::iter::successors(Some(at), |at| self.parent(*at)).collect();
        rows.reverse();
        let names = rows
            .into_iter()
            .filter_map(|at| self.get(at))
            .map(|row| row.name.replace('~', "~0").replace('/', "~1"));
        names.flat_map(|name| ["/".to_owned(), name]).collect()
    }

    /// The row of that path.
    pub fn find(&self, path: &str) -> Option<usize> {
        let (at, is_it) = self.nearest(path)?;
        is_it.then_some(at)
    }

    /// The row of that path, or what is left of the way to it; and whether it is the row itself.
    pub fn nearest(&self, path: &str) -> Option<(usize, bool)> {
        let mut found = None;
        let (mut from, mut to) = (0, self.len());
        for name in path.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~")) {
            let siblings = std::iter::successors((from < to).then_some(from), |at| {
                Some(self.end(*at)).filter(|next| *next < to)
            });
            let Some(at) =
                siblings.into_iter().find(|at| self.get(*at).is_some_and(|row| *row.name == *name))
            else {
                return found.map(|at| (at, false));
            };
            found = Some(at);
            (from, to) = (at + 1, self.end(at));
        }
        found.map(|at| (at, true))
    }

    /// The text that a row was made of.
    pub fn source(&self, at: usize) -> Option<&str> {
        let Source { text, from, to } = self.get(at)?.source?;
        self.texts
            .get(usize::try_from(text).ok()?)?
            .get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)
    }

    /// Rows that nothing stands above.
    pub fn roots(&self) -> impl Iterator<Item = usize> {
        let next = |at: usize| (at < self.len()).then_some(at);
        std::iter::successors(next(0), move |at| next(self.end(*at)))
    }

    /// A row with all that belongs to it, as it is shown.
    pub fn text(&self, at: usize) -> String {
        let base = self.get(at).map_or(0, |row| row.depth);
        let rows = self.rows.get(at..self.end(at).min(self.len())).unwrap_or_default();
        let mut all = String::new();
        for row in rows {
            let text: String = row.line.spans.iter().map(|span| span.text.as_str()).collect();
            match (all.is_empty(), row.goes_on) {
                (true, _) => {}
                (false, true) => all.push(' '),
                (false, false) => {
                    all.push('\n');
                    all.extend(std::iter::repeat_n("  ", row.depth.saturating_sub(base).into()));
                }
            }
            all.push_str(if row.goes_on { text.trim() } else { text.trim_end() });
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `depth:name` each; a `-` before it: folded.
    fn rows(all: &[&str]) -> Rows {
        let row = |text: &&str| {
            let (depth, name) = text.trim_start_matches('-').split_once(':').expect("depth:name");
            let depth = depth.parse().expect("a number");
            Row { depth, name: name.into(), is_open: !text.starts_with('-'), ..Row::default() }
        };
        Rows::new(all.iter().map(row).collect(), Vec::new())
    }

    fn seen(rows: &Rows) -> Vec<&str> {
        rows.from(0).filter_map(|at| rows.get(at)).map(|row| &*row.name).collect()
    }

    #[test]
    fn what_is_folded_is_passed_over_in_both_directions() {
        let rows = rows(&["0:a", "-1:b", "2:c", "-2:d", "3:e", "1:f", "-0:g", "1:h"]);
        assert_eq!(seen(&rows), ["a", "b", "f", "g"]);
        let mut back: Vec<usize> =
            std::iter::successors(Some(rows.last()), |at| rows.previous(*at)).collect();
        back.reverse();
        assert_eq!(back, [0, 1, 5, 6]);
        assert_eq!((rows.shown(4), rows.shown(5), rows.shown(7)), (1, 5, 6));
    }

    #[test]
    fn a_row_is_found_by_its_path_whatever_its_name() {
        let rows = rows(&["0:a/b", "1:~", "2:", "0:c"]);
        for at in 0..rows.len() {
            assert_eq!(rows.find(&rows.path(at)), Some(at), "{}", rows.path(at));
        }
        assert_eq!(rows.nearest("/a~1b/~0/gone/more"), Some((1, false)));
        assert_eq!(
            (rows.nearest("/gone"), rows.nearest(""), rows.nearest("/c")),
            (None, None, Some((3, true)))
        );
    }

    #[test]
    fn depths_that_leave_one_out_are_mended() {
        let rows = rows(&["3:a", "9:b", "9:c", "1:d"]);
        let depths: Vec<u16> = rows.all().iter().map(|row| row.depth).collect();
        assert_eq!((depths, rows.hides(0)), (vec![0, 1, 2, 1], 3));
    }
}
