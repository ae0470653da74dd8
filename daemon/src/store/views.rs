//! View states: what viewers keep here under a name. The daemon understands none of it.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{StoreError, log::Log};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewState {
    /// The viewer's own schema number.
    pub schema: u32,
    /// Microseconds since the Unix epoch.
    pub saved_at_us: i64,
    pub data: Vec<u8>,
}

pub fn save(log: &mut Log, name: &str, state: &ViewState) -> Result<(), StoreError> {
    log.connection()
        .prepare_cached("INSERT OR REPLACE INTO view_state (name, schema, saved_at, data) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![name, state.schema, state.saved_at_us, state.data])?;
    Ok(())
}

pub fn load(connection: &Connection, name: &str) -> Result<Option<ViewState>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT schema, saved_at, data FROM view_state WHERE name = ?1")?
        .query_row([name], |row| Ok(ViewState { schema: row.get(0)?, saved_at_us: row.get(1)?, data: row.get(2)? }))
        .optional()?)
}
