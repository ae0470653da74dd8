//! One client connection: HTTP/1.1 in, each request handed to `forward`.

use std::{
    future::poll_fn,
    net::{IpAddr, Ipv4Addr},
    pin::{Pin, pin},
    sync::Arc,
};

use http::StatusCode;
use hyper::{server::conn::http1, service::service_fn};
use tokio::{net::TcpStream, sync::Mutex};

use super::{
    Proxy, body, delivery::Delivery, driver::Driver, forward, requests::RequestHeads, route::Told,
    socket::ClientSocket, upstream::UpstreamConnection,
};
use crate::stop::Stop;

/// Header fields in a head at most; hyper's own limit of 100 is too low for what agents send
/// through gateways.
pub const MAX_HEADERS: usize = 1024;
/// Bytes of a head at most, and of what is buffered per direction.
pub const MAX_BUFFER: usize = 1 << 20;

/// What the requests of one connection share. They come one after the other.
pub struct ClientConnection {
    pub proxy: Arc<Proxy>,
    /// Our address, as the client reached it.
    pub local: IpAddr,
    pub delivery: Delivery,
    /// The connection that the last request went out on.
    pub upstream: Mutex<Option<UpstreamConnection>>,
    /// Which provider its requests were for.
    pub told: Told,
    /// What moves its bytes.
    pub driver: Driver,
}

/// Serves a connection until either side closes it; on `stop` after the exchange that is under way.
pub async fn serve(proxy: Arc<Proxy>, stream: TcpStream, mut stop: Stop) -> hyper::Result<()> {
    // Without it, small events wait for the acknowledgement of the ones before. A socket that
    // cannot have it still works.
    stream.set_nodelay(true).ok();
    let local = stream.local_addr().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip());
    let delivery = Delivery::default();
    let heads = RequestHeads::default();
    let socket = ClientSocket::new(stream, heads.clone(), delivery.clone());
    let driver = Driver::default();
    let client = Arc::new(ClientConnection {
        proxy,
        local,
        delivery: delivery.clone(),
        upstream: Mutex::new(None),
        told: Told::default(),
        driver: driver.clone(),
    });

    let service = service_fn(move |request| {
        let client = client.clone();
        let notes = heads.next();
        let heads = heads.clone();
        async move {
            let upgrades = notes.upgrades;
            let answer = forward::exchange(&client, request, notes).await;
            if upgrades {
                heads.decide(
                    answer
                        .as_ref()
                        .is_ok_and(|answer| answer.status() == StatusCode::SWITCHING_PROTOCOLS),
                );
            }
            answer
        }
    });
    let mut connection = http1::Builder::new()
        .preserve_header_case(true)
        .auto_date_header(false)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER)
        .serve_connection(socket, service)
        .with_upgrades();
    let mut stop = pin!(stop.wait());
    let mut is_stopping = false;
    let served = poll_fn(|cx| {
        if !is_stopping && stop.as_mut().poll(cx).is_ready() {
            is_stopping = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        // Both sides in one task: what one of them reads, the other writes without a thread being
        // woken in between.
        driver.drive(cx);
        let served = Pin::new(&mut connection).poll(cx);
        driver.drive(cx);
        served
    })
    .await;
    if let Err(error) = &served {
        delivery.fail(body::describe(error));
    }
    served
}
