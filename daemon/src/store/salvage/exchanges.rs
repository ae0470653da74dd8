//! Exchanges that were brought over are made to say what they lack.

use ccdump_record::{ClosedBy, Detail, Ended, Event, Gap, Opened, Side};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::Salvage;
use crate::store::{
    StoreError, events,
    pack::StoredPack,
    reader::frame_of,
    recipe::{Recipe, Run},
    record::{Record, What},
    recover::total_of,
    seal::{load_recipe, save_recipe},
};

impl Salvage {
    pub(super) fn mend_exchange(
        &mut self,
        tx: &Transaction<'_>,
        exchange: u64,
        is_open: bool,
        records: &mut Vec<Record>,
    ) -> Result<(), StoreError> {
        let frame = frame_of(tx, exchange)?;
        let has = |kind: &str| frame.iter().any(|event| event.detail.kind() == kind);
        let at_us = last_time(tx, exchange)?;
        let mut is_whole = true;
        if !has("opened") {
            is_whole = false;
            if let Some(opened) = open_anew(tx, exchange)? {
                records.push(fact(exchange, at_us, Detail::Opened(opened)));
            }
        }
        let mut lost = 0;
        for side in [Side::Request, Side::Response] {
            let missing = self.mend_body(tx, exchange, side, is_open)?;
            let told = gaps(&frame, side);
            if missing > told {
                lost += missing - told;
                let gap = Gap { side: Some(side), offset: 0, bytes: missing - told, exchanges: 0 };
                records.push(fact(exchange, at_us, Detail::Gap(gap)));
            }
        }
        if !is_open && !has("ended") {
            is_whole = false;
            let [request_bytes, response_bytes] =
                [Side::Request, Side::Response].map(|side| total_of(tx, exchange, side));
            let (request_bytes, response_bytes) = (request_bytes?, response_bytes?);
            let ended = Ended {
                delivered: response_bytes,
                request_bytes,
                response_bytes,
                error: Some(
                    "how it ended stood in a part of the record that was damaged".to_owned(),
                ),
                exact: false,
                ..Ended::by(ClosedBy::Daemon)
            };
            records.push(fact(exchange, at_us, Detail::Ended(ended)));
        }
        self.found.exchanges += 1;
        self.found.lost_bytes += lost;
        if !is_whole || lost > 0 {
            self.found.damaged_exchanges += 1;
        }
        Ok(())
    }

    /// Puts holes where chunks are lost, and behind what is there up to the body's length. Returns
    /// how many bytes are missing.
    fn mend_body(
        &self,
        tx: &Transaction<'_>,
        exchange: u64,
        side: Side,
        is_open: bool,
    ) -> Result<u64, StoreError> {
        let recipe = load_recipe(tx, exchange, side)?;
        let mut mended = Recipe::default();
        for run in &recipe.0 {
            match run {
                Run::Chunks { first, count, bytes } => {
                    self.mend_run(tx, *first, *count, *bytes, &mut mended)?
                }
                Run::Missing { bytes } => mended.push_missing(*bytes),
                Run::Inline(data) => mended.push_inline(data),
            }
        }
        if !is_open {
            let hole = total_of(tx, exchange, side)?.saturating_sub(mended.bytes());
            if hole > 0 {
                mended.push_missing(hole);
            }
        }
        if mended != recipe {
            save_recipe(tx, exchange, side, &mended)?;
        }
        Ok(mended
            .0
            .iter()
            .map(|run| if let Run::Missing { bytes } = run { *bytes } else { 0 })
            .sum())
    }

    /// Of a run with lost chunks its beginning and its end are kept: only there it is known where
    /// the bytes stand.
    fn mend_run(
        &self,
        tx: &Transaction<'_>,
        first: u64,
        count: u64,
        bytes: u64,
        mended: &mut Recipe,
    ) -> Result<(), StoreError> {
        let end = first.saturating_add(count);
        let lost = self
            .lost_chunks
            .iter()
            .map(|&(from, to)| (from.max(first), to.min(end)))
            .filter(|(from, to)| from < to);
        let bounds = lost.fold(None, |bounds: Option<(u64, u64)>, (from, to)| match bounds {
            None => Some((from, to)),
            Some((least, most)) => Some((least.min(from), most.max(to))),
        });
        let Some((from, to)) = bounds else {
            mended.push_run(Run::Chunks { first, count, bytes });
            return Ok(());
        };
        let before = lengths(tx, first, from)?;
        let behind = lengths(tx, to, end)?;
        let kept: u64 = before.iter().chain(&behind).map(|&(_, length)| length).sum();
        for (chunk, length) in before {
            mended.push_chunk(chunk, length);
        }
        let hole = bytes.saturating_sub(kept);
        if hole > 0 {
            mended.push_missing(hole);
        }
        for (chunk, length) in behind {
            mended.push_chunk(chunk, length);
        }
        Ok(())
    }
}

/// The lengths of chunks `from..to`, all of which are there.
fn lengths(connection: &Connection, from: u64, to: u64) -> Result<Vec<(u64, u64)>, StoreError> {
    let mut found = Vec::new();
    let mut next = from;
    while next < to {
        let pack = StoredPack::holding(connection, next)?;
        for (id, &length) in
            (pack.first_chunk..).zip(&pack.lengths).filter(|(id, _)| (next..to).contains(id))
        {
            found.push((id, length));
        }
        next = pack.end();
    }
    Ok(found)
}

/// An exchange whose first event is lost gets one that says so, at a number that has none any more.
/// Where all of its events are lost, it is for the caller to record.
fn open_anew(tx: &Transaction<'_>, exchange: u64) -> Result<Option<Opened>, StoreError> {
    let opened = Opened {
        mended: Vec::new(),
        method: "?".to_owned(),
        path: "(its beginning stood in a part of the record that was damaged)".to_owned(),
        provider: "unknown".to_owned(),
        upstream: String::new(),
        headers: Vec::new(),
    };
    let first: Option<(u64, i64)> = tx
        .prepare_cached(
            "SELECT seq, at FROM event WHERE exchange = ?1 AND exchange > 0 ORDER BY seq LIMIT 1",
        )?
        .query_row([exchange], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((mut seq, at)) = first else { return Ok(Some(opened)) };
    let mut before = tx.prepare_cached("SELECT max(seq) FROM event WHERE seq < ?1")?;
    // There is a free one: that of the event that is lost.
    loop {
        let used: u64 = before.query_row([seq], |row| row.get::<_, Option<u64>>(0))?.unwrap_or(0);
        seq -= 1;
        if seq == 0 {
            return Ok(None);
        }
        if used < seq {
            break;
        }
    }
    let detail = Detail::Opened(opened);
    tx.execute(
        "INSERT INTO event (seq, exchange, kind, at, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![seq, exchange, detail.kind(), at, events::encode(&detail)],
    )?;
    Ok(None)
}

/// Bytes of a side that are told to be missing.
fn gaps(frame: &[Event], side: Side) -> u64 {
    let of_side = |event: &Event| match &event.detail {
        Detail::Gap(gap) if gap.side == Some(side) => gap.bytes,
        _ => 0,
    };
    frame.iter().map(of_side).sum()
}

/// When the last that is known of an exchange happened; where nothing is, of the one before it.
fn last_time(connection: &Connection, exchange: u64) -> Result<i64, StoreError> {
    let select = "SELECT at FROM event WHERE exchange <= ?1 AND exchange > 0 ORDER BY exchange DESC, seq DESC LIMIT 1";
    Ok(connection
        .prepare_cached(select)?
        .query_row([exchange], |row| row.get(0))
        .optional()?
        .unwrap_or(0))
}

fn fact(exchange: u64, at_us: i64, detail: Detail) -> Record {
    Record { exchange, at_us, what: What::Fact(Box::new(detail)) }
}
