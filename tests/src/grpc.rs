//! The daemon's service, spoken to directly.

use std::{path::Path, time::Duration};

use ccdump_wire::v1::{
    BodyRequest, Event, Side, StatusRequest, StatusResponse, WatchRequest, WatchResponse,
    ccdump_service_client::CcdumpServiceClient, watch_response::Message,
};
use tonic::{Streaming, transport::Channel};

use crate::wait;

pub type Service = CcdumpServiceClient<Channel>;

/// # Panics
/// When no daemon answers.
pub async fn connect(socket: &Path) -> Service {
    CcdumpServiceClient::new(channel(socket).await)
}

/// For other services at the same place (health, reflection).
///
/// # Panics
/// When no daemon answers.
pub async fn channel(socket: &Path) -> Channel {
    ccdump_wire::connect::unix(socket).await.expect("the daemon's socket answers")
}

/// # Panics
/// When the call fails.
pub async fn status(service: &mut Service) -> StatusResponse {
    service.status(StatusRequest::default()).await.expect("a status").into_inner()
}

/// Waits until all that was recorded is derived, and nothing more is recorded.
///
/// # Panics
/// When that takes longer than `limit`.
pub async fn settled(service: &mut Service, limit: Duration) -> StatusResponse {
    let mut before = 0;
    wait::until_within("all has been recorded and derived", limit, async || {
        let status = status(service).await;
        let is_settled = status.derived_seq == status.head_seq && status.head_seq == before;
        before = status.head_seq;
        if is_settled { Ok(status) } else { Err(format!("{status:?}")) }
    })
    .await
}

/// What was recorded of one side.
#[derive(Debug, Default)]
pub struct Recorded {
    pub bytes: Vec<u8>,
    /// Bytes that are missing in between.
    pub missing: u64,
    /// The side had ended.
    pub complete: bool,
}

/// The bytes of one side of an exchange as they were on the wire.
///
/// # Panics
/// When the call fails, or chunks do not come in order.
pub async fn body(service: &mut Service, exchange: u64, side: Side) -> Recorded {
    let request = BodyRequest { exchange, side: side.into(), ..BodyRequest::default() };
    let mut stream = service.body(request).await.expect("a body stream").into_inner();
    let mut recorded = Recorded::default();
    while let Some(chunk) = stream.message().await.expect("the stream does not fail") {
        recorded.missing += chunk.missing_before;
        assert_eq!(
            chunk.offset,
            recorded.bytes.len() as u64 + recorded.missing,
            "chunks come in order"
        );
        recorded.bytes.extend_from_slice(&chunk.data);
        recorded.complete = chunk.complete;
    }
    recorded
}

/// A watch stream.
#[derive(Debug)]
pub struct Watcher {
    stream: Streaming<WatchResponse>,
}

impl Watcher {
    /// # Panics
    /// When the call fails.
    pub async fn start(service: &mut Service, request: WatchRequest) -> Self {
        let stream = service.watch(request).await.expect("a watch stream").into_inner();
        Self { stream }
    }

    /// The next message, heartbeats included; `None` at the end of the stream.
    ///
    /// # Panics
    /// On an error, or when none comes within the time tests wait.
    pub async fn next(&mut self) -> Option<Message> {
        let response = wait::soon("a watch message comes", self.stream.message())
            .await
            .expect("the stream does not fail")?;
        Some(response.message.expect("a message of this contract"))
    }

    /// The next message that is no heartbeat.
    pub async fn next_news(&mut self) -> Option<Message> {
        loop {
            match self.next().await {
                Some(Message::Heartbeat(_)) => {}
                other => return other,
            }
        }
    }

    /// All events up to the end of the stream, other messages left out.
    pub async fn events_to_end(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(message) = self.next().await {
            if let Message::Events(batch) = message {
                events.extend(batch.events);
            }
        }
        events
    }

    /// Events until one satisfies `last`, that one included.
    ///
    /// # Panics
    /// When the stream ends before.
    pub async fn events_until(&mut self, last: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        loop {
            match self.next().await.expect("the stream goes on") {
                Message::Events(batch) => events.extend(batch.events),
                _ => continue,
            }
            if events.iter().any(&last) {
                return events;
            }
        }
    }
}
