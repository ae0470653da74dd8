//! The upstream's socket as hyper sees it.

use std::{
    io, mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    connection::MAX_BUFFER,
    delivery::Delivery,
    head::{
        raw,
        response::{self, Mended, ResponseHead, ResponseNotes},
    },
};

/// What is read at once while a head is expected.
const READ: usize = 16 << 10;

/// Passes bytes, but for heads: response heads are mended before hyper reads them, and interim ones
/// go to the client as they came.
pub struct UpstreamSocket<S> {
    stream: TokioIo<S>,
    heads: ResponseHeads,
    delivery: Delivery,
    reading: Reading,
    /// A head as far as it came, and what came with its end.
    buffer: Vec<u8>,
    /// How much of `buffer` was searched for the head's end.
    seen: usize,
    /// Bytes of interim heads before this answer.
    interim: usize,
    /// What goes out before anything else: a request line that hyper cannot write.
    before: Vec<u8>,
    /// Who waits for the first answer, before anything was asked.
    reader: Option<Waker>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Nothing was asked yet. What a server says unasked is an answer to the first request, as it
    /// is for other clients.
    Nothing,
    Head,
    /// What is in `buffer` goes to hyper.
    Handing,
    /// Bodies, protocols after an upgrade, and the silence between two exchanges: straight into
    /// hyper's buffer.
    Through,
}

/// What the sender of requests and the socket say to each other about heads.
#[derive(Clone, Default)]
pub struct ResponseHeads {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    next: Option<Expected>,
    notes: Option<ResponseNotes>,
}

/// A request that is about to be written, and how its answer is read.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// The target to write, where hyper's types do not hold it.
    pub target: Option<Vec<u8>>,
    /// The client understands 1xx.
    pub passes_interim: bool,
}

impl ResponseHeads {
    /// The next that hyper writes is a request head.
    pub fn expect(&self, expected: Expected) {
        self.lock().next = Some(expected);
    }

    /// About the head that hyper has just read.
    pub fn notes(&self) -> ResponseNotes {
        self.lock().notes.take().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> UpstreamSocket<S> {
    pub fn new(stream: S, heads: ResponseHeads, delivery: Delivery) -> Self {
        Self {
            stream: TokioIo::new(stream),
            heads,
            delivery,
            reading: Reading::Nothing,
            buffer: Vec::new(),
            seen: 0,
            interim: 0,
            before: Vec::new(),
            reader: None,
        }
    }

    /// Reads on into `buffer`; 0 at the end.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut bytes = [0; READ];
        let mut read = ReadBuf::new(&mut bytes);
        ready!(ending(Pin::new(self.stream.inner_mut()).poll_read(cx, &mut read)))?;
        self.buffer.extend_from_slice(read.filled());
        Poll::Ready(Ok(read.filled().len()))
    }

    /// Takes one whole head off the buffer's front. `false`: more is needed.
    fn take_head(&mut self) -> io::Result<bool> {
        let empty = raw::empty_lines(&self.buffer);
        self.buffer.drain(..empty);
        let Some(length) = raw::length(&self.buffer, self.seen) else {
            self.seen = self.buffer.len();
            if self.seen > MAX_BUFFER {
                return Err(io::Error::other(format!(
                    "the upstream's head is longer than {} KiB",
                    MAX_BUFFER >> 10
                )));
            }
            return Ok(false);
        };
        self.seen = 0;
        let rest = self.buffer.split_off(length);
        let head = mem::replace(&mut self.buffer, rest);
        match response::read(&head)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?
        {
            ResponseHead::Interim => self.pass_interim(&head)?,
            ResponseHead::Final(Mended { mut bytes, notes }) => {
                bytes.append(&mut self.buffer);
                self.buffer = bytes;
                self.heads.lock().notes = Some(notes);
                self.reading = Reading::Handing;
            }
        }
        Ok(true)
    }

    fn pass_interim(&mut self, head: &[u8]) -> io::Result<()> {
        self.interim += head.len();
        if self.interim > MAX_BUFFER {
            return Err(io::Error::other(format!(
                "the upstream sends more than {} KiB of 1xx answers",
                MAX_BUFFER >> 10
            )));
        }
        self.delivery.inform(head);
        Ok(())
    }

    /// hyper begins to write a request. Gives how many of its bytes are not to be written: others
    /// go in their place.
    fn begin(&mut self, bytes: &[u8]) -> Option<usize> {
        let expected = self.heads.lock().next.take()?;
        self.reading = Reading::Head;
        self.interim = 0;
        self.buffer.clear();
        self.delivery.set_informed(expected.passes_interim);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        let target = expected.target?;
        // hyper writes a head in one piece.
        let line = bytes.split(|byte| *byte == b'\r').next()?;
        let method = line.split(|byte| *byte == b' ').next()?;
        self.before = [method, &target, b"HTTP/1.1"].join(&b' ');
        Some(line.len())
    }

    fn poll_before(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.before.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.before))?;
            self.before.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

/// TLS that ends without a word (`close_notify`) ends as TCP does: what that means, the body's
/// framing says. Agents' TLS takes it so.
fn ending(read: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
    match read {
        Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Poll::Ready(Ok(()))
        }
        read => read,
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Read for UpstreamSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            match this.reading {
                Reading::Through => {
                    return ending(Pin::new(&mut this.stream).poll_read(cx, buffer));
                }
                Reading::Handing => {
                    let length = buffer.remaining().min(this.buffer.len());
                    buffer.put_slice(this.buffer.get(..length).unwrap_or_default());
                    this.buffer.drain(..length);
                    if this.buffer.is_empty() {
                        this.buffer = Vec::new();
                        this.reading = Reading::Through;
                    }
                    return Poll::Ready(Ok(()));
                }
                Reading::Head => {
                    // At the end hyper is told so, and knows that it waits for an answer.
                    if !this.take_head()? && ready!(this.poll_fill(cx))? == 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
                Reading::Nothing => {
                    this.reader = Some(cx.waker().clone());
                    return Poll::Pending;
                }
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Write for UpstreamSocket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(replaced) = self.begin(bytes) {
            return Poll::Ready(Ok(replaced));
        }
        ready!(self.poll_before(cx))?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Some(replaced) = self.begin(bytes.first().map_or(&[], |first| first)) {
            return Poll::Ready(Ok(replaced));
        }
        ready!(self.poll_before(cx))?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_before(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
