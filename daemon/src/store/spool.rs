//! Files for bytes that come faster than SQLite writes them.
//!
//! A body of many megabytes may arrive within a tenth of a second. Its bytes go to a file of its own, at the offset that they have in
//! the body, and the table `part` says where there are some; they become chunks as all others do, and then the file goes.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use rusqlite::Connection;

use super::{StoreError, event::Side};

/// The spool beside a database.
#[derive(Debug, Clone)]
pub struct Spool {
    dir: PathBuf,
}

impl Spool {
    /// Of the database that a connection is to.
    pub fn of(connection: &Connection) -> Self {
        let database = connection.path().map(Path::new);
        Self { dir: database.and_then(Path::parent).unwrap_or(Path::new(".")).join("spool") }
    }

    /// Adds bytes of a body, from `offset` on.
    pub fn write(&self, exchange: u64, side: Side, mut offset: u64, pieces: &[Bytes]) -> Result<(), StoreError> {
        let path = self.path(exchange, side);
        let options = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).to_owned();
        let file = match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
                options.open(&path)?
            }
            opened => opened?,
        };
        for piece in pieces {
            file.write_all_at(piece, offset)?;
            offset += piece.len() as u64;
        }
        Ok(())
    }

    /// `length` bytes of a body.
    pub fn read(&self, exchange: u64, side: Side, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut data = vec![0; length];
        File::open(self.path(exchange, side))?.read_exact_at(&mut data, offset)?;
        Ok(data)
    }

    /// The body is in chunks now.
    pub fn remove(&self, exchange: u64, side: Side) {
        // Most bodies never had one.
        fs::remove_file(self.path(exchange, side)).ok();
    }

    /// Removes what is left of bodies that are in chunks now, if nothing else is there.
    pub fn clear(connection: &Connection) -> Result<(), StoreError> {
        let is_used: bool = connection.query_row("SELECT EXISTS (SELECT 1 FROM part WHERE data IS NULL)", [], |row| row.get(0))?;
        if !is_used {
            // Most folders never had one.
            fs::remove_dir_all(Self::of(connection).dir).ok();
        }
        Ok(())
    }

    fn path(&self, exchange: u64, side: Side) -> PathBuf {
        let side = match side {
            Side::Request => "request",
            Side::Response => "response",
        };
        self.dir.join(format!("{exchange}-{side}"))
    }
}
