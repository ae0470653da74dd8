//! Finds what looks like a secret in texts, and takes it out. Rather too much is taken out than too little.

use serde_json::Value;

/// How a kind of secret begins, and what follows.
struct Pattern {
    prefix: &'static str,
    /// What follows has at least so many characters.
    shortest: usize,
    follows: fn(u8) -> bool,
    /// The prefix is a part of other words.
    begins_word: bool,
}

const fn pattern(prefix: &'static str, shortest: usize, follows: fn(u8) -> bool, begins_word: bool) -> Pattern {
    Pattern { prefix, shortest, follows, begins_word }
}

const PATTERNS: [Pattern; 16] = [
    pattern("sk-ant-", 10, is_word, false),
    pattern("sk-", 20, is_word, true),
    pattern("AKIA", 16, is_upper, false),
    pattern("ASIA", 16, is_upper, false),
    pattern("ghp_", 20, is_letter, false),
    pattern("gho_", 20, is_letter, false),
    pattern("ghu_", 20, is_letter, false),
    pattern("ghs_", 20, is_letter, false),
    pattern("ghr_", 20, is_letter, false),
    pattern("github_pat_", 20, is_word, false),
    pattern("xoxb-", 10, is_word, false),
    pattern("xoxa-", 10, is_word, false),
    pattern("xoxp-", 10, is_word, false),
    pattern("xoxr-", 10, is_word, false),
    pattern("xoxs-", 10, is_word, false),
    pattern("AIza", 30, is_word, false),
];

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// What an authorization header carries.
fn is_token(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'.' | b'~' | b'+' | b'/' | b'=')
}

/// Takes secrets out of all texts of a value; gives how many there were.
pub fn scrub(value: &mut Value) -> usize {
    let mut count = 0;
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::String(text) => {
                if let Some((clean, found)) = without(text) {
                    *text = clean;
                    count += found;
                }
            }
            Value::Array(values) => waiting.extend(values),
            Value::Object(fields) => waiting.extend(fields.values_mut()),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    count
}

/// The text with a mark for each secret, and how many there are; `None`: there is none.
fn without(text: &str) -> Option<(String, usize)> {
    let mut clean = String::new();
    let (mut copied, mut at, mut count) = (0, 0, 0);
    while at < text.len() {
        match secret(text.as_bytes(), at) {
            Some((start, end)) => {
                clean.push_str(text.get(copied..start).unwrap_or_default());
                clean.push_str(&format!("‹secret len={}›", end - start));
                (copied, at) = (end, end);
                count += 1;
            }
            None => at += 1,
        }
    }
    clean.push_str(text.get(copied..).unwrap_or_default());
    (count > 0).then_some((clean, count))
}

/// Where the secret stands that is introduced at `at`. Secrets are ASCII, so that these are limits between characters.
fn secret(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = text.get(at..)?;
    // Most places are dismissed here.
    if !matches!(rest.first()?, b's' | b'A' | b'g' | b'x' | b'e' | b'B' | b'b' | b'-') {
        return None;
    }
    let known = PATTERNS.iter().find_map(|pattern| {
        let after = rest.strip_prefix(pattern.prefix.as_bytes())?;
        let length = run(after, pattern.follows);
        let fits = length >= pattern.shortest && (!pattern.begins_word || begins_word(text, at));
        fits.then_some((at, at + pattern.prefix.len() + length))
    });
    known.or_else(|| jwt(rest).map(|length| (at, at + length))).or_else(|| pem(rest).map(|length| (at, at + length))).or_else(
        || {
            let (before, length) = bearer(rest)?;
            Some((at + before, at + before + length))
        },
    )
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

/// Three parts in base64, the first two of them JSON objects.
fn jwt(text: &[u8]) -> Option<usize> {
    let part = |from: usize| run(text.get(from..).unwrap_or_default(), is_word);
    let head = part(0);
    let is_jwt = head >= 10 && text.starts_with(b"eyJ") && text.get(head..head + 4)? == b".eyJ";
    let body = part(head + 1);
    let end = head + 1 + body;
    let signature = if text.get(end) == Some(&b'.') { 1 + part(end + 1) } else { 0 };
    (is_jwt && body >= 10).then_some(end + signature)
}

/// `Bearer` and a token: how far away that is, and how long.
fn bearer(text: &[u8]) -> Option<(usize, usize)> {
    const WORD: usize = "bearer".len();
    text.get(..WORD)?.eq_ignore_ascii_case(b"bearer").then_some(())?;
    let blanks = run(text.get(WORD..)?, |byte| byte == b' ');
    let length = run(text.get(WORD + blanks..)?, is_token);
    (blanks > 0 && length >= 16).then_some((WORD + blanks, length))
}

/// A private key with its frame; without the frame's end, as far as there is something in base64.
fn pem(text: &[u8]) -> Option<usize> {
    const TITLE: &[u8] = b"PRIVATE KEY-----";
    /// Longer than any key.
    const LONGEST: usize = 32 << 10;
    let title = text.strip_prefix(b"-----BEGIN ")?;
    let begin = text.len() - title.len() + find(title.get(..title.len().min(40))?, TITLE)? + TITLE.len();
    let body = text.get(begin..text.len().min(begin + LONGEST))?;
    if let Some(end) = find(body, b"-----END ")
        && let Some(title) = find(body.get(end..)?, TITLE)
    {
        return Some(begin + end + title + TITLE.len());
    }
    let mut length = 0;
    loop {
        length += match body.get(length..)? {
            [b'\\', b'n' | b'r', ..] => 2,
            [byte, ..] if is_token(*byte) || byte.is_ascii_whitespace() => 1,
            _ => return Some(begin + length),
        };
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    #[test]
    fn secrets_are_found_wherever_they_stand() {
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow/+=\nabc\n-----END RSA PRIVATE KEY-----";
        let escaped = pem.replace('\n', "\\n");
        for secret in [
            "sk-ant-api03-abcdefghijkl_mnop-qrs",
            "sk-proj-0123456789abcdefghij",
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
            "github_pat_11ABCDEFG0123456789_abcdefgh",
            "xoxb-123456789012-abcdef",
            "xoxs-1234567890",
            "AIzaSyA0123456789abcdefghijklmnopqrstuv",
            JWT,
            pem,
            &escaped,
        ] {
            for (before, after) in
                [("", ""), ("key=", " ok"), ("\"", "\""), ("漢字\n", "漢字"), ("\\n", "\\nnext"), ("{\"a\":\"x\\n", "\"}")]
            {
                let text = format!("{before}{secret}{after}");
                let wanted = format!("{before}‹secret len={}›{after}", secret.len());
                assert_eq!(without(&text), Some((wanted, 1)), "{text}");
            }
        }
    }

    #[test]
    fn of_a_header_only_the_token_is_taken_out() {
        let (text, count) =
            without("Authorization: Bearer 0123456789abcdef.xyz+/=\nbearer  abcdefghijklmnop, Bearer of news").expect("two");
        assert_eq!(text, "Authorization: Bearer ‹secret len=23›\nbearer  ‹secret len=16›, Bearer of news");
        assert_eq!(count, 2);
    }

    #[test]
    fn a_key_that_breaks_off_is_taken_out_as_far_as_it_goes() {
        let (text, _) = without(r#"{"a":"-----BEGIN PRIVATE KEY-----\nMIIE\nabc\"}"#).expect("one");
        assert_eq!(text, r#"{"a":"‹secret len=38›\"}"#);
        assert_eq!(without("-----BEGIN PRIVATE KEY-----").expect("one").1, 1);
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
            "eyJhbGciOiJIUzI1NiJ9 alone",
            "eyJhbGciOiJIUzI1NiJ9.notjsonatall.x",
            "-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----",
            "‹secret 9f2c41d07be3 len=108›",
            "",
        ] {
            assert_eq!(without(text), None, "{text}");
        }
    }

    #[test]
    fn every_text_of_a_value_is_looked_at() {
        let mut value = json!({"a": ["sk-ant-0123456789", {"b": format!("x {JWT} y AKIAIOSFODNN7EXAMPLE")}], "c": 1, "d": null});
        assert_eq!(scrub(&mut value), 3);
        let wanted =
            json!({"a": ["‹secret len=17›", {"b": format!("x ‹secret len={}› y ‹secret len=20›", JWT.len())}], "c": 1, "d": null});
        assert_eq!(value, wanted);
    }

    proptest! {
        #[test]
        fn any_text_can_be_looked_at_and_json_stays_json(text in "(.|sk-ant-0123456789|-----BEGIN PRIVATE KEY-----|\\\\|\"|\n|Bearer |eyJ){0,30}") {
            let json = serde_json::to_string(&text).expect("JSON");
            if let Some((clean, _)) = without(&json) {
                prop_assert!(serde_json::from_str::<String>(&clean).is_ok(), "{clean}");
            }
            if let Some((clean, _)) = without(&text) {
                prop_assert_eq!(without(&clean), None, "nothing is left");
            }
        }
    }
}
