//! Connections that change their protocol (WebSockets) pass as bytes both ways, and are recorded as
//! such.

use std::future::poll_fn;

use bytes::{Bytes, BytesMut};
use ccdump_record::{Headers, Side};
use http::{
    HeaderValue, Request, Response,
    header::{CONNECTION, UPGRADE},
};
use hyper::{
    body::Incoming,
    upgrade::{OnUpgrade, Upgraded},
};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};

use super::delivery::Delivery;
use crate::capture::{BodyRecorder, EndOf, ExchangeRecorder};

const BUFFER: usize = 16 << 10;

/// The client's side of an upgrade that the upstream has not agreed to yet.
pub struct Upgrading(OnUpgrade);

/// Asks the upstream for what the client asked us for.
pub fn begin(outgoing: &mut Request<Incoming>, protocol: &HeaderValue) -> Upgrading {
    let client = hyper::upgrade::on(&mut *outgoing);
    say(outgoing.headers_mut(), protocol);
    Upgrading(client)
}

/// The upstream agreed: passes bytes until either side ends.
pub fn pass(
    upgrading: Upgrading,
    response: &mut Response<Incoming>,
    protocol: &HeaderValue,
    recording: ExchangeRecorder,
) {
    let upstream = hyper::upgrade::on(&mut *response);
    say(response.headers_mut(), protocol);
    tokio::spawn(async move {
        let open = Open { recording, delivered: 0, is_over: false };
        if let (Ok(client), Ok(upstream)) = tokio::join!(upgrading.0, upstream) {
            run(client, upstream, open).await;
        }
    });
}

/// The upstream changed the protocol unasked: what it sends goes to the client as it is, `head`
/// first. hyper writes no such answer.
pub async fn pass_unasked(
    mut response: Response<Incoming>,
    head: &[u8],
    recording: ExchangeRecorder,
    delivery: &Delivery,
) {
    let mut open = Open { recording, delivered: 0, is_over: false };
    let upstream = hyper::upgrade::on(&mut response);
    hand(delivery, head).await;
    let Ok(upstream) = upstream.await else { return };
    let mut upstream = TokioIo::new(upstream);
    let recorded = open.recording.body(Side::Response);
    let mut buffer = BytesMut::with_capacity(BUFFER);
    while let Ok(1..) = upstream.read_buf(&mut buffer).await {
        let piece: Bytes = buffer.split().freeze();
        recorded.data(&piece);
        hand(delivery, &piece).await;
        open.delivered += piece.len() as u64;
        buffer.reserve(BUFFER);
    }
    open.finish();
}

/// Waits until the client's socket has it.
async fn hand(delivery: &Delivery, bytes: &[u8]) {
    delivery.hand_raw(bytes);
    poll_fn(|cx| delivery.poll_flushed(cx)).await;
}

fn say(fields: &mut http::HeaderMap, protocol: &HeaderValue) {
    fields.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    fields.insert(UPGRADE, protocol.clone());
}

/// Ends the exchange also when the task is dropped.
struct Open {
    recording: ExchangeRecorder,
    delivered: u64,
    is_over: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.is_over {
            self.recording.cut_off(self.delivered, None);
        }
    }
}

impl Open {
    /// The upstream ended it.
    fn finish(&mut self) {
        self.is_over = true;
        self.recording.end(EndOf::finished(self.delivered, Headers::new()));
    }
}

async fn run(client: Upgraded, upstream: Upgraded, mut open: Open) {
    let (mut from_client, mut to_client) = tokio::io::split(TokioIo::new(client));
    let (mut from_upstream, mut to_upstream) = tokio::io::split(TokioIo::new(upstream));
    let request = open.recording.body(Side::Request);
    let response = open.recording.body(Side::Response);
    let mut passed_on = 0;
    let ended_by_upstream = tokio::select! {
        () = copy(&mut from_client, &mut to_upstream, &request, &mut passed_on) => false,
        () = copy(&mut from_upstream, &mut to_client, &response, &mut open.delivered) => true,
    };
    // The other direction may have a last word, such as the answer to a close frame.
    if ended_by_upstream {
        request.request_over(Some(Headers::new()));
        to_client.shutdown().await.ok();
        open.finish();
    } else {
        to_upstream.shutdown().await.ok();
    }
}

async fn copy(
    from: &mut ReadHalf<TokioIo<Upgraded>>,
    to: &mut WriteHalf<TokioIo<Upgraded>>,
    recording: &BodyRecorder,
    delivered: &mut u64,
) {
    let mut buffer = BytesMut::with_capacity(BUFFER);
    loop {
        buffer.reserve(BUFFER);
        match from.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let piece: Bytes = buffer.split().freeze();
        recording.data(&piece);
        if to.write_all(&piece).await.is_err() || to.flush().await.is_err() {
            return;
        }
        *delivered += piece.len() as u64;
    }
}
