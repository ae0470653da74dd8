//! Derives what viewers ask for (index rows, outlines) from the log, on a thread of its own.
//!
//! It follows the log by cursor like any reader. Nothing depends on its pace: it may lag, be
//! stopped, or start over.

mod calls;
mod exchange;
mod response;
mod threads;

use std::{
    collections::{BTreeSet, HashMap},
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use ccdump_record::{Detail, Event};
use tokio::{runtime::Handle, sync::watch};
use tracing::warn;

use self::{exchange::OpenExchange, threads::Threads};
use crate::{
    capture::{Recording, redact::Redactor},
    store::{
        Database, Files, StoreError,
        health::Health,
        index::{Derived, Index},
        log::Log,
        reader::{Reader, Readers, events_after, events_of},
    },
};

/// Of all that rows are derived by: rows of another one are made anew, so that nothing is left of
/// what a table of credentials did not tell.
pub const VERSION: u32 = ccdump_provider::VERSION * 100 + ccdump_secrets::VERSION;

/// Between two passes: streams write a hundred times a second, and a row now and then is enough.
/// Who waits for one says so.
const PACE: Duration = Duration::from_millis(100);
/// Events of one pass.
const EVENTS: usize = 1024;
/// A pass begins with no further event after this long: what it has is written, and whoever wants
/// it to end is heard.
const TURN: Duration = Duration::from_millis(50);
/// How far the thread stands back.
const NICE: i32 = 10;
/// Between two looks whether the thread has finished.
const FINISHING: Duration = Duration::from_millis(5);
/// After a failure.
const RETRY: Duration = Duration::from_millis(500);

/// The thread, and how far it has come.
pub struct Deriving {
    /// The newest event that the rows cover.
    pub through: watch::Receiver<u64>,
    thread: thread::JoinHandle<Index>,
    is_to_leave: Arc<AtomicBool>,
}

impl Deriving {
    pub fn hurry(&self) -> Hurry {
        Hurry(self.thread.thread().clone())
    }

    /// Waits until all that was recorded is derived, or until `until`, and gives the rows back. The
    /// recording must have ended. What is left is derived by the next daemon.
    pub fn finish(self, until: Instant) -> Result<Index, StoreError> {
        while !self.thread.is_finished() && Instant::now() < until {
            self.hurry().hurry();
            thread::sleep(FINISHING);
        }
        self.is_to_leave.store(true, Ordering::Relaxed);
        self.hurry().hurry();
        self.thread
            .join()
            .map_err(|_| StoreError::Io(io::Error::other("the deriving thread broke down")))
    }
}

/// Asks the thread not to wait for its next pass. Cheap to clone.
#[derive(Clone)]
pub struct Hurry(thread::Thread);

impl Hurry {
    pub fn hurry(&self) {
        self.0.unpark();
    }
}

/// Starts the thread. When the sender of `recording.head` goes, the thread derives what is left and
/// ends.
pub fn start(
    index: Index,
    readers: Readers,
    recording: &Recording,
    redactor: Redactor,
) -> Result<Deriving, StoreError> {
    let cursor = index.through_seq()?;
    let head = recording.head.clone();
    let (through_sender, through) = watch::channel(cursor);
    let runtime = Handle::current();
    let is_to_leave = Arc::new(AtomicBool::new(false));
    let mut deriver = Deriver {
        index,
        readers,
        health: recording.health.clone(),
        epoch: recording.epoch.clone(),
        cursor,
        // Nothing is derived yet of what there is.
        rebuilt_at: (cursor == 0).then(|| *head.borrow()),
        open: HashMap::new(),
        threads: Threads::default(),
        redactor,
        is_to_leave: is_to_leave.clone(),
    };
    deriver.tell_progress();
    let thread = thread::Builder::new()
        .name("deriving".into())
        .spawn(move || {
            // Traffic and recording come first. Where that cannot be said, all are equal.
            rustix::process::nice(NICE).ok();
            deriver.run(head, &runtime, &through_sender);
            deriver.index
        })
        .map_err(io::Error::other)?;
    Ok(Deriving { through, thread, is_to_leave })
}

/// Makes all rows of a log anew that nobody writes to. Blocks until it is done.
pub fn rebuild(files: &Files, log: &Log) -> Result<(), StoreError> {
    let health = Health::default();
    let (_epoch, epoch) = watch::channel(log.epoch().into());
    let mut index = Index::open(files, log.epoch(), VERSION)?;
    index.begin_anew(files, log.epoch(), VERSION)?;
    let mut deriver = Deriver {
        index,
        readers: Readers::new(files.clone(), health.clone()),
        health,
        epoch,
        cursor: 0,
        rebuilt_at: None,
        open: HashMap::new(),
        threads: Threads::default(),
        redactor: Redactor::open(&files.dir)?,
        is_to_leave: Arc::default(),
    };
    while deriver.cursor < log.head_seq() {
        deriver.pass()?;
    }
    deriver.readers.close();
    Ok(deriver.index.close(Instant::now() + FINISHING)?)
}

struct Deriver {
    index: Index,
    readers: Readers,
    health: Health,
    /// Of the log that the rows are to be of.
    epoch: watch::Receiver<Arc<str>>,
    cursor: u64,
    /// The rows are made anew: the event with which they are what they were.
    rebuilt_at: Option<u64>,
    /// Exchanges that have begun and not ended, as far as derived.
    open: HashMap<u64, OpenExchange>,
    threads: Threads,
    is_to_leave: Arc<AtomicBool>,
    /// An earlier daemon's log may hold credentials still, and so may the words of an error that an
    /// API answers.
    redactor: Redactor,
}

impl Deriver {
    fn run(
        &mut self,
        mut head: watch::Receiver<u64>,
        runtime: &Handle,
        through: &watch::Sender<u64>,
    ) {
        loop {
            let known = *head.borrow_and_update();
            self.renew_index(known, through);
            while self.cursor < known {
                if self.is_to_leave.load(Ordering::Relaxed) {
                    return;
                }
                let (began, generation) = (Instant::now(), self.health.generation());
                match self.pass() {
                    Ok(()) => {
                        through.send_replace(self.cursor);
                    }
                    Err(error) => {
                        warn!(%error, "deriving pauses");
                        self.health.report(generation, &error);
                        // What was folded in memory does not match the rows any more.
                        self.open.clear();
                        if head.has_changed().is_err() {
                            return;
                        }
                        thread::sleep(RETRY);
                    }
                }
                self.tell_progress();
                if self.renew_index(known, through) {
                    continue;
                }
                if self.cursor >= known {
                    thread::park_timeout(PACE.saturating_sub(began.elapsed()));
                }
            }
            let is_over = runtime.block_on(async {
                tokio::select! {
                    changed = head.changed() => changed.is_err(),
                    () = self.health.index_trouble() => false,
                }
            });
            if is_over {
                return;
            }
        }
    }

    /// Makes the rows anew where they are of another log than the one that is there now, or
    /// damaged. Returns whether it did.
    fn renew_index(&mut self, known: u64, through: &watch::Sender<u64>) -> bool {
        let epoch = self.epoch.borrow_and_update().clone();
        let trouble = self.health.take_index_trouble();
        if trouble.is_none() && self.index.epoch() == &*epoch {
            return false;
        }
        let why = trouble.unwrap_or_else(|| "its rows are of another log".to_owned());
        warn!(%why, "index.db is rebuilt");
        match self.index.begin_anew(self.readers.files(), &epoch, VERSION) {
            Ok(()) => {
                self.cursor = 0;
                self.rebuilt_at = Some(known);
                self.open.clear();
                self.threads = Threads::default();
                self.health.begin_generation(Database::Index);
                through.send_replace(0);
                self.tell_progress();
            }
            Err(error) => {
                warn!(%error, "index.db cannot be rebuilt now");
                // So that it is tried again.
                self.health.report_file(Database::Index, self.health.generation(), &why);
                thread::sleep(RETRY);
            }
        }
        true
    }

    fn tell_progress(&mut self) {
        let Some(target) = self.rebuilt_at else { return };
        if self.cursor >= target {
            self.rebuilt_at = None;
            self.health.end_rebuild();
            return;
        }
        self.health.tell_rebuild(self.cursor.saturating_mul(100) / target.max(1));
    }

    /// Derives the next events and writes what came of them.
    fn pass(&mut self) -> Result<(), StoreError> {
        let readers = self.readers.clone();
        readers.with(|reader| {
            let events = events_after(&reader.log, self.cursor, EVENTS)?;
            let began = Instant::now();
            let mut derived = Derived::default();
            // Exchanges with responses that are noted and not read.
            let mut noted = BTreeSet::new();
            let mut touched = BTreeSet::new();
            let mut last = self.cursor;
            for event in &events {
                if last > self.cursor && began.elapsed() > TURN {
                    break;
                }
                last = event.seq;
                touched.insert(event.exchange);
                if event.exchange == 0 {
                    continue;
                }
                if matches!(event.detail, Detail::ResponseData(_)) {
                    noted.insert(event.exchange);
                } else {
                    // Of any exchange: what it means may depend on what another was answered
                    // before.
                    self.read_noted(reader, &mut noted, &mut derived)?;
                }
                let Some(mut exchange) = self.take(reader, event)? else {
                    continue;
                };
                exchange.add(reader, event, &mut self.threads, &mut derived)?;
                if exchange.has_ended() {
                    derived.rows.push(exchange.row(&self.redactor));
                } else {
                    self.open.insert(event.exchange, exchange);
                }
            }
            self.read_noted(reader, &mut noted, &mut derived)?;
            derived.rows.extend(
                touched
                    .iter()
                    .filter_map(|id| self.open.get(id))
                    .map(|exchange| exchange.row(&self.redactor)),
            );
            if last > self.cursor {
                self.index.write(&derived, last)?;
                self.cursor = last;
            }
            Ok(())
        })
    }

    fn read_noted(
        &mut self,
        reader: &Reader,
        noted: &mut BTreeSet<u64>,
        derived: &mut Derived,
    ) -> Result<(), StoreError> {
        while let Some(exchange) = noted.pop_first() {
            if let Some(exchange) = self.open.get_mut(&exchange) {
                exchange.read_noted(reader, derived)?;
            }
        }
        Ok(())
    }

    /// The exchange of an event, with all before the event folded in.
    fn take(&mut self, reader: &Reader, event: &Event) -> Result<Option<OpenExchange>, StoreError> {
        if let Detail::Opened(opened) = &event.detail {
            return Ok(Some(OpenExchange::new(event, opened)));
        }
        if let Some(exchange) = self.open.remove(&event.exchange) {
            return Ok(Some(exchange));
        }
        // It was open when an earlier daemon, or a failed pass, left off.
        let before = events_of(&reader.log, event.exchange, event.seq - 1)?;
        let mut before = before.iter();
        let Some(first) = before.next() else { return Ok(None) };
        let Detail::Opened(opened) = &first.detail else {
            return Ok(None);
        };
        let mut exchange = OpenExchange::new(first, opened);
        // Written by then.
        let mut derived = Derived::default();
        for event in before {
            if !matches!(event.detail, Detail::ResponseData(_)) {
                exchange.read_noted(reader, &mut derived)?;
            }
            exchange.add(reader, event, &mut self.threads, &mut derived)?;
        }
        exchange.read_noted(reader, &mut derived)?;
        Ok(Some(exchange))
    }
}
