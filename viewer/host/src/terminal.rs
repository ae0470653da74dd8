//! The real terminal: raw and on the alternate screen from the host's start to its end, whatever
//! happens in between.

use std::{
    io::{self, IsTerminal as _},
    panic, process,
    sync::{Mutex, PoisonError, mpsc::SyncSender},
    thread,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    termios::{OptionalActions, Termios, Winsize, tcgetattr, tcgetwinsize, tcsetattr},
};

use super::Event;

/// How the terminal was found, until it is given back. Static, so that the panic hook can do it.
static FOUND: Mutex<Option<Termios>> = Mutex::new(None);

const ENTER: &[u8] = b"\x1b[?1049h\x1b[0m\x1b[2J\x1b[H";

/// Ends what may be open, and leaves the alternate screen with a visible cursor. Modes are put back
/// by who knows them.
const LEAVE: &[u8] = b"\x1b\\\x1b[?2026l\x1b[0m\x1b[r\x1b[?25h\x1b[?1049l";

/// Modes that a viewer may have set: for a panic, when nobody can say which.
const LIKELY_MODES: &[u8] = b"\x1b[?1000;1002;1003;1005;1006;1015;1004;2004l";

/// Gives the terminal back when dropped.
#[derive(Debug)]
pub(super) struct Terminal(());

impl Terminal {
    /// Takes the terminal. Errors when there is none.
    pub(super) fn enter() -> io::Result<Self> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "stdin and stdout must be a terminal",
            ));
        }
        let found = tcgetattr(io::stdin())?;
        let mut raw = found.clone();
        raw.make_raw();
        *FOUND.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        give_back_on_panic();
        let terminal = Self(());
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        terminal.write(ENTER)?;
        Ok(terminal)
    }

    pub(super) fn size(&self) -> io::Result<Winsize> {
        Ok(tcgetwinsize(io::stdout())?)
    }

    /// Writes all of `bytes`, at once: nothing is buffered here.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        write_all(bytes)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back(b"");
    }
}

/// The first call puts the terminal back as it was found; later ones do nothing.
fn give_back(modes: &[u8]) {
    if let Some(found) = FOUND.lock().unwrap_or_else(PoisonError::into_inner).take() {
        // A terminal that is gone needs nothing.
        let _ = write_all(modes);
        let _ = write_all(LEAVE);
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &found);
    }
}

/// A panic in any thread ends the host: first the terminal, so that the message can be read. The
/// viewer sees the host's end of their socket close, and ends as well.
fn give_back_on_panic() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        give_back(LIKELY_MODES);
        print(panic);
        process::exit(101);
    }));
}

fn write_all(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(io::stdout(), bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            // Whoever shares this terminal has made it non-blocking.
            Err(Errno::AGAIN) => wait_for(PollFlags::OUT)?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn wait_for(what: PollFlags) -> io::Result<()> {
    let (stdin, stdout) = (io::stdin(), io::stdout());
    let fd =
        if what == PollFlags::OUT { PollFd::new(&stdout, what) } else { PollFd::new(&stdin, what) };
    match poll(&mut [fd], None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Sends what is typed, until the terminal is gone. A full channel makes it wait, and the terminal
/// with it.
pub(super) fn listen(events: SyncSender<Event>) -> io::Result<()> {
    thread::Builder::new().name("terminal".to_owned()).spawn(move || {
        let mut buffer = [0; 4096];
        loop {
            match rustix::io::read(io::stdin(), &mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    let bytes = buffer.get(..read).unwrap_or_default().to_vec();
                    if events.send(Event::Typed(bytes)).is_err() {
                        return;
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if wait_for(PollFlags::IN).is_ok() => {}
                Err(_) => break,
            }
        }
        let _ = events.send(Event::TerminalGone);
    })?;
    Ok(())
}
