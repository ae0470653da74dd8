//! Parts of bodies become chunks.

use std::io::ErrorKind;

use ccdump_record::Side;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::{StoreError, chunks::ChunkWriter, events, recipe::Recipe, spool::Spool};

/// How much of a body is worked on in a step.
pub const STEP: u64 = 256 << 10;

/// Part of a body that waits to become chunks.
#[derive(Debug, Clone, Copy)]
pub struct Seal {
    pub exchange: u64,
    pub side: Side,
    /// The body's whole length, once it has ended.
    pub total: Option<u64>,
}

/// One step of making parts into chunks. Returns whether there is nothing left to do.
pub(super) fn seal_some(
    tx: &Transaction<'_>,
    chunks: &mut ChunkWriter,
    seal: Seal,
) -> Result<bool, StoreError> {
    let mut recipe = load_recipe(tx, seal.exchange, seal.side)?;
    let Gathered { data, then } = gather(tx, seal, &mut recipe)?;
    let is_end = match then {
        Then::More => false,
        Then::Hole => true,
        Then::Nothing => seal.total.is_some(),
    };
    let taken = chunks.put(tx, seal.side, &data, is_end, &mut recipe)?;
    if let (Then::Nothing, Some(total)) = (then, seal.total) {
        fill_hole(&mut recipe, total);
    }
    save_recipe(tx, seal.exchange, seal.side, &recipe)?;
    tx.prepare_cached(
        "DELETE FROM part WHERE exchange = ?1 AND side = ?2 AND offset + length <= ?3",
    )?
    .execute(params![seal.exchange, events::column(seal.side), recipe.bytes()])?;
    // What a growing body gets from here on comes with a step of its own.
    Ok(matches!(then, Then::Nothing) || (seal.total.is_none() && taken == 0))
}

/// Bytes that follow a recipe.
struct Gathered {
    data: Vec<u8>,
    then: Then,
}

/// What comes after them.
#[derive(Clone, Copy)]
enum Then {
    Nothing,
    Hole,
    More,
}

/// About a step's worth of what follows `recipe`; a hole right behind it is filled.
fn gather(tx: &Transaction<'_>, seal: Seal, recipe: &mut Recipe) -> Result<Gathered, StoreError> {
    let spool = Spool::of(tx);
    let mut parts = tx.prepare_cached(
        "SELECT offset, length, data FROM part WHERE exchange = ?1 AND side = ?2 ORDER BY offset",
    )?;
    let mut rows = parts.query(params![seal.exchange, events::column(seal.side)])?;
    let mut data = Vec::new();
    let mut end = recipe.bytes();
    while let Some(row) = rows.next()? {
        let (offset, length): (u64, u64) = (row.get(0)?, row.get(1)?);
        if offset > end {
            if !data.is_empty() {
                return Ok(Gathered { data, then: Then::Hole });
            }
            fill_hole(recipe, offset);
            end = offset;
        }
        // A step before may have taken a part of it.
        let left = (offset + length).saturating_sub(end);
        let now = index(left.min(STEP - (data.len() as u64).min(STEP)));
        match row.get_ref(2)?.as_blob_or_null().map_err(rusqlite::Error::from)? {
            Some(part) => {
                let skip = index(end - offset);
                data.extend_from_slice(
                    part.get(skip..skip.saturating_add(now)).unwrap_or_default(),
                );
            }
            None => match spool.read(seal.exchange, seal.side, end, now) {
                Ok(bytes) => data.extend_from_slice(&bytes),
                // The file is gone, or was cut: those bytes are not on record any more.
                Err(error)
                    if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) =>
                {
                    if !data.is_empty() {
                        return Ok(Gathered { data, then: Then::Hole });
                    }
                    fill_hole(recipe, offset + length);
                    end = offset + length;
                    continue;
                }
                Err(error) => return Err(error.into()),
            },
        }
        end += now as u64;
        if (now as u64) < left {
            return Ok(Gathered { data, then: Then::More });
        }
    }
    Ok(Gathered { data, then: Then::Nothing })
}

fn index(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// What lies between the recipe's end and `up_to` is missing.
pub(super) fn fill_hole(recipe: &mut Recipe, up_to: u64) {
    let hole = up_to.saturating_sub(recipe.bytes());
    if hole > 0 {
        recipe.push_missing(hole);
    }
}

pub(super) fn load_recipe(
    connection: &Connection,
    exchange: u64,
    side: Side,
) -> Result<Recipe, StoreError> {
    let encoded: Option<Vec<u8>> = connection
        .prepare_cached("SELECT recipe FROM body WHERE exchange = ?1 AND side = ?2")?
        .query_row(params![exchange, events::column(side)], |row| row.get(0))
        .optional()?;
    match encoded {
        None => Ok(Recipe::default()),
        Some(encoded) => Recipe::decode(&encoded).ok_or_else(|| {
            StoreError::damaged_log(format!("the recipe of a body of exchange {exchange}"))
        }),
    }
}

pub(super) fn save_recipe(
    tx: &Transaction<'_>,
    exchange: u64,
    side: Side,
    recipe: &Recipe,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO body (exchange, side, length, recipe) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![exchange, events::column(side), recipe.bytes(), recipe.encode()])?;
    Ok(())
}
