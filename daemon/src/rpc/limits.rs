//! How much viewers and scripts may ask for at once. What is more waits for a moment or is refused
//! with a word: memory stays bounded, whoever asks for how much, and one caller that asks for
//! everything leaves something for the others.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

/// How long a call that finds all places taken waits for one.
const PATIENCE: Duration = Duration::from_secs(10);

/// Calls that cost alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A stream that goes on for as long as its viewer is there.
    Watch,
    /// Likewise, and costs next to nothing.
    View,
    Search,
    Body,
    /// What is answered at once, or soon.
    Other,
}

/// How many of a kind there may be.
struct Bound {
    /// As in "512 watches".
    what: &'static str,
    at_once: usize,
    /// More than these are refused without a wait.
    waiting: usize,
    /// Of one connection, those that wait included.
    of_one: usize,
}

const KINDS: usize = 5;

/// In the order of [`Kind`].
const BOUNDS: [Bound; KINDS] = [
    Bound { what: "watches", at_once: 512, waiting: 0, of_one: 256 },
    Bound { what: "held views", at_once: 128, waiting: 0, of_one: 64 },
    Bound { what: "searches", at_once: 8, waiting: 56, of_one: 32 },
    Bound { what: "readings of bodies", at_once: 64, waiting: 192, of_one: 32 },
    Bound { what: "calls", at_once: 128, waiting: 384, of_one: 256 },
];

/// Streams that a connection may open: more than there are places of all kinds, so that whoever
/// asks for too much is told so, and does not wait unheard in the library of HTTP/2.
pub const STREAMS: u32 = 1024;

impl Kind {
    /// Of the call that an HTTP/2 request with this path is.
    fn of(path: &str) -> Self {
        match path.rsplit('/').next() {
            Some("Watch") => Self::Watch,
            Some("HoldView") => Self::View,
            Some("Search") => Self::Search,
            Some("Body") => Self::Body,
            _ => Self::Other,
        }
    }
}

/// The places of all kinds. Cheap to clone; wraps a service that is to be asked within them.
#[derive(Clone)]
pub struct Limits(Arc<[Places; KINDS]>);

struct Places {
    /// Those that wait included.
    let_in: Arc<Semaphore>,
    at_once: Arc<Semaphore>,
}

impl Default for Limits {
    fn default() -> Self {
        let places = |bound: &Bound| Places {
            let_in: Arc::new(Semaphore::new(bound.at_once + bound.waiting)),
            at_once: Arc::new(Semaphore::new(bound.at_once)),
        };
        Self(Arc::new(BOUNDS.each_ref().map(places)))
    }
}

/// The connection that a call came by.
#[derive(Clone)]
pub struct Caller {
    /// Why nothing is done for it, if so.
    refused: Option<Arc<str>>,
    shares: Arc<[Arc<Semaphore>; KINDS]>,
}

impl Caller {
    pub fn new() -> Self {
        let shares = BOUNDS.each_ref().map(|bound| Arc::new(Semaphore::new(bound.of_one)));
        Self { refused: None, shares: Arc::new(shares) }
    }

    /// One whose calls are all answered with `why`.
    pub fn refused(why: &str) -> Self {
        Self { refused: Some(why.into()), ..Self::new() }
    }
}

/// A call's place, until it is dropped.
struct Place {
    _permits: [OwnedSemaphorePermit; 3],
}

impl Limits {
    /// The place of a call, as soon as there is one.
    async fn place(&self, caller: Option<&Caller>, kind: Kind) -> Result<Place, Status> {
        let (bound, places) = (&BOUNDS[kind as usize], &self.0[kind as usize]);
        let Bound { what, at_once, of_one, .. } = bound;
        let Some(caller) = caller else {
            return Err(Status::internal("a call that came by no connection"));
        };
        if let Some(why) = &caller.refused {
            return Err(Status::resource_exhausted(&**why));
        }
        let share = caller.shares[kind as usize].clone().try_acquire_owned();
        let share = share.map_err(|_| {
            refuse(format!("this connection has {of_one} {what} under way, as many as one may"))
        })?;
        let let_in = places.let_in.clone().try_acquire_owned();
        let let_in = let_in.map_err(|_| {
            refuse(format!("{at_once} {what} are under way, as many as the daemon serves at once"))
        })?;
        let turn = timeout(PATIENCE, places.at_once.clone().acquire_owned()).await;
        let turn = turn.ok().and_then(Result::ok).ok_or_else(|| {
            refuse(format!(
                "{at_once} {what} are under way, and none of them ended within {} s",
                PATIENCE.as_secs()
            ))
        })?;
        Ok(Place { _permits: [share, let_in, turn] })
    }
}

fn refuse(why: String) -> Status {
    Status::resource_exhausted(format!(
        "{why}; close viewers or scripts that are not needed and try again"
    ))
}

impl<S> Layer<S> for Limits {
    type Service = Limited<S>;

    fn layer(&self, inner: S) -> Limited<S> {
        Limited { inner, limits: self.clone() }
    }
}

/// A service that is asked within the limits.
#[derive(Clone)]
pub struct Limited<S> {
    inner: S,
    limits: Limits,
}

impl<S> Service<Request<Body>> for Limited<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The one that was asked whether it is ready is the one to call.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let limits = self.limits.clone();
        Box::pin(async move {
            let caller = request.extensions().get::<Caller>().cloned();
            match limits.place(caller.as_ref(), Kind::of(request.uri().path())).await {
                Ok(place) => {
                    let response = inner.call(request).await?;
                    Ok(response.map(|body| Body::new(Placed { body, _place: place })))
                }
                Err(refusal) => Ok(refusal.into_http()),
            }
        })
    }
}

/// An answer that keeps its call's place until all of it is sent, or nobody wants it any more.
struct Placed {
    body: Body,
    _place: Place,
}

impl http_body::Body for Placed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_the_method() {
        for (path, kind) in [
            ("/ccdump.v1.CcdumpService/Watch", Kind::Watch),
            ("/grpc.health.v1.Health/Watch", Kind::Watch),
            ("/ccdump.v1.CcdumpService/HoldView", Kind::View),
            ("/ccdump.v1.CcdumpService/Search", Kind::Search),
            ("/ccdump.v1.CcdumpService/Body", Kind::Body),
            ("/ccdump.v1.CcdumpService/Status", Kind::Other),
            ("", Kind::Other),
        ] {
            assert_eq!(Kind::of(path), kind, "{path}");
        }
    }

    #[test]
    fn whoever_asks_for_too_much_is_told_so_on_any_connection() {
        let places: usize = BOUNDS.iter().map(|bound| bound.of_one).sum();
        assert!(
            places < STREAMS as usize,
            "a stream more than there are places of a connection can still be opened"
        );
    }

    #[tokio::test]
    async fn a_connection_leaves_room_for_others() {
        let limits = Limits::default();
        let (greedy, modest) = (Caller::new(), Caller::new());
        let mut held = Vec::new();
        let refusal = loop {
            match limits.place(Some(&greedy), Kind::Watch).await {
                Ok(place) => held.push(place),
                Err(refusal) => break refusal,
            }
        };
        assert_eq!(held.len(), 256);
        assert_eq!(refusal.code(), tonic::Code::ResourceExhausted);
        assert!(
            refusal.message().starts_with("this connection has 256 watches under way"),
            "{refusal}"
        );
        assert!(limits.place(Some(&modest), Kind::Watch).await.is_ok());
        held.pop();
        assert!(
            limits.place(Some(&greedy), Kind::Watch).await.is_ok(),
            "a place that was given back is free again"
        );
    }

    #[tokio::test]
    async fn a_call_waits_for_its_turn_behind_a_bounded_number_of_others() {
        let limits = Limits::default();
        let callers: Vec<Caller> = (0..3).map(|_| Caller::new()).collect();
        let mut running = Vec::new();
        for _ in 0..8 {
            running
                .push(limits.place(Some(&callers[0]), Kind::Search).await.expect("there is room"));
        }
        let mut waiting = tokio::task::JoinSet::new();
        for n in 0..56 {
            let (limits, caller) = (limits.clone(), callers[1 + n % 2].clone());
            waiting.spawn(async move { limits.place(Some(&caller), Kind::Search).await.map(drop) });
        }
        while limits.0[Kind::Search as usize].let_in.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refusal = limits
            .place(Some(&callers[0]), Kind::Search)
            .await
            .err()
            .expect("even the waiting room is full");
        assert!(refusal.message().starts_with("8 searches are under way"), "{refusal}");
        running.pop();
        while let Some(served) = waiting.join_next().await {
            assert!(served.expect("no panic").is_ok(), "one place serves them one after the other");
        }
    }
}
