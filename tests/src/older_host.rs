//! A hot-reload host that speaks the first version of its protocol and no more, with a real viewer.

use std::{
    fs::OpenOptions,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Instant,
};

use portable_pty::{MasterPty, PtySize, native_pty_system};
use serde_json::Value;

use crate::wait::SOON;

/// The viewer is killed when this is dropped.
pub struct OlderHost {
    viewer: Child,
    socket: BufReader<UnixStream>,
    input: Box<dyn std::io::Write + Send>,
    output: Arc<Mutex<Vec<u8>>>,
    size: (u16, u16),
    /// The terminal lives as long as this.
    _master: Box<dyn MasterPty + Send>,
}

impl OlderHost {
    /// Starts a viewer on a terminal of that size, as hosts do.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn start(mut viewer: Command, rows: u16, cols: u16) -> Self {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo terminal");
        let tty = pair.master.tty_name().expect("the terminal has a name");
        let end = || {
            Stdio::from(
                OpenOptions::new().read(true).write(true).open(&tty).expect("the viewer's end"),
            )
        };
        let (ours, theirs) = UnixStream::pair().expect("a socket pair");
        ours.set_read_timeout(Some(SOON)).expect("a time limit");
        viewer
            .env("CCDUMP_HOST", "1")
            .env("TERM", "xterm-256color")
            .stdin(end())
            .stdout(end())
            .stderr(OwnedFd::from(theirs));
        let process = viewer.spawn().expect("the viewer starts");
        // It holds the other end of the socket, which is to end with the viewer.
        drop(viewer);
        let mut reader = pair.master.try_clone_reader().expect("the terminal's output");
        let output = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&output);
        thread::spawn(move || {
            let mut buffer = [0; 16 << 10];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                shared
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend_from_slice(&buffer[..length]);
            }
        });
        let input = pair.master.take_writer().expect("the terminal's input");
        Self {
            viewer: process,
            socket: BufReader::new(ours),
            input,
            output,
            size: (rows, cols),
            _master: pair.master,
        }
    }

    /// Says a line to the viewer.
    pub fn say(&mut self, line: &str) {
        self.socket
            .get_mut()
            .write_all(format!("{line}\n").as_bytes())
            .expect("the viewer listens");
    }

    /// What the viewer says next of that type; what comes before is passed over.
    ///
    /// # Panics
    /// When it says nothing of the kind.
    pub fn hear(&mut self, kind: &str) -> Value {
        let mut heard = Vec::new();
        loop {
            let mut line = String::new();
            let read = self.socket.read_line(&mut line);
            assert!(matches!(read, Ok(1..)), "it never said {kind:?} ({read:?}) but {heard:?}");
            let message: Value = serde_json::from_str(&line)
                .unwrap_or_else(|error| panic!("no message ({error}): {line}"));
            if message["type"] == kind {
                return message;
            }
            heard.push(line);
        }
    }

    pub fn keys(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).expect("the terminal takes input");
    }

    /// All that the viewer has written.
    pub fn bytes(&self) -> Vec<u8> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until `text` is on the screen.
    ///
    /// # Panics
    /// When it does not come.
    pub fn wait_for_text(&self, text: &str) {
        let deadline = Instant::now() + SOON;
        loop {
            let (rows, cols) = self.size;
            let size = |cells: u16| cells.try_into().expect("a size");
            let mut emulator = vt100::Parser::new(size(rows), size(cols), 0);
            emulator.process(&self.bytes());
            let shown = emulator.screen().contents();
            if shown.contains(text) {
                return;
            }
            assert!(Instant::now() < deadline, "waited {SOON:?} in vain for {text:?}:\n{shown}");
            thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Waits for the viewer's end.
    pub fn wait(&mut self) -> ExitStatus {
        self.viewer.wait().expect("a child")
    }
}

impl Drop for OlderHost {
    fn drop(&mut self) {
        let _ = self.viewer.kill();
        let _ = self.viewer.wait();
    }
}
