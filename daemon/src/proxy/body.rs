//! Bodies that are recorded as they pass.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use ccdump_record::Headers;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;

use super::{connection::ClientConnection, delivery::Delivery, driver::Driver, headers};
use crate::capture::{BodyRecorder, Recorder};

/// A request body on its way to the upstream.
pub struct RequestBody {
    inner: Incoming,
    recording: BodyRecorder,
    recorder: Recorder,
}

impl RequestBody {
    pub fn new(inner: Incoming, recording: BodyRecorder, recorder: Recorder) -> Self {
        Self { inner, recording, recorder }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.recording.data(data);
                } else if let Some(trailers) = frame.trailers_ref() {
                    self.recording
                        .request_over(Some(self.recorder.headers(&headers::fields(trailers))));
                }
            }
            Some(Err(_)) => self.recording.request_over(None),
            None => self.recording.request_over(Some(Headers::new())),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        // hyper does not ask a body of known length for its end.
        let is_read = self.inner.is_end_stream();
        self.recording.request_over(is_read.then(Headers::new));
    }
}

/// A response body on its way to the client.
pub enum ResponseBody {
    Upstream(UpstreamBody),
    /// An answer of the proxy's own, not recorded as the upstream's.
    Own(Full<Bytes>),
}

/// How the end of a response is told to the client, where that is not as usual.
#[derive(Debug, Clone, Copy)]
pub struct ToClient {
    /// Of an answer that has no body, and whose head is to say how long it would be.
    pub told_length: Option<u64>,
    /// The client speaks HTTP/1.0, and is told no length.
    pub ends_with_connection: bool,
}

pub struct UpstreamBody {
    inner: Incoming,
    recording: BodyRecorder,
    recorder: Recorder,
    delivery: Delivery,
    driver: Driver,
    trailers: Headers,
    state: Passing,
    /// The length that the head of an answer without a body tells (304): hyper writes it only of a
    /// body that has it.
    told_length: Option<u64>,
    /// The client speaks HTTP/1.0, and was told no length.
    ends_with_connection: bool,
}

enum Passing {
    Open,
    /// The upstream broke; the error is passed on once all before it was delivered.
    Broken(hyper::Error),
    Over,
}

impl UpstreamBody {
    pub fn new(
        inner: Incoming,
        recording: BodyRecorder,
        client: &ClientConnection,
        framing: ToClient,
    ) -> Self {
        let ToClient { told_length, ends_with_connection } = framing;
        Self {
            inner,
            recording,
            recorder: client.proxy.recorder.clone(),
            delivery: client.delivery.clone(),
            driver: client.driver.clone(),
            trailers: Headers::new(),
            state: Passing::Open,
            told_length,
            ends_with_connection,
        }
    }

    /// The next frame. What the upstream's socket holds is read at once, so that what came together
    /// goes out together.
    fn poll_inner(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        self.driver.drive(cx);
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Passing::Open = self.state {
            match ready!(self.poll_inner(cx)) {
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        self.recording.data(data);
                        self.delivery.handed(data.len() as u64);
                    } else if let Some(trailers) = frame.trailers_ref() {
                        self.trailers = self.recorder.headers(&headers::fields(trailers));
                    }
                    return Poll::Ready(Some(Ok(frame)));
                }
                Some(Err(error)) => self.state = Passing::Broken(error),
                None => {
                    self.finish();
                    return Poll::Ready(None);
                }
            }
        }
        if let Passing::Broken(_) = self.state {
            ready!(self.delivery.poll_flushed(cx));
        }
        match std::mem::replace(&mut self.state, Passing::Over) {
            Passing::Broken(error) => {
                // A body that ends with the connection can be told from a whole one by nothing
                // else.
                if is_reset(&error) || self.ends_with_connection {
                    self.delivery.reset_on_close();
                }
                self.delivery.broken_by_upstream(describe(&error));
                Poll::Ready(Some(Err(error)))
            }
            Passing::Open | Passing::Over => Poll::Ready(None),
        }
    }

    fn finish(&mut self) {
        self.state = Passing::Over;
        self.delivery.finish(std::mem::take(&mut self.trailers));
    }
}

impl Drop for UpstreamBody {
    fn drop(&mut self) {
        match self.state {
            Passing::Over => {}
            // hyper does not ask a body of known length, or one that ended in trailers, for its
            // end.
            Passing::Open if self.inner.is_end_stream() || !self.trailers.is_empty() => {
                self.finish()
            }
            // The end of the connection says who it was.
            Passing::Open | Passing::Broken(_) => {}
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.get_mut() {
            Self::Upstream(body) => body.poll(cx),
            Self::Own(body) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Upstream(body) => body.told_length.is_none() && body.inner.is_end_stream(),
            Self::Own(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Upstream(body) => {
                body.told_length.map_or_else(|| body.inner.size_hint(), SizeHint::with_exact)
            }
            Self::Own(body) => body.size_hint(),
        }
    }
}

/// Whether the other side reset the connection, as opposed to closing it.
pub fn is_reset(error: &hyper::Error) -> bool {
    io_error(error).is_some_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
}

/// The error with its cause.
pub fn describe(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn io_error(error: &hyper::Error) -> Option<&io::Error> {
    std::error::Error::source(error)?.downcast_ref()
}
