//! What a viewer shows: what is known of the record, the items that it is made of, lines with
//! roles, and the roles' colours. Data and pure functions: no keys, no places, no terminal.

pub mod blocks;
pub mod compare;
pub mod json;
pub mod line;
pub mod record;
pub mod rows;
pub mod theme;
pub mod toml_file;
