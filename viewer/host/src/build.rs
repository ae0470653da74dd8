//! Builds the viewer: cargo, or the compiler alone, in a process group of its own, at low priority.

mod output;

use std::{
    env,
    io::{self, BufReader, Read},
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::SyncSender,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::{Event, lines, protocol::BuildError};
use output::Output;

/// What the machine is there for goes first: the agents, the daemon and this viewer.
const NICENESS: &str = "19";

/// Lines are passed over beyond this length, in bytes.
const LONGEST_LINE: u64 = 1024 * 1024;

/// A build that is on its way. Dropped, it is ended.
#[derive(Debug)]
pub(super) struct Build {
    pub(super) number: u64,
    process: Child,
}

/// How a build has ended.
#[derive(Debug)]
pub(super) enum Outcome {
    Made { executable: PathBuf, took: Duration },
    Failed { errors: Vec<BuildError>, took: Duration },
}

impl Build {
    /// Starts `command`, which says what it does as cargo or as the compiler does, in JSON.
    /// [`Event::Fails`] comes with the first error, which is well before [`Event::Built`], with
    /// which it ends.
    pub(super) fn start(
        number: u64,
        command: &Command,
        events: SyncSender<Event>,
    ) -> io::Result<Self> {
        let started = Instant::now();
        let mut process = niced(command)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let pipes =
            process.stdout.take().zip(process.stderr.take()).ok_or(io::ErrorKind::BrokenPipe);
        let pid = Pid::from_child(&process);
        let build = Self { number, process };
        let (stdout, stderr) = pipes?;
        let (first, second) = (events.clone(), events.clone());
        let stdout = read(stdout, move |error| {
            drop(first.send(Event::Fails(number, error, started.elapsed())))
        })?;
        let stderr = read(stderr, move |error| {
            drop(second.send(Event::Fails(number, error, started.elapsed())))
        })?;
        thread::Builder::new().name("build".to_owned()).spawn(move || {
            let output = stdout.join().unwrap_or_default().and(stderr.join().unwrap_or_default());
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
        let _ = kill_process_group(Pid::from_child(&self.process), Signal::KILL);
        let _ = self.process.wait();
    }
}

fn niced(command: &Command) -> Command {
    let mut niced = Command::new("nice");
    niced.args(["-n", NICENESS]);
    if has_idle_class() {
        niced.args(["chrt", "-i", "0"]);
    }
    niced.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => niced.env(name, value),
            None => niced.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        niced.current_dir(folder);
    }
    niced
}

/// Linux takes a core on which only such processes run for a free one: a byte that comes is not
/// kept waiting for the compiler's time slice.
fn has_idle_class() -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    cfg!(target_os = "linux")
        && env::split_paths(&folders).any(|folder| folder.join("chrt").is_file())
}

/// Reads all of it; `fails` is called with the first error that has a place.
fn read(
    pipe: impl Read + Send + 'static,
    fails: impl FnOnce(BuildError) + Send + 'static,
) -> io::Result<JoinHandle<Output>> {
    thread::Builder::new().name("build-output".to_owned()).spawn(move || {
        let mut output = Output::default();
        let mut fails = Some(fails);
        lines::each(BufReader::new(pipe), LONGEST_LINE, |line| {
            output.line(line);
            if let Some(error) = output.first_error()
                && let Some(fails) = fails.take()
            {
                fails(error.clone());
            }
            true
        });
        output
    })
}
