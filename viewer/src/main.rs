//! `ccdump-view`: attaches to a running daemon and shows what it has recorded. It owns nothing that could not be had again.

mod brief;
mod cli;
mod commands;
mod content;
mod conversation;
mod dev;
mod failure;
mod json;
mod link;
mod output;
mod since;
mod text;

use std::{path::PathBuf, process::ExitCode};

use ccdump_wire::config;
use clap::Parser as _;

use crate::{
    cli::{Cli, Command, Daemon},
    failure::Failure,
    link::target::{self, Source},
};

fn main() -> ExitCode {
    if let Some(code) = dev::compile() {
        return code;
    }
    // Signals keep their default effect: there is nothing to put in order before leaving.
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !matches!(failure, Failure::OutputClosed) {
                output::say(&failure.to_string());
            }
            failure.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let socket = socket(&cli.daemon)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    runtime.block_on(async {
        match cli.command {
            Command::Ls(options) => commands::ls::run(&socket, options).await,
            Command::Show(options) => commands::show::run(&socket, options).await,
            Command::Body(options) => commands::body::run(&socket, options).await,
            Command::Tail(options) => commands::tail::run(socket, options).await,
            // Threads of its own do the waiting; nothing else runs here.
            Command::Dev(options) => Ok(dev::run(options, cli.daemon.source())?),
        }
    })
}

fn socket(daemon: &Daemon) -> Result<PathBuf, Failure> {
    let file = Source::file(config::load()?);
    Ok(target::socket([daemon.source(), Source::environment(), file])?)
}
