//! Packs: chunks that were new together, as one zstd frame.
//!
//! What a turn adds is small, and small things compress badly by themselves, so a pack is compressed against an earlier one where that
//! helps. That one stands by itself: to read a pack never takes more than two.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use zstd::bulk::{Compressor, Decompressor};

use super::{StoreError, chunks::unpack_lengths};

const LEVEL: i32 = 3;

/// A pack is worth being leant on if it has this many bytes.
const SMALLEST_BASE: usize = 4 * 1024;
/// Larger packs compress well by themselves.
const LARGEST_LEANING: usize = 64 * 1024;
/// Bases that are tried: request and response text differ, and several agents run at once.
const BASES: usize = 4;

/// Compresses packs.
pub struct Packer {
    alone: Compressor<'static>,
    /// The one used last at the end.
    bases: Vec<Base>,
}

struct Base {
    first_chunk: u64,
    compressor: Compressor<'static>,
}

impl Packer {
    pub fn new() -> Result<Self, StoreError> {
        Ok(Self { alone: Compressor::new(LEVEL)?, bases: Vec::new() })
    }

    /// Bases that were stored in a transaction that failed do not exist.
    pub fn forget(&mut self) {
        self.bases.clear();
    }

    /// Stores chunks from number `first_chunk` on, with their `lengths` (varints).
    pub fn store(&mut self, tx: &Transaction<'_>, first_chunk: u64, lengths: &[u8], data: &[u8]) -> Result<(), StoreError> {
        let alone = self.alone.compress(data)?;
        let (base, packed) = match self.lean(data, alone.len())? {
            Some((base, leaning)) => (Some(base), leaning),
            // No base helps: a pack of a new kind, which may be a base itself.
            None => (None, alone),
        };
        tx.prepare_cached("INSERT INTO pack (first_chunk, base, lengths, data) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
            first_chunk,
            base,
            lengths,
            packed
        ])?;
        if base.is_none() && data.len() >= SMALLEST_BASE {
            if self.bases.len() == BASES {
                self.bases.remove(0);
            }
            self.bases.push(Base { first_chunk, compressor: Compressor::with_dictionary(LEVEL, data)? });
        }
        Ok(())
    }

    /// The pack compressed against the first base with which it is worth a read of that base, trying the one used last first.
    fn lean(&mut self, data: &[u8], alone: usize) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        if data.len() > LARGEST_LEANING {
            return Ok(None);
        }
        for index in (0..self.bases.len()).rev() {
            let Some(base) = self.bases.get_mut(index) else { break };
            let packed = base.compressor.compress(data)?;
            if packed.len() * 4 < alone * 3 {
                let used = (base.first_chunk, packed);
                let base = self.bases.remove(index);
                self.bases.push(base);
                return Ok(Some(used));
            }
        }
        Ok(None)
    }
}

/// A pack as it stands in the table, still compressed.
pub struct StoredPack {
    pub first_chunk: u64,
    pub lengths: Vec<u64>,
    base: Option<u64>,
    data: Vec<u8>,
}

impl StoredPack {
    /// The pack that holds chunk `id`.
    pub fn holding(connection: &Connection, id: u64) -> Result<Self, StoreError> {
        let mut find = connection.prepare_cached(
            "SELECT first_chunk, base, lengths, data FROM pack WHERE first_chunk <= ?1 ORDER BY first_chunk DESC LIMIT 1",
        )?;
        let pack = find
            .query_row([id], |row| {
                let lengths: Vec<u8> = row.get(2)?;
                Ok(Self { first_chunk: row.get(0)?, base: row.get(1)?, lengths: unpack_lengths(&lengths), data: row.get(3)? })
            })
            .optional()?;
        match pack {
            Some(pack) if id - pack.first_chunk < pack.lengths.len() as u64 => Ok(pack),
            _ => Err(damaged(id)),
        }
    }

    /// Its chunks, one after the other.
    pub fn unpack(&self, connection: &Connection) -> Result<Vec<u8>, StoreError> {
        let base = match self.base {
            None => Vec::new(),
            Some(base) => {
                let base = Self::holding(connection, base)?;
                // A base leans on nothing: a file that says otherwise could send us in circles.
                if base.base.is_some() {
                    return Err(damaged(self.first_chunk));
                }
                base.decompress(&[])?
            }
        };
        self.decompress(&base)
    }

    fn decompress(&self, base: &[u8]) -> Result<Vec<u8>, StoreError> {
        /// Far above what is ever stored; a damaged length must not take all memory.
        const LARGEST: u64 = 4 << 20;
        let length: u64 = self.lengths.iter().fold(0, |sum, &length| sum.saturating_add(length));
        let capacity = usize::try_from(length.min(LARGEST)).unwrap_or(0);
        let mut decompressor = Decompressor::with_dictionary(base)?;
        let data = decompressor.decompress(&self.data, capacity).map_err(|_| damaged(self.first_chunk))?;
        if data.len() as u64 == length { Ok(data) } else { Err(damaged(self.first_chunk)) }
    }
}

fn damaged(chunk: u64) -> StoreError {
    StoreError::Damaged { what: format!("stored chunk {chunk}") }
}
