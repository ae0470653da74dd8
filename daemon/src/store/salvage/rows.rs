//! Rows of a damaged log, as they are found.

use std::path::Path;

use rusqlite::{Transaction, params};

use super::{Plan, Source};
use crate::store::{
    Files, StoreError, events,
    numbers::Free,
    pages::{PageFile, Row, Value},
    recipe::Recipe,
};

/// The log that rows are to be taken from; `None` when all of all were. A file that is gone has
/// nothing to give.
pub(super) fn next_source<'a>(
    plan: &'a mut Plan,
    file: &'a mut Option<(String, PageFile)>,
    files: &Files,
) -> Option<(&'a mut Source, &'a PageFile)> {
    for source in &mut plan.sources {
        if file.as_ref().is_none_or(|(name, _)| *name != source.file) {
            // A name of ours, in this folder: nothing that `meta` holds leads elsewhere.
            let Some(name) = Path::new(&source.file).file_name() else { continue };
            let Ok(pages) = PageFile::open(&files.dir.join(name)) else { continue };
            if source.place >= pages.places() {
                continue;
            }
            *file = Some((source.file.clone(), pages));
        }
        if let Some((name, pages)) = file.as_ref()
            && *name == source.file
            && source.place < pages.places()
        {
            return Some((source, file.as_ref().map(|(_, pages)| pages)?));
        }
    }
    None
}

/// Takes a row over, if it is one of the log's and whole. Which table it is of, its values tell.
pub(super) fn keep(tx: &Transaction<'_>, row: Row, below: Free) -> Result<(), StoreError> {
    let number = |value: i64| u64::try_from(value).ok();
    let rowid = row.rowid.and_then(number);
    match (rowid, row.rowid.is_some(), &row.values[..]) {
        (
            Some(seq),
            _,
            [Value::Null, Value::Integer(exchange), Value::Text(kind), Value::Integer(at), detail],
        ) => {
            let (Value::Blob(detail) | Value::Text(detail)) = detail else { return Ok(()) };
            let Ok(kind) = std::str::from_utf8(kind) else { return Ok(()) };
            let is_ours = seq > 0
                && seq < below.seq
                && number(*exchange).is_some_and(|exchange| exchange < below.exchange);
            if is_ours && events::decode(seq, kind, detail).is_ok() {
                tx.prepare_cached("INSERT OR IGNORE INTO event (seq, exchange, kind, at, detail) VALUES (?1, ?2, ?3, ?4, ?5)")?
                    .execute(params![seq, exchange, kind, at, detail])?;
            }
        }
        (Some(first), _, [Value::Null, base, Value::Blob(lengths), Value::Blob(data)]) => {
            let base = match base {
                Value::Integer(base) => Some(*base),
                Value::Null => None,
                _ => return Ok(()),
            };
            if first > 0 && first < below.chunk {
                tx.prepare_cached("INSERT OR IGNORE INTO pack (first_chunk, base, lengths, data) VALUES (?1, ?2, ?3, ?4)")?
                    .execute(params![first, base, lengths, data])?;
            }
        }
        (None, false, [exchange, side, Value::Integer(offset), Value::Integer(length), data]) => {
            let Some((exchange, side)) = body_key(exchange, side, below) else { return Ok(()) };
            let data = match data {
                Value::Blob(data) if number(*length) == Some(data.len() as u64) => Some(data),
                Value::Null => None,
                _ => return Ok(()),
            };
            if *offset >= 0 && *length > 0 {
                tx.prepare_cached("INSERT OR IGNORE INTO part (exchange, side, offset, length, data) VALUES (?1, ?2, ?3, ?4, ?5)")?
                    .execute(params![exchange, side, offset, length, data])?;
            }
        }
        (None, false, [exchange, side, Value::Integer(length), Value::Blob(recipe)]) => {
            let Some((exchange, side)) = body_key(exchange, side, below) else { return Ok(()) };
            let is_whole = Recipe::decode(recipe)
                .is_some_and(|recipe| number(*length) == Some(recipe.bytes()));
            if is_whole {
                // A recipe that grew stands in older pages as it was before.
                tx.prepare_cached(
                    "INSERT INTO body (exchange, side, length, recipe) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE
                     SET length = excluded.length, recipe = excluded.recipe WHERE excluded.length > length",
                )?
                .execute(params![exchange, side, length, recipe])?;
            }
        }
        (None, false, [Value::Blob(hash), Value::Integer(id)]) if hash.len() == 16 => {
            tx.prepare_cached("INSERT OR IGNORE INTO salvaged_chunk (id, hash) VALUES (?1, ?2)")?
                .execute(params![id, hash])?;
        }
        _ => {}
    }
    Ok(())
}

fn body_key(exchange: &Value, side: &Value, below: Free) -> Option<(u64, i64)> {
    let (Value::Integer(exchange), Value::Integer(side)) = (exchange, side) else { return None };
    let exchange = u64::try_from(*exchange).ok()?;
    ((1..below.exchange).contains(&exchange) && (0..=1).contains(side)).then_some((exchange, *side))
}
