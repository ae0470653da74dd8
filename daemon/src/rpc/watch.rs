//! The log, pulled by cursor for each viewer at the pace that it reads.

use std::time::Duration;

use ccdump_record::Detail;
use ccdump_wire::v1::{self, watch_response::Message as Reply};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{
    Service,
    reading::{Batch, Reading},
};
use crate::store::{
    health::Work,
    index::{self, Selection},
    reader::{events_after, oldest},
};

const HEARTBEAT: Duration = Duration::from_secs(5);
/// Index rows of a message.
const ROWS: usize = 500;
/// A stream that was sent events rests for so long per stream that is open: whatever their number,
/// all of them together read some thousand times a second, and not each of them after each commit.
/// A few need no rest.
const REST: Duration = Duration::from_micros(250);
/// Nobody listens any more.
struct Gone;

type Sender = mpsc::Sender<Result<v1::WatchResponse, Status>>;

/// Starts a task that reads for this viewer alone. The channel holds one message: there is no queue
/// that could fill.
pub fn start(
    service: Service,
    request: v1::WatchRequest,
) -> ReceiverStream<Result<v1::WatchResponse, Status>> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        // A viewer watches the log once, and single exchanges beside it.
        let watches_log = request.filter.as_ref().is_none_or(|filter| filter.exchanges.is_empty());
        let _viewing = watches_log.then(|| service.viewers.enter());
        let _watching = service.watches.enter();
        let failure = sender.clone();
        let mut watch = Watch::new(service, request, sender);
        if let Err(Ended::Failed(status)) = watch.run().await {
            failure.send(Err(status)).await.ok();
        }
    });
    ReceiverStream::new(receiver)
}

enum Ended {
    Gone,
    Failed(Status),
}

impl From<Gone> for Ended {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<Status> for Ended {
    fn from(status: Status) -> Self {
        Self::Failed(status)
    }
}

struct Watch {
    service: Service,
    sender: Sender,
    epoch: String,
    until_seq: u64,
    /// The newest event that was read for this viewer.
    cursor: u64,
    /// The newest event whose index rows were sent.
    index_cursor: u64,
    reading: Option<Reading>,
}

impl Watch {
    fn new(service: Service, request: v1::WatchRequest, sender: Sender) -> Self {
        let reading = Reading::new(request.filter.unwrap_or_default(), service.decoders.clone());
        Self {
            service,
            sender,
            epoch: request.epoch,
            until_seq: request.until_seq.unwrap_or(u64::MAX),
            cursor: request.after_seq,
            index_cursor: request.after_seq,
            reading: Some(reading),
        }
    }

    async fn run(&mut self) -> Result<(), Ended> {
        self.greet().await?;
        let mut head = self.head();
        let mut derived = self.service.derived_through.clone();
        let mut epoch = self.service.recording.epoch.clone();
        let epoch_here = epoch.borrow_and_update().clone();
        let mut work = self.service.recording.health.follow_work();
        let mut told = Work::default();
        loop {
            let newest = (*head.borrow_and_update()).min(self.until_seq);
            let has_news = self.cursor < newest;
            while self.cursor < newest && self.send_events(newest).await? {}
            if self.cursor >= self.until_seq {
                return Ok(());
            }
            let index_newest = *derived.borrow_and_update();
            if self.wants_index() && self.index_cursor < index_newest {
                self.send_index(index_newest).await?;
            }
            let work_now = work.borrow_and_update().clone();
            if work_now != told {
                told = work_now;
                self.send_heartbeat().await?;
            }
            // Another log has taken the place of the one that was watched. Whoever comes back is
            // told so, and sees it from its beginning.
            if *epoch.borrow() != epoch_here {
                return Err(Status::unavailable("the daemon goes on with another record").into());
            }
            if has_news {
                self.rest().await;
            }
            let woken = timeout(HEARTBEAT, async {
                tokio::select! {
                    changed = head.changed() => changed.is_ok(),
                    changed = derived.changed() => changed.is_ok(),
                    changed = epoch.changed() => changed.is_ok(),
                    changed = work.changed() => changed.is_ok(),
                    () = self.sender.closed() => false,
                }
            });
            match woken.await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(_) => self.send_heartbeat().await?,
            }
        }
    }

    async fn send_heartbeat(&self) -> Result<(), Gone> {
        let recording = &self.service.recording;
        let heartbeat = v1::Heartbeat {
            head_seq: *recording.head.borrow(),
            paused: recording.paused(),
            notice: recording.health.work().notice(),
        };
        self.send(Reply::Heartbeat(heartbeat)).await
    }

    async fn rest(&self) {
        let rest = REST.saturating_mul(self.service.watches.count());
        if rest > REST.saturating_mul(4) {
            sleep(rest).await;
        }
    }

    /// Events of a session can be told from others only after they were derived.
    fn head(&self) -> tokio::sync::watch::Receiver<u64> {
        let by_session = self.session().is_some();
        if by_session {
            self.service.derived_through.clone()
        } else {
            self.service.recording.head.clone()
        }
    }

    fn session(&self) -> Option<String> {
        self.reading.as_ref().and_then(|reading| reading.filter().session.clone())
    }

    fn wants_index(&self) -> bool {
        self.reading.as_ref().is_some_and(|reading| reading.filter().index)
    }

    /// Hello, then a snapshot where the cursor is none of ours.
    async fn greet(&mut self) -> Result<(), Ended> {
        let epoch = self.service.recording.epoch().to_string();
        let head_seq = *self.service.recording.head.borrow();
        let hello =
            v1::WatchHello { peer: Some(self.service.peer()), epoch: epoch.clone(), head_seq };
        self.send(Reply::Hello(hello)).await?;
        if self.epoch == epoch && self.cursor <= head_seq {
            return self.tell_log_gap().await;
        }
        // Read before the rows: what changes meanwhile is sent again as events.
        let through_seq = *self.service.derived_through.borrow();
        if !self.epoch.is_empty() {
            let reason = if self.epoch == epoch {
                format!("the record ends at event {head_seq}, before the place you were at")
            } else {
                "the daemon has another record than the one you were in".to_owned()
            };
            let reset = v1::Reset {
                old_epoch: std::mem::replace(&mut self.epoch, epoch.clone()),
                new_epoch: epoch,
                reason,
            };
            self.send(Reply::Reset(reset)).await?;
            self.send_why(through_seq).await?;
        }
        self.send_snapshot(through_seq).await
    }

    async fn tell_log_gap(&mut self) -> Result<(), Ended> {
        let oldest = self.service.read(|reader| oldest(&reader.log)).await?.unwrap_or(1);
        if self.cursor + 1 < oldest {
            let gap = v1::LogGap { from_seq: self.cursor + 1, to_seq: oldest - 1 };
            self.cursor = oldest - 1;
            self.send(Reply::Gap(gap)).await?;
        }
        Ok(())
    }

    /// Why the record is another one is said by the first event of its epoch. A snapshot may well
    /// be of a later moment.
    async fn send_why(&self, through_seq: u64) -> Result<(), Ended> {
        let before = self.service.recording.health.before_epoch();
        // Where it is newer than the snapshot it comes behind it.
        if before >= through_seq {
            return Ok(());
        }
        let first =
            self.service.read(move |reader| events_after(&reader.log, before, 1)).await?.pop();
        let why =
            first.filter(|event| matches!(event.detail, Detail::Replaced(_) | Detail::Salvaged(_)));
        if let Some(event) = why {
            let through_seq = event.seq;
            let events = vec![event.into()];
            self.send(Reply::Events(v1::EventBatch {
                epoch: self.epoch.clone(),
                events,
                through_seq,
            }))
            .await?;
        }
        Ok(())
    }

    async fn send_snapshot(&mut self, through_seq: u64) -> Result<(), Ended> {
        let mut selection = Selection { session: self.session(), ..Selection::default() };
        loop {
            let page = selection.clone();
            let exchanges = self
                .service
                .read(move |reader| Ok(index::page(&reader.index, &page, ROWS)?))
                .await?;
            let Some(last) = exchanges.last() else { break };
            selection.after_id = last.id;
            let exchanges = exchanges.into_iter().map(v1::Exchange::from).collect();
            self.send(Reply::SnapshotPage(v1::SnapshotPage { exchanges })).await?;
        }
        // Rows that are made anew come as they are made, so the events that they stem from need not
        // come, too: but for those of this epoch, the first of which says why it is another one.
        let health = &self.service.recording.health;
        let is_rebuilt = health.work().rebuild.is_some();
        self.cursor = if is_rebuilt {
            health.before_epoch().max(through_seq).min(self.until_seq)
        } else {
            through_seq
        };
        self.index_cursor = through_seq;
        self.send(Reply::SnapshotEnd(v1::SnapshotEnd { through_seq })).await?;
        Ok(())
    }

    /// Returns false when what comes next has to be derived first.
    async fn send_events(&mut self, newest: u64) -> Result<bool, Ended> {
        let Some(mut reading) = self.reading.take() else {
            return Err(Status::internal("reading broke down").into());
        };
        let after = self.cursor;
        let (reading, batch) = self
            .service
            .read(move |reader| reading.next(reader, after, newest).map(|batch| (reading, batch)))
            .await?;
        self.reading = Some(reading);
        let Some(Batch { events, through_seq }) = batch else { return Ok(false) };
        self.cursor = through_seq;
        let epoch = self.service.recording.epoch().to_string();
        self.send(Reply::Events(v1::EventBatch { epoch, events, through_seq })).await?;
        Ok(true)
    }

    async fn send_index(&mut self, newest: u64) -> Result<(), Ended> {
        loop {
            let after = self.index_cursor;
            let exchanges = self
                .service
                .read(move |reader| Ok(index::changed_after(&reader.index, after, ROWS)?))
                .await?;
            let Some(last) = exchanges.last() else { break };
            self.index_cursor = last.through_seq;
            let through_seq = last.through_seq;
            let exchanges = exchanges.into_iter().map(v1::Exchange::from).collect();
            self.send(Reply::Index(v1::IndexUpdate { exchanges, through_seq })).await?;
        }
        self.index_cursor = self.index_cursor.max(newest);
        Ok(())
    }

    async fn send(&self, message: Reply) -> Result<(), Gone> {
        self.sender.send(Ok(v1::WatchResponse { message: Some(message) })).await.map_err(|_| Gone)
    }
}
