//! `ccdump-view`: attaches to a running daemon and shows what it has recorded. It owns nothing that could not be had again.

mod at;
mod blocks;
mod brief;
mod cli;
mod commands;
mod config;
mod content;
mod conversation;
mod daemon_binary;
mod demo;
mod dev;
mod failure;
mod json;
mod keymap;
mod lines;
mod link;
mod model;
mod output;
mod report;
mod screen;
mod since;
mod state;
mod text;
mod theme;
mod toml_file;
mod view;
mod words;

use std::{path::PathBuf, process::ExitCode};

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
    // Signals keep their default effect but on the screen: elsewhere there is nothing to put in order before leaving.
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
            Command::Ls(options) => commands::ls::run(&socket()?, options).await,
            Command::Show(options) => commands::show::run(&socket()?, options).await,
            Command::Body(options) => commands::body::run(&socket()?, options).await,
            Command::Tail(options) => commands::tail::run(socket()?, options).await,
            Command::Report(options) => commands::report::run(&socket()?, options).await,
            // Threads of its own do the waiting; nothing else runs here.
            Command::Dev(options) => Ok(dev::run(options, cli.daemon.source())?),
            Command::Demo(options) => commands::demo::run(options).await,
        }
    })
}

fn socket(daemon: &Daemon) -> Result<PathBuf, Failure> {
    let file = Source::file(ccdump_wire::config::load()?);
    Ok(target::socket([daemon.source(), Source::environment(), file])?)
}
