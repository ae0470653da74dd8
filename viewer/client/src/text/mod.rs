//! Text for terminals: what comes from the wire made harmless, then cut, measured and put into
//! people's units.

mod cut;
mod escape;
mod invisible;
mod sanitise;
mod table;
pub mod time;
pub mod units;

pub use cut::{cut, cut_line};
pub use sanitise::{Sanitiser, clean, clean_line, is_clean_line};
pub use table::{Align, Table};
