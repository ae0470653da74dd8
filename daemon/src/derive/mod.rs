//! Derives what viewers ask for (index rows, outlines) from the log, on a thread of its own.
//!
//! It follows the log by cursor like any reader. Nothing depends on its pace: it may lag, be stopped, or start over.

mod blocks;
mod calls;
mod exchange;
mod response;
mod threads;

use std::{
    collections::{BTreeSet, HashMap},
    io, thread,
    time::{Duration, Instant},
};

use tokio::{runtime::Handle, sync::watch};
use tracing::warn;

pub use self::blocks::kind_of;
use self::{exchange::OpenExchange, threads::Threads};
use crate::store::{
    StoreError,
    event::{Detail, Event},
    index::{Derived, Index},
    reader::{Reader, Readers, events_after, events_of},
};

/// Between two passes: streams write a hundred times a second, and a row now and then is enough. Who waits for one says so.
const PACE: Duration = Duration::from_millis(100);
/// Events of one pass.
const EVENTS: usize = 1024;
/// How far the thread stands back.
const NICE: i32 = 10;
/// After a failure.
const RETRY: Duration = Duration::from_millis(500);

/// The thread, and how far it has come.
pub struct Deriving {
    /// The newest event that the rows cover.
    pub through: watch::Receiver<u64>,
    thread: thread::JoinHandle<Index>,
}

impl Deriving {
    pub fn hurry(&self) -> Hurry {
        Hurry(self.thread.thread().clone())
    }

    /// Waits until all that was recorded is derived, and gives the rows back. The recording must have ended.
    pub fn finish(self) -> Result<Index, StoreError> {
        self.thread.join().map_err(|_| StoreError::Io(io::Error::other("the deriving thread broke down")))
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

/// Starts the thread. `head` is the number of the newest event of the log; when its sender goes, the thread derives what is left and ends.
pub fn start(index: Index, readers: Readers, head: watch::Receiver<u64>) -> Result<Deriving, StoreError> {
    let cursor = index.through_seq()?;
    let (through_sender, through) = watch::channel(cursor);
    let runtime = Handle::current();
    let mut deriver = Deriver { index, readers, cursor, open: HashMap::new(), threads: Threads::default() };
    let thread = thread::Builder::new()
        .name("deriving".into())
        .spawn(move || {
            // Traffic and recording come first. Where that cannot be said, all are equal.
            rustix::process::nice(NICE).ok();
            deriver.run(head, &runtime, &through_sender);
            deriver.index
        })
        .map_err(io::Error::other)?;
    Ok(Deriving { through, thread })
}

struct Deriver {
    index: Index,
    readers: Readers,
    cursor: u64,
    /// Exchanges that have begun and not ended, as far as derived.
    open: HashMap<u64, OpenExchange>,
    threads: Threads,
}

impl Deriver {
    fn run(&mut self, mut head: watch::Receiver<u64>, runtime: &Handle, through: &watch::Sender<u64>) {
        loop {
            let known = *head.borrow_and_update();
            while self.cursor < known {
                let began = Instant::now();
                match self.pass() {
                    Ok(()) => {
                        through.send_replace(self.cursor);
                    }
                    Err(error) => {
                        warn!(%error, "deriving pauses");
                        // What was folded in memory does not match the rows any more.
                        self.open.clear();
                        if head.has_changed().is_err() {
                            return;
                        }
                        thread::sleep(RETRY);
                    }
                }
                if self.cursor >= known {
                    thread::park_timeout(PACE.saturating_sub(began.elapsed()));
                }
            }
            if runtime.block_on(head.changed()).is_err() {
                return;
            }
        }
    }

    /// Derives the next events and writes what came of them.
    fn pass(&mut self) -> Result<(), StoreError> {
        let readers = self.readers.clone();
        readers.with(|reader| {
            let events = events_after(&reader.log, self.cursor, EVENTS)?;
            let Some(last) = events.last().map(|event| event.seq) else {
                return Ok(());
            };
            let mut derived = Derived::default();
            // Exchanges with responses that are noted and not read.
            let mut noted = BTreeSet::new();
            for event in &events {
                if event.exchange == 0 {
                    continue;
                }
                if matches!(event.detail, Detail::ResponseData(_)) {
                    noted.insert(event.exchange);
                } else {
                    // Of any exchange: what it means may depend on what another was answered before.
                    self.read_noted(reader, &mut noted, &mut derived)?;
                }
                let Some(mut exchange) = self.take(reader, event)? else {
                    continue;
                };
                exchange.add(reader, event, &mut self.threads, &mut derived)?;
                if exchange.has_ended() {
                    derived.rows.push(exchange.row());
                } else {
                    self.open.insert(event.exchange, exchange);
                }
            }
            self.read_noted(reader, &mut noted, &mut derived)?;
            let touched: BTreeSet<u64> = events.iter().map(|event| event.exchange).collect();
            derived.rows.extend(touched.iter().filter_map(|id| self.open.get(id)).map(OpenExchange::row));
            self.index.write(&derived, last)?;
            self.cursor = last;
            Ok(())
        })
    }

    fn read_noted(&mut self, reader: &Reader, noted: &mut BTreeSet<u64>, derived: &mut Derived) -> Result<(), StoreError> {
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
