//! The terminal, taken over and given back whole, whatever happens.

use std::{
    io::{self, BufWriter, Write},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crossterm::{
    cursor, event, execute, queue,
    terminal::{
        BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
        disable_raw_mode, enable_raw_mode,
    },
};
use ratatui::{Frame, Terminal, backend::CrosstermBackend};
use rustix::process::{Signal, getpid, kill_process};

use super::log;
use crate::failure::Failure;

/// Whether the terminal is ours and has to be given back. Held while something is written to it:
/// what is given back stays so.
static TAKEN: Mutex<bool> = Mutex::new(false);

/// The alternate screen is the host's: it is neither entered nor left.
static HOSTED: AtomicBool = AtomicBool::new(false);

/// A frame was begun that the terminal does not show before its end.
static IN_FRAME: AtomicBool = AtomicBool::new(false);

/// The terminal tells of the mouse.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// Buttons and the wheel, movement while a button is down, and places beyond column 223. Not every
/// movement: nobody asks for that.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// No cell is ever drawn as this.
const NOT_KNOWN: &str = "\u{10ffff}";

pub struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<OwnTerminal>>>,
}

impl Screen {
    /// Takes the terminal over. It is given back when this is dropped, and by a panic. A `hosted`
    /// one is the host's: another viewer's screen stands on it, and is drawn over.
    pub fn take(hosted: bool) -> Result<Self, Failure> {
        HOSTED.store(hosted, Ordering::Release);
        let out = BufWriter::with_capacity(64 * 1024, OwnTerminal);
        let taken = take_over().and_then(|()| Terminal::new(CrosstermBackend::new(out)));
        match taken {
            Ok(terminal) => {
                let mut screen = Self { terminal };
                screen.forget();
                Ok(screen)
            }
            Err(error) => {
                give_back();
                Err(Failure::Terminal(error))
            }
        }
    }

    pub fn size(&self) -> Result<(u16, u16), Failure> {
        let size = self.terminal.size().map_err(Failure::Terminal)?;
        Ok((size.width, size.height))
    }

    /// Draws a frame; the terminal shows it as a whole.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> Result<(), Failure> {
        IN_FRAME.store(true, Ordering::Release);
        let drawn = (|| {
            queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
            self.terminal.draw(draw)?;
            queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
            Write::flush(self.terminal.backend_mut())
        })();
        IN_FRAME.store(false, Ordering::Release);
        drawn.map_err(Failure::Terminal)
    }

    /// Something else may have written to the terminal: every cell is drawn with the next frame.
    pub fn redraw(&mut self) -> Result<(), Failure> {
        enable_raw_mode().map_err(Failure::Terminal)?;
        self.forget();
        Ok(())
    }

    /// What stands on the terminal is not known: the next frame writes every cell, without erasing
    /// first. (`Terminal::clear` erases, and asks the terminal for its cursor while the input
    /// thread is reading.)
    fn forget(&mut self) {
        for cell in &mut self.terminal.current_buffer_mut().content {
            cell.set_symbol(NOT_KNOWN);
        }
        self.terminal.swap_buffers();
    }

    /// Gives the terminal to the shell until the person comes back.
    pub fn suspend(&mut self) -> Result<(), Failure> {
        give_back();
        // This process stops here.
        let stopped = kill_process(getpid(), Signal::TSTP).map_err(io::Error::from);
        stopped.and_then(|()| take_over()).map_err(Failure::Terminal)?;
        self.redraw()
    }

    /// Leaves everything as it is: the next viewer draws over it.
    pub fn hand_over(self) {
        *taken() = false;
    }

    /// Lets another program have the terminal until it ends.
    pub fn lend(&mut self, to: impl FnOnce() -> io::Result<()>) -> Result<io::Result<()>, Failure> {
        give_back();
        let ended = to();
        take_over().map_err(Failure::Terminal)?;
        self.redraw()?;
        Ok(ended)
    }

    /// Has the terminal tell of the mouse, or select with it as it does elsewhere.
    pub fn mouse(&mut self, on: bool) -> Result<(), Failure> {
        match MOUSE.swap(on, Ordering::AcqRel) == on {
            true => Ok(()),
            false => self.pass(if on { MOUSE_ON } else { MOUSE_OFF }),
        }
    }

    /// Writes something that is not shown, such as what goes to the clipboard.
    pub fn pass(&mut self, sequence: &str) -> Result<(), Failure> {
        let out = self.terminal.backend_mut();
        out.write_all(sequence.as_bytes())
            .and_then(|()| Write::flush(out))
            .map_err(Failure::Terminal)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// The terminal while it is ours. After that nothing is written any more: a thread may be drawing
/// while another one panics.
struct OwnTerminal;

impl Write for OwnTerminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if *taken() { io::stdout().write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if *taken() { io::stdout().flush() } else { Ok(()) }
    }
}

fn taken() -> MutexGuard<'static, bool> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take_over() -> io::Result<()> {
    enable_raw_mode()?;
    *taken() = true;
    if HOSTED.load(Ordering::Acquire) {
        return execute!(io::stdout(), event::EnableBracketedPaste, cursor::Hide);
    }
    execute!(io::stdout(), EnterAlternateScreen, event::EnableBracketedPaste, cursor::Hide)
}

/// Nothing can be done about a terminal that is gone.
fn give_back() {
    let mut taken = taken();
    if std::mem::take(&mut *taken) {
        if IN_FRAME.load(Ordering::Acquire) {
            let _ = execute!(io::stdout(), EndSynchronizedUpdate);
        }
        if MOUSE.swap(false, Ordering::AcqRel) {
            let _ = io::stdout().write_all(MOUSE_OFF.as_bytes());
        }
        let _ = execute!(io::stdout(), event::DisableBracketedPaste);
        if !HOSTED.load(Ordering::Acquire) {
            let _ = execute!(io::stdout(), LeaveAlternateScreen);
        }
        let _ = execute!(io::stdout(), cursor::Show);
        let _ = disable_raw_mode();
    }
}

/// A panic anywhere ends the viewer: with the terminal given back, and its message on it and in the
/// log file.
pub(super) fn give_back_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        give_back();
        let backtrace = std::backtrace::Backtrace::force_capture();
        log::line(&format!("{panic}\n{backtrace}"));
        let _ = writeln!(io::stderr(), "ccdump-view: a bug ended it: {panic}");
        if let Some(path) = log::path() {
            let _ =
                writeln!(io::stderr(), "ccdump-view: where it happened is in {}", path.display());
        }
        std::process::exit(1);
    }));
}
