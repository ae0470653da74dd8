//! Looks through the whole store and says what of it is damaged. Reads only, beside a daemon that
//! runs or without one.

use std::path::Path;

use ccdump_record::Side;
use rusqlite::{Connection, params};

use super::{
    Database, Files, StoreError,
    body::{BodyCursor, Piece, Unpacked},
    chunks::hash_of,
    events,
    pack::StoredPack,
    schema,
};

/// Stored bytes that are kept unpacked from one pack to the next.
const UNPACKED: usize = 16 << 20;
/// Problems of one file that are told one by one.
const TOLD: usize = 100;

/// What was found.
#[derive(Debug, Default, serde::Serialize)]
pub struct Report {
    pub whole: bool,
    pub events: u64,
    pub bodies: u64,
    pub packs: u64,
    /// Bytes of bodies that are said to be missing: they were not recorded, or were lost before.
    /// That is no damage.
    pub missing_bytes: u64,
    pub problems: Vec<Problem>,
    /// Problems beyond those.
    pub more_problems: u64,
}

#[derive(Debug, serde::Serialize)]
pub struct Problem {
    pub file: &'static str,
    pub what: String,
}

impl Report {
    fn add(&mut self, database: Database, what: impl Into<String>) {
        if self.problems.len() < TOLD {
            self.problems.push(Problem { file: database.name(), what: what.into() });
        } else {
            self.more_problems += 1;
        }
    }

    /// What `look` finds; where the file does not even let itself be read, that is it.
    fn look(
        &mut self,
        database: Database,
        path: &Path,
        look: impl FnOnce(&mut Self, &Connection) -> Result<(), StoreError>,
    ) {
        let looked = schema::open_reader(path).and_then(|connection| {
            check_structure(self, database, &connection)?;
            look(self, &connection)
        });
        if let Err(error) = looked {
            self.add(database, error.of(database).to_string());
        }
    }
}

/// Looks through the store of a data folder.
pub fn verify(files: &Files) -> Report {
    let mut report = Report::default();
    report.look(Database::Log, &files.canonical(), |report, log| {
        check_events(report, log)?;
        check_packs(report, log)?;
        check_bodies(report, log)
    });
    for (database, path) in [(Database::Index, files.derived()), (Database::Views, files.views())] {
        // A folder where no daemon has run since has none.
        if path.exists() {
            report.look(database, &path, |_, _| Ok(()));
        }
    }
    report.whole = report.problems.is_empty();
    report
}

fn check_structure(
    report: &mut Report,
    database: Database,
    connection: &Connection,
) -> Result<(), StoreError> {
    let mut check = connection.prepare(&format!("PRAGMA integrity_check({TOLD})"))?;
    let mut rows = check.query([])?;
    while let Some(row) = rows.next()? {
        let found: String = row.get(0)?;
        if found != "ok" {
            report.add(database, found.replace('\n', " "));
        }
    }
    Ok(())
}

fn check_events(report: &mut Report, log: &Connection) -> Result<(), StoreError> {
    let mut select = log.prepare("SELECT seq, kind, detail FROM event ORDER BY seq")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (seq, kind): (u64, String) = (row.get(0)?, row.get(1)?);
        let detail = row.get_ref(2)?.as_bytes().map_err(rusqlite::Error::from)?;
        report.events += 1;
        if let Err(damaged) = events::decode(seq, &kind, detail) {
            report.add(
                Database::Log,
                format!("event {} ({}) cannot be read", damaged.seq, damaged.kind),
            );
        }
    }
    Ok(())
}

/// Each pack holds what its chunks are known by.
fn check_packs(report: &mut Report, log: &Connection) -> Result<(), StoreError> {
    let mut unpacked = Unpacked::with_room(UNPACKED);
    let mut next = log.prepare("SELECT min(first_chunk) FROM pack WHERE first_chunk >= ?1")?;
    let mut known = log.prepare("SELECT EXISTS (SELECT 1 FROM chunk WHERE hash = ?1)")?;
    let mut from = 0u64;
    while let Some(first) = next.query_row([from], |row| row.get::<_, Option<u64>>(0))? {
        from = first + 1;
        report.packs += 1;
        let read = StoredPack::holding(log, first)
            .and_then(|pack| Ok((pack.unpack(log, &mut unpacked)?, pack)));
        let (data, pack) = match read {
            Ok(read) => read,
            Err(error) if error.is_damage() => {
                report.add(Database::Log, format!("the pack of chunk {first} cannot be unpacked"));
                continue;
            }
            Err(error) => return Err(error),
        };
        let mut rest = &data[..];
        for (id, length) in (first..).zip(&pack.lengths) {
            let Some((chunk, behind)) =
                rest.split_at_checked(usize::try_from(*length).unwrap_or(usize::MAX))
            else {
                break;
            };
            rest = behind;
            if !known.query_row(params![hash_of(chunk)], |row| row.get::<_, bool>(0))? {
                report.add(Database::Log, format!("chunk {id} is not what was stored"));
            }
        }
    }
    Ok(())
}

fn check_bodies(report: &mut Report, log: &Connection) -> Result<(), StoreError> {
    let mut unpacked = Unpacked::with_room(UNPACKED);
    let mut bodies = log.prepare(
        "SELECT exchange, side FROM body UNION SELECT exchange, side FROM part ORDER BY 1, 2",
    )?;
    let mut rows = bodies.query([])?;
    while let Some(row) = rows.next()? {
        let (exchange, column): (u64, i64) = (row.get(0)?, row.get(1)?);
        let side = events::side_of(column);
        report.bodies += 1;
        let mut cursor = BodyCursor::new(exchange, side, 0).with_unpacked(unpacked);
        loop {
            match cursor.next(log) {
                Ok(Some(Piece::Bytes(_))) => {}
                Ok(Some(Piece::Missing(bytes))) => report.missing_bytes += bytes,
                Ok(None) => break,
                Err(error) if error.is_damage() || matches!(error, StoreError::Io(_)) => {
                    let side = if side == Side::Request { "request" } else { "response" };
                    let at = cursor.position();
                    report.add(Database::Log, format!("the {side} body of exchange {exchange} cannot be read from byte {at} on"));
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        unpacked = cursor.into_unpacked();
    }
    Ok(())
}
