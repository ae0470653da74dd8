//! Where one is on a page, in terms that outlive its rows.

use std::collections::BTreeMap;

use ccdump_model::rows::Rows;
use serde::{Deserialize, Serialize};

/// Folds of one page that are kept.
const MOST_FOLDS: usize = 500;

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
        self.cursor = rows.path(cursor);
        self.row = row.and_then(|row| u16::try_from(row).ok()).unwrap_or(0);
    }

    pub(super) fn fold(&mut self, path: String, is_open: bool) {
        if self.folds.len() < MOST_FOLDS || self.folds.contains_key(&path) {
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
        let cursor = rows.find(&self.cursor).or_else(whole).or_else(nearest).map_or(0, |at| rows.shown(at));
        let above = std::iter::successors(Some(cursor), |at| rows.previous(*at));
        let first = above.take(usize::from(self.row) + 1).last().unwrap_or(cursor);
        (cursor, first)
    }

    /// Of what may have been saved by anybody.
    pub(super) fn bounded(mut self) -> Self {
        while self.folds.len() > MOST_FOLDS {
            self.folds.pop_last();
        }
        self
    }
}
