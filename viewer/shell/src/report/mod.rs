//! A bug report is a record, a view state and keys, in one file that needs no daemon to be seen
//! again.

mod content;
mod earlier;
mod error;
mod file;
mod gather;
mod had;
pub mod secrets;
mod sections;
mod source;
mod stage;

use ccdump_record::Exchange;
use ccdump_state::{Pressed, Saved};
use serde::{Deserialize, Serialize};

pub use self::{error::ReportError, gather::gather, source::Source, stage::Stage};
pub use self::{had::Had, sections::SectionsHad};

/// The format that this version writes, and the newest that it reads. Grows when older versions
/// cannot read it any more.
pub const FORMAT: u32 = 2;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    pub format: u32,
    /// Builds, for people.
    pub viewer: String,
    pub daemon: String,
    /// Microseconds since the Unix epoch, as all times.
    pub made_at_us: i64,
    /// The place's name in the time zone database; times of day are shown in it.
    pub zone: String,
    /// Of the view state.
    pub name: String,
    /// Of the terminal.
    pub width: u16,
    pub height: u16,
    pub proxy: String,
    /// From this view state the keys were pressed.
    pub begun_at_us: i64,
    pub state: Saved,
    pub keys: Vec<Pressed>,
    /// Of the sessions that were on the screen, oldest first.
    pub rows: Vec<Exchange>,
    /// What was fetched for the screens between the first and the last one.
    pub had: Vec<Had>,
    /// The sections of their system prompts, as far as their numbers were shown.
    pub sections: Vec<SectionsHad>,
}
