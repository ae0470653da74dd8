//! Looks after the files of the store, on a thread of its own.
//!
//! It moves what is in the write-ahead logs into the databases. SQLite would do it within a commit,
//! and that waits for the disk (fsync). Done beside the writer, on a connection of its own, it
//! holds no commit up, but for the last bit: a write-ahead log begins anew only when all of it was
//! moved while nobody wrote, so the writer has to stand back for a moment. Without that the file
//! would grow for as long as events come.
//!
//! And since this thread alone changes and shortens the files, it sees when somebody else does: a
//! file that is deleted or exchanged, and one that is written to from outside, which is then looked
//! through for damage.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, InterruptHandle};
use tokio::sync::watch;
use tracing::{debug, info};

use super::{Database, Files, StoreError, Turn, health::Health, opening::stamp, schema};

/// From this size on a write-ahead log is moved. Bytes.
const LARGE: u64 = 6 << 20;
/// From this size on its writer waits until all is moved: what comes faster than the disk takes it
/// becomes a gap, not a file without end. Bytes.
const TOO_LARGE: u64 = 48 << 20;
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A look through a database that had to be given up is begun again after this long.
const CHECK_AGAIN: Duration = Duration::from_secs(30);
/// How far that stands back.
const NICE: i32 = 15;

/// Stops the thread when it is dropped.
pub struct Upkeep {
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

/// Who writes what is looked after.
pub struct Writers {
    pub log: Turn,
    pub index: Turn,
    /// The newest event that is on disk.
    pub head: watch::Receiver<u64>,
}

/// Starts the thread. `is_as_left`: the files need not be looked through first.
pub fn start(
    files: &Files,
    writers: Writers,
    health: Health,
    is_as_left: bool,
) -> Result<Upkeep, StoreError> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = stop.clone();
    let mut watched = [
        Watched::new(
            Database::Log,
            files.canonical(),
            writers.log,
            health.clone(),
            writers.head.clone(),
        ),
        Watched::new(Database::Index, files.derived(), writers.index, health, writers.head),
    ];
    if !is_as_left {
        watched.iter_mut().for_each(Watched::check_soon);
    }
    let thread = thread::Builder::new()
        .name("upkeep".into())
        .spawn(move || {
            while !stopping.load(Ordering::Relaxed) {
                for file in &mut watched {
                    file.look();
                }
                thread::park_timeout(LOOK_EVERY);
            }
            watched.iter_mut().for_each(Watched::stop_check);
        })
        .map_err(io::Error::other)?;
    Ok(Upkeep { stop, thread: Some(thread) })
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It does not panic; if it did, there is nothing to be done about it here.
            thread.join().ok();
        }
    }
}

/// One database.
struct Watched {
    database: Database,
    path: PathBuf,
    turn: Turn,
    health: Health,
    head: watch::Receiver<u64>,
    /// `None` until it is opened, and while it cannot be.
    open: Option<Open>,
    check_at: Option<Instant>,
    checking: Option<Checking>,
}

/// A database as it was when it was opened, and as it was left by what was done here.
struct Open {
    generation: u64,
    connection: Connection,
    file: Identity,
    wal: Option<Identity>,
    wal_bytes: u64,
    stamp: Option<(i64, u64)>,
}

/// Device and number of a file.
type Identity = (u64, u64);

/// A look through a database, on a thread of its own.
struct Checking {
    generation: u64,
    interrupt: InterruptHandle,
    thread: thread::JoinHandle<Result<Option<String>, StoreError>>,
}

impl Watched {
    fn new(
        database: Database,
        path: PathBuf,
        turn: Turn,
        health: Health,
        head: watch::Receiver<u64>,
    ) -> Self {
        Self { database, path, turn, health, head, open: None, check_at: None, checking: None }
    }

    fn check_soon(&mut self) {
        self.check_at = Some(Instant::now());
    }

    fn look(&mut self) {
        let generation = self.health.generation();
        if self.open.as_ref().is_none_or(|open| open.generation != generation) {
            self.open = None;
            match Open::new(&self.path, generation) {
                Ok(open) => self.open = Some(open),
                // Whoever makes the file is not there yet, or has the same trouble, and says so.
                Err(error) => {
                    debug!(%error, file = self.database.name(), "cannot be looked after now")
                }
            }
        }
        let Some(open) = &mut self.open else { return };
        if let Some(why) = open.foreign_change(&self.path, self.database) {
            // Another generation begins when that is mended.
            self.health.report_file(self.database, generation, &why);
            return;
        }
        if stamp(&self.path) != open.stamp {
            info!(
                file = self.database.name(),
                "another program has written to it: it is looked through"
            );
            open.stamp = stamp(&self.path);
            self.check_at = Some(Instant::now());
        }
        let wal_bytes = open.wal_bytes;
        if let Err(error) = open.keep_small(&self.path, &self.turn) {
            debug!(%error, "no checkpoint now");
            self.health.report(generation, &error.of(self.database));
        }
        self.go_on_checking(wal_bytes);
    }

    fn go_on_checking(&mut self, wal_bytes: u64) {
        if let Some(checking) = self.checking.take() {
            if !checking.thread.is_finished() {
                // A reader that takes its time keeps the write-ahead log from beginning anew.
                if wal_bytes > TOO_LARGE {
                    checking.interrupt.interrupt();
                }
                self.checking = Some(checking);
                return;
            }
            match checking.thread.join() {
                Ok(Ok(None)) => debug!(file = self.database.name(), "it is whole"),
                Ok(Ok(Some(damage))) => {
                    let why = format!("{} is damaged: {damage}", self.database.name());
                    self.health.report_file(self.database, checking.generation, &why);
                }
                Ok(Err(error)) if error.is_damage() => {
                    self.health.report(checking.generation, &error.of(self.database));
                }
                Ok(Err(_)) | Err(_) => self.check_at = Some(Instant::now() + CHECK_AGAIN),
            }
        }
        if self.check_at.is_some_and(|at| at <= Instant::now()) {
            self.check_at = None;
            match Checking::start(
                self.database,
                &self.path,
                self.health.generation(),
                *self.head.borrow(),
            ) {
                Ok(checking) => self.checking = Some(checking),
                Err(error) => debug!(%error, "cannot look through it now"),
            }
        }
    }

    fn stop_check(&mut self) {
        if let Some(checking) = self.checking.take() {
            checking.interrupt.interrupt();
            checking.thread.join().ok();
        }
    }
}

impl Open {
    fn new(path: &Path, generation: u64) -> Result<Self, StoreError> {
        let file = identity(path).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let connection = schema::open_checkpointer(path)?;
        Ok(Self { generation, connection, file, wal: None, wal_bytes: 0, stamp: stamp(path) })
    }

    /// What somebody else did to the files, if it is such that they cannot be used any more.
    fn foreign_change(&mut self, path: &Path, database: Database) -> Option<String> {
        let name = database.name();
        match identity(path) {
            None => return Some(format!("{name} was deleted while it was in use")),
            Some(file) if file != self.file => {
                return Some(format!("{name} was replaced by another file while it was in use"));
            }
            Some(_) => {}
        }
        let wal_path = schema::wal_path(path);
        let (wal, wal_bytes) = (identity(&wal_path), schema::wal_bytes(path));
        if self.wal.is_some() && self.wal != wal {
            return Some(format!("{name}-wal was deleted or replaced while it was in use"));
        }
        if wal_bytes < self.wal_bytes {
            return Some(format!("{name}-wal was cut while it was in use"));
        }
        (self.wal, self.wal_bytes) = (wal, wal_bytes);
        None
    }

    fn keep_small(&mut self, path: &Path, turn: &Turn) -> Result<(), StoreError> {
        if self.wal_bytes < LARGE && !turn.is_to_empty() {
            return Ok(());
        }
        let moved = self.move_wal(path, turn);
        self.stamp = stamp(path);
        moved
    }

    fn move_wal(&mut self, path: &Path, turn: &Turn) -> Result<(), StoreError> {
        if self.wal_bytes < TOO_LARGE {
            // The most of it, beside the writer.
            schema::checkpoint(&self.connection)?;
        }
        let _turn = turn.take();
        self.wal_bytes = 0;
        schema::empty_wal(&self.connection)?;
        // A reader may have stood in the way.
        if schema::wal_bytes(path) == 0 {
            turn.emptied();
        }
        Ok(())
    }
}

/// Device and number of the file at a path.
pub fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

impl Checking {
    /// `generation`: that of the file. `head`: the event that is there at least.
    fn start(
        database: Database,
        path: &Path,
        generation: u64,
        head: u64,
    ) -> Result<Self, StoreError> {
        let connection = schema::open_reader(path)?;
        let interrupt = connection.get_interrupt_handle();
        let thread = thread::Builder::new()
            .name("checking".into())
            .spawn(move || {
                rustix::process::nice(NICE).ok();
                look_through(&connection, database, head)
            })
            .map_err(io::Error::other)?;
        Ok(Self { generation, interrupt, thread })
    }
}

/// What is damaged, if something is.
fn look_through(
    connection: &Connection,
    database: Database,
    head: u64,
) -> Result<Option<String>, StoreError> {
    if database == Database::Log {
        let newest: u64 =
            connection
                .query_row("SELECT coalesce(max(seq), 0) FROM event", [], |row| row.get(0))?;
        if newest < head {
            return Ok(Some(format!("it ends at event {newest}, and {head} was recorded")));
        }
    }
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok((found != "ok").then(|| found.replace('\n', " ")))
}
