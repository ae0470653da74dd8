//! The canonical event store: an SQLite log (`ccdump.db`) that is the truth, and rows derived from it (`index.db`) that can be made again.
//! SQL never leaves this module, and HTTP never enters it.
//!
//! - [`log`] writes: one [`log::Log`] per process, owned by the recording thread.
//! - [`reader`] reads, on any thread, beside the writer.
//! - [`index`], [`sections`] and [`calls`] hold the derived rows; `derive` alone writes them.
//! - [`views`] keeps what viewers leave here.

pub mod body;
pub mod calls;
pub mod checkpoint;
pub mod chunks;
pub mod event;
pub mod index;
pub mod log;
mod pack;
pub mod reader;
pub mod recipe;
pub mod record;
pub mod recover;
mod schema;
mod seal;
pub mod sections;
mod spool;
#[cfg(test)]
mod tests;
pub mod views;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{}", sqlite_reason(.0))]
    Sqlite(#[from] rusqlite::Error),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Event(#[from] event::Damaged),
    #[error("the daemon is stopping")]
    Closed,
    #[error("{what} is damaged")]
    Damaged { what: String },
    #[error("written by a newer ccdumpd (format {0}); use that one")]
    Newer(u32),
}

impl StoreError {
    /// The file is not a database (any more), as opposed to: it cannot be reached just now.
    pub fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode;
        match self {
            Self::Sqlite(error) => {
                matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
            }
            Self::Damaged { .. } | Self::Event(_) => true,
            Self::Io(_) | Self::Newer(_) | Self::Closed => false,
        }
    }
}

/// SQLite's codes in the words of somebody who has to do something about it.
fn sqlite_reason(error: &rusqlite::Error) -> String {
    use rusqlite::ErrorCode;
    let advice = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full; free some space",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another program holds the database's lock; end it",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            "the data folder cannot be written; check its permissions"
        }
        Some(ErrorCode::SystemIoFailure) => "the disk refuses to write; check its space and health",
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => "the database file is damaged",
        _ => return error.to_string(),
    };
    advice.to_owned()
}

/// The files of a data folder.
#[derive(Debug, Clone)]
pub struct Files {
    pub dir: PathBuf,
}

impl Files {
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    pub fn canonical(&self) -> PathBuf {
        self.dir.join("ccdump.db")
    }

    pub fn derived(&self) -> PathBuf {
        self.dir.join("index.db")
    }

    /// Size of the canonical log's write-ahead log.
    fn wal_bytes(&self) -> u64 {
        fs::metadata(self.dir.join("ccdump.db-wal")).map_or(0, |metadata| metadata.len())
    }

    pub fn views(&self) -> PathBuf {
        self.dir.join("views.db")
    }

    /// Bytes on disk of a database with its side files.
    pub fn size(database: &Path) -> u64 {
        with_side_files(database).filter_map(|file| fs::metadata(file).ok()).map(|metadata| metadata.len()).sum()
    }

    /// Removes a database with its side files.
    pub fn remove(database: &Path) -> io::Result<()> {
        with_side_files(database).try_for_each(|file| match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
    }

    /// Puts a database aside under the name `aside`, with its side files.
    pub fn rename(database: &Path, aside: &Path) -> io::Result<()> {
        with_side_files(database).zip(with_side_files(aside)).try_for_each(|(from, to)| match fs::rename(from, to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
    }
}

/// SQLite's write-ahead log and its index stand beside the database.
fn with_side_files(database: &Path) -> impl Iterator<Item = PathBuf> {
    ["", "-wal", "-shm"].into_iter().map(|suffix| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    })
}
