//! What is made good at start: a daemon that was killed could not write how its exchanges ended.

use rusqlite::{Connection, params};

use super::{
    StoreError,
    event::{ClosedBy, Detail, Ended, Side},
    log::Log,
    record::{Record, What},
    seal::Seal,
    spool::Spool,
};

/// Ends the exchanges that a kill cut off, and leaves their bodies to be sealed. Returns how many there were.
pub fn end_open_exchanges(log: &mut Log, at_us: i64) -> Result<usize, StoreError> {
    let open = log.open_exchanges().clone();
    let connection = log.connection();
    let mut records = Vec::with_capacity(open.len());
    for &exchange in &open {
        let ended = Ended {
            closed_by: ClosedBy::Daemon,
            delivered: recorded(connection, exchange, Side::Response)?,
            request_bytes: recorded(connection, exchange, Side::Request)?,
            response_bytes: recorded(connection, exchange, Side::Response)?,
            error: None,
            trailers: Vec::new(),
            exact: false,
        };
        let what = What::Ended { ended: Box::new(ended), missing_request: 0, missing_response: 0 };
        records.push(Record { exchange, at_us, what });
    }
    if !records.is_empty() {
        log.commit(&records)?;
    }
    seal_leftovers(log)?;
    Ok(open.len())
}

/// Bodies that ended without having become chunks yet.
fn seal_leftovers(log: &mut Log) -> Result<(), StoreError> {
    let connection = log.connection();
    let bodies: Vec<(u64, i64)> = connection
        .prepare("SELECT DISTINCT exchange, side FROM part ORDER BY exchange, side")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Spool::clear(connection)?;
    let mut seals = Vec::with_capacity(bodies.len());
    for (exchange, side) in bodies {
        let side = if side == Side::Request.column() { Side::Request } else { Side::Response };
        let total = total_of(connection, exchange, side)?;
        seals.push(Seal { exchange, side, total: Some(total) });
    }
    for seal in seals {
        log.seal_later(seal);
    }
    Ok(())
}

/// The body's length as the end of the exchange tells it, or what there is.
fn total_of(connection: &Connection, exchange: u64, side: Side) -> Result<u64, StoreError> {
    let detail: Option<(u64, Vec<u8>)> = connection
        .prepare_cached("SELECT seq, detail FROM event WHERE exchange = ?1 AND kind = 'ended'")?
        .query_map([exchange], |row| Ok((row.get(0)?, row.get(1)?)))?
        .next()
        .transpose()?;
    let recorded = recorded(connection, exchange, side)?;
    Ok(match detail {
        Some((seq, detail)) => match (Detail::decode(seq, "ended", &detail)?, side) {
            (Detail::Ended(ended), Side::Request) => ended.request_bytes.max(recorded),
            (Detail::Ended(ended), Side::Response) => ended.response_bytes.max(recorded),
            _ => recorded,
        },
        None => recorded,
    })
}

/// How far a body is on record.
fn recorded(connection: &Connection, exchange: u64, side: Side) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT max(coalesce((SELECT length FROM body WHERE exchange = ?1 AND side = ?2), 0),
                        coalesce((SELECT max(offset + length) FROM part WHERE exchange = ?1 AND side = ?2), 0))",
        )?
        .query_row(params![exchange, side.column()], |row| row.get(0))?)
}
