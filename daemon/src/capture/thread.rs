//! The recording thread: takes batches from the queue, commits them, and only then publishes. When
//! the disk says no it pauses and tries again, while the queue fills and then counts.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use ccdump_record::{Paused, Resumed};
use tokio::sync::watch;
use tracing::{info, warn};

use super::{
    Clock,
    queue::{Batch, Lost, Queue},
};
use crate::store::{
    Database, StoreError,
    health::Health,
    log::Log,
    record::{Record, What},
};

/// The first record after a pause is committed at once, what follows in groups.
const GROUP: Duration = Duration::from_millis(10);
/// The thread looks this often whether something was reported of its files.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Between two tries while paused.
const RETRY: Duration = Duration::from_millis(250);
/// Quiet for this long, bodies that have ended are made into chunks. Under load they wait on disk
/// as they came: what comes must be written down faster than it comes.
const SEAL_AFTER: Duration = Duration::from_millis(10);
/// Where there is no quiet, a step of that is done this often.
const SEAL_WITHIN: Duration = Duration::from_millis(200);
/// Quiet for this long, the files are tidied, in steps while it stays quiet.
const TIDY_AFTER: Duration = Duration::from_secs(2);
const TIDY_ON_AFTER: Duration = Duration::from_millis(100);

/// What the rest of the daemon sees of the recording. Cheap to clone.
#[derive(Clone)]
pub struct Recording {
    /// Of the log. It changes when another log takes its place.
    pub epoch: watch::Receiver<Arc<str>>,
    /// Number of the newest event that is on disk.
    pub head: watch::Receiver<u64>,
    paused: Arc<Mutex<Option<String>>>,
    queue: Arc<Queue>,
    pub health: Health,
}

impl Recording {
    pub fn epoch(&self) -> Arc<str> {
        self.epoch.borrow().clone()
    }

    /// Why recording is paused, if it is.
    pub fn paused(&self) -> Option<String> {
        self.paused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was forwarded and not recorded since the start.
    pub fn lost(&self) -> Lost {
        self.queue.lost_since_start()
    }
}

/// Ends the recording thread.
pub struct RecordingHandle {
    thread: thread::JoinHandle<Log>,
    queue: Arc<Queue>,
}

impl RecordingHandle {
    /// Has what is queued written, and gives the log back. Blocks.
    pub fn finish(self) -> Result<Log, StoreError> {
        self.queue.close();
        self.thread
            .join()
            .map_err(|_| StoreError::Io(io::Error::other("the recording thread broke down")))
    }
}

/// Starts the thread. It owns the log.
pub fn start(
    log: Log,
    queue: Arc<Queue>,
    clock: Clock,
    health: Health,
) -> io::Result<(Recording, RecordingHandle)> {
    let (head_sender, head) = watch::channel(log.head_seq());
    let paused = Arc::new(Mutex::new(None));
    let (epoch_sender, epoch) = watch::channel(log.epoch().into());
    let recording = Recording {
        epoch,
        head,
        paused: paused.clone(),
        queue: queue.clone(),
        health: health.clone(),
    };
    health.set_salvage(log.salvage_progress());
    let mut writer = Writer {
        log,
        queue: queue.clone(),
        clock,
        head: head_sender,
        epoch: epoch_sender,
        paused,
        health,
        tidy_after: Some(TIDY_AFTER),
    };
    let thread = thread::Builder::new().name("recording".into()).spawn(move || {
        writer.run();
        writer.log
    })?;
    Ok((recording, RecordingHandle { thread, queue }))
}

struct Writer {
    log: Log,
    queue: Arc<Queue>,
    clock: Clock,
    head: watch::Sender<u64>,
    epoch: watch::Sender<Arc<str>>,
    paused: Arc<Mutex<Option<String>>>,
    health: Health,
    /// How long it has to be quiet until the files are tidied; nothing where they are.
    tidy_after: Option<Duration>,
}

impl Writer {
    fn run(&mut self) {
        let mut not_before = Instant::now();
        let mut last_spare_time = Instant::now();
        loop {
            if let Some(why) = self.health.take_log_trouble() {
                self.replace(&why);
            }
            let now = Instant::now();
            let spare_time_at = self.spare_time_after(now);
            // Nobody wakes this thread to tell that a file was found damaged.
            let spare_time_at =
                Some(spare_time_at.unwrap_or(now + LOOK_EVERY).min(now + LOOK_EVERY));
            let batch = self.queue.take(not_before, spare_time_at, || self.clock.now_us());
            let closed = batch.closed;
            let is_idle = batch.records.is_empty();
            if is_idle {
                self.queue.release(batch.cost);
            } else {
                self.commit(batch);
                not_before = Instant::now() + GROUP;
            }
            if is_idle || (self.has_work() && last_spare_time.elapsed() > SEAL_WITHIN) {
                self.use_spare_time();
                last_spare_time = Instant::now();
            }
            if closed && self.queue.is_empty() {
                return;
            }
        }
    }

    /// When there will have been quiet for long enough to do something else.
    fn spare_time_after(&self, now: Instant) -> Option<Instant> {
        if self.has_work() {
            return Some(now + SEAL_AFTER);
        }
        self.tidy_after.map(|after| now + after).or_else(|| self.log.tidy_at())
    }

    /// Whether something waits for spare time that others wait for.
    fn has_work(&self) -> bool {
        self.log.has_to_seal() || self.log.has_to_salvage() || self.log.has_to_mask()
    }

    fn commit(&mut self, batch: Batch) {
        let mut committed = self.log.commit(&batch.records);
        if let Err(error) = &committed
            && error.is_damage()
        {
            self.replace(&error.to_string());
            committed = self.log.commit(&batch.records);
        }
        match committed {
            Ok(seq) => self.publish(seq),
            Err(error) => self.commit_later(batch.records, &error, batch.closed),
        }
        self.queue.release(batch.cost);
        self.tidy_after = Some(TIDY_AFTER);
    }

    /// The log is damaged, or is not where it was: from here on another one is written.
    fn replace(&mut self, why: &str) {
        warn!(%why, "another log takes the place of this one; traffic and recording go on");
        // From here on what is derived is of a log that is not there any more.
        self.health.tell_rebuild(0);
        match self.log.replace(why, self.clock.now_us()) {
            Ok(()) => self.publish(self.log.head_seq()),
            // The next commit tries again, and says so where it cannot.
            Err(error) => {
                self.health.end_rebuild();
                warn!(%error, "no other log can be begun now");
            }
        }
    }

    fn publish(&self, seq: u64) {
        if **self.epoch.borrow() != *self.log.epoch() {
            // What is derived is of the log before: until the deriving thread has seen that, it is
            // no answer.
            self.health.tell_rebuild(0);
            self.health.begin_epoch(*self.head.borrow());
            // Connections of before lead to another file. Whoever waits for events learns of the
            // epoch first.
            self.health.begin_generation(Database::Log);
            self.epoch.send_replace(self.log.epoch().into());
        }
        self.health.set_salvage(self.log.salvage_progress());
        self.head.send_replace(seq);
    }

    /// Tries until it works. Traffic goes on meanwhile; the queue takes what it has room for.
    fn commit_later(&mut self, records: Vec<Record>, error: &StoreError, mut is_closing: bool) {
        let paused_at_us = self.clock.now_us();
        let lost_before = self.queue.lost_since_start();
        let mut reason = error.to_string();
        warn!(%reason, "recording is paused; traffic goes on");
        let mut all = vec![record(paused_at_us, What::Paused(Paused { reason: reason.clone() }))];
        all.extend(records);
        loop {
            self.set_paused(Some(&reason));
            if is_closing {
                warn!(%reason, records = all.len(), "stopping with records that could not be written");
                return;
            }
            thread::sleep(RETRY);
            let lost = self.queue.lost_since_start();
            let resumed = Resumed {
                paused_at_us,
                gap_bytes: lost.bytes - lost_before.bytes,
                lost_exchanges: lost.exchanges - lost_before.exchanges,
            };
            all.push(record(self.clock.now_us(), What::Resumed(resumed)));
            match self.log.commit(&all) {
                Ok(seq) => {
                    self.set_paused(None);
                    info!("recording goes on");
                    self.publish(seq);
                    return;
                }
                Err(error) => {
                    all.pop();
                    reason = error.to_string();
                    is_closing = self.queue.is_closed();
                }
            }
        }
    }

    fn set_paused(&self, reason: Option<&str>) {
        *self.paused.lock().unwrap_or_else(PoisonError::into_inner) = reason.map(ToOwned::to_owned);
    }

    fn use_spare_time(&mut self) {
        self.log.mask_step();
        let worked = if self.log.has_to_seal() {
            self.log.seal_step()
        } else if self.log.has_to_salvage() {
            self.log.salvage_step(self.clock.now_us())
        } else {
            self.log.tidy().map(|is_more| self.tidy_after = is_more.then_some(TIDY_ON_AFTER))
        };
        if self.log.head_seq() != *self.head.borrow() || self.log.has_to_salvage() {
            self.publish(self.log.head_seq());
        }
        if let Err(error) = worked {
            self.health.report(self.health.generation(), &error);
            warn!(%error, "cannot tidy the store now");
            self.tidy_after = Some(TIDY_AFTER);
            thread::sleep(RETRY);
        }
    }
}

fn record(at_us: i64, what: What) -> Record {
    Record { exchange: 0, at_us, what }
}
