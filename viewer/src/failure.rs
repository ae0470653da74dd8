//! How a command fails, and with which exit code.

use std::{io, path::PathBuf, process::ExitCode};

use ccdump_wire::{config::ConfigError, endpoint::EndpointError};

use crate::{demo::DemoError, dev::DevError, link::LinkError, report::ReportError};

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
    #[error("{0}")]
    Incomplete(String),
    #[error("this needs a terminal; without one use: ccdump-view tail")]
    NoTerminal,
    #[error("ccdumpd is neither beside ccdump-view nor on the PATH; install it, or name it in CCDUMPD")]
    NoDaemonProgram,
    #[error("no daemon runs, and {} could not start one: {reason}", program.display())]
    DaemonNotStarted { program: PathBuf, reason: String },
    #[error("cannot use the terminal: {0}")]
    Terminal(io::Error),
    #[error(transparent)]
    Dev(#[from] DevError),
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error(transparent)]
    Report(#[from] ReportError),
    /// By a signal, where there was something to put in order first.
    #[error("interrupted")]
    Interrupted,
    #[error("cannot start: {0}")]
    Runtime(io::Error),
}

impl Failure {
    /// 0 done, 1 failed, 3 no daemon. (2, usage, is clap's.)
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::OutputClosed => ExitCode::SUCCESS,
            Self::Link(LinkError::NoDaemon { .. }) | Self::NoDaemonProgram | Self::DaemonNotStarted { .. } => ExitCode::from(3),
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
