//! What each command does.

pub(crate) mod attach;
pub(crate) mod demo;
pub(crate) mod report;
