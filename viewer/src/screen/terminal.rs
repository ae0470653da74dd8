//! The terminal, taken over and given back whole, whatever happens.

use std::{
    io::{self, BufWriter, Stdout, Write},
    sync::atomic::{AtomicBool, Ordering},
};

use crossterm::{
    cursor, event, execute, queue,
    terminal::{
        BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
        enable_raw_mode,
    },
};
use ratatui::{Frame, Terminal, backend::CrosstermBackend};

use super::log;
use crate::failure::Failure;

/// The terminal is ours and has to be given back.
static TAKEN: AtomicBool = AtomicBool::new(false);

pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl Screen {
    /// Takes the terminal over. It is given back when this is dropped, and by a panic.
    pub(crate) fn take() -> Result<Self, Failure> {
        enable_raw_mode().map_err(Failure::Terminal)?;
        TAKEN.store(true, Ordering::Release);
        give_back_on_panic();
        let mut out = BufWriter::with_capacity(64 * 1024, io::stdout());
        let taken = execute!(out, EnterAlternateScreen, event::EnableBracketedPaste, cursor::Hide)
            .and_then(|()| Terminal::new(CrosstermBackend::new(out)));
        match taken {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                give_back();
                Err(Failure::Terminal(error))
            }
        }
    }

    pub(crate) fn size(&self) -> Result<(u16, u16), Failure> {
        let size = self.terminal.size().map_err(Failure::Terminal)?;
        Ok((size.width, size.height))
    }

    /// Draws a frame; the terminal shows it as a whole.
    pub(crate) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> Result<(), Failure> {
        let drawn = (|| {
            queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
            self.terminal.draw(draw)?;
            queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
            Write::flush(self.terminal.backend_mut())
        })();
        drawn.map_err(Failure::Terminal)
    }

    /// Something else may have written to the terminal: every cell is drawn with the next frame.
    pub(crate) fn redraw(&mut self) -> Result<(), Failure> {
        enable_raw_mode().and_then(|()| self.terminal.clear()).map_err(Failure::Terminal)
    }

    /// Writes something that is not shown, such as what goes to the clipboard.
    pub(crate) fn pass(&mut self, sequence: &str) -> Result<(), Failure> {
        let out = self.terminal.backend_mut();
        out.write_all(sequence.as_bytes()).and_then(|()| Write::flush(out)).map_err(Failure::Terminal)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn give_back() {
    if TAKEN.swap(false, Ordering::AcqRel) {
        // Nothing can be done about a terminal that is gone.
        let _ = execute!(io::stdout(), EndSynchronizedUpdate, event::DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
        let _ = disable_raw_mode();
    }
}

/// A panic anywhere ends the viewer: with the terminal given back, and its message on it and in the log file.
fn give_back_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        give_back();
        let backtrace = std::backtrace::Backtrace::force_capture();
        log::line(&format!("{panic}\n{backtrace}"));
        let _ = writeln!(io::stderr(), "ccdump-view: a bug ended it: {panic}");
        if let Some(path) = log::path() {
            let _ = writeln!(io::stderr(), "ccdump-view: where it happened is in {}", path.display());
        }
        std::process::exit(1);
    }));
}
