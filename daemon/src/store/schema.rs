//! Tables, and how a database file is opened.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::StoreError;
use crate::private;

/// The canonical log, `ccdump.db`.
///
/// A body is the runs of its `recipe`, then the rows of `part` from there on: bytes are put down as
/// parts while they arrive and become chunks, stored once each, in the background.
pub const CANONICAL: &str = "
-- epoch, format, and as a JSON list the exchanges that are open: what a killed daemon leaves there was cut off by the kill.
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Facts in commit order. `at` is microseconds since 1970, `detail` JSON (varints for request_data and response_data).
CREATE TABLE IF NOT EXISTS event (
  seq INTEGER PRIMARY KEY, exchange INTEGER NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, detail BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS event_by_exchange ON event (exchange) WHERE exchange > 0;
-- Body bytes as they came; side 0 is the request, 1 the response. Without data they stand in the file spool/EXCHANGE-SIDE.
CREATE TABLE IF NOT EXISTS part (
  exchange INTEGER NOT NULL, side INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL, data BLOB,
  PRIMARY KEY (exchange, side, offset)) WITHOUT ROWID;

-- The first `length` bytes of a body as a recipe of chunks; small bodies stand in it whole.
CREATE TABLE IF NOT EXISTS body (
  exchange INTEGER NOT NULL, side INTEGER NOT NULL, length INTEGER NOT NULL, recipe BLOB NOT NULL,
  PRIMARY KEY (exchange, side)) WITHOUT ROWID;

-- Chunks that were new together: their lengths (varints), and their bytes as one zstd frame, with the pack `base` as dictionary.
CREATE TABLE IF NOT EXISTS pack (first_chunk INTEGER PRIMARY KEY, base INTEGER, lengths BLOB NOT NULL, data BLOB NOT NULL);
-- BLAKE3 of a chunk, cut to 128 bits, to its number.
CREATE TABLE IF NOT EXISTS chunk (hash BLOB PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;
";

/// What viewers keep, `views.db`.
pub const VIEWS: &str = "
CREATE TABLE IF NOT EXISTS view_state (
  name TEXT PRIMARY KEY, schema INTEGER NOT NULL, saved_at INTEGER NOT NULL, data BLOB NOT NULL) WITHOUT ROWID;
";

/// What is derived from the log, `index.db`: may be deleted at any time.
pub const DERIVED: &str = "
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS exchange (
  id INTEGER PRIMARY KEY, session TEXT, agent TEXT, parent_agent TEXT, provider TEXT NOT NULL, method TEXT NOT NULL,
  path TEXT NOT NULL, status INTEGER, end_state TEXT, model TEXT, started_at INTEGER NOT NULL, duration INTEGER, ttft INTEGER,
  request_bytes INTEGER NOT NULL, response_bytes INTEGER NOT NULL, input INTEGER, output INTEGER, cache_read INTEGER,
  cache_write_5m INTEGER, cache_write_1h INTEGER, cost_usd REAL, stop_reason TEXT, gap_bytes INTEGER NOT NULL, thread INTEGER,
  previous INTEGER, role TEXT NOT NULL, through_seq INTEGER NOT NULL, error TEXT,
  started_by TEXT /* JSON */,
  closed_by TEXT /* JSON */);
CREATE INDEX IF NOT EXISTS exchange_by_change ON exchange (through_seq);
CREATE INDEX IF NOT EXISTS exchange_by_thread ON exchange (session, agent, id);

-- The blocks of a body, postcard-encoded and zstd-compressed.
CREATE TABLE IF NOT EXISTS outline (
  body INTEGER PRIMARY KEY /* exchange * 2 + side */, data BLOB NOT NULL);

-- What of a request's outline is new or changed, where some of it is neither: a search reads no more than that.
CREATE TABLE IF NOT EXISTS own_outline (
  body INTEGER PRIMARY KEY, data BLOB NOT NULL);

-- Distinct sections of a session's system prompts (session '': of none), numbered as they came up. `block` is JSON.
CREATE TABLE IF NOT EXISTS system_section (
  session TEXT NOT NULL, number INTEGER NOT NULL, hash INTEGER NOT NULL, block TEXT NOT NULL, position INTEGER NOT NULL, agent TEXT,
  first_exchange INTEGER NOT NULL, first_at INTEGER NOT NULL, last_exchange INTEGER NOT NULL, last_at INTEGER NOT NULL,
  exchanges INTEGER NOT NULL, PRIMARY KEY (session, number)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS system_section_by_hash ON system_section (session, hash);

-- Calls by which an agent (`caller`) starts another one (`agent`, once it has spoken). `prompt` is a fingerprint of what it is told, `call`
-- is JSON.
CREATE TABLE IF NOT EXISTS agent_call (
  session TEXT NOT NULL, caller TEXT NOT NULL, exchange INTEGER NOT NULL, pointer TEXT NOT NULL, prompt INTEGER NOT NULL, agent TEXT,
  call TEXT NOT NULL, PRIMARY KEY (session, caller, exchange, pointer)) WITHOUT ROWID;
";

/// How long a statement waits for another process's lock. Short: recording would rather pause (and
/// say so) than stall.
const BUSY: Duration = Duration::from_millis(250);
/// A write-ahead log up to this size is moved into the database in a moment. Bytes.
const EMPTIED_AT_CLOSE: u64 = 32 << 20;

/// Opens `path` for writing, creating it with mode 0600 and the given tables.
pub fn open_writer(path: &Path, tables: &str) -> Result<Connection, StoreError> {
    create_private(path)?;
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    // Before the first table: free pages can then be given back without rewriting the file.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A commit survives a kill of the process; only a power cut may take the last ones back.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -1024)?;
    connection.pragma_update(None, "wal_autocheckpoint", 2000)?;
    connection.pragma_update(None, "journal_size_limit", 4 << 20)?;
    connection.pragma_update(None, "foreign_keys", "OFF")?;
    keep_plans(&connection)?;
    connection.set_prepared_statement_cache_capacity(64);
    keep_wal(&connection)?;
    connection.execute_batch(tables)?;
    for side_file in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(side_file);
        if let Ok(metadata) = fs::metadata(&name)
            && metadata.permissions().mode() & 0o077 != 0
        {
            fs::set_permissions(&name, fs::Permissions::from_mode(0o600))
                .map_err(StoreError::Io)?;
        }
    }
    Ok(connection)
}

/// Statements stay prepared whatever is bound to them: else SQLite makes some anew each time, to
/// look for a better plan, which takes longer than to run them.
fn keep_plans(connection: &Connection) -> Result<(), StoreError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Opens `path` for reading beside the writer.
pub fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(Duration::from_secs(5))?;
    keep_wal(&connection)?;
    connection.pragma_update(None, "cache_size", -1024)?;
    keep_plans(&connection)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Opens `path` for checkpoints beside the writer, which does none by itself from here on.
pub fn open_checkpointer(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    keep_wal(&connection)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(connection)
}

/// Whoever closes a database last moves its write-ahead log and removes it, by name. After the
/// database was put aside, that is the name of another one's; so it is done on purpose only
/// ([`close`]).
fn keep_wal(connection: &Connection) -> Result<(), StoreError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}

/// Moves what it can without waiting for anybody. The write-ahead log begins anew with the next
/// commit only if all of it was moved, which does not happen while somebody writes.
pub fn checkpoint(connection: &Connection) -> Result<(), StoreError> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    Ok(())
}

/// Moves all of the write-ahead log and empties its file, where no reader stands in the way for
/// longer than the busy timeout.
pub fn empty_wal(connection: &Connection) -> Result<(), StoreError> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// Pages that can be given back to the disk.
pub fn free_pages(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection.query_row("PRAGMA freelist_count", [], |row| row.get(0))?)
}

/// Gives up to `pages` free pages back to the disk.
pub fn vacuum(connection: &Connection, pages: u32) -> Result<(), StoreError> {
    let mut vacuum = connection.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
    let mut rows = vacuum.query([])?;
    // A page per step.
    while rows.next()?.is_some() {}
    Ok(())
}

/// Closes a database. It leaves one file without slack where that is done by `until`; SQLite would
/// take the time that it takes.
pub fn close(connection: Connection, until: Instant) -> Result<(), StoreError> {
    while free_pages(&connection)? > 0 && Instant::now() < until {
        vacuum(&connection, 256)?;
    }
    let is_small =
        connection.path().is_some_and(|path| wal_bytes(Path::new(path)) <= EMPTIED_AT_CLOSE);
    if is_small && Instant::now() < until {
        empty_wal(&connection)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    }
    connection.close().map_err(|(_, error)| error.into())
}

/// Size of a database's write-ahead log.
pub fn wal_bytes(database: &Path) -> u64 {
    fs::metadata(wal_path(database)).map_or(0, |metadata| metadata.len())
}

pub fn wal_path(database: &Path) -> PathBuf {
    let mut wal = database.as_os_str().to_owned();
    wal.push("-wal");
    wal.into()
}

/// SQLite gives its side files the mode of the main one, so that has to be right from the start.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let opened = private::open(fs::OpenOptions::new().create(true).append(true), path);
    let private = opened
        .map_err(io::Error::from)
        .and_then(|file| file.set_permissions(fs::Permissions::from_mode(0o600)));
    private.map_err(StoreError::with_file(path))
}

#[cfg(test)]
mod tests {
    use rusqlite::{StatementStatus, params};

    use super::*;

    /// What a stream that is read while it grows asks, a hundred times a second.
    #[test]
    fn statements_are_prepared_once_whatever_is_bound() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("log.db");
        let writer = open_writer(&path, CANONICAL).expect("a new file");
        for connection in [open_reader(&path).expect("a reader"), writer] {
            for select in [
                "SELECT max(offset) FROM part WHERE exchange = ?1 AND side = ?2 AND offset <= ?3",
                "SELECT offset, length, data FROM part WHERE exchange = ?1 AND side = ?2 AND offset >= ?3 ORDER BY offset",
                "SELECT seq FROM event WHERE exchange = ?1 AND exchange > 0 AND seq > ?2 AND seq <= ?3 ORDER BY seq",
            ] {
                let mut statement = connection.prepare(select).expect("SQL");
                for number in 1..5 {
                    let mut rows = statement.query(params![number, 1, number * 100]).expect("rows");
                    while rows.next().expect("a row").is_some() {}
                }
                assert_eq!(statement.get_status(StatementStatus::RePrepare), 0, "{select}");
            }
        }
    }
}
