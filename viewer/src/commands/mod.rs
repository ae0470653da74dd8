//! What each command does: asks over [`crate::link`], forms lines, writes them out.

pub(crate) mod attach;
pub(crate) mod body;
pub(crate) mod demo;
pub(crate) mod ls;
pub(crate) mod report;
pub(crate) mod show;
pub(crate) mod tail;
mod talk;
