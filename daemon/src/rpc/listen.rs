//! The Unix socket, and the gRPC server on it.

use std::{
    convert::Infallible,
    fs, io,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use ccdump_wire::{DESCRIPTORS, endpoint, v1::ccdump_service_server::CcdumpServiceServer};
use tokio::{net::UnixListener, sync::mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;

use super::{
    Service,
    accept::accept,
    limits::{Limits, STREAMS},
};
use crate::{
    stop::Stop,
    store::reader::{KEPT_FOR, Readers},
};

/// A viewer that died without a word (a cut SSH tunnel) is noticed after this long.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// Bytes that a caller may have sent and the daemon not read yet: of one call, of one connection.
const CALL_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 256 << 10;
/// Bytes of a call's headers.
const HEADERS: u32 = 8 << 10;
/// Bytes of what is asked: a view state of a mebibyte, and what goes with it.
const LARGEST_REQUEST: usize = 2 << 20;

/// A bound socket; its file goes when this is dropped.
pub struct Socket {
    path: PathBuf,
    listener: UnixListener,
}

#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    #[error("cannot make the folder {path} for the socket: {source}; pass --socket")]
    Folder { path: PathBuf, source: io::Error },
    #[error("cannot listen on {path}: {source}; pass another --socket")]
    Bind { path: PathBuf, source: io::Error },
    #[error("another program listens on {0}; pass another --socket")]
    Taken(PathBuf),
    #[error(transparent)]
    Path(#[from] endpoint::EndpointError),
}

impl Socket {
    /// Binds `path`, readable for this user only. The caller holds the lock of the data folder, so a socket that nobody answers on is a
    /// leftover and is replaced.
    pub fn bind(path: &Path) -> Result<Self, SocketError> {
        endpoint::check_socket(path)?;
        if let Some(folder) = path.parent()
            && !folder.exists()
        {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|source| SocketError::Folder { path: folder.to_owned(), source })?;
        }
        let failed = |source| SocketError::Bind { path: path.to_owned(), source };
        if path.exists() {
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(SocketError::Taken(path.to_owned()));
            }
            fs::remove_file(path).map_err(failed)?;
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self { path: path.to_owned(), listener })
    }
}

/// Serves until `stop`.
pub async fn serve(socket: Socket, service: Service, mut stop: Stop) -> Result<(), tonic::transport::Error> {
    let Socket { path, listener } = socket;
    let readers = service.readers.clone();
    let (health_reporter, health) = tonic_health::server::health_reporter();
    health_reporter.set_serving::<CcdumpServiceServer<Service>>().await;
    let mut server = Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE))
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(CALL_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_max_header_list_size(HEADERS)
        .layer(Limits::default());
    let ours = CcdumpServiceServer::new(service).max_decoding_message_size(LARGEST_REQUEST);
    let mut router = server.add_service(ours).add_service(health);
    // Built from our own descriptors: if that fails, grpcurl has to do without.
    if let Ok(reflection) = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
    {
        router = router.add_service(reflection);
    }
    let (accepted, incoming) = mpsc::channel(1);
    let served = tokio::select! {
        served = router.serve_with_incoming(ReceiverStream::new(incoming)) => served,
        never = accept(listener, accepted) => match never {},
        // Streams to viewers never end by themselves: they are cut, and reconnect to the next daemon.
        () = stop.wait() => Ok(()),
        never = close_idle(readers) => match never {},
    };
    // Somebody may have removed it already.
    fs::remove_file(path).ok();
    served
}

async fn close_idle(readers: Readers) -> Infallible {
    let mut now_and_then = tokio::time::interval(KEPT_FOR);
    loop {
        now_and_then.tick().await;
        readers.close_idle();
    }
}
