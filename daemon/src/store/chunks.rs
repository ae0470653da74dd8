//! Content-defined chunks, stored once each.
//!
//! An agent re-sends its whole history with every request. Cut where the content says so, the
//! history of the request before falls into the same chunks again, and only what is new takes
//! space.

use std::mem;

use ccdump_record::Side;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::{StoreError, events::varint, pack::Packer, recipe::Recipe};

/// A turn adds a few kilobytes, and each change costs about one chunk on either side of it. Smaller
/// ones would weigh more by their 16-byte hashes than they save.
const MIN: usize = 512;
const AVERAGE: usize = 2048;
const MAX: usize = 16 * 1024;

/// Chunks are compressed together up to this many bytes: what a read has to unpack at most.
const PACK: usize = 256 * 1024;

/// Of BLAKE3's 32 bytes: two chunks of one folder will not meet by chance, nor by anything less
/// than 2^64 tries.
const HASH: usize = 16;

/// Puts bodies into the tables `chunk` and `pack`.
pub struct ChunkWriter {
    packer: Packer,
    next_chunk: u64,
    /// Numbers below it are of a log that this one has taken the place of.
    first_chunk: u64,
}

/// New chunks that will be one pack.
#[derive(Default)]
struct Pack {
    first_chunk: u64,
    lengths: Vec<u8>,
    data: Vec<u8>,
}

impl ChunkWriter {
    /// Goes on after the last chunk in the database, with `first_chunk` at least.
    pub fn new(connection: &Connection, first_chunk: u64) -> Result<Self, StoreError> {
        let mut writer = Self { packer: Packer::new()?, next_chunk: first_chunk, first_chunk };
        writer.rewind(connection)?;
        Ok(writer)
    }

    /// Takes numbers back that a rolled-back transaction had given out.
    pub fn rewind(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let last: Option<(u64, Vec<u8>)> = connection
            .query_row(
                "SELECT first_chunk, lengths FROM pack ORDER BY first_chunk DESC LIMIT 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let after_last =
            last.map_or(1, |(first, lengths)| first + unpack_lengths(&lengths).len() as u64);
        self.next_chunk = after_last.max(self.first_chunk);
        self.packer.forget();
        Ok(())
    }

    /// The first number that is free.
    pub fn next_chunk(&self) -> u64 {
        self.next_chunk
    }

    /// Numbers below `first_chunk` are not given any more.
    pub fn skip_to(&mut self, first_chunk: u64) {
        self.first_chunk = first_chunk;
        self.next_chunk = self.next_chunk.max(first_chunk);
    }

    /// A transaction begins.
    pub fn begin(&mut self) {
        self.packer.begin();
    }

    /// Cuts `data`, stores the chunks that are new, and adds all of them to `recipe`. Unless `data`
    /// is the body's end, the rest after the last certain cut is left alone. Returns how many bytes
    /// were taken.
    pub fn put(
        &mut self,
        tx: &Transaction<'_>,
        side: Side,
        data: &[u8],
        is_end: bool,
        recipe: &mut Recipe,
    ) -> Result<usize, StoreError> {
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
            let hash = hash_of(chunk);
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
                self.flush(tx, side, &mut pack)?;
            }
        }
        self.flush(tx, side, &mut pack)?;
        Ok(taken)
    }

    fn flush(
        &mut self,
        tx: &Transaction<'_>,
        side: Side,
        pack: &mut Pack,
    ) -> Result<(), StoreError> {
        if !pack.data.is_empty() {
            let Pack { first_chunk, lengths, data } = mem::take(pack);
            self.packer.store(tx, side, first_chunk, &lengths, data)?;
        }
        Ok(())
    }
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

/// What a chunk is known by.
pub fn hash_of(chunk: &[u8]) -> [u8; HASH] {
    let mut hash = [0; HASH];
    blake3::Hasher::new().update(chunk).finalize_xof().fill(&mut hash);
    hash
}

pub fn unpack_lengths(mut bytes: &[u8]) -> Vec<u64> {
    std::iter::from_fn(|| varint::take(&mut bytes)).collect()
}
