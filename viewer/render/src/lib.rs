//! From what was recorded to lines on a screen: what is known of the record, the items that it is made of, their lines, and colours.
//! It knows no keys, no places and no terminal.

pub mod blocks;
pub mod lines;
pub mod model;
pub mod theme;
pub mod toml_file;
