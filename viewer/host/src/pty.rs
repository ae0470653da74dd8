//! The inner pseudo terminal: what a viewer takes for its terminal.

use std::{
    io,
    os::fd::OwnedFd,
    sync::{Arc, mpsc::SyncSender},
    thread,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{self, Mode, OFlags},
    io::{Errno, ioctl_fionbio},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize},
};

use super::Event;

#[derive(Debug)]
pub(super) struct Pty {
    /// The host's end. Non-blocking: a viewer that does not read must not stop the host.
    master: Arc<OwnedFd>,
    /// The viewer's end, kept open here so that what it has not read outlives it.
    slave: OwnedFd,
}

impl Pty {
    pub(super) fn open(size: Winsize) -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        ioctl_fionbio(&master, true)?;
        tcsetwinsize(&master, size)?;
        let slave = fs::open(
            ptsname(&master, Vec::new())?,
            OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        let pty = Self { master: Arc::new(master), slave };
        // What arrives before the viewer has set its terminal up is neither echoed nor taken for a
        // signal.
        pty.make_raw()?;
        Ok(pty)
    }

    fn make_raw(&self) -> io::Result<()> {
        let mut raw = tcgetattr(&self.slave)?;
        raw.make_raw();
        Ok(tcsetattr(&self.slave, OptionalActions::Now, &raw)?)
    }

    /// The viewer's end, for its stdin or stdout.
    pub(super) fn slave(&self) -> io::Result<OwnedFd> {
        self.slave.try_clone()
    }

    /// The viewer is told by a signal.
    pub(super) fn resize(&self, size: Winsize) -> io::Result<()> {
        Ok(tcsetwinsize(&*self.master, size)?)
    }

    /// Types as much of `bytes` as there is room for; says how much that was.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::io::write(&*self.master, bytes) {
                Ok(written) => return Ok(written),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(0),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// What was typed and never read by the viewer, which is gone.
    pub(super) fn unread(&self) -> Vec<u8> {
        let mut unread = Vec::new();
        let mut buffer = [0; 4096];
        // It may have left its terminal in line mode, in which a line without its end cannot be
        // read.
        if self.make_raw().is_err() {
            return unread;
        }
        while is_readable(&self.slave) {
            match rustix::io::read(&self.slave, &mut buffer) {
                Ok(read) if read > 0 => {
                    unread.extend_from_slice(buffer.get(..read).unwrap_or_default())
                }
                _ => break,
            }
        }
        unread
    }

    /// Sends what viewer `id` writes, until both ends of the viewer's side are closed. A full
    /// channel makes the viewer wait.
    pub(super) fn listen(&self, id: u64, events: SyncSender<Event>) -> io::Result<()> {
        let master = Arc::clone(&self.master);
        thread::Builder::new().name("pty".to_owned()).spawn(move || {
            let mut buffer = [0; 16 * 1024];
            loop {
                match rustix::io::read(&*master, &mut buffer) {
                    Ok(0) => return,
                    Ok(read) => {
                        let bytes = buffer.get(..read).unwrap_or_default().to_vec();
                        if events.send(Event::Wrote(id, bytes)).is_err() {
                            return;
                        }
                    }
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) if wait(&master) => {}
                    // The system's word for "nobody is at the other end any more".
                    Err(_) => return,
                }
            }
        })?;
        Ok(())
    }
}

fn wait(fd: &OwnedFd) -> bool {
    matches!(poll(&mut [PollFd::new(fd, PollFlags::IN)], None), Ok(_) | Err(Errno::INTR))
}

fn is_readable(fd: &OwnedFd) -> bool {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let mut fds = [PollFd::new(fd, PollFlags::IN)];
    matches!(poll(&mut fds, Some(&now)), Ok(1))
        && fds.iter().all(|fd| fd.revents().contains(PollFlags::IN))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(columns: u16) -> Winsize {
        Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
    }

    #[test]
    fn what_was_typed_and_not_read_is_had_back() {
        let pty = Pty::open(size(80)).expect("a pseudo terminal");
        let slave = pty.slave().expect("a clone");
        assert_eq!(pty.write(b"jjk\x03\r").expect("writable"), 5);
        let mut read = [0; 2];
        assert_eq!(rustix::io::read(&slave, &mut read).expect("readable"), 2);
        drop(slave);
        assert_eq!(pty.unread(), b"k\x03\r");
        assert_eq!(pty.unread(), b"");
    }

    #[test]
    fn a_viewer_that_does_not_read_stops_nobody() {
        let pty = Pty::open(size(80)).expect("a pseudo terminal");
        let mut written = 0;
        loop {
            match pty.write(&[b'x'; 4096]).expect("writable") {
                0 => break,
                more => written += more,
            }
            assert!(written < 1024 * 1024, "it never fills");
        }
    }

    #[test]
    fn the_viewer_sees_the_size_of_the_real_terminal() {
        let pty = Pty::open(size(80)).expect("a pseudo terminal");
        pty.resize(size(132)).expect("resized");
        assert_eq!(
            rustix::termios::tcgetwinsize(pty.slave().expect("a clone")).expect("a size").ws_col,
            132
        );
    }
}
