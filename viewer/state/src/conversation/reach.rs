//! Going to a place that is named: the match of a search, a mark, an exchange by its number.

use ccdump_model::blocks::ItemKey;
use ccdump_provider::pattern::Pattern;
use serde::{Deserialize, Serialize};

use super::{Conversation, LaidItem, Place, Spot, window::Walk};
use crate::search;

/// How the screen stands, to come back to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stand {
    place: Option<Place>,
    focus: Option<Spot>,
    follow: bool,
}

impl Stand {
    pub fn follows(&self) -> bool {
        self.follow
    }
}

/// A match that is on the screen: the item, and the line and byte of it where the match begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    pub spot: Spot,
    pub start: (usize, usize),
}

impl Conversation {
    pub fn stand(&self) -> Stand {
        Stand { place: self.place.clone(), focus: self.focus.clone(), follow: self.follow }
    }

    pub fn stand_at(&mut self, stand: Stand) {
        Stand { place: self.place, focus: self.focus, follow: self.follow } = stand;
        self.reach = None;
        self.moved = None;
    }

    /// Brings an item to the upper part of the screen, and marks it.
    pub fn go(&mut self, spot: Spot) {
        self.place =
            Some(Place { exchange: spot.exchange, item: spot.item.clone(), line: 0, row: 0 });
        self.focus = Some(spot);
        self.follow = false;
        self.moved = None;
    }

    /// Shows an item in full, whatever is folded and hidden, and goes to where it says what is
    /// looked for, the `nth` time from 0.
    pub fn reach(&mut self, spot: Spot, nth: usize) {
        self.raise(Some(spot));
        self.reach = Some(nth);
        self.reached = None;
    }

    /// Shows an item in full, whatever is folded and hidden; or the one that was shown so as it was
    /// before.
    pub fn raise(&mut self, spot: Option<Spot>) {
        self.reach = None;
        self.reached = None;
        self.show.raise(spot);
    }

    /// What is shown in full for a while.
    pub fn raised(&self) -> Option<&Spot> {
        self.show.raised()
    }

    /// What was shown in full for a while is shown as it was before; it stays on its row.
    pub fn lower(&mut self) {
        let row =
            self.show.raised().and_then(|spot| Some((spot.clone(), self.window.row_of(spot)?)));
        self.raise(None);
        if let Some((spot, row)) = row {
            self.hold(spot, row);
        }
    }

    /// Moves the screen so that the match can be seen, as soon as it is known where it stands.
    pub(super) fn settle_reach(
        &mut self,
        walk: &mut Walk<'_>,
        pattern: Option<&Pattern>,
        height: u16,
    ) {
        let (Some(nth), Some(spot), Some(pattern)) =
            (self.reach, walk.making.show.raised().cloned(), pattern)
        else {
            return;
        };
        let third = i32::from(height) / 3;
        let turn = walk.turn(walk.number(spot.exchange));
        let item = turn.item(&spot.item).filter(|_| turn.exchange == spot.exchange);
        let found = item.map(|item| search::find(pattern, item.lines.iter())).unwrap_or_default();
        // Of a text that was made otherwise there may be less to be seen.
        let start = found.get(nth).or(found.last()).and_then(|found| found.start());
        self.focus = Some(spot.clone());
        self.follow = false;
        self.moved = None;
        let line = start.map_or(0, |(line, _)| line);
        if !self.is_seen(&spot, item, line) {
            self.place =
                Some(Place { exchange: spot.exchange, item: spot.item.clone(), line, row: third });
        }
        if let Some(start) = start.filter(|_| turn.is_loaded) {
            self.reach = None;
            self.reached = Some(Reached { spot, start });
        }
    }

    /// Whether a line of an item stands on the screen already, and the item has not changed since.
    fn is_seen(&self, spot: &Spot, item: Option<&LaidItem>, line: usize) -> bool {
        self.window.rows.iter().filter(|row| row.is_of(spot)).any(|row| {
            let seen = row.turn.item_at(row.line);
            let is_same = seen.zip(item).is_some_and(|(seen, item)| seen.lines == item.lines);
            is_same && seen.is_some_and(|seen| row.line - seen.first == line)
        })
    }
}

impl Place {
    pub fn spot(&self) -> Spot {
        let item: ItemKey = self.item.clone();
        Spot { exchange: self.exchange, item }
    }
}
