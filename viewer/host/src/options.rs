//! The command line of `ccdump-view dev`.

use std::{ffi::OsString, path::PathBuf};

use ccdump_client::link::target::Source;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub struct Options {
    /// Folder of the ccdump workspace [default: the one around the current folder]
    #[arg(long, value_name = "DIR")]
    pub(super) workspace: Option<PathBuf>,
    /// Who builds: the host, or another program that replaces --binary, such as cargo watch
    #[arg(long, value_enum, default_value_t)]
    builder: Builder,
    /// The viewer that the other builder makes
    #[arg(long, value_name = "PATH", required_if_eq("builder", "external"))]
    binary: Option<PathBuf>,
    /// A new viewer that draws nothing for so long hangs, and the last good one comes back
    #[arg(long, value_name = "MS", default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..=600_000))]
    pub(super) ready_within: u64,
    /// Name of the view state to begin with
    #[arg(long)]
    pub(super) name: Option<String>,
    /// Keeps this moment of the record on the screen: so long after an exchange began, or without
    /// seconds its end
    #[arg(long, value_name = "ID[@SECONDS]")]
    pin: Option<String>,
    /// Plays from there to the end of the exchange, again and again
    #[arg(long = "loop", requires = "pin")]
    is_looped: bool,
    /// Shows how fast the swaps of the last session were
    #[arg(long)]
    pub(super) report: bool,
    /// What to start viewers with
    #[arg(last = true, value_name = "VIEWER ARGUMENTS")]
    arguments: Vec<OsString>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Builder {
    #[default]
    Own,
    External,
}

impl Options {
    /// The binary that another builder makes.
    pub(super) fn external(&self) -> Option<PathBuf> {
        self.binary.clone().filter(|_| self.builder == Builder::External)
    }

    /// What viewers are started with, so that they look for the daemon where `daemon` says.
    pub(super) fn viewer_arguments(&self, daemon: Source) -> Vec<OsString> {
        let flag = |name: &str, value: Option<PathBuf>| {
            value.map(|value| [name.into(), value.into()]).into_iter().flatten()
        };
        let flags = flag("--socket", daemon.socket).chain(flag("--data-dir", daemon.data_dir));
        let pin = self.pin.iter().flat_map(|pin| ["--at".into(), pin.into()]);
        let is_looped = self.is_looped.then(|| "--loop".into());
        flags.chain(pin).chain(is_looped).chain(self.arguments.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn viewer(line: &str) -> Vec<OsString> {
        let daemon = Source { socket: Some("/s".into()), data_dir: None };
        Line::try_parse_from(line.split(' '))
            .map_or_else(|error| panic!("{error}"), |line| line.options)
            .viewer_arguments(daemon)
    }

    #[test]
    fn viewers_are_told_the_daemon_and_the_pinned_moment() {
        assert_eq!(viewer("dev"), ["--socket", "/s"]);
        assert_eq!(
            viewer("dev --pin 12@3.5 --loop -- --theme paper"),
            ["--socket", "/s", "--at", "12@3.5", "--loop", "--theme", "paper"]
        );
        assert!(Line::try_parse_from(["dev", "--loop"]).is_err(), "there is nothing to play");
    }
}
