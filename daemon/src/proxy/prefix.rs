//! What a request says to the proxy itself: the first segment of its path, `/~k=v[,k=v]/…`, and
//! headers of ours. Taken off before anything else looks at the request: it is neither forwarded
//! nor recorded.
//!
//! | key | header | says |
//! | --- | --- | --- |
//! | `t` | `x-ccdump-token` | the token |
//!
//! A base URL is all that most agents can be told, so all of it fits into a path.

use http::{HeaderName, Request, Uri, uri::PathAndQuery};

use super::headers;

const TOKEN: HeaderName = HeaderName::from_static("x-ccdump-token");

/// Tokens that a request brought along.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Credentials(pub Vec<Vec<u8>>);

/// Why a prefix cannot be obeyed. None of these words repeats a value.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PrefixError {
    #[error(
        "the path begins with ~{0}=…, which this ccdumpd does not know (it knows ~t=TOKEN); update it, or mend the base URL"
    )]
    Unknown(String),
    #[error("the path begins with ~…, in which {0} has no value; write /~t=TOKEN")]
    Empty(String),
    #[error("the path begins with ~…, which is not of the form /~k=v,k=v; mend the base URL")]
    Malformed,
}

/// Takes the prefix and the headers off a request.
pub fn take<B>(request: &mut Request<B>) -> Result<Credentials, PrefixError> {
    let mut tokens: Vec<Vec<u8>> =
        request.headers().get_all(TOKEN).iter().map(|token| token.as_bytes().to_vec()).collect();
    if !tokens.is_empty() {
        headers::remove_in_order(request.headers_mut(), &TOKEN);
    }
    let path = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    if let Some((segment, rest)) = split(path) {
        for (key, value) in pairs(segment)? {
            match key.as_str() {
                "t" => tokens.push(value),
                _ => return Err(PrefixError::Unknown(key)),
            }
        }
        let rest = rest.to_owned();
        *request.uri_mut() = with_path(request.uri(), &rest).ok_or(PrefixError::Malformed)?;
    }
    Ok(Credentials(tokens))
}

/// The segment of ours and the target without it. `/~user/…` is no such segment: a key and `=`
/// follow the tilde.
fn split(target: &str) -> Option<(&str, &str)> {
    let path = target.strip_prefix('/')?;
    let end = path.find(['/', '?']).unwrap_or(path.len());
    let (segment, rest) = path.split_at_checked(end)?;
    let decoded = percent_decode(segment);
    let key = decoded.strip_prefix(b"~")?.split(|byte| *byte == b'=').next()?;
    let is_ours = key.len() + 1 < decoded.len() && is_key(key);
    is_ours.then_some((segment, rest))
}

fn is_key(key: &[u8]) -> bool {
    key.first().is_some_and(u8::is_ascii_alphabetic) && key.iter().all(u8::is_ascii_alphanumeric)
}

/// Keys and values, percent-decoded: some clients encode more of a path than they must.
fn pairs(segment: &str) -> Result<Vec<(String, Vec<u8>)>, PrefixError> {
    let mut pairs = Vec::new();
    for (at, pair) in segment.split(',').enumerate() {
        let decoded = percent_decode(pair);
        let pair = if at == 0 { decoded.strip_prefix(b"~").unwrap_or(&decoded) } else { &decoded };
        let equals = pair.iter().position(|byte| *byte == b'=').ok_or(PrefixError::Malformed)?;
        let (key, value) = pair.split_at_checked(equals).ok_or(PrefixError::Malformed)?;
        if !is_key(key) {
            return Err(PrefixError::Malformed);
        }
        let key = String::from_utf8_lossy(key).into_owned();
        match value.strip_prefix(b"=") {
            Some(value) if !value.is_empty() => pairs.push((key, value.to_vec())),
            _ => return Err(PrefixError::Empty(key)),
        }
    }
    Ok(pairs)
}

/// Undoes percent-encoding; what is none stays as it is.
pub fn percent_decode(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after
            .get(..2)
            .filter(|digits| first == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        let byte = digits
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        decoded.push(byte.unwrap_or(first));
        rest = after.get(if byte.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    decoded
}

/// The same URI with another path and query, byte for byte as it was sent.
fn with_path(uri: &Uri, rest: &str) -> Option<Uri> {
    let target = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(target.parse().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn taken(target: &str) -> Result<(Vec<String>, String), PrefixError> {
        let mut request = Request::builder().uri(target).body(()).expect("a request");
        let Credentials(tokens) = take(&mut request)?;
        let tokens =
            tokens.into_iter().map(|token| String::from_utf8_lossy(&token).into_owned()).collect();
        Ok((tokens, request.uri().to_string()))
    }

    #[test]
    fn the_prefix_is_taken_off_and_nothing_else() {
        for (target, tokens, rest) in [
            ("/~t=abc/v1/messages?beta=true", &["abc"][..], "/v1/messages?beta=true"),
            ("/~t=abc", &["abc"], "/"),
            ("/~t=abc/", &["abc"], "/"),
            ("/~t=abc?x=~t=1", &["abc"], "/?x=~t=1"),
            ("/~t=abc//v1/a%2Fb;c", &["abc"], "//v1/a%2Fb;c"),
            ("/%7Et%3Dabc/v1", &["abc"], "/v1"),
            ("/~t=a%2Fb%2C%3D+/v1", &["a/b,=+"], "/v1"),
            ("/~t=a=b==/v1", &["a=b=="], "/v1"),
            ("/~t=100%/v1", &["100%"], "/v1"),
            ("/~t=a,t=b/v1", &["a", "b"], "/v1"),
            ("/~t=abc/~t=def/v1", &["abc"], "/~t=def/v1"),
            ("http://127.0.0.1:3344/~t=abc/v1", &["abc"], "http://127.0.0.1:3344/v1"),
            ("/~user/page", &[], "/~user/page"),
            ("/~", &[], "/~"),
            ("/~=x/a", &[], "/~=x/a"),
            ("/~t/x=1", &[], "/~t/x=1"),
            ("/v1/~t=abc", &[], "/v1/~t=abc"),
            ("/?~t=abc", &[], "/?~t=abc"),
            ("/t=abc/v1", &[], "/t=abc/v1"),
        ] {
            let wanted = (tokens.iter().map(ToString::to_string).collect(), rest.to_owned());
            assert_eq!(taken(target), Ok(wanted), "{target}");
        }
    }

    #[test]
    fn what_is_ours_and_cannot_be_obeyed_is_said_without_its_value() {
        for (target, word) in [
            ("/~r=s3cret/v1", "~r=…"),
            ("/~t=a,u=s3cret/v1", "~u=…"),
            ("/~T=s3cret/v1", "~T=…"),
            ("/~t=/v1", "t has no value"),
            ("/~t=s3cret,/v1", "not of the form"),
            ("/~t=a,s3cret/v1", "not of the form"),
        ] {
            let error = taken(target).expect_err(target).to_string();
            assert!(error.contains(word) && !error.contains("s3cret"), "{target}: {error}");
        }
    }

    #[test]
    fn the_header_is_taken_off_too() {
        let request = Request::builder()
            .uri("/v1")
            .header("a", "1")
            .header("X-Ccdump-Token", "abc")
            .header("b", "2")
            .header("c", "3");
        let mut request = request.body(()).expect("a request");
        assert_eq!(take(&mut request), Ok(Credentials(vec![b"abc".to_vec()])));
        let left: Vec<&str> = request.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(left, ["a", "b", "c"]);
    }

    proptest! {
        #[test]
        fn every_token_comes_through_a_path(token in "[!-~]{1,60}", rest in "(/[a-z~=%,]{0,8}){0,3}(\\?[a-z~=&/]{0,8})?") {
            let encoded: String = token.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect();
            let wanted = if rest.starts_with('/') { rest.clone() } else { format!("/{rest}") };
            if let Ok(wanted) = wanted.parse::<Uri>() {
                prop_assert_eq!(taken(&format!("/~t={encoded}{rest}")), Ok((vec![token], wanted.to_string())));
            }
        }

        #[test]
        fn no_target_makes_it_panic(target in "/[~a-z=,%/?0-9]{0,24}") {
            if let Ok(mut request) = Request::builder().uri(&target).body(()) {
                let _: Result<Credentials, PrefixError> = take(&mut request);
            }
        }
    }
}
