//! The log: to stderr in the foreground, to `ccdumpd.log` in the data folder always.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write},
    path::{Path, PathBuf},
    sync::Mutex,
};

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::private;

/// The file is moved to `ccdumpd.log.1` at this size: the two together stay below twice that.
const LARGEST: u64 = 4 << 20;

/// Starts logging. `CCDUMP_LOG` sets the level (default `info`).
pub fn start(path: &Path) -> io::Result<()> {
    let filter = EnvFilter::try_from_env("CCDUMP_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let file = LogFile::open(path)?;
    let to_file =
        fmt::layer().with_ansi(false).with_target(false).with_writer(Mutex::new(Masked(file)));
    let to_stderr =
        fmt::layer().with_ansi(false).with_target(false).with_writer(|| Masked(io::stderr()));
    // A second start in one process cannot happen; were it to, the first goes on.
    tracing_subscriber::registry().with(filter).with(to_file).with(to_stderr).try_init().ok();
    log_panics();
    Ok(())
}

/// A bug in one connection ends that connection; it is told here.
fn log_panics() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tracing::error!(place = panic.location().map(ToString::to_string), "{panic}");
        print(panic);
    }));
}

/// Masks credentials in the lines that are written to it: an error may name an address with a key
/// in it.
struct Masked<W>(W);

impl<W: Write> Write for Masked<W> {
    /// Takes a line as a whole.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        self.0.write_all(ccdump_secrets::text(&text, &ccdump_secrets::plain).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

struct LogFile {
    path: PathBuf,
    file: File,
    written: u64,
}

impl LogFile {
    fn open(path: &Path) -> io::Result<Self> {
        let file = private::open(OpenOptions::new().create(true).append(true), path)?;
        let written = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, written })
    }

    fn rotate(&mut self) -> io::Result<()> {
        let mut old = self.path.clone().into_os_string();
        old.push(".1");
        fs::rename(&self.path, old)?;
        *self = Self::open(&self.path)?;
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.written >= LARGEST {
            self.rotate()?;
        }
        let written = self.file.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The last `count` lines of a log file.
pub fn tail(path: &Path, count: usize) -> io::Result<Vec<String>> {
    let mut bytes = Vec::new();
    private::open(OpenOptions::new().read(true), path)?.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines.iter().skip(lines.len().saturating_sub(count)).map(ToString::to_string).collect())
}
