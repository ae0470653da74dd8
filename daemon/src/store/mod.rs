//! The canonical event store: an SQLite log (`ccdump.db`) that is the truth, and rows derived from
//! it (`index.db`) that can be made again. SQL never leaves this module, and HTTP never enters it.
//!
//! - [`log`] writes: one [`log::Log`] per process, owned by the recording thread.
//! - [`mask`] masks what an earlier daemon recorded in clear.
//! - [`reader`] reads, on any thread, beside the writer.
//! - [`index`], [`sections`] and [`calls`] hold the derived rows; `derive` alone writes them.
//! - [`search`] reads of them what a search goes by.
//! - [`views`] keeps what viewers leave here.
//! - [`opening`], [`upkeep`], [`health`] and `salvage` keep the files whole: a database that is
//!   damaged, deleted or exchanged is replaced while the daemon runs, and what can be read of it is
//!   brought over. [`verify`] looks through all of it on demand.

pub mod body;
pub mod calls;
pub mod chunks;
pub mod events;
pub mod health;
pub mod index;
pub mod log;
pub mod mask;
pub mod numbers;
pub mod opening;
mod pack;
mod pages;
pub mod reader;
pub mod recipe;
pub mod record;
pub mod recover;
mod salvage;
mod schema;
mod seal;
pub mod search;
pub mod sections;
mod spool;
#[cfg(test)]
mod tests;
mod unzip;
pub mod upkeep;
pub mod verify;
pub mod views;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// One of the store's databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Log,
    Index,
    Views,
}

impl Database {
    /// Its file in the data folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Log => "ccdump.db",
            Self::Index => "index.db",
            Self::Views => "views.db",
        }
    }

    /// What becomes of it when it is damaged.
    fn remedy(self) -> &'static str {
        match self {
            Self::Log => {
                "it is put aside and what can be read is brought over; `ccdumpd status` tells how far that is"
            }
            Self::Index => {
                "it is rebuilt from ccdump.db by itself; `ccdumpd status` tells how far that is"
            }
            Self::Views => "it is begun anew",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{}", sqlite_reason(*.database, .source))]
    Sqlite { database: Database, source: rusqlite::Error },
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{}: {source}; check the space and the permissions of the data folder", .path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Event(#[from] events::Damaged),
    #[error("the daemon is stopping")]
    Closed,
    #[error("{}: {what} is damaged; {}", .database.name(), .database.remedy())]
    Damaged { database: Database, what: String },
    #[error("ccdump.db was written by a newer ccdumpd (format {0}); use that one")]
    Newer(u32),
}

/// What is not said to be of another database is of the log.
impl From<rusqlite::Error> for StoreError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Sqlite { database: Database::Log, source }
    }
}

impl StoreError {
    /// What to make of a failure with this file.
    fn with_file(path: &Path) -> impl Fn(io::Error) -> Self {
        |source| Self::File { path: path.to_owned(), source }
    }

    fn damaged_log(what: impl Into<String>) -> Self {
        Self::Damaged { database: Database::Log, what: what.into() }
    }

    /// The file is not a database (any more), as opposed to: it cannot be reached just now.
    pub fn is_damage(&self) -> bool {
        self.damaged().is_some()
    }

    /// Which database is damaged, if one is.
    pub fn damaged(&self) -> Option<Database> {
        match self {
            Self::Sqlite { database, source } => is_damage(source).then_some(*database),
            Self::Damaged { database, .. } => Some(*database),
            Self::Event(_) => Some(Database::Log),
            Self::Io(_) | Self::File { .. } | Self::Newer(_) | Self::Closed => None,
        }
    }

    /// It came of this database.
    pub fn of(self, database: Database) -> Self {
        match self {
            Self::Sqlite { source, .. } => Self::Sqlite { database, source },
            Self::Damaged { what, .. } => Self::Damaged { database, what },
            other => other,
        }
    }
}

/// A failure of the index: whoever reads both databases knows then which of them it was.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct IndexError(StoreError);

impl From<StoreError> for IndexError {
    fn from(error: StoreError) -> Self {
        Self(error.of(Database::Index))
    }
}

impl From<rusqlite::Error> for IndexError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<io::Error> for IndexError {
    fn from(error: io::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<IndexError> for StoreError {
    fn from(IndexError(error): IndexError) -> Self {
        error
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::{Error, ErrorCode, ffi};
    match error {
        // A row that does not have the values that its table has was not written by us.
        Error::InvalidColumnType(..)
        | Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..) => true,
        Error::SqliteFailure(ffi::Error { code, extended_code }, message) => match code {
            // A number that is given out already: the file is not what it was.
            ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::ConstraintViolation => true,
            ErrorCode::SystemIoFailure => *extended_code == ffi::SQLITE_IOERR_SHORT_READ,
            ErrorCode::ReadOnly => *extended_code == ffi::SQLITE_READONLY_DBMOVED,
            _ => message.as_ref().is_some_and(|message| message.starts_with("no such ")),
        },
        _ => false,
    }
}

/// SQLite's codes in the words of somebody who has to do something about it.
fn sqlite_reason(database: Database, error: &rusqlite::Error) -> String {
    use rusqlite::ErrorCode;
    let name = database.name();
    if is_damage(error) {
        return format!("{name} is damaged; {}", database.remedy());
    }
    let advice = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full; free some space",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program holds its lock; end that program"
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            "it cannot be opened or written; check the permissions of the data folder and of the file"
        }
        Some(ErrorCode::SystemIoFailure) => {
            "the disk refuses to read or write; check its space and health"
        }
        _ => return format!("{name}: {error}; `ccdumpd verify` tells whether it is whole"),
    };
    format!("{name}: {advice}")
}

/// Turns of those who write to a database's files: its writer, and the one that moves its
/// write-ahead log. Cheap to clone.
#[derive(Clone, Default)]
pub struct Turn(Arc<Turns>);

#[derive(Default)]
struct Turns {
    turn: Mutex<()>,
    /// The write-ahead log is to be emptied, whatever its size.
    is_to_empty: AtomicBool,
}

impl Turn {
    pub fn take(&self) -> MutexGuard<'_, ()> {
        self.0.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks whoever moves the write-ahead log to empty it once: nobody else may.
    pub fn ask_to_empty(&self) {
        self.0.is_to_empty.store(true, Ordering::Release);
    }

    /// Whether that is asked for and not done yet.
    pub fn is_to_empty(&self) -> bool {
        self.0.is_to_empty.load(Ordering::Acquire)
    }

    /// It was empty while nobody wrote.
    pub fn emptied(&self) {
        self.0.is_to_empty.store(false, Ordering::Release);
    }
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

    /// Bytes on disk of the log: the database with its side files, and bodies that are not in it
    /// yet.
    pub fn canonical_size(&self) -> u64 {
        Self::size(&self.canonical()) + spool::Spool::in_folder(&self.dir).size()
    }

    /// Which numbers were given out ([`numbers`]).
    pub fn numbers(&self) -> PathBuf {
        self.dir.join("numbers.json")
    }

    pub fn views(&self) -> PathBuf {
        self.dir.join("views.db")
    }

    /// Bytes on disk of a database with its side files.
    pub fn size(database: &Path) -> u64 {
        with_side_files(database)
            .filter_map(|file| fs::metadata(file).ok())
            .map(|metadata| metadata.len())
            .sum()
    }

    /// Removes a database with its side files.
    pub fn remove(database: &Path) -> io::Result<()> {
        with_side_files(database).try_for_each(|file| fs::remove_file(file).or_else(ignore_missing))
    }

    /// Puts the log aside under a name that nothing has, and gives that; `None` where there is
    /// none.
    pub fn put_aside(&self) -> Result<Option<String>, StoreError> {
        let database = self.canonical();
        let wal = schema::wal_path(&database);
        let exists = |path: &Path| path.symlink_metadata().is_ok();
        if !exists(&database) && !exists(&wal) {
            return Ok(None);
        }
        let stamp = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S");
        let names = (1..).map(|number| match number {
            1 => format!("ccdump.db.damaged-{stamp}"),
            number => format!("ccdump.db.damaged-{stamp}-{number}"),
        });
        // The folder is locked: what has no name now will not get one meanwhile.
        let is_free =
            |name: &String| with_side_files(&self.dir.join(name)).all(|path| !exists(&path));
        let Some(name) = names.into_iter().find(is_free) else { return Ok(None) };
        let aside = self.dir.join(&name);
        for (from, to) in [(&database, &aside), (&wal, &schema::wal_path(&aside))] {
            match fs::rename(from, to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::with_file(from)(error));
                }
                _ => {}
            }
        }
        // The index of the write-ahead log is nothing without the connections that have it open.
        let shared = self.dir.join("ccdump.db-shm");
        fs::remove_file(&shared).or_else(ignore_missing).map_err(StoreError::with_file(&shared))?;
        Ok(Some(name))
    }
}

fn ignore_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// SQLite's write-ahead log and its index stand beside the database.
fn with_side_files(database: &Path) -> impl Iterator<Item = PathBuf> {
    ["", "-wal", "-shm"].into_iter().map(|suffix| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    })
}
