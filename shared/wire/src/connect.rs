//! A gRPC channel over a Unix socket.

use std::{
    io,
    path::{Path, PathBuf},
};

use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint};

/// No daemon answers at that path.
#[derive(Debug, thiserror::Error)]
#[error("no daemon at {socket}: {source}")]
pub struct ConnectError {
    pub socket: PathBuf,
    #[source]
    pub source: io::Error,
}

/// Connects to the daemon at `socket`. The channel does not reconnect by itself in a way a caller
/// could rely on: after an error make a new one, so that the caller decides how long to wait.
pub async fn unix(socket: &Path) -> Result<Channel, ConnectError> {
    let failed = |source| ConnectError { socket: socket.to_owned(), source };
    let path = socket.to_owned();
    // The address is never resolved: the connector below ignores it.
    Endpoint::from_static("http://ccdump.invalid")
        .connect_with_connector(tower::service_fn(move |_| {
            let path = path.clone();
            async move { UnixStream::connect(path).await.map(TokioIo::new) }
        }))
        .await
        .map_err(|error| failed(root_cause(&error)))
}

/// tonic wraps the reason several layers deep; people want the innermost ("Connection refused").
fn root_cause(error: &(dyn std::error::Error + 'static)) -> io::Error {
    let mut innermost: &(dyn std::error::Error + 'static) = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    match innermost.downcast_ref::<io::Error>() {
        Some(error) => io::Error::from(error.kind()),
        None => io::Error::other(innermost.to_string()),
    }
}
