//! Where in a conversation the screen stands: never a line number, always a thing that stays the
//! same when lines are made anew.

use ccdump_model::blocks::ItemKey;
use serde::{Deserialize, Serialize};

/// Line `line` of an item stands at row `row` of the pane. The row may lie outside of it: the
/// screen then stands that much away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub exchange: u64,
    pub item: ItemKey,
    #[serde(default)]
    pub line: usize,
    #[serde(default)]
    pub row: i32,
}

/// An item of an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    pub exchange: u64,
    pub item: ItemKey,
}

/// A line of the whole conversation, as it is laid out at the moment: the turn's number in it, and
/// the line within the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) turn: usize,
    pub(super) line: usize,
}
