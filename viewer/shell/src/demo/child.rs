//! A program that was started for the demo, and never outlives it.
//!
//! It is held by its standard input: both programs end when that does, also when the viewer is
//! killed and can do nothing any more.

use std::{
    fs::{self, OpenOptions},
    io::{BufRead as _, BufReader, Write as _},
    os::unix::{fs::OpenOptionsExt as _, process::CommandExt as _},
    path::PathBuf,
    process::{self, ChildStdin, Command, Stdio},
    thread,
    time::Duration,
};

use ccdump_client::text::clean_line;
use serde_json::Value;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use super::DemoError;

/// Longer than the daemon gives exchanges that are under way.
const SOFT_END: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);

/// Killed when dropped.
#[derive(Debug)]
pub(super) struct Child {
    /// For people.
    name: &'static str,
    process: process::Child,
    stdin: Option<ChildStdin>,
    /// What it writes on stdout. When four lines wait, it has to wait, too.
    lines: mpsc::Receiver<String>,
    /// What it wrote on stderr.
    log: PathBuf,
}

impl Child {
    pub(super) fn spawn(
        name: &'static str,
        mut command: Command,
        log: PathBuf,
    ) -> Result<Self, DemoError> {
        let program = PathBuf::from(command.get_program());
        let failed = |source| DemoError::Start { program: program.clone(), source };
        let stderr =
            OpenOptions::new().create(true).append(true).mode(0o600).open(&log).map_err(failed)?;
        // Of its own process group: Ctrl-C is for the viewer, which then ends the others in order.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr).process_group(0);
        let mut process = command.spawn().map_err(failed)?;
        let stdin = process.stdin.take();
        let (sender, lines) = mpsc::channel(4);
        let stdout = process.stdout.take();
        let mut child = Self { name, process, stdin, lines, log };
        let reading = thread::Builder::new().name(name.to_owned()).spawn(move || {
            let Some(stdout) = stdout else { return };
            for line in BufReader::new(stdout).lines() {
                let Ok(line) = line else { return };
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        if let Err(source) = reading {
            child.kill();
            return Err(failed(source));
        }
        Ok(child)
    }

    /// Waits for its next line, which must be JSON and tell of that event.
    pub(super) async fn event(&mut self, event: &str) -> Result<Value, DemoError> {
        let Some(line) = self.lines.recv().await else { return Err(self.why_it_ended()) };
        match serde_json::from_str::<Value>(&line) {
            Ok(value) if value["event"] == event => Ok(value),
            _ => Err(DemoError::Strange { name: self.name, line: clean_line(&line) }),
        }
    }

    /// Writes a line to its standard input.
    pub(super) fn tell(&mut self, line: &str) -> Result<(), DemoError> {
        let told = self.stdin.as_mut().map_or(Ok(()), |stdin| writeln!(stdin, "{line}"));
        told.map_err(|_| self.why_it_ended())
    }

    /// Lets it end by itself; kills it if that takes too long.
    pub(super) async fn end(mut self) {
        self.stdin = None;
        let deadline = Instant::now() + SOFT_END;
        while matches!(self.process.try_wait(), Ok(None)) && Instant::now() < deadline {
            sleep(POLL).await;
        }
    }

    fn why_it_ended(&self) -> DemoError {
        let said = fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default();
        // The line that is meant for people; below it there may be advice on usage.
        let error = said.lines().rev().find_map(|line| {
            line.strip_prefix("ccdumpd: ").or_else(|| line.strip_prefix("error: "))
        });
        let reason = error.or(said.lines().next_back()).unwrap_or("it gave no reason");
        DemoError::Ended { name: self.name, reason: clean_line(reason) }
    }

    fn kill(&mut self) {
        // An error says that it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}
