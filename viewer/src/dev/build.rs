//! Builds the viewer: cargo in a process group of its own, at low priority, in a target folder that it shares with nobody.

mod output;

use std::{
    io::{self, BufReader},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::SyncSender,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::{Event, lines, protocol::BuildError};
use output::Output;

/// Below the workspace's folder.
pub(super) const TARGET: &str = "target/hot";

/// The profile in the workspace's Cargo.toml that is made for it.
const PROFILE: &str = "hot";

/// What the machine is there for goes first: the agents, the daemon and this viewer.
const NICENESS: &str = "5";

/// Cargo's lines are passed over beyond this length, in bytes.
const LONGEST_LINE: u64 = 1024 * 1024;

/// A build that is on its way, until it is reaped or dropped.
#[derive(Debug)]
pub(super) struct Build {
    pub(super) number: u64,
    cargo: Child,
}

/// How a build has ended.
#[derive(Debug)]
pub(super) enum Outcome {
    Made { executable: PathBuf, took: Duration },
    Failed { errors: Vec<BuildError>, took: Duration },
}

impl Build {
    /// Starts cargo; [`Event::Built`] with `number` says how it went.
    pub(super) fn start(number: u64, workspace: &Path, events: SyncSender<Event>) -> io::Result<Self> {
        let mut cargo = Command::new("nice")
            .args(["-n", NICENESS])
            .arg(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--package", "ccdump-view", "--bin", "ccdump-view", "--profile", PROFILE])
            .args(["--target-dir", TARGET, "--message-format", "json"])
            .current_dir(workspace)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let started = Instant::now();
        let pipes = cargo.stdout.take().zip(cargo.stderr.take()).ok_or(io::ErrorKind::BrokenPipe);
        let pid = Pid::from_child(&cargo);
        let build = Self { number, cargo };
        let (stdout, stderr) = pipes?;
        let said = thread::Builder::new().name("cargo-stderr".to_owned()).spawn(move || {
            let mut said = Output::default();
            lines::each(BufReader::new(stderr), LONGEST_LINE, |line| {
                said.words(line);
                true
            });
            said
        })?;
        thread::Builder::new().name("cargo".to_owned()).spawn(move || {
            let mut output = Output::default();
            lines::each(BufReader::new(stdout), LONGEST_LINE, |line| {
                output.message(line);
                true
            });
            let output = output.with_words_of(said.join().unwrap_or_default());
            // It is left for the host to reap: until then its number is nobody else's.
            let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
            let _ = events.send(Event::Built(number, output.outcome(started.elapsed())));
        })?;
        Ok(build)
    }
}

impl Drop for Build {
    /// Ends cargo, and the compilers and the linker that it has started, if they are not done.
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.cargo), Signal::KILL);
        let _ = self.cargo.wait();
    }
}
