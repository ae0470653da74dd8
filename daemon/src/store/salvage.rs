//! Brings over what can be read of a damaged log that was put aside, into the one that has taken
//! its place.
//!
//! Facts never change, so a row that is found twice, or in a page that something newer has
//! replaced, says the same: rows are taken as they come ([`super::pages`]), with the numbers that
//! they had. Afterwards it is found out what is whole, and what is not is said: a stored chunk
//! counts only if its pack can be unpacked, a body is missing what its chunks are missing, and an
//! exchange whose beginning or end is gone gets one that says so.
//!
//! All of it is done in small steps by the recording thread, when nothing else is to be done, and
//! goes on after a kill.

mod exchanges;
mod rows;

use std::time::{Duration, Instant};

use ccdump_record::Salvaged;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use serde::{Deserialize, Serialize};

use self::rows::{keep, next_source};
use super::{
    Files, StoreError, body::Unpacked, numbers::Free, pack::StoredPack, pages::PageFile,
    record::Record,
};

/// How long a step takes: the queue waits meanwhile.
const STEP: Duration = Duration::from_millis(10);
/// Stretches of lost events that are told one by one.
const STRETCHES: usize = 100;
/// Stored bytes that are kept unpacked from one pack to the next.
const UNPACKED: usize = 8 << 20;
/// Numbers that are looked at in a step of counting.
const COUNTED: usize = 20_000;

/// What is to be done, and how far it has come. Kept in the log's `meta`, so that the next daemon
/// can go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub sources: Vec<Source>,
    /// Numbers below these are of the logs that are brought over.
    pub below: Free,
    /// The newest event that is known to have been recorded.
    pub last_seq: u64,
    /// Whether all rows are here. What comes after that is quick, and is begun anew by the next
    /// daemon.
    pub has_rows: bool,
}

/// A damaged log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Its name in the data folder.
    pub file: String,
    /// Places that were looked at ([`PageFile::places`]).
    pub place: u64,
}

/// Salvaging as it goes on.
pub struct Salvage {
    pub plan: Plan,
    stage: Stage,
    file: Option<(String, PageFile)>,
    unpacked: Unpacked,
    /// Numbers of chunks that are lost, in order: from … to, not included.
    lost_chunks: Vec<(u64, u64)>,
    found: Salvaged,
}

enum Stage {
    Rows,
    /// Packs are looked at in the order of their chunks. `through`: all before this chunk were.
    Packs {
        through: u64,
    },
    /// Bodies that the old log had in parts become chunks, as after a kill.
    Bodies,
    Exchanges {
        after: u64,
    },
    Events {
        through: u64,
    },
}

/// What a step asks the log for.
pub enum Then {
    /// Another step.
    More,
    /// Bodies that are in parts are to be sealed before the next step.
    Seal,
    /// These are to be recorded.
    Record(Vec<Record>),
    /// All is here: what came of it.
    Done(Salvaged),
}

impl Salvage {
    pub fn new(plan: Plan) -> Self {
        let stage = if plan.has_rows { Stage::Packs { through: 1 } } else { Stage::Rows };
        let files = plan.sources.iter().map(|source| source.file.clone()).collect();
        Self {
            plan,
            stage,
            file: None,
            unpacked: Unpacked::with_room(UNPACKED),
            lost_chunks: Vec::new(),
            found: Salvaged { files, ..Salvaged::default() },
        }
    }

    /// In words, for people.
    pub fn progress(&self) -> String {
        let files = self.found.files.join(", ");
        match (&self.stage, &self.file) {
            (Stage::Rows, Some((name, pages))) => {
                let place = self
                    .plan
                    .sources
                    .iter()
                    .find(|source| source.file == *name)
                    .map_or(0, |source| source.place);
                let percent = place * 100 / pages.places().max(1);
                format!(
                    "the record was damaged: what can be read of {files} is brought over ({percent} %)"
                )
            }
            _ => format!(
                "the record was damaged: what was brought over from {files} is looked through"
            ),
        }
    }

    /// Does the next bit.
    pub fn step(
        &mut self,
        files: &Files,
        connection: &mut Connection,
        open: &impl Fn(u64) -> bool,
    ) -> Result<Then, StoreError> {
        match self.stage {
            Stage::Rows => self.bring_rows(files, connection),
            Stage::Packs { through } => self.check_packs(connection, through),
            Stage::Bodies => {
                self.stage = Stage::Exchanges { after: 0 };
                Ok(Then::Seal)
            }
            Stage::Exchanges { after } => self.mend_exchanges(connection, after, open),
            Stage::Events { through } => self.count_events(connection, through),
        }
    }

    fn bring_rows(
        &mut self,
        files: &Files,
        connection: &mut Connection,
    ) -> Result<Then, StoreError> {
        let until = Instant::now() + STEP;
        let tx = connection.transaction()?;
        tx.execute_batch("CREATE TABLE IF NOT EXISTS salvaged_chunk (id INTEGER PRIMARY KEY, hash BLOB NOT NULL)")?;
        let below = self.plan.below;
        while Instant::now() < until {
            let Some((source, pages)) = next_source(&mut self.plan, &mut self.file, files) else {
                self.plan.has_rows = true;
                self.stage = Stage::Packs { through: 1 };
                break;
            };
            for row in pages.rows(source.place) {
                keep(&tx, row, below)?;
            }
            source.place += 1;
        }
        self.plan.save(&tx)?;
        tx.commit()?;
        Ok(Then::More)
    }

    /// A pack that cannot be unpacked is taken out, so that what is sent again is stored again. Of
    /// those that can, the chunks are known again by what they hold.
    fn check_packs(
        &mut self,
        connection: &mut Connection,
        mut through: u64,
    ) -> Result<Then, StoreError> {
        let until = Instant::now() + STEP;
        let tx = connection.transaction()?;
        let mut is_over = false;
        while Instant::now() < until {
            let next: Option<u64> = tx
                .prepare_cached("SELECT min(first_chunk) FROM pack WHERE first_chunk >= ?1 AND first_chunk < ?2")?
                .query_row(params![through, self.plan.below.chunk], |row| row.get(0))?;
            let Some(first) = next else {
                is_over = true;
                break;
            };
            if check_pack(&tx, first, &mut self.unpacked)? {
                if first > through {
                    self.lost_chunks.push((through, first));
                }
                through = StoredPack::holding(&tx, first)?.end();
            } else {
                tx.execute("DELETE FROM pack WHERE first_chunk = ?1", [first])?;
            }
        }
        self.stage = Stage::Packs { through };
        if is_over {
            self.lost_chunks.push((through, self.plan.below.chunk));
            tx.execute_batch("DROP TABLE IF EXISTS salvaged_chunk")?;
            self.stage = Stage::Bodies;
        }
        tx.commit()?;
        Ok(Then::More)
    }

    fn mend_exchanges(
        &mut self,
        connection: &mut Connection,
        mut after: u64,
        open: &impl Fn(u64) -> bool,
    ) -> Result<Then, StoreError> {
        let until = Instant::now() + STEP;
        let mut records = Vec::new();
        let tx = connection.transaction()?;
        let mut is_over = false;
        while Instant::now() < until {
            // Of some there may be nothing but a body.
            let next: Option<u64> = tx
                .prepare_cached(
                    "SELECT min(exchange) FROM (SELECT min(exchange) AS exchange FROM event WHERE exchange > ?1 AND exchange > 0
                     UNION ALL SELECT min(exchange) FROM body WHERE exchange > ?1)",
                )?
                .query_row([after], |row| row.get(0))?;
            let Some(exchange) = next.filter(|exchange| *exchange < self.plan.below.exchange)
            else {
                is_over = true;
                break;
            };
            self.mend_exchange(&tx, exchange, open(exchange), &mut records)?;
            after = exchange;
        }
        tx.commit()?;
        self.stage =
            if is_over { Stage::Events { through: 0 } } else { Stage::Exchanges { after } };
        Ok(Then::Record(records))
    }

    /// Which numbers have no event any more.
    fn count_events(
        &mut self,
        connection: &Connection,
        mut through: u64,
    ) -> Result<Then, StoreError> {
        let mut select = connection.prepare_cached(
            "SELECT seq FROM event WHERE seq > ?1 AND seq < ?2 ORDER BY seq LIMIT ?3",
        )?;
        let seqs = select
            .query_map(params![through, self.plan.below.seq, COUNTED], |row| row.get(0))?
            .collect::<Result<Vec<u64>, _>>()?;
        for &seq in &seqs {
            self.found.lose(through + 1, seq, STRETCHES);
            self.found.events += 1;
            through = seq;
        }
        self.stage = Stage::Events { through };
        if seqs.len() == COUNTED {
            return Ok(Then::More);
        }
        self.found.lose(through + 1, self.plan.last_seq + 1, STRETCHES);
        Ok(Then::Done(std::mem::take(&mut self.found)))
    }
}

impl Plan {
    pub fn load(connection: &Connection) -> Result<Option<Self>, StoreError> {
        let plan: Option<String> = connection
            .query_row("SELECT value FROM meta WHERE key = 'salvage'", [], |row| row.get(0))
            .optional()?;
        Ok(plan.and_then(|plan| serde_json::from_str(&plan).ok()))
    }

    pub fn save(&self, connection: &Connection) -> Result<(), StoreError> {
        let plan = serde_json::to_string(self).map_err(std::io::Error::other)?;
        connection
            .prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES ('salvage', ?1)")?
            .execute([plan])?;
        Ok(())
    }

    pub fn remove(connection: &Connection) -> Result<(), StoreError> {
        connection.execute("DELETE FROM meta WHERE key = 'salvage'", [])?;
        Ok(())
    }
}

/// Whether a pack can be unpacked to what was packed. If so, its chunks are known again.
fn check_pack(
    tx: &Transaction<'_>,
    first: u64,
    unpacked: &mut Unpacked,
) -> Result<bool, StoreError> {
    let read =
        StoredPack::holding(tx, first).and_then(|pack| Ok((pack.unpack(tx, unpacked)?, pack)));
    let (data, pack) = match read {
        Ok(read) => read,
        Err(error) if error.is_damage() => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut rest = &data[..];
    let mut chunks = Vec::new();
    for (id, length) in (first..).zip(&pack.lengths) {
        let length = usize::try_from(*length).unwrap_or(usize::MAX);
        let Some((chunk, behind)) = rest.split_at_checked(length) else { return Ok(false) };
        rest = behind;
        let hash = super::chunks::hash_of(chunk);
        // Packs of the first version bear no checksum: there only the table of chunks tells whether
        // the bytes are the right ones.
        if !pack.has_checksum() {
            let known: Option<Vec<u8>> = tx
                .prepare_cached("SELECT hash FROM salvaged_chunk WHERE id = ?1")?
                .query_row([id], |row| row.get(0))
                .optional()?;
            if known.is_none_or(|known| known != hash) {
                return Ok(false);
            }
        }
        chunks.push((id, hash));
    }
    for (id, hash) in chunks {
        tx.prepare_cached("INSERT OR IGNORE INTO chunk (hash, id) VALUES (?1, ?2)")?
            .execute(params![hash, id])?;
    }
    Ok(true)
}
