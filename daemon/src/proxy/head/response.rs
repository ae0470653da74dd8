//! Response heads.

use super::{
    framing::{self, Framing, FramingError},
    raw::{self, Field},
};
use crate::proxy::connection::MAX_HEADERS;

/// A response head.
pub enum ResponseHead {
    /// 1xx: the answer itself is still to come.
    Interim,
    Final(Mended),
}

pub struct Mended {
    /// The head as hyper takes it.
    pub bytes: Vec<u8>,
    pub notes: ResponseNotes,
}

/// What hyper does not tell of a response head.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ResponseNotes {
    /// The reason phrase, where hyper loses it.
    pub reason: Option<Vec<u8>>,
    /// The connection ends with the answer: HTTP/1.0 that says nothing of keeping it, and bodies
    /// that nothing else ends.
    pub closes: bool,
    /// What was left out or changed, in words.
    pub mended: Vec<String>,
    /// All of the head, of a change of the protocol.
    pub raw: Vec<u8>,
}

/// Why a head is none that any agent could read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponseHeadError {
    #[error("the upstream's answer begins with no status line of HTTP")]
    NoStatusLine,
    #[error("the upstream's answer has no certain length: {0}")]
    Framing(#[from] FramingError),
    #[error("the upstream's answer has more than {MAX_HEADERS} header lines")]
    TooManyFields,
}

/// Reads a whole head.
pub fn read(head: &[u8]) -> Result<ResponseHead, ResponseHeadError> {
    let mut raw = raw::read(head);
    let line = StatusLine::read(raw.start).ok_or(ResponseHeadError::NoStatusLine)?;
    if matches!(line.status, 100 | 102..=199) {
        return Ok(ResponseHead::Interim);
    }
    if raw.fields.len() > MAX_HEADERS {
        return Err(ResponseHeadError::TooManyFields);
    }
    let settled = framing::settle(&mut raw.fields, &mut raw.mended);
    let is_coded = settled == Ok(Framing::Coded);
    if let Err(error) = settled {
        if !matches!(line.status, 101 | 204 | 304) {
            return Err(error.into());
        }
        // They have no body, whatever they say of it.
        raw.fields.retain(|field| !field.is("content-length"));
        raw.mended.push(format!("left out the length of a body that there is none of: {error}"));
    }
    let mut notes = ResponseNotes {
        reason: None,
        // A body that only the connection ends, in a coding that is not ours to take off.
        closes: (line.is_old && !keeps_alive(&raw.fields)) || is_coded,
        mended: raw.mended,
        raw: if line.status == 101 { head.to_vec() } else { Vec::new() },
    };
    let mut reason = line.reason.to_vec();
    for byte in reason.iter_mut().filter(|byte| byte.is_ascii_control() && **byte != b'\t') {
        *byte = b' ';
    }
    if reason != line.reason {
        notes.mended.push("control characters in the reason became spaces".into());
    }
    let start = [format!("HTTP/1.1 {} ", line.status).as_bytes(), &reason].concat();
    let bytes = raw::write(&start, &raw.fields);
    notes.reason = (!reason.is_ascii()).then_some(reason);
    Ok(ResponseHead::Final(Mended { bytes, notes }))
}

#[derive(Debug, PartialEq, Eq)]
struct StatusLine<'a> {
    /// Before HTTP/1.1: the connection ends with the answer unless it says otherwise.
    is_old: bool,
    status: u16,
    reason: &'a [u8],
}

impl<'a> StatusLine<'a> {
    /// `HTTP/1.1 200 OK`; the reason may be missing, its space too.
    fn read(line: &'a [u8]) -> Option<Self> {
        let (protocol, rest) = line.split_at_checked(5)?;
        if !protocol.eq_ignore_ascii_case(b"HTTP/") {
            return None;
        }
        let space = rest.iter().position(|byte| *byte == b' ')?;
        let (version, rest) = rest.split_at_checked(space)?;
        let is_old = match version {
            b"0.9" | b"1.0" => true,
            [b'1', b'.', b'1'..=b'9'] | b"2" | b"2.0" => false,
            _ => return None,
        };
        let rest = rest.trim_ascii_start();
        let (digits, rest) = rest.split_at_checked(3)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let status =
            std::str::from_utf8(digits).ok()?.parse().ok().filter(|status| *status >= 100)?;
        let reason = match rest {
            [] => rest,
            [b' ', reason @ ..] => reason,
            _ => return None,
        };
        Some(Self { is_old, status, reason })
    }
}

fn keeps_alive(fields: &[Field<'_>]) -> bool {
    let tokens = fields
        .iter()
        .filter(|field| field.is("connection"))
        .flat_map(|field| field.value.split(|byte| *byte == b','));
    tokens.into_iter().any(|token| token.trim_ascii().eq_ignore_ascii_case(b"keep-alive"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head that hyper gets, or why it gets none.
    fn mended(head: &str) -> Result<String, ResponseHeadError> {
        Ok(match read(head.as_bytes())? {
            ResponseHead::Interim => "interim".to_owned(),
            ResponseHead::Final(mended) => String::from_utf8(mended.bytes).expect("text"),
        })
    }

    #[test]
    fn status_lines_that_agents_read_are_read() {
        let cases = [
            ("HTTP/1.1 200 OK", Ok("HTTP/1.1 200 OK")),
            ("HTTP/1.0 200 OK", Ok("HTTP/1.1 200 OK")),
            ("HTTP/1.1 200", Ok("HTTP/1.1 200 ")),
            ("HTTP/1.1 200 ", Ok("HTTP/1.1 200 ")),
            ("HTTP/1.1  200 OK", Ok("HTTP/1.1 200 OK")),
            ("HTTP/1.1 200  Very  OK ", Ok("HTTP/1.1 200  Very  OK ")),
            ("http/1.1 200 OK", Ok("HTTP/1.1 200 OK")),
            ("HTTP/1.2 200 OK", Ok("HTTP/1.1 200 OK")),
            ("HTTP/2 200 OK", Ok("HTTP/1.1 200 OK")),
            ("HTTP/2.0 200 OK", Ok("HTTP/1.1 200 OK")),
            ("HTTP/0.9 200 OK", Ok("HTTP/1.1 200 OK")),
            ("HTTP/1.1 999 Odd", Ok("HTTP/1.1 999 Odd")),
            ("HTTP/1.1 200 O\u{1}K", Ok("HTTP/1.1 200 O K")),
            ("HTTP/1.1 200 D\u{e9}j\u{e0}", Ok("HTTP/1.1 200 D\u{e9}j\u{e0}")),
            ("HTTP/1.1 200OK", Err(ResponseHeadError::NoStatusLine)),
            ("HTTP/1.1 20 OK", Err(ResponseHeadError::NoStatusLine)),
            ("HTTP/1.1 099 OK", Err(ResponseHeadError::NoStatusLine)),
            ("HTTP/1.1 +20 OK", Err(ResponseHeadError::NoStatusLine)),
            ("HTTP/3 200 OK", Err(ResponseHeadError::NoStatusLine)),
            ("HTTP/1.1", Err(ResponseHeadError::NoStatusLine)),
            ("SSH-2.0-OpenSSH", Err(ResponseHeadError::NoStatusLine)),
            ("", Err(ResponseHeadError::NoStatusLine)),
        ];
        for (line, expected) in cases {
            let expected = expected.map(|start| format!("{start}\r\nContent-Length: 0\r\n\r\n"));
            assert_eq!(mended(&format!("{line}\r\nContent-Length: 0\r\n\r\n")), expected, "{line}");
        }
    }

    #[test]
    fn an_answer_has_one_framing_or_none() {
        let both = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n";
        let chunked = Ok("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned());
        assert_eq!(mended(&format!("HTTP/1.1 200 OK\r\n{both}")), chunked);
        assert_eq!(mended(&format!("HTTP/1.0 200 OK\r\n{both}")), chunked);
        let contradiction = "Content-Length: 5\r\nContent-Length: 6\r\n\r\n";
        let error = mended(&format!("HTTP/1.1 200 OK\r\n{contradiction}"));
        assert_eq!(error, Err(ResponseHeadError::Framing(FramingError::TwoLengths(5, 6))));
        let bare = Ok("HTTP/1.1 304 Not Modified\r\n\r\n".to_owned());
        assert_eq!(
            mended(&format!("HTTP/1.1 304 Not Modified\r\n{contradiction}")),
            bare,
            "it has no body"
        );
        assert!(matches!(
            mended(&format!("HTTP/1.1 103 Early Hints\r\n{contradiction}")).as_deref(),
            Ok("interim")
        ));
    }

    #[test]
    fn an_old_server_closes_unless_it_says_otherwise() {
        for (head, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n", false),
            ("HTTP/1.0 200 OK\r\n\r\n", true),
            ("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n", false),
            ("HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n", true),
        ] {
            let Ok(ResponseHead::Final(mended)) = read(head.as_bytes()) else { panic!("{head}") };
            assert_eq!(mended.notes.closes, expected, "{head}");
        }
    }
}
