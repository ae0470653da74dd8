//! A bug report is a record, a view state and keys, in one file that needs no daemon to be seen again.

mod content;
mod error;
mod file;
mod gather;
mod had;
mod row;
pub(crate) mod secrets;
mod source;
mod stage;
#[cfg(test)]
mod tests;

use ccdump_state::{Pressed, Saved};
use serde::{Deserialize, Serialize};

pub(crate) use self::{error::ReportError, gather::gather, source::Source, stage::Stage};
use self::{had::Had, row::Row};

/// The format that this version writes, and the newest that it reads. Grows when older versions cannot read it any more.
const FORMAT: u32 = 1;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Report {
    pub(crate) format: u32,
    /// Builds, for people.
    pub(crate) viewer: String,
    pub(crate) daemon: String,
    /// Microseconds since the Unix epoch, as all times.
    pub(crate) made_at_us: i64,
    /// The place's name in the time zone database; times of day are shown in it.
    pub(crate) zone: String,
    /// Of the view state.
    pub(crate) name: String,
    /// Of the terminal.
    pub(crate) width: u16,
    pub(crate) height: u16,
    pub(crate) proxy: String,
    /// From this view state the keys were pressed.
    pub(crate) begun_at_us: i64,
    pub(crate) state: Saved,
    pub(crate) keys: Vec<Pressed>,
    /// Of the sessions that were on the screen, oldest first.
    pub(crate) rows: Vec<Row>,
    /// What was fetched for the screens between the first and the last one.
    pub(crate) had: Vec<Had>,
}
