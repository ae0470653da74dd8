//! View states, `views.db`: what viewers keep here under a name. The daemon understands none of it,
//! and it is no part of the record.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, params};

use tracing::warn;

use super::{Database, Files, StoreError, schema, upkeep::identity};

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
    files: Files,
    open: Arc<Mutex<Open>>,
}

struct Open {
    connection: Connection,
    /// The file that it leads to: device and number.
    file: Option<(u64, u64)>,
}

impl Views {
    /// Opens the file. A damaged one is replaced: what is lost is where viewers were scrolled to.
    pub fn open(files: &Files) -> Result<Self, StoreError> {
        let open = Open::new(files)
            .or_else(|error| Open::anew(files, error))
            .map_err(|error| error.of(Database::Views))?;
        Ok(Self { files: files.clone(), open: Arc::new(Mutex::new(open)) })
    }

    pub fn save(&self, name: &str, state: &ViewState) -> Result<(), StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached("INSERT OR REPLACE INTO view_state (name, schema, saved_at, data) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![name, state.schema, state.saved_at_us, state.data])?;
            Ok(())
        })
    }

    pub fn load(&self, name: &str) -> Result<Option<ViewState>, StoreError> {
        self.with(|connection| {
            Ok(connection
                .prepare_cached("SELECT schema, saved_at, data FROM view_state WHERE name = ?1")?
                .query_row([name], |row| {
                    Ok(ViewState {
                        schema: row.get(0)?,
                        saved_at_us: row.get(1)?,
                        data: row.get(2)?,
                    })
                })
                .optional()?)
        })
    }

    /// Works with the file, and with a new one where that is gone or turns out to be damaged.
    fn with<T>(
        &self,
        work: impl Fn(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let result = open.renew_if_gone(&self.files).and_then(|()| work(&open.connection)).or_else(
            |error| {
                *open = Open::anew(&self.files, error)?;
                work(&open.connection)
            },
        );
        result.map_err(|error| error.of(Database::Views))
    }
}

impl Open {
    fn new(files: &Files) -> Result<Self, StoreError> {
        let connection = schema::open_writer(&files.views(), schema::VIEWS)?;
        Ok(Self { connection, file: identity(&files.views()) })
    }

    /// Takes the place of a file that is damaged; any other `error` stays one.
    fn anew(files: &Files, error: StoreError) -> Result<Self, StoreError> {
        if !error.is_damage() {
            return Err(error);
        }
        warn!(%error, "view states are lost; views.db is begun anew");
        Files::remove(&files.views())?;
        Self::new(files)
    }

    fn renew_if_gone(&mut self, files: &Files) -> Result<(), StoreError> {
        if identity(&files.views()) != self.file {
            warn!("views.db was deleted or replaced while it was in use");
            *self = Self::new(files)?;
        }
        Ok(())
    }
}
