//! The derived rows, `index.db`. One writer (`derive`); anyone may read. All of it can be made
//! again from the log.

use std::{
    fs,
    time::{Duration, Instant},
};

use ccdump_record::{Block, BlockState, EndState, Exchange, Outline, RequestRole, Side, Usage};
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, Transaction, params};
use serde::Serialize;

use super::{
    Database, Files, IndexError, StoreError, Turn,
    calls::{self, AgentCall},
    events, schema,
    sections::{self, SystemPrompt},
    unzip::unzip,
};

/// How long a new file may take to be closed, of which there is next to nothing.
const CLOSING: Duration = Duration::from_secs(5);

/// The one writer of the derived rows.
pub struct Index {
    connection: Connection,
    /// Of the log that the rows are of.
    epoch: String,
    turn: Turn,
}

/// Which log and which version of the deriving crate the rows stem from, and how far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provenance {
    pub epoch: String,
    pub provider_version: u32,
    pub through_seq: u64,
}

impl Index {
    /// Opens the rows, and empties them first if they stem from another log or another version. A
    /// damaged file is replaced.
    pub fn open(files: &Files, epoch: &str, provider_version: u32) -> Result<Self, IndexError> {
        let opened =
            schema::open_writer(&files.derived(), schema::DERIVED).and_then(|connection| {
                let provenance = provenance(&connection)?;
                Ok((connection, provenance))
            });
        let (connection, found) = match opened {
            Err(error) if error.is_damage() => {
                return Self::create_anew(files, epoch, provider_version, Turn::default());
            }
            opened => opened?,
        };
        if found.epoch != epoch || found.provider_version != provider_version {
            drop(connection);
            return Self::create_anew(files, epoch, provider_version, Turn::default());
        }
        Self::of(connection, epoch, Turn::default())
    }

    fn of(connection: Connection, epoch: &str, turn: Turn) -> Result<Self, IndexError> {
        // `upkeep` does that, and nobody else shortens the file.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "journal_size_limit", -1)?;
        Ok(Self { connection, epoch: epoch.to_owned(), turn })
    }

    /// Of the log that the rows are of.
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    /// To be held by whoever needs a moment in which nothing is written.
    pub fn turn(&self) -> Turn {
        self.turn.clone()
    }

    /// Throws all rows away, and the file with them: it may be damaged, or not be there any more.
    pub fn begin_anew(
        &mut self,
        files: &Files,
        epoch: &str,
        provider_version: u32,
    ) -> Result<(), IndexError> {
        let turn = self.turn.clone();
        let _turn = turn.take();
        *self = Self::create_anew(files, epoch, provider_version, turn.clone())?;
        Ok(())
    }

    fn create_anew(
        files: &Files,
        epoch: &str,
        provider_version: u32,
        turn: Turn,
    ) -> Result<Self, IndexError> {
        // Made whole under another name first: whoever opens it in between finds the one or the
        // other.
        let new = files.dir.join("index.db.new");
        Files::remove(&new)?;
        let connection = schema::open_writer(&new, schema::DERIVED)?;
        let version = provider_version.to_string();
        connection.execute(
            "INSERT INTO meta (key, value) VALUES ('epoch', ?1), ('provider_version', ?2), ('through_seq', '0')",
            params![epoch, version],
        )?;
        schema::close(connection, Instant::now() + CLOSING)?;
        // The side files of before go first: beside another database they would be taken for its
        // own.
        Files::remove(&files.derived())?;
        fs::rename(&new, files.derived())?;
        let connection = schema::open_writer(&files.derived(), schema::DERIVED)?;
        Self::of(connection, epoch, turn)
    }

    pub fn through_seq(&self) -> Result<u64, IndexError> {
        Ok(provenance(&self.connection)?.through_seq)
    }

    /// Writes what was derived, and that it covers the log through `through_seq`, in one
    /// transaction.
    pub fn write(&mut self, derived: &Derived, through_seq: u64) -> Result<(), IndexError> {
        let _turn = self.turn.take();
        let tx = self.connection.transaction()?;
        for row in &derived.rows {
            put_row(&tx, row)?;
        }
        for outline in &derived.outlines {
            put_outline(&tx, outline)?;
        }
        for prompt in &derived.prompts {
            sections::put(&tx, prompt)?;
        }
        for call in &derived.calls {
            calls::put(&tx, call)?;
        }
        tx.prepare_cached("UPDATE meta SET value = ?1 WHERE key = 'through_seq'")?
            .execute([through_seq.to_string()])?;
        tx.commit()?;
        Ok(())
    }

    pub fn close(self, until: Instant) -> Result<(), IndexError> {
        Ok(schema::close(self.connection, until)?)
    }
}

/// What came of some events of the log, in their order.
#[derive(Debug, Default)]
pub struct Derived {
    pub rows: Vec<Exchange>,
    pub outlines: Vec<BodyOutline>,
    pub prompts: Vec<SystemPrompt>,
    /// A call stands here again when more is known of it.
    pub calls: Vec<AgentCall>,
}

/// Of which log there are rows, and how far; nothing where that cannot be read.
pub fn provenance_of(files: &Files) -> Option<Provenance> {
    // Opening it would make it.
    files.derived().exists().then_some(())?;
    schema::open_reader(&files.derived()).ok().and_then(|connection| provenance(&connection).ok())
}

/// Whose blocks an outline has.
#[derive(Debug, Clone, PartialEq)]
pub struct BodyOutline {
    pub exchange: u64,
    pub side: Side,
    pub outline: Outline,
}

fn provenance(connection: &Connection) -> Result<Provenance, IndexError> {
    let mut found = Provenance::default();
    let mut select = connection.prepare("SELECT key, value FROM meta")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (key, value): (String, String) = (row.get(0)?, row.get(1)?);
        match key.as_str() {
            "epoch" => found.epoch = value,
            "provider_version" => found.provider_version = value.parse().unwrap_or_default(),
            "through_seq" => found.through_seq = value.parse().unwrap_or_default(),
            _ => {}
        }
    }
    Ok(found)
}

const COLUMNS: &str = "id, session, agent, parent_agent, provider, method, path, status, end_state, model, started_at, duration, ttft, \
     request_bytes, response_bytes, input, output, cache_read, cache_write_5m, cache_write_1h, cost_usd, stop_reason, gap_bytes, \
     thread, previous, role, through_seq, error, started_by, closed_by";

fn put_row(tx: &Transaction<'_>, row: &Exchange) -> Result<(), IndexError> {
    let usage = row.usage.unwrap_or_default();
    tx.prepare_cached(&format!(
        "INSERT OR REPLACE INTO exchange ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, \
         ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30)"
    ))?
    .execute(params![
        row.id,
        row.session,
        row.agent,
        row.parent_agent,
        row.provider,
        row.method,
        row.path,
        row.status,
        row.end_state.map(EndState::as_str),
        row.model,
        row.started_at_us,
        row.duration_us,
        row.ttft_us,
        row.request_bytes,
        row.response_bytes,
        usage.input,
        usage.output,
        usage.cache_read,
        usage.cache_write_5m,
        usage.cache_write_1h,
        row.cost_usd,
        row.stop_reason,
        row.gap_bytes,
        row.thread,
        row.previous,
        row.role.as_str(),
        row.through_seq,
        row.error,
        row.started_by.as_ref().map(to_json),
        row.closed_by.map(|closed_by| to_json(&closed_by)),
    ])?;
    Ok(())
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<Exchange> {
    let usage = Usage {
        input: row.get(15)?,
        output: row.get(16)?,
        cache_read: row.get(17)?,
        cache_write_5m: row.get(18)?,
        cache_write_1h: row.get(19)?,
    };
    let end_state: Option<String> = row.get(8)?;
    let role: String = row.get(25)?;
    let (started_by, closed_by): (Option<String>, Option<String>) = (row.get(28)?, row.get(29)?);
    Ok(Exchange {
        id: row.get(0)?,
        session: row.get(1)?,
        agent: row.get(2)?,
        parent_agent: row.get(3)?,
        provider: row.get(4)?,
        method: row.get(5)?,
        path: row.get(6)?,
        status: row.get(7)?,
        end_state: end_state.as_deref().and_then(EndState::of_name),
        model: row.get(9)?,
        started_at_us: row.get(10)?,
        duration_us: row.get(11)?,
        ttft_us: row.get(12)?,
        request_bytes: row.get(13)?,
        response_bytes: row.get(14)?,
        usage: (usage != Usage::default()).then_some(usage),
        cost_usd: row.get(20)?,
        stop_reason: row.get(21)?,
        gap_bytes: row.get(22)?,
        thread: row.get(23)?,
        previous: row.get(24)?,
        role: RequestRole::of_name(&role),
        through_seq: row.get(26)?,
        error: row.get(27)?,
        // What cannot be read is not known.
        started_by: started_by.and_then(|call| serde_json::from_str(&call).ok()),
        closed_by: closed_by.and_then(|closed_by| serde_json::from_str(&closed_by).ok()),
    })
}

/// A column that the sqlite3 shell can read.
pub(super) fn to_json<T: Serialize>(value: &T) -> String {
    // Strings and numbers only: there is nothing in it that JSON cannot hold.
    serde_json::to_string(value).unwrap_or_default()
}

pub fn exchange(connection: &Connection, id: u64) -> Result<Option<Exchange>, IndexError> {
    Ok(connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM exchange WHERE id = ?1"))?
        .query_row([id], read_row)
        .optional()?)
}

/// How many exchanges there are.
pub fn count(connection: &Connection) -> Result<u64, IndexError> {
    Ok(connection
        .prepare_cached("SELECT count(*) FROM exchange")?
        .query_row([], |row| row.get(0))?)
}

/// Which exchanges are asked for; all where nothing says otherwise.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    pub session: Option<String>,
    pub agent: Option<String>,
    pub provider: Option<String>,
    /// Those that began then or later. Microseconds since the Unix epoch.
    pub since_us: Option<i64>,
    /// Those with a greater id.
    pub after_id: u64,
    /// So many of what matches, counted from the end.
    pub newest: Option<u32>,
}

/// A page of the index, oldest first.
pub fn page(
    connection: &Connection,
    wanted: &Selection,
    limit: usize,
) -> Result<Vec<Exchange>, IndexError> {
    let mut conditions = vec!["id > ?"];
    let mut values: Vec<&dyn ToSql> = vec![&wanted.after_id];
    let filters: [(&str, Option<&dyn ToSql>); 4] = [
        ("session = ?", wanted.session.as_ref().map(|value| value as _)),
        ("agent = ?", wanted.agent.as_ref().map(|value| value as _)),
        ("provider = ?", wanted.provider.as_ref().map(|value| value as _)),
        ("started_at >= ?", wanted.since_us.as_ref().map(|value| value as _)),
    ];
    for (condition, value) in filters {
        if let Some(value) = value {
            conditions.push(condition);
            values.push(value);
        }
    }
    let conditions = conditions.join(" AND ");
    let sql = match &wanted.newest {
        None => {
            values.push(&limit);
            format!("SELECT {COLUMNS} FROM exchange WHERE {conditions} ORDER BY id LIMIT ?")
        }
        Some(newest) => {
            values.extend([newest as &dyn ToSql, &limit]);
            format!(
                "SELECT {COLUMNS} FROM (SELECT {COLUMNS} FROM exchange WHERE {conditions} ORDER BY id DESC LIMIT ?) ORDER BY id LIMIT ?"
            )
        }
    };
    let mut select = connection.prepare_cached(&sql)?;
    let rows = select.query_map(&values[..], read_row)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Rows that changed after `seq`, in the order of their change.
pub fn changed_after(
    connection: &Connection,
    seq: u64,
    limit: usize,
) -> Result<Vec<Exchange>, IndexError> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM exchange WHERE through_seq > ?1 ORDER BY through_seq LIMIT ?2"
    ))?;
    let rows = select.query_map(params![seq, limit], read_row)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// The newest conversation requests of an agent before exchange `before`, newest first.
pub fn recent_turns(
    connection: &Connection,
    session: Option<&str>,
    agent: Option<&str>,
    before: u64,
    limit: usize,
) -> Result<Vec<(u64, u64)>, IndexError> {
    let mut select = connection.prepare_cached(
        "SELECT id, thread FROM exchange WHERE session IS ?1 AND agent IS ?2 AND id < ?3 AND thread IS NOT NULL ORDER BY id DESC LIMIT ?4",
    )?;
    let rows = select
        .query_map(params![session, agent, before, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

fn put_outline(tx: &Transaction<'_>, body: &BodyOutline) -> Result<(), IndexError> {
    let BodyOutline { exchange, side, outline } = body;
    let key = body_key(*exchange, *side);
    tx.prepare_cached("INSERT OR REPLACE INTO outline (body, data) VALUES (?1, ?2)")?
        .execute(params![key, packed(outline)?])?;
    let own: Vec<Block> =
        outline.blocks.iter().filter(|block| block.state != BlockState::Same).cloned().collect();
    if own.len() < outline.blocks.len() {
        let own = Outline { blocks: own, removed: Vec::new(), ..*outline };
        tx.prepare_cached("INSERT OR REPLACE INTO own_outline (body, data) VALUES (?1, ?2)")?
            .execute(params![key, packed(&own)?])?;
    }
    Ok(())
}

fn packed(outline: &Outline) -> Result<Vec<u8>, IndexError> {
    let encoded = postcard::to_allocvec(outline).map_err(std::io::Error::other)?;
    Ok(zstd::bulk::compress(&encoded, 1)?)
}

fn body_key(exchange: u64, side: Side) -> i64 {
    i64::try_from(exchange)
        .unwrap_or(i64::MAX / 2)
        .saturating_mul(2)
        .saturating_add(events::column(side))
}

/// The outline of a body, if it has been derived.
pub fn outline(
    connection: &Connection,
    exchange: u64,
    side: Side,
) -> Result<Option<Outline>, IndexError> {
    read_outline(connection, "SELECT data FROM outline WHERE body = ?1", exchange, side)
}

/// Likewise, without the blocks that are the same as in the request before, and without those that
/// are gone: a late request has thousands of blocks, of which nearly all are repeated.
pub fn own_outline(
    connection: &Connection,
    exchange: u64,
    side: Side,
) -> Result<Option<Outline>, IndexError> {
    let own =
        read_outline(connection, "SELECT data FROM own_outline WHERE body = ?1", exchange, side)?;
    // Where there is none, nothing is repeated.
    if own.is_some() { Ok(own) } else { outline(connection, exchange, side) }
}

fn read_outline(
    connection: &Connection,
    select: &str,
    exchange: u64,
    side: Side,
) -> Result<Option<Outline>, IndexError> {
    const LARGEST: usize = 64 << 20;
    let data: Option<Vec<u8>> = connection
        .prepare_cached(select)?
        .query_row([body_key(exchange, side)], |row| row.get(0))
        .optional()?;
    let Some(data) = data else { return Ok(None) };
    let encoded = unzip(&data, &[], LARGEST).map_err(|_| damaged_outline(exchange))?;
    postcard::from_bytes(&encoded).map(Some).map_err(|_| damaged_outline(exchange))
}

fn damaged_outline(exchange: u64) -> IndexError {
    StoreError::Damaged {
        database: Database::Index,
        what: format!("the outline of exchange {exchange}"),
    }
    .into()
}
