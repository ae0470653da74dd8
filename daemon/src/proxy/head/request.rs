//! Request heads.

use std::{borrow::Cow, fmt::Write as _};

use http::{StatusCode, Uri};

use super::{
    framing::{self, Framing, FramingError},
    raw::{self, Field, RawHead},
};
use crate::proxy::connection::MAX_HEADERS;

/// hyper takes targets up to 64 KiB; what it is shown of longer ones ends here.
const LONGEST_SHOWN: usize = 60_000;

/// A request head.
pub struct RequestHead {
    /// The head as hyper takes it.
    pub bytes: Vec<u8>,
    /// [`Framing::Length`] or [`Framing::Chunked`].
    pub framing: Framing,
    pub notes: RequestNotes,
}

/// What hyper does not tell of a request head.
#[derive(Debug, Default)]
pub struct RequestNotes {
    /// The target, where hyper is shown another one.
    pub target: Option<RawTarget>,
    /// The value of `Expect`, which hyper is not to answer by itself.
    pub expect: Option<Vec<u8>>,
    /// It asks for another protocol: what follows it depends on the answer.
    pub upgrades: bool,
    /// hyper was shown a `TE: trailers` that was not sent, as the last field: without it, it keeps
    /// trailers to itself, which clients read whether they have asked for them or not.
    pub has_added_te: bool,
    /// What was left out or changed, in words.
    pub mended: Vec<String>,
    /// Set when nothing of it is forwarded.
    pub refused: Option<Refused>,
}

/// A target that hyper's types do not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawTarget {
    /// As it was sent.
    sent: Vec<u8>,
    /// As hyper is shown it: what it does not take is percent-encoded.
    shown: String,
}

/// Why a request is answered by us, with the words that it was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub status: StatusCode,
    pub reason: String,
    pub method: String,
    pub target: String,
}

/// Reads a whole head. One that is refused is noted as such, in a head that hyper reads.
pub fn read(head: &[u8]) -> RequestHead {
    let raw = raw::read(head);
    let line = raw.start;
    settle(raw).unwrap_or_else(|(status, reason)| refuse(line, status, reason))
}

/// A head in whose place an answer of our own is given. `line` is what there is of the request
/// line.
pub fn refuse(line: &[u8], status: StatusCode, reason: impl Into<String>) -> RequestHead {
    // As much as says what it was; a flood of garbage is not to be kept.
    const SHOWN: usize = 1024;
    let line = String::from_utf8_lossy(line.get(..SHOWN).unwrap_or(line));
    let (method, rest) = line.split_once(' ').unwrap_or((&line, ""));
    let is_method = !method.is_empty() && method.bytes().all(raw::is_token);
    let method = if is_method { method } else { "?" };
    let target = rest.rsplit_once(" HTTP/").map_or(rest, |(target, _)| target);
    // The answer to HEAD has no body.
    let asks = if method == "HEAD" { "HEAD" } else { "GET" };
    let notes = RequestNotes {
        refused: Some(Refused {
            status,
            reason: reason.into(),
            method: method.to_owned(),
            target: target.to_owned(),
        }),
        ..RequestNotes::default()
    };
    let bytes =
        format!("{asks} / HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n\r\n").into_bytes();
    RequestHead { bytes, framing: Framing::Length(0), notes }
}

type Refusal = (StatusCode, String);

fn settle(raw: RawHead<'_>) -> Result<RequestHead, Refusal> {
    let bad = |reason: &str| (StatusCode::BAD_REQUEST, reason.to_owned());
    let line = RequestLine::read(raw.start)?;
    let RawHead { mut fields, mut mended, .. } = raw;
    if fields.len() > MAX_HEADERS {
        let reason = format!("the request has more than {MAX_HEADERS} header lines");
        return Err((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, reason));
    }
    let uncertain =
        |error: FramingError| bad(&format!("the request's body has no certain length: {error}"));
    if line.is_old && fields.iter().any(|field| field.is("transfer-encoding")) {
        return Err(uncertain(FramingError::OldVersion));
    }
    let framing = match framing::settle(&mut fields, &mut mended).map_err(uncertain)? {
        Framing::Coded => return Err(uncertain(FramingError::NotChunked)),
        Framing::Untold => Framing::Length(0),
        told => told,
    };
    if fields.iter().any(|field| field.is("upgrade") && has_token(&field.value, "h2c")) {
        // Half of it would be worse than none: the answer comes in HTTP/1.1, as from a server that
        // does not know h2c.
        fields.retain(|field| !field.is("upgrade") && !field.is("http2-settings"));
        mended.push("left out the offer to go on in HTTP/2 (h2c)".into());
    }
    let asks =
        fields.iter().any(|field| field.is("connection") && has_token(&field.value, "upgrade"));
    let upgrades = asks && !line.is_old && fields.iter().any(|field| field.is("upgrade"));
    let target = RawTarget::of(line.target);
    let shown = target.as_ref().map_or(line.target, |target| target.shown.as_bytes());
    if Uri::try_from(shown).is_err() {
        return Err(bad("the request target is no URL"));
    }
    let expect = if line.is_old { None } else { postpone_expect(&mut fields) };
    let has_added_te = !line.is_old && !fields.iter().any(|field| field.is("te"));
    if has_added_te {
        fields.push(Field { name: Cow::Borrowed(b"te"), value: Cow::Borrowed(b"trailers") });
    }
    let version = if line.is_old { "HTTP/1.0" } else { "HTTP/1.1" };
    let start = [line.method, shown, version.as_bytes()].join(&b' ');
    let bytes = raw::write(&start, &fields);
    Ok(RequestHead {
        bytes,
        framing,
        notes: RequestNotes { target, expect, upgrades, has_added_te, mended, refused: None },
    })
}

/// hyper says `100 Continue` by itself, before the upstream has seen the request. It does not when
/// it reads another value.
fn postpone_expect(fields: &mut [Field<'_>]) -> Option<Vec<u8>> {
    let field = fields
        .iter_mut()
        .find(|field| field.is("expect") && field.value.eq_ignore_ascii_case(b"100-continue"))?;
    Some(std::mem::replace(&mut field.value, Cow::Borrowed(b"as the upstream says")).into_owned())
}

fn has_token(value: &[u8], token: &str) -> bool {
    value
        .split(|byte| *byte == b',')
        .any(|part| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

struct RequestLine<'a> {
    method: &'a [u8],
    target: &'a [u8],
    /// HTTP/1.0
    is_old: bool,
}

impl<'a> RequestLine<'a> {
    fn read(line: &'a [u8]) -> Result<Self, Refusal> {
        let bad = |reason: &str| Err((StatusCode::BAD_REQUEST, reason.to_owned()));
        let mut words = line.splitn(2, |byte| *byte == b' ');
        let method = words.next().unwrap_or_default();
        let rest = words.next().unwrap_or_default();
        if method.is_empty() || !method.iter().copied().all(raw::is_token) {
            return bad("this is no request of HTTP; the proxy speaks plain HTTP/1.1");
        }
        let mut words = rest.rsplitn(2, |byte| *byte == b' ');
        let version = words.next().unwrap_or_default();
        let target = words.next().unwrap_or_default();
        let is_old = match version {
            b"HTTP/1.1" => false,
            b"HTTP/1.0" => true,
            [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', ..] => {
                let reason =
                    format!("{} is not spoken here, HTTP/1.1 is", String::from_utf8_lossy(version));
                return Err((StatusCode::HTTP_VERSION_NOT_SUPPORTED, reason));
            }
            _ => return bad("the request line names no version of HTTP"),
        };
        if method == b"CONNECT" {
            let reason = "CONNECT is not served: name this proxy as the base URL of the API, not as HTTP proxy";
            return Err((StatusCode::METHOD_NOT_ALLOWED, reason.to_owned()));
        }
        if target.contains(&b' ') {
            return bad("the request target holds a space");
        }
        if target.iter().any(|byte| *byte < b'\t' || (b'\n'..b' ').contains(byte)) {
            return bad("the request target holds a control character");
        }
        let is_absolute = |scheme: &[u8]| {
            target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        if !target.starts_with(b"/")
            && target != b"*"
            && !is_absolute(b"http://")
            && !is_absolute(b"https://")
        {
            return bad("the request target is no path");
        }
        Ok(Self { method, target, is_old })
    }
}

impl RawTarget {
    /// `None` where hyper takes the target as it is.
    fn of(sent: &[u8]) -> Option<Self> {
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=%".contains(&byte);
        if sent.len() <= LONGEST_SHOWN && sent.iter().copied().all(is_plain) {
            return None;
        }
        let mut shown = String::with_capacity(sent.len().min(LONGEST_SHOWN));
        for &byte in sent {
            if shown.len() >= LONGEST_SHOWN {
                break;
            }
            if is_plain(byte) {
                shown.push(char::from(byte));
            } else {
                // A String takes all that is written to it.
                write!(shown, "%{byte:02X}").unwrap_or_default();
            }
        }
        Some(Self { sent: sent.to_vec(), shown })
    }

    /// What was sent as the part of the target that `uri` still has: something may have been taken
    /// off its front. `None` where that cannot be told.
    pub fn rest_of(&self, uri: &Uri) -> Option<&[u8]> {
        let kept = uri.path_and_query()?.as_str();
        let front = self.shown.strip_suffix(kept)?;
        self.sent.strip_prefix(front.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head_of(target: &str) -> RequestHead {
        read(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())
    }

    /// What is sent on of a target.
    fn sent(head: &RequestHead, uri: &str) -> String {
        let uri: Uri = uri.parse().expect("a target");
        let target = head.notes.target.as_ref().expect("an odd target");
        String::from_utf8_lossy(target.rest_of(&uri).expect("a part of it")).into_owned()
    }

    #[test]
    fn odd_targets_are_kept_as_they_were_sent() {
        for target in [
            "/v1/messages?beta=true",
            "/a;b=c/d,e(f)'g*h!$@:",
            "/%2F..%2f?q=%zz%",
            "//double//?a?b",
            "*",
            "/",
        ] {
            let head = head_of(target);
            assert_eq!((head.notes.target, head.notes.refused), (None, None), "{target}");
        }
        for target in [
            "/a?q=\"<>^`\\",
            "/x#y?z",
            "/日本?q=日本",
            "/tab\there",
            "/del\u{7f}",
            "/[1]|{2}",
            "/~t=1/a<b",
        ] {
            let head = head_of(target);
            assert_eq!(head.notes.refused, None, "{target}");
            let shown = String::from_utf8(head.bytes.clone()).expect("ASCII");
            let shown = shown.split(' ').nth(1).expect("a target");
            assert_eq!(sent(&head, shown), target);
        }
        let head = head_of("/~t=1/a<b");
        assert_eq!(sent(&head, "/a%3Cb"), "/a<b", "what was taken off the front stays off");
        let head = head_of("http://localhost:1/a<b");
        assert_eq!(sent(&head, "http://localhost:1/a%3Cb"), "/a<b");
        let long = format!("/v1/files?q={}", "a".repeat(200_000));
        let head = head_of(&long);
        assert!(head.bytes.len() < LONGEST_SHOWN + 100);
        let shown = String::from_utf8(head.bytes.clone()).expect("ASCII");
        assert_eq!(sent(&head, shown.split(' ').nth(1).expect("a target")), long);
    }

    #[test]
    fn what_cannot_be_forwarded_is_refused_with_a_reason() {
        let cases: [(&[u8], u16, &str); 22] = [
            (b"\x16\x03\x01\x02\r\n\r\n", 400, "no request of HTTP"),
            (b"GET\r\n\r\n", 400, "no version"),
            (b"GET /\r\n\r\n", 400, "no version"),
            (b" GET / HTTP/1.1\r\n\r\n", 400, "no request of HTTP"),
            (b"G\xe9T / HTTP/1.1\r\n\r\n", 400, "no request of HTTP"),
            (b"GET  HTTP/1.1\r\n\r\n", 400, "no path"),
            (b"GET /a b HTTP/1.1\r\n\r\n", 400, "space"),
            (b"GET /a\x00b HTTP/1.1\r\n\r\n", 400, "control"),
            (b"GET /a\rb HTTP/1.1\r\n\r\n", 400, "control"),
            (b"GET localhost:1 HTTP/1.1\r\n\r\n", 400, "no path"),
            (b"GET ftp://a/b HTTP/1.1\r\n\r\n", 400, "no path"),
            (b"GET http:// HTTP/1.1\r\n\r\n", 400, "no URL"),
            (b"CONNECT api.openai.com:443 HTTP/1.1\r\n\r\n", 405, "base URL"),
            (b"PRI * HTTP/2.0\r\n\r\n", 505, "HTTP/2.0"),
            (b"GET / HTTP/9.9\r\n\r\n", 505, "HTTP/9.9"),
            (b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400, "no number"),
            (b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400, "5 and 6"),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400, "chunked"),
            (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "HTTP/1.0"),
            (b"POST / HTTP/1.1\r\nContent-Length : five\r\n\r\n", 400, "no number"),
            (b"HEAD /a b HTTP/1.1\r\n\r\n", 400, "space"),
            (b"\xff\xfe\r\n\r\n", 400, "no request of HTTP"),
        ];
        for (head, status, words) in cases {
            let shown = String::from_utf8_lossy(head);
            let read = read(head);
            let refused = read.notes.refused.unwrap_or_else(|| panic!("{shown:?} is not refused"));
            assert_eq!(refused.status.as_u16(), status, "{shown:?}: {}", refused.reason);
            assert!(refused.reason.contains(words), "{shown:?}: {}", refused.reason);
            assert_eq!(read.bytes.starts_with(b"HEAD"), head.starts_with(b"HEAD"));
        }
        let many: String = (0..=MAX_HEADERS).map(|n| format!("X-{n}: 1\r\n")).collect();
        let refused = read(format!("GET / HTTP/1.1\r\n{many}\r\n").as_bytes())
            .notes
            .refused
            .expect("too many");
        assert_eq!(refused.status.as_u16(), 431);
    }

    #[test]
    fn what_is_mended_is_noted() {
        let head =
            read(b"POST / HTTP/1.1\r\nHost : a\r\nX: 1\r\n 2\r\nbad\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n");
        let bytes = String::from_utf8(head.bytes).expect("text");
        assert_eq!(
            bytes,
            "POST / HTTP/1.1\r\nHost: a\r\nX: 1 2\r\nTransfer-Encoding: chunked\r\nte: trailers\r\n\r\n"
        );
        assert_eq!(head.framing, Framing::Chunked);
        assert_eq!(head.notes.mended.len(), 2, "{:?}", head.notes.mended);
    }

    #[test]
    fn upgrades_and_expectations_are_told_apart() {
        let upgrade = |protocol: &str, version: &str| {
            let head = format!(
                "GET / HTTP/{version}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: {protocol}\r\n\r\n"
            );
            read(head.as_bytes()).notes.upgrades
        };
        assert!(upgrade("websocket", "1.1"));
        assert!(!upgrade("websocket", "1.0"), "HTTP/1.0 knows none");
        assert!(!upgrade("h2c", "1.1"));
        assert!(
            !read(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n").notes.upgrades,
            "Connection says so, or it is none"
        );

        let head = read(b"PUT / HTTP/1.1\r\nexpect: 100-Continue\r\nContent-Length: 1\r\n\r\n");
        assert_eq!(head.notes.expect.as_deref(), Some(b"100-Continue".as_slice()));
        assert!(
            !String::from_utf8(head.bytes).expect("text").contains("100"),
            "hyper does not answer it"
        );
        assert_eq!(read(b"PUT / HTTP/1.1\r\nExpect: wonders\r\n\r\n").notes.expect, None);
    }
}
