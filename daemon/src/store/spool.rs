//! Files for bytes that come faster than SQLite writes them.
//!
//! A body of many megabytes may arrive within a tenth of a second. Its bytes go to a file of its
//! own, at the offset that they have in the body, and the table `part` says where there are some;
//! they become chunks as all others do, and then the file goes.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use ccdump_record::Side;
use rusqlite::{Connection, params};

use super::{StoreError, events};

/// The spool beside a database.
#[derive(Debug, Clone)]
pub struct Spool {
    dir: PathBuf,
}

impl Spool {
    /// Of the database that a connection is to.
    pub fn of(connection: &Connection) -> Self {
        let database = connection.path().map(Path::new);
        Self::in_folder(database.and_then(Path::parent).unwrap_or(Path::new(".")))
    }

    /// Of a data folder.
    pub fn in_folder(dir: &Path) -> Self {
        Self { dir: dir.join("spool") }
    }

    /// Adds bytes of a body, from `offset` on.
    pub fn write(
        &self,
        exchange: u64,
        side: Side,
        mut offset: u64,
        pieces: &[Bytes],
    ) -> Result<(), StoreError> {
        let path = self.path(exchange, side);
        self.write_to(&path, &mut offset, pieces).map_err(StoreError::with_file(&path))
    }

    fn write_to(&self, path: &Path, offset: &mut u64, pieces: &[Bytes]) -> io::Result<()> {
        let options =
            OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).to_owned();
        let file = match options.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
                options.open(path)?
            }
            opened => opened?,
        };
        for piece in pieces {
            file.write_all_at(piece, *offset)?;
            *offset += piece.len() as u64;
        }
        Ok(())
    }

    /// `length` bytes of a body.
    pub fn read(
        &self,
        exchange: u64,
        side: Side,
        offset: u64,
        length: usize,
    ) -> io::Result<Vec<u8>> {
        let mut data = vec![0; length];
        File::open(self.path(exchange, side))?.read_exact_at(&mut data, offset)?;
        Ok(data)
    }

    /// The body is in chunks now.
    pub fn remove(&self, exchange: u64, side: Side) {
        // Most bodies never had one.
        fs::remove_file(self.path(exchange, side)).ok();
    }

    /// Removes the files of bodies that are in chunks now: what an earlier daemon left when it was
    /// killed.
    pub fn sweep(&self, connection: &Connection) -> Result<(), StoreError> {
        // Most folders never had one.
        let Ok(files) = fs::read_dir(&self.dir) else { return Ok(()) };
        let mut is_used = connection.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM part WHERE exchange = ?1 AND side = ?2 AND data IS NULL)",
        )?;
        for file in files.filter_map(Result::ok) {
            let Some((exchange, side)) = file.file_name().to_str().and_then(body_of) else {
                continue;
            };
            if !is_used
                .query_row(params![exchange, events::column(side)], |row| row.get::<_, bool>(0))?
            {
                self.remove(exchange, side);
            }
        }
        Ok(())
    }

    /// Bytes on disk.
    pub fn size(&self) -> u64 {
        let files = fs::read_dir(&self.dir).into_iter().flatten().filter_map(Result::ok);
        files.filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum()
    }

    fn path(&self, exchange: u64, side: Side) -> PathBuf {
        self.dir.join(format!("{exchange}-{}", name(side)))
    }
}

fn name(side: Side) -> &'static str {
    match side {
        Side::Request => "request",
        Side::Response => "response",
    }
}

/// Whose bytes a file of this name holds.
fn body_of(file: &str) -> Option<(u64, Side)> {
    let (exchange, side) = file.split_once('-')?;
    let side = [Side::Request, Side::Response].into_iter().find(|known| name(*known) == side)?;
    Some((exchange.parse().ok()?, side))
}
