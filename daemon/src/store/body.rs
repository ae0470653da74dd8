//! Reads bodies back, whatever state of storage they are in.

use ccdump_record::Side;
use rusqlite::{Connection, params};

pub use super::pack::Unpacked;
use super::{
    StoreError, events,
    pack::StoredPack,
    recipe::{Recipe, Run},
    seal::load_recipe,
    spool::Spool,
};

/// Bytes of a spool file that are read at once.
const SPOOLED: usize = 256 << 10;

/// A stretch of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Bytes(Vec<u8>),
    /// That many bytes were not recorded.
    Missing(u64),
}

/// Reads a body from front to back. It may be used while the body still grows: when it has given
/// all there is, it gives more once there is more.
#[derive(Debug)]
pub struct BodyCursor {
    exchange: u64,
    side: Side,
    /// Offset of the next byte to give.
    position: u64,
    recipe: Recipe,
    place: Place,
    unpacked: Unpacked,
}

/// Where in the recipe the walk is: a run, and how many of its chunks lie behind.
#[derive(Debug, Default)]
struct Place {
    run: usize,
    chunks: u64,
    /// Body offset of this place.
    offset: u64,
}

/// What lies between two places.
enum Stretch {
    Inline(Vec<u8>),
    Missing(u64),
    /// Bytes `from..to` of an unpacked pack.
    Packed {
        pack: StoredPack,
        from: u64,
        to: u64,
    },
}

impl BodyCursor {
    pub fn new(exchange: u64, side: Side, offset: u64) -> Self {
        Self {
            exchange,
            side,
            position: offset,
            recipe: Recipe::default(),
            place: Place::default(),
            unpacked: Unpacked::default(),
        }
    }

    /// Reads with what was unpacked for other bodies.
    pub fn with_unpacked(mut self, unpacked: Unpacked) -> Self {
        self.unpacked = unpacked;
        self
    }

    /// For the next body.
    pub fn into_unpacked(self) -> Unpacked {
        self.unpacked
    }

    /// Goes on from another offset.
    pub fn seek(&mut self, offset: u64) {
        self.position = offset;
        self.place = Place::default();
    }

    pub fn position(&self) -> u64 {
        self.position
    }

    /// The next stretch, at most a pack's worth (256 kB and a bit); `None` when there is nothing
    /// more so far. The connection is in a transaction ([`super::reader::Readers::with`]): bytes
    /// move from parts to chunks, and must be seen in one place.
    pub fn next(&mut self, connection: &Connection) -> Result<Option<Piece>, StoreError> {
        self.step(connection, u64::MAX)
    }

    /// `limit`: more than that is not needed.
    fn step(&mut self, connection: &Connection, limit: u64) -> Result<Option<Piece>, StoreError> {
        if let Some(piece) = self.next_of_recipe(connection)? {
            return Ok(Some(piece));
        }
        let recipe = load_recipe(connection, self.exchange, self.side)?;
        if recipe != self.recipe {
            self.recipe = recipe;
            self.place = Place::default();
            if let Some(piece) = self.next_of_recipe(connection)? {
                return Ok(Some(piece));
            }
        }
        self.next_parts(connection, limit)
    }

    /// As [`BodyCursor::next`], but gives nothing past `limit`.
    pub fn next_until(
        &mut self,
        connection: &Connection,
        limit: u64,
    ) -> Result<Option<Piece>, StoreError> {
        if self.position >= limit {
            return Ok(None);
        }
        let piece = self.step(connection, limit)?;
        let excess = self.position.saturating_sub(limit);
        if excess == 0 {
            return Ok(piece);
        }
        self.seek(limit);
        Ok(piece.map(|piece| match piece {
            Piece::Missing(bytes) => Piece::Missing(bytes - excess),
            Piece::Bytes(mut bytes) => {
                bytes.truncate(
                    bytes.len().saturating_sub(usize::try_from(excess).unwrap_or(usize::MAX)),
                );
                Piece::Bytes(bytes)
            }
        }))
    }

    fn next_of_recipe(&mut self, connection: &Connection) -> Result<Option<Piece>, StoreError> {
        loop {
            while let Some(run) = self.recipe.0.get(self.place.run)
                && self.place.chunks == 0
                && self.place.offset + run.bytes() <= self.position
            {
                self.place = Place {
                    run: self.place.run + 1,
                    chunks: 0,
                    offset: self.place.offset + run.bytes(),
                };
            }
            let start = self.place.offset;
            let Some(stretch) = self.advance(connection)? else {
                return Ok(None);
            };
            if self.place.offset <= self.position {
                continue;
            }
            let skip = self.position - start;
            self.position = self.place.offset;
            return Ok(Some(match stretch {
                Stretch::Inline(data) => Piece::Bytes(slice(&data, skip, data.len() as u64)),
                Stretch::Missing(bytes) => Piece::Missing(bytes - skip),
                Stretch::Packed { pack, from, to } => {
                    let chunks = pack.unpack(connection, &mut self.unpacked)?;
                    Piece::Bytes(slice(&chunks, from + skip, to))
                }
            }));
        }
    }

    fn advance(&mut self, connection: &Connection) -> Result<Option<Stretch>, StoreError> {
        let Some(run) = self.recipe.0.get(self.place.run) else {
            return Ok(None);
        };
        let stretch = match run {
            Run::Inline(data) => Stretch::Inline(data.clone()),
            Run::Missing { bytes } => Stretch::Missing(*bytes),
            Run::Chunks { first, count, .. } => {
                let pack = StoredPack::holding(connection, first + self.place.chunks)?;
                let before = first + self.place.chunks - pack.first_chunk;
                let here = (pack.lengths.len() as u64 - before).min(count - self.place.chunks);
                let bytes = |chunks: u64| {
                    pack.lengths
                        .iter()
                        .take(usize::try_from(chunks).unwrap_or(usize::MAX))
                        .sum::<u64>()
                };
                let (from, to) = (bytes(before), bytes(before + here));
                self.place.chunks += here;
                self.place.offset += to - from;
                if self.place.chunks < *count {
                    return Ok(Some(Stretch::Packed { pack, from, to }));
                }
                self.place =
                    Place { run: self.place.run + 1, chunks: 0, offset: self.place.offset };
                return Ok(Some(Stretch::Packed { pack, from, to }));
            }
        };
        self.place =
            Place { run: self.place.run + 1, chunks: 0, offset: self.place.offset + run.bytes() };
        Ok(Some(stretch))
    }

    /// Parts that follow each other without a hole come together: of a stream there may be
    /// thousands, of a few bytes each.
    fn next_parts(
        &mut self,
        connection: &Connection,
        limit: u64,
    ) -> Result<Option<Piece>, StoreError> {
        // The part that holds the position if there is one, else the next. Each is found by its
        // offset.
        let begins = connection
            .prepare_cached(
                "SELECT max(offset) FROM part WHERE exchange = ?1 AND side = ?2 AND offset <= ?3",
            )?
            .query_row(params![self.exchange, events::column(self.side), self.position], |row| {
                row.get::<_, Option<u64>>(0)
            })?
            .unwrap_or(0);
        let mut parts = connection.prepare_cached(
            "SELECT offset, length, data FROM part WHERE exchange = ?1 AND side = ?2 AND offset >= ?3 ORDER BY offset",
        )?;
        let mut rows = parts.query(params![self.exchange, events::column(self.side), begins])?;
        let mut bytes = Vec::new();
        while self.position < limit
            && bytes.len() < SPOOLED
            && let Some(row) = rows.next()?
        {
            let (offset, length): (u64, u64) = (row.get(0)?, row.get(1)?);
            if offset + length <= self.position {
                continue;
            }
            if offset > self.position {
                if !bytes.is_empty() {
                    break;
                }
                let missing = offset - self.position;
                self.position = offset;
                return Ok(Some(Piece::Missing(missing)));
            }
            let part = match row.get::<_, Option<Vec<u8>>>(2)? {
                Some(data) => slice(&data, self.position - offset, length),
                None => {
                    let left =
                        usize::try_from(length - (self.position - offset)).unwrap_or(usize::MAX);
                    Spool::of(connection).read(
                        self.exchange,
                        self.side,
                        self.position,
                        left.min(SPOOLED),
                    )?
                }
            };
            self.position += part.len() as u64;
            bytes.extend_from_slice(&part);
        }
        Ok((!bytes.is_empty()).then_some(Piece::Bytes(bytes)))
    }
}

/// `data[from..to]`, as far as there is such a range.
fn slice(data: &[u8], from: u64, to: u64) -> Vec<u8> {
    let index = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
    data.get(index(from)..index(to)).unwrap_or_default().to_vec()
}
