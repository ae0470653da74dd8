//! What the proxy calls. None of it waits.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;

use super::{Clock, queue::Queue, redact::Redactor};
use crate::store::{
    event::{ClosedBy, Ended, Headers, Opened, RequestEnd, ResponseHead, Side},
    record::{Record, What},
};

/// Pieces up to this size are copied: keeping one alive would keep the whole read buffer alive that it stands in, up to a megabyte.
const COPY_UP_TO: usize = 128 << 10;

/// Opens exchanges. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Arc<Queue>,
    clock: Clock,
    redactor: Redactor,
    next_exchange: AtomicU64,
    stopping: AtomicBool,
}

/// A request as it arrived; credentials are taken out here.
#[derive(Debug)]
pub struct RequestHead<'a> {
    pub method: &'a str,
    pub target: &'a str,
    pub provider: &'a str,
    pub upstream: &'a str,
    pub headers: Vec<(&'a str, &'a [u8])>,
}

/// How an exchange came to its end.
#[derive(Debug, Clone)]
pub struct EndOf {
    pub closed_by: ClosedBy,
    /// Response body bytes that reached the client's socket.
    pub delivered: u64,
    pub error: Option<String>,
    pub trailers: Headers,
}

impl Recorder {
    pub fn new(queue: Arc<Queue>, clock: Clock, redactor: Redactor, next_exchange: u64) -> Self {
        let shared =
            Shared { queue, clock, redactor, next_exchange: AtomicU64::new(next_exchange), stopping: AtomicBool::new(false) };
        Self { shared: Arc::new(shared) }
    }

    pub fn open(&self, head: &RequestHead<'_>) -> ExchangeRecorder {
        let shared = &self.shared;
        let id = shared.next_exchange.fetch_add(1, Ordering::Relaxed);
        let opened = Opened {
            method: head.method.to_owned(),
            path: shared.redactor.target(head.target),
            provider: head.provider.to_owned(),
            upstream: head.upstream.to_owned(),
            headers: self.headers(&head.headers),
        };
        let is_recorded = self.push(id, What::Opened(Box::new(opened)));
        if !is_recorded {
            shared.queue.lose_exchange();
        }
        let state = State { is_recorded, ..State::default() };
        ExchangeRecorder { exchange: Arc::new(Exchange { recorder: self.clone(), id, state: Mutex::new(state) }) }
    }

    /// Header fields as they may be kept.
    pub fn headers(&self, fields: &[(&str, &[u8])]) -> Headers {
        fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), self.shared.redactor.header(name, &String::from_utf8_lossy(value))))
            .collect()
    }

    /// From now on, what is cut off is cut off by us.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }

    fn push(&self, exchange: u64, what: What) -> bool {
        self.shared.queue.push(Record { exchange, at_us: self.shared.clock.now_us(), what })
    }
}

struct Exchange {
    recorder: Recorder,
    id: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// False when there was no room for its head: then nothing of it is kept.
    is_recorded: bool,
    request: Body,
    response: Body,
    /// The response is through, the request body is not.
    waiting: Option<EndOf>,
    has_ended: bool,
}

#[derive(Default)]
struct Body {
    /// Bytes that passed.
    length: u64,
    /// Bytes at its end that are not on record.
    missing: u64,
    is_over: bool,
}

/// One exchange. It must be ended; dropping it ends nothing.
#[derive(Clone)]
pub struct ExchangeRecorder {
    exchange: Arc<Exchange>,
}

/// One of its bodies.
pub struct BodyRecorder {
    exchange: Arc<Exchange>,
    side: Side,
}

impl ExchangeRecorder {
    pub fn body(&self, side: Side) -> BodyRecorder {
        BodyRecorder { exchange: self.exchange.clone(), side }
    }

    /// `connect`: what it took to open the connection; nothing where there was one.
    pub fn response_head(&self, status: u16, fields: &[(&str, &[u8])], connect: Duration) {
        let exchange = &self.exchange;
        let state = exchange.lock();
        if !state.is_recorded || state.has_ended {
            return;
        }
        let connect_us = Some(u64::try_from(connect.as_micros()).unwrap_or(u64::MAX));
        let headers = exchange.recorder.headers(fields);
        let head = ResponseHead { status, headers, request_bytes: state.request.length, connect_us };
        exchange.recorder.push(exchange.id, What::ResponseHead(Box::new(head)));
    }

    /// Ends the exchange, once. One that finished while its request was still being sent ends with the request.
    pub fn end(&self, end: EndOf) {
        let mut state = self.exchange.lock();
        if end.closed_by == ClosedBy::Finished && !state.request.is_over {
            state.waiting = Some(end);
        } else {
            self.exchange.end(&mut state, end);
        }
    }

    /// Ends an exchange that was cut off from the client's side, or from ours if we are stopping.
    pub fn cut_off(&self, delivered: u64) {
        let stopping = self.exchange.recorder.shared.stopping.load(Ordering::Relaxed);
        let closed_by = if stopping { ClosedBy::Daemon } else { ClosedBy::Client };
        self.end(EndOf { closed_by, delivered, error: None, trailers: Headers::new() });
    }
}

impl BodyRecorder {
    /// A piece of the body passed.
    pub fn data(&self, bytes: &Bytes) {
        let mut state = self.exchange.lock();
        if state.has_ended {
            return;
        }
        let is_recorded = state.is_recorded;
        let body = state.body(self.side);
        let offset = body.length;
        let length = bytes.len() as u64;
        body.length += length;
        let bytes = if bytes.len() <= COPY_UP_TO { Bytes::copy_from_slice(bytes) } else { bytes.clone() };
        let what = What::Data { side: self.side, offset, missing_before: body.missing, bytes };
        let recorder = &self.exchange.recorder;
        if is_recorded && recorder.push(self.exchange.id, what) {
            body.missing = 0;
            return;
        }
        body.missing += length;
        recorder.shared.queue.lose_bytes(length, !is_recorded);
    }

    /// The request body is over: read to its end (then with its trailers), or given up.
    pub fn request_over(&self, trailers: Option<Headers>) {
        let exchange = &self.exchange;
        let mut state = exchange.lock();
        if state.request.is_over || state.has_ended {
            return;
        }
        state.request.is_over = true;
        if let Some(trailers) = trailers
            && state.is_recorded
        {
            let end = RequestEnd { length: state.request.length, trailers };
            let missing = state.request.missing;
            if exchange.recorder.push(exchange.id, What::RequestEnd { end, missing }) {
                state.request.missing = 0;
            }
        }
        if let Some(end) = state.waiting.take() {
            exchange.end(&mut state, end);
        }
    }
}

impl Exchange {
    fn end(&self, state: &mut State, end: EndOf) {
        if state.has_ended {
            return;
        }
        state.has_ended = true;
        if !state.is_recorded {
            return;
        }
        let ended = Ended {
            closed_by: end.closed_by,
            delivered: end.delivered,
            request_bytes: state.request.length,
            response_bytes: state.response.length,
            error: end.error,
            trailers: end.trailers,
            exact: true,
        };
        let what = What::Ended {
            ended: Box::new(ended),
            missing_request: state.request.missing,
            missing_response: state.response.missing,
        };
        self.recorder.push(self.id, what);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn body(&mut self, side: Side) -> &mut Body {
        match side {
            Side::Request => &mut self.request,
            Side::Response => &mut self.response,
        }
    }
}
