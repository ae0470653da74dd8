//! Packs: chunks that were new together, as one zstd frame.
//!
//! What a turn adds is small, and small things compress badly by themselves. So a pack leans on two
//! earlier ones, which serve as its dictionary: a large one that stands by itself, its *root*, and
//! the one just before it in the same *lineage*. The latter holds what content-defined cutting
//! could not share: the end of the message before, stored again because something follows it now.

use std::sync::Arc;

use ccdump_record::Side;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use zstd::bulk::Compressor;

use super::{StoreError, chunks::unpack_lengths, unzip::unzip};

/// Large packs, and all of them under load.
const FAST: i32 = 3;
/// Small packs that lean.
const THOROUGH: i32 = 6;

/// Packs that may lean: smaller ones gain nothing, larger ones compress well by themselves.
const LEANING: std::ops::RangeInclusive<usize> = 512..=64 * 1024;
/// A pack is worth a lineage of its own if it has this many bytes.
const SMALLEST_ROOT: usize = 4 * 1024;
/// Lineages that are tried, per side: several agents run at once.
const LINEAGES: usize = 3;
/// A read takes this many packs at most, and the root.
const DEPTH: usize = 8;
/// Packs of one transaction that may lean. Trying takes about a millisecond, which a flood of small
/// bodies must not cost.
const LEANING_PER_BATCH: usize = 8;

/// Compresses packs.
pub struct Packer {
    alone: Compressor<'static>,
    leaning: Compressor<'static>,
    /// Of requests and of responses, the one used last at the end.
    lineages: [Vec<Lineage>; 2],
    left_to_lean: usize,
}

struct Lineage {
    root: Pack,
    /// The newest pack, if it is not the root.
    newest: Option<Pack>,
    depth: usize,
}

struct Pack {
    first_chunk: u64,
    data: Vec<u8>,
}

impl Packer {
    pub fn new() -> Result<Self, StoreError> {
        let (mut alone, mut leaning) = (Compressor::new(FAST)?, Compressor::new(THOROUGH)?);
        // Four bytes each, by which a pack in a damaged page is told from a whole one.
        alone.include_checksum(true)?;
        leaning.include_checksum(true)?;
        Ok(Self {
            alone,
            leaning,
            lineages: [Vec::new(), Vec::new()],
            left_to_lean: LEANING_PER_BATCH,
        })
    }

    /// A transaction begins.
    pub fn begin(&mut self) {
        self.left_to_lean = LEANING_PER_BATCH;
    }

    /// Packs that were stored in a transaction that failed do not exist.
    pub fn forget(&mut self) {
        self.lineages = [Vec::new(), Vec::new()];
    }

    /// Stores chunks from number `first_chunk` on, with their `lengths` (varints).
    pub fn store(
        &mut self,
        tx: &Transaction<'_>,
        side: Side,
        first_chunk: u64,
        lengths: &[u8],
        data: Vec<u8>,
    ) -> Result<(), StoreError> {
        let alone = self.alone.compress(&data)?;
        let may_lean = LEANING.contains(&data.len()) && self.left_to_lean > 0;
        let leaning = if may_lean { self.lean(side, &data, alone.len())? } else { None };
        let (base, packed) = match &leaning {
            Some((base, leaning)) => (Some(*base), leaning),
            None => (None, &alone),
        };
        tx.prepare_cached(
            "INSERT INTO pack (first_chunk, base, lengths, data) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![first_chunk, base, lengths, packed])?;
        let pack = Pack { first_chunk, data };
        let lineages = self.of(side);
        if leaning.is_some() {
            if let Some(lineage) = lineages.last_mut() {
                lineage.newest = Some(pack);
                lineage.depth += 1;
            }
        } else if may_lean && pack.data.len() >= SMALLEST_ROOT {
            if lineages.len() == LINEAGES {
                lineages.remove(0);
            }
            lineages.push(Lineage { root: pack, newest: None, depth: 0 });
        }
        Ok(())
    }

    /// The pack compressed against the lineage that suits it best, if that is worth anything, and
    /// what it leans on. That lineage is the last one then.
    fn lean(
        &mut self,
        side: Side,
        data: &[u8],
        alone: usize,
    ) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        self.left_to_lean -= 1;
        let mut best: Option<(usize, u64, Vec<u8>)> = None;
        for index in 0..self.of(side).len() {
            let Some(lineage) = self.of(side).get_mut(index) else { break };
            if lineage.depth >= DEPTH {
                lineage.newest = None;
                lineage.depth = 0;
            }
            let base = lineage.newest.as_ref().unwrap_or(&lineage.root).first_chunk;
            let dictionary =
                dictionary(&lineage.root.data, lineage.newest.as_ref().map(|pack| &pack.data[..]));
            self.leaning.set_dictionary(THOROUGH, &dictionary)?;
            let packed = self.leaning.compress(data)?;
            if best.as_ref().is_none_or(|(_, _, best)| packed.len() < best.len()) {
                best = Some((index, base, packed));
            }
        }
        let Some((index, base, packed)) =
            best.filter(|(_, _, packed)| packed.len() * 10 < alone * 9)
        else {
            return Ok(None);
        };
        let lineages = self.of(side);
        let used = lineages.remove(index);
        lineages.push(used);
        Ok(Some((base, packed)))
    }

    fn of(&mut self, side: Side) -> &mut Vec<Lineage> {
        let [requests, responses] = &mut self.lineages;
        match side {
            Side::Request => requests,
            Side::Response => responses,
        }
    }
}

/// What is most alike comes last, where references to it are shortest.
fn dictionary(root: &[u8], newest: Option<&[u8]>) -> Vec<u8> {
    [root, newest.unwrap_or_default()].concat()
}

/// A pack as it stands in the table, still compressed.
pub struct StoredPack {
    pub first_chunk: u64,
    pub lengths: Vec<u64>,
    base: Option<u64>,
    data: Vec<u8>,
}

impl StoredPack {
    /// The number after its last chunk.
    pub fn end(&self) -> u64 {
        self.first_chunk + self.lengths.len() as u64
    }

    /// Whether unpacking it tells whether it is whole. The bit stands in the descriptor of the
    /// frame, behind its magic number.
    pub fn has_checksum(&self) -> bool {
        self.data.get(4).is_some_and(|descriptor| descriptor & 0b100 != 0)
    }

    /// The pack that holds chunk `id`.
    pub fn holding(connection: &Connection, id: u64) -> Result<Self, StoreError> {
        let mut find = connection.prepare_cached(
            "SELECT first_chunk, base, lengths, data FROM pack WHERE first_chunk <= ?1 ORDER BY first_chunk DESC LIMIT 1",
        )?;
        let pack = find
            .query_row([id], |row| {
                let lengths: Vec<u8> = row.get(2)?;
                Ok(Self {
                    first_chunk: row.get(0)?,
                    base: row.get(1)?,
                    lengths: unpack_lengths(&lengths),
                    data: row.get(3)?,
                })
            })
            .optional()?;
        match pack {
            Some(pack) if id - pack.first_chunk < pack.lengths.len() as u64 => Ok(pack),
            _ => Err(damaged(id)),
        }
    }

    /// Its chunks, one after the other. What was unpacked on the way to them is kept in `unpacked`.
    pub fn unpack(
        &self,
        connection: &Connection,
        unpacked: &mut Unpacked,
    ) -> Result<Arc<Vec<u8>>, StoreError> {
        // From here to the root, or to a pack that is known. A file that is damaged could send us
        // in circles.
        let mut lineage = Vec::new();
        let mut known = unpacked.get(self.first_chunk);
        let mut base = self.base.filter(|_| known.is_none());
        while let Some(first_chunk) = base {
            if lineage.len() > DEPTH {
                return Err(damaged(self.first_chunk));
            }
            known = unpacked.get(first_chunk);
            if known.is_some() {
                break;
            }
            let pack = Self::holding(connection, first_chunk)?;
            base = pack.base;
            lineage.push(pack);
        }
        for pack in lineage.iter().rev().chain([self]) {
            if known.as_ref().is_none_or(|known| known.first_chunk != pack.first_chunk) {
                known = Some(unpacked.keep(pack.on_top_of(known.as_ref())?));
            }
        }
        known.map(|known| known.data).ok_or_else(|| damaged(self.first_chunk))
    }

    fn on_top_of(&self, base: Option<&UnpackedPack>) -> Result<UnpackedPack, StoreError> {
        let Some(base) = base else {
            let data = Arc::new(self.decompress(&[])?);
            return Ok(UnpackedPack { first_chunk: self.first_chunk, root: data.clone(), data });
        };
        let newest = (!Arc::ptr_eq(&base.root, &base.data)).then_some(&base.data[..]);
        let data = Arc::new(self.decompress(&dictionary(&base.root, newest))?);
        Ok(UnpackedPack { first_chunk: self.first_chunk, root: base.root.clone(), data })
    }

    fn decompress(&self, dictionary: &[u8]) -> Result<Vec<u8>, StoreError> {
        /// Far above what is ever stored; a damaged length must not take all memory.
        const LARGEST: u64 = 4 << 20;
        let length: u64 = self.lengths.iter().fold(0, |sum, &length| sum.saturating_add(length));
        let capacity = usize::try_from(length.min(LARGEST)).unwrap_or(0);
        let data =
            unzip(&self.data, dictionary, capacity).map_err(|_| damaged(self.first_chunk))?;
        if data.len() as u64 == length { Ok(data) } else { Err(damaged(self.first_chunk)) }
    }
}

/// Packs that are kept unpacked: each may hold a root of its own besides.
const MOST_UNPACKED: usize = 32;

/// A pack as it is read, with the root that it leans on: itself if it stands alone.
#[derive(Debug, Clone)]
struct UnpackedPack {
    first_chunk: u64,
    root: Arc<Vec<u8>>,
    data: Arc<Vec<u8>>,
}

/// Packs that were unpacked lately, for whoever reads many bodies: those that follow each other
/// lean on the same ones.
#[derive(Debug, Default)]
pub struct Unpacked {
    /// Bytes that may be kept.
    room: usize,
    /// The one used last at the end.
    packs: Vec<UnpackedPack>,
}

impl Unpacked {
    /// With none, nothing is kept.
    pub fn with_room(room: usize) -> Self {
        Self { room, packs: Vec::new() }
    }

    fn get(&mut self, first_chunk: u64) -> Option<UnpackedPack> {
        let at = self.packs.iter().position(|pack| pack.first_chunk == first_chunk)?;
        let pack = self.packs.remove(at);
        self.packs.push(pack.clone());
        Some(pack)
    }

    fn keep(&mut self, pack: UnpackedPack) -> UnpackedPack {
        let mut bytes = pack.data.len();
        if bytes <= self.room {
            // Those that found room, from the newest on.
            let mut keeps = |kept: &UnpackedPack| {
                bytes = bytes.saturating_add(kept.data.len());
                bytes <= self.room
            };
            let kept = self
                .packs
                .iter()
                .rev()
                .take(MOST_UNPACKED - 1)
                .take_while(|kept| keeps(kept))
                .count();
            self.packs.drain(..self.packs.len() - kept);
            self.packs.push(pack.clone());
        }
        pack
    }
}

fn damaged(chunk: u64) -> StoreError {
    StoreError::damaged_log(format!("stored chunk {chunk}"))
}
