//! What happens: all of it comes through one channel, in one order.

use ccdump_host::protocol::ToViewer;
use ccdump_model::{
    blocks::Source,
    record::{AgentKey, Fetch, Held},
};
use ccdump_record::{Event as LogEvent, Exchange, Side, SystemSection};
use ccdump_wire::v1::SearchHit;

use crate::{
    config::Config,
    keymap::Key,
    mouse::Mouse,
    sheet::{Brought, Need},
};

#[derive(Debug)]
pub enum Event {
    Key(Key),
    Mouse(Mouse),
    /// Text that was pasted or typed at once is no command.
    Resize {
        width: u16,
        height: u16,
    },
    /// Time went by.
    Tick,
    Daemon(DaemonEvent),
    /// The hot-reload host said something.
    Host(ToViewer),
    /// The view state that was kept under this viewer's name.
    Held {
        name: String,
        saved: bool,
        state: Option<Vec<u8>>,
    },
    /// What [`super::Effect::Rows`] asked for.
    Rows {
        agent: AgentKey,
        rows: Vec<Exchange>,
    },
    /// What [`super::Effect::Fetch`] asked for.
    Fetched {
        exchange: u64,
        fetch: Box<Fetch>,
    },
    /// What [`super::Effect::FetchBlocks`] asked for, by pointer.
    Blocks {
        exchange: u64,
        side: Side,
        contents: Vec<(String, Held)>,
    },
    /// What [`super::Effect::FetchFormer`] asked for, by what it is to the request and pointer.
    Former {
        exchange: u64,
        contents: Vec<(Source, String, Held)>,
    },
    /// What [`super::Effect::Sections`] asked for; or why this daemon cannot tell.
    Sections {
        session: Option<String>,
        answer: Result<Vec<SystemSection>, String>,
    },
    /// What [`super::Effect::Search`] asked for, as far as it is found; or why this daemon cannot
    /// tell.
    Hinted {
        /// The question's.
        number: u64,
        answer: Result<Vec<SearchHit>, String>,
        /// Nothing more comes.
        is_over: bool,
    },
    /// What [`super::Effect::Bring`] asked for; or why it cannot be had.
    Brought {
        need: Need,
        brought: Result<Brought, String>,
    },
    /// Events of an exchange that is followed, with the payload of its response.
    Live {
        exchange: u64,
        events: Vec<LogEvent>,
    },
    /// The exchange cannot be followed (any more).
    LiveLost {
        exchange: u64,
    },
    /// Something was copied, or could not be.
    Copied(Result<String, String>),
    /// The configuration was read; or why it could not be, and the one before holds.
    Config(Result<Box<Config>, String>),
    /// The terminal was somebody else's for a while.
    Redraw,
    /// A signal asks to leave.
    Leave,
}

/// How things stand with the daemon.
#[derive(Debug)]
pub enum DaemonEvent {
    Connected {
        build: String,
        proxy: String,
        /// Milliseconds since the Unix epoch.
        started_ms: Option<u64>,
    },
    /// It is older than this viewer: what it cannot do, in words.
    Lacks(String),
    Lost(String),
    /// It will not work, ever.
    Failed(String),
    /// Rows of the index, new or changed.
    Rows(Vec<Exchange>),
    /// All that was recorded before is here.
    SnapshotEnd,
    Reset(String),
    LogGap {
        events: u64,
    },
    Paused(Option<String>),
    /// What is mended of the record, and how far that is, while something is.
    Mending(Option<String>),
    /// The record was damaged, or was brought over: what came of it, in words.
    Mended(String),
    /// Bytes and whole exchanges that were not recorded.
    Gap {
        bytes: u64,
        exchanges: u64,
    },
}
