//! Without a subcommand: attaches to the daemon, on a terminal.

use std::{
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use jiff::Timestamp;

use crate::{
    at::At,
    cli::Attach,
    daemon_binary,
    failure::Failure,
    link::{Link, LinkError},
    screen,
    state::Moment,
};

/// Under this name the view states of moments are kept.
const MOMENT: &str = "moment";

/// `is_default`: nobody named a daemon, so that one may be started.
pub(crate) async fn run(socket: PathBuf, is_default: bool, options: Attach) -> Result<(), Failure> {
    if !has_terminal() {
        return Err(Failure::NoTerminal);
    }
    let link = match Link::connect(&socket).await {
        Err(LinkError::NoDaemon { .. }) if is_default => {
            start()?;
            Link::connect(&socket).await?
        }
        connected => connected?,
    };
    let Attach { name, at, is_looped, .. } = options;
    let (name, moment) = match at {
        Some(at) => (Some(name_at_a_moment(name)), Some(moment(link.clone(), at, is_looped).await?)),
        None => (name, None),
    };
    screen::run(link, socket, screen::Options { name, moment }).await
}

async fn moment(mut link: Link, at: At, is_looped: bool) -> Result<Moment, Failure> {
    let (row, _) = link.exchange(at.exchange).await?;
    Ok(Moment::new(at, row, is_looped, Timestamp::now().as_microsecond()))
}

/// A look at the past leaves the place alone where one watches what goes on: it has a view state of its own.
fn name_at_a_moment(name: Option<String>) -> String {
    match name {
        None => MOMENT.to_owned(),
        // A viewer that is replaced is told the name that it had.
        Some(name) if name.ends_with(MOMENT) => name,
        Some(name) => format!("{name}-{MOMENT}"),
    }
}

/// Shows the record of a daemon that runs.
pub(crate) async fn show(socket: &Path) -> Result<(), Failure> {
    let link = Link::connect(socket).await?;
    screen::run(link, socket.to_owned(), screen::Options::default()).await
}

/// Whether there is a screen to draw on, and keys to read.
pub(crate) fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Starts a daemon in the background. Two viewers may do so at once: the daemon's lock on its folder decides, and both attach to the one.
fn start() -> Result<(), Failure> {
    let program = daemon_binary::find()?;
    let failed = |reason: String| Failure::DaemonNotStarted { program: program.clone(), reason };
    let started = Command::new(&program).arg("start").stdin(Stdio::null()).output().map_err(|error| failed(error.to_string()))?;
    if started.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&started.stderr);
    let reason = said.lines().next_back().unwrap_or("it gave no reason");
    Err(failed(crate::text::clean_line(reason.strip_prefix("ccdumpd: ").unwrap_or(reason))))
}
