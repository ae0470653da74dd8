//! The viewer's side of the host: how a viewer that was started by one finds it and talks to it.
//!
//! Until it has said that it is ready, a viewer gets no input. So it must not ask its terminal
//! anything before, which would answer by input: not for the keyboard protocol, not for colours,
//! and not for the cursor, as ratatui's `Terminal::clear` does.

use std::{
    io::{self, BufReader, Write as _},
    os::{fd::AsFd, unix::net::UnixStream},
    panic,
    sync::OnceLock,
    thread,
};

use rustix::{
    fs::{FileType, fstat},
    io::{Errno, fcntl_dupfd_cloexec},
    process::{ioctl_tiocsctty, setsid},
    stdio::dup2_stderr,
};

use super::{
    lines,
    protocol::{self, FromViewer, HOSTED, Heard, LONGEST_LINE, ToViewer, VERSION},
};

/// Whether a host has started this process. What a hosted viewer has started, a shell perhaps,
/// knows the variable, too, but has another stderr.
pub fn is_hosted() -> bool {
    // Looked at once: [`Host::find`] gives this process another stderr, too.
    static IS_HOSTED: OnceLock<bool> = OnceLock::new();
    *IS_HOSTED.get_or_init(|| {
        let is_socket = fstat(io::stderr())
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Socket);
        is_socket && std::env::var_os(HOSTED).is_some_and(|value| value == "1")
    })
}

/// The connection to the host.
#[derive(Debug)]
pub struct Host {
    socket: UnixStream,
}

impl Host {
    /// Called once, before anything is written to stderr or drawn: takes the socket that stands in
    /// for stderr, lets stderr go to `log` from here on, makes the inner terminal this process's
    /// own, so that it hears of a new size and of the host's end, and says hello. `None` without a
    /// host.
    pub fn find(log: impl AsFd, build: &str) -> io::Result<Option<Self>> {
        if !is_hosted() {
            return Ok(None);
        }
        // Not for what this viewer starts: an agent, a daemon, an editor.
        let socket = UnixStream::from(fcntl_dupfd_cloexec(io::stderr(), 3)?);
        dup2_stderr(log)?;
        own_the_terminal()?;
        let host = Self { socket };
        host.tell(&FromViewer::Hello { version: VERSION, build: build.to_owned() });
        Ok(Some(host))
    }

    /// Says something. A host that is gone is heard of by [`Self::listen`].
    pub fn tell(&self, message: &FromViewer) {
        let _ = (&self.socket).write_all(&protocol::line(message));
    }

    /// Calls `hear` with what the host says, on a thread of its own, and with `None` when the host
    /// is gone: then it is time to leave.
    pub fn listen(
        &self,
        mut hear: impl FnMut(Option<ToViewer>) + Send + 'static,
    ) -> io::Result<()> {
        let socket = BufReader::new(self.socket.try_clone()?);
        thread::Builder::new().name("host".to_owned()).spawn(move || {
            lines::each(socket, LONGEST_LINE, |line| {
                if let Heard::Message(message) = protocol::read(line) {
                    hear(Some(message));
                }
                true
            });
            hear(None);
        })?;
        Ok(())
    }

    /// From here on a panic is told to the host, before it goes where it went before.
    pub fn report_panics(&self) -> io::Result<()> {
        let host = Self { socket: self.socket.try_clone()? };
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            host.tell(&FromViewer::Failed { message: panic.to_string() });
            print(panic);
        }));
        Ok(())
    }
}

fn own_the_terminal() -> io::Result<()> {
    match setsid() {
        // It leads a group already, and so has what it needs.
        Ok(_) | Err(Errno::PERM) => {}
        Err(error) => return Err(error.into()),
    }
    match ioctl_tiocsctty(io::stdin()) {
        Ok(()) | Err(Errno::PERM) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
