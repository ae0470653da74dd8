//! The log, pulled by cursor for each viewer at the pace that it reads.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use ccdump_wire::v1::{self, watch_response::Message as Reply};
use prost::Message as _;
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{Service, convert, payload::Payload};
use crate::store::{
    StoreError,
    event::{Detail, Side},
    index,
    reader::{Reader, bounds, events_after},
};

const HEARTBEAT: Duration = Duration::from_secs(5);
/// Events read at once.
const EVENTS: usize = 512;
/// A batch of this many bytes takes no more events. With one more event of [`PAYLOAD`] it is still below gRPC's 4 MiB.
const BATCH: usize = 1 << 20;
/// Inline payload of one event at most; the rest is had with `Body`.
const PAYLOAD: usize = 2 << 20;
/// Index rows of a message.
const ROWS: usize = 500;
/// Bodies that are being decoded for one viewer; the one unused longest is decoded from its start again when it is needed.
const DECODERS: usize = 64;

/// Nobody listens any more.
struct Gone;

type Sender = mpsc::Sender<Result<v1::WatchResponse, Status>>;

/// Starts a task that reads for this viewer alone. The channel holds one message: there is no queue that could fill.
pub fn start(service: Service, request: v1::WatchRequest) -> ReceiverStream<Result<v1::WatchResponse, Status>> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let _viewing = service.viewers.enter();
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

/// What goes to the reading thread and comes back.
struct Reading {
    filter: v1::Filter,
    payloads: Payloads,
    /// Which exchanges are of the session that the filter names.
    of_session: HashMap<u64, bool>,
}

impl Watch {
    fn new(service: Service, request: v1::WatchRequest, sender: Sender) -> Self {
        let reading =
            Reading { filter: request.filter.unwrap_or_default(), payloads: Payloads::default(), of_session: HashMap::new() };
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
        let mut derived = self.service.derived.clone();
        loop {
            let newest = (*head.borrow_and_update()).min(self.until_seq);
            while self.cursor < newest {
                self.send_events(newest).await?;
            }
            if self.cursor >= self.until_seq {
                return Ok(());
            }
            let index_newest = *derived.borrow_and_update();
            if self.wants_index() && self.index_cursor < index_newest {
                self.send_index(index_newest).await?;
            }
            let woken = timeout(HEARTBEAT, async {
                tokio::select! {
                    changed = head.changed() => changed.is_ok(),
                    changed = derived.changed() => changed.is_ok(),
                    () = self.sender.closed() => false,
                }
            });
            match woken.await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(_) => {
                    let heartbeat = v1::Heartbeat { head_seq: *head.borrow(), paused: self.service.recording.paused() };
                    self.send(Reply::Heartbeat(heartbeat)).await?;
                }
            }
        }
    }

    /// Events of a session can be told from others only after they were derived.
    fn head(&self) -> tokio::sync::watch::Receiver<u64> {
        let by_session = self.reading.as_ref().is_some_and(|reading| reading.filter.session.is_some());
        if by_session { self.service.derived.clone() } else { self.service.recording.head.clone() }
    }

    fn wants_index(&self) -> bool {
        self.reading.as_ref().is_some_and(|reading| reading.filter.index)
    }

    /// Hello, then a snapshot where the cursor is none of ours.
    async fn greet(&mut self) -> Result<(), Ended> {
        let epoch = self.service.recording.epoch.to_string();
        let head_seq = *self.service.recording.head.borrow();
        let hello = v1::WatchHello { peer: Some(self.service.peer()), epoch: epoch.clone(), head_seq };
        self.send(Reply::Hello(hello)).await?;
        if self.epoch == epoch && self.cursor <= head_seq {
            return self.tell_log_gap().await;
        }
        if !self.epoch.is_empty() {
            let reason = if self.epoch == epoch {
                format!("the record ends at event {head_seq}, before the place you were at")
            } else {
                "the daemon has another record than the one you were in".to_owned()
            };
            let reset = v1::Reset { old_epoch: std::mem::replace(&mut self.epoch, epoch.clone()), new_epoch: epoch, reason };
            self.send(Reply::Reset(reset)).await?;
        }
        self.send_snapshot().await
    }

    async fn tell_log_gap(&mut self) -> Result<(), Ended> {
        let oldest = self.service.read(|reader| bounds(&reader.log)).await?.map_or(1, |(oldest, _)| oldest);
        if self.cursor + 1 < oldest {
            let gap = v1::LogGap { from_seq: self.cursor + 1, to_seq: oldest - 1 };
            self.cursor = oldest - 1;
            self.send(Reply::Gap(gap)).await?;
        }
        Ok(())
    }

    async fn send_snapshot(&mut self) -> Result<(), Ended> {
        // Read before the rows: what changes meanwhile is sent again as events.
        let through_seq = *self.service.derived.borrow();
        let session = self.reading.as_ref().and_then(|reading| reading.filter.session.clone());
        let mut request = v1::ExchangesRequest { session, ..v1::ExchangesRequest::default() };
        loop {
            let page = request.clone();
            let exchanges = self.service.read(move |reader| index::page(&reader.index, &page, ROWS)).await?;
            let Some(last) = exchanges.last() else { break };
            request.after_id = last.id;
            self.send(Reply::SnapshotPage(v1::SnapshotPage { exchanges })).await?;
        }
        self.cursor = through_seq;
        self.index_cursor = through_seq;
        self.send(Reply::SnapshotEnd(v1::SnapshotEnd { through_seq })).await?;
        Ok(())
    }

    async fn send_events(&mut self, newest: u64) -> Result<(), Ended> {
        let Some(mut reading) = self.reading.take() else {
            return Err(Status::internal("reading broke down").into());
        };
        let after = self.cursor;
        let (reading, events, through) = self
            .service
            .read(move |reader| {
                let (events, through) = reading.next(reader, after, newest)?;
                Ok((reading, events, through))
            })
            .await?;
        self.reading = Some(reading);
        self.cursor = through;
        let epoch = self.service.recording.epoch.to_string();
        self.send(Reply::Events(v1::EventBatch { epoch, events, through_seq: through })).await?;
        Ok(())
    }

    async fn send_index(&mut self, newest: u64) -> Result<(), Ended> {
        loop {
            let after = self.index_cursor;
            let exchanges = self.service.read(move |reader| index::changed_after(&reader.index, after, ROWS)).await?;
            let Some(last) = exchanges.last() else { break };
            self.index_cursor = last.through_seq;
            let through_seq = last.through_seq;
            self.send(Reply::Index(v1::IndexUpdate { exchanges, through_seq })).await?;
        }
        self.index_cursor = self.index_cursor.max(newest);
        Ok(())
    }

    async fn send(&self, message: Reply) -> Result<(), Gone> {
        self.sender.send(Ok(v1::WatchResponse { message: Some(message) })).await.map_err(|_| Gone)
    }
}

impl Reading {
    /// The next events after `after` and up to `newest` that the filter lets through, and how far that is.
    fn next(&mut self, reader: &Reader, after: u64, newest: u64) -> Result<(Vec<v1::Event>, u64), StoreError> {
        let mut through = after;
        let mut events = Vec::new();
        let mut size = 0;
        for event in events_after(&reader.log, after, EVENTS)? {
            if event.seq > newest || size >= BATCH {
                break;
            }
            through = event.seq;
            if !self.lets_through(reader, event.exchange)? {
                continue;
            }
            let body = match &event.detail {
                Detail::RequestData(data) => Some((Side::Request, data.offset + data.length())),
                Detail::ResponseData(data) => Some((Side::Response, data.offset + data.length())),
                Detail::Ended(_) => {
                    self.payloads.forget(event.exchange);
                    None
                }
                _ => None,
            };
            let exchange = event.exchange;
            let mut event = convert::event(event);
            if let (Some((side, wire_end)), Some(data)) = (body, data_of(&mut event))
                && self.wants_payload(exchange, side)
            {
                self.payloads.fill(reader, exchange, side, wire_end, data)?;
            }
            size += event.encoded_len();
            events.push(event);
        }
        // Nothing read means nothing there: numbers have no holes, but a retention may have made one.
        let through = if through == after { newest } else { through };
        Ok((events, through))
    }

    fn lets_through(&mut self, reader: &Reader, exchange: u64) -> Result<bool, StoreError> {
        let is_named = self.filter.exchanges.is_empty() || self.filter.exchanges.contains(&exchange);
        let Some(session) = &self.filter.session else {
            return Ok(is_named);
        };
        if exchange == 0 {
            return Ok(is_named);
        }
        let is_of_session = match self.of_session.get(&exchange) {
            Some(&known) => known,
            None => {
                let row = index::exchange(&reader.index, exchange)?;
                let is_of_session = row.is_some_and(|row| row.session.as_ref() == Some(session));
                if self.of_session.len() > 4096 {
                    self.of_session.clear();
                }
                self.of_session.insert(exchange, is_of_session);
                is_of_session
            }
        };
        Ok(is_named && is_of_session)
    }

    fn wants_payload(&self, exchange: u64, side: Side) -> bool {
        let filter = &self.filter;
        let named = filter.payload_all || filter.payload_exchanges.contains(&exchange);
        named && (side == Side::Response || !filter.payload_response_only)
    }
}

fn data_of(event: &mut v1::Event) -> Option<&mut v1::BodyData> {
    match &mut event.detail {
        Some(v1::event::Detail::RequestData(data) | v1::event::Detail::ResponseData(data)) => Some(data),
        _ => None,
    }
}

/// Bodies in the middle of being decoded, the one used last at the end.
#[derive(Default)]
struct Payloads {
    open: Vec<((u64, Side), Payload)>,
    /// Bodies of which the viewer was told that they cannot be decoded.
    given_up: HashSet<(u64, Side)>,
}

impl Payloads {
    fn fill(
        &mut self,
        reader: &Reader,
        exchange: u64,
        side: Side,
        wire_end: u64,
        data: &mut v1::BodyData,
    ) -> Result<(), StoreError> {
        let key = (exchange, side);
        let known = self.open.iter().position(|(open, _)| *open == key);
        let mut payload = match known {
            Some(index) => self.open.remove(index).1,
            None => {
                let mut payload = Payload::open(reader, exchange, side, true)?;
                payload.catch_up(reader, exchange, side, data.offset)?;
                payload
            }
        };
        let mut bytes = Vec::new();
        let mut offset = None;
        while let Some(decoded) = payload.next(reader, wire_end)? {
            offset.get_or_insert(decoded.offset);
            let room = PAYLOAD.saturating_sub(bytes.len()).min(decoded.bytes.len());
            bytes.extend_from_slice(decoded.bytes.get(..room).unwrap_or_default());
            if decoded.undecodable.is_some() && self.given_up.insert(key) {
                data.undecodable = decoded.undecodable;
            }
        }
        data.payload_offset = offset.unwrap_or_default();
        data.payload = bytes.into();
        if self.open.len() >= DECODERS {
            self.open.remove(0);
        }
        self.open.push((key, payload));
        Ok(())
    }

    fn forget(&mut self, exchange: u64) {
        self.open.retain(|((open, _), _)| *open != exchange);
        self.given_up.retain(|(given_up, _)| *given_up != exchange);
    }
}
