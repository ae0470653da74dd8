//! Reading the log beside its writer.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use ccdump_record::{Detail, Event, Side};
use rusqlite::{Connection, params};

use super::{Database, Files, StoreError, events, health::Health, schema};

/// Connections that are kept when nobody uses them; more are opened when all are in use.
const KEPT: usize = 4;
/// For how long they are kept: whoever looks at the record asks again within seconds, and after
/// that they only hold files and memory.
pub const KEPT_FOR: Duration = Duration::from_secs(5);

/// Hands out read connections to both databases. Cheap to clone.
#[derive(Clone)]
pub struct Readers {
    inner: Arc<Inner>,
}

struct Inner {
    files: Files,
    health: Health,
    /// The one used last at the end; `None` once closed.
    idle: Mutex<Option<Vec<Idle>>>,
}

struct Idle {
    /// Of the files that the reader has open.
    generation: u64,
    reader: Reader,
    since: Instant,
}

/// One connection to each database.
pub struct Reader {
    pub log: Connection,
    pub index: Connection,
}

impl Readers {
    pub fn new(files: Files, health: Health) -> Self {
        Self { inner: Arc::new(Inner { files, health, idle: Mutex::new(Some(Vec::new())) }) }
    }

    pub fn files(&self) -> &Files {
        &self.inner.files
    }

    /// Runs `read` on this thread with a connection of its own.
    pub fn with<T>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let generation = self.inner.health.generation();
        let kept = self.idle().as_mut().ok_or(StoreError::Closed)?.pop();
        let reader = match kept.filter(|kept| kept.generation == generation) {
            Some(Idle { reader, .. }) => reader,
            None => Reader {
                log: schema::open_reader(&self.inner.files.canonical())?,
                index: schema::open_reader(&self.inner.files.derived())
                    .map_err(|error| error.of(Database::Index))?,
            },
        };
        let result = in_one_moment(&reader, read);
        if let Err(error) = &result {
            self.inner.health.report(generation, error);
        }
        // A connection that failed is not used again: what is wrong may be the connection.
        if result.is_ok()
            && let Some(idle) = self.idle().as_mut()
            && idle.len() < KEPT
        {
            idle.push(Idle { generation, reader, since: Instant::now() });
        }
        result
    }

    /// Closes connections that nobody has used for [`KEPT_FOR`]. To be called every now and then.
    pub fn close_idle(&self) {
        let unused = |idle: &mut Vec<Idle>| {
            let unused = idle.iter().take_while(|kept| kept.since.elapsed() >= KEPT_FOR).count();
            idle.drain(..unused).collect()
        };
        let unused: Vec<Idle> = self.idle().as_mut().map(unused).unwrap_or_default();
        // Whoever reads meanwhile does not wait for the files to be closed.
        drop(unused);
    }

    /// Closes the connections: whoever closes a database last can leave one file behind.
    pub fn close(&self) {
        *self.idle() = None;
    }

    fn idle(&self) -> MutexGuard<'_, Option<Vec<Idle>>> {
        self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All that is read of the log is of one moment. It is also cheaper: a lock once, not for each
/// statement.
fn in_one_moment<T>(
    reader: &Reader,
    read: impl FnOnce(&Reader) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let moment = reader.log.unchecked_transaction()?;
    let result = read(reader);
    moment.finish()?;
    result
}

/// At most `limit` events after `seq`, in order.
pub fn events_after(
    connection: &Connection,
    seq: u64,
    limit: usize,
) -> Result<Vec<Event>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT seq, exchange, kind, at, detail FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    )?;
    collect(select.query(params![seq, limit])?)
}

/// All events of one exchange up to `through_seq`, in order.
pub fn events_of(
    connection: &Connection,
    exchange: u64,
    through_seq: u64,
) -> Result<Vec<Event>, StoreError> {
    events_of_after(connection, exchange, 0, through_seq, usize::MAX)
}

/// The events of one exchange but for the data of its bodies, of which there may be very many.
pub fn frame_of(connection: &Connection, exchange: u64) -> Result<Vec<Event>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT seq, exchange, kind, at, detail FROM event WHERE exchange = ?1 AND exchange > 0
         AND kind NOT IN ('request_data', 'response_data') ORDER BY seq",
    )?;
    collect(select.query([exchange])?)
}

/// The event with the headers of one side, once they have come.
pub fn head_of(
    connection: &Connection,
    exchange: u64,
    side: Side,
) -> Result<Option<Event>, StoreError> {
    let kind = match side {
        Side::Request => "opened",
        Side::Response => "response_head",
    };
    let mut select = connection.prepare_cached(
        "SELECT seq, exchange, kind, at, detail FROM event WHERE exchange = ?1 AND exchange > 0 AND kind = ?2 ORDER BY seq LIMIT 1",
    )?;
    Ok(collect(select.query(params![exchange, kind])?)?.pop())
}

/// At most `limit` events of one exchange after `seq` and up to `through_seq`, in order.
pub fn events_of_after(
    connection: &Connection,
    exchange: u64,
    seq: u64,
    through_seq: u64,
    limit: usize,
) -> Result<Vec<Event>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT seq, exchange, kind, at, detail FROM event WHERE exchange = ?1 AND exchange > 0 AND seq > ?2 AND seq <= ?3
         ORDER BY seq LIMIT ?4",
    )?;
    let [through_seq, limit] =
        [through_seq, limit as u64].map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    collect(select.query(params![exchange, seq, through_seq, limit])?)
}

/// Whether a body will not grow any more.
pub fn is_over(connection: &Connection, exchange: u64, side: Side) -> Result<bool, StoreError> {
    let end = match side {
        Side::Request => "request_end",
        Side::Response => "ended",
    };
    let mut select = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM event WHERE exchange = ?1 AND exchange > 0 AND kind IN (?2, 'ended'))")?;
    Ok(select.query_row(params![exchange, end], |row| row.get(0))?)
}

/// Whether anything is on record of an exchange.
pub fn exists(connection: &Connection, exchange: u64) -> Result<bool, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM event WHERE exchange = ?1 AND exchange > 0)",
    )?;
    Ok(select.query_row([exchange], |row| row.get(0))?)
}

/// Number of the oldest event; `None` when there is none.
pub fn oldest(connection: &Connection) -> Result<Option<u64>, StoreError> {
    Ok(connection.prepare_cached("SELECT min(seq) FROM event")?.query_row([], |row| row.get(0))?)
}

fn collect(mut rows: rusqlite::Rows<'_>) -> Result<Vec<Event>, StoreError> {
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let seq = row.get(0)?;
        let kind: String = row.get(2)?;
        let detail = row.get_ref(4)?.as_bytes().map_err(rusqlite::Error::from)?;
        // One damaged row must not hide all that comes after it.
        let detail = events::decode(seq, &kind, detail)
            .unwrap_or_else(|damaged| Detail::Unknown(format!("damaged_{}", damaged.kind)));
        events.push(Event { seq, exchange: row.get(1)?, at_us: row.get(3)?, detail });
    }
    Ok(events)
}
