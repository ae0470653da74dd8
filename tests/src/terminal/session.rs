//! A shell's job: the program runs in the foreground of a terminal session that outlives it.
//!
//! The kernel resets a terminal when the leader of its session ends, so a program that led the
//! session itself would always seem to have given the terminal back. Here a small shell leads it,
//! with job control, as at a person's prompt: the program can be suspended, too.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use super::tty::TtyModes;
use crate::random::Random;

/// `$0` is what a mark begins with (see [`super::recording`]), the rest the program and its
/// arguments.
const LEADER: &str = r#"
set -m
trap : INT QUIT TSTP
/bin/sh -c 'printf "%spid;%d\a" "$0" $$; exec "$@"' "$0" "$@"
status=$?
while :; do
  case $status in 147|148|149|150) ;; *) break;; esac
  printf '%ssuspended;%d\a' "$0" $status
  read -r line
  fg > /dev/null
  status=$?
done
printf '%sended;%d\a' "$0" $status
trap '' INT QUIT TSTP HUP
exec sleep 1000000
"#;

pub(super) struct Session {
    leader: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    input: Mutex<Box<dyn Write + Send>>,
    tty: PathBuf,
    before: TtyModes,
    token: String,
}

impl Session {
    /// Runs `command` in a new terminal; gives besides what is written to it.
    pub(super) fn start(command: &Command, rows: u16, cols: u16) -> (Self, Box<dyn Read + Send>) {
        let pair = native_pty_system().openpty(size(rows, cols)).expect("a pseudo terminal");
        let output = pair.master.try_clone_reader().expect("the terminal's output");
        let input = Mutex::new(pair.master.take_writer().expect("the terminal's input"));
        let tty = pair.master.tty_name().expect("the terminal has a name");
        let before = TtyModes::of(&tty);
        // What no program under test writes.
        let token = format!("\x1b]ccdump-tests-{:016x};", Random::unique().number());
        let started = pair.slave.spawn_command(leader(command, &token));
        let leader = started.unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        (Self { leader, master: pair.master, input, tty, before, token }, output)
    }

    /// What the leader's own messages begin with.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// The terminal's device, such as /dev/pts/3.
    pub(super) fn tty(&self) -> &Path {
        &self.tty
    }

    /// How the terminal was set before the program started.
    pub(super) fn before(&self) -> TtyModes {
        self.before
    }

    pub(super) fn input(&self) -> MutexGuard<'_, Box<dyn Write + Send>> {
        self.input.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn resize(&self, rows: u16, cols: u16) {
        self.master.resize(size(rows, cols)).expect("the terminal takes any size");
    }

    /// Kills the leader, whereupon the kernel hangs up on its jobs, and the program if it still
    /// runs.
    pub(super) fn end(&mut self, program: Option<u32>) {
        kill(self.leader.process_id());
        kill(program);
        // An error says that it has been waited for already.
        let _ = self.leader.wait();
    }
}

/// The environment is what `command` sets itself, `PATH`, and `SHELL`, which the crate adds.
fn leader(command: &Command, token: &str) -> CommandBuilder {
    let mut leader = CommandBuilder::new("/bin/sh");
    leader.env_clear();
    leader.args(["-c", LEADER, token]);
    leader.arg(command.get_program());
    leader.args(command.get_args());
    if let Some(path) = std::env::var_os("PATH") {
        leader.env("PATH", path);
    }
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            leader.env(name, value);
        }
    }
    if let Some(folder) = command.get_current_dir() {
        leader.cwd(folder);
    }
    leader
}

fn size(rows: u16, cols: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn kill(pid: Option<u32>) {
    if let Some(pid) = pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw) {
        // An error says that it has ended already.
        let _ = kill_process(pid, Signal::KILL);
    }
}
