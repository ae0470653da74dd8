//! JSON taken apart without a copy: every part is a slice of the body, so that its byte range is
//! known.
//!
//! The iterators are for text that [`check`] has found valid, and skip over values without looking
//! into them: that is what lets an outline of a megabyte take milliseconds. Of other text they
//! yield something or nothing, and end.

use std::{borrow::Cow, ops::Range};

use memchr::memchr;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use crate::mend;

/// Names, ids and models are kept up to this length.
const NAME_LIMIT: usize = 512;

/// Whether `json` is one valid JSON value.
pub(crate) fn check(json: &str) -> Result<(), serde_json::Error> {
    serde_json::from_str::<IgnoredAny>(json).map(|_| ())
}

/// The text of a valid JSON value, mended where it needs to be: ranges in it are ranges in `json`.
pub(crate) fn valid(json: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(json).ok()?;
    if check(text).is_ok() {
        return Some(text.into());
    }
    String::from_utf8(mend::mend(json)).ok().filter(|mended| check(mended).is_ok()).map(Cow::Owned)
}

/// Parses JSON, and if that fails what [`mend`] makes of it.
pub(crate) fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(json)
        .or_else(|error| serde_json::from_slice(&mend::mend(json)).map_err(|_| error))
}

/// The values of an array; of anything else `None`.
pub(crate) fn elements(json: &str) -> Option<impl Iterator<Item = &str>> {
    let mut rest = trim(json).strip_prefix('[')?;
    Some(std::iter::from_fn(move || {
        let (value, after) = split_value(rest)?;
        rest = after;
        Some(value)
    }))
}

/// The keys and values of an object; of anything else `None`.
pub(crate) fn members(json: &str) -> Option<impl Iterator<Item = (Cow<'_, str>, &str)>> {
    let mut rest = trim(json).strip_prefix('{')?;
    Some(std::iter::from_fn(move || {
        let (key, after) = split_value(rest)?;
        let (value, after) = split_value(trim(after).strip_prefix(':')?)?;
        rest = after;
        let key = serde_json::from_str(key).map_or(Cow::Borrowed(key), |Text(key)| key);
        Some((key, value))
    }))
}

/// The value of an object's first member of that name.
pub(crate) fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    members(json)?.find(|(key, _)| key == name).map(|(_, value)| value)
}

/// Where `part`, a slice of `whole`, lies in it.
pub(crate) fn range(whole: &str, part: &str) -> Range<u64> {
    let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize) as u64;
    start..start + part.len() as u64
}

/// A JSON string, cut to the length of a name.
pub(crate) fn name(json: &str) -> Option<String> {
    parse::<String>(json.as_bytes()).ok().map(|text| name_of(&text))
}

/// A string inside a value, cut to the length of a name.
pub(crate) fn name_at(value: &serde_json::Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(name_of)
}

pub(crate) fn name_of(text: &str) -> String {
    clip(text, NAME_LIMIT).to_owned()
}

/// The start of `text`, `limit` bytes at most.
pub(crate) fn clip(text: &str, limit: usize) -> &str {
    text.get(..text.floor_char_boundary(limit)).unwrap_or(text)
}

/// A key as it stands in a JSON pointer.
pub(crate) fn escape(key: &str) -> Cow<'_, str> {
    if key.contains(['~', '/']) {
        key.replace('~', "~0").replace('/', "~1").into()
    } else {
        key.into()
    }
}

/// A string, borrowed where the JSON holds it without escapes.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

fn trim(json: &str) -> &str {
    json.trim_start_matches([' ', '\n', '\r', '\t'])
}

/// The value at the start of `json`, after a comma if there is one, and what follows it. `None` at
/// the end of what holds the value.
fn split_value(json: &str) -> Option<(&str, &str)> {
    let json = trim(json);
    let json = json.strip_prefix(',').map_or(json, trim);
    let bytes = json.as_bytes();
    let length = match bytes.first()? {
        b'"' => string_length(bytes),
        b'{' | b'[' => nested_length(bytes),
        _ => bytes
            .iter()
            .take_while(|byte| {
                !matches!(byte, b',' | b':' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t')
            })
            .count(),
    };
    json.split_at_checked(length).filter(|(value, _)| !value.is_empty())
}

/// Length of the string that `json` starts with, its quotes included.
fn string_length(json: &[u8]) -> usize {
    let mut end = 1;
    while let Some(quote) = json.get(end..).and_then(|rest| memchr(b'"', rest)) {
        end += quote + 1;
        let before = json.get(1..end - 1).unwrap_or_default();
        let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\').count();
        if backslashes % 2 == 0 {
            return end;
        }
    }
    json.len()
}

/// Length of the array or object that `json` starts with.
fn nested_length(json: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0u64);
    while let Some(rest) = json.get(at..) {
        match rest.first() {
            None => break,
            Some(b'"') => at += string_length(rest),
            Some(b'{' | b'[') => {
                depth += 1;
                at += 1;
            }
            Some(b'}' | b']') => {
                depth = depth.saturating_sub(1);
                at += 1;
                if depth == 0 {
                    break;
                }
            }
            Some(_) => at += 1,
        }
    }
    at
}
