//! Opens the log at start, whatever state it is in: recording must go on.

use std::{fs, path::Path};

use ccdump_record::{Replaced, SeqRange};
use tracing::{info, warn};

use super::{
    Files, StoreError, index,
    log::Log,
    numbers::{Free, Kept, Numbers},
    recover,
    salvage::{Plan, Source},
};

/// An opened log.
pub struct Opened {
    pub log: Log,
    /// The files are as a daemon has left them that came to a proper end: there is no need to look
    /// for damage.
    pub is_as_left: bool,
}

/// Opens the log, and makes good what a kill left open. One that is damaged is put aside, and
/// another one takes its place.
pub fn open(files: &Files, at_us: i64) -> Result<Opened, StoreError> {
    let kept = Numbers::read(files);
    let is_as_left = kept.as_ref().is_some_and(|kept| kept.is_as_left(files));
    let mut log = match open_as_it_is(files, kept.as_ref(), at_us) {
        Err(error) if error.is_damage() => {
            warn!(%error, "the log is damaged; another one takes its place");
            replace(files, kept.as_ref(), &error.to_string(), at_us)?
        }
        opened => opened?,
    };
    let cut_off = match recover::end_open_exchanges(&mut log, at_us) {
        Err(error) if error.is_damage() => {
            warn!(%error, "the log is damaged; another one takes its place");
            log.replace(&error.to_string(), at_us)?;
            recover::end_open_exchanges(&mut log, at_us)?
        }
        ended => ended?,
    };
    if cut_off > 0 {
        info!(exchanges = cut_off, "the daemon before was killed; what it had open is ended");
    }
    Ok(Opened { log, is_as_left })
}

fn open_as_it_is(files: &Files, kept: Option<&Kept>, at_us: i64) -> Result<Log, StoreError> {
    // To open it would make it, with numbers that the one that is gone has given already.
    if let Some(kept) = kept
        && !files.canonical().exists()
    {
        let reason = "ccdump.db is gone; a new one was begun";
        warn!("{reason}");
        return replace(files, Some(kept), reason, at_us);
    }
    let mut log = Log::open(files)?;
    let index = index::provenance_of(files);
    if let Some(doubt) = doubt(&log, kept, index.as_ref()) {
        warn!("{doubt}");
        let last = last_known(kept, index.as_ref());
        let lost =
            Some((log.head_seq() + 1, last)).filter(|(from, to)| from <= to).map(SeqRange::from);
        let free = kept
            .map_or_else(Free::default, |kept| kept.free)
            .above(Free { seq: last + 1, ..Free::default() });
        log.begin_epoch(free, Replaced { reason: doubt, kept_as: None, lost }, at_us)?;
    }
    Ok(log)
}

/// Why this may not be the log that was there before, or not all of it. Numbers that it gives from
/// here on must not meet those that the other one has given.
fn doubt(log: &Log, kept: Option<&Kept>, index: Option<&index::Provenance>) -> Option<String> {
    if let Some(kept) = kept {
        if kept.epoch != log.epoch() {
            return Some(
                "ccdump.db is another file than the daemon before has written: a restored copy?"
                    .to_owned(),
            );
        }
        let (head, last) = (log.head_seq(), kept.last_seq);
        if last > head {
            return Some(format!(
                "ccdump.db ends at event {head}, and the daemon before had recorded {last}: an older copy?"
            ));
        }
    }
    let index =
        index.filter(|index| index.epoch == log.epoch() && index.through_seq > log.head_seq())?;
    let (head, through) = (log.head_seq(), index.through_seq);
    Some(format!(
        "ccdump.db ends at event {head}, and index.db knows of {through}: its newest events are gone"
    ))
}

fn replace(
    files: &Files,
    kept: Option<&Kept>,
    reason: &str,
    at_us: i64,
) -> Result<Log, StoreError> {
    let below = match kept {
        Some(kept) => kept.free,
        None => more_than_there_can_be(files),
    };
    let aside = files.put_aside()?;
    if let Some(name) = &aside {
        warn!(kept_as = %name, "what can be read of the old log is brought over");
    }
    let sources = aside.iter().map(|file| Source { file: file.clone(), place: 0 }).collect();
    let last_seq = last_known(kept, index::provenance_of(files).as_ref());
    let plan = Plan {
        sources,
        below: below.above(Free { seq: last_seq + 1, ..Free::default() }),
        last_seq,
        has_rows: false,
    };
    let lost = aside
        .is_none()
        .then_some((1, last_seq))
        .filter(|(from, to)| from <= to)
        .map(SeqRange::from);
    Log::begin(files, &plan, Replaced { reason: reason.to_owned(), kept_as: aside, lost }, at_us)
}

/// The newest event that is known to have been recorded; 0 where none is.
fn last_known(kept: Option<&Kept>, index: Option<&index::Provenance>) -> u64 {
    index.map_or(0, |index| index.through_seq).max(kept.map_or(0, |kept| kept.last_seq))
}

/// Numbers that a log of this size cannot have reached: an event takes some bytes, an exchange some
/// events, a chunk its hash.
fn more_than_there_can_be(files: &Files) -> Free {
    let size = Files::size(&files.canonical());
    Free { seq: size / 8 + 1, exchange: size / 64 + 1, chunk: size / 16 + 1 }
}

impl Kept {
    /// Whether nobody has touched the databases since they were closed.
    fn is_as_left(&self, files: &Files) -> bool {
        self.is_exact && !self.stamps.is_empty() && self.stamps == stamps(files)
    }
}

/// When each database was written to, and its size: what a foreign hand would change. Nothing where
/// something waits beside one.
pub fn stamps(files: &Files) -> Vec<(i64, u64)> {
    [files.canonical(), files.derived()].iter().filter_map(|path| stamp(path)).collect()
}

/// Time of the last change in nanoseconds, and size.
pub fn stamp(path: &Path) -> Option<(i64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::metadata(path).ok()?;
    Some((
        metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec()),
        metadata.len(),
    ))
}
