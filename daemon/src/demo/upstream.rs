//! The scripted API.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt as _, Either, Full, StreamBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_stream::wrappers::ReceiverStream;

use super::{
    Pace,
    answer::{Answer, Content, Piece},
    desk::Desk,
};

type Frames = ReceiverStream<Result<Frame<Bytes>, Infallible>>;
type Body = Either<Full<Bytes>, StreamBody<Frames>>;

pub struct Upstream {
    listener: TcpListener,
    desk: Arc<Desk>,
    pace: Pace,
}

impl Upstream {
    /// On loopback, at a port of the system's choice.
    pub async fn bind(desk: Arc<Desk>, pace: Pace) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind("127.0.0.1:0").await?, desk, pace })
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until it is dropped.
    pub async fn serve(self) {
        // Whatever may go wrong here, the proxy is told by the connection that it does not get.
        while let Ok((stream, _)) = self.listener.accept().await {
            tokio::spawn(serve_one(stream, self.desk.clone(), self.pace));
        }
    }
}

async fn serve_one(stream: TcpStream, desk: Arc<Desk>, pace: Pace) {
    stream.set_nodelay(true).ok();
    let service = service_fn(|request| respond(request, &desk, pace));
    // It ends with an error when the proxy leaves in the middle of an answer. That is part of the
    // story.
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
}

async fn respond(
    request: Request<Incoming>,
    desk: &Desk,
    pace: Pace,
) -> Result<Response<Body>, hyper::Error> {
    let path = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
    let body = request.into_body().collect().await?.to_bytes();
    let answer = desk.take(&path, body).unwrap_or_else(Answer::not_found);
    let (content_type, body) = match answer.body {
        Content::Json { after, bytes } => {
            pace.pause(after).await;
            ("application/json", Either::Left(Full::new(bytes)))
        }
        Content::Stream { pieces, hangs } => {
            let (frames, body) = mpsc::channel(1);
            tokio::spawn(send(pieces, hangs, frames, pace));
            (
                "text/event-stream; charset=utf-8",
                Either::Right(StreamBody::new(ReceiverStream::new(body))),
            )
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(id) = HeaderValue::from_str(&answer.request_id) {
        headers.insert("request-id", id);
    }
    for (name, value) in QUOTA {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// What is left of a plan comes with every answer.
const QUOTA: [(&str, &str); 5] = [
    ("anthropic-ratelimit-unified-status", "allowed"),
    ("anthropic-ratelimit-unified-5h-status", "allowed"),
    ("anthropic-ratelimit-unified-5h-utilization", "0.31"),
    ("anthropic-ratelimit-unified-7d-status", "allowed"),
    ("anthropic-ratelimit-unified-7d-utilization", "0.12"),
];

async fn send(
    pieces: Vec<Piece>,
    hangs: bool,
    frames: mpsc::Sender<Result<Frame<Bytes>, Infallible>>,
    pace: Pace,
) {
    for piece in pieces {
        pace.pause(piece.after).await;
        if frames.send(Ok(Frame::data(piece.bytes))).await.is_err() {
            return;
        }
    }
    if hangs {
        frames.closed().await;
    }
}
