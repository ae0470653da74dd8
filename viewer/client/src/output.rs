//! Where commands write.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};
use serde::Serialize;
use tokio::sync::oneshot;

use crate::failure::Failure;

/// Standard output, buffered: nothing is seen of it before [`Output::flush`].
#[derive(Debug)]
pub struct Output {
    stdout: BufWriter<StdoutLock<'static>>,
    is_terminal: bool,
    colour: bool,
}

impl Output {
    pub fn stdout() -> Self {
        let stdout = io::stdout().lock();
        let is_terminal = stdout.is_terminal();
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = is_terminal && !no_color && !is_dumb_terminal();
        Self { stdout: BufWriter::with_capacity(64 * 1024, stdout), is_terminal, colour }
    }

    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Whether to write colours.
    pub fn colour(&self) -> bool {
        self.colour
    }

    /// One line of JSON.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        ccdump_wire::json::write(&mut self.stdout, value).map_err(io::Error::from)?;
        self.bytes(b"\n")
    }

    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.bytes(text.as_bytes())
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.stdout.write_all(bytes)?)
    }

    pub fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.stdout.flush()?)
    }
}

/// Whether the terminal says of itself that it can do nothing but print lines, as those inside
/// editors do.
pub fn is_dumb_terminal() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Completes when nobody reads stdout any more (`tail | head`): a command that waits for news would
/// not find out by writing. Never completes where that cannot be known.
pub async fn closed() {
    let (tell, told) = oneshot::channel();
    // A thread of its own, which ends with the process: no runtime waits for it.
    let thread = std::thread::Builder::new().name("stdout".to_owned()).spawn(move || {
        let stdout = io::stdout();
        // Asked for no event, poll waits for an error or a hang-up.
        while let Err(Errno::INTR) = poll(&mut [PollFd::new(&stdout, PollFlags::empty())], None) {}
        let _ = tell.send(());
    });
    if thread.is_err() || told.await.is_err() {
        std::future::pending().await
    }
}

/// One line for people on stderr. That nobody may be reading it any more is no reason to stop.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr(), "ccdump-view: {line}");
}
