//! Without a subcommand: attaches to the daemon, on a terminal.

use std::{
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
    process::{self, Stdio},
};

use ccdump_client::{
    link::{Link, LinkError},
    options::{Command, Tail},
    output::is_dumb_terminal,
};
use ccdump_host::hosted::is_hosted;
use ccdump_state::Moment;

use crate::{Look, cli::Attach, daemon_binary, failure::Failure, screen};

/// `is_default`: nobody named a daemon, so that one may be started.
pub async fn run(
    socket: PathBuf,
    is_default: bool,
    options: Attach,
    look: Look,
) -> Result<(), Failure> {
    if !has_terminal() {
        return Err(Failure::NoTerminal);
    }
    if is_dumb_terminal() {
        return follow(socket, is_default, &options).await;
    }
    let link = match Link::connect(&socket).await {
        Err(LinkError::NoDaemon { .. }) if is_default => {
            start()?;
            Some(Link::connect(&socket).await?)
        }
        // A viewer that replaces another one waits for the daemon on the screen, as that one would
        // have.
        Err(_) if is_hosted() => None,
        connected => Some(connected?),
    };
    let moment = match (options.at, link.clone()) {
        (Some(at), Some(mut link)) => {
            // One that is not there is told before the terminal is taken.
            let (row, _) = link.exchange(at.exchange).await?;
            Some(Moment::new(at, options.is_looped, Some(row)))
        }
        (at, _) => at.map(|at| Moment::new(at, options.is_looped, None)),
    };
    let (name, theme) = (options.name, options.theme);
    screen::run(
        link,
        socket,
        screen::Options { name, moment, theme, ..screen::Options::default() },
        look,
    )
    .await
}

/// Where there are lines and no screen: what happens, as `tail` tells it.
async fn follow(socket: PathBuf, is_default: bool, options: &Attach) -> Result<(), Failure> {
    if options.at.is_some() {
        return Err(Failure::DumbTerminal);
    }
    if is_default && matches!(Link::connect(&socket).await, Err(LinkError::NoDaemon { .. })) {
        start()?;
    }
    let tail = Tail { json: false, from: None, until_idle: None, session: None };
    Ok(ccdump_client::run(Command::Tail(tail), socket).await?)
}

/// Shows the record of a daemon that runs.
pub async fn show(socket: &Path, look: Look) -> Result<(), Failure> {
    let link = Link::connect(socket).await?;
    screen::run(Some(link), socket.to_owned(), screen::Options::default(), look).await
}

/// Whether there is a screen to draw on, and keys to read.
pub fn has_screen() -> bool {
    has_terminal() && !is_dumb_terminal()
}

fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Starts a daemon in the background. Two viewers may do so at once: the daemon's lock on its
/// folder decides, and both attach to the one.
fn start() -> Result<(), Failure> {
    let program = daemon_binary::find()?;
    let failed = |reason: String| Failure::DaemonNotStarted { program: program.clone(), reason };
    let started = process::Command::new(&program)
        .arg("start")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if started.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&started.stderr);
    let reason = said.lines().next_back().unwrap_or("it gave no reason");
    Err(failed(ccdump_client::text::clean_line(reason.strip_prefix("ccdumpd: ").unwrap_or(reason))))
}
