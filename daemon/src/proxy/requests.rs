//! The client's bytes as hyper gets them: heads mended, each request's end known.

use std::{
    collections::VecDeque,
    io, mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use http::StatusCode;
use hyper::rt::{Read, ReadBufCursor};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, ReadBuf, Take},
    time::{Sleep, sleep},
};

use super::{
    connection::MAX_BUFFER,
    head::{
        chunks::Chunks,
        framing::Framing,
        raw,
        request::{self, RequestHead, RequestNotes},
    },
};

/// From the first byte of a head to its end. A connection that is silent between two requests may
/// stay so for ever.
pub const HEAD_LIMIT: Duration = Duration::from_secs(30);
/// What is read at once where hyper's buffer cannot be read into.
const READ: usize = 16 << 10;

/// The reading half of a client's socket.
pub struct Requests<S> {
    stream: TokioIo<Take<S>>,
    heads: RequestHeads,
    state: State,
    /// Read and not looked at yet.
    buffer: Vec<u8>,
    /// How much of `buffer` was searched for a head's end.
    seen: usize,
    /// On its way to hyper.
    handing: Vec<u8>,
    head_limit: Duration,
    /// Runs while a head has begun and not ended.
    limit: Option<Pin<Box<Sleep>>>,
}

enum State {
    Head,
    Body {
        left: Left,
        upgrades: bool,
    },
    /// Another protocol was asked for; whether it is spoken is being decided.
    Undecided,
    /// All that comes belongs to another protocol.
    Through,
    /// Nothing more is read: the answer ends the connection.
    Refused,
}

/// What is still to come of a request's body.
enum Left {
    Length(u64),
    Chunked(Chunks),
}

impl Left {
    fn is_nothing(&self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunks::Over))
    }

    /// How much comes next that need not be looked at.
    fn opaque(&self) -> u64 {
        match *self {
            Self::Length(left) | Self::Chunked(Chunks::Data(left)) => left,
            Self::Chunked(Chunks::Broken) => u64::MAX,
            Self::Chunked(_) => 0,
        }
    }

    /// So much of that has come.
    fn pass(&mut self, bytes: u64) {
        match self {
            Self::Length(left) => *left -= bytes,
            Self::Chunked(Chunks::Data(left)) if *left > bytes => *left -= bytes,
            Self::Chunked(chunks @ Chunks::Data(_)) => *chunks = Chunks::DataEnd,
            Self::Chunked(_) => {}
        }
    }

    /// How many of the bytes belong to the body.
    fn advance(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Length(left) => {
                let here = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= here as u64;
                here
            }
            Self::Chunked(chunks) => chunks.advance(bytes),
        }
    }
}

/// What the socket and the service that answers requests say to each other about them.
#[derive(Clone, Default)]
pub struct RequestHeads {
    state: Arc<Mutex<HeadsState>>,
}

#[derive(Default)]
struct HeadsState {
    /// Of the heads that hyper was given and has not asked the service about.
    notes: VecDeque<RequestNotes>,
    /// Whether the other protocol is spoken.
    decision: Option<bool>,
    reader: Option<Waker>,
}

impl RequestHeads {
    /// About the next request that hyper reads. They come in order.
    pub fn next(&self) -> RequestNotes {
        self.lock().notes.pop_front().unwrap_or_default()
    }

    /// The protocol that a request asked for is spoken from here on, or is not.
    pub fn decide(&self, is_switched: bool) {
        let mut state = self.lock();
        state.decision = Some(is_switched);
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HeadsState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncRead + Unpin> Requests<S> {
    /// `head_limit`: [`HEAD_LIMIT`]
    pub fn new(stream: S, heads: RequestHeads, head_limit: Duration) -> Self {
        Self {
            stream: TokioIo::new(stream.take(0)),
            heads,
            state: State::Head,
            buffer: Vec::new(),
            seen: 0,
            handing: Vec::new(),
            head_limit,
            limit: None,
        }
    }

    /// The socket itself.
    pub fn stream(&self) -> &S {
        self.stream.inner().get_ref()
    }

    /// The socket itself, for writing.
    pub fn stream_mut(&mut self) -> &mut S {
        self.stream.inner_mut().get_mut()
    }

    /// Reads for hyper, and says how many bytes; 0: the client has ended its direction.
    pub fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        mut to: ReadBufCursor<'_>,
    ) -> Poll<io::Result<u64>> {
        loop {
            if !self.handing.is_empty() {
                let length = to.remaining().min(self.handing.len());
                to.put_slice(self.handing.get(..length).unwrap_or_default());
                self.handing.drain(..length);
                return Poll::Ready(Ok(length as u64));
            }
            match &mut self.state {
                State::Head => {
                    if !self.take_head(cx) && ready!(self.poll_fill(cx))? == 0 {
                        return Poll::Ready(Ok(0));
                    }
                }
                State::Body { left, upgrades } if left.is_nothing() => {
                    self.state = if *upgrades { State::Undecided } else { State::Head };
                }
                State::Body { left, .. } if !self.buffer.is_empty() => {
                    let length = left.advance(&self.buffer);
                    let rest = self.buffer.split_off(length);
                    self.handing = mem::replace(&mut self.buffer, rest);
                }
                State::Body { left, .. } if left.opaque() > 0 => {
                    // Straight into hyper's buffer, and no further than the body.
                    let most = left.opaque();
                    self.stream.inner_mut().set_limit(most);
                    ready!(Pin::new(&mut self.stream).poll_read(cx, to))?;
                    let read = most - self.stream.inner().limit();
                    left.pass(read);
                    return Poll::Ready(Ok(read));
                }
                State::Body { .. } => {
                    if ready!(self.poll_fill(cx))? == 0 {
                        return Poll::Ready(Ok(0));
                    }
                }
                State::Undecided => match self.poll_decision(cx) {
                    Poll::Ready(true) => self.state = State::Through,
                    Poll::Ready(false) => self.state = State::Head,
                    // Whether the client leaves is asked as long as there is room for what it
                    // sends.
                    Poll::Pending if self.buffer.len() > MAX_BUFFER => return Poll::Pending,
                    Poll::Pending => {
                        if ready!(self.poll_fill(cx))? == 0 {
                            return Poll::Ready(Ok(0));
                        }
                    }
                },
                State::Through if !self.buffer.is_empty() => {
                    self.handing = mem::take(&mut self.buffer)
                }
                State::Through => {
                    self.stream.inner_mut().set_limit(u64::MAX);
                    ready!(Pin::new(&mut self.stream).poll_read(cx, to))?;
                    return Poll::Ready(Ok(u64::MAX - self.stream.inner().limit()));
                }
                State::Refused => {
                    // What is left unread would make the kernel reset the connection, and take the
                    // answer with it.
                    self.buffer.clear();
                    if ready!(self.poll_fill(cx))? == 0 {
                        return Poll::Ready(Ok(0));
                    }
                }
            }
        }
    }

    /// Takes a head off the buffer, if it is all there. `false`: more is needed.
    fn take_head(&mut self, cx: &mut Context<'_>) -> bool {
        let empty = raw::empty_lines(&self.buffer);
        self.buffer.drain(..empty);
        let Some(&first) = self.buffer.first() else {
            self.limit = None;
            return false;
        };
        let line =
            || self.buffer.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        let head = if !raw::is_token(first) {
            // TLS, mostly, in which the end of a head may never come.
            request::read(line())
        } else if let Some(length) = raw::length(&self.buffer, self.seen) {
            let rest = self.buffer.split_off(length);
            let head = mem::replace(&mut self.buffer, rest);
            request::read(&head)
        } else if self.buffer.len() > MAX_BUFFER {
            let reason = format!("the request's head is longer than {} KiB", MAX_BUFFER >> 10);
            request::refuse(line(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, reason)
        } else {
            self.seen = self.buffer.len();
            let limit = self.limit.get_or_insert_with(|| Box::pin(sleep(self.head_limit)));
            if limit.as_mut().poll(cx).is_pending() {
                return false;
            }
            let reason = format!(
                "the request's head did not come whole within {} s",
                self.head_limit.as_secs()
            );
            request::refuse(line(), StatusCode::REQUEST_TIMEOUT, reason)
        };
        self.accept(head);
        true
    }

    fn accept(&mut self, head: RequestHead) {
        self.seen = 0;
        self.limit = None;
        let upgrades = head.notes.upgrades;
        self.state = match head.framing {
            _ if head.notes.refused.is_some() => State::Refused,
            Framing::Chunked => State::Body { left: Left::Chunked(Chunks::BEGIN), upgrades },
            Framing::Length(length) => State::Body { left: Left::Length(length), upgrades },
            Framing::Coded | Framing::Untold => State::Body { left: Left::Length(0), upgrades },
        };
        self.handing = head.bytes;
        self.heads.lock().notes.push_back(head.notes);
    }

    /// Reads on into `buffer`; 0 at the end.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut bytes = [0; READ];
        let mut read = ReadBuf::new(&mut bytes);
        ready!(Pin::new(self.stream.inner_mut().get_mut()).poll_read(cx, &mut read))?;
        self.buffer.extend_from_slice(read.filled());
        Poll::Ready(Ok(read.filled().len()))
    }

    fn poll_decision(&self, cx: &Context<'_>) -> Poll<bool> {
        let mut state = self.heads.lock();
        match state.decision.take() {
            Some(is_switched) => Poll::Ready(is_switched),
            None => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use hyper::rt::ReadBuf as HyperBuffer;
    use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);

    fn pair(head_limit: Duration) -> (Requests<DuplexStream>, RequestHeads, DuplexStream) {
        let (ours, client) = duplex(1 << 20);
        let heads = RequestHeads::default();
        (Requests::new(ours, heads.clone(), head_limit), heads, client)
    }

    /// What hyper gets next; nothing at the end.
    async fn read(requests: &mut Requests<DuplexStream>, room: usize) -> Vec<u8> {
        let mut memory = vec![0; room];
        let mut buffer = HyperBuffer::new(&mut memory);
        poll_fn(|cx| requests.poll_read(cx, buffer.unfilled())).await.expect("read");
        buffer.filled().to_vec()
    }

    async fn read_all(requests: &mut Requests<DuplexStream>, room: usize) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let piece = read(requests, room).await;
            if piece.is_empty() {
                return all;
            }
            all.extend(piece);
        }
    }

    #[tokio::test]
    async fn requests_pass_as_they_are_however_they_come() {
        let sent = b"GET /1 HTTP/1.1\r\nTE: a\r\n\r\nPOST /2 HTTP/1.1\r\nTE: b\r\nContent-Length: 5\r\n\r\nhelloPOST /3 HTTP/1.1\r\nTE: c\r\n\
            Transfer-Encoding: chunked\r\n\r\n5;x=1\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nX-Sum: 1\r\n\r\nGET /4 HTTP/1.0\r\n\r\n";
        for (piece, room) in [(1, 1), (1, 4096), (7, 3), (60, 10), (4096, 4096), (4096, 2)] {
            let (mut requests, heads, mut client) = pair(HEAD_LIMIT);
            let sending = async {
                for piece in sent.chunks(piece) {
                    client.write_all(piece).await.expect("written");
                    tokio::task::yield_now().await;
                }
                drop(client);
            };
            let (read, ()) = tokio::join!(read_all(&mut requests, room), sending);
            assert_eq!(
                String::from_utf8_lossy(&read),
                String::from_utf8_lossy(sent),
                "{piece} {room}"
            );
            assert_eq!(heads.lock().notes.len(), 4);
        }
    }

    #[tokio::test]
    async fn a_head_that_dribbles_in_is_refused_and_a_silent_connection_is_not() {
        let (mut requests, heads, mut client) = pair(SHORT);
        // Nothing, and empty lines, are no beginning of a head.
        client.write_all(b"\r\n\r\n").await.expect("written");
        let waited = tokio::time::timeout(SHORT * 10, read(&mut requests, 64)).await;
        assert!(waited.is_err(), "it is kept");
        let dribbling = async {
            for byte in b"GET / HTTP/1.1\r\nX-Slow: ".iter().cycle() {
                if client.write_all(&[*byte]).await.is_err() {
                    return;
                }
                tokio::time::sleep(SHORT / 5).await;
            }
        };
        let head = tokio::select! {
            head = read(&mut requests, 4096) => head,
            () = dribbling => panic!("it is read on and on"),
        };
        assert!(head.starts_with(b"GET / HTTP/1.1\r\nhost: refused\r\n"));
        let refused = heads.next().refused.expect("refused");
        assert_eq!((refused.status, refused.method.as_str()), (StatusCode::REQUEST_TIMEOUT, "GET"));
    }

    #[tokio::test]
    async fn a_slow_body_is_no_slow_head() {
        let (mut requests, heads, mut client) = pair(SHORT);
        client.write_all(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n").await.expect("written");
        assert!(read(&mut requests, 4096).await.ends_with(b"\r\n\r\n"));
        let waited = tokio::time::timeout(SHORT * 10, read(&mut requests, 64)).await;
        assert!(waited.is_err(), "it may take as long as it likes");
        client.write_all(b"ok").await.expect("written");
        assert_eq!(read(&mut requests, 64).await, b"ok");
        assert!(heads.next().refused.is_none());
    }

    #[tokio::test]
    async fn another_protocol_passes_once_it_is_agreed() {
        let head =
            b"GET / HTTP/1.1\r\nTE: trailers\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        for is_switched in [true, false] {
            let (mut requests, heads, mut client) = pair(HEAD_LIMIT);
            client.write_all(head).await.expect("written");
            assert_eq!(read(&mut requests, 4096).await, head);
            assert!(heads.next().upgrades);
            client.write_all(b"\x01\x02\x03").await.expect("written");
            let early = tokio::time::timeout(SHORT, read(&mut requests, 64)).await;
            assert!(early.is_err(), "it is not known yet what that is");
            heads.decide(is_switched);
            let next = read(&mut requests, 4096).await;
            if is_switched {
                assert_eq!(next, b"\x01\x02\x03");
                client.write_all(b"GET / HTTP/9\r\n\r\n").await.expect("written");
                assert_eq!(read(&mut requests, 4096).await, b"GET / HTTP/9\r\n\r\n");
            } else {
                assert!(heads.next().refused.is_some(), "no request of HTTP");
            }
        }
    }
}
