//! The command line.

use std::path::PathBuf;

use ccdump_client::options::{self as asked, Daemon};
use ccdump_state::at::At;
use clap::{Args, Parser, Subcommand};

/// Shows what coding agents and model APIs say to each other, from the record that ccdumpd keeps.
#[derive(Debug, Parser)]
#[command(name = "ccdump-view", version, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    pub daemon: Daemon,
    #[command(flatten)]
    pub attach: Attach,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Without a command: attaches to the daemon, on a terminal.
#[derive(Debug, Args)]
pub struct Attach {
    /// View state to restore and keep [default: the lowest free of main, main-2, …]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Theme, built in or one of your own [env: CCDUMP_THEME]
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
    /// Opens the record as it was so long after an exchange began; without seconds, at its end
    #[arg(long, value_name = "ID[@SECONDS]")]
    pub at: Option<At>,
    /// Plays from there to the end of the exchange, again and again
    #[arg(long = "loop", requires = "at")]
    pub is_looped: bool,
    /// Shows a report again, without a daemon
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "at"])]
    pub replay_report: Option<PathBuf>,
    /// Only the report's last screen, as text on stdout
    #[arg(long, requires = "replay_report")]
    pub print: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    #[command(flatten)]
    Asked(asked::Command),
    /// Saves what a viewer shows, and how one came to it, in a file for a bug report
    Report(Report),
    /// Shows everything, with a private daemon and scripted agents: no key, no network, nothing
    /// left behind
    Demo(Demo),
    /// Runs the viewer and replaces it whenever its source changes
    Dev(ccdump_host::Options),
}

#[derive(Debug, Args)]
pub struct Report {
    /// Name of the viewer's view state, as it stands at the top of its screen [default: main]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The file to write; it must not exist [default: ccdump-report-DATE.json]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// Say only what was recorded, when it is over
    #[arg(long)]
    pub headless: bool,
    /// One line of JSON
    #[arg(long, requires = "headless")]
    pub json: bool,
    /// Leave the record where it is
    #[arg(long)]
    pub keep: bool,
    /// How long it takes, in percent of half a minute; 0 is at once [default: 100, or 0 with
    /// --headless]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(..=1000))]
    pub pace: Option<u32>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_body_has_exactly_one_side() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' '));
        assert!(parse("ccdump-view body 3").is_err());
        assert!(parse("ccdump-view body 3 --request --response").is_err());
        assert!(parse("ccdump-view body 3 --request --raw").is_ok());
        assert!(parse("ccdump-view ls --limit 0").is_err());
        assert!(parse("ccdump-view ls --json --socket /x").is_ok());
    }

    #[test]
    fn a_demo_on_screen_gives_no_json() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' '));
        assert!(parse("ccdump-view demo --json").is_err());
        assert!(parse("ccdump-view demo --headless --pace 1001").is_err());
        assert!(parse("ccdump-view demo --headless --json --keep --pace 0").is_ok());
    }
}
