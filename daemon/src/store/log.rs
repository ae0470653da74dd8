//! The writer of the canonical log.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    time::{Duration, Instant},
};

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::{
    Files, StoreError,
    chunks::ChunkWriter,
    event::Side,
    recipe::Recipe,
    record::{BodyGrowth, Folded, Record, fold},
    schema,
    seal::{STEP, Seal, fill_hole, save_recipe, seal_some},
    spool::Spool,
};

/// Bodies up to this size stand in their recipe.
const INLINE: u64 = 256;
/// Bodies up to this size that begin and end within one batch become chunks at once.
const DIRECT: u64 = 4 << 20;
/// From this many bytes of one body in a batch on, they go to a file: SQLite could not keep up. A fraction of a batch, since several
/// bodies may come at full speed at once.
const FLOOD: u64 = 128 << 10;

/// Reading never takes this long within one transaction.
const SPOOL_KEPT: Duration = Duration::from_secs(10);

pub const FORMAT: u32 = 1;

/// The one writer. A failed call leaves the log as it was and may be repeated.
pub struct Log {
    connection: Connection,
    chunks: ChunkWriter,
    epoch: String,
    head_seq: u64,
    /// Exchanges that have not ended.
    open: BTreeSet<u64>,
    /// Bytes in `part` of bodies that still grow.
    growing: HashMap<(u64, Side), u64>,
    to_seal: VecDeque<Seal>,
    /// Bodies that are in chunks since, and may have a spool file left.
    spooled: VecDeque<(Instant, u64, Side)>,
}

impl Log {
    /// Opens or creates the log.
    pub fn open(files: &Files) -> Result<Self, StoreError> {
        let connection = schema::open_writer(&files.canonical(), schema::CANONICAL)?;
        // `checkpoint` does that.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        let epoch = identify(&connection)?;
        let head_seq = connection.query_row("SELECT coalesce(max(seq), 0) FROM event", [], |row| row.get(0))?;
        let chunks = ChunkWriter::new(&connection)?;
        let open = load_open(&connection)?;
        Ok(Self {
            connection,
            chunks,
            epoch,
            head_seq,
            open,
            growing: HashMap::new(),
            to_seal: VecDeque::new(),
            spooled: VecDeque::new(),
        })
    }

    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    pub fn head_seq(&self) -> u64 {
        self.head_seq
    }

    /// The number after the highest that an exchange has had.
    pub fn next_exchange(&self) -> Result<u64, StoreError> {
        Ok(self.connection.query_row("SELECT coalesce(max(exchange), 0) + 1 FROM event", [], |row| row.get(0))?)
    }

    /// Exchanges that have not ended.
    pub fn open_exchanges(&self) -> &BTreeSet<u64> {
        &self.open
    }

    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Writes a batch in one transaction. When this returns, its events survive a kill and may be shown.
    pub fn commit(&mut self, records: &[Record]) -> Result<u64, StoreError> {
        let folded = fold(records);
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.chunks.begin();
        let open = still_open(&self.open, &folded);
        let written = write(&tx, &mut self.chunks, &folded, self.head_seq).and_then(|written| {
            if open != self.open {
                save_open(&tx, &open)?;
            }
            tx.commit()?;
            Ok(written)
        });
        match written {
            Ok(written) => {
                self.head_seq = written.head_seq;
                self.open = open;
                self.note_growth(&folded, &written.sealed);
                Ok(self.head_seq)
            }
            Err(error) => {
                // The transaction is gone; should this fail too, the next commit fails on the same cause.
                self.chunks.rewind(&self.connection).ok();
                Err(error)
            }
        }
    }

    fn note_growth(&mut self, folded: &Folded, sealed: &[(u64, Side)]) {
        for (key @ (exchange, side), growth) in &folded.bodies {
            if sealed.contains(key) {
                continue;
            }
            let added = growth.added();
            let has_parts = added > 0 || self.growing.contains_key(key);
            if growth.total.is_some() {
                self.growing.remove(key);
                if has_parts {
                    self.seal_later(Seal { exchange: *exchange, side: *side, total: growth.total });
                }
                continue;
            }
            let grown = self.growing.entry(*key).or_default();
            *grown += added;
            if *grown >= STEP {
                *grown = 0;
                self.seal_later(Seal { exchange: *exchange, side: *side, total: None });
            }
        }
    }

    /// Leaves a body to be made into chunks when there is time.
    pub fn seal_later(&mut self, seal: Seal) {
        self.to_seal.push_back(seal);
    }

    pub fn has_to_seal(&self) -> bool {
        !self.to_seal.is_empty()
    }

    /// Makes about a megabyte of parts into chunks, in a transaction of its own.
    pub fn seal_step(&mut self) -> Result<(), StoreError> {
        let Some(seal) = self.to_seal.front().copied() else {
            return Ok(());
        };
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.chunks.begin();
        let sealed = seal_some(&tx, &mut self.chunks, seal).and_then(|done| {
            tx.commit()?;
            Ok(done)
        });
        match sealed {
            Ok(done) => {
                if done {
                    self.to_seal.pop_front();
                    if seal.total.is_some() {
                        self.spooled.push_back((Instant::now(), seal.exchange, seal.side));
                    }
                    self.remove_spooled();
                }
                Ok(())
            }
            Err(error) => {
                self.chunks.rewind(&self.connection).ok();
                Err(error)
            }
        }
    }

    /// Removes the files of bodies that have long been in chunks: whoever still reads them began before that.
    fn remove_spooled(&mut self) {
        let spool = Spool::of(&self.connection);
        while let Some(&(since, exchange, side)) = self.spooled.front()
            && since.elapsed() > SPOOL_KEPT
        {
            spool.remove(exchange, side);
            self.spooled.pop_front();
        }
    }

    /// Gives free pages back to the disk, a few at a time.
    pub fn tidy(&mut self) -> Result<(), StoreError> {
        self.remove_spooled();
        schema::vacuum(&self.connection, 512)
    }

    /// Leaves one file behind, without slack.
    pub fn close(mut self) -> Result<(), StoreError> {
        while self.has_to_seal() {
            self.seal_step()?;
        }
        Spool::clear(&self.connection)?;
        schema::shrink(&self.connection)?;
        self.connection.close().map_err(|(_, error)| error.into())
    }
}

/// The epoch of this file; a new file gets one.
fn identify(connection: &Connection) -> Result<String, StoreError> {
    if let Some(format) = meta(connection, "format")? {
        let format: u32 = format.parse().map_err(|_| StoreError::Damaged { what: "the format number".into() })?;
        if format > FORMAT {
            return Err(StoreError::Newer(format));
        }
    }
    if let Some(epoch) = meta(connection, "epoch")? {
        return Ok(epoch);
    }
    let mut random = [0u8; 16];
    getrandom::fill(&mut random).map_err(|error| StoreError::Io(std::io::Error::other(error)))?;
    let epoch: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    connection.execute("INSERT INTO meta (key, value) VALUES ('epoch', ?1), ('format', ?2)", params![epoch, FORMAT.to_string()])?;
    Ok(epoch)
}

fn still_open(open: &BTreeSet<u64>, folded: &Folded) -> BTreeSet<u64> {
    let mut open = open.clone();
    open.extend(&folded.opened);
    for exchange in &folded.ended {
        open.remove(exchange);
    }
    open
}

fn load_open(connection: &Connection) -> Result<BTreeSet<u64>, StoreError> {
    let open = meta(connection, "open")?.unwrap_or_else(|| "[]".to_owned());
    serde_json::from_str(&open).map_err(|_| StoreError::Damaged { what: "the list of open exchanges".into() })
}

fn save_open(tx: &Transaction<'_>, open: &BTreeSet<u64>) -> Result<(), StoreError> {
    let open = serde_json::to_string(open).map_err(std::io::Error::other)?;
    tx.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES ('open', ?1)")?.execute([open])?;
    Ok(())
}

fn meta(connection: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    Ok(connection.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0)).optional()?)
}

struct Written {
    head_seq: u64,
    /// Bodies that became chunks at once.
    sealed: Vec<(u64, Side)>,
}

fn write(tx: &Transaction<'_>, chunks: &mut ChunkWriter, folded: &Folded, head_seq: u64) -> Result<Written, StoreError> {
    let mut seq = head_seq;
    let mut insert = tx.prepare_cached("INSERT INTO event (seq, exchange, kind, at, detail) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for draft in &folded.drafts {
        seq += 1;
        insert.execute(params![seq, draft.exchange, draft.detail.kind(), draft.at_us, draft.detail.encode()])?;
    }
    let mut sealed = Vec::new();
    for (key @ (exchange, side), growth) in &folded.bodies {
        if write_body(tx, chunks, *exchange, *side, growth)? {
            sealed.push(*key);
        }
    }
    Ok(Written { head_seq: seq, sealed })
}

/// Returns whether the body is done with.
fn write_body(
    tx: &Transaction<'_>,
    chunks: &mut ChunkWriter,
    exchange: u64,
    side: Side,
    growth: &BodyGrowth,
) -> Result<bool, StoreError> {
    let starts_here = growth.stretches.first().is_some_and(|stretch| stretch.offset == 0);
    if let Some(total) = growth.total
        && total <= DIRECT
        && starts_here
    {
        let mut recipe = Recipe::default();
        for stretch in &growth.stretches {
            fill_hole(&mut recipe, stretch.offset);
            let data = stretch.pieces.concat();
            if total <= INLINE {
                recipe.push_inline(&data);
            } else {
                chunks.put(tx, side, &data, true, &mut recipe)?;
            }
        }
        fill_hole(&mut recipe, total);
        save_recipe(tx, exchange, side, &recipe)?;
        return Ok(true);
    }
    let mut insert = tx.prepare_cached("INSERT INTO part (exchange, side, offset, length, data) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    if growth.added() >= FLOOD {
        let spool = Spool::of(tx);
        for stretch in &growth.stretches {
            spool.write(exchange, side, stretch.offset, &stretch.pieces)?;
            insert.execute(params![exchange, side.column(), stretch.offset, stretch.length, None::<Vec<u8>>])?;
        }
        return Ok(false);
    }
    for stretch in &growth.stretches {
        insert.execute(params![exchange, side.column(), stretch.offset, stretch.length, stretch.pieces.concat()])?;
    }
    Ok(false)
}
