//! The service: each method in a file of its own.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ccdump_wire::{
    handshake,
    v1::{self, ccdump_service_server::CcdumpService},
};
use tokio::sync::{Semaphore, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::{
    body, exchanges, numbers, outline, search, sections,
    status::{self, About, Viewers},
    views as view_states, watch as watching,
};
use crate::{
    capture::Recording,
    derive::{Deriving, Hurry},
    store::{
        Database, StoreError,
        reader::{Reader, Readers},
        views::Views,
    },
};

/// Readings that go on at once. Each takes a thread and two database handles; more of them would
/// only take the processors from the traffic, and from each other.
const READINGS: usize = 4;
/// Of searches, besides: they read for as long as they may, and whoever only wants a row is not to
/// wait for them.
const LOOKINGS: usize = 2;
/// Bodies with a content coding that all watch streams together keep being decoded. Megabytes each.
const DECODERS: usize = 64;
/// How long whoever reads waits for a damaged file to be replaced, and how often it looks.
const REPLACED_WITHIN: Duration = Duration::from_millis(800);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What the methods work with. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    pub readers: Readers,
    pub views: Views,
    pub recording: Recording,
    /// The newest event that the derived rows cover.
    pub derived_through: watch::Receiver<u64>,
    pub hurry: Hurry,
    pub about: Arc<About>,
    pub leases: view_states::Leases,
    pub viewers: Viewers,
    /// Watch streams of single exchanges, too.
    pub watches: Viewers,
    /// Places for decoders.
    pub decoders: Arc<Semaphore>,
    readings: Arc<Semaphore>,
    lookings: Arc<Semaphore>,
}

impl Service {
    pub fn new(
        readers: Readers,
        views: Views,
        recording: Recording,
        deriving: &Deriving,
        about: About,
    ) -> Self {
        Self {
            readers,
            views,
            recording,
            derived_through: deriving.through.clone(),
            hurry: deriving.hurry(),
            about: Arc::new(about),
            leases: view_states::Leases::default(),
            viewers: Viewers::default(),
            watches: Viewers::default(),
            decoders: Arc::new(Semaphore::new(DECODERS)),
            readings: Arc::new(Semaphore::new(READINGS)),
            lookings: Arc::new(Semaphore::new(LOOKINGS)),
        }
    }

    /// Reads when it is this caller's turn, on a thread where waiting for the disk holds nobody up.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Status> {
        self.read_in_turn(&self.readings, read).await?.map_err(unavailable)
    }

    /// Reads for a search.
    pub async fn look<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Status> {
        self.read_in_turn(&self.lookings, read).await?.map_err(unavailable)
    }

    async fn read_in_turn<T: Send + 'static>(
        &self,
        places: &Arc<Semaphore>,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Result<T, StoreError>, Status> {
        // It goes with the reading, which goes on when its caller is gone.
        let place = places.clone().acquire_owned().await;
        let readers = self.readers.clone();
        let result = tokio::task::spawn_blocking(move || {
            let _place = place;
            readers.with(read)
        });
        result.await.map_err(|_| Status::internal("reading the store broke down"))
    }

    /// As [`Self::read`]. A file that turns out to be damaged is replaced in a moment: then it is
    /// read again.
    pub async fn read_again<T: Send + 'static>(
        &self,
        read: impl Fn(&Reader) -> Result<T, StoreError> + Clone + Send + 'static,
    ) -> Result<T, Status> {
        let health = &self.recording.health;
        let deadline = Instant::now() + REPLACED_WITHIN;
        loop {
            let generation = health.generation();
            let error = match self.read_in_turn(&self.readings, read.clone()).await? {
                Ok(read) => return Ok(read),
                Err(error) => error,
            };
            if !error.is_damage() || Instant::now() >= deadline {
                return Err(unavailable(error));
            }
            while health.generation() == generation && Instant::now() < deadline {
                self.hurry.hurry();
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }

    /// Reads what is derived, waiting until it is.
    pub async fn derived<T: Send + 'static>(
        &self,
        read: impl Fn(&Reader) -> Result<Option<T>, StoreError> + Clone + Send + 'static,
    ) -> Result<T, Status> {
        let mut through = self.derived_through.clone();
        loop {
            through.borrow_and_update();
            if let Some(found) = self.read_again(read.clone()).await? {
                return Ok(found);
            }
            self.hurry.hurry();
            through.changed().await.map_err(|_| Status::unavailable("the daemon is stopping"))?;
        }
    }

    pub fn peer(&self) -> v1::Peer {
        handshake::peer(
            "ccdumpd",
            env!("CARGO_PKG_VERSION"),
            handshake::DAEMON_CAPABILITIES,
            ccdump_provider::VERSION,
        )
    }
}

fn unavailable(error: StoreError) -> Status {
    Status::unavailable(error.to_string())
}

/// Refuses a viewer of another contract.
fn check(peer: Option<&v1::Peer>) -> Result<(), Status> {
    handshake::check(peer).map_err(|mismatch| Status::failed_precondition(mismatch.to_string()))
}

#[tonic::async_trait]
impl CcdumpService for Service {
    async fn hello(
        &self,
        request: Request<v1::HelloRequest>,
    ) -> Result<Response<v1::HelloResponse>, Status> {
        check(request.get_ref().peer.as_ref())?;
        Ok(Response::new(v1::HelloResponse {
            peer: Some(self.peer()),
            epoch: self.recording.epoch().to_string(),
            head_seq: *self.recording.head.borrow(),
            proxy: self.about.proxy.clone(),
        }))
    }

    async fn status(
        &self,
        request: Request<v1::StatusRequest>,
    ) -> Result<Response<v1::StatusResponse>, Status> {
        status::status(self, request.into_inner()).await.map(Response::new)
    }

    type WatchStream = ReceiverStream<Result<v1::WatchResponse, Status>>;

    async fn watch(
        &self,
        request: Request<v1::WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let mut request = request.into_inner();
        for exchange in request.filter.iter_mut().flat_map(|filter| &mut filter.exchanges) {
            *exchange = numbers::place(*exchange);
        }
        check(request.peer.as_ref())?;
        Ok(Response::new(watching::start(self.clone(), request)))
    }

    async fn exchanges(
        &self,
        request: Request<v1::ExchangesRequest>,
    ) -> Result<Response<v1::ExchangesResponse>, Status> {
        let mut request = request.into_inner();
        request.after_id = numbers::place(request.after_id);
        exchanges::page(self, request).await.map(Response::new)
    }

    async fn exchange(
        &self,
        request: Request<v1::ExchangeRequest>,
    ) -> Result<Response<v1::ExchangeResponse>, Status> {
        exchanges::one(self, numbers::exchange(request.get_ref().id)?).await.map(Response::new)
    }

    type OutlineStream = ReceiverStream<Result<v1::OutlineResponse, Status>>;

    async fn outline(
        &self,
        request: Request<v1::OutlineRequest>,
    ) -> Result<Response<Self::OutlineStream>, Status> {
        let request = request.into_inner();
        numbers::exchange(request.exchange)?;
        outline::outline(self, request).await.map(Response::new)
    }

    async fn system_sections(
        &self,
        request: Request<v1::SystemSectionsRequest>,
    ) -> Result<Response<v1::SystemSectionsResponse>, Status> {
        let mut request = request.into_inner();
        request.after_number = numbers::place(request.after_number);
        sections::page(self, request).await.map(Response::new)
    }

    type SearchStream = ReceiverStream<Result<v1::SearchResponse, Status>>;

    async fn search(
        &self,
        request: Request<v1::SearchRequest>,
    ) -> Result<Response<Self::SearchStream>, Status> {
        search::search(self, request.into_inner()).map(Response::new)
    }

    type BodyStream = ReceiverStream<Result<v1::BodyResponse, Status>>;

    async fn body(
        &self,
        request: Request<v1::BodyRequest>,
    ) -> Result<Response<Self::BodyStream>, Status> {
        let mut request = request.into_inner();
        numbers::exchange(request.exchange)?;
        request.offset = numbers::place(request.offset);
        body::body(self, request).await.map(Response::new)
    }

    type HoldViewStream = view_states::Held;

    async fn hold_view(
        &self,
        request: Request<v1::HoldViewRequest>,
    ) -> Result<Response<Self::HoldViewStream>, Status> {
        let request = request.into_inner();
        check(request.peer.as_ref())?;
        view_states::hold(self, request.name).await.map(Response::new)
    }

    async fn save_view(
        &self,
        request: Request<v1::SaveViewRequest>,
    ) -> Result<Response<v1::SaveViewResponse>, Status> {
        view_states::save(self, request.into_inner()).await.map(Response::new)
    }

    async fn reindex(
        &self,
        _: Request<v1::ReindexRequest>,
    ) -> Result<Response<v1::ReindexResponse>, Status> {
        let health = &self.recording.health;
        let generation = health.generation();
        health.report_file(Database::Index, generation, "somebody asked for it");
        let mut through = self.derived_through.clone();
        // Another generation begins when the rows are thrown away.
        while health.generation() == generation {
            self.hurry.hurry();
            through.changed().await.map_err(|_| Status::unavailable("the daemon is stopping"))?;
        }
        Ok(Response::new(v1::ReindexResponse { head_seq: *self.recording.head.borrow() }))
    }
}
