//! The viewer's side of the contract: finds the daemon, talks to it, and keeps talking when it goes
//! away and comes back.

mod backoff;
mod blocks;
mod error;
pub mod search;
mod sections;
pub mod target;
mod views;
mod watch;

use std::{path::Path, time::Duration};

use ccdump_record::{Event, Exchange, Heads};
use ccdump_wire::{
    connect, handshake,
    v1::{
        BodyRequest, BodyResponse, ExchangeRequest, ExchangesRequest, Filter, HelloRequest,
        HelloResponse, OutlineRequest, OutlineResponse, Peer, StatusRequest, StatusResponse,
        WatchRequest, WatchResponse, ccdump_service_client::CcdumpServiceClient,
        watch_response::Message,
    },
};
use tonic::{Streaming, transport::Channel};

pub use blocks::{BlockContent, wire_side};
pub use error::LinkError;
pub use views::HeldView;
pub use watch::{Cursor, OnReset, Update, patiently, watch};

/// How long a daemon that accepts connections may take for its first answer.
const HELLO_PATIENCE: Duration = Duration::from_secs(5);

/// A connection to a daemon that speaks this contract. Clones share it. It does not reconnect:
/// [`watch`] hands out a new one.
#[derive(Debug, Clone)]
pub struct Link {
    client: CcdumpServiceClient<Channel>,
    hello: HelloResponse,
}

impl Link {
    /// Connects and shakes hands.
    pub async fn connect(socket: &Path) -> Result<Self, LinkError> {
        let mut client = CcdumpServiceClient::new(connect::unix(socket).await?);
        let call = client.hello(HelloRequest { peer: Some(peer()) });
        let hello = match tokio::time::timeout(HELLO_PATIENCE, call).await {
            Err(_) => {
                return Err(LinkError::Silent { socket: socket.to_owned() });
            }
            Ok(answer) => {
                answer.map_err(|status| LinkError::of(status, "greet viewers"))?.into_inner()
            }
        };
        handshake::check(hello.peer.as_ref())?;
        Ok(Self { client, hello })
    }

    /// What the daemon said first.
    pub fn hello(&self) -> &HelloResponse {
        &self.hello
    }

    /// Whether the daemon says that it can do `capability`. One that says nothing about itself is
    /// asked and may refuse.
    pub fn can(&self, capability: &str) -> bool {
        self.hello
            .peer
            .as_ref()
            .is_none_or(|peer| peer.capabilities.iter().any(|known| known == capability))
    }

    pub async fn exchanges(&mut self, request: ExchangesRequest) -> Result<Page, LinkError> {
        let answer = self.client.exchanges(request).await;
        let answer = answer.map_err(|status| LinkError::of(status, "list exchanges"))?.into_inner();
        let exchanges = answer.exchanges.into_iter().map(Exchange::from).collect();
        Ok(Page { exchanges, more: answer.more, notice: answer.notice })
    }

    /// An exchange with its headers. [`LinkError::NoExchange`] when there is none of that id.
    pub async fn exchange(&mut self, id: u64) -> Result<(Exchange, Heads), LinkError> {
        let answer = self.client.exchange(ExchangeRequest { id }).await;
        let mut answer = answer
            .map_err(|status| LinkError::of_exchange(status, id, "describe exchanges"))?
            .into_inner();
        let row = answer.exchange.take().ok_or(LinkError::NoExchange(id))?;
        Ok((row.into(), answer.into()))
    }

    pub async fn status(&mut self) -> Result<StatusResponse, LinkError> {
        let answer = self.client.status(StatusRequest::default()).await;
        Ok(answer.map_err(|status| LinkError::of(status, "tell how it is doing"))?.into_inner())
    }

    /// A body or a part of it, in chunks.
    pub async fn body(
        &mut self,
        request: BodyRequest,
    ) -> Result<Streaming<BodyResponse>, LinkError> {
        let id = request.exchange;
        let answer = self.client.body(request).await;
        Ok(answer.map_err(|status| LinkError::of_exchange(status, id, "send bodies"))?.into_inner())
    }

    /// The events of one exchange after event `after`, with the decoded data of its response; up to
    /// event `until`, or for as long as it takes.
    pub async fn follow(
        &mut self,
        exchange: u64,
        after: u64,
        until: Option<u64>,
    ) -> Result<Followed, LinkError> {
        let filter = Filter {
            exchanges: vec![exchange],
            payload_exchanges: vec![exchange],
            payload_response_only: true,
            ..Filter::default()
        };
        let cursor = Cursor { epoch: self.hello.epoch.clone(), seq: after };
        let opened = self.open_watch(&cursor, &filter, until).await;
        opened.map(Followed).map_err(|status| LinkError::of(status, WATCH))
    }

    async fn outline_pages(
        &mut self,
        request: OutlineRequest,
    ) -> Result<Streaming<OutlineResponse>, LinkError> {
        let id = request.exchange;
        let answer = self.client.outline(request).await;
        Ok(answer
            .map_err(|status| LinkError::of_exchange(status, id, "outline bodies"))?
            .into_inner())
    }

    async fn open_watch(
        &mut self,
        cursor: &Cursor,
        filter: &Filter,
        until_seq: Option<u64>,
    ) -> Result<Streaming<WatchResponse>, tonic::Status> {
        let request = WatchRequest {
            peer: Some(peer()),
            epoch: cursor.epoch.clone(),
            after_seq: cursor.seq,
            until_seq,
            filter: Some(filter.clone()),
        };
        Ok(self.client.watch(request).await?.into_inner())
    }
}

/// What a daemon must be able to do for it, as in "this daemon cannot …".
const WATCH: &str = "be watched";

/// The events of an exchange.
#[derive(Debug)]
pub struct Followed(Streaming<WatchResponse>);

impl Followed {
    /// More of them, in order; `None` when no more come.
    pub async fn next(&mut self) -> Result<Option<Vec<Event>>, LinkError> {
        while let Some(response) = next(&mut self.0, WATCH).await? {
            if let Some(Message::Events(batch)) = response.message {
                return Ok(Some(batch.events.into_iter().map(Event::from).collect()));
            }
        }
        Ok(None)
    }
}

/// Rows of the index, the oldest first.
#[derive(Debug)]
pub struct Page {
    pub exchanges: Vec<Exchange>,
    /// There are more after these.
    pub more: bool,
    /// What is mended of the record, while something is: there may be more exchanges than these.
    pub notice: Option<String>,
}

/// The next message of `stream`, if it has not ended. `what` as in [`LinkError::of`].
pub async fn next<T>(
    stream: &mut Streaming<T>,
    what: &'static str,
) -> Result<Option<T>, LinkError> {
    stream.message().await.map_err(|status| LinkError::of(status, what))
}

/// What this program says of itself.
pub fn build() -> String {
    peer().build
}

fn peer() -> Peer {
    handshake::peer(
        "ccdump-view",
        env!("CARGO_PKG_VERSION"),
        handshake::VIEWER_CAPABILITIES,
        ccdump_provider::VERSION,
    )
}
