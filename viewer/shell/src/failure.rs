//! How a command fails, and with which exit code.

use std::{io, path::PathBuf, process::ExitCode};

use ccdump_client::{Failure as Asked, link::LinkError};
use ccdump_host::DevError;
use ccdump_wire::{config::ConfigError, endpoint::EndpointError};

use crate::{demo::DemoError, report::ReportError};

/// What a command ends with if it does not end well.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Asked(#[from] Asked),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    #[error("this needs a terminal; without one use: ccdump-view tail")]
    NoTerminal,
    #[error("a moment of the record needs a screen, and TERM is dumb; use: ccdump-view show ID")]
    DumbTerminal,
    #[error(
        "ccdumpd is neither beside ccdump-view nor on the PATH; install it, or name it in CCDUMPD"
    )]
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
    /// 0 done, 1 failed, 3 no daemon, 130 interrupted. (2, usage, is clap's.)
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Asked(Asked::OutputClosed) => ExitCode::SUCCESS,
            // As a shell says of one that ended by the signal.
            Self::Asked(Asked::Interrupted) => ExitCode::from(130),
            Self::Asked(Asked::Link(LinkError::NoDaemon { .. }))
            | Self::NoDaemonProgram
            | Self::DaemonNotStarted { .. } => ExitCode::from(3),
            _ => ExitCode::FAILURE,
        }
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        Self::Asked(error.into())
    }
}
