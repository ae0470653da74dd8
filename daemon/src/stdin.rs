//! Standard input as a leash: whoever started us holds its other end, and when they are gone,
//! however that came, it ends.

use std::{
    io::{self, BufRead as _},
    thread,
};

use tokio::sync::mpsc;

/// The lines of standard input as they come.
pub struct Lines(mpsc::Receiver<String>);

impl Lines {
    /// Starts to read. One line waits at most: what is not taken stays in the pipe.
    pub fn read() -> io::Result<Self> {
        let (sender, lines) = mpsc::channel(1);
        // A thread that blocks in a read cannot be stopped; it ends with the process, and nothing
        // waits for it.
        thread::Builder::new().name("stdin".to_owned()).spawn(move || {
            for line in io::stdin().lock().lines() {
                let Ok(line) = line else { return };
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self(lines))
    }

    /// The next line; `None` at the end of standard input.
    pub async fn next(&mut self) -> Option<String> {
        self.0.recv().await
    }

    /// Waits for the end of standard input. What is said until then is for nobody.
    pub async fn end(&mut self) {
        while self.next().await.is_some() {}
    }
}
