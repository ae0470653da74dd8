//! `ccdumpd`: proxies agents' API traffic byte for byte, records it, and serves the record to
//! viewers.
//!
//! `proxy → capture → store ← rpc`, with `derive` beside the store; [`serve`] puts them together.
//! [`demo`] stands apart: it plays the API and the agents at the proxy's two ends.

mod capture;
mod cli;
mod demo;
mod derive;
mod lock;
mod logging;
mod private;
mod proxy;
mod rpc;
mod serve;
mod service;
mod settings;
mod stdin;
mod steady;
mod stop;
mod store;
mod upkeep;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};

/// Gives memory back to the system some seconds after it was needed, by a thread of its own. SQLite
/// and zstd, which ask for theirs with `malloc`, get it from here, too, where the platform lets
/// that be (Linux does).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Kept in the log of a start, too.
            eprintln!(
                "ccdumpd: {}",
                ccdump_secrets::text(&failure.message, &ccdump_secrets::plain)
            );
            ExitCode::from(failure.code)
        }
    }
}

/// What goes to stderr, in one line, and the exit code: 1 failed, 2 usage, 3 no daemon.
pub struct Failure {
    pub message: String,
    pub code: u8,
}

impl Failure {
    pub fn usage(message: impl ToString) -> Self {
        Self { message: message.to_string(), code: 2 }
    }

    pub fn no_daemon(message: impl ToString) -> Self {
        Self { message: message.to_string(), code: 3 }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { message: error.to_string().replace('\n', " "), code: 1 }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        None => serve::run(&cli.serve.resolve()?, None),
        Some(Command::Serve { options, until_stdin_closes }) => {
            let leash = until_stdin_closes.then(stdin::Lines::read).transpose()?;
            serve::run(&options.resolve()?, leash)
        }
        Some(Command::Start(options)) => service::start(&options.resolve()?),
        Some(Command::Stop(place)) => service::stop(&place.resolve()?),
        Some(Command::Status { place, json }) => service::status(&place.resolve()?, json),
        Some(Command::Verify { place, json }) => upkeep::verify(&place.resolve()?, json),
        Some(Command::Reindex(place)) => upkeep::reindex(&place.resolve()?),
        Some(Command::Logs { place, lines }) => service::logs(&place.resolve()?, lines),
        Some(Command::DemoTraffic { pace }) => demo::run(demo::Pace::percent(pace)),
    }
}
