//! How things stand with the daemon.

/// The connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Connection {
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
pub struct Daemon {
    pub connection: Connection,
    pub build: String,
    /// Milliseconds since the Unix epoch.
    pub started_ms: Option<u64>,
    /// Where agents send their requests.
    pub proxy: String,
    /// Why nothing is recorded, while nothing is.
    pub paused: Option<String>,
    /// What is mended of the record, and how far that is.
    pub mending: Option<String>,
    /// Bytes that were not recorded since this viewer is here.
    pub gap_bytes: u64,
    /// Rows were asked for, and have come if there are any.
    pub answered: bool,
    /// All that had been recorded before is known.
    pub caught_up: bool,
}
