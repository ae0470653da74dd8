//! Where one is on a page, in terms that outlive its rows.

use std::collections::BTreeMap;

use ccdump_model::rows::Rows;
use serde::{Deserialize, Serialize};

/// Folds of one page that are kept.
const MOST_FOLDS: usize = 200;
/// Names in JSON may be as long as anybody likes: a longer path is not kept. Bytes.
const LONGEST: usize = 1_000;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// The path of the row that is marked, and on which row of the screen it stands.
    cursor: String,
    row: u16,
    /// All were folded, or unfolded.
    all: Option<bool>,
    /// Rows that were unfolded or folded since, by path.
    folds: BTreeMap<String, bool>,
}

impl Place {
    /// Says where the screen stands.
    pub(super) fn stand(&mut self, rows: &Rows, cursor: usize, first: usize) {
        let row = rows.from(first).take(u16::MAX.into()).position(|at| at == cursor);
        let above = std::iter::successors(Some(cursor), |at| rows.parent(*at));
        self.cursor =
            above.map(|at| rows.path(at)).find(|path| path.len() <= LONGEST).unwrap_or_default();
        self.row = row.and_then(|row| u16::try_from(row).ok()).unwrap_or(0);
    }

    pub(super) fn fold(&mut self, path: String, is_open: bool) {
        if path.len() <= LONGEST
            && (self.folds.len() < MOST_FOLDS || self.folds.contains_key(&path))
        {
            self.folds.insert(path, is_open);
        }
    }

    pub(super) fn fold_all(&mut self, is_open: bool) {
        self.all = Some(is_open);
        self.folds.clear();
    }

    /// Folds the rows as they were; gives the marked row and the first one on the screen.
    pub(super) fn put(&self, rows: &mut Rows) -> (usize, usize) {
        if let Some(is_open) = self.all {
            (0..rows.len()).for_each(|at| rows.set_open(at, is_open));
        }
        for (path, is_open) in &self.folds {
            if let Some(at) = rows.find(path) {
                rows.set_open(at, *is_open);
            }
        }
        // A line that was broken at another width is found by its beginning.
        let whole = || self.cursor.rsplit_once('.').and_then(|(path, _)| rows.find(path));
        let nearest = || rows.nearest(&self.cursor).map(|(at, _)| at);
        let cursor =
            rows.find(&self.cursor).or_else(whole).or_else(nearest).map_or(0, |at| rows.shown(at));
        let above = std::iter::successors(Some(cursor), |at| rows.previous(*at));
        let first = above.take(usize::from(self.row) + 1).last().unwrap_or(cursor);
        (cursor, first)
    }

    /// Of what may have been saved by anybody.
    pub(super) fn bounded(mut self) -> Self {
        self.folds.retain(|path, _| path.len() <= LONGEST);
        if self.cursor.len() > LONGEST {
            self.cursor.clear();
        }
        while self.folds.len() > MOST_FOLDS {
            self.folds.pop_last();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use ccdump_model::rows::Row;

    use super::*;

    fn rows() -> Rows {
        let row =
            |depth, name: &str| Row { depth, name: name.into(), is_open: true, ..Row::default() };
        Rows::new(
            vec![row(0, "a"), row(1, &"x".repeat(LONGEST)), row(1, "b"), row(2, "c"), row(0, "d")],
            Vec::new(),
        )
    }

    #[test]
    fn what_is_kept_is_small_whatever_names_are_long() {
        let mut place = Place::default();
        place.stand(&rows(), 1, 0);
        assert_eq!(place.cursor, "/a", "what it belongs to");
        (0..1_000).for_each(|at| place.fold(format!("/{at}"), true));
        place.fold("/".repeat(LONGEST + 1), true);
        assert_eq!(place.folds.len(), MOST_FOLDS);
        let long = Place { cursor: "/".repeat(LONGEST + 1), ..Place::default() };
        assert_eq!(long.bounded(), Place::default());
    }

    #[test]
    fn folds_and_the_row_are_found_again() {
        let mut place = Place::default();
        place.stand(&rows(), 3, 2);
        place.fold("/a".to_owned(), true);
        let mut again = rows();
        assert_eq!(place.put(&mut again), (3, 2));
        place.fold("/a/b".to_owned(), false);
        assert_eq!(place.put(&mut again).0, 2, "what hides it");
        assert_eq!(again.from(0).count(), 4);
    }
}
