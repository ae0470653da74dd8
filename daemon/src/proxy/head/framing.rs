//! How long a body is: one answer out of all that a head says about it.
//!
//! What goes out has one framing, so that nobody after us can understand it otherwise. Where
//! agents' parsers disagree over what came in, the one that gets the whole body is right; where
//! most of them refuse it, so do we.

use std::borrow::Cow;

use super::raw::Field;

const CONTENT_LENGTH: &str = "content-length";
const TRANSFER_ENCODING: &str = "transfer-encoding";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Length(u64),
    Chunked,
    /// Coded and not chunked: until the connection ends. A request cannot say that.
    Coded,
    /// None is told: nothing in a request, all until the connection ends in a response.
    Untold,
}

/// Why a body has no end that everybody agrees about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    #[error("its Content-Length is no number")]
    NoNumber,
    #[error("it has two different lengths, {0} and {1}")]
    TwoLengths(u64, u64),
    #[error("its Transfer-Encoding does not end in chunked")]
    NotChunked,
    #[error("HTTP/1.0 knows no Transfer-Encoding")]
    OldVersion,
}

/// Leaves one framing in `fields`, and says which; what that took is noted in `mended`.
///
/// # Errors
/// When the lengths contradict each other, or are none.
pub fn settle(
    fields: &mut Vec<Field<'_>>,
    mended: &mut Vec<String>,
) -> Result<Framing, FramingError> {
    let codings = codings(fields);
    if codings.is_chunked {
        settle_codings(fields, mended, &codings.kept);
        if remove(fields, CONTENT_LENGTH, 0) {
            mended.push("left out content-length beside chunked".into());
        }
        return Ok(Framing::Chunked);
    }
    if codings.is_told {
        settle_codings(fields, mended, &codings.kept);
    }
    if !codings.kept.is_empty() {
        // The length of what is coded is not that of the body.
        if remove(fields, CONTENT_LENGTH, 0) {
            mended.push("left out content-length beside a transfer-encoding".into());
        }
        return Ok(Framing::Coded);
    }
    settle_length(fields, mended)
}

/// What `Transfer-Encoding` says.
struct Codings {
    is_told: bool,
    /// The last one is `chunked`.
    is_chunked: bool,
    /// Those that mean something: `identity` never did, and names that nobody knows are no codings.
    kept: Vec<String>,
}

fn codings(fields: &[Field<'_>]) -> Codings {
    const KNOWN: [&str; 8] =
        ["chunked", "gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd"];
    let told = || fields.iter().filter(|field| field.is(TRANSFER_ENCODING));
    let mut kept: Vec<String> = told()
        .flat_map(|field| field.value.split(|byte| *byte == b','))
        .map(|coding| String::from_utf8_lossy(coding.trim_ascii()).to_ascii_lowercase())
        .filter(|coding| KNOWN.contains(&coding.as_str()))
        .collect();
    // Chunked twice is a slip of the pen: nobody chunks chunks.
    kept.dedup();
    let is_chunked = kept.last().is_some_and(|last| last == "chunked");
    Codings { is_told: told().next().is_some(), is_chunked, kept }
}

fn settle_codings(fields: &mut Vec<Field<'_>>, mended: &mut Vec<String>, kept: &[String]) {
    let line = kept.join(", ");
    if line.is_empty() {
        remove(fields, TRANSFER_ENCODING, 0);
        mended.push("left out a transfer-encoding that is none".into());
        return;
    }
    let repeated = remove(fields, TRANSFER_ENCODING, 1);
    if let Some(field) = fields.iter_mut().find(|field| field.is(TRANSFER_ENCODING))
        && (repeated || !field.value.eq_ignore_ascii_case(line.as_bytes()))
    {
        field.value = Cow::Owned(line.into_bytes());
        mended.push("the transfer-encoding was put in order".into());
    }
}

fn settle_length(
    fields: &mut Vec<Field<'_>>,
    mended: &mut Vec<String>,
) -> Result<Framing, FramingError> {
    let mut length: Option<u64> = None;
    let told = fields.iter().filter(|field| field.is(CONTENT_LENGTH));
    for text in told.flat_map(|field| field.value.split(|byte| *byte == b',')) {
        let read = number(text.trim_ascii())?;
        if let Some(before) = length.replace(read)
            && before != read
        {
            return Err(FramingError::TwoLengths(before, read));
        }
    }
    let Some(length) = length else { return Ok(Framing::Untold) };
    let repeated = remove(fields, CONTENT_LENGTH, 1);
    if let Some(field) = fields.iter_mut().find(|field| field.is(CONTENT_LENGTH))
        && !field.value.iter().all(u8::is_ascii_digit)
    {
        field.value = Cow::Owned(length.to_string().into_bytes());
        mended.push("the content-length was put in order".into());
    } else if repeated {
        mended.push("left out a content-length that said the same again".into());
    }
    Ok(Framing::Length(length))
}

/// A plus before it is read by those who do not mind.
fn number(text: &[u8]) -> Result<u64, FramingError> {
    let digits = text.strip_prefix(b"+").unwrap_or(text);
    let text = std::str::from_utf8(digits)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    // Nothing that large was ever sent, and hyper has two values of its own up there.
    text.and_then(|text| text.parse::<u64>().ok())
        .filter(|length| *length < u64::MAX - 1)
        .ok_or(FramingError::NoNumber)
}

/// Takes out all fields of that name but the first `keep`; whether there were any.
fn remove(fields: &mut Vec<Field<'_>>, name: &str, keep: usize) -> bool {
    let (before, mut found) = (fields.len(), 0);
    fields.retain(|field| {
        let is_it = field.is(name);
        found += usize::from(is_it);
        !is_it || found <= keep
    });
    fields.len() < before
}

#[cfg(test)]
mod tests {
    use super::{super::raw, *};

    #[test]
    fn one_framing_is_left_of_all_that_is_told() {
        use Framing::*;
        let cases: [(&str, Result<Framing, FramingError>, &str); 32] = [
            ("", Ok(Untold), ""),
            ("Content-Length: 5\n", Ok(Length(5)), "Content-Length: 5\r\n"),
            ("Content-Length: 005\n", Ok(Length(5)), "Content-Length: 005\r\n"),
            ("Content-Length: 5\nContent-Length: 5\n", Ok(Length(5)), "Content-Length: 5\r\n"),
            ("Content-Length: 5, 5\n", Ok(Length(5)), "Content-Length: 5\r\n"),
            ("content-length: 5,5\nContent-Length: 5\n", Ok(Length(5)), "content-length: 5\r\n"),
            ("Content-Length: +5\n", Ok(Length(5)), "Content-Length: 5\r\n"),
            ("Content-Length: 5\nContent-Length: 6\n", Err(FramingError::TwoLengths(5, 6)), ""),
            ("Content-Length: 5, 6\n", Err(FramingError::TwoLengths(5, 6)), ""),
            ("Content-Length: -5\n", Err(FramingError::NoNumber), ""),
            ("Content-Length:\n", Err(FramingError::NoNumber), ""),
            ("Content-Length: 0x5\n", Err(FramingError::NoNumber), ""),
            ("Content-Length: 5 6\n", Err(FramingError::NoNumber), ""),
            ("Content-Length: 5.0\n", Err(FramingError::NoNumber), ""),
            ("Content-Length: \"5\"\n", Err(FramingError::NoNumber), ""),
            ("Content-Length: ++5\n", Err(FramingError::NoNumber), ""),
            ("Content-Length: 99999999999999999999\n", Err(FramingError::NoNumber), ""),
            ("Content-Length: 18446744073709551615\n", Err(FramingError::NoNumber), ""),
            ("Transfer-Encoding: chunked\n", Ok(Chunked), "Transfer-Encoding: chunked\r\n"),
            ("Transfer-Encoding: Chunked\n", Ok(Chunked), "Transfer-Encoding: Chunked\r\n"),
            (
                "Content-Length: 5\nTransfer-Encoding: chunked\n",
                Ok(Chunked),
                "Transfer-Encoding: chunked\r\n",
            ),
            (
                "Transfer-Encoding: chunked\nContent-Length: nonsense\n",
                Ok(Chunked),
                "Transfer-Encoding: chunked\r\n",
            ),
            (
                "Transfer-Encoding: gzip, chunked\n",
                Ok(Chunked),
                "Transfer-Encoding: gzip, chunked\r\n",
            ),
            (
                "Transfer-Encoding: gzip\nTransfer-Encoding: chunked\n",
                Ok(Chunked),
                "Transfer-Encoding: gzip, chunked\r\n",
            ),
            (
                "Transfer-Encoding: identity, chunked\n",
                Ok(Chunked),
                "Transfer-Encoding: chunked\r\n",
            ),
            (
                "Transfer-Encoding: chunked, identity\n",
                Ok(Chunked),
                "Transfer-Encoding: chunked\r\n",
            ),
            (
                "Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n",
                Ok(Chunked),
                "Transfer-Encoding: chunked\r\n",
            ),
            ("Transfer-Encoding: chunked,\n", Ok(Chunked), "Transfer-Encoding: chunked\r\n"),
            (
                "Transfer-Encoding: identity\nContent-Length: 5\n",
                Ok(Length(5)),
                "Content-Length: 5\r\n",
            ),
            ("Transfer-Encoding:\nContent-Length: 5\n", Ok(Length(5)), "Content-Length: 5\r\n"),
            ("Transfer-Encoding: utf-8\n", Ok(Untold), ""),
            (
                "Transfer-Encoding: gzip\nContent-Length: 5\n",
                Ok(Coded),
                "Transfer-Encoding: gzip\r\n",
            ),
        ];
        for (lines, expected, left) in cases {
            let head = format!("start\n{lines}\n");
            let mut raw = raw::read(head.as_bytes());
            let before = raw.fields.clone();
            let settled = settle(&mut raw.fields, &mut raw.mended);
            assert_eq!(settled, expected, "{lines:?}");
            if expected.is_ok() {
                let written = String::from_utf8(raw::write(b"", &raw.fields)).expect("text");
                assert_eq!(written, format!("\r\n{left}\r\n"), "{lines:?}");
                assert_eq!(
                    raw.mended.is_empty(),
                    before == raw.fields,
                    "{lines:?}: what was changed is noted: {:?}",
                    raw.mended
                );
            }
        }
    }
}
