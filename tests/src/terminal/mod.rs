//! A program in a pseudo terminal, as a person would see and use it.
//!
//! What it writes is kept byte for byte with its time of arrival ([`Terminal::bytes`],
//! [`Terminal::frames`]), and drawn by a terminal emulator ([`Terminal::screen`]). Synchronized
//! output is honoured: between its brackets the screen is the one before.

mod escapes;
mod keys;
mod modes;
mod recording;
mod report;
mod screen;
mod session;
mod tty;

use std::{
    cell::Cell,
    io::{Read, Write as _},
    path::PathBuf,
    process::Command,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

pub use escapes::{Escape, classes, escapes};
pub use keys::Key;
pub use modes::Modes;
pub use recording::Frame;
pub use screen::{Color, Screen, Style};
pub use tty::TtyModes;

use crate::{process, wait::SOON};
use recording::Recording;
use session::Session;

/// A terminal and the program in its foreground. Both end when it is dropped; if that happens in a
/// panic, the last screen is printed.
pub struct Terminal {
    session: Session,
    shared: Arc<Shared>,
    log_file: Option<PathBuf>,
    told: Cell<bool>,
}

struct Shared {
    recording: Mutex<Recording>,
    /// Told after each piece of output, and at its end.
    news: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Recording> {
        self.recording.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Terminal {
    /// Runs a command in a terminal of that size. Its environment holds what `command` sets itself,
    /// `PATH` and `SHELL`.
    ///
    /// # Panics
    /// When the system has no pseudo terminals.
    pub fn spawn(command: &Command, rows: u16, cols: u16) -> Self {
        let (session, output) = Session::start(command, rows, cols);
        let recording = Mutex::new(Recording::new(rows, cols, session.token()));
        let shared = Arc::new(Shared { recording, news: Condvar::new() });
        thread::spawn({
            let shared = Arc::clone(&shared);
            // It ends with the session: the terminal is closed by then.
            move || read(output, &shared)
        });
        Self { session, shared, log_file: None, told: Cell::new(false) }
    }

    /// The end of this file is printed where a test fails.
    pub fn with_log_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.log_file = Some(path.into());
        self
    }

    // ----------------------------------------------------------------------------------------------------
    // seeing

    /// What is shown now.
    pub fn screen(&self) -> Screen {
        self.shared.lock().screen()
    }

    /// All output so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.shared.lock().bytes().to_vec()
    }

    /// All frames so far: what came between the brackets of synchronized output.
    pub fn frames(&self) -> Vec<Frame> {
        self.shared.lock().frames().to_vec()
    }

    /// What the program has switched on and off so far.
    pub fn modes(&self) -> Modes {
        Modes::of(self.shared.lock().bytes())
    }

    /// How the kernel treats the terminal's input and output now (`stty -a`).
    pub fn tty(&self) -> TtyModes {
        TtyModes::of(self.session.tty())
    }

    /// Whether lines are edited and echoed by the kernel, as in a shell.
    pub fn tty_is_cooked(&self) -> bool {
        self.tty().is_cooked()
    }

    /// Waits until the screen satisfies `condition`, and gives that screen.
    ///
    /// # Panics
    /// After [`SOON`], or when the program ends without; with the last screen and the end of the
    /// output.
    pub fn wait_until(&self, what: &str, condition: impl FnMut(&Screen) -> bool) -> Screen {
        self.wait_until_within(what, SOON, condition)
    }

    /// As [`Self::wait_until`], within `limit`.
    pub fn wait_until_within(
        &self,
        what: &str,
        limit: Duration,
        mut condition: impl FnMut(&Screen) -> bool,
    ) -> Screen {
        let found = self.watch(limit, |screen, _| condition(screen));
        found.unwrap_or_else(|| self.fail(&format!("waited {limit:?} in vain until {what}")))
    }

    /// Waits until `text` is on one row of the screen.
    pub fn wait_for_text(&self, text: &str) -> Screen {
        self.wait_until(&format!("{text:?} is shown"), |screen| screen.contains(text))
    }

    /// Shows `condition` the screen now and after each change, with the time of that change, until
    /// it is satisfied. `None` after `limit`, or when the program has ended.
    pub fn watch(
        &self,
        limit: Duration,
        mut condition: impl FnMut(&Screen, Instant) -> bool,
    ) -> Option<Screen> {
        let deadline = Instant::now() + limit;
        let mut seen = 0;
        loop {
            let news =
                |recording: &Recording| (recording.pieces() != seen).then(|| recording.moment());
            let moment = self.wait_by(deadline, news)?;
            seen = moment.pieces;
            // Not under the lock: the condition may ask the terminal.
            if condition(&moment.screen, moment.at) {
                return Some(moment.screen);
            }
        }
    }

    /// The first frame that was begun at that time or later.
    pub fn frame_since(&self, moment: Instant, limit: Duration) -> Option<Frame> {
        let mut passed = 0;
        self.wait(limit, |recording| {
            let frames = recording.frames();
            let found = frames[passed..].iter().position(|frame| frame.began >= moment);
            let frame = found.map(|at| frames[passed + at].clone());
            passed = frames.len();
            frame
        })
    }

    /// Waits until nothing has been written for that long.
    pub fn wait_until_quiet(&self, time: Duration) {
        let limit = Instant::now() + SOON;
        loop {
            let silence = self.shared.lock().changed_at().elapsed();
            if silence >= time {
                return;
            }
            if Instant::now() > limit {
                self.fail(&format!(
                    "waited {SOON:?} in vain until nothing was written for {time:?}"
                ));
            }
            thread::sleep(time - silence);
        }
    }

    // -----------------------------------------------------------------------------------------------------
    // doing

    /// Types text.
    pub fn keys(&self, text: &str) {
        self.session.input().write_all(text.as_bytes()).expect("the terminal takes input");
    }

    /// Presses a key, in the encoding that the program asked for.
    pub fn key(&self, key: Key) {
        let application = self.shared.lock().application_cursor();
        self.keys(&key.sequence(application));
    }

    /// Changes the size. The program is told by SIGWINCH.
    pub fn resize(&self, rows: u16, cols: u16) {
        // Under the lock: the emulator must not draw for the old size what the program writes for
        // the new one.
        let mut recording = self.shared.lock();
        recording.resize(rows, cols);
        self.session.resize(rows, cols);
    }

    /// The program's process id.
    ///
    /// # Panics
    /// When it has not started after [`SOON`].
    pub fn pid(&self) -> u32 {
        self.wait(SOON, Recording::pid).unwrap_or_else(|| self.fail("the program has not started"))
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        process::signal(self.pid(), signal);
    }

    /// Waits for the program's end and gives its exit code; 128 + N where signal N ended it. All
    /// that it wrote is on the screen by then.
    ///
    /// # Panics
    /// After [`SOON`].
    pub fn wait_exit(&self) -> i32 {
        let ended = self.wait(SOON, Recording::ended);
        ended.unwrap_or_else(|| self.fail(&format!("the program has not ended after {SOON:?}")))
    }

    /// Waits until the program has been suspended `times` times in all (by SIGTSTP, as Ctrl-Z does)
    /// and the shell has the terminal.
    ///
    /// # Panics
    /// After [`SOON`].
    pub fn wait_suspended(&self, times: usize) {
        let suspended = self.wait(SOON, |recording| (recording.suspended() >= times).then_some(()));
        suspended.unwrap_or_else(|| self.fail("the program is not suspended"));
    }

    /// Types `fg` into the shell that has the terminal while the program is suspended.
    pub fn resume(&self) {
        self.keys("fg\n");
    }

    /// Whether the program has left the terminal as it found it.
    ///
    /// # Panics
    /// When it has not, with what is left over.
    pub fn assert_terminal_given_back(&self) {
        let mut left_over = self.modes().left_over();
        left_over.extend(self.screen().pen_left_over());
        let (before, now) = (self.session.before(), self.tty());
        if now != before {
            left_over.push(format!("terminal settings are {now:?}, and were {before:?}"));
        }
        if !left_over.is_empty() {
            self.fail(&format!("the terminal is not given back: {}", left_over.join("; ")));
        }
    }

    // ----------------------------------------------------------------------------------------------------
    // inside

    fn wait<T>(&self, limit: Duration, question: impl FnMut(&Recording) -> Option<T>) -> Option<T> {
        self.wait_by(Instant::now() + limit, question)
    }

    /// Asks now and after each piece of output, and once more when the program has ended.
    fn wait_by<T>(
        &self,
        deadline: Instant,
        mut question: impl FnMut(&Recording) -> Option<T>,
    ) -> Option<T> {
        let mut recording = self.shared.lock();
        loop {
            let answer = question(&recording);
            let left = deadline.saturating_duration_since(Instant::now());
            if answer.is_some() || recording.ended().is_some() || left.is_zero() {
                return answer;
            }
            recording = self
                .shared
                .news
                .wait_timeout(recording, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// # Panics
    /// Always, with all that is known.
    fn fail(&self, what: &str) -> ! {
        self.told.set(true);
        let report = self.report();
        panic!("{what}\n{report}");
    }

    fn report(&self) -> String {
        report::of(&self.shared.lock(), self.log_file.as_deref())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if thread::panicking() && !self.told.get() {
            eprintln!("{}", self.report());
        }
        let pid = self.shared.lock().running();
        self.session.end(pid);
    }
}

fn read(mut output: Box<dyn Read + Send>, shared: &Shared) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = output.read(&mut buffer) {
        let arrived = Instant::now();
        shared.lock().take(&buffer[..length], arrived);
        shared.news.notify_all();
    }
}
