//! `ccdump-view`: attaches to a running daemon and shows what it has recorded. It owns nothing that could not be had again.

mod cli;
mod commands;
mod daemon_binary;
mod demo;
mod failure;
mod report;
mod screen;
mod view;

use std::{path::PathBuf, process::ExitCode};

use ccdump_client::{
    link::target::{self, Source},
    options::Daemon,
    output,
};
use clap::Parser as _;

use crate::{
    cli::{Cli, Command},
    failure::Failure,
};

fn main() -> ExitCode {
    if let Some(code) = ccdump_host::compile() {
        return code;
    }
    // Signals keep their default effect but on the screen: elsewhere there is nothing to put in order before leaving.
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !matches!(failure, Failure::Asked(ccdump_client::Failure::OutputClosed)) {
                output::say(&failure.to_string());
            }
            failure.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let socket = || socket(&cli.daemon);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    runtime.block_on(async {
        if let Some(path) = cli.attach.replay_report {
            return commands::report::replay(path, cli.attach.print).await;
        }
        let Some(command) = cli.command else {
            // Who named a socket wants that daemon and no other.
            let is_default = !cli.daemon.is_named() && Source::environment().socket.is_none();
            return commands::attach::run(socket()?, is_default, cli.attach).await;
        };
        match command {
            Command::Asked(command) => Ok(ccdump_client::run(command, socket()?).await?),
            Command::Report(options) => commands::report::run(&socket()?, options).await,
            // Threads of its own do the waiting; nothing else runs here.
            Command::Dev(options) => Ok(ccdump_host::run(options, cli.daemon.source())?),
            Command::Demo(options) => commands::demo::run(options).await,
        }
    })
}

fn socket(daemon: &Daemon) -> Result<PathBuf, Failure> {
    let file = Source::file(ccdump_wire::config::load()?);
    Ok(target::socket([daemon.source(), Source::environment(), file])?)
}
