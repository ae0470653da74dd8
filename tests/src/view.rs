//! The commands of `ccdump-view`.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{home::Home, process::Process, terminal::Terminal, wait};

/// A command that has ended.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Outcome {
    /// # Panics
    /// When it cannot be run.
    pub fn of(command: &mut Command) -> Self {
        let output = command
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        Self {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// # Panics
    /// When it failed.
    pub fn expect_success(self) -> Self {
        assert_eq!(self.code, Some(0), "the command failed: {}", self.stderr);
        self
    }

    /// # Panics
    /// When a line is no JSON.
    pub fn json_lines(&self) -> Vec<Value> {
        json_lines(&self.text())
    }
}

/// # Panics
/// When a line is no JSON.
pub fn json_lines(text: &str) -> Vec<Value> {
    let parse = |line: &str| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON ({error}): {line}"))
    };
    text.lines().map(parse).collect()
}

/// The viewer of one home.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    home: &'a Home,
}

impl<'a> View<'a> {
    pub(crate) fn new(home: &'a Home) -> Self {
        Self { home }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(&self.home.programs().ccdump_view());
        command.arg("--socket").arg(self.home.socket()).args(arguments);
        command
    }

    /// The viewer attached in a terminal of that size.
    pub fn terminal(&self, rows: u16, cols: u16) -> Terminal {
        self.terminal_with(&[], rows, cols)
    }

    /// As [`Self::terminal`], with more arguments.
    pub fn terminal_with(&self, arguments: &[&str], rows: u16, cols: u16) -> Terminal {
        in_terminal(self.command(arguments), rows, cols).with_log_file(log_file(&self.state_dir()))
    }

    /// The user's folder for state.
    pub fn state_dir(&self) -> PathBuf {
        self.home.path().join(".local/state")
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(&mut self.command(arguments))
    }

    /// `ls --json`, with more arguments.
    pub fn ls(&self, arguments: &[&str]) -> Vec<Value> {
        self.run(&[&["ls", "--json"], arguments].concat()).expect_success().json_lines()
    }

    /// All exchanges, once there are `count` of them and all have ended and been derived.
    pub async fn ended_exchanges(&self, count: usize) -> Vec<Value> {
        wait::until(&format!("{count} exchanges have ended"), async || {
            let rows = self.ls(&[]);
            let ended = rows.iter().filter(|row| !row["end_state"].is_null()).count();
            if rows.len() == count && ended == count { Ok(rows) } else { Err(format!("{rows:#?}")) }
        })
        .await
    }

    /// `show --json`.
    pub fn show(&self, id: u64) -> Value {
        let outcome = self.run(&["show", &id.to_string(), "--json"]).expect_success();
        serde_json::from_slice(&outcome.stdout)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}", outcome.text()))
    }

    /// `body`, with `--request` or `--response` and perhaps `--raw`.
    pub fn body(&self, id: u64, arguments: &[&str]) -> Vec<u8> {
        self.run(&[&["body", &id.to_string()], arguments].concat()).expect_success().stdout
    }

    /// `tail --json` as a child that runs until it is killed.
    pub fn tail(&self, arguments: &[&str]) -> Process {
        Process::spawn(self.command(&[&["tail", "--json"], arguments].concat()))
    }
}

/// The viewer's log, below the user's folder for state.
pub(crate) fn log_file(state: &Path) -> PathBuf {
    state.join("ccdump/view.log")
}

/// Runs a command of the viewer in a terminal with colours.
pub(crate) fn in_terminal(mut command: Command, rows: u16, cols: u16) -> Terminal {
    command.env_remove("NO_COLOR").envs([
        ("TERM", "xterm-256color"),
        ("COLORTERM", "truecolor"),
        ("LANG", "C.UTF-8"),
        ("TZ", "UTC"),
    ]);
    Terminal::spawn(&command, rows, cols)
}

/// The `id` of a row of `ls --json`.
///
/// # Panics
/// When it has none.
pub fn id(row: &Value) -> u64 {
    row["id"].as_u64().unwrap_or_else(|| panic!("no id: {row}"))
}
