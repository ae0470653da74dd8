//! The part of the command line that asks a daemon: which one, and what.

use std::path::PathBuf;

use ccdump_provider::provider::Provider;
use ccdump_record::Side;
use clap::{ArgGroup, Args, Subcommand};

use crate::{link::target::Source, since::Since};

/// Which daemon to ask. The variables are read in `link::target`: a flag of one kind must beat a
/// variable of the other.
#[derive(Debug, Args)]
pub struct Daemon {
    /// Socket of the daemon [env: CCDUMP_SOCKET]
    #[arg(long, global = true, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Data folder of the daemon, which tells where its socket is [env: CCDUMP_DATA_DIR]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl Daemon {
    /// Whether a flag names the daemon.
    pub fn is_named(&self) -> bool {
        self.socket.is_some() || self.data_dir.is_some()
    }

    /// What the flags say.
    pub fn source(&self) -> Source {
        Source { socket: self.socket.clone(), data_dir: self.data_dir.clone() }
    }
}

/// What is asked, printed and done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lists exchanges, oldest first
    Ls(Ls),
    /// Shows one exchange: its headers and its blocks
    Show(Show),
    /// Writes one body to stdout
    Body(Body),
    /// Follows the conversation as it happens; with --json, the log's events
    Tail(Tail),
}

#[derive(Debug, Args)]
pub struct Ls {
    /// A line of JSON for each exchange
    #[arg(long)]
    pub json: bool,
    /// Only exchanges of this session
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// Only exchanges of this agent: main, or a subagent's id
    #[arg(long, value_name = "ID")]
    pub agent: Option<String>,
    /// Only exchanges with this provider: anthropic, openai, gemini, unknown
    #[arg(long)]
    pub provider: Option<Provider>,
    /// Only exchanges that started after this moment (2026-11-05T09:00:00Z) or in this last length
    /// of time (10m, 2h, 3d)
    #[arg(long, value_name = "WHEN")]
    pub since: Option<Since>,
    /// Only the newest N
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
}

#[derive(Debug, Args)]
pub struct Show {
    /// Number of the exchange, as ls shows it
    pub id: u64,
    /// One line of JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("side").required(true))]
pub struct Body {
    /// Number of the exchange, as ls shows it
    pub id: u64,
    /// What the agent sent
    #[arg(long, group = "side")]
    request: bool,
    /// What it was answered
    #[arg(long, group = "side")]
    response: bool,
    /// The bytes as they went over the wire, with their content coding
    #[arg(long)]
    pub raw: bool,
}

impl Body {
    pub fn side(&self) -> Side {
        if self.request { Side::Request } else { Side::Response }
    }
}

#[derive(Debug, Args)]
pub struct Tail {
    /// A line of JSON for each event of the log
    #[arg(long)]
    pub json: bool,
    /// Begin after this event (0: with all that was recorded) instead of now
    #[arg(long, value_name = "SEQ")]
    pub from: Option<u64>,
    /// End when nothing has happened for so long after what was already recorded
    #[arg(long, value_name = "MS")]
    pub until_idle: Option<u64>,
    /// Only this session
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
}
