//! Which numbers were given out, beside the log that they were given for.
//!
//! Events, exchanges and stored chunks are known by number, to viewers too, so a number must never
//! come to mean something else. The log knows which it has given; but a log may be damaged,
//! deleted, or replaced by an older copy. So this small file says from where on numbers are surely
//! free, and whose they were. It is written before the first number beyond what it says is used.
//! Beside it stands the number of the newest event, written after each commit: a log that does not
//! reach it has lost something.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Files, StoreError};

/// Numbers that are reserved at a time.
const EVENTS: u64 = 100_000;
const EXCHANGES: u64 = 100;
const CHUNKS: u64 = 100_000;

/// The first numbers that are free. All count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Free {
    pub seq: u64,
    pub exchange: u64,
    pub chunk: u64,
}

impl Default for Free {
    fn default() -> Self {
        Self { seq: 1, exchange: 1, chunk: 1 }
    }
}

impl Free {
    /// Free of both.
    pub fn above(self, other: Self) -> Self {
        Self {
            seq: self.seq.max(other.seq),
            exchange: self.exchange.max(other.exchange),
            chunk: self.chunk.max(other.chunk),
        }
    }

    fn covers(self, other: Self) -> bool {
        self.above(other) == self
    }
}

/// What the file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub epoch: String,
    pub free: Free,
    /// These are the very next numbers: the daemon came to a proper end.
    pub is_exact: bool,
    /// The newest event that was recorded. It stands in a file of its own: it changes all the time.
    #[serde(skip)]
    pub last_seq: u64,
    /// What the databases looked like then ([`super::opening::stamps`]).
    #[serde(default)]
    pub stamps: Vec<(i64, u64)>,
}

impl Kept {
    fn of(epoch: &str) -> Self {
        Self { epoch: epoch.to_owned(), ..Self::default() }
    }
}

/// Keeps the file.
#[derive(Debug)]
pub struct Numbers {
    path: PathBuf,
    kept: Kept,
    /// For the number of the newest event; `None` until there is one.
    newest: Option<File>,
}

impl Numbers {
    /// What is on disk; nothing where there is none, or where it cannot be read.
    pub fn read(files: &Files) -> Option<Kept> {
        let kept: Kept = serde_json::from_slice(&fs::read(files.numbers()).ok()?).ok()?;
        let newest = fs::read_to_string(newest_file(&files.numbers())).ok();
        let last_seq = newest.and_then(|newest| newest.trim().parse().ok()).unwrap_or(0);
        Some(Kept { last_seq, ..kept })
    }

    /// Takes over for a log of this epoch. The file is written with the first number that is used.
    pub fn of(files: &Files, epoch: &str) -> Self {
        Self { path: files.numbers(), kept: Kept::of(epoch), newest: None }
    }

    /// To be called before numbers below `free` are on disk. Mostly that is said already.
    pub fn reserve(&mut self, free: Free) -> Result<(), StoreError> {
        if self.kept.free.covers(free) {
            return Ok(());
        }
        let reserved = Free {
            seq: free.seq + EVENTS,
            exchange: free.exchange + EXCHANGES,
            chunk: free.chunk + CHUNKS,
        };
        self.write(Kept { free: reserved, ..Kept::of(&self.kept.epoch) })
    }

    /// This event is on disk. The write is one of few bytes to the system's cache, which outlives a
    /// kill; that it fails is no reason to stop recording.
    pub fn note(&mut self, seq: u64) {
        let opened = || {
            OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .mode(0o600)
                .open(newest_file(&self.path))
        };
        if self.newest.is_none() {
            self.newest = opened().ok();
        }
        if let Some(newest) = &self.newest {
            newest.write_all_at(format!("{seq:020}\n").as_bytes(), 0).ok();
        }
    }

    /// The databases are closed, and look like this; these numbers come next.
    pub fn close(mut self, free: Free, stamps: Vec<(i64, u64)>) -> Result<(), StoreError> {
        self.write(Kept { free, is_exact: true, stamps, ..Kept::of(&self.kept.epoch) })
    }

    fn write(&mut self, kept: Kept) -> Result<(), StoreError> {
        self.replace_file(&kept).map_err(StoreError::with_file(&self.path))?;
        self.kept = kept;
        Ok(())
    }

    fn replace_file(&self, kept: &Kept) -> io::Result<()> {
        let new = self.path.with_extension("new");
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec(kept).map_err(io::Error::other)?)?;
        // Whole or not at all. It need not outlive a power cut before the log does.
        fs::rename(&new, &self.path)
    }
}

fn newest_file(numbers: &Path) -> PathBuf {
    numbers.with_file_name("newest")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_covers_what_was_used() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let files = Files::new(dir.path());
        assert_eq!(Numbers::read(&files), None);
        let mut numbers = Numbers::of(&files, "e");
        let mut used = Free { seq: 1, exchange: 1, chunk: 1 };
        for step in 1..5_000u64 {
            used = Free {
                seq: used.seq + step % 97,
                exchange: used.exchange + 1,
                chunk: used.chunk + step % 31,
            };
            numbers.reserve(used).expect("reserved");
            let kept = Numbers::read(&files).expect("kept");
            assert!(kept.free.covers(used) && !kept.is_exact);
        }
        numbers.note(9_999);
        numbers.note(12_345);
        numbers.close(used, vec![(1, 2)]).expect("closed");
        assert_eq!(
            Numbers::read(&files),
            Some(Kept {
                epoch: "e".to_owned(),
                free: used,
                is_exact: true,
                last_seq: 12_345,
                stamps: vec![(1, 2)]
            })
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_says_nothing() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let files = Files::new(dir.path());
        fs::write(files.numbers(), "{").expect("written");
        assert_eq!(Numbers::read(&files), None);
    }
}
