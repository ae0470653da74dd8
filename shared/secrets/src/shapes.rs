//! Credentials that are told by their own shape, whatever holds them.

use std::{borrow::Cow, sync::LazyLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use memchr::memmem;

use crate::mark::{Mark, Masking};

/// How a kind of credential begins, and what follows.
struct Shape {
    prefix: &'static str,
    /// What follows has at least so many characters.
    shortest: usize,
    follows: fn(u8) -> bool,
    /// The prefix is a part of other words.
    begins_word: bool,
}

const fn shape(prefix: &'static str, shortest: usize, follows: fn(u8) -> bool) -> Shape {
    Shape { prefix, shortest, follows, begins_word: false }
}

const fn word(prefix: &'static str, shortest: usize, follows: fn(u8) -> bool) -> Shape {
    Shape { prefix, shortest, follows, begins_word: true }
}

/// Longer prefixes stand before shorter ones that they begin with.
const SHAPES: &[Shape] = &[
    // Model APIs.
    shape("sk-ant-", 10, is_word),
    word("sk-", 16, is_word),
    word("sk_", 20, is_word),
    word("xai-", 20, is_word),
    word("gsk_", 20, is_word),
    word("hf_", 20, is_alphanumeric),
    word("r8_", 20, is_alphanumeric),
    word("pplx-", 20, is_word),
    word("nvapi-", 20, is_word),
    word("csk-", 20, is_word),
    word("fw_", 20, is_alphanumeric),
    word("tgp_v1_", 20, is_word),
    word("lsv2_", 20, is_word),
    word("pcsk_", 20, is_word),
    word("tvly-", 16, is_word),
    // Google.
    shape("AIza", 30, is_word),
    word("ya29.", 20, is_word),
    word("GOCSPX-", 16, is_word),
    word("1//0", 30, is_word),
    // Amazon: key ids, session tokens, Bedrock's keys.
    shape("AKIA", 16, is_upper),
    shape("ASIA", 16, is_upper),
    shape("ABIA", 16, is_upper),
    shape("ACCA", 16, is_upper),
    shape("FwoGZXIvYXdz", 20, is_base64),
    shape("IQoJb3JpZ2lu", 20, is_base64),
    word("ABSK", 40, is_base64),
    word("bedrock-api-key-", 16, is_base64),
    // Where code is kept.
    shape("ghp_", 20, is_alphanumeric),
    shape("gho_", 20, is_alphanumeric),
    shape("ghu_", 20, is_alphanumeric),
    shape("ghs_", 20, is_alphanumeric),
    shape("ghr_", 20, is_alphanumeric),
    shape("github_pat_", 20, is_word),
    word("glpat-", 16, is_dotted),
    word("gldt-", 16, is_dotted),
    word("glrt-", 16, is_dotted),
    word("glcbt-", 16, is_dotted),
    word("glptt-", 16, is_dotted),
    word("gloas-", 16, is_dotted),
    word("npm_", 30, is_alphanumeric),
    word("pypi-", 40, is_word),
    word("rubygems_", 30, is_alphanumeric),
    word("dckr_pat_", 20, is_word),
    word("ATATT3", 20, is_base64),
    // Services.
    shape("xoxa-", 10, is_word),
    shape("xoxb-", 10, is_word),
    shape("xoxe-", 10, is_word),
    shape("xoxe.", 10, is_dotted),
    shape("xoxo-", 10, is_word),
    shape("xoxp-", 10, is_word),
    shape("xoxr-", 10, is_word),
    shape("xoxs-", 10, is_word),
    word("xapp-", 16, is_word),
    word("rk_live_", 16, is_alphanumeric),
    word("rk_test_", 16, is_alphanumeric),
    word("whsec_", 20, is_base64),
    word("SG.", 40, is_dotted),
    word("shpat_", 30, is_alphanumeric),
    word("shpss_", 30, is_alphanumeric),
    word("dop_v1_", 40, is_alphanumeric),
    word("doo_v1_", 40, is_alphanumeric),
    word("dapi", 32, is_hex),
    word("hvs.", 20, is_word),
    word("hvb.", 20, is_word),
    word("lin_api_", 20, is_alphanumeric),
    word("ntn_", 30, is_alphanumeric),
    word("PMAK-", 20, is_word),
    word("NRAK-", 20, is_upper),
    word("glsa_", 20, is_word),
    word("sntrys_", 20, is_base64),
    word("sbp_", 30, is_alphanumeric),
    word("figd_", 20, is_word),
    word("dp.pt.", 20, is_alphanumeric),
    word("AGE-SECRET-KEY-1", 40, is_upper),
];

/// How what is told by more than a prefix begins; in any case of letters.
const OTHERS: &[&str] = &["eyJ", "-----BEGIN ", "bearer ", "basic "];

/// Azure signs its keys in their middle: what stands before it, and after it at least.
const AZURE: &[u8] = b"JQQJ9";
const AZURE_BEFORE: usize = 52;
const AZURE_AFTER: usize = 20;

/// Finds where one may begin. A DFA: heads go through it on the traffic's thread.
static BEGINNINGS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostFirst)
        .kind(Some(AhoCorasickKind::DFA))
        .build(SHAPES.iter().map(|shape| shape.prefix).chain(OTHERS.iter().copied()))
        .ok()
});

/// Shorter than any of them.
const SHORTEST: usize = 10;

/// The text with each of them masked.
pub(crate) fn mask<'a>(text: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    let Some(beginnings) = BEGINNINGS.as_ref().filter(|_| text.len() >= SHORTEST) else {
        return text.into();
    };
    let mut masking = Masking::new(text);
    let mut from = 0;
    while let Some(found) = beginnings.find(aho_corasick::Input::new(text).range(from..)) {
        match secret(text.as_bytes(), found.start()) {
            Some((start, end)) => {
                masking.mask(start, end, mark);
                from = end;
            }
            None => from = found.start() + 1,
        }
    }
    match masking.finish() {
        Cow::Borrowed(text) => azure(text, mark),
        Cow::Owned(masked) => Cow::Owned(azure(&masked, mark).into_owned()),
    }
}

/// Where the credential stands that is introduced at `at`. They are ASCII, so that these are limits
/// between characters.
fn secret(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = text.get(at..)?;
    let known = SHAPES.iter().find_map(|shape| {
        let after = rest.strip_prefix(shape.prefix.as_bytes())?;
        let length = run(after, shape.follows);
        let fits = length >= shape.shortest && (!shape.begins_word || begins_word(text, at));
        fits.then_some((at, at + shape.prefix.len() + length))
    });
    let alone = || jwt(rest).or_else(|| pem(rest)).map(|length| (at, at + length));
    let after_scheme = || {
        let (before, length) = bearer(rest).or_else(|| basic(rest))?;
        Some((at + before, at + before + length))
    };
    known.or_else(alone).or_else(after_scheme)
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn is_dotted(byte: u8) -> bool {
    is_word(byte) || byte == b'.'
}

fn is_base64(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'+' | b'/' | b'=')
}

/// What follows the name of a scheme in an authorization header, but for the `=` at its end.
fn is_token(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'.' | b'~' | b'+' | b'/')
}

fn run(text: &[u8], of: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|byte| of(**byte)).count()
}

/// No word goes on here. The `n` of an escaped line break does not count as one.
fn begins_word(text: &[u8], at: usize) -> bool {
    match text.get(..at).unwrap_or_default() {
        [.., b'\\', b'n' | b'r' | b't'] | [] => true,
        [.., before] => !is_word(*before),
    }
}

/// Parts in base64, the first two of them JSON objects; or five parts of which the first one is: an
/// encrypted one.
fn jwt(text: &[u8]) -> Option<usize> {
    let part = |from: usize| run(text.get(from..).unwrap_or_default(), is_word);
    let head = part(0);
    if head < 10 || !text.starts_with(b"eyJ") || text.get(head) != Some(&b'.') {
        return None;
    }
    let body = part(head + 1);
    let end = head + 1 + body;
    let mut all = end;
    let mut parts = 2;
    while text.get(all) == Some(&b'.') && parts < 5 {
        all += 1 + part(all + 1);
        parts += 1;
    }
    let is_signed = text.get(head + 1..).is_some_and(|body| body.starts_with(b"eyJ")) && body >= 10;
    match (is_signed, parts) {
        (_, 5) => Some(all),
        (true, 2) => Some(end),
        (true, _) => Some(end + 1 + part(end + 1)),
        (false, _) => None,
    }
}

/// The scheme, blanks and a token: where that begins, and its length with the `=` at its end.
fn after_scheme(text: &[u8], scheme: &str) -> Option<(usize, usize)> {
    let word = scheme.len();
    text.get(..word)?.eq_ignore_ascii_case(scheme.as_bytes()).then_some(())?;
    let blanks = run(text.get(word..)?, |byte| byte == b' ');
    let token = text.get(word + blanks..)?;
    let length = run(token, is_token);
    let padding = run(token.get(length..)?, |byte| byte == b'=');
    // `name=value` and `name="value"` are parameters of the scheme.
    let goes_on = padding > 0
        && match token.get(length + padding..)? {
            [] => false,
            [b'"', within, ..] => within.is_ascii_alphanumeric(),
            [next, ..] => !next.is_ascii_whitespace() && !b",;\"'\\<>)".contains(next),
        };
    (blanks > 0 && !goes_on).then_some((word + blanks, length + padding))
}

fn bearer(text: &[u8]) -> Option<(usize, usize)> {
    after_scheme(text, "bearer").filter(|(_, length)| *length >= 16)
}

/// `user:password` in base64.
fn basic(text: &[u8]) -> Option<(usize, usize)> {
    let (before, length) = after_scheme(text, "basic")?;
    let token = text.get(before..before + length)?;
    let token = token.get(..run(token, |byte| byte != b'=')).filter(|token| token.len() >= 4)?;
    let decoded = String::from_utf8(STANDARD_NO_PAD.decode(token).ok()?).ok()?;
    (decoded.contains(':') && !decoded.contains(char::is_control)).then_some((before, length))
}

/// A private key with its frame; without the frame's end, as far as there is something in base64.
fn pem(text: &[u8]) -> Option<usize> {
    const TITLE: &[u8] = b"PRIVATE KEY";
    const DASHES: &[u8] = b"-----";
    /// Longer than any key.
    const LONGEST: usize = 32 << 10;
    let title = text.strip_prefix(b"-----BEGIN ")?;
    let named = title.get(..title.len().min(40))?;
    let name = memmem::find(named, TITLE)?;
    let begin = text.len() - title.len()
        + name
        + memmem::find(title.get(name..title.len().min(60))?, DASHES)?
        + DASHES.len();
    let body = text.get(begin..text.len().min(begin + LONGEST))?;
    if let Some(end) = memmem::find(body, b"-----END ")
        && let Some(title) = memmem::find(body.get(end..)?, TITLE)
        && let Some(dashes) = memmem::find(body.get(end + title..)?, DASHES)
    {
        return Some(begin + end + title + dashes + DASHES.len());
    }
    let mut length = 0;
    loop {
        length += match body.get(length..)? {
            [b'\\', b'n' | b'r', ..] => 2,
            [byte, ..] if is_token(*byte) || *byte == b'=' || byte.is_ascii_whitespace() => 1,
            _ => return Some(begin + length),
        };
    }
}

fn azure<'a>(text: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    if text.len() < AZURE_BEFORE + AZURE.len() + AZURE_AFTER {
        return text.into();
    }
    let mut masking = Masking::new(text);
    let bytes = text.as_bytes();
    for signature in memmem::find_iter(bytes, AZURE) {
        let before = bytes
            .get(..signature)
            .unwrap_or_default()
            .iter()
            .rev()
            .take_while(|byte| is_alphanumeric(**byte))
            .count();
        let after = run(bytes.get(signature + AZURE.len()..).unwrap_or_default(), is_alphanumeric);
        let escaped = bytes.get(..signature - before).is_some_and(|before| before.ends_with(b"\\"));
        let start = signature - before + usize::from(escaped);
        if signature - start >= AZURE_BEFORE && after >= AZURE_AFTER && start >= masking.settled() {
            masking.mask(start, signature + AZURE.len() + after, mark);
        }
    }
    masking.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mark::plain;

    const JWT: &str =
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn masked(text: &str) -> Cow<'_, str> {
        mask(text, &plain)
    }

    #[test]
    fn credentials_are_found_wherever_they_stand() {
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow/+=\nabc\n-----END RSA PRIVATE KEY-----";
        let escaped = pem.replace('\n', "\\n");
        let azure = format!("{}JQQJ99BKACYeBjFXJ3w3AAABACOGabcd", "Ab3".repeat(18));
        for secret in [
            "sk-ant-api03-abcdefghijkl_mnop-qrs",
            "sk-proj-0123456789abcdefghij",
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
            "github_pat_11ABCDEFG0123456789_abcdefgh",
            "glpat-0123456789abcdef_-xyz",
            "xoxb-123456789012-abcdef",
            "xoxs-1234567890",
            "AIzaSyA0123456789abcdefghijklmnopqrstuv",
            "ya29.a0AfH6SMBx0123456789-_abc",
            "hf_abcdefghijklmnopqrstuvwxyzABCD",
            "gsk_0123456789abcdefghijABCDEFGHIJ",
            "xai-0123456789abcdefghijABCDEFGHIJ",
            "sk_live_0123456789abcdefABCDEF",
            "hvs.CAESIJ0123456789abcdefghij",
            "dapi0123456789abcdef0123456789abcdef",
            "IQoJb3JpZ2luX2VjEAAaCXVzLWVhc3QtMSJ/+A==",
            JWT,
            "eyJhbGciOiJSU0EtT0FFUCJ9.OKOawDo13gRp2ojaHV7LFpZcgV7T.48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYIzOeDQz7T.XFBoMYUZodetZdvT",
            &azure,
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\nMIIE\n-----END PGP PRIVATE KEY BLOCK-----",
            pem,
            &escaped,
        ] {
            for (before, after) in [
                ("", ""),
                ("key=", " ok"),
                ("\"", "\""),
                ("漢字\n", "漢字"),
                ("\\n", "\\nnext"),
                ("{\"a\":\"x\\n", "\"}"),
            ] {
                let text = format!("{before}{secret}{after}");
                let wanted = format!("{before}‹secret len={}›{after}", secret.len());
                assert_eq!(masked(&text), wanted, "{text}");
                assert_eq!(masked(&wanted), wanted, "once is enough");
            }
        }
    }

    #[test]
    fn of_a_header_only_the_token_is_masked() {
        let text = "Authorization: Bearer 0123456789abcdef.xyz+/=\nbearer  abcdefghijklmnop, Bearer of news; basic dXNlcjpwYXNz";
        let wanted = "Authorization: Bearer ‹secret len=23›\nbearer  ‹secret len=16›, Bearer of news; basic ‹secret len=12›";
        assert_eq!(masked(text), wanted);
    }

    #[test]
    fn a_key_that_breaks_off_is_masked_as_far_as_it_goes() {
        assert_eq!(
            masked(r#"{"a":"-----BEGIN PRIVATE KEY-----\nMIIE\nabc\"}"#),
            r#"{"a":"‹secret len=38›\"}"#
        );
        assert_eq!(masked("-----BEGIN PRIVATE KEY-----"), "‹secret len=27›");
    }

    #[test]
    fn what_is_none_stays() {
        for text in [
            "task-list-of-the-week-in-november",
            "sk-short",
            "a sk- b",
            "AKIA and AIza, ghp_ and xoxb-",
            "AKIAlowercaseisnoneatall",
            "Bearer token",
            "Bearer resource_metadata=https://x.example/.well-known/oauth",
            "Bearer realm=\"https://x.example/a\", error=\"invalid_token\"",
            "basic authentication",
            "basic auth",
            "eyJhbGciOiJIUzI1NiJ9 alone",
            "eyJhbGciOiJIUzI1NiJ9.notjsonatall.x",
            "-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----",
            "‹secret 9f2c41d07be3 len=108›",
            "claude-sonnet-4-5-20250929",
            "req_011CSHoEeqs5C35K2UUqR7Fy",
            "",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
