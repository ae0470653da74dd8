//! Content-defined chunks, stored once each.
//!
//! An agent re-sends its whole history with every request. Cut where the content says so, the history of the request before falls
//! into the same chunks again, and only what is new takes space.

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{StoreError, event::varint, recipe::Recipe};

/// Small enough that the edges of a change cost little, large enough that 20-byte hashes do not weigh.
const MIN: usize = 1024;
const AVERAGE: usize = 3072;
const MAX: usize = 16 * 1024;

/// Chunks are compressed together up to this many bytes: what a read has to unpack at most.
const PACK: usize = 256 * 1024;

const HASH: usize = 20;

/// Puts bodies into the tables `chunk` and `pack`.
pub struct ChunkWriter {
    compressor: zstd::bulk::Compressor<'static>,
    next_chunk: u64,
}

impl ChunkWriter {
    /// Goes on after the last chunk in the database.
    pub fn new(connection: &rusqlite::Connection) -> Result<Self, StoreError> {
        let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
        compressor.set_parameter(zstd::zstd_safe::CParameter::ContentSizeFlag(true))?;
        let mut writer = Self { compressor, next_chunk: 1 };
        writer.rewind(connection)?;
        Ok(writer)
    }

    /// Takes numbers back that a rolled-back transaction had given out.
    pub fn rewind(&mut self, connection: &rusqlite::Connection) -> Result<(), StoreError> {
        let last: Option<(u64, Vec<u8>)> = connection
            .query_row("SELECT first_chunk, lengths FROM pack ORDER BY first_chunk DESC LIMIT 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        self.next_chunk = match last {
            Some((first, lengths)) => first + unpack_lengths(&lengths).len() as u64,
            None => 1,
        };
        Ok(())
    }

    /// Cuts `data`, stores the chunks that are new, and adds all of them to `recipe`. Unless `data` is the body's end, the rest after
    /// the last certain cut is left alone. Returns how many bytes were taken.
    pub fn put(&mut self, tx: &Transaction<'_>, data: &[u8], is_end: bool, recipe: &mut Recipe) -> Result<usize, StoreError> {
        let mut find = tx.prepare_cached("SELECT id FROM chunk WHERE hash = ?1")?;
        let mut insert = tx.prepare_cached("INSERT INTO chunk (hash, id) VALUES (?1, ?2)")?;
        let mut pack = Pack::default();
        let mut taken = 0;
        for cut in fastcdc::v2020::FastCDC::new(data, MIN, AVERAGE, MAX) {
            let end = cut.offset + cut.length;
            if end == data.len() && !is_end {
                break;
            }
            let chunk = &data[cut.offset..end];
            let hash = blake3::hash(chunk);
            let hash = &hash.as_bytes()[..HASH];
            let known: Option<u64> = find.query_row([hash], |row| row.get(0)).optional()?;
            let id = match known {
                Some(id) => id,
                None => {
                    let id = self.next_chunk;
                    self.next_chunk += 1;
                    insert.execute(params![hash, id])?;
                    pack.add(id, chunk);
                    id
                }
            };
            recipe.push_chunk(id, chunk.len() as u64);
            taken = end;
            if pack.data.len() >= PACK {
                self.flush(tx, &mut pack)?;
            }
        }
        self.flush(tx, &mut pack)?;
        Ok(taken)
    }

    fn flush(&mut self, tx: &Transaction<'_>, pack: &mut Pack) -> Result<(), StoreError> {
        if pack.data.is_empty() {
            return Ok(());
        }
        let data = self.compressor.compress(&pack.data)?;
        tx.prepare_cached("INSERT INTO pack (first_chunk, lengths, data) VALUES (?1, ?2, ?3)")?.execute(params![
            pack.first_chunk,
            pack.lengths,
            data
        ])?;
        *pack = Pack::default();
        Ok(())
    }
}

const LEVEL: i32 = 3;

#[derive(Default)]
struct Pack {
    first_chunk: u64,
    lengths: Vec<u8>,
    data: Vec<u8>,
}

impl Pack {
    fn add(&mut self, id: u64, chunk: &[u8]) {
        if self.data.is_empty() {
            self.first_chunk = id;
        }
        varint::put(&mut self.lengths, chunk.len() as u64);
        self.data.extend_from_slice(chunk);
    }
}

/// A pack as it stands in the table, still compressed.
pub struct StoredPack {
    pub first_chunk: u64,
    pub lengths: Vec<u64>,
    data: Vec<u8>,
}

impl StoredPack {
    /// The pack that holds chunk `id`.
    pub fn holding(connection: &rusqlite::Connection, id: u64) -> Result<Self, StoreError> {
        let mut find = connection.prepare_cached(
            "SELECT first_chunk, lengths, data FROM pack WHERE first_chunk <= ?1 ORDER BY first_chunk DESC LIMIT 1",
        )?;
        let pack = find
            .query_row([id], |row| {
                let lengths: Vec<u8> = row.get(1)?;
                Ok(Self { first_chunk: row.get(0)?, lengths: unpack_lengths(&lengths), data: row.get(2)? })
            })
            .optional()?;
        match pack {
            Some(pack) if id - pack.first_chunk < pack.lengths.len() as u64 => Ok(pack),
            _ => Err(damaged(id)),
        }
    }

    /// Its chunks, one after the other.
    pub fn unpack(&self) -> Result<Vec<u8>, StoreError> {
        let length: u64 = self.lengths.iter().fold(0, |sum, &length| sum.saturating_add(length));
        let capacity = usize::try_from(length).unwrap_or(usize::MAX).min(PACK + MAX);
        let data = zstd::bulk::decompress(&self.data, capacity).map_err(|_| damaged(self.first_chunk))?;
        if data.len() as u64 == length { Ok(data) } else { Err(damaged(self.first_chunk)) }
    }
}

fn damaged(chunk: u64) -> StoreError {
    StoreError::Damaged { what: format!("stored chunk {chunk}") }
}

fn unpack_lengths(mut bytes: &[u8]) -> Vec<u64> {
    std::iter::from_fn(|| varint::take(&mut bytes)).collect()
}
