//! What each command does.

pub mod attach;
pub mod demo;
pub mod report;
