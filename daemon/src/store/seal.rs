//! Parts of bodies become chunks.

use std::borrow::Cow;

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::{StoreError, chunks::ChunkWriter, event::Side, recipe::Recipe, spool::Spool};

/// How much of a body is worked on in a step.
pub const STEP: u64 = 1 << 20;

/// Part of a body that waits to become chunks.
#[derive(Debug, Clone, Copy)]
pub struct Seal {
    pub exchange: u64,
    pub side: Side,
    /// The body's whole length, once it has ended.
    pub total: Option<u64>,
}

/// One step of making parts into chunks. Returns whether there is nothing left to do.
pub(super) fn seal_some(tx: &Transaction<'_>, chunks: &mut ChunkWriter, seal: Seal) -> Result<bool, StoreError> {
    let (exchange, side) = (seal.exchange, seal.side.column());
    let spool = Spool::of(tx);
    let mut recipe = load_recipe(tx, exchange, seal.side)?;
    let mut position = recipe.bytes();
    let mut data = Vec::new();
    let mut more = false;
    {
        let mut parts =
            tx.prepare_cached("SELECT offset, length, data FROM part WHERE exchange = ?1 AND side = ?2 ORDER BY offset")?;
        let mut rows = parts.query(params![exchange, side])?;
        while let Some(row) = rows.next()? {
            let offset: u64 = row.get(0)?;
            let part = match row.get_ref(2)?.as_blob_or_null().map_err(rusqlite::Error::from)? {
                Some(part) => Cow::Borrowed(part),
                None => Cow::Owned(spool.read(exchange, seal.side, offset, row.get(1)?)?),
            };
            let end = position + data.len() as u64;
            if offset > end {
                if !data.is_empty() {
                    // A hole follows: what stands before it ends there.
                    more = true;
                    break;
                }
                fill_hole(&mut recipe, offset);
                position = offset;
            }
            // A part that a step before has taken half of.
            let skip = usize::try_from((position + data.len() as u64).saturating_sub(offset)).unwrap_or(usize::MAX);
            data.extend_from_slice(part.get(skip..).unwrap_or_default());
            if data.len() as u64 >= STEP {
                more = true;
                break;
            }
        }
    }
    let hole_follows = more && (data.len() as u64) < STEP;
    let is_end = hole_follows || (!more && seal.total.is_some());
    let taken = chunks.put(tx, &data, is_end, &mut recipe)?;
    position += taken as u64;
    if let (false, Some(total)) = (more, seal.total) {
        fill_hole(&mut recipe, total);
    }
    save_recipe(tx, exchange, seal.side, &recipe)?;
    tx.prepare_cached("DELETE FROM part WHERE exchange = ?1 AND side = ?2 AND offset + length <= ?3")?
        .execute(params![exchange, side, position])?;
    // More parts of a body that still grows come with a step of their own.
    Ok(!more || (seal.total.is_none() && taken == 0))
}

/// What lies between the recipe's end and `up_to` is missing.
pub(super) fn fill_hole(recipe: &mut Recipe, up_to: u64) {
    let hole = up_to.saturating_sub(recipe.bytes());
    if hole > 0 {
        recipe.push_missing(hole);
    }
}

pub(super) fn load_recipe(connection: &Connection, exchange: u64, side: Side) -> Result<Recipe, StoreError> {
    let encoded: Option<Vec<u8>> = connection
        .prepare_cached("SELECT recipe FROM body WHERE exchange = ?1 AND side = ?2")?
        .query_row(params![exchange, side.column()], |row| row.get(0))
        .optional()?;
    match encoded {
        None => Ok(Recipe::default()),
        Some(encoded) => Recipe::decode(&encoded)
            .ok_or_else(|| StoreError::Damaged { what: format!("the recipe of a body of exchange {exchange}") }),
    }
}

pub(super) fn save_recipe(tx: &Transaction<'_>, exchange: u64, side: Side, recipe: &Recipe) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR REPLACE INTO body (exchange, side, length, recipe) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        exchange,
        side.column(),
        recipe.bytes(),
        recipe.encode()
    ])?;
    Ok(())
}
