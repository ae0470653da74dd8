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
        let flag = |name: &str, value: Option<PathBuf>| value.map(|value| [name.into(), value.into()]).into_iter().flatten();
        let flags = flag("--socket", daemon.socket).chain(flag("--data-dir", daemon.data_dir));
        flags.chain(self.arguments.iter().cloned()).collect()
    }
}
