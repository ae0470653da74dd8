//! What everything that reads a daemon's record needs: the connection, the content of blocks, text
//! that is safe on a terminal; and the commands that ask, print and are done.

pub mod brief;
mod commands;
pub mod conversation;
mod failure;
pub mod json;
pub mod link;
pub mod options;
pub mod output;
mod since;
pub mod text;
pub mod words;

pub use commands::{run, talk};
pub use failure::Failure;
