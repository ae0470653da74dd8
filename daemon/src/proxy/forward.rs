//! One exchange, from the client's request to the upstream's response.

use std::{
    borrow::Cow,
    mem,
    time::{Duration, Instant},
};

use bytes::Bytes;
use ccdump_provider::provider::Provider;
use ccdump_record::{ClosedBy, Side};
use http::{
    HeaderValue, Request, Response, StatusCode, Version,
    header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, TE, TRANSFER_ENCODING},
    uri::PathAndQuery,
};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, ext::ReasonPhrase};

use super::{
    body::{RequestBody, ResponseBody, ToClient, UpstreamBody, describe, is_reset},
    connection::ClientConnection,
    delivery::Delivery,
    head::{
        request::{Refused, RequestNotes},
        response::ResponseNotes,
    },
    headers, prefix, refusals,
    route::{BaseUrl, MISDIRECTED},
    upgrade,
    upstream::{ConnectError, Sent, UpstreamConnection},
    upstream_socket::Expected,
};
use crate::capture::{EndOf, ExchangeRecorder, RequestHead};

/// The client's connection is to be closed without an answer: that is what the client would have
/// seen of an upstream that broke before answering.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BrokenOff(String);

/// Answers a request with what the upstream answers. `notes`: what hyper does not tell of its head.
pub async fn exchange(
    client: &ClientConnection,
    mut request: Request<Incoming>,
    mut notes: RequestNotes,
) -> Result<Response<ResponseBody>, BrokenOff> {
    let proxy = &client.proxy;
    if let Some(Refused { status, reason, method, target }) = notes.refused {
        let words = Words { method: &method, target: &target, mended: &[], headers: Vec::new() };
        return Ok(refuse(client, &words, status, &reason));
    }
    if notes.has_added_te {
        // The last field of a map leaves no gap.
        request.headers_mut().remove(TE);
    }
    if let Some(expect) = notes.expect.take().and_then(|value| HeaderValue::from_bytes(&value).ok())
    {
        request.headers_mut().insert(EXPECT, expect);
    }
    if let Some(refusal) =
        proxy.guard.refuses(request.version(), request.uri(), request.headers(), client.local)
    {
        let target = target_text(&request, &notes);
        return Ok(refuse(
            client,
            &Words::of(&request, &target, &notes.mended),
            refusal.status,
            &refusal.reason,
        ));
    }
    let taken =
        prefix::take(&mut request).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()));
    let refused = taken.map(|credentials| proxy.guard.refuses_without_token(&credentials));
    let refused = refused
        .map_or_else(Some, |refusal| refusal.map(|refusal| (refusal.status, refusal.reason)));
    if let Some((status, reason)) = refused {
        let target = target_text(&request, &notes);
        return Ok(refuse(client, &Words::of(&request, &target, &notes.mended), status, &reason));
    }
    let route = proxy.upstreams.route(request.uri(), request.headers(), &client.told);
    let upstream_name = route.base.map(BaseUrl::to_string).unwrap_or_default();
    let target = target_text(&request, &notes);
    let Words { method, target, mended, headers } = Words::of(&request, &target, &notes.mended);
    let head = RequestHead {
        method,
        target,
        provider: route.provider.as_str(),
        upstream: &upstream_name,
        headers,
        mended,
    };
    let recording = proxy.recorder.open(&head);
    // From here on the exchange ends however this future does: hyper drops it when the client
    // leaves.
    let open =
        OpenExchange { exchange: Some(recording.clone()), delivery: client.delivery.clone() };

    let Some(base) = route.base else {
        read_to_end(request.map(|body| {
            RequestBody::new(body, recording.body(Side::Request), proxy.recorder.clone())
        }))
        .await;
        return Ok(open.misdirected());
    };
    let client_version = request.version();
    let Some((mut outgoing, expected)) = prepare(request, base, &notes) else {
        return Ok(open.refuse(
            StatusCode::BAD_REQUEST,
            "the request target and the upstream's path make no valid target",
        ));
    };
    let protocol = headers::upgrade_of(outgoing.headers());
    let fields = mem::take(outgoing.headers_mut());
    *outgoing.headers_mut() = headers::end_to_end(fields, None);
    let upgrading = protocol.map(|protocol| upgrade::begin(&mut outgoing, &protocol));
    let outgoing = outgoing
        .map(|body| RequestBody::new(body, recording.body(Side::Request), proxy.recorder.clone()));

    let (response, notes, connect) = match send(client, base, outgoing, expected).await {
        Ok((Sent::Response(response, notes), connect)) => (*response, notes, connect),
        Ok((Sent::Failed(error), _)) => return Err(open.broken(&error)),
        Ok((Sent::Unsent(_), _)) => return Err(open.closed()),
        Err((request, error)) => {
            read_to_end(*request).await;
            return Ok(open.unreachable(&error.to_string()));
        }
    };
    let fields = headers::fields(response.headers());
    recording.response_head(response.status().as_u16(), &fields, connect, &notes.mended);
    let protocol = headers::upgrade_of(response.headers());
    let mut response = for_client(response, &notes, client_version);
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        open.hand_over();
        if let Some(moving) = client.driver.give_away() {
            tokio::spawn(moving);
        }
        let (Some(upgrading), Some(protocol)) = (upgrading, protocol) else {
            upgrade::pass_unasked(response, &notes.raw, recording, &client.delivery).await;
            return Err(BrokenOff(
                "the upstream changed the protocol, and nobody had asked it to".into(),
            ));
        };
        upgrade::pass(upgrading, &mut response, &protocol, recording);
        return Ok(response.map(|_| ResponseBody::Own(Full::default())));
    }
    open.hand_over();
    client.delivery.begin(recording.clone());
    let framing = to_client(&response);
    let body = |inner| UpstreamBody::new(inner, recording.body(Side::Response), client, framing);
    Ok(response.map(|inner| ResponseBody::Upstream(body(inner))))
}

/// What is recorded of a request's head.
struct Words<'a> {
    method: &'a str,
    target: &'a str,
    mended: &'a [String],
    headers: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Words<'a> {
    fn of(request: &'a Request<Incoming>, target: &'a str, mended: &'a [String]) -> Self {
        Self {
            method: request.method().as_str(),
            target,
            mended,
            headers: headers::fields(request.headers()),
        }
    }
}

/// The target as it was sent, but for what was taken off its front.
fn target_text<'a>(request: &'a Request<Incoming>, notes: &'a RequestNotes) -> Cow<'a, str> {
    let sent = notes.target.as_ref().and_then(|target| target.rest_of(request.uri()));
    sent.map_or_else(
        || request.uri().path_and_query().map_or("/", PathAndQuery::as_str).into(),
        String::from_utf8_lossy,
    )
}

/// Answers in an upstream's place, and records that, unless there are too many of them.
fn refuse(
    client: &ClientConnection,
    words: &Words<'_>,
    status: StatusCode,
    reason: &str,
) -> Response<ResponseBody> {
    let proxy = &client.proxy;
    if !proxy.refusals.admit() {
        proxy.recorder.lose_exchange();
        return own_answer(status, "refused", reason);
    }
    let recording = proxy.recorder.open(&RequestHead {
        method: words.method,
        target: &refusals::recorded_target(words.target),
        provider: Provider::Unknown.as_str(),
        upstream: "",
        headers: words.headers.clone(),
        mended: words.mended,
    });
    OpenExchange { exchange: Some(recording), delivery: client.delivery.clone() }
        .refuse(status, reason)
}

/// The request as it goes out, but for its hop-by-hop fields, and how its answer is read. `None`:
/// it cannot be sent as it is.
fn prepare(
    request: Request<Incoming>,
    base: &BaseUrl,
    notes: &RequestNotes,
) -> Option<(Request<Incoming>, Expected)> {
    let target = base.target(request.uri())?;
    // hyper writes what it was shown of an odd target; the socket puts what was sent in its place,
    // after the upstream's path.
    let odd = match &notes.target {
        Some(odd) => {
            let shown = request.uri().path_and_query()?.as_str();
            let prefix = target.path_and_query()?.as_str().strip_suffix(shown)?;
            Some([prefix.as_bytes(), odd.rest_of(request.uri())?].concat())
        }
        None => None,
    };
    let expected = Expected { target: odd, passes_interim: request.version() > Version::HTTP_10 };
    let mut outgoing = request;
    *outgoing.uri_mut() = target;
    *outgoing.version_mut() = Version::HTTP_11;
    outgoing.headers_mut().insert(HOST, base.authority.clone());
    Some((outgoing, expected))
}

/// The response as the client gets it, but for its body.
fn for_client(
    mut response: Response<Incoming>,
    notes: &ResponseNotes,
    client_version: Version,
) -> Response<Incoming> {
    let closes = notes.closes || headers::says_close(response.headers());
    let fields = mem::take(response.headers_mut());
    let also = (client_version == Version::HTTP_10).then_some(&TRANSFER_ENCODING);
    *response.headers_mut() = headers::end_to_end(fields, also);
    *response.version_mut() = client_version;
    if let Some(reason) =
        notes.reason.as_deref().and_then(|reason| ReasonPhrase::try_from(reason).ok())
    {
        response.extensions_mut().insert(reason);
    }
    if closes {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn to_client(response: &Response<Incoming>) -> ToClient {
    let length = response
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    let has_no_body =
        matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    ToClient {
        told_length: length.filter(|_| has_no_body),
        ends_with_connection: response.version() == Version::HTTP_10 && length.is_none(),
    }
}

/// Sends on the connection of the request before, or on a new one, and says what it took to open
/// that. A request of which nothing was sent may go out again.
async fn send(
    client: &ClientConnection,
    base: &BaseUrl,
    mut request: Request<RequestBody>,
    expected: Expected,
) -> Result<(Sent, Duration), (Box<Request<RequestBody>>, ConnectError)> {
    let mut upstream = client.upstream.lock().await;
    let kept: Option<UpstreamConnection> =
        upstream.take().filter(|kept| kept.is_good_for(base, &client.delivery));
    if let Some(mut kept) = kept {
        match kept.send(request, expected.clone()).await {
            Sent::Unsent(unsent) => request = *unsent,
            sent => {
                *upstream = Some(kept);
                return Ok((sent, Duration::ZERO));
            }
        }
    }
    let begun = Instant::now();
    let (mut new, moving) = match client.proxy.connector.connect(base, &client.delivery).await {
        Ok(new) => new,
        Err(error) => return Err((Box::new(request), error)),
    };
    // Nothing is what it took where nothing was opened.
    let connect = begun.elapsed().max(Duration::from_micros(1));
    client.driver.replace(moving);
    let sent = new.send(request, expected).await;
    *upstream = Some(new);
    Ok((sent, connect))
}

/// A client reads no answer before it has sent its request; what it sends is recorded on the way.
async fn read_to_end(request: Request<RequestBody>) {
    let mut body = request.into_body();
    while let Some(Ok(_)) = body.frame().await {}
}

/// Ends the exchange when it is dropped, unless the response body has taken that over.
struct OpenExchange {
    exchange: Option<ExchangeRecorder>,
    delivery: Delivery,
}

impl OpenExchange {
    fn hand_over(mut self) {
        self.exchange = None;
    }

    fn end(mut self, end: EndOf) {
        if let Some(exchange) = self.exchange.take() {
            exchange.end(end);
        }
    }

    /// An answer of our own.
    fn answer(
        self,
        closed_by: ClosedBy,
        status: StatusCode,
        kind: &str,
        reason: &str,
    ) -> Response<ResponseBody> {
        self.end(EndOf {
            own_status: Some(status.as_u16()),
            ..EndOf::failed(closed_by, reason.to_owned())
        });
        own_answer(status, kind, reason)
    }

    fn unreachable(self, reason: &str) -> Response<ResponseBody> {
        self.answer(ClosedBy::Unreachable, StatusCode::BAD_GATEWAY, "upstream_unreachable", reason)
    }

    fn refuse(self, status: StatusCode, reason: &str) -> Response<ResponseBody> {
        self.answer(ClosedBy::Refused, status, "refused", reason)
    }

    /// Nobody is known to be meant.
    fn misdirected(self) -> Response<ResponseBody> {
        self.answer(ClosedBy::Refused, StatusCode::MISDIRECTED_REQUEST, "misdirected", MISDIRECTED)
    }

    /// The connection broke before an answer.
    fn broken(self, error: &hyper::Error) -> BrokenOff {
        if is_reset(error) {
            self.delivery.reset_on_close();
        }
        let reason = describe(error);
        if !error.is_user() {
            self.end(EndOf::failed(ClosedBy::Upstream, reason.clone()));
        } else if !self.delivery.has_client_left() {
            // The body could not be read, and yet the client is there.
            self.end(EndOf::failed(ClosedBy::Client, reason.clone()));
        }
        BrokenOff(reason)
    }

    /// The upstream took the connection and closed it, again and again, before anything was sent.
    fn closed(self) -> BrokenOff {
        let reason = "the upstream closes every connection before the request".to_owned();
        self.end(EndOf::failed(ClosedBy::Upstream, reason.clone()));
        BrokenOff(reason)
    }
}

impl Drop for OpenExchange {
    fn drop(&mut self) {
        if let Some(exchange) = self.exchange.take() {
            self.delivery.cut_off(&exchange, 0);
        }
    }
}

/// An answer that is not the upstream's. Its shape is the providers', so that clients show the
/// message.
fn own_answer(status: StatusCode, kind: &str, reason: &str) -> Response<ResponseBody> {
    let reason = &*ccdump_secrets::text(reason, &ccdump_secrets::plain);
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
