//! What the threads that use the store tell each other of its files: one finds that a file is
//! damaged or gone, another one mends that, and all others have to let go of it.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{Notify, watch};

use super::{Database, StoreError};

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct Health(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// Goes up when a file was exchanged for another one: connections of before lead to what was
    /// put aside.
    generation: AtomicU64,
    /// Of the log: why it cannot be used any more. The recording thread mends it.
    log: Mutex<Option<String>>,
    /// Of the index. The deriving thread makes it anew.
    index: Mutex<Option<String>>,
    index_news: Notify,
    /// The newest event before the epoch that there is now.
    before_epoch: AtomicU64,
    work: watch::Sender<Work>,
}

/// What goes on, in words for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    /// A damaged log is brought over.
    pub salvage: Option<String>,
    /// The index is made anew.
    pub rebuild: Option<String>,
}

impl Work {
    pub fn notice(&self) -> Option<String> {
        let notices: Vec<&str> =
            [&self.salvage, &self.rebuild].into_iter().flatten().map(String::as_str).collect();
        (!notices.is_empty()).then(|| notices.join("; "))
    }
}

impl Health {
    /// Reports a failure that came of files of `generation`, if it says that one of them is
    /// damaged.
    pub fn report(&self, generation: u64, error: &StoreError) {
        if let Some(database) = error.damaged() {
            self.report_file(database, generation, &error.to_string());
        }
    }

    /// Reports what was seen of a file of `generation`. It says nothing about the one that has
    /// taken its place.
    pub fn report_file(&self, database: Database, generation: u64, why: &str) {
        // Held while it is looked: an exchange clears what was reported before it, under the same
        // lock.
        let trouble = match database {
            Database::Log => &self.0.log,
            Database::Index => &self.0.index,
            // Whoever uses it mends it.
            Database::Views => return,
        };
        let mut trouble = lock(trouble);
        if self.generation() == generation {
            trouble.get_or_insert_with(|| why.to_owned());
            self.0.index_news.notify_one();
        }
    }

    /// For the recording thread.
    pub fn take_log_trouble(&self) -> Option<String> {
        lock(&self.0.log).take()
    }

    /// For the deriving thread.
    pub fn take_index_trouble(&self) -> Option<String> {
        lock(&self.0.index).take()
    }

    /// For the deriving thread: waits for a report.
    pub async fn index_trouble(&self) {
        self.0.index_news.notified().await;
    }

    pub fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    /// A file was exchanged. What was reported of it before was about the old one.
    pub fn begin_generation(&self, database: Database) {
        self.0.generation.fetch_add(1, Ordering::AcqRel);
        match database {
            Database::Log => drop(self.take_log_trouble()),
            Database::Index => drop(self.take_index_trouble()),
            Database::Views => {}
        }
    }

    /// Another epoch begins behind this event. Who comes to see it has to be told of what came of
    /// that.
    pub fn begin_epoch(&self, after_seq: u64) {
        self.0.before_epoch.store(after_seq, Ordering::Relaxed);
    }

    /// The newest event before the epoch that there is now; 0 where that is the daemon's first one.
    pub fn before_epoch(&self) -> u64 {
        self.0.before_epoch.load(Ordering::Relaxed)
    }

    pub fn work(&self) -> Work {
        self.0.work.borrow().clone()
    }

    /// For whoever wants to know when it changes.
    pub fn follow_work(&self) -> watch::Receiver<Work> {
        self.0.work.subscribe()
    }

    pub fn set_salvage(&self, salvage: Option<String>) {
        self.set_work(|work| std::mem::replace(&mut work.salvage, salvage.clone()) != salvage);
    }

    /// The index is made anew, and has come so far.
    pub fn tell_rebuild(&self, percent: u64) {
        self.set_rebuild(Some(format!("the index is being rebuilt ({percent} %)")));
    }

    pub fn end_rebuild(&self) {
        self.set_rebuild(None);
    }

    fn set_rebuild(&self, rebuild: Option<String>) {
        self.set_work(|work| std::mem::replace(&mut work.rebuild, rebuild.clone()) != rebuild);
    }

    /// `set` tells whether anything is another than it was.
    fn set_work(&self, set: impl FnOnce(&mut Work) -> bool) {
        self.0.work.send_if_modified(set);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
