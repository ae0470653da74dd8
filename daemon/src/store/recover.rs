//! What is made good at start: a daemon that was killed could not write how its exchanges ended,
//! nor store all bodies as chunks.
//!
//! Only what costs little whatever the log holds is done before traffic is accepted: the exchanges
//! that were open get their end. The bodies are found and sealed afterwards, one by one, when there
//! is nothing else to do ([`Leftovers`]).

use ccdump_record::{ClosedBy, Detail, Ended, Side};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    StoreError, events,
    log::Log,
    record::{Record, What},
    seal::Seal,
};

/// Ends the exchanges that a kill cut off. Returns how many there were.
pub fn end_open_exchanges(log: &mut Log, at_us: i64) -> Result<usize, StoreError> {
    let open = log.open_exchanges().clone();
    let connection = log.connection();
    let mut records = Vec::with_capacity(open.len());
    for &exchange in &open {
        let response_bytes = recorded(connection, exchange, Side::Response)?;
        let ended = Ended {
            delivered: response_bytes,
            request_bytes: recorded(connection, exchange, Side::Request)?,
            response_bytes,
            exact: false,
            ..Ended::by(ClosedBy::Daemon)
        };
        let what = What::Ended { ended: Box::new(ended), missing_request: 0, missing_response: 0 };
        records.push(Record { exchange, at_us, what });
    }
    if !records.is_empty() {
        log.commit(&records)?;
    }
    Ok(open.len())
}

/// Walks over the bodies that an earlier daemon left in parts. Each step finds one by its key: how
/// many parts there are does not matter.
#[derive(Debug, Clone, Copy)]
pub struct Leftovers {
    /// The body that was found last.
    after: (u64, i64),
    /// Exchanges from this one on are this daemon's own.
    before: u64,
}

impl Leftovers {
    pub fn before(exchange: u64) -> Self {
        Self { after: (0, -1), before: exchange }
    }

    /// The next body that waits to become chunks; `None` when there is none left.
    pub fn next(&mut self, connection: &Connection) -> Result<Option<Seal>, StoreError> {
        let (exchange, side) = self.after;
        // Two searches by key: a comparison of both columns at once would go through all parts of
        // the body that was found last.
        let same = connection
            .prepare_cached("SELECT exchange, side FROM part WHERE exchange = ?1 AND side > ?2 ORDER BY side LIMIT 1")?
            .query_row(params![exchange, side], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let found = match same {
            Some(found) => Some(found),
            None => connection
                .prepare_cached("SELECT exchange, side FROM part WHERE exchange > ?1 ORDER BY exchange, side LIMIT 1")?
                .query_row([exchange], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?,
        };
        let Some(found) = found.filter(|(exchange, _)| *exchange < self.before) else {
            return Ok(None);
        };
        self.after = found;
        let (exchange, column) = found;
        let side = events::side_of(column);
        Ok(Some(Seal { exchange, side, total: Some(total_of(connection, exchange, side)?) }))
    }
}

/// The body's length as the end of the exchange tells it, or what there is.
pub(super) fn total_of(
    connection: &Connection,
    exchange: u64,
    side: Side,
) -> Result<u64, StoreError> {
    let ended: Option<(u64, Vec<u8>)> = connection
        .prepare_cached(
            "SELECT seq, detail FROM event WHERE exchange = ?1 AND exchange > 0 AND kind = 'ended' ORDER BY seq DESC LIMIT 1",
        )?
        .query_row([exchange], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let recorded = recorded(connection, exchange, side)?;
    // An end that cannot be read says nothing: the body is as long as what there is of it.
    let ended = ended.and_then(|(seq, detail)| events::decode(seq, "ended", &detail).ok());
    Ok(match (ended, side) {
        (Some(Detail::Ended(ended)), Side::Request) => ended.request_bytes.max(recorded),
        (Some(Detail::Ended(ended)), Side::Response) => ended.response_bytes.max(recorded),
        _ => recorded,
    })
}

/// How far a body is on record.
fn recorded(connection: &Connection, exchange: u64, side: Side) -> Result<u64, StoreError> {
    // Parts never overlap, so the last one ends last.
    Ok(connection
        .prepare_cached(
            "SELECT max(coalesce((SELECT length FROM body WHERE exchange = ?1 AND side = ?2), 0),
                        coalesce((SELECT offset + length FROM part WHERE exchange = ?1 AND side = ?2
                                  ORDER BY offset DESC LIMIT 1), 0))",
        )?
        .query_row(params![exchange, events::column(side)], |row| row.get(0))?)
}
