//! One exchange, from the client's request to the upstream's response.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Request, Response, StatusCode, Version,
    header::{CONNECTION, CONTENT_TYPE, HOST, TRANSFER_ENCODING, UPGRADE},
    uri::PathAndQuery,
};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;

use super::{
    body::{RequestBody, ResponseBody, UpstreamBody, describe, is_reset},
    connection::ClientConnection,
    delivery::Delivery,
    headers, prefix,
    route::BaseUrl,
    upgrade,
    upstream::{ConnectError, Sent, UpstreamConnection},
};
use crate::{
    capture::{EndOf, ExchangeRecorder, RequestHead},
    store::event::{ClosedBy, Headers, Side},
};

/// Answers a request with what the upstream answers. An error closes the client's connection without an answer: that is what the
/// client would have seen of an upstream that broke before answering.
pub async fn exchange(client: &ClientConnection, mut request: Request<Incoming>) -> Result<Response<ResponseBody>, hyper::Error> {
    let proxy = &client.proxy;
    if let Some(refusal) = proxy.guard.refuses(request.version(), request.uri(), request.headers(), client.local) {
        return Ok(own_answer(refusal.status, "refused", &refusal.reason));
    }
    let credentials = match prefix::take(&mut request) {
        Ok(credentials) => credentials,
        Err(error) => return Ok(own_answer(StatusCode::BAD_REQUEST, "refused", &error.to_string())),
    };
    if let Some(refusal) = proxy.guard.refuses_without_token(&credentials) {
        return Ok(own_answer(refusal.status, "refused", &refusal.reason));
    }
    let (provider, base) = proxy.upstreams.route(request.uri(), request.headers());
    let upstream_name = base.to_string();
    let recording = proxy.recorder.open(&RequestHead {
        method: request.method().as_str(),
        target: request.uri().path_and_query().map_or("/", PathAndQuery::as_str),
        provider: provider.as_str(),
        upstream: &upstream_name,
        headers: headers::fields(request.headers()),
    });
    // From here on the exchange ends however this future does: hyper drops it when the client leaves.
    let open = OpenExchange(Some(recording.clone()));

    let client_version = request.version();
    let Some(mut outgoing) = prepare(request, base, &client.delivery) else {
        return Ok(open.unreachable("the request target and the upstream's path make no valid target"));
    };
    let protocol = headers::upgrade_of(outgoing.headers());
    headers::remove_hop_by_hop(outgoing.headers_mut());
    let upgrading = protocol.map(|protocol| upgrade::begin(&mut outgoing, &protocol));
    let outgoing = outgoing.map(|body| RequestBody::new(body, recording.body(Side::Request), proxy.recorder.clone()));

    let (mut response, connect) = match send(client, base, outgoing).await {
        Ok((Sent::Response(response), connect)) => (response, connect),
        Ok((Sent::Failed(error), _)) => {
            open.broken(&error, &client.delivery);
            return Err(error);
        }
        Ok((Sent::Unsent(request), _)) => {
            read_to_end(*request).await;
            return Ok(open.unreachable("the upstream closes every connection before the request"));
        }
        Err((request, error)) => {
            read_to_end(*request).await;
            return Ok(open.unreachable(&error.to_string()));
        }
    };

    recording.response_head(response.status().as_u16(), &headers::fields(response.headers()), connect);
    let closes = headers::says_close(response.headers()) || response.version() == Version::HTTP_10;
    let protocol = headers::upgrade_of(response.headers());
    headers::remove_hop_by_hop(response.headers_mut());
    *response.version_mut() = client_version;
    if client_version == Version::HTTP_10 {
        response.headers_mut().remove(TRANSFER_ENCODING);
    }
    if response.status() == StatusCode::SWITCHING_PROTOCOLS
        && let (Some(upgrading), Some(protocol)) = (upgrading, protocol)
    {
        open.hand_over();
        upgrade::pass(upgrading, &mut response, &protocol, recording);
        if let Some(moving) = client.driver.give_away() {
            tokio::spawn(moving);
        }
        return Ok(response.map(|_| ResponseBody::Own(Full::default())));
    }
    if closes {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    open.hand_over();
    client.delivery.begin(recording.clone());
    let body = |inner| UpstreamBody::new(inner, recording.body(Side::Response), client);
    Ok(response.map(|inner| ResponseBody::Upstream(body(inner))))
}

/// The request as it goes out, but for its hop-by-hop fields.
fn prepare(request: Request<Incoming>, base: &BaseUrl, delivery: &Delivery) -> Option<Request<Incoming>> {
    let target = base.target(request.uri())?;
    let mut outgoing = request;
    *outgoing.uri_mut() = target;
    *outgoing.version_mut() = Version::HTTP_11;
    outgoing.headers_mut().insert(HOST, base.authority.clone());
    let delivery = delivery.clone();
    hyper::ext::on_informational(&mut outgoing, move |response| {
        // hyper has asked the client to continue already.
        if response.status() != StatusCode::CONTINUE {
            delivery.inform(&head_bytes(response.status(), response.headers()));
        }
    });
    Some(outgoing)
}

/// Sends on the connection of the request before, or on a new one, and says what it took to open that. A request of which nothing was
/// sent may go out again.
async fn send(
    client: &ClientConnection,
    base: &BaseUrl,
    mut request: Request<RequestBody>,
) -> Result<(Sent, Duration), (Box<Request<RequestBody>>, ConnectError)> {
    let mut upstream = client.upstream.lock().await;
    let kept: Option<UpstreamConnection> = upstream.take().filter(|kept| kept.is_good_for(base, &client.delivery));
    if let Some(mut kept) = kept {
        match kept.send(request).await {
            Sent::Unsent(unsent) => request = *unsent,
            sent => {
                *upstream = Some(kept);
                return Ok((sent, Duration::ZERO));
            }
        }
    }
    let begun = Instant::now();
    let (mut new, moving) = match client.proxy.connector.connect(base).await {
        Ok(new) => new,
        Err(error) => return Err((Box::new(request), error)),
    };
    // Nothing is what it took where nothing was opened.
    let connect = begun.elapsed().max(Duration::from_micros(1));
    client.driver.replace(moving);
    let sent = new.send(request).await;
    *upstream = Some(new);
    Ok((sent, connect))
}

/// A client reads no answer before it has sent its request; what it sends is recorded on the way.
async fn read_to_end(request: Request<RequestBody>) {
    let mut body = request.into_body();
    while let Some(Ok(_)) = body.frame().await {}
}

/// Ends the exchange when it is dropped, unless the response body has taken that over.
struct OpenExchange(Option<ExchangeRecorder>);

impl OpenExchange {
    fn hand_over(mut self) {
        self.0 = None;
    }

    fn end(mut self, closed_by: ClosedBy, error: String) {
        if let Some(exchange) = self.0.take() {
            exchange.end(EndOf { closed_by, delivered: 0, error: Some(error), trailers: Headers::new() });
        }
    }

    fn unreachable(self, reason: &str) -> Response<ResponseBody> {
        self.end(ClosedBy::Unreachable, reason.to_owned());
        own_answer(StatusCode::BAD_GATEWAY, "upstream_unreachable", reason)
    }

    /// The connection broke before an answer.
    fn broken(self, error: &hyper::Error, delivery: &Delivery) {
        if is_reset(error) {
            delivery.reset_on_close();
        }
        // The request could not be read: it was the client that left, which the drop will say.
        if !error.is_user() {
            self.end(ClosedBy::Upstream, describe(error));
        }
    }
}

impl Drop for OpenExchange {
    fn drop(&mut self) {
        if let Some(exchange) = self.0.take() {
            exchange.cut_off(0);
        }
    }
}

/// An answer that is not the upstream's. Its shape is the providers', so that clients show the message.
fn own_answer(status: StatusCode, kind: &str, reason: &str) -> Response<ResponseBody> {
    let message = format!("ccdump: {reason}");
    let body = serde_json::json!({"type": "error", "error": {"type": format!("ccdump_{kind}"), "message": message}}).to_string();
    let mut response = Response::new(ResponseBody::Own(Full::new(Bytes::from(body))));
    *response.status_mut() = status;
    let fields = response.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let printable: String = reason.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').collect();
    if let Ok(reason) = HeaderValue::from_str(&format!("{kind}: {printable}")) {
        fields.insert("x-ccdump-error", reason);
    }
    response
}

/// An informational response as it goes over the wire.
fn head_bytes(status: StatusCode, fields: &HeaderMap) -> Vec<u8> {
    let mut head = String::new();
    // Writing to a string does not fail.
    let _: Result<(), _> = write!(head, "HTTP/1.1 {} {}\r\n", status.as_str(), status.canonical_reason().unwrap_or_default());
    let mut head = head.into_bytes();
    for (name, value) in fields {
        if name != CONNECTION && name != UPGRADE {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
    }
    head.extend_from_slice(b"\r\n");
    head
}
