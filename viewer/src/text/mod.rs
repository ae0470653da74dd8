//! Text for terminals: what comes from the wire made harmless, then cut, measured and put into people's units.

mod cut;
mod escape;
mod invisible;
mod sanitise;
mod table;
pub(crate) mod time;
pub(crate) mod units;

pub(crate) use cut::{cut, cut_line};
pub(crate) use sanitise::{Sanitiser, clean, clean_line, is_clean_line};
pub(crate) use table::{Align, Table};
