//! The gRPC server on the socket.

use std::{convert::Infallible, time::Duration};

use ccdump_wire::{DESCRIPTORS, v1::ccdump_service_server::CcdumpServiceServer};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;

use super::{
    Service, Socket,
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

/// Serves until `stop`.
pub async fn serve(
    socket: Socket,
    service: Service,
    mut stop: Stop,
) -> Result<(), tonic::transport::Error> {
    // Its file goes at the end.
    let Socket { listener, file: _file } = socket;
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
    tokio::select! {
        served = router.serve_with_incoming(ReceiverStream::new(incoming)) => served,
        never = accept(listener, accepted) => match never {},
        // Streams to viewers never end by themselves: they are cut, and reconnect to the next
        // daemon.
        () = stop.wait() => Ok(()),
        never = close_idle(readers) => match never {},
    }
}

async fn close_idle(readers: Readers) -> Infallible {
    let mut now_and_then = tokio::time::interval(KEPT_FOR);
    loop {
        now_and_then.tick().await;
        readers.close_idle();
    }
}
