//! Masks credentials in events that a daemon recorded whose table of them told less. It is the only
//! rewrite that the log ever sees.
//!
//! Nothing of the former text may be left in the files. SQLite leaves stale copies of rows behind
//! when it moves them between pages, so no row may change its size while there is still one with a
//! credential:
//!
//! 1. Row by row, the detail is written over in its place, filled up with blanks. Where the masked
//!    one is longer, stars stand for the credentials meanwhile, and what is to stand there is kept
//!    in the table `masked_detail`.
//! 2. The root of the table is made to be cleared, which holds copies of the first rows since the
//!    table grew out of it. Free pages are given back, and the write-ahead log is emptied: it holds
//!    the pages as they were.
//! 3. What was kept in `masked_detail` is put in its place.
//!
//! Steps are small and done in spare time by the thread that writes the log. `meta` says how far it
//! came, so that a kill costs a step.

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use serde_json::Value;
use tracing::{info, warn};

use super::{StoreError, Turn, schema};

/// Gives what stands in the place of a credential.
pub type Mark = Box<dyn Fn(&str) -> String + Send>;

/// Events that are looked at in a step.
const EVENTS: u64 = 500;
/// Rows of `masked_detail` that are put in their place in a step.
const ROWS: u32 = 200;
/// Free pages that are given back in a step.
const PAGES: u32 = 512;

/// The table of credentials by which all events through a number are masked, and nothing else is
/// left of them in the files.
const MASKED: &str = "masked";
/// The same of events whose former text may still be in the files, and how many of them were
/// changed.
const MASKING: &str = "masking";

/// How it stands with credentials in a log.
#[derive(Default)]
pub enum Masks {
    /// Nothing is known, and nothing is said.
    #[default]
    Unknown,
    /// There may be some in events of an earlier daemon.
    UnderWay(Masking),
    /// There are none, and that is noted through this event.
    Noted(u64),
}

impl Masks {
    /// Finds out what there is to do; nothing, at once, where all was done.
    pub fn begin(connection: &Connection, head_seq: u64, mark: Mark) -> Self {
        match Masking::of(connection, head_seq, mark) {
            Ok(None) => Self::Noted(head_seq),
            Ok(Some(masking)) => Self::UnderWay(masking),
            Err(error) => {
                left_for_later(&error);
                Self::Unknown
            }
        }
    }

    pub fn is_under_way(&self) -> bool {
        matches!(self, Self::UnderWay(_))
    }

    /// A step of the work. One that fails is left to the next daemon.
    pub fn step(&mut self, connection: &mut Connection, turn: &Turn) {
        let Self::UnderWay(masking) = self else { return };
        match masking.step(connection, turn) {
            Ok(true) => {}
            Ok(false) => *self = Self::Noted(masking.until),
            Err(error) => {
                left_for_later(&error);
                *self = Self::Unknown;
            }
        }
    }

    /// Notes that all events through this one are masked: the next start need not look at them.
    pub fn note(&mut self, connection: &Connection, head_seq: u64) -> Result<(), StoreError> {
        if let Self::Noted(through) = self
            && *through < head_seq
        {
            save(connection, MASKED, head_seq, 0)?;
            *through = head_seq;
        }
        Ok(())
    }
}

/// Nothing stops for it: damage is dealt with by whoever reads the log.
fn left_for_later(error: &StoreError) {
    warn!(%error, "credentials that an earlier version had recorded cannot be masked now");
}

/// What is to be masked of a log.
pub struct Masking {
    mark: Mark,
    stage: Stage,
    /// Events through this one are looked through.
    through: u64,
    until: u64,
    changed: u64,
}

enum Stage {
    Rows,
    /// So many free pages are left to be given back.
    Files {
        free_pages: u32,
    },
    /// The write-ahead log is being emptied, by whoever looks after it.
    Emptying,
    Lengthen,
}

impl Masking {
    fn of(connection: &Connection, head_seq: u64, mark: Mark) -> Result<Option<Self>, StoreError> {
        let (done, _) = progress(connection, MASKED)?;
        let (begun, changed) = progress(connection, MASKING)?;
        let through = done.max(begun).min(head_seq);
        if begun == 0 && through == head_seq {
            return Ok(None);
        }
        connection.pragma_update(None, "secure_delete", "ON")?;
        Ok(Some(Self { mark, stage: Stage::Rows, through, until: head_seq, changed }))
    }

    /// Returns whether there is more.
    fn step(&mut self, connection: &mut Connection, turn: &Turn) -> Result<bool, StoreError> {
        match self.stage {
            Stage::Rows if self.through < self.until => self.mask_rows(connection)?,
            Stage::Rows if self.changed == 0 => return self.finish(connection),
            Stage::Rows => {
                clear_root(connection)?;
                let free_pages =
                    connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
                self.stage = Stage::Files { free_pages };
            }
            Stage::Files { free_pages: 0 } => {
                turn.ask_to_empty();
                self.stage = Stage::Emptying;
            }
            Stage::Emptying => {
                if !turn.is_to_empty() {
                    self.stage = Stage::Lengthen;
                }
            }
            Stage::Files { free_pages } => {
                schema::vacuum(connection, PAGES)?;
                self.stage = Stage::Files { free_pages: free_pages.saturating_sub(PAGES) };
            }
            Stage::Lengthen => {
                if !lengthen(connection)? {
                    return self.finish(connection);
                }
            }
        }
        Ok(true)
    }

    fn mask_rows(&mut self, connection: &mut Connection) -> Result<(), StoreError> {
        let through = (self.through + EVENTS).min(self.until);
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let changed = mask_between(&tx, self.through, through, &*self.mark)?;
        save(&tx, MASKING, through, self.changed + changed)?;
        tx.commit()?;
        self.through = through;
        self.changed += changed;
        Ok(())
    }

    fn finish(&self, connection: &mut Connection) -> Result<bool, StoreError> {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch("DROP TABLE IF EXISTS masked_detail")?;
        save(&tx, MASKED, self.until, 0)?;
        tx.execute("DELETE FROM meta WHERE key = ?1", [MASKING])?;
        tx.commit()?;
        connection.pragma_update(None, "secure_delete", "OFF")?;
        if self.changed > 0 {
            info!(
                events = self.changed,
                "credentials that an earlier version had recorded are masked"
            );
        }
        Ok(false)
    }
}

/// Through which event a mark of this version goes, and the count beside it.
fn progress(connection: &Connection, key: &str) -> Result<(u64, u64), StoreError> {
    let told: Option<String> = connection
        .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
        .optional()?;
    let numbers: Vec<u64> = told
        .iter()
        .flat_map(|told| told.split(' '))
        .filter_map(|number| number.parse().ok())
        .collect();
    Ok(match numbers[..] {
        [version, through, count] if version == u64::from(ccdump_secrets::VERSION) => {
            (through, count)
        }
        _ => (0, 0),
    })
}

fn save(connection: &Connection, key: &str, through: u64, count: u64) -> Result<(), StoreError> {
    let told = format!("{} {through} {count}", ccdump_secrets::VERSION);
    connection
        .prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?
        .execute([key, &told])?;
    Ok(())
}

/// Masks the events after one through another, each in its place. Returns how many had something to
/// mask.
fn mask_between(
    tx: &Transaction<'_>,
    after: u64,
    through: u64,
    mark: &dyn Fn(&str) -> String,
) -> Result<u64, StoreError> {
    let select = "SELECT seq, detail FROM event WHERE seq > ?1 AND seq <= ?2 AND kind NOT IN ('request_data', 'response_data')";
    let rows: Vec<(u64, Vec<u8>)> = tx
        .prepare_cached(select)?
        .query_map([after, through], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut changed = 0;
    for (seq, detail) in rows {
        let Some(masked) = mask_detail(&detail, mark) else { continue };
        changed += 1;
        let in_place = if masked.len() <= detail.len() {
            masked
        } else {
            tx.execute_batch("CREATE TABLE IF NOT EXISTS masked_detail (seq INTEGER PRIMARY KEY, detail BLOB NOT NULL)")?;
            tx.prepare_cached(
                "INSERT OR REPLACE INTO masked_detail (seq, detail) VALUES (?1, ?2)",
            )?
            .execute(params![seq, masked])?;
            mask_detail(&detail, &|secret| "*".repeat(secret.len())).unwrap_or_default()
        };
        replace(tx, seq, filled_up(in_place, detail.len()))?;
    }
    Ok(changed)
}

/// Blanks behind JSON are no part of it.
fn filled_up(mut detail: Vec<u8>, length: usize) -> Vec<u8> {
    if detail.len() < length {
        detail.resize(length, b' ');
    }
    detail
}

fn replace(tx: &Transaction<'_>, seq: u64, detail: Vec<u8>) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE event SET detail = ?2 WHERE seq = ?1")?
        .execute(params![seq, detail])?;
    Ok(())
}

/// Makes the table a level deeper for a moment that nobody sees: SQLite clears its root then (with
/// `secure_delete`), whose unused part still holds what stood in it when it was all of the table.
/// Beyond some 450 pages that was written over long ago.
fn clear_root(connection: &mut Connection) -> Result<(), StoreError> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // A page each, behind all others; a root has room for 450 pages at most.
    tx.execute_batch(
        "WITH RECURSIVE page (number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM page WHERE number < 600)
         INSERT INTO event (seq, exchange, kind, at, detail)
         SELECT 9223372036854770000 + number, 0, 'none', 0, zeroblob(3000) FROM page;
         DELETE FROM event WHERE seq >= 9223372036854770000",
    )?;
    tx.commit()?;
    Ok(())
}

/// Puts details in their place that are longer than what was there. Returns whether there may be
/// more.
fn lengthen(connection: &mut Connection) -> Result<bool, StoreError> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let is_there = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'masked_detail')";
    if !tx.query_row(is_there, [], |row| row.get::<_, bool>(0))? {
        return Ok(false);
    }
    let rows: Vec<(u64, Vec<u8>)> = tx
        .prepare("SELECT seq, detail FROM masked_detail ORDER BY seq LIMIT ?1")?
        .query_map([ROWS], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let is_more = !rows.is_empty();
    for (seq, detail) in rows {
        replace(&tx, seq, detail)?;
        tx.execute("DELETE FROM masked_detail WHERE seq = ?1", [seq])?;
    }
    tx.commit()?;
    Ok(is_more)
}

/// An event's detail with its credentials masked; `None` where there are none, and of what is no
/// JSON.
pub fn mask_detail(detail: &[u8], mark: &dyn Fn(&str) -> String) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(detail).ok()?;
    let mut is_changed = false;
    for (name, value) in value.as_object_mut()? {
        match name.as_str() {
            "path" => is_changed |= mask_text(value, |path| ccdump_secrets::target(path, mark)),
            "error" | "reason" | "upstream" => {
                is_changed |= mask_text(value, |text| ccdump_secrets::text(text, mark))
            }
            "headers" | "trailers" => {
                for field in value.as_array_mut().into_iter().flatten() {
                    if let Some([Value::String(name), value]) =
                        field.as_array_mut().map(|pair| &mut pair[..])
                    {
                        is_changed |=
                            mask_text(value, |value| ccdump_secrets::header(name, value, mark));
                    }
                }
            }
            _ => {}
        }
    }
    is_changed.then(|| serde_json::to_vec(&value).ok()).flatten()
}

/// Returns whether there was something to mask.
fn mask_text(
    value: &mut Value,
    mask: impl for<'a> FnOnce(&'a str) -> std::borrow::Cow<'a, str>,
) -> bool {
    let Value::String(text) = value else { return false };
    let std::borrow::Cow::Owned(masked) = mask(text) else { return false };
    *text = masked;
    true
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{
        super::{
            Files,
            log::Log,
            reader::events_after,
            record::{Record, What},
        },
        *,
    };
    use ccdump_record::{ClosedBy, Ended, Header, Headers, Opened, ResponseHead};

    /// Short ones, whose marks are longer, and long ones.
    fn secret(exchange: u64) -> String {
        match exchange % 3 {
            0 => format!("s3cr3t{exchange:06}zz"),
            1 => format!("s3cr3t{exchange:06}{}zz", "FAKE".repeat(10)),
            _ => format!("s3cr3t{exchange:06}{}zz", "FAKE".repeat(700)),
        }
    }

    fn record_unmasked(log: &mut Log, exchanges: std::ops::Range<u64>) {
        for exchange in exchanges {
            let secret = secret(exchange);
            let header =
                |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned() };
            let plain = |name: &str| header(name, "stays");
            let headers: Headers =
                vec![plain("host"), header("x-vault-token", &secret), plain("x-app")];
            let opened = Opened {
                method: "POST".into(),
                path: format!("/v1/messages?subscription-key={secret}"),
                provider: "unknown".into(),
                upstream: "http://u".into(),
                headers: headers.clone(),
                mended: vec![],
            };
            let head = ResponseHead {
                status: 200,
                headers,
                request_bytes: 0,
                connect_us: None,
                mended: vec![],
            };
            let ended = Ended {
                closed_by: ClosedBy::Finished,
                delivered: 0,
                request_bytes: 0,
                response_bytes: 0,
                error: Some(format!("no TLS with https://u:{secret}@h")),
                trailers: vec![header("x-token", &secret)],
                exact: true,
                own_status: None,
            };
            let ended =
                What::Ended { ended: Box::new(ended), missing_request: 0, missing_response: 0 };
            let whats = [What::Opened(Box::new(opened)), What::ResponseHead(Box::new(head)), ended];
            let records: Vec<_> =
                whats.into_iter().map(|what| Record { exchange, at_us: 1, what }).collect();
            log.commit(&records).expect("written");
        }
    }

    fn open(files: &Files) -> Log {
        let mut log = Log::open(files).expect("opened");
        log.mask(Box::new(|secret: &str| ccdump_secrets::printed("00ff00ff00ff", secret)));
        log
    }

    /// A step, and what is asked of the thread that looks after the files.
    fn step(log: &mut Log, files: &Files) {
        log.mask_step();
        if log.turn().is_to_empty() {
            schema::empty_wal(&schema::open_checkpointer(&files.canonical()).expect("opened"))
                .expect("emptied");
            log.turn().emptied();
        }
    }

    fn files_with(dir: &Path, text: &str) -> usize {
        let files =
            fs::read_dir(dir).expect("a folder").filter_map(Result::ok).map(|entry| entry.path());
        files
            .filter(|file| {
                file.is_file()
                    && String::from_utf8_lossy(&fs::read(file).expect("read")).contains(text)
            })
            .count()
    }

    fn assert_masked(files: &Files, exchanges: u64) {
        assert_eq!(files_with(&files.dir, "s3cr3t"), 0, "nothing is left of what was masked");
        let reader = schema::open_reader(&files.canonical()).expect("opened");
        let events = events_after(&reader, 0, 100_000).expect("read");
        assert_eq!(events.len() as u64, exchanges * 3);
        let told = format!("{events:?}");
        assert_eq!(told.matches("‹secret 00ff00ff00ff len=").count() as u64, exchanges * 5);
        assert_eq!(told.matches("stays").count() as u64, exchanges * 4);
        assert!(!told.contains("**"));
    }

    #[test]
    fn nothing_is_left_of_what_was_masked() {
        // From one page to several levels of them.
        for exchanges in [1, 2, 7, 40, 150, 1500] {
            masks_all(exchanges);
        }
    }

    fn masks_all(exchanges: u64) {
        let dir = tempfile::tempdir().expect("temporary folder");
        let files = Files::new(dir.path());
        let mut log = Log::open(&files).expect("opened");
        record_unmasked(&mut log, 1..exchanges + 1);
        assert!(files_with(dir.path(), "s3cr3t") > 0);
        drop(log);
        let mut log = open(&files);
        while log.has_to_mask() {
            step(&mut log, &files);
        }
        assert_masked(&files, exchanges);
        drop(log);
        assert!(!open(&files).has_to_mask(), "once is enough");
    }

    #[test]
    fn kills_half_way_cost_nothing() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let files = Files::new(dir.path());
        let mut log = Log::open(&files).expect("opened");
        record_unmasked(&mut log, 1..150);
        std::mem::forget(log);
        let mut steps = 0;
        loop {
            // Forgotten, not dropped: no end of it is made in order.
            let mut log = open(&files);
            if !log.has_to_mask() {
                break;
            }
            (0..=steps % 12).for_each(|_| step(&mut log, &files));
            steps += 1;
            std::mem::forget(log);
            assert!(steps < 100, "it comes to an end");
        }
        assert_masked(&files, 149);
    }

    #[test]
    fn what_is_recorded_meanwhile_is_no_work() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let files = Files::new(dir.path());
        let mut log = open(&files);
        assert!(!log.has_to_mask(), "a new log");
        let opened = |exchange| {
            let opened = Opened {
                method: "GET".into(),
                path: "/".into(),
                provider: "unknown".into(),
                upstream: "http://u".into(),
                headers: vec![],
                mended: vec![],
            };
            Record { exchange, at_us: 1, what: What::Opened(Box::new(opened)) }
        };
        log.commit(&[opened(1)]).expect("written");
        log.tidy().expect("tidied");
        drop(log);
        assert!(!open(&files).has_to_mask(), "it was masked when it was recorded");
    }

    #[test]
    fn details_without_a_credential_are_left_as_they_are() {
        for detail in [
            &br#"{"method":"GET","path":"/v1/models?limit=5","headers":[["x-session-id","s"]],"upstream":"http://u"}"#[..],
            br#"{"closed_by":"finished","delivered":1}"#,
            b"\x00\x01\x02",
            b"[]",
            b"7",
            br#"{"headers":7,"path":null,"trailers":[7,["a"],["x-token",7]]}"#,
        ] {
            assert_eq!(mask_detail(detail, &ccdump_secrets::plain), None);
        }
    }
}
