//! A daemon and viewers that find each other by themselves: no flag names a folder or a socket.

use std::{path::PathBuf, process::Command};

use serde_json::Value;

use crate::{
    home::Home,
    terminal::Terminal,
    view::{self, Outcome},
};

/// The default places, below a home. A daemon that was started there is stopped when this is
/// dropped.
#[derive(Debug)]
pub struct DefaultPlace<'a> {
    home: &'a Home,
    upstream: Option<String>,
}

impl<'a> DefaultPlace<'a> {
    pub(crate) fn new(home: &'a Home) -> Self {
        Self { home, upstream: None }
    }

    /// Where a daemon that is started sends all requests.
    pub fn upstream(mut self, url: &str) -> Self {
        self.upstream = Some(url.to_owned());
        self
    }

    /// `$XDG_DATA_HOME/ccdump`
    pub fn data_dir(&self) -> PathBuf {
        self.home.path().join("d/ccdump")
    }

    /// `$XDG_RUNTIME_DIR/ccdump/ccdumpd.sock`
    pub fn socket(&self) -> PathBuf {
        self.home.path().join("r/ccdump/ccdumpd.sock")
    }

    /// The viewer. It finds the built daemon by `$CCDUMPD`, which then listens on a port of the
    /// system's choice.
    pub fn ccdump_view(&self, arguments: &[&str]) -> Command {
        let mut command = self.placed(self.home.command(&self.home.programs().ccdump_view()));
        command.args(arguments);
        command
    }

    pub fn ccdumpd(&self, arguments: &[&str]) -> Command {
        let mut command = self.placed(self.home.ccdumpd());
        command.args(arguments);
        command
    }

    fn placed(&self, mut command: Command) -> Command {
        let below = |folder: &str| self.home.path().join(folder);
        command
            .env("XDG_DATA_HOME", below("d"))
            .env("XDG_CONFIG_HOME", below("c"))
            .env("XDG_STATE_HOME", below("t"))
            .env("XDG_RUNTIME_DIR", below("r"))
            .env("CCDUMPD", self.home.programs().ccdumpd())
            .env("CCDUMP_LISTEN", "127.0.0.1:0");
        if let Some(url) = &self.upstream {
            command.env("CCDUMP_UPSTREAM", url);
        }
        command
    }

    /// The viewer in a terminal of that size.
    pub fn terminal(&self, arguments: &[&str], rows: u16, cols: u16) -> Terminal {
        let log_file = view::log_file(&self.home.path().join("t"));
        view::in_terminal(self.ccdump_view(arguments), rows, cols).with_log_file(log_file)
    }

    /// What `ccdumpd status --json` tells; `None` when no daemon runs.
    pub fn status(&self) -> Option<Value> {
        let outcome = Outcome::of(&mut self.ccdumpd(&["status", "--json"]));
        match outcome.code {
            Some(3) => None,
            _ => outcome.expect_success().json_lines().pop(),
        }
    }
}

impl Drop for DefaultPlace<'_> {
    fn drop(&mut self) {
        // An error says that none runs.
        let _ = self.ccdumpd(&["stop"]).output();
    }
}
