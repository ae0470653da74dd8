//! What is on the real terminal: the output of one viewer, or a screen of the host's own.

use std::{
    io, mem,
    time::{Duration, Instant},
};

use rustix::termios::Winsize;

use super::{filter::Filter, screen, terminal::Terminal};

/// What a viewer may write before it is ready, in bytes. One that writes more is shown at once.
const MOST_EARLY: usize = 4 * 1024 * 1024;

/// When a viewer is ready, all that it has written before has arrived within this time, its modes
/// among it.
const SETTLED: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(super) struct Display {
    terminal: Terminal,
    size: Winsize,
    filter: Filter,
    shows: Shows,
    /// Written by a viewer that is not shown yet: nothing of it is seen if it fails before its
    /// first frame.
    early: Early,
    settle: Option<Instant>,
}

#[derive(Debug)]
enum Shows {
    Viewer(u64),
    Own(Own),
}

/// A screen of the host.
#[derive(Debug, Default)]
struct Own {
    title: String,
    lines: String,
    keys: &'static str,
}

#[derive(Debug, Default)]
struct Early {
    viewer: u64,
    bytes: Vec<u8>,
}

impl Display {
    /// Takes the terminal; it is given back when this is dropped.
    pub(super) fn new() -> io::Result<Self> {
        let terminal = Terminal::enter()?;
        let size = terminal.size()?;
        Ok(Self {
            terminal,
            size,
            filter: Filter::default(),
            shows: Shows::Own(Own::default()),
            early: Early::default(),
            settle: None,
        })
    }

    pub(super) fn size(&self) -> Winsize {
        self.size
    }

    /// The terminal has another size. A viewer is told by its own terminal, and draws itself.
    pub(super) fn resize(&mut self) -> io::Result<Winsize> {
        self.size = self.terminal.size()?;
        if let Shows::Own(own) = &self.shows {
            let screen = screen::draw(self.size, &own.title, &own.lines, own.keys);
            self.pass(&screen, Vec::new())?;
        }
        Ok(self.size)
    }

    /// Viewer `id` comes next. What is on the screen stays until it is shown.
    pub(super) fn expect(&mut self, id: u64) {
        self.early = Early { viewer: id, bytes: Vec::new() };
    }

    /// A viewer has written something.
    pub(super) fn write(&mut self, id: u64, bytes: &[u8], now: Instant) -> io::Result<()> {
        match self.shows {
            Shows::Viewer(shown) if shown == id => self.pass(bytes, Vec::new()),
            _ if self.early.viewer == id => {
                self.early.bytes.extend_from_slice(bytes);
                if self.early.bytes.len() > MOST_EARLY { self.show(id, now) } else { Ok(()) }
            }
            // The rest of one that was replaced.
            _ => Ok(()),
        }
    }

    /// From here on, viewer `id` is what is seen.
    pub(super) fn show(&mut self, id: u64, now: Instant) -> io::Result<()> {
        if matches!(self.shows, Shows::Viewer(shown) if shown == id) {
            return Ok(());
        }
        self.shows = Shows::Viewer(id);
        self.settle = now.checked_add(SETTLED);
        let mut out = Vec::new();
        self.filter.cut(&mut out);
        let early = mem::take(&mut self.early.bytes);
        self.pass(&early, out)
    }

    /// There is no viewer: `title`, `lines` and what `keys` do are seen instead.
    pub(super) fn draw(
        &mut self,
        title: String,
        lines: String,
        keys: &'static str,
    ) -> io::Result<()> {
        let mut out = Vec::new();
        self.filter.cut(&mut out);
        self.filter.settle(&mut out);
        self.terminal.write(&out)?;
        self.shows = Shows::Own(Own { title, lines, keys });
        self.early = Early::default();
        self.settle = None;
        self.resize().map(drop)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.settle
    }

    /// Some time after a swap, modes that only the old viewer had are put right.
    pub(super) fn tick(&mut self, now: Instant) -> io::Result<()> {
        if self.settle.is_some_and(|at| at <= now) {
            self.settle = None;
            let mut out = Vec::new();
            self.filter.settle(&mut out);
            self.terminal.write(&out)?;
        }
        Ok(())
    }

    fn pass(&mut self, bytes: &[u8], mut out: Vec<u8>) -> io::Result<()> {
        self.filter.pass(bytes, &mut out);
        self.terminal.write(&out)
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let mut out = Vec::new();
        self.filter.cut(&mut out);
        self.filter.settle(&mut out);
        // A terminal that is gone needs nothing.
        let _ = self.terminal.write(&out);
    }
}
