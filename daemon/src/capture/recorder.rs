//! What the proxy calls. None of it waits.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use ccdump_record::{
    ClockJumped, ClosedBy, Ended, Header, Headers, Opened, RequestEnd, ResponseHead, Side,
};

use super::{Clock, clock::Anchor, queue::Queue, redact::Redactor};
use crate::store::record::{Record, What};

/// Pieces up to this size are copied: keeping one alive would keep the whole read buffer alive that
/// it stands in, up to a megabyte.
const COPY_UP_TO: usize = 128 << 10;

/// A wall clock that is set by more than this has jumped: what NTP corrects by little and little is
/// not worth an event. Microseconds.
const JUMP: i64 = 1_000_000;

/// Opens exchanges. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Arc<Queue>,
    clock: Clock,
    /// The wall clock as it was set when it was last looked at.
    clock_was: Mutex<Anchor>,
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
    /// What was left out of the head or changed in it, in words.
    pub mended: &'a [String],
}

/// How an exchange came to its end.
#[derive(Debug, Clone)]
pub struct EndOf {
    pub closed_by: ClosedBy,
    /// Response body bytes that reached the client's socket.
    pub delivered: u64,
    pub error: Option<String>,
    pub trailers: Headers,
    /// The status of an answer of our own.
    pub own_status: Option<u16>,
}

impl EndOf {
    /// It ended as HTTP says it should.
    pub fn finished(delivered: u64, trailers: Headers) -> Self {
        Self { closed_by: ClosedBy::Finished, delivered, error: None, trailers, own_status: None }
    }

    /// It did not, and nothing was delivered.
    pub fn failed(closed_by: ClosedBy, error: String) -> Self {
        Self {
            closed_by,
            delivered: 0,
            error: Some(error),
            trailers: Headers::new(),
            own_status: None,
        }
    }
}

impl Recorder {
    pub fn new(queue: Arc<Queue>, clock: Clock, redactor: Redactor, next_exchange: u64) -> Self {
        let shared = Shared {
            queue,
            clock,
            clock_was: Mutex::new(clock.anchor()),
            redactor,
            next_exchange: AtomicU64::new(next_exchange),
            stopping: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared) }
    }

    pub fn open(&self, head: &RequestHead<'_>) -> ExchangeRecorder {
        let shared = &self.shared;
        let id = shared.next_exchange.fetch_add(1, Ordering::Relaxed);
        let opened = Opened {
            method: head.method.to_owned(),
            path: shared.redactor.target(head.target),
            provider: head.provider.to_owned(),
            upstream: shared.redactor.text(head.upstream),
            headers: self.headers(&head.headers),
            mended: head.mended.to_vec(),
        };
        let anchor = self.look_at_clock();
        let is_recorded = self.push(id, anchor, What::Opened(Box::new(opened)));
        if !is_recorded {
            shared.queue.lose_exchange();
        }
        let state = State { is_recorded, ..State::default() };
        ExchangeRecorder {
            exchange: Arc::new(Exchange {
                recorder: self.clone(),
                id,
                anchor,
                state: Mutex::new(state),
            }),
        }
    }

    /// Header fields as they may be kept.
    pub fn headers(&self, fields: &[(&str, &[u8])]) -> Headers {
        fields
            .iter()
            .map(|(name, value)| {
                let value = self.shared.redactor.header(name, &String::from_utf8_lossy(value));
                Header { name: (*name).to_owned(), value }
            })
            .collect()
    }

    /// An exchange of which nothing is recorded: it is counted.
    pub fn lose_exchange(&self) {
        self.shared.queue.lose_exchange();
    }

    /// From now on, what is cut off is cut off by us.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }

    /// The wall clock as it is set now. That it has jumped since the last look is an event of its
    /// own.
    pub fn look_at_clock(&self) -> Anchor {
        let Shared { queue, clock, clock_was, .. } = &*self.shared;
        let mut was = clock_was.lock().unwrap_or_else(PoisonError::into_inner);
        let is = clock.anchor();
        if was.set_forward(is).abs() > JUMP {
            let jumped = ClockJumped { from_us: clock.since(*was), to_us: clock.since(is) };
            queue.push(Record {
                exchange: 0,
                at_us: jumped.to_us,
                what: What::ClockJumped(jumped),
            });
        }
        *was = is;
        is
    }

    fn push(&self, exchange: u64, anchor: Anchor, what: What) -> bool {
        self.shared.queue.push(Record { exchange, at_us: self.shared.clock.since(anchor), what })
    }
}

struct Exchange {
    recorder: Recorder,
    id: u64,
    /// The wall clock at its opening: all its times count from there.
    anchor: Anchor,
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

    /// `connect`: what it took to open the connection; nothing where there was one. `mended`: as in
    /// a request's head.
    pub fn response_head(
        &self,
        status: u16,
        fields: &[(&str, &[u8])],
        connect: Duration,
        mended: &[String],
    ) {
        let exchange = &self.exchange;
        let state = exchange.lock();
        if !state.is_recorded || state.has_ended {
            return;
        }
        let connect_us = Some(u64::try_from(connect.as_micros()).unwrap_or(u64::MAX));
        let headers = exchange.recorder.headers(fields);
        let head = ResponseHead {
            status,
            headers,
            request_bytes: state.request.length,
            connect_us,
            mended: mended.to_vec(),
        };
        exchange.push(What::ResponseHead(Box::new(head)));
    }

    /// Ends the exchange, once. One that finished while its request was still being sent ends with
    /// the request.
    pub fn end(&self, end: EndOf) {
        let mut state = self.exchange.lock();
        if end.closed_by == ClosedBy::Finished && !state.request.is_over {
            state.waiting = Some(end);
        } else {
            self.exchange.end(&mut state, end);
        }
    }

    /// Ends an exchange that was cut off from the client's side, or from ours: because we are
    /// stopping, or because of `failure`.
    pub fn cut_off(&self, delivered: u64, failure: Option<String>) {
        let stopping = self.exchange.recorder.shared.stopping.load(Ordering::Relaxed);
        let (closed_by, error) = match failure {
            _ if stopping => (ClosedBy::Daemon, None),
            None => (ClosedBy::Client, None),
            failure => (ClosedBy::Proxy, failure),
        };
        self.end(EndOf { closed_by, delivered, error, trailers: Headers::new(), own_status: None });
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
        let bytes =
            if bytes.len() <= COPY_UP_TO { Bytes::copy_from_slice(bytes) } else { bytes.clone() };
        let what = What::Data { side: self.side, offset, missing_before: body.missing, bytes };
        if is_recorded && self.exchange.push(what) {
            body.missing = 0;
            return;
        }
        body.missing += length;
        self.exchange.recorder.shared.queue.lose_bytes(length, !is_recorded);
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
            if exchange.push(What::RequestEnd { end, missing }) {
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
            error: end.error.map(|error| self.recorder.shared.redactor.text(&error)),
            trailers: end.trailers,
            exact: true,
            own_status: end.own_status,
        };
        let what = What::Ended {
            ended: Box::new(ended),
            missing_request: state.request.missing,
            missing_response: state.response.missing,
        };
        self.push(what);
    }

    fn push(&self, what: What) -> bool {
        self.recorder.push(self.id, self.anchor, what)
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

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::capture::clock::tests::SetClock;

    const SECOND: i64 = 1_000_000;
    const HOUR: i64 = 3_600 * SECOND;
    /// When the test begins.
    const START: i64 = 1_800_000_000 * SECOND;

    struct Rig {
        set: &'static SetClock,
        queue: Arc<Queue>,
        recorder: Recorder,
        _dir: tempfile::TempDir,
    }

    impl Rig {
        fn start() -> Self {
            let dir = tempfile::tempdir().expect("a folder");
            let redactor = Redactor::open(dir.path()).expect("a redactor");
            let (set, queue) = (SetClock::at(START), Arc::new(Queue::default()));
            let recorder = Recorder::new(queue.clone(), set.clock(), redactor, 1);
            Self { set, queue, recorder, _dir: dir }
        }

        fn open(&self) -> ExchangeRecorder {
            let head = RequestHead {
                method: "GET",
                target: "/",
                provider: "unknown",
                upstream: "http://u",
                headers: vec![],
                mended: &[],
            };
            self.recorder.open(&head)
        }

        /// What was recorded since the last look: of which exchange, when after the start, and the
        /// jump it tells of, if it does.
        fn recorded(&self) -> Vec<(u64, i64, Option<i64>)> {
            let records = self.queue.take(Instant::now(), Some(Instant::now()), || 0).records;
            let jump = |what| {
                if let What::ClockJumped(ClockJumped { from_us, to_us }) = what {
                    Some(to_us - from_us)
                } else {
                    None
                }
            };
            records
                .into_iter()
                .map(|record| (record.exchange, record.at_us - START, jump(record.what)))
                .collect()
        }
    }

    #[test]
    fn a_clock_that_is_set_shifts_nothing_that_is_open_and_is_told() {
        let rig = Rig::start();
        let first = rig.open();
        for jump in [HOUR, -3 * HOUR] {
            let before = rig.set.wall_us() - START;
            rig.set.set_forward(jump);
            rig.set.pass(SECOND);
            let after = before + SECOND + jump;
            let second = rig.open();
            first.body(Side::Response).data(&Bytes::from_static(b"late"));
            drop(second);
            let recorded = rig.recorded();
            let (of_first, others): (Vec<_>, Vec<_>) =
                recorded.into_iter().partition(|(exchange, ..)| *exchange == 1);
            assert_eq!(
                of_first.last(),
                Some(&(1, rig.set.steady_us(), None)),
                "what is open goes on as time does"
            );
            let next = others.last().map_or(0, |(exchange, ..)| *exchange);
            assert_eq!(
                others,
                [(0, after, Some(jump)), (next, after, None)],
                "what begins has the time that the clock shows"
            );
        }
    }

    #[test]
    fn a_sleep_of_the_machine_is_no_jump() {
        let rig = Rig::start();
        let exchange = rig.open();
        rig.set.pass(8 * HOUR);
        exchange.body(Side::Response).data(&Bytes::from_static(b"after a night"));
        rig.open();
        assert_eq!(rig.recorded(), [(1, 0, None), (1, 8 * HOUR, None), (2, 8 * HOUR, None)]);
    }

    #[test]
    fn a_clock_that_is_corrected_by_little_and_little_does_not_jump() {
        let rig = Rig::start();
        for _ in 0..10 {
            rig.set.set_forward(SECOND / 2);
            rig.recorder.look_at_clock();
        }
        assert_eq!(rig.recorded(), []);
        rig.set.set_forward(-SECOND - 1);
        rig.recorder.look_at_clock();
        rig.recorder.look_at_clock();
        assert_eq!(rig.recorded(), [(0, 4 * SECOND - 1, Some(-SECOND - 1))], "a jump is told once");
    }
}
