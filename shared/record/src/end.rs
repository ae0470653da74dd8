use serde::{Deserialize, Serialize};

/// How an exchange ended, derived from the facts and from the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndState {
    /// The terminal event's last byte (or the whole body, where there is no terminal event) was
    /// delivered to the client.
    Complete,
    /// The upstream ended early.
    Truncated,
    /// The client left before the end.
    ClientCancelled,
    /// The upstream was not reached, broke before any answer, answered with an error status, or
    /// sent an error event; or the proxy refused the request, or failed. Who closed says which.
    UpstreamError,
    DaemonStopped,
}

impl EndState {
    pub const ALL: [Self; 5] = [
        Self::Complete,
        Self::Truncated,
        Self::ClientCancelled,
        Self::UpstreamError,
        Self::DaemonStopped,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Truncated => "truncated",
            Self::ClientCancelled => "client_cancelled",
            Self::UpstreamError => "upstream_error",
            Self::DaemonStopped => "daemon_stopped",
        }
    }

    /// The one of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

/// Who ended the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedBy {
    /// The response body ended as HTTP says it should.
    Finished,
    /// The upstream closed or reset in the middle.
    Upstream,
    /// The client closed or reset; a FIN counts.
    Client,
    /// The upstream could not be reached.
    Unreachable,
    /// The daemon stopped or was killed.
    Daemon,
    /// The proxy answered in the upstream's place, and sent nothing on.
    Refused,
    /// The proxy failed in the middle, through no fault of the two sides.
    Proxy,
}

impl ClosedBy {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Upstream => "upstream",
            Self::Client => "client",
            Self::Unreachable => "unreachable",
            Self::Daemon => "daemon",
            Self::Refused => "refused",
            Self::Proxy => "proxy",
        }
    }
}
