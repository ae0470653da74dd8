//! The writer of the canonical log.

mod renewal;

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    panic::resume_unwind,
    thread,
    time::{Duration, Instant},
};

use ccdump_record::Side;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::{
    Files, StoreError, Turn,
    chunks::ChunkWriter,
    events,
    mask::{Mark, Masks},
    numbers::{Free, Numbers},
    opening::stamps,
    recipe::Recipe,
    record::{BodyGrowth, Folded, Record, fold},
    recover::Leftovers,
    salvage::{Plan, Salvage},
    schema,
    seal::{STEP, Seal, fill_hole, save_recipe, seal_some},
    spool::Spool,
};

/// Bodies up to this size stand in their recipe.
const INLINE: u64 = 256;
/// Bodies up to this size that begin and end within one batch become chunks at once.
const DIRECT: u64 = 4 << 20;
/// From this many bytes of one body in a batch on, they go to a file: SQLite could not keep up. A
/// fraction of a batch, since several bodies may come at full speed at once.
const FLOOD: u64 = 128 << 10;
/// Threads that write to these files at once.
const SPOOLERS: usize = 8;

/// Reading never takes this long within one transaction.
const SPOOL_KEPT: Duration = Duration::from_secs(10);

pub const FORMAT: u32 = 1;

/// The one writer. A failed call leaves the log as it was and may be repeated.
pub struct Log {
    files: Files,
    connection: Connection,
    chunks: ChunkWriter,
    numbers: Numbers,
    epoch: String,
    head_seq: u64,
    next_exchange: u64,
    /// Exchanges that have not ended.
    open: BTreeSet<u64>,
    /// Bytes in `part` of bodies that still grow.
    growing: HashMap<(u64, Side), u64>,
    to_seal: VecDeque<Seal>,
    /// Bodies that an earlier daemon left unsealed, while some may be left.
    leftovers: Option<Leftovers>,
    /// What is brought over of a log that was damaged.
    salvage: Option<Salvage>,
    /// Exchanges that were open when the log was replaced: their first bytes come with what is
    /// brought over, and until then the others wait.
    spanning: BTreeSet<u64>,
    /// The file is not used any more, and there is no other one yet: why.
    broken: Option<String>,
    /// Held while the log is written to, so that whoever moves its write-ahead log can have a
    /// moment without.
    turn: Turn,
    /// Bodies that are in chunks since, and may have a spool file left.
    spooled: VecDeque<(Instant, u64, Side)>,
    masks: Masks,
}

impl Log {
    /// Opens or creates the log.
    pub fn open(files: &Files) -> Result<Self, StoreError> {
        let connection = schema::open_writer(&files.canonical(), schema::CANONICAL)?;
        // `checkpoint` does that, and nobody else shortens the file.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "journal_size_limit", -1)?;
        let epoch = identify(&connection)?;
        let first = first_numbers(&connection)?;
        let head_seq: u64 =
            connection
                .query_row("SELECT coalesce(max(seq), 0) FROM event", [], |row| row.get(0))?;
        let chunks = ChunkWriter::new(&connection, first.chunk)?;
        let open = load_open(&connection)?;
        let next_exchange = next_exchange(&connection)?.max(first.exchange);
        let salvage = Plan::load(&connection)?.map(Salvage::new);
        Ok(Self {
            files: files.clone(),
            connection,
            chunks,
            numbers: Numbers::of(files, &epoch),
            epoch,
            head_seq: head_seq.max(first.seq - 1),
            next_exchange,
            open,
            growing: HashMap::new(),
            to_seal: VecDeque::new(),
            // Bodies of before wait for their first bytes.
            leftovers: salvage.is_none().then(|| Leftovers::before(next_exchange)),
            salvage,
            spanning: BTreeSet::new(),
            broken: None,
            turn: Turn::default(),
            spooled: VecDeque::new(),
            masks: Masks::default(),
        })
    }

    /// The first numbers that are free.
    pub fn free(&self) -> Free {
        Free {
            seq: self.head_seq + 1,
            exchange: self.next_exchange,
            chunk: self.chunks.next_chunk(),
        }
    }

    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    pub fn head_seq(&self) -> u64 {
        self.head_seq
    }

    /// The number after the highest that an exchange has had.
    pub fn next_exchange(&self) -> u64 {
        self.next_exchange
    }

    /// To be held by whoever needs a moment in which nothing is written.
    pub fn turn(&self) -> Turn {
        self.turn.clone()
    }

    /// Exchanges that have not ended.
    pub fn open_exchanges(&self) -> &BTreeSet<u64> {
        &self.open
    }

    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Writes a batch in one transaction. When this returns, its events survive a kill and may be
    /// shown.
    pub fn commit(&mut self, records: &[Record]) -> Result<u64, StoreError> {
        if self.broken.is_some() {
            self.go_on_elsewhere(records.first().map_or(0, |record| record.at_us))?;
        }
        let folded = fold(records);
        let next_exchange =
            folded.drafts.iter().map(|draft| draft.exchange + 1).fold(self.next_exchange, u64::max);
        let turn = self.turn.clone();
        let _turn = turn.take();
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.chunks.begin();
        let open = still_open(&self.open, &folded);
        let (chunks, numbers) = (&mut self.chunks, &mut self.numbers);
        let written = write(&tx, chunks, &folded, self.head_seq).and_then(|written| {
            if open != self.open {
                save_open(&tx, &open)?;
            }
            numbers.reserve(Free {
                seq: written.head_seq + 1,
                exchange: next_exchange,
                chunk: chunks.next_chunk(),
            })?;
            tx.commit()?;
            Ok(written)
        });
        match written {
            Ok(written) => {
                self.head_seq = written.head_seq;
                self.numbers.note(self.head_seq);
                self.next_exchange = next_exchange;
                self.open = open;
                self.note_growth(&folded, &written.sealed);
                Ok(self.head_seq)
            }
            Err(error) => {
                // The transaction is gone; should this fail too, the next commit fails on the same
                // cause.
                self.chunks.rewind(&self.connection).ok();
                Err(error)
            }
        }
    }

    fn note_growth(&mut self, folded: &Folded, sealed: &[(u64, Side)]) {
        for (key @ (exchange, side), growth) in &folded.bodies {
            if sealed.contains(key) || self.spanning.contains(exchange) {
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
    fn seal_later(&mut self, seal: Seal) {
        self.to_seal.push_back(seal);
    }

    pub fn has_to_seal(&self) -> bool {
        !self.to_seal.is_empty() || self.leftovers.is_some()
    }

    /// Makes about a megabyte of parts into chunks, in a transaction of its own.
    pub fn seal_step(&mut self) -> Result<(), StoreError> {
        let Some(seal) = self.next_to_seal()? else {
            return Ok(());
        };
        let turn = self.turn.clone();
        let _turn = turn.take();
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.chunks.begin();
        let (chunks, numbers) = (&mut self.chunks, &mut self.numbers);
        let free = Free { seq: self.head_seq + 1, exchange: self.next_exchange, chunk: 0 };
        let sealed = seal_some(&tx, chunks, seal).and_then(|done| {
            numbers.reserve(Free { chunk: chunks.next_chunk(), ..free })?;
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

    /// What this daemon wrote goes first: it is what viewers read.
    fn next_to_seal(&mut self) -> Result<Option<Seal>, StoreError> {
        if self.to_seal.is_empty()
            && let Some(leftovers) = &mut self.leftovers
        {
            match leftovers.next(&self.connection)? {
                Some(seal) => self.to_seal.push_back(seal),
                None => {
                    self.leftovers = None;
                    if self.salvage.is_none() {
                        Spool::of(&self.connection).sweep(&self.connection)?;
                    }
                }
            }
        }
        Ok(self.to_seal.front().copied())
    }

    /// Removes the files of bodies that have long been in chunks: whoever still reads them began
    /// before that.
    fn remove_spooled(&mut self) {
        let spool = Spool::of(&self.connection);
        while let Some(&(since, exchange, side)) = self.spooled.front()
            && since.elapsed() >= SPOOL_KEPT
        {
            spool.remove(exchange, side);
            self.spooled.pop_front();
        }
    }

    /// Has credentials in events of an earlier daemon masked, in steps; what is committed from here
    /// on has none. What is brought over of another log is left to the next start.
    pub fn mask(&mut self, mark: Mark) {
        if self.salvage.is_none() {
            self.masks = Masks::begin(&self.connection, self.head_seq, mark);
        }
    }

    pub fn has_to_mask(&self) -> bool {
        self.masks.is_under_way()
    }

    /// A step of that, in a transaction of its own.
    pub fn mask_step(&mut self) {
        if !self.has_to_mask() {
            return;
        }
        let turn = self.turn.clone();
        let _turn = turn.take();
        self.masks.step(&mut self.connection, &turn);
    }

    /// When there will be a file to remove, where nothing else asks for [`Log::tidy`].
    pub fn tidy_at(&self) -> Option<Instant> {
        self.spooled.front().map(|(since, ..)| *since + SPOOL_KEPT)
    }

    /// Removes files that are needed no more, and gives free pages back to the disk, a few at a
    /// time. Returns whether there are more.
    pub fn tidy(&mut self) -> Result<bool, StoreError> {
        self.remove_spooled();
        let turn = self.turn.clone();
        let _turn = turn.take();
        self.masks.note(&self.connection, self.head_seq)?;
        schema::vacuum(&self.connection, 512)?;
        Ok(schema::free_pages(&self.connection)? > 0)
    }

    /// Leaves one file behind, without slack, as far as that is done by `until`. The rest is the
    /// next daemon's: nothing is lost.
    pub fn close(mut self, until: Instant) -> Result<(), StoreError> {
        while self.has_to_seal() && Instant::now() < until {
            self.seal_step()?;
        }
        // Nobody reads any more.
        let spool = Spool::of(&self.connection);
        for (_, exchange, side) in self.spooled.drain(..) {
            spool.remove(exchange, side);
        }
        self.masks.note(&self.connection, self.head_seq)?;
        let free = self.free();
        schema::close(self.connection, until)?;
        // What is left in a write-ahead log says nothing of the files by their looks.
        let is_whole = [self.files.canonical(), self.files.derived()]
            .iter()
            .all(|path| schema::wal_bytes(path) == 0);
        self.numbers.close(free, if is_whole { stamps(&self.files) } else { Vec::new() })
    }
}

/// The number after the highest that an exchange has had.
fn next_exchange(connection: &Connection) -> Result<u64, StoreError> {
    // The condition is that of the index: without it, all events would be gone through.
    let select = "SELECT coalesce(max(exchange), 0) + 1 FROM event WHERE exchange > 0";
    Ok(connection.query_row(select, [], |row| row.get(0))?)
}

/// The epoch of this file; a new file gets one.
fn identify(connection: &Connection) -> Result<String, StoreError> {
    if let Some(format) = meta(connection, "format")? {
        let format: u32 =
            format.parse().map_err(|_| StoreError::damaged_log("the format number"))?;
        if format > FORMAT {
            return Err(StoreError::Newer(format));
        }
    }
    if let Some(epoch) = meta(connection, "epoch")? {
        return Ok(epoch);
    }
    let epoch = random_epoch()?;
    connection.execute(
        "INSERT INTO meta (key, value) VALUES ('epoch', ?1), ('format', ?2)",
        params![epoch, FORMAT.to_string()],
    )?;
    Ok(epoch)
}

fn random_epoch() -> Result<String, StoreError> {
    let mut random = [0u8; 16];
    getrandom::fill(&mut random).map_err(|error| StoreError::Io(std::io::Error::other(error)))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// From where on this log's own numbers go: a log that took the place of another one begins above
/// all that the other one had given.
fn first_numbers(connection: &Connection) -> Result<Free, StoreError> {
    let first = meta(connection, "first")?.and_then(|first| serde_json::from_str(&first).ok());
    Ok(first.unwrap_or_default())
}

fn set_first_numbers(connection: &Connection, first: Free) -> Result<(), StoreError> {
    let first = serde_json::to_string(&first).map_err(std::io::Error::other)?;
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('first', ?1)", [first])?;
    Ok(())
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
    serde_json::from_str(&open).map_err(|_| StoreError::damaged_log("the list of open exchanges"))
}

fn save_open(tx: &Connection, open: &BTreeSet<u64>) -> Result<(), StoreError> {
    let open = serde_json::to_string(open).map_err(std::io::Error::other)?;
    tx.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES ('open', ?1)")?
        .execute([open])?;
    Ok(())
}

fn meta(connection: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    Ok(connection
        .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
        .optional()?)
}

struct Written {
    head_seq: u64,
    /// Bodies that became chunks at once.
    sealed: Vec<(u64, Side)>,
}

fn write(
    tx: &Transaction<'_>,
    chunks: &mut ChunkWriter,
    folded: &Folded,
    head_seq: u64,
) -> Result<Written, StoreError> {
    let mut seq = head_seq;
    let mut insert = tx.prepare_cached(
        "INSERT INTO event (seq, exchange, kind, at, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for draft in &folded.drafts {
        seq += 1;
        insert.execute(params![
            seq,
            draft.exchange,
            draft.detail.kind(),
            draft.at_us,
            events::encode(&draft.detail)
        ])?;
    }
    let mut sealed = Vec::new();
    let mut floods = Vec::new();
    for (key @ (exchange, side), growth) in &folded.bodies {
        match write_body(tx, chunks, *exchange, *side, growth)? {
            Wrote::Sealed => sealed.push(*key),
            Wrote::Parts => {}
            Wrote::Stretches => floods.push((*exchange, *side, growth)),
        }
    }
    spool_all(&Spool::of(tx), &floods)?;
    Ok(Written { head_seq: seq, sealed })
}

/// What was made of the bytes of a body in a batch.
enum Wrote {
    /// The body is in chunks, and done with.
    Sealed,
    Parts,
    /// It is said where they are; they are to go to the spool.
    Stretches,
}

/// By several threads: at full speed there are many others that want the processor, and one alone
/// would not keep up.
fn spool_all(spool: &Spool, floods: &[(u64, Side, &BodyGrowth)]) -> Result<(), StoreError> {
    let write = |floods: &[(u64, Side, &BodyGrowth)]| {
        let mut stretches = floods.iter().flat_map(|(exchange, side, growth)| {
            growth.stretches.iter().map(|of| (*exchange, *side, of))
        });
        stretches.try_for_each(|(exchange, side, stretch)| {
            spool.write(exchange, side, stretch.offset, &stretch.pieces)
        })
    };
    let mut shares = floods.chunks(floods.len().div_ceil(SPOOLERS).max(1));
    let Some(first) = shares.next() else { return Ok(()) };
    thread::scope(|scope| {
        let others: Vec<_> = shares.map(|share| scope.spawn(move || write(share))).collect();
        write(first)?;
        others
            .into_iter()
            .try_for_each(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

fn write_body(
    tx: &Transaction<'_>,
    chunks: &mut ChunkWriter,
    exchange: u64,
    side: Side,
    growth: &BodyGrowth,
) -> Result<Wrote, StoreError> {
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
        return Ok(Wrote::Sealed);
    }
    let mut insert = tx.prepare_cached(
        "INSERT INTO part (exchange, side, offset, length, data) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    if growth.added() >= FLOOD {
        for stretch in &growth.stretches {
            insert.execute(params![
                exchange,
                events::column(side),
                stretch.offset,
                stretch.length,
                None::<Vec<u8>>
            ])?;
        }
        return Ok(Wrote::Stretches);
    }
    for stretch in &growth.stretches {
        insert.execute(params![
            exchange,
            events::column(side),
            stretch.offset,
            stretch.length,
            stretch.pieces.concat()
        ])?;
    }
    Ok(Wrote::Parts)
}
