//! All around the viewer's state that is input and output: the command line, the terminal, the
//! connection, the one loop. How things look is handed in ([`Look`]).

mod cli;
mod commands;
mod daemon_binary;
mod demo;
mod failure;
pub mod picture;
pub mod report;
mod screen;

use std::{path::PathBuf, process::ExitCode};

use ccdump_client::{
    link::target::{self, Source},
    options::Daemon,
    output,
};
use ccdump_model::theme::Theme;
use ccdump_state::{MakeLines, MakeRows, State};
use clap::Parser as _;
use ratatui::Frame;

use crate::{
    cli::{Cli, Command},
    failure::Failure,
    report::Stage,
};

/// Draws the whole screen.
pub type Draw = fn(&mut Frame<'_>, &State, &Theme);

/// How things look. It stands above this crate, so that a change of it builds little.
#[derive(Clone, Copy)]
pub struct Look {
    /// An item as lines.
    pub lines: MakeLines,
    /// A sheet as rows.
    pub rows: MakeRows,
    pub draw: Draw,
    /// The screen of a report that is shown again.
    pub draw_replay: fn(&mut Frame<'_>, &Stage),
}

/// Does what the command line says.
pub fn main(look: Look) -> ExitCode {
    if let Some(code) = ccdump_host::compile() {
        return code;
    }
    // Signals keep their default effect but on the screen and in what follows the log: elsewhere
    // there is nothing to put in order before leaving.
    match run(Cli::parse(), look) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !matches!(
                failure,
                Failure::Asked(
                    ccdump_client::Failure::OutputClosed | ccdump_client::Failure::Interrupted
                )
            ) {
                output::say(&failure.to_string());
            }
            failure.exit_code()
        }
    }
}

fn run(cli: Cli, look: Look) -> Result<(), Failure> {
    let socket = || socket(&cli.daemon);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::Runtime)?;
    runtime.block_on(async {
        if let Some(path) = cli.attach.replay_report {
            return commands::report::replay(path, cli.attach.print, look).await;
        }
        let Some(command) = cli.command else {
            // Who named a socket wants that daemon and no other.
            let is_default = !cli.daemon.is_named() && Source::environment().socket.is_none();
            return commands::attach::run(socket()?, is_default, cli.attach, look).await;
        };
        match command {
            Command::Asked(command) => Ok(ccdump_client::run(command, socket()?).await?),
            Command::Report(options) => commands::report::run(&socket()?, options, look).await,
            // Threads of its own do the waiting; nothing else runs here.
            Command::Dev(options) => Ok(ccdump_host::run(options, cli.daemon.source())?),
            Command::Demo(options) => commands::demo::run(options, look).await,
        }
    })
}

fn socket(daemon: &Daemon) -> Result<PathBuf, Failure> {
    let file = Source::file(ccdump_wire::config::load()?);
    Ok(target::socket([daemon.source(), Source::environment(), file])?)
}
