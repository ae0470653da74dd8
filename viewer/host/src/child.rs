//! A viewer as a child: a process on an inner pseudo terminal, with a socket to the host as its
//! stderr.

use std::{
    collections::VecDeque,
    ffi::OsString,
    io::{self, BufReader, Write as _},
    os::{
        fd::OwnedFd,
        unix::{net::UnixStream, process::CommandExt as _},
    },
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{SyncSender, channel},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid},
    termios::Winsize,
};

use super::{
    Event,
    life::End,
    lines,
    protocol::{self, HOSTED, LONGEST_LINE, Leaving, ToViewer},
    pty::Pty,
};

/// So many of its last lines are kept as the reason why a viewer died.
const MOST_WORDS: usize = 40;

/// What is kept of one of them, in characters.
const LONGEST_WORDS: usize = 400;

/// A viewer that does not take a message for so long gets no more of them: the host must not wait
/// for it.
const PATIENCE: Duration = Duration::from_millis(100);

/// What a viewer still says when its process is gone is waited for so long; somebody else may have
/// inherited its socket.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// What every viewer of a host is started with.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) arguments: Vec<OsString>,
    pub(super) environment: Vec<(OsString, OsString)>,
}

#[derive(Debug)]
pub(super) struct Viewer {
    /// Counts the viewers of a host.
    pub(super) id: u64,
    /// When it was started, or, if that was later, when it became the current one.
    pub(super) started: Instant,
    pub(super) pty: Pty,
    process: Child,
    socket: UnixStream,
    deaf: bool,
    leaving: Option<Leaving>,
    words: VecDeque<String>,
}

impl Viewer {
    /// Starts `binary`. Its events carry `id`.
    pub(super) fn start(
        id: u64,
        binary: &Path,
        setting: &Setting,
        size: Winsize,
        events: &SyncSender<Event>,
    ) -> io::Result<Self> {
        let pty = Pty::open(size)?;
        let (socket, theirs) = UnixStream::pair()?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let process = Command::new(binary)
            .arg0("ccdump-view")
            .args(&setting.arguments)
            .envs(setting.environment.iter().map(|(name, value)| (name, value)))
            .env(HOSTED, "1")
            .stdin(Stdio::from(pty.slave()?))
            .stdout(Stdio::from(pty.slave()?))
            .stderr(Stdio::from(OwnedFd::from(theirs)))
            .spawn()?;
        let viewer = Self {
            id,
            started: Instant::now(),
            pty,
            process,
            socket,
            deaf: false,
            leaving: None,
            words: VecDeque::new(),
        };
        viewer.listen(events)?;
        Ok(viewer)
    }

    fn listen(&self, events: &SyncSender<Event>) -> io::Result<()> {
        let (id, pid) = (self.id, Pid::from_child(&self.process));
        self.pty.listen(id, events.clone())?;
        let socket = BufReader::new(self.socket.try_clone()?);
        let (done, all_said) = channel::<()>();
        let heard = events.clone();
        thread::Builder::new().name("viewer".to_owned()).spawn(move || {
            lines::each(socket, LONGEST_LINE, |line| {
                heard.send(Event::Heard(id, protocol::read(line))).is_ok()
            });
            drop(done);
        })?;
        let events = events.clone();
        thread::Builder::new().name("viewer-end".to_owned()).spawn(move || {
            // It is left for the host to reap: until then its number is nobody else's.
            let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
            let _ = all_said.recv_timeout(LAST_WORDS);
            let _ = events.send(Event::Ended(id));
        })?;
        Ok(())
    }

    /// Says something, unless it does not listen.
    pub(super) fn tell(&mut self, message: &ToViewer) {
        // A line that was written in part makes all that follows unreadable.
        self.deaf |= !self.deaf && self.socket.write_all(&protocol::line(message)).is_err();
    }

    /// Its last message.
    pub(super) fn says_it_leaves(&mut self, why: Leaving) {
        self.leaving = Some(why);
    }

    /// What it says on the socket that is not a message: its last words, if it dies.
    pub(super) fn says(&mut self, words: &str) {
        for line in words.lines().filter(|line| !line.trim().is_empty()) {
            if self.words.len() >= MOST_WORDS {
                self.words.pop_front();
            }
            self.words.push_back(line.chars().take(LONGEST_WORDS).collect());
        }
    }

    /// Ends it, and what it has started in its session, at once.
    pub(super) fn kill(&self) {
        let pid = Pid::from_child(&self.process);
        // Until it has a session of its own, there is no such group.
        let _ = kill_process_group(pid, Signal::KILL);
        let _ = kill_process(pid, Signal::KILL);
    }

    /// How it has ended. Waits for it, so only after it has been killed or [`Event::Ended`] came.
    pub(super) fn reap(&mut self) -> End {
        let status = self.process.wait();
        match (&status, self.leaving) {
            (Ok(status), Some(Leaving::HandOver)) if status.success() => End::HandedOver,
            // Another word than a hand-over, of a newer viewer: it wanted to leave.
            (Ok(status), Some(_)) if status.success() => End::Quit,
            _ => End::Died(self.reason(status)),
        }
    }

    fn reason(&self, status: io::Result<ExitStatus>) -> String {
        let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        let words = self.words.iter().map(String::as_str);
        std::iter::once(how.as_str()).chain(words).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Viewer {
    /// None outlives its host.
    fn drop(&mut self) {
        if !matches!(self.process.try_wait(), Ok(Some(_))) {
            self.kill();
            let _ = self.process.wait();
        }
    }
}
