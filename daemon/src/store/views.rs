//! View states, `views.db`: what viewers keep here under a name. The daemon understands none of it, and it is no part of the record.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Files, StoreError, schema};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewState {
    /// The viewer's own schema number.
    pub schema: u32,
    /// Microseconds since the Unix epoch.
    pub saved_at_us: i64,
    pub data: Vec<u8>,
}

/// All view states. Cheap to clone; calls take turns, and block for a disk write.
#[derive(Clone)]
pub struct Views {
    connection: Arc<Mutex<Connection>>,
}

impl Views {
    /// Opens the file. A damaged one is replaced: what is lost is where viewers were scrolled to.
    pub fn open(files: &Files) -> Result<Self, StoreError> {
        let connection = match schema::open_writer(&files.views(), schema::VIEWS) {
            Err(error) if error.is_damage() => {
                Files::remove(&files.views())?;
                schema::open_writer(&files.views(), schema::VIEWS)?
            }
            opened => opened?,
        };
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    pub fn save(&self, name: &str, state: &ViewState) -> Result<(), StoreError> {
        self.connection()
            .prepare_cached("INSERT OR REPLACE INTO view_state (name, schema, saved_at, data) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![name, state.schema, state.saved_at_us, state.data])?;
        Ok(())
    }

    pub fn load(&self, name: &str) -> Result<Option<ViewState>, StoreError> {
        Ok(self
            .connection()
            .prepare_cached("SELECT schema, saved_at, data FROM view_state WHERE name = ?1")?
            .query_row([name], |row| Ok(ViewState { schema: row.get(0)?, saved_at_us: row.get(1)?, data: row.get(2)? }))
            .optional()?)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
