//! Connections to upstreams.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::Request;
use hyper::client::conn::http1::{self, SendRequest};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_util::either::Either;

use super::{
    body::RequestBody,
    connect::{self, CONNECT_LIMIT, TcpError},
    connection::{MAX_BUFFER, MAX_HEADERS},
    delivery::Delivery,
    driver::Moving,
    head::response::ResponseNotes,
    headers,
    http_proxy::TunnelError,
    outbound::Outbound,
    route::BaseUrl,
    tls,
    upstream_socket::{Expected, ResponseHeads, UpstreamSocket},
};

/// Servers close connections that idle; a request must not cross such a close. Load balancers wait
/// for 60 s at least.
const IDLE_OUT: Duration = Duration::from_secs(55);

/// An HTTP/1.1 connection to one upstream, for one request after the other.
pub struct UpstreamConnection {
    base: BaseUrl,
    sender: SendRequest<RequestBody>,
    heads: ResponseHeads,
    /// How long it may idle; `None`: the server closes it.
    idle_limit: Option<Duration>,
}

#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error(transparent)]
    Tcp(#[from] TcpError),
    #[error("the proxy {proxy} is not to be had: {source}")]
    Proxy { proxy: String, source: Box<ConnectError> },
    #[error("{source} ({why})")]
    Unproxied { source: Box<ConnectError>, why: String },
    #[error(transparent)]
    Tunnel(#[from] TunnelError),
    #[error("no TLS with {host}: {reason}")]
    Tls { host: String, reason: String },
    #[error("no HTTP with {host}: {source}")]
    Http { host: String, source: hyper::Error },
}

/// What came of a request.
pub enum Sent {
    Response(Box<http::Response<hyper::body::Incoming>>, ResponseNotes),
    /// Nothing of it was sent: the connection had been closed.
    Unsent(Box<Request<RequestBody>>),
    Failed(hyper::Error),
}

impl UpstreamConnection {
    /// Whether another request to `base` may go out on it.
    pub fn is_good_for(&self, base: &BaseUrl, delivery: &Delivery) -> bool {
        let Some(limit) = self.idle_limit else { return false };
        let is_fresh = delivery.idle_since().is_none_or(|since| since.elapsed() < limit);
        is_fresh && self.base == *base && !self.sender.is_closed()
    }

    pub async fn send(&mut self, request: Request<RequestBody>, expected: Expected) -> Sent {
        if self.sender.ready().await.is_err() {
            return Sent::Unsent(Box::new(request));
        }
        self.heads.expect(expected);
        match self.sender.try_send_request(request).await {
            Ok(response) => {
                let notes = self.heads.notes();
                let told = headers::idle_limit(response.headers()).unwrap_or(IDLE_OUT);
                self.idle_limit = (!notes.closes).then_some(told.min(IDLE_OUT));
                Sent::Response(Box::new(response), notes)
            }
            Err(mut error) => match error.take_message() {
                Some(request) => Sent::Unsent(Box::new(request)),
                None => Sent::Failed(error.into_error()),
            },
        }
    }
}

/// Opens connections.
pub struct Connector {
    /// Set up when first needed: reading the system's certificates takes a while.
    tls: OnceLock<Result<Arc<ClientConfig>, String>>,
    outbound: Outbound,
}

impl Connector {
    pub fn new(outbound: Outbound) -> Self {
        Self { tls: OnceLock::new(), outbound }
    }

    /// The second of the two moves the bytes of the first.
    pub async fn connect(
        &self,
        base: &BaseUrl,
        delivery: &Delivery,
    ) -> Result<(UpstreamConnection, Moving), ConnectError> {
        let stream = self.reach(base).await?;
        let heads = ResponseHeads::default();
        let (sender, moving) = if base.is_tls {
            let stream = self.connect_tls(&base.host, stream).await?;
            handshake(UpstreamSocket::new(stream, heads.clone(), delivery.clone()), base).await?
        } else {
            handshake(UpstreamSocket::new(stream, heads.clone(), delivery.clone()), base).await?
        };
        Ok((
            UpstreamConnection { base: base.clone(), sender, heads, idle_limit: Some(IDLE_OUT) },
            moving,
        ))
    }

    /// A connection to an upstream, or a tunnel to it where a proxy leads there.
    async fn reach(&self, base: &BaseUrl) -> Result<Way, ConnectError> {
        let Some(proxy) = self.outbound.proxy_for(base.is_tls, &base.host, base.port) else {
            let opened = open(&base.host, base.port).await;
            return opened.map(Either::Left).map_err(|error| match self.outbound.unusable() {
                Some(why) => {
                    ConnectError::Unproxied { source: Box::new(error), why: why.to_owned() }
                }
                None => error,
            });
        };
        let unreachable = |error: ConnectError| ConnectError::Proxy {
            proxy: proxy.to_string(),
            source: Box::new(error),
        };
        let stream = open(&proxy.host, proxy.port).await.map_err(unreachable)?;
        let to_proxy = if proxy.is_tls {
            Either::Right(Box::new(
                self.connect_tls(&proxy.host, stream).await.map_err(unreachable)?,
            ))
        } else {
            Either::Left(stream)
        };
        Ok(proxy.tunnel(to_proxy, &base.host, base.port).await?)
    }

    async fn connect_tls<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        host: &str,
        stream: S,
    ) -> Result<TlsStream<S>, ConnectError> {
        let failed = |reason: String| ConnectError::Tls { host: host.to_owned(), reason };
        let config = self
            .tls
            .get_or_init(|| tls::client_config().map_err(|error| error.to_string()))
            .clone()
            .map_err(failed)?;
        let name =
            ServerName::try_from(host.to_owned()).map_err(|error| failed(error.to_string()))?;
        let shaking = TlsConnector::from(config).connect(name, stream);
        let shaken = timeout(CONNECT_LIMIT, shaking).await;
        let in_time = shaken.map_err(|_| {
            failed(format!("it did not answer within {} s", CONNECT_LIMIT.as_secs()))
        })?;
        in_time.map_err(|error| failed(error.to_string()))
    }
}

/// The bytes' way to an upstream: a connection, also one that a proxy has made a tunnel of, or one
/// to a proxy that speaks TLS itself.
type Way = Either<TcpStream, Box<TlsStream<TcpStream>>>;

async fn open(host: &str, port: u16) -> Result<TcpStream, ConnectError> {
    let stream = connect::connect(host, port).await?;
    // As towards the client.
    stream.set_nodelay(true).ok();
    Ok(stream)
}

async fn handshake<S>(
    socket: UpstreamSocket<S>,
    base: &BaseUrl,
) -> Result<(SendRequest<RequestBody>, Moving), ConnectError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .preserve_header_case(true)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER)
        .handshake(socket)
        .await
        .map_err(|source| ConnectError::Http { host: base.host.clone(), source })?;
    let connection = connection.with_upgrades();
    let moving = Box::pin(async move { connection.await.unwrap_or_default() });
    Ok((sender, moving))
}
