//! How things stand with the daemon.

/// The connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Connection {
    #[default]
    Connecting,
    Connected,
    /// It is tried again and again.
    Lost {
        reason: String,
        since_us: i64,
    },
    /// It will not work, ever.
    Failed(String),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Daemon {
    pub(crate) connection: Connection,
    pub(crate) build: String,
    /// Milliseconds since the Unix epoch.
    pub(crate) started_ms: Option<u64>,
    /// Where agents send their requests.
    pub(crate) proxy: String,
    /// Why nothing is recorded, while nothing is.
    pub(crate) paused: Option<String>,
    /// Bytes that were not recorded since this viewer is here.
    pub(crate) gap_bytes: u64,
    /// Rows were asked for, and have come if there are any.
    pub(crate) answered: bool,
    /// All that had been recorded before is known.
    pub(crate) caught_up: bool,
}
