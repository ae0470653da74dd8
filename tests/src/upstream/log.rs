//! What arrived at the upstream.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use sha2::{Digest as _, Sha256};

use crate::{
    client::Ending,
    hex,
    http1::{Field, Head},
};

/// Bodies longer than this are kept as length and hash alone.
const KEPT_BODY: usize = 4 << 20;

/// One request.
#[derive(Debug, Clone)]
pub struct Seen {
    pub connection: usize,
    pub at: Instant,
    pub head: Head,
    /// Its first 4 MiB.
    pub body: Vec<u8>,
    pub body_length: u64,
    /// Set when the body has come to its end.
    pub body_sha256: Option<String>,
    pub trailers: Vec<Field>,
    /// How the peer left, where the handler waited for that.
    pub left: Option<Ending>,
    hash: Sha256,
}

/// Shared by the upstream's connections and the test.
#[derive(Debug, Default)]
pub struct Log {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    seen: Vec<Seen>,
    /// Per connection: whether it has ended, and how where the peer ended it.
    connections: Vec<Option<Option<Ending>>>,
    failures: Vec<String>,
}

impl Log {
    /// All requests, in order of arrival.
    pub fn seen(&self) -> Vec<Seen> {
        self.lock().seen.clone()
    }

    /// How many requests arrived.
    pub fn count(&self) -> usize {
        self.lock().seen.len()
    }

    /// The newest request.
    ///
    /// # Panics
    /// When there was none.
    pub fn last(&self) -> Seen {
        self.lock().seen.last().cloned().expect("a request arrived")
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.lock().connections.len()
    }

    /// How many of them still stand.
    pub fn open_connections(&self) -> usize {
        self.lock().connections.iter().filter(|ended| ended.is_none()).count()
    }

    /// Handlers that panicked.
    pub fn failures(&self) -> Vec<String> {
        self.lock().failures.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn connected(&self) -> usize {
        let mut inner = self.lock();
        inner.connections.push(None);
        inner.connections.len() - 1
    }

    pub(super) fn disconnected(&self, connection: usize, ending: Option<Ending>) {
        self.lock().connections[connection] = Some(ending);
    }

    pub(super) fn handler_failed(&self, reason: String) {
        self.lock().failures.push(reason);
    }

    pub(super) fn arrived(&self, connection: usize, head: &Head) -> usize {
        let mut inner = self.lock();
        inner.seen.push(Seen {
            connection,
            at: Instant::now(),
            head: head.clone(),
            body: Vec::new(),
            body_length: 0,
            body_sha256: None,
            trailers: Vec::new(),
            left: None,
            hash: Sha256::new(),
        });
        inner.seen.len() - 1
    }

    pub(super) fn body_piece(&self, number: usize, piece: &[u8]) {
        let seen = &mut self.lock().seen[number];
        seen.body_length += piece.len() as u64;
        seen.hash.update(piece);
        let room = KEPT_BODY.saturating_sub(seen.body.len());
        seen.body.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    pub(super) fn body_ended(&self, number: usize, trailers: &[Field]) {
        let seen = &mut self.lock().seen[number];
        seen.body_sha256 = Some(hex(&seen.hash.clone().finalize()));
        seen.trailers = trailers.to_vec();
    }

    pub(super) fn left(&self, number: usize, ending: Ending) {
        self.lock().seen[number].left = Some(ending);
    }
}
