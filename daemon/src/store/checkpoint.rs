//! Moves what is in the write-ahead log into the database file.
//!
//! SQLite would do it within a commit, and that waits for the disk (fsync). Done beside the writer, on a thread and a connection of
//! its own, it holds no commit up.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use tracing::debug;

use super::{Files, StoreError, schema};

/// A side file of this size is worth it.
const LARGE: u64 = 4 << 20;
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Stops the thread when it is dropped.
pub struct Checkpointing {
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

/// Starts the thread for the canonical log.
pub fn start(files: &Files) -> Result<Checkpointing, StoreError> {
    let connection = schema::open_checkpointer(&files.canonical())?;
    let files = files.clone();
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = stop.clone();
    let thread = thread::Builder::new()
        .name("checkpoint".into())
        .spawn(move || {
            while !stopping.load(Ordering::Relaxed) {
                thread::park_timeout(LOOK_EVERY);
                if files.wal_bytes() >= LARGE
                    && let Err(error) = schema::checkpoint(&connection)
                {
                    // The recording thread meets the same trouble, and says so.
                    debug!(%error, "no checkpoint now");
                }
            }
        })
        .map_err(io::Error::other)?;
    Ok(Checkpointing { stop, thread: Some(thread) })
}

impl Drop for Checkpointing {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It does not panic; if it did, there is nothing to be done about it here.
            thread.join().ok();
        }
    }
}
