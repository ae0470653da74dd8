//! How a command fails, and with which exit code.

use std::{io, process::ExitCode};

use ccdump_wire::{config::ConfigError, endpoint::EndpointError};

use crate::{dev::DevError, link::LinkError};

/// What a command ends with if it does not end well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Whoever read the output has enough of it, as `head` does. That is no failure.
    #[error("the output was closed")]
    OutputClosed,
    #[error("cannot write the output: {0}")]
    Output(io::Error),
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    #[error(transparent)]
    Dev(#[from] DevError),
    #[error("{0}")]
    Incomplete(String),
    #[error("cannot start: {0}")]
    Runtime(io::Error),
}

impl Failure {
    /// 0 done, 1 failed, 3 no daemon. (2, usage, is clap's.)
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::OutputClosed => ExitCode::SUCCESS,
            Self::Link(LinkError::NoDaemon { .. }) => ExitCode::from(3),
            _ => ExitCode::FAILURE,
        }
    }
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
