//! Why a call to the daemon failed, in one line for people.

use std::{error::Error as _, io::ErrorKind, path::PathBuf};

use ccdump_wire::{connect::ConnectError, handshake::ContractMismatch};
use tonic::{Code, Status};

use crate::text::clean_line;

#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("no daemon at {socket}; start one with: ccdumpd start")]
    NoDaemon { socket: PathBuf },
    #[error("cannot reach the daemon at {socket}: {reason}")]
    Unreachable { socket: PathBuf, reason: String },
    #[error("the daemon at {socket} accepts connections but does not answer; see: ccdumpd logs")]
    Silent { socket: PathBuf },
    #[error(transparent)]
    Contract(#[from] ContractMismatch),
    #[error("lost the daemon: {0}")]
    Lost(String),
    #[error("there is no exchange {0}; see: ccdump-view ls")]
    NoExchange(u64),
    /// The side that was asked for has not ended.
    #[error("not all of it has arrived yet: {0}")]
    NotYet(String),
    #[error("this daemon cannot {0}; it is older than this viewer: update it")]
    Unsupported(&'static str),
    #[error("the daemon refused: {0}")]
    Refused(String),
}

impl LinkError {
    /// What a failed call means; `what` says what the daemon would have to be able to do for it, as
    /// in "this daemon cannot …".
    pub fn of(status: Status, what: &'static str) -> Self {
        let message = clean_line(status.message());
        match status.code() {
            Code::Unimplemented => Self::Unsupported(what),
            Code::FailedPrecondition => Self::NotYet(message),
            Code::Unavailable => Self::Lost(message),
            // Made on this side: the connection broke.
            _ if status.source().is_some() => Self::Lost(message),
            _ => Self::Refused(message),
        }
    }

    /// As [`LinkError::of`], for calls about one exchange.
    pub fn of_exchange(status: Status, id: u64, what: &'static str) -> Self {
        match status.code() {
            Code::NotFound => Self::NoExchange(id),
            _ => Self::of(status, what),
        }
    }
}

impl From<ConnectError> for LinkError {
    fn from(error: ConnectError) -> Self {
        match error.source.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => {
                Self::NoDaemon { socket: error.socket }
            }
            _ => Self::Unreachable { socket: error.socket, reason: error.source.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_become_one_line_for_people() {
        for (status, wanted) in [
            (
                Status::unimplemented("x"),
                "this daemon cannot fly; it is older than this viewer: update it",
            ),
            (Status::not_found("gone"), "there is no exchange 7; see: ccdump-view ls"),
            (
                Status::failed_precondition("request goes on"),
                "not all of it has arrived yet: request goes on",
            ),
            (Status::unavailable("broken\npipe\u{1b}[2J"), "lost the daemon: broken pipe"),
            (Status::invalid_argument("side"), "the daemon refused: side"),
        ] {
            assert_eq!(LinkError::of_exchange(status, 7, "fly").to_string(), wanted);
        }
    }
}
