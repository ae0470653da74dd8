//! Credentials that stand behind their name: query parameters, `name=value` in a text, members of
//! JSON.

use std::borrow::Cow;

use memchr::memchr_iter;
use percent_encoding::percent_decode_str;

use crate::{
    mark::{self, Mark, Masking},
    names::{is_credential, is_parameter},
};

/// How often what is encoded may have been encoded again.
const ENCODED: usize = 3;

/// Where a value ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// The text is a URL as a whole.
    Target,
    /// It may stand anywhere in it.
    Text,
}

impl Within {
    /// Nothing of a value stands behind it.
    fn ends(self, c: char) -> bool {
        c == '&' || (self == Self::Text && (c.is_whitespace() || "\"'<>`".contains(c)))
    }

    /// It may be a part of a value; what follows tells.
    fn may_end(self, c: char) -> bool {
        ";?#".contains(c) || (self == Self::Text && ",(){}[]|".contains(c))
    }

    /// Bytes of the value that a text begins with.
    fn value(self, text: &str) -> usize {
        let marks = mark::all_leading(text);
        let ends = |&(at, c): &(usize, char)| {
            let goes_on = || text.get(at + c.len_utf8()..).unwrap_or_default();
            self.ends(c) || (self.may_end(c) && self.is_elsewhere(goes_on()))
        };
        let rest = text.get(marks..).unwrap_or_default();
        rest.char_indices()
            .map(|(at, c)| (at + marks, c))
            .find(ends)
            .map_or(text.len(), |(at, _)| at)
    }

    /// Whether a text begins with something of its own: the next parameter, or nothing.
    fn is_elsewhere(self, text: &str) -> bool {
        let Some(end) = text.find(|c| !is_name(c)) else { return text.is_empty() };
        let next = text.get(end..).unwrap_or_default();
        (end > 0 && next.starts_with('='))
            || (end == 0 && self == Self::Text && next.starts_with(char::is_whitespace))
    }
}

/// The name that a text ends in.
fn last_name(text: &str) -> &str {
    text.get(text.trim_end_matches(is_name).len()..).unwrap_or_default()
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || "_-.%+[]~$".contains(c)
}

/// The parameters of a target: those of its query, of its fragment, and of its path (`~t=…`,
/// `;token=…`).
pub(crate) fn in_target<'a>(target: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    let path = target.find(['?', '#']).unwrap_or(target.len());
    let (before, query) = target.split_at(path);
    let masked = if before.contains(['=', '%']) { segments(before, mark) } else { before.into() };
    let parameters = mask(query, Within::Target, mark);
    match (masked, parameters) {
        (Cow::Borrowed(_), Cow::Borrowed(_)) => target.into(),
        (masked, parameters) => format!("{masked}{parameters}").into(),
    }
}

/// A path segment by segment: a slash ends a value there.
fn segments<'a>(path: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    let segments: Vec<_> =
        path.split('/').map(|segment| mask(segment, Within::Target, mark)).collect();
    let is_changed = segments.iter().any(|segment| matches!(segment, Cow::Owned(_)));
    if is_changed { segments.join("/").into() } else { path.into() }
}

/// Assignments and JSON members anywhere in a text.
pub(crate) fn in_text<'a>(text: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    match mask(text, Within::Text, mark) {
        Cow::Borrowed(text) => members(text, mark),
        Cow::Owned(masked) => Cow::Owned(members(&masked, mark).into_owned()),
    }
}

fn mask<'a>(text: &'a str, within: Within, mark: Mark<'_>) -> Cow<'a, str> {
    let mut masking = Masking::new(text);
    for equals in memchr_iter(b'=', text.as_bytes()) {
        let Some(before) = text.get(masking.settled()..equals) else { continue };
        let name = last_name(before);
        let in_query = within == Within::Target
            || before
                .strip_suffix(name)
                .is_some_and(|before| before.ends_with(['?', '&', '#', ';']));
        if name.is_empty() || !if in_query { is_parameter(name) } else { is_credential(name) } {
            continue;
        }
        let rest = text.get(equals + 1..).unwrap_or_default();
        let (skipped, length) = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) if within == Within::Text => {
                (1, rest.get(1..).and_then(|rest| rest.find(quote)))
            }
            _ => (0, None),
        };
        let value = rest.get(skipped..).unwrap_or_default();
        let length = length.unwrap_or_else(|| within.value(value));
        let value = value.get(..length).unwrap_or_default();
        // The end of something in base64 is no assignment, and a number or a yes is no credential.
        if !is_nothing(value) {
            masking.mask(equals + 1 + skipped, equals + 1 + skipped + length, mark);
        }
    }
    match masking.finish() {
        Cow::Borrowed(text) => encoded(text, within, mark),
        Cow::Owned(masked) => Cow::Owned(encoded(&masked, within, mark).into_owned()),
    }
}

/// What can be no credential, whatever its name.
pub(crate) fn is_nothing(value: &str) -> bool {
    let value = value.trim_matches(['=', ' ', '"']);
    value.is_empty()
        || ["true", "false", "null", "none", "undefined", "0", "1", "yes", "no"]
            .iter()
            .any(|word| value.eq_ignore_ascii_case(word))
}

/// Whole words that hold a credential once they are decoded: a URL as a parameter of another one.
fn encoded<'a>(text: &'a str, within: Within, mark: Mark<'_>) -> Cow<'a, str> {
    if !text.contains('%') {
        return text.into();
    }
    let mut masking = Masking::new(text);
    for (start, word) in words(text, within) {
        let Some(percent) = word.find('%') else { continue };
        // The name of a parameter stays.
        let value =
            word.get(..percent).and_then(|before| before.find('=')).map_or(0, |equals| equals + 1);
        if let Some(value) = word.get(value..).filter(|value| holds_encoded(value)) {
            let end = start + word.len();
            masking.mask(end - value.len(), end, mark);
        }
    }
    masking.finish()
}

fn words(text: &str, within: Within) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split(move |c| within.ends(c) || within.may_end(c)).map(move |word| {
        let start = at;
        // Separators are single bytes but for some blanks, which the search below does not mind.
        at += word.len()
            + text
                .get(start + word.len()..)
                .and_then(|rest| rest.chars().next())
                .map_or(0, char::len_utf8);
        (start, word)
    })
}

fn holds_encoded(value: &str) -> bool {
    let is_found = std::cell::Cell::new(false);
    let note = |_: &str| {
        is_found.set(true);
        String::new()
    };
    let mut decoded = value.to_owned();
    for _ in 0..ENCODED {
        let further = percent_decode_str(&decoded).decode_utf8_lossy().into_owned();
        if further == decoded {
            break;
        }
        decoded = further;
        crate::urls::userinfo(&decoded, &note);
        // Not encoded any further: that is what the next round is for.
        plain(&decoded, &note);
        if is_found.get() {
            return true;
        }
    }
    false
}

/// Parameters, members and shapes of a text that is taken as it stands.
fn plain(text: &str, mark: Mark<'_>) {
    for equals in memchr_iter(b'=', text.as_bytes()) {
        let value = text.get(equals + 1..).unwrap_or_default();
        let value = value.get(..Within::Target.value(value)).unwrap_or_default();
        if is_parameter(last_name(text.get(..equals).unwrap_or_default())) && !is_nothing(value) {
            mark(value);
        }
    }
    members(text, mark);
    crate::shapes::mask(text, mark);
}

/// `"name": "value"`, also where the quotes are escaped or single.
fn members<'a>(text: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    let mut masking = Masking::new(text);
    for colon in memchr_iter(b':', text.as_bytes()) {
        let Some(before) = text.get(masking.settled()..colon).map(str::trim_end) else { continue };
        let Some(quote @ ('"' | '\'')) = before.chars().next_back() else { continue };
        let named = before.get(..before.len() - 1).unwrap_or_default().trim_end_matches('\\');
        let escapes = before.len() - 1 - named.len();
        let Some(name) = named.rfind(quote).and_then(|opening| named.get(opening + 1..)) else {
            continue;
        };
        if !is_credential(name) {
            continue;
        }
        let rest = text.get(colon + 1..).unwrap_or_default();
        let blanks = rest.len() - rest.trim_start().len();
        let opening = format!("{}{quote}", "\\".repeat(escapes));
        let Some(value) = rest.get(blanks..).and_then(|rest| rest.strip_prefix(&opening)) else {
            continue;
        };
        let start = colon + 1 + blanks + opening.len();
        let length = closing(value, quote, escapes).unwrap_or(value.len());
        if !is_nothing(value.get(..length).unwrap_or_default()) {
            masking.mask(start, start + length, mark);
        }
    }
    masking.finish()
}

/// Where the string ends whose quotes have that many backslashes before them.
fn closing(value: &str, quote: char, escapes: usize) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + value.get(from..)?.find(quote)?;
        let backslashes = value.get(..at)?.bytes().rev().take_while(|byte| *byte == b'\\').count();
        // An even number of them escapes itself: then it is the string around that ends.
        if backslashes % 2 == 0 {
            return Some(at);
        }
        if backslashes <= escapes {
            return Some(at - backslashes);
        }
        from = at + 1;
    }
}
