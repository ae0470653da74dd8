//! What of a response has reached the client's socket, and what follows from that.
//!
//! The response body hands bytes to hyper, hyper writes them to the socket some time later. The
//! socket is flushed only when all that was handed over has been written, so a flush tells how much
//! was delivered. That matters twice: a client that leaves right after the last event has had it
//! all; and when the upstream breaks, the bytes before the break must go out first, since hyper
//! drops what it has not written when a body errs.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Instant,
};

use ccdump_record::{ClosedBy, Headers};

use crate::capture::{EndOf, ExchangeRecorder};

/// Shared by the socket of a client connection and the response body that goes out on it.
#[derive(Clone, Default)]
pub struct Delivery {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    current: Option<Current>,
    /// Something was handed over since the last flush.
    is_unflushed: bool,
    /// The body that waits for a flush before it errs.
    waiting_body: Option<Waker>,
    /// The task of the connection.
    connection: Option<Waker>,
    /// Informational responses to write before anything else.
    informational: Vec<u8>,
    /// The client understands informational responses.
    is_informed: bool,
    reset: bool,
    /// The client has closed or reset its side.
    has_left: bool,
    /// Why we give the connection up, where it is our doing.
    failure: Option<String>,
    /// When the upstream had sent the last response to its end.
    idle_since: Option<Instant>,
}

impl State {
    /// Before anything of hyper's.
    fn write_first(&mut self, bytes: &[u8]) {
        self.informational.extend_from_slice(bytes);
        if let Some(connection) = &self.connection {
            connection.wake_by_ref();
        }
    }
}

struct Current {
    exchange: ExchangeRecorder,
    handed: u64,
    delivered: u64,
    /// Set when the body came to its proper end: its trailers.
    finished: Option<Headers>,
}

impl Delivery {
    /// A response begins. Its head counts as handed over.
    pub fn begin(&self, exchange: ExchangeRecorder) {
        self.abandon();
        let mut state = self.lock();
        state.is_unflushed = true;
        state.current = Some(Current { exchange, handed: 0, delivered: 0, finished: None });
    }

    /// Body bytes were handed to hyper.
    pub fn handed(&self, bytes: u64) {
        let mut state = self.lock();
        state.is_unflushed = true;
        if let Some(current) = &mut state.current {
            current.handed += bytes;
        }
    }

    /// The body is at its end; the exchange ends when that has been delivered.
    pub fn finish(&self, trailers: Headers) {
        let mut state = self.lock();
        state.is_unflushed = true;
        state.idle_since = Some(Instant::now());
        if let Some(current) = &mut state.current {
            current.finished = Some(trailers);
        }
    }

    /// Ready when all that was handed over has been delivered.
    pub fn poll_flushed(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if !state.is_unflushed {
            return Poll::Ready(());
        }
        state.waiting_body = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The upstream broke in the middle of the body.
    pub fn broken_by_upstream(&self, error: String) {
        if let Some(current) = self.lock().current.take() {
            let end = EndOf::failed(ClosedBy::Upstream, error);
            current.exchange.end(EndOf { delivered: current.delivered, ..end });
        }
    }

    /// The connection is given up; so is a response that was not delivered.
    pub fn abandon(&self) {
        let current = self.lock().current.take();
        if let Some(current) = current {
            self.cut_off(&current.exchange, current.delivered);
        }
    }

    /// Ends an exchange that did not come to its own end: by whoever left, and else by us.
    pub fn cut_off(&self, exchange: &ExchangeRecorder, delivered: u64) {
        let state = self.lock();
        let failure = state.failure.as_deref().unwrap_or("the answer could not be passed on");
        let failure = (!state.has_left).then(|| format!("ccdump failed: {failure}"));
        drop(state);
        exchange.cut_off(delivered, failure);
    }

    /// The client has closed or reset its side.
    pub fn client_left(&self) {
        self.lock().has_left = true;
    }

    pub fn has_client_left(&self) -> bool {
        self.lock().has_left
    }

    /// The connection ends for a reason that is neither side's.
    pub fn fail(&self, reason: String) {
        self.lock().failure = Some(reason);
    }

    /// The socket is to be reset when it closes, as the upstream's was.
    pub fn reset_on_close(&self) {
        self.lock().reset = true;
    }

    pub fn is_reset_on_close(&self) -> bool {
        self.lock().reset
    }

    /// When the upstream had sent the last response to its end.
    pub fn idle_since(&self) -> Option<Instant> {
        self.lock().idle_since
    }

    /// Whether the client of the request that goes out now understands informational responses.
    pub fn set_informed(&self, is_informed: bool) {
        self.lock().is_informed = is_informed;
    }

    /// Passes an informational response (1xx) on: `head` goes out before the response itself.
    pub fn inform(&self, head: &[u8]) {
        let mut state = self.lock();
        // Something of the response before is still on its way (pipelining): better none than one
        // in its middle.
        if state.is_informed && !state.is_unflushed {
            state.write_first(head);
        }
    }

    /// Hands bytes over that hyper knows nothing of. [`Self::poll_flushed`] tells when they are
    /// written.
    pub fn hand_raw(&self, bytes: &[u8]) {
        let mut state = self.lock();
        state.is_unflushed = true;
        state.write_first(bytes);
    }

    /// For the socket: what has to be written first.
    pub fn take_informational(&self) -> Vec<u8> {
        mem::take(&mut self.lock().informational)
    }

    /// For the socket: all that was handed over is written.
    pub fn flushed(&self, cx: &Context<'_>) {
        let mut state = self.lock();
        if !state.connection.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            state.connection = Some(cx.waker().clone());
        }
        if !state.is_unflushed {
            return;
        }
        state.is_unflushed = false;
        if let Some(waiting) = state.waiting_body.take() {
            waiting.wake();
        }
        if let Some(current) = &mut state.current {
            current.delivered = current.handed;
            if let Some(trailers) = current.finished.take() {
                current.exchange.end(EndOf::finished(current.delivered, trailers));
                state.current = None;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
