//! How a command fails that asks a daemon and prints.

use std::io;

use crate::link::LinkError;

/// What such a command ends with if it does not end well.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Whoever read the output has enough of it, as `head` does. That is no failure.
    #[error("the output was closed")]
    OutputClosed,
    /// By Ctrl-C, which is how what goes on for ever is ended.
    #[error("interrupted")]
    Interrupted,
    #[error("cannot write the output: {0}")]
    Output(io::Error),
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("{0}")]
    Incomplete(String),
}

impl From<io::Error> for Failure {
    /// Of writing to stdout: the only input and output that commands do themselves.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::Output(error),
        }
    }
}
