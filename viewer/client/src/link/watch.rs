//! The log, followed through restarts of the daemon.
//!
//! A task of its own reads the daemon's stream and keeps the cursor; whoever consumes gets each
//! event exactly once and in order, over a channel that holds two batches: a consumer that does not
//! read stops the task, which stops the daemon's sending.

use std::{
    convert::Infallible,
    error::Error as _,
    path::{Path, PathBuf},
};

use ccdump_record::{Event, Exchange};
use ccdump_wire::{
    handshake,
    v1::{
        self, EventBatch, Filter, LogGap, Reset, WatchHello, WatchResponse, watch_response::Message,
    },
};
use tokio::{sync::mpsc, time};
use tonic::{Code, Status};

use super::{Link, LinkError, backoff::Backoff};
use crate::text::clean_line;

/// Where in the log: everything up to and including `seq` of `epoch` has been seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub epoch: String,
    pub seq: u64,
}

/// Where to go on in a log that is not the one that was followed so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnReset {
    FromStart,
    Live,
    /// With a snapshot of the index, as at the beginning.
    Snapshot,
}

/// What there is to know about the log.
#[derive(Debug)]
pub enum Update {
    /// New events, none of them seen before, in order; all up to `through` have been seen now.
    Events { events: Vec<Event>, cursor: Cursor },
    /// Rows of the index, new or changed. They may be older than what is known.
    Rows(Vec<Exchange>),
    /// All rows of what was recorded before have been given.
    SnapshotEnd,
    /// How the recording stands: every few seconds where nothing else happens.
    Quiet {
        paused: Option<String>,
        /// What is mended of the record, while something is.
        notice: Option<String>,
    },
    /// Events that are no longer kept.
    LogGap(LogGap),
    /// Another log: nothing that was seen is part of it.
    Reset { epoch: String, reason: String },
    /// The daemon went away; the task tries to reach it again and again.
    Lost(String),
    /// It is there (again): for other calls.
    Connected(Box<Link>),
    /// It will not work, ever. Nothing follows.
    Failed(LinkError),
}

/// Starts following the log after `cursor`. `link` is used first; new ones are made to `socket`.
/// Ends when the receiver is dropped.
pub fn watch(
    link: Link,
    socket: PathBuf,
    cursor: Cursor,
    filter: Filter,
    on_reset: OnReset,
) -> mpsc::Receiver<Update> {
    let (updates, receiver) = mpsc::channel(2);
    let follower = Follower {
        greeted_by: link.hello().epoch.clone(),
        socket,
        cursor,
        index_seq: 0,
        filter,
        on_reset,
        updates,
        backoff: Backoff::default(),
        lost: false,
        was_reset: false,
    };
    tokio::spawn(follower.run(link));
    receiver
}

/// Connects to a daemon that is not there yet, however long that takes.
pub async fn patiently(socket: &Path) -> Link {
    let mut backoff = Backoff::default();
    loop {
        match Link::connect(socket).await {
            Ok(link) => return link,
            Err(_) => {
                time::sleep(backoff.after_failure(getrandom::u32().unwrap_or(u32::MAX))).await
            }
        }
    }
}

/// Why a stream is not read any further.
enum Stop {
    /// The daemon went away: connect anew.
    Lost(String),
    /// Open the stream again at the new cursor.
    Reopen,
    /// Nobody listens any more, or nothing can be done.
    Finished,
}

struct Follower {
    /// Epoch of the record that the first link was of.
    greeted_by: String,
    socket: PathBuf,
    cursor: Cursor,
    /// The index has been read through this event. Rows come later than the events that they stem
    /// from.
    index_seq: u64,
    filter: Filter,
    on_reset: OnReset,
    updates: mpsc::Sender<Update>,
    backoff: Backoff,
    lost: bool,
    /// The last thing that came was a reset.
    was_reset: bool,
}

impl Follower {
    async fn run(mut self, mut link: Link) {
        loop {
            let stop = match self.read(&mut link).await {
                Ok(never) => match never {},
                Err(stop) => stop,
            };
            match stop {
                Stop::Reopen => {}
                Stop::Finished => return,
                Stop::Lost(reason) => match self.reconnect(reason).await {
                    Ok(new) => link = new,
                    Err(_) => return,
                },
            }
        }
    }

    /// Tries until a daemon answers.
    async fn reconnect(&mut self, reason: String) -> Result<Link, Stop> {
        if !std::mem::replace(&mut self.lost, true) {
            self.send(Update::Lost(reason)).await?;
        }
        loop {
            let chance = getrandom::u32().unwrap_or(u32::MAX);
            tokio::select! {
                () = time::sleep(self.backoff.after_failure(chance)) => {}
                () = self.updates.closed() => return Err(Stop::Finished),
            }
            match Link::connect(&self.socket).await {
                Ok(link) => return Ok(link),
                Err(error @ (LinkError::Contract(_) | LinkError::Unsupported(_))) => {
                    return Err(self.fail(error).await);
                }
                Err(_) => {}
            }
        }
    }

    /// Reads one stream for as long as it gives something.
    async fn read(&mut self, link: &mut Link) -> Result<Infallible, Stop> {
        // Who reads the index goes back to where that was read to; events that come again are
        // dropped.
        let seq =
            if self.filter.index { self.index_seq.min(self.cursor.seq) } else { self.cursor.seq };
        let cursor = Cursor { epoch: self.cursor.epoch.clone(), seq };
        let mut stream = match link.open_watch(&cursor, &self.filter, None).await {
            Ok(stream) => stream,
            Err(status) => return Err(self.broken(status).await),
        };
        let mut head = 0;
        loop {
            match stream.message().await {
                Err(status) => return Err(self.broken(status).await),
                Ok(None) => return Err(Stop::Lost("it ended the stream".to_owned())),
                Ok(Some(WatchResponse { message: Some(Message::Hello(hello)) })) => {
                    head = hello.head_seq;
                    self.greeted(&hello, link).await?;
                }
                Ok(Some(WatchResponse { message: Some(message) })) => {
                    self.message(message, head).await?
                }
                // A kind of message that this version of the contract does not know.
                Ok(Some(WatchResponse { message: None })) => {}
            }
        }
    }

    /// Every stream starts with it.
    async fn greeted(&mut self, hello: &WatchHello, link: &Link) -> Result<(), Stop> {
        if let Err(error) = handshake::check(hello.peer.as_ref()) {
            return Err(self.fail(error.into()).await);
        }
        if self.cursor.epoch.is_empty() {
            self.cursor.epoch.clone_from(&self.greeted_by);
            // What was asked over the first link was of the record that it greeted with: the daemon
            // is to say why that is another one.
            if hello.epoch != self.greeted_by {
                return Err(Stop::Reopen);
            }
        }
        self.backoff.succeeded();
        self.lost = false;
        self.send(Update::Connected(Box::new(link.clone()))).await
    }

    /// `head`: the newest event when the stream began.
    async fn message(&mut self, message: Message, head: u64) -> Result<(), Stop> {
        match message {
            Message::Events(batch) => {
                self.was_reset = false;
                self.events(batch).await
            }
            Message::Reset(Reset { new_epoch, reason, .. }) => {
                if std::mem::replace(&mut self.was_reset, true) {
                    return Err(self.fail(LinkError::Refused(reason)).await);
                }
                let seq = if self.on_reset == OnReset::Live { head } else { 0 };
                self.cursor = Cursor { epoch: new_epoch.clone(), seq };
                self.index_seq = 0;
                self.send(Update::Reset { epoch: new_epoch, reason }).await?;
                if self.on_reset == OnReset::Snapshot { Ok(()) } else { Err(Stop::Reopen) }
            }
            Message::SnapshotPage(page) => self.send(Update::Rows(rows(page.exchanges))).await,
            Message::SnapshotEnd(end) => {
                self.was_reset = false;
                self.cursor.seq = end.through_seq;
                self.index_seq = end.through_seq;
                self.send(Update::SnapshotEnd).await
            }
            Message::Index(index) => {
                self.index_seq = self.index_seq.max(index.through_seq);
                self.send(Update::Rows(rows(index.exchanges))).await
            }
            Message::Heartbeat(heartbeat) => {
                self.was_reset = false;
                self.send(Update::Quiet { paused: heartbeat.paused, notice: heartbeat.notice })
                    .await
            }
            Message::Gap(gap) => {
                self.cursor.seq = self.cursor.seq.max(gap.to_seq);
                self.send(Update::LogGap(gap)).await
            }
            Message::Hello(_) => Ok(()),
        }
    }

    /// Overlap with what was seen is dropped, so that an event is given out once whatever the
    /// daemon repeats.
    async fn events(&mut self, batch: EventBatch) -> Result<(), Stop> {
        let seen = self.cursor.seq;
        let mut events: Vec<Event> = batch.events.into_iter().map(Event::from).collect();
        events.retain(|event| event.seq > seen);
        let last = events.last().map_or(0, |event| event.seq);
        self.cursor.seq = seen.max(batch.through_seq).max(last);
        self.send(Update::Events { events, cursor: self.cursor.clone() }).await
    }

    async fn broken(&mut self, status: Status) -> Stop {
        match status.code() {
            Code::Unimplemented
            | Code::InvalidArgument
            | Code::PermissionDenied
            | Code::Unauthenticated => self.fail(LinkError::of(status, "be watched")).await,
            // Made on this side, as the connection broke.
            _ if status.source().is_some() => Stop::Lost("the connection broke".to_owned()),
            _ => Stop::Lost(clean_line(status.message())),
        }
    }

    async fn fail(&mut self, error: LinkError) -> Stop {
        // Whether or not anybody listens, this is the end.
        let _ = self.send(Update::Failed(error)).await;
        Stop::Finished
    }

    async fn send(&self, update: Update) -> Result<(), Stop> {
        self.updates.send(update).await.map_err(|_| Stop::Finished)
    }
}

fn rows(exchanges: Vec<v1::Exchange>) -> Vec<Exchange> {
    exchanges.into_iter().map(Exchange::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follower(on_reset: OnReset) -> (Follower, mpsc::Receiver<Update>) {
        let (updates, receiver) = mpsc::channel(8);
        let cursor = Cursor { epoch: "e1".to_owned(), seq: 10 };
        let follower = Follower {
            greeted_by: cursor.epoch.clone(),
            socket: PathBuf::new(),
            cursor,
            index_seq: 0,
            filter: Filter::default(),
            on_reset,
            updates,
            backoff: Backoff::default(),
            lost: false,
            was_reset: false,
        };
        (follower, receiver)
    }

    fn batch(seqs: &[u64], through_seq: u64) -> Message {
        let events = seqs.iter().map(|seq| v1::Event { seq: *seq, ..Default::default() }).collect();
        Message::Events(EventBatch { epoch: "e1".to_owned(), events, through_seq })
    }

    fn reset() -> Message {
        Message::Reset(Reset {
            old_epoch: "e1".to_owned(),
            new_epoch: "e2".to_owned(),
            reason: "restored".to_owned(),
        })
    }

    #[tokio::test]
    async fn each_event_is_given_out_once_whatever_is_repeated() {
        let (mut follower, mut updates) = follower(OnReset::FromStart);
        for message in [
            batch(&[9, 10, 11], 11),
            batch(&[10, 11, 12, 15], 20),
            batch(&[16], 20),
            Message::Gap(LogGap { from_seq: 21, to_seq: 30 }),
            batch(&[25, 31], 0),
        ] {
            assert!(follower.message(message, 0).await.is_ok());
        }
        drop(follower);
        let mut seqs = Vec::new();
        let mut cursors = Vec::new();
        while let Some(update) = updates.recv().await {
            if let Update::Events { events, cursor } = update {
                seqs.extend(events.iter().map(|event| event.seq));
                cursors.push(cursor.seq);
            }
        }
        assert_eq!(seqs, [11, 12, 15, 31]);
        assert_eq!(cursors, [11, 20, 20, 31]);
    }

    #[tokio::test]
    async fn after_a_reset_history_begins_anew_for_those_who_asked_for_it_only() {
        for (on_reset, seq) in [(OnReset::FromStart, 0), (OnReset::Live, 77)] {
            let (mut follower, mut updates) = follower(on_reset);
            assert!(matches!(follower.message(reset(), 77).await, Err(Stop::Reopen)));
            assert_eq!(follower.cursor, Cursor { epoch: "e2".to_owned(), seq });
            assert!(
                matches!(updates.recv().await, Some(Update::Reset { epoch, reason }) if epoch == "e2" && reason == "restored")
            );
        }
    }

    #[tokio::test]
    async fn a_daemon_that_does_nothing_but_reset_is_given_up() {
        let (mut follower, mut updates) = follower(OnReset::FromStart);
        let _ = follower.message(reset(), 0).await;
        assert!(matches!(follower.message(reset(), 0).await, Err(Stop::Finished)));
        let _ = updates.recv().await;
        assert!(matches!(updates.recv().await, Some(Update::Failed(_))));
    }
}
