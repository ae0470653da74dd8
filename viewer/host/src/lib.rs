//! `ccdump-view dev`, the hot-reload host: the stable parent of viewers that come and go.
//!
//! It owns the real terminal, watches the sources, builds, and runs the viewer on an inner pseudo
//! terminal. When a build has worked, it asks the old viewer to leave and starts the new one, and
//! goes back to the last good one if that fails. Threads wait for the terminal, the sources, cargo,
//! the viewer and signals, and send [`Event`]s down one channel; [`host`] is the loop that takes
//! them off.

mod binary;
mod build;
mod child;
mod compiler;
mod display;
mod filter;
mod host;
pub mod hosted;
mod input;
mod libraries;
mod life;
mod lines;
mod log;
mod news;
mod options;
pub mod protocol;
mod pty;
mod report;
mod screen;
mod sources;
mod terminal;
mod watch;

use std::{
    env,
    ffi::OsString,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::mpsc::{SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use ccdump_client::link::target::Source;
use ccdump_wire::endpoint::default_state_dir;
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH},
    iterator::Signals,
};

pub use self::options::Options;
use self::{
    binary::Binaries,
    build::Outcome,
    child::Setting,
    compiler::Tools,
    display::Display,
    host::{Builder, Host},
    life::Life,
    log::Log,
    protocol::{BuildError, FromViewer, Heard, WORKSPACE},
    watch::Changes,
};

/// The target folder below the workspace's: no other cargo run uses it.
const TARGET: &str = "target/hot";

/// Events that may wait for the host. Who sends more than that waits: the terminal's user, a viewer
/// that writes, cargo.
const MOST_EVENTS: usize = 256;

#[derive(Debug, thiserror::Error)]
pub enum DevError {
    #[error("no ccdump workspace here or in a folder above; pass --workspace DIR")]
    NoWorkspace,
    #[error("no home directory is known to keep the log in; set HOME or XDG_STATE_HOME")]
    NoHome,
    #[error("cannot use the terminal: {0}")]
    Terminal(#[from] io::Error),
    #[error("cannot write {path}: {source}")]
    Folder { path: PathBuf, source: io::Error },
    #[error("cannot watch the sources: {0}")]
    Watch(#[from] notify::Error),
    #[error("cannot start cargo: {0}")]
    Cargo(io::Error),
    #[error("cannot read the record of swaps: {0}")]
    Report(io::Error),
}

/// Everything that happens to a host, in one order.
#[derive(Debug)]
enum Event {
    Typed(Vec<u8>),
    TerminalGone,
    Signal(Signal),
    /// A viewer wrote on its terminal.
    Wrote(u64, Vec<u8>),
    /// A viewer said something on its socket.
    Heard(u64, Heard<FromViewer>),
    /// A viewer's process is gone.
    Ended(u64),
    Changed(Changes),
    /// The build of this number goes on, but will fail: its first error, and when it came.
    Fails(u64, BuildError, Duration),
    /// The build of this number is done.
    Built(u64, Outcome),
    /// The binary of another builder is a new one, since then.
    Replaced(Instant),
}

#[derive(Debug)]
enum Signal {
    Resized,
    End,
}

/// Runs the host until it is left; its viewers look for the daemon where `daemon` says. Or prints a
/// report.
pub fn run(options: Options, daemon: Source) -> Result<(), DevError> {
    let state = default_state_dir().map_err(|_| DevError::NoHome)?;
    if options.report {
        let report = report::report(&state).map_err(DevError::Report)?;
        return io::stdout().write_all(report.as_bytes()).map_err(DevError::Report);
    }
    let workspace = workspace(options.workspace.as_deref())?;
    let log = Log::open(&state).map_err(|source| DevError::Folder { path: state, source })?;
    let kept = workspace.join(TARGET).join("ccdump");
    let binaries =
        Binaries::open(&kept).map_err(|source| DevError::Folder { path: kept.clone(), source })?;
    let (events, inbox) = sync_channel(MOST_EVENTS);
    watch::sources(&workspace, events.clone())?;
    let external = options.external();
    if let Some(binary) = &external {
        watch::binary(binary, events.clone())?;
    }
    signals(events.clone())?;
    let display = Display::new()?;
    terminal::listen(events.clone())?;
    let setting = Setting {
        arguments: options.viewer_arguments(daemon),
        environment: environment(&workspace),
    };
    let life = Life::new(Duration::from_millis(options.ready_within));
    let builder = external
        .map_or_else(|| Builder::Own(Tools::new(workspace, TARGET, &kept)), Builder::External);
    Host::new(builder, setting, display, binaries, log, life, options.name, events).run(&inbox)
}

/// When this program is called by cargo in place of the compiler: does that, and nothing else.
pub fn compile() -> Option<ExitCode> {
    compiler::stand_in()
}

/// The folder of the workspace that the viewer is part of.
fn workspace(named: Option<&Path>) -> Result<PathBuf, DevError> {
    let is_workspace =
        |folder: &Path| folder.join("Cargo.toml").is_file() && folder.join("viewer").is_dir();
    let here = match named {
        Some(folder) => vec![folder.to_owned()],
        None => env::current_dir()
            .map_err(|_| DevError::NoWorkspace)?
            .ancestors()
            .map(Path::to_owned)
            .collect(),
    };
    let found =
        here.into_iter().find(|folder| is_workspace(folder)).ok_or(DevError::NoWorkspace)?;
    // The watch names files by their real paths.
    found.canonicalize().map_err(|_| DevError::NoWorkspace)
}

/// What viewers need to know that run from a folder of the host's: the daemon beside the host is
/// the one to start, and files of errors are named from the workspace's folder.
fn environment(workspace: &Path) -> Vec<(OsString, OsString)> {
    let daemon = env::current_exe()
        .ok()
        .map(|own| own.with_file_name("ccdumpd"))
        .filter(|daemon| daemon.is_file());
    let daemon = daemon
        .filter(|_| env::var_os("CCDUMPD").is_none())
        .map(|daemon| ("CCDUMPD".into(), daemon.into()));
    daemon.into_iter().chain([(WORKSPACE.into(), workspace.into())]).collect()
}

fn signals(events: SyncSender<Event>) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM, SIGWINCH])?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in &mut signals {
            let signal = if signal == SIGWINCH { Signal::Resized } else { Signal::End };
            if events.send(Event::Signal(signal)).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}
