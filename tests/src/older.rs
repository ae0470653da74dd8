//! A daemon of an earlier day: it answers from what one of version 0.1 said
//! (`tests/fixtures/daemon-0.1`), and lacks what a test wants it to lack.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
};

use ccdump_wire::v1::{
    self as wire, BodyRequest, BodyResponse, Event, ExchangeRequest, ExchangeResponse,
    ExchangesRequest, ExchangesResponse, Filter, HelloRequest, HelloResponse, HoldViewRequest,
    HoldViewResponse, OutlineRequest, OutlineResponse, ReindexRequest, ReindexResponse,
    SaveViewRequest, SaveViewResponse, SearchRequest, SearchResponse, Side, StatusRequest,
    StatusResponse, SystemSectionsRequest, SystemSectionsResponse, WatchRequest, WatchResponse,
    ccdump_service_client::CcdumpServiceClient,
    ccdump_service_server::{CcdumpService, CcdumpServiceServer},
    event::Detail,
    watch_response::Message as Reply,
};
use prost::Message;
use tokio::{net::UnixListener, sync::mpsc, sync::oneshot};
use tokio_stream::wrappers::{ReceiverStream, UnixListenerStream};
use tonic::{
    Request, Response, Status, Streaming,
    transport::{Channel, Server},
};

use crate::home::Home;

/// What there are names for in the handshake, and `status`, `fields`, for which there are none: the
/// method, and what rows of the index have had since the first daemons.
pub type Lacks = &'static [&'static str];

/// Serves until it is dropped.
#[derive(Debug)]
pub struct OlderDaemon {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl OlderDaemon {
    /// On the socket where the viewers of `home` look for their daemon.
    pub fn start(home: &Home, lacks: Lacks) -> Self {
        let socket = home.socket();
        fs::create_dir_all(socket.parent().expect("a folder")).expect("writable");
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let listener = UnixListener::bind(socket).expect("a socket");
                tell.send(()).expect("the starter waits");
                let service = CcdumpServiceServer::new(Service { lacks });
                let serving = Server::builder()
                    .add_service(service)
                    .serve_with_incoming(UnixListenerStream::new(listener));
                tokio::select! {
                    served = serving => served.expect("it serves"),
                    _ = stopped => {}
                }
            });
        });
        told.recv().expect("it starts");
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for OlderDaemon {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let died = thread.join().is_err();
            assert!(!died || thread::panicking(), "the older daemon panicked");
        }
    }
}

struct Service {
    lacks: Lacks,
}

impl Service {
    fn has(&self, name: &str) -> bool {
        !self.lacks.contains(&name)
    }

    /// What a server says to a call that it has never heard of.
    fn check(&self, name: &str) -> Result<(), Status> {
        if self.has(name) { Ok(()) } else { Err(Status::unimplemented("")) }
    }

    fn hello_message(&self) -> HelloResponse {
        let mut hello: HelloResponse = only("hello");
        if let Some(peer) = &mut hello.peer {
            peer.capabilities.retain(|name| self.has(name));
            peer.provider_version = if self.has("fields") { peer.provider_version } else { 0 };
        }
        hello
    }

    fn rows(&self) -> Vec<wire::Exchange> {
        let mut rows = only::<ExchangesResponse>("exchanges").exchanges;
        rows.iter_mut().for_each(|row| self.row(row));
        rows
    }

    fn row(&self, row: &mut wire::Exchange) {
        if !self.has("fields") {
            (row.thread, row.previous, row.error, row.through_seq, row.gap_bytes) =
                (None, None, None, 0, 0);
            row.role.clear();
        }
    }

    fn events(&self, after: u64, until: Option<u64>, filter: &Filter) -> Vec<Event> {
        let wanted = |event: &Event| {
            event.seq > after
                && until.is_none_or(|until| event.seq <= until)
                && (filter.exchanges.is_empty() || filter.exchanges.contains(&event.exchange))
        };
        let mut events: Vec<Event> = all::<Event>("events").into_iter().filter(wanted).collect();
        for event in &mut events {
            let has_payload =
                filter.payload_all || filter.payload_exchanges.contains(&event.exchange);
            if let Some(Detail::RequestData(data) | Detail::ResponseData(data)) = &mut event.detail
                && !(self.has("payload") && has_payload)
            {
                data.payload.clear();
            }
        }
        events
    }
}

#[tonic::async_trait]
impl CcdumpService for Service {
    async fn hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloResponse>, Status> {
        Ok(Response::new(self.hello_message()))
    }

    async fn status(&self, _: Request<StatusRequest>) -> Result<Response<StatusResponse>, Status> {
        self.check("status")?;
        Ok(Response::new(StatusResponse::default()))
    }

    type WatchStream = ReceiverStream<Result<WatchResponse, Status>>;

    async fn watch(
        &self,
        request: Request<WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let request = request.into_inner();
        let hello = self.hello_message();
        let (epoch, head) = (hello.epoch.clone(), hello.head_seq);
        let mut replies = vec![Reply::Hello(wire::WatchHello {
            peer: hello.peer,
            epoch: epoch.clone(),
            head_seq: head,
        })];
        let mut after = request.after_seq;
        if request.epoch.is_empty() {
            replies.push(Reply::SnapshotPage(wire::SnapshotPage { exchanges: self.rows() }));
            replies.push(Reply::SnapshotEnd(wire::SnapshotEnd { through_seq: head }));
            after = head;
        }
        let events = self.events(after, request.until_seq, &request.filter.unwrap_or_default());
        replies.push(Reply::Events(wire::EventBatch { epoch, events, through_seq: head }));
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            for reply in replies {
                let sent = sender.send(Ok(WatchResponse { message: Some(reply) })).await;
                if sent.is_err() {
                    return;
                }
            }
            // Nothing happens any more.
            if request.until_seq.is_none() {
                sender.closed().await;
            }
        });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn exchanges(
        &self,
        request: Request<ExchangesRequest>,
    ) -> Result<Response<ExchangesResponse>, Status> {
        let request = request.into_inner();
        let mut exchanges = self.rows();
        exchanges.retain(|row| row.id > request.after_id);
        Ok(Response::new(ExchangesResponse { exchanges, more: false, notice: None }))
    }

    async fn exchange(
        &self,
        request: Request<ExchangeRequest>,
    ) -> Result<Response<ExchangeResponse>, Status> {
        let mut answer: ExchangeResponse = only(&format!("exchange-{}", request.get_ref().id));
        answer.exchange.iter_mut().for_each(|row| self.row(row));
        Ok(Response::new(answer))
    }

    type OutlineStream = tokio_stream::Iter<std::vec::IntoIter<Result<OutlineResponse, Status>>>;

    async fn outline(
        &self,
        request: Request<OutlineRequest>,
    ) -> Result<Response<Self::OutlineStream>, Status> {
        self.check("outline")?;
        let request = request.into_inner();
        let pages: Vec<OutlineResponse> =
            all(&format!("outline-{}-{}", request.exchange, request.side));
        Ok(Response::new(stream(pages)))
    }

    async fn system_sections(
        &self,
        _: Request<SystemSectionsRequest>,
    ) -> Result<Response<SystemSectionsResponse>, Status> {
        // Came after version 0.1.
        Err(Status::unimplemented(""))
    }

    type SearchStream = ReceiverStream<Result<SearchResponse, Status>>;

    async fn search(
        &self,
        _: Request<SearchRequest>,
    ) -> Result<Response<Self::SearchStream>, Status> {
        // Came after version 0.1.
        Err(Status::unimplemented(""))
    }

    type BodyStream = tokio_stream::Iter<std::vec::IntoIter<Result<BodyResponse, Status>>>;

    async fn body(
        &self,
        request: Request<BodyRequest>,
    ) -> Result<Response<Self::BodyStream>, Status> {
        self.check("body")?;
        let BodyRequest { exchange, side, offset, length, .. } = request.into_inner();
        let mut whole: BodyResponse = only(&format!("body-{exchange}-{side}"));
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(whole.data.len());
        let length = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(usize::MAX);
        let end = start.saturating_add(length).min(whole.data.len());
        whole.data = whole.data.slice(start..end);
        whole.offset = offset;
        Ok(Response::new(stream(vec![whole])))
    }

    type HoldViewStream = ReceiverStream<Result<HoldViewResponse, Status>>;

    async fn hold_view(
        &self,
        _: Request<HoldViewRequest>,
    ) -> Result<Response<Self::HoldViewStream>, Status> {
        self.check("views")?;
        let (sender, receiver) = mpsc::channel(1);
        let first =
            HoldViewResponse { lease: "1".to_owned(), name: "main".to_owned(), state: None };
        tokio::spawn(async move {
            // Whoever left holds nothing.
            let _ = sender.send(Ok(first)).await;
            sender.closed().await;
        });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn save_view(
        &self,
        _: Request<SaveViewRequest>,
    ) -> Result<Response<SaveViewResponse>, Status> {
        self.check("views")?;
        Ok(Response::new(SaveViewResponse { saved_at_us: 1 }))
    }

    async fn reindex(
        &self,
        _: Request<ReindexRequest>,
    ) -> Result<Response<ReindexResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

fn stream<M>(messages: Vec<M>) -> tokio_stream::Iter<std::vec::IntoIter<Result<M, Status>>> {
    tokio_stream::iter(messages.into_iter().map(Ok).collect::<Vec<_>>())
}

/// Writes down what a daemon of today says of its exchanges, for the tests of later days.
///
/// # Panics
/// When it does not say it.
pub async fn record(mut service: CcdumpServiceClient<Channel>, folder: &Path) {
    fs::create_dir_all(folder).expect("writable");
    let write = |name: &str, messages: &[Vec<u8>]| {
        fs::write(folder.join(name), messages.concat()).expect("writable")
    };
    let mut hello =
        service.hello(HelloRequest { peer: None }).await.expect("a greeting").into_inner();
    hello.proxy = "http://127.0.0.1:3344".to_owned();
    write("hello", &[hello.encode_length_delimited_to_vec()]);
    let rows = service.exchanges(ExchangesRequest::default()).await.expect("rows").into_inner();
    write("exchanges", &[rows.encode_length_delimited_to_vec()]);
    for exchange in rows.exchanges.iter().map(|row| row.id) {
        let one = service
            .exchange(ExchangeRequest { id: exchange })
            .await
            .expect("it is there")
            .into_inner();
        write(&format!("exchange-{exchange}"), &[one.encode_length_delimited_to_vec()]);
        for side in [Side::Request, Side::Response].map(i32::from) {
            let request = OutlineRequest { exchange, side, ..OutlineRequest::default() };
            let pages = received(service.outline(request).await.expect("an outline")).await;
            write(
                &format!("outline-{exchange}-{side}"),
                &pages.iter().map(Message::encode_length_delimited_to_vec).collect::<Vec<_>>(),
            );
            let request = BodyRequest { exchange, side, decoded: true, ..BodyRequest::default() };
            let chunks: Vec<BodyResponse> =
                received(service.body(request).await.expect("a body")).await;
            let data =
                chunks.iter().flat_map(|chunk| chunk.data.to_vec()).collect::<Vec<u8>>().into();
            let whole = BodyResponse { data, complete: true, ..BodyResponse::default() };
            write(&format!("body-{exchange}-{side}"), &[whole.encode_length_delimited_to_vec()]);
        }
    }
    let filter = Some(Filter { payload_all: true, ..Filter::default() });
    let request = WatchRequest {
        epoch: hello.epoch,
        until_seq: Some(hello.head_seq),
        filter,
        ..WatchRequest::default()
    };
    let replies = received(service.watch(request).await.expect("a watch")).await;
    let events = replies.into_iter().filter_map(|reply| match reply.message {
        Some(Reply::Events(batch)) => Some(batch.events),
        _ => None,
    });
    write(
        "events",
        &events.flatten().map(|event| event.encode_length_delimited_to_vec()).collect::<Vec<_>>(),
    );
}

async fn received<M>(response: Response<Streaming<M>>) -> Vec<M> {
    let mut stream = response.into_inner();
    let mut messages = Vec::new();
    while let Some(message) = stream.message().await.expect("the stream does not fail") {
        messages.push(message);
    }
    messages
}

/// Where the answers are.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/daemon-0.1")
}

fn all<M: Message + Default>(name: &str) -> Vec<M> {
    let bytes = fs::read(fixtures().join(name))
        .unwrap_or_else(|error| panic!("no answer to {name}: {error}"));
    let mut left = bytes.as_slice();
    let mut messages = Vec::new();
    while !left.is_empty() {
        messages.push(M::decode_length_delimited(&mut left).expect("a message"));
    }
    messages
}

fn only<M: Message + Default>(name: &str) -> M {
    all(name).into_iter().next().expect("one message")
}
