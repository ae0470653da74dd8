//! Userinfo of URLs, and URLs in what people write.

use std::borrow::Cow;

use memchr::memmem;

use crate::{
    assignments,
    mark::{self, Mark, Masking},
};

/// The text with the userinfo of each URL masked: `https://user:password@host`, `//token@host`.
pub(crate) fn userinfo<'a>(text: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    if !text.contains('@') {
        return text.into();
    }
    let bytes = text.as_bytes();
    let mut masking = Masking::new(text);
    for slashes in memmem::find_iter(bytes, b"//") {
        let start = slashes + 2;
        // A `//` within a path introduces no host.
        let before = bytes.get(..slashes).and_then(<[u8]>::last);
        if start < masking.settled()
            || !before
                .is_none_or(|before| !before.is_ascii_alphanumeric() && !b"/-_.~%".contains(before))
        {
            continue;
        }
        if let Some(length) = userinfo_length(text.get(start..).unwrap_or_default()) {
            masking.mask(start, start + length, mark);
        }
    }
    masking.finish()
}

/// Bytes of the userinfo that a text begins with, which stands where a URL names its host.
fn userinfo_length(text: &str) -> Option<usize> {
    let end = |stops: &[char]| {
        text.find(|c: char| c.is_whitespace() || stops.contains(&c)).unwrap_or(text.len())
    };
    let authority = text.get(..end(&['/', '?', '#', '\\', '"', '<', '>', '`']))?;
    if let Some(at) = authority.rfind('@') {
        return Some(at).filter(|at| *at > 0);
    }
    // A password with a slash in it is no valid URL, and one all the same.
    let (_, port) = authority.split_once(':').filter(|(host, _)| !host.starts_with('['))?;
    if port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.get(..end(&['"', '<', '>', '`']))?.rfind('@')
}

/// A target of the form `user:password@host:port`.
pub(crate) fn bare_userinfo<'a>(target: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    let authority = target.split(['/', '?', '#']).next().unwrap_or_default();
    let mut masking = Masking::new(target);
    if let Some(at) = authority.rfind('@') {
        masking.mask(0, at, mark);
    }
    masking.finish()
}

/// What stands before a host without a URL around it, in a list of them.
pub(crate) fn hosts<'a>(value: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    let mut masking = Masking::new(value);
    for (at, _) in value.match_indices('@') {
        let before = value.get(masking.settled()..at).unwrap_or_default();
        let start = at - before.rsplit([' ', ',', ';', '=', '"', '@']).next().map_or(0, str::len);
        if start < at && !mark::ends_masked(before) {
            masking.mask(start, at, mark);
        }
    }
    masking.finish()
}

/// `user:password@host` anywhere in a text.
pub(crate) fn bare_userinfo_in_text<'a>(text: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    let is_end = |c: char| c.is_whitespace() || "\"'<>()[]{},;=`/".contains(c);
    let mut masking = Masking::new(text);
    for (at, _) in text.match_indices('@') {
        let start =
            text.get(..at).and_then(|before| before.rfind(is_end).map(|end| end + 1)).unwrap_or(0);
        let start = (start..=at).find(|start| text.is_char_boundary(*start)).unwrap_or(at);
        let named = text.get(start..at).and_then(|userinfo| userinfo.split_once(':'));
        let host = text.get(at + 1..).and_then(|host| host.chars().next());
        if start >= masking.settled()
            && host.is_some_and(char::is_alphanumeric)
            && named.is_some_and(|(user, password)| {
                !password.is_empty() && !user.eq_ignore_ascii_case("mailto")
            })
        {
            masking.mask(start, at, mark);
        }
    }
    masking.finish()
}

/// The parameters of URLs in what people write.
pub(crate) fn in_content<'a>(content: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    let mut masked = String::new();
    let mut copied = 0;
    for colon in memmem::find_iter(content.as_bytes(), b"://") {
        let Some(rest) = content.get(colon..).filter(|_| colon >= copied) else { continue };
        let end = mark::find_outside(rest, |c| c.is_whitespace() || "\"'<>`\\".contains(c));
        let url = rest.get(..end).unwrap_or_default();
        if let Cow::Owned(url_masked) = assignments::in_target(url, mark) {
            masked.push_str(content.get(copied..colon).unwrap_or_default());
            masked.push_str(&url_masked);
            copied = colon + url.len();
        }
    }
    if copied == 0 {
        return content.into();
    }
    masked.push_str(content.get(copied..).unwrap_or_default());
    masked.into()
}
