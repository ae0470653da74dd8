//! Header fields: by their names, and by what those are known to hold.

use std::borrow::Cow;

use crate::{
    assignments::{self, is_nothing},
    mark::{self, Mark, Masking},
    names::is_credential,
    settle, shapes, then, urls,
};

/// Schemes that may stand before a credential. They are no secret, and tell a key from a login; a
/// word that is none of them is one.
const SCHEMES: &[&str] = &[
    "apikey",
    "api-key",
    "aws4-hmac-sha256",
    "basic",
    "bearer",
    "bot",
    "digest",
    "dpop",
    "geniekey",
    "gnap",
    "hawk",
    "hoba",
    "jwt",
    "key",
    "klaviyo-api-key",
    "mac",
    "mutual",
    "negotiate",
    "ntlm",
    "oauth",
    "sharedaccesssignature",
    "sharedkey",
    "sharedkeylite",
    "snowflake",
    "splunk",
    "sso-key",
    "ssws",
    "token",
    "vapid",
];

/// Attributes of a cookie, which are not the cookie.
const COOKIE_ATTRIBUTES: &[&str] = &[
    "comment",
    "discard",
    "domain",
    "expires",
    "httponly",
    "max-age",
    "partitioned",
    "path",
    "port",
    "priority",
    "samesite",
    "secure",
    "version",
];

/// Fields whose value names a host without a URL around it.
const HOSTS: &[&str] =
    &["host", ":authority", "x-forwarded-host", "x-original-host", "x-host", "forwarded"];

const SUBPROTOCOLS: &str = "sec-websocket-protocol";

/// The value of a header field as it may be kept. Names may be in any case.
pub fn header<'a>(name: &str, value: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    if is("cookie") || is("cookie2") {
        return cookies(value, false, mark);
    }
    if is("set-cookie") || is("set-cookie2") {
        return cookies(value, true, mark);
    }
    if is_credential(name) {
        return credential(value, mark);
    }
    if is(SUBPROTOCOLS) {
        return settle(value, |value| {
            then(subprotocols(value, mark), |value| shapes::mask(value, mark))
        });
    }
    // Most values are settled here: heads go through this on the traffic's thread.
    if !value.bytes().any(|byte| matches!(byte, b'=' | b'@' | b'%' | b':')) {
        return then(bearer(value, mark), |value| shapes::mask(value, mark));
    }
    settle(value, |value| {
        let masked =
            if HOSTS.iter().any(|host| is(host)) { urls::hosts(value, mark) } else { value.into() };
        let masked = then(masked, |value| bearer(value, mark));
        let masked = then(masked, |value| urls::userinfo(value, mark));
        let masked = then(masked, |value| match is_url(value) {
            true => assignments::in_target(value, mark),
            false => assignments::in_text(value, mark),
        });
        then(masked, |value| shapes::mask(value, mark))
    })
}

/// The whole value but for its scheme. What can be no credential stays.
fn credential<'a>(value: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    let trimmed = value.trim();
    let start = value.len() - value.trim_start().len();
    let end = start + trimmed.len();
    let (scheme, secret) = trimmed.split_once(' ').unwrap_or(("", trimmed));
    let is_scheme = SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known));
    // Whatever scheme an earlier table has known.
    let is_masked = mark::is_masked(secret.trim_start())
        && scheme.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_nothing(trimmed) || mark::is_masked(trimmed) || is_masked {
        return value.into();
    }
    let mut masking = Masking::new(value);
    masking.whole(if is_scheme { end - secret.trim_start().len() } else { start }, end, mark);
    masking.finish()
}

/// `name=value; name=value`: the values.
fn cookies<'a>(value: &'a str, has_attributes: bool, mark: Mark<'_>) -> Cow<'a, str> {
    let mut masking = Masking::new(value);
    let mut at = 0;
    for (index, pair) in value.split(';').enumerate() {
        let start = at + pair.len() - pair.trim_start().len();
        at += pair.len() + 1;
        let pair = pair.trim();
        let end = start + pair.len();
        let (name, cookie) = pair.split_once('=').unwrap_or((pair, ""));
        let is_attribute = has_attributes
            && index > 0
            && COOKIE_ATTRIBUTES
                .iter()
                .any(|attribute| name.trim().eq_ignore_ascii_case(attribute));
        if is_attribute
            || pair.is_empty()
            || mark::is_masked(pair)
            || mark::is_masked(cookie.trim())
        {
            continue;
        }
        // Without a name it is a value; one in base64 ends in what looks like an empty one.
        let is_named = !cookie.trim_matches('=').is_empty()
            || (pair.ends_with('=') && cookie.is_empty() && name.len() < 16);
        match is_named {
            true if cookie.is_empty() => {}
            true => masking.whole(end - cookie.len(), end, mark),
            false => masking.whole(start, end, mark),
        }
    }
    masking.finish()
}

/// A value that is a bearer token as a whole, however short it is.
fn bearer<'a>(value: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    const SHORTEST: usize = 6;
    let token = value
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map_or("", |(_, token)| token.trim());
    let is_token = |c: char| c.is_ascii_alphanumeric() || "-._~+/".contains(c);
    let mut masking = Masking::new(value);
    if token.len() >= SHORTEST && token.trim_end_matches('=').chars().all(is_token) {
        let end = value.trim_end().len();
        masking.whole(end - token.len(), end, mark);
    }
    masking.finish()
}

/// Browsers have no other place for a credential: `openai-insecure-api-key.KEY`, `bearer.KEY`,
/// `token, KEY`.
fn subprotocols<'a>(value: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    let mut masking = Masking::new(value);
    let (mut at, mut announced) = (0, false);
    for entry in value.split(',') {
        let start = at + entry.len() - entry.trim_start().len();
        at += entry.len() + 1;
        let entry = entry.trim();
        let end = start + entry.len();
        let labels = entry.match_indices(['.', '=']).map(|(dot, _)| dot);
        let named = labels
            .into_iter()
            .find(|dot| entry.get(..*dot).is_some_and(|name| is_credential(last_label(name))));
        if mark::is_masked(entry) {
            announced = false;
        } else if announced || is_opaque(entry) {
            masking.whole(start, end, mark);
            announced = false;
        } else if let Some(dot) = named {
            if !mark::is_masked(entry.get(dot + 1..).unwrap_or_default()) {
                masking.whole(start + dot + 1, end, mark);
            }
        } else {
            announced = is_credential(entry);
        }
    }
    masking.finish()
}

fn last_label(name: &str) -> &str {
    name.rsplit(['.', '=']).next().unwrap_or(name)
}

/// One piece that nobody would call a protocol.
fn is_opaque(entry: &str) -> bool {
    const LONG: usize = 16;
    let mut pieces = entry.split(|c: char| !c.is_ascii_alphanumeric());
    let is_named = entry.contains(['.', '=']);
    !is_named
        && pieces.any(|piece| {
            piece.len() >= LONG
                && piece.contains(|c: char| c.is_ascii_digit())
                && piece.contains(|c: char| c.is_ascii_alphabetic())
        })
}

/// The value is one URL, absolute or relative.
fn is_url(value: &str) -> bool {
    let has_scheme = || {
        let scheme = value.split_once("://").map(|(scheme, _)| scheme);
        scheme.is_some_and(|scheme| {
            scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        })
    };
    (value.starts_with(['/', '?', '#']) || has_scheme())
        && !value.contains(|c: char| c.is_whitespace() || "<>".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mark::plain;

    fn masked(name: &str, value: &str) -> String {
        let once = header(name, value, &plain).into_owned();
        assert_eq!(header(name, &once, &plain), once, "{name}: once is enough");
        once
    }

    #[test]
    fn what_is_masked_of_a_value() {
        for (name, value, wanted) in [
            ("Authorization", "Bearer abc", "Bearer ‹secret len=3›"),
            ("authorization", "basic dTpw", "basic ‹secret len=4›"),
            ("authorization", "Digest username=\"u\", response=\"r\"", "Digest ‹secret len=26›"),
            ("authorization", "correct horse", "‹secret len=13›"),
            ("x-password", "correct horse battery", "‹secret len=21›"),
            ("x-api-key", "abcd", "‹secret len=4›"),
            ("x-api-key", "caf\u{fffd}", "‹secret len=4›"),
            ("x-auth-required", "secret", "secret"),
            ("x-token", "true", "true"),
            ("x-token", "", ""),
            (
                "cookie",
                "a=1; session=abc;b",
                "a=‹secret len=1›; session=‹secret len=3›;‹secret len=1›",
            ),
            ("cookie", "c2VjcmV0c2VjcmV0c2VjcmV0==", "‹secret len=26›"),
            ("cookie", "a=; b=x", "a=; b=‹secret len=1›"),
            (
                "set-cookie",
                "sid=abc; Path=/; HttpOnly; Max-Age=5; odd=x",
                "sid=‹secret len=3›; Path=/; HttpOnly; Max-Age=5; odd=‹secret len=1›",
            ),
            ("set-cookie2", "sid=abc", "sid=‹secret len=3›"),
            ("x-anything", "Bearer abcdef", "Bearer ‹secret len=6›"),
            ("x-anything", "sk-ant-0123456789", "‹secret len=17›"),
            (
                "sec-websocket-protocol",
                "realtime, openai-insecure-api-key.KEY",
                "realtime, openai-insecure-api-key.‹secret len=3›",
            ),
            (
                "Sec-WebSocket-Protocol",
                "lemonade-realtime, bearer.K.E.Y",
                "lemonade-realtime, bearer.‹secret len=5›",
            ),
            ("sec-websocket-protocol", "token, KEY", "token, ‹secret len=3›"),
            ("sec-websocket-protocol", "chat,a0b1c2d3e4f5a6b7", "chat,‹secret len=16›"),
            (
                "location",
                "https://h/u?upload_id=7&key=abc",
                "https://h/u?upload_id=7&key=‹secret len=3›",
            ),
            ("location", "//u:p@h/x", "//‹secret len=3›@h/x"),
            ("location", "/cb#access_token=abc&x=1", "/cb#access_token=‹secret len=3›&x=1"),
            ("content-location", "file?token=a\"b", "file?token=‹secret len=1›\"b"),
            ("referer", "http://h/ui?api_key=a\"b<c", "http://h/ui?api_key=‹secret len=1›\"b<c"),
            ("origin", "https://u:p@h", "https://‹secret len=3›@h"),
            ("host", "u:p@h:80", "‹secret len=3›@h:80"),
            (
                "link",
                "<https://h/?sig=a,b&x=1>; rel=\"next\"",
                "<https://h/?sig=‹secret len=3›&x=1>; rel=\"next\"",
            ),
            ("refresh", "0; url=https://h/?code=abc", "0; url=https://h/?code=‹secret len=3›"),
            ("destination", "/a?x-api-key=abc;y=1", "/a?x-api-key=‹secret len=3›;y=1"),
            (
                "x-codex-turn-metadata",
                r#"{"session_id":"S","api_key":"a\"b","turn_id":"T"}"#,
                r#"{"session_id":"S","api_key":"‹secret len=4›","turn_id":"T"}"#,
            ),
            (
                "content-security-policy",
                "report-uri https://h/?key=a; img-src *",
                "report-uri https://h/?key=‹secret len=1›; img-src *",
            ),
            (
                "x-original-url",
                "/a?next=https%3A%2F%2Fh%2F%3Fkey%3Dabc&b=1",
                "/a?next=‹secret len=30›&b=1",
            ),
        ] {
            assert_eq!(masked(name, value), wanted, "{name}: {value}");
        }
    }

    #[test]
    fn what_an_earlier_table_masked_stays() {
        for (name, value) in [
            ("authorization", "Bearer ‹secret 9f2c41d07be3 len=108›"),
            ("authorization", "Custom ‹secret 9f2c41d07be3 len=108›"),
            ("cookie", "‹secret 9f2c41d07be3 len=30›"),
            ("x-api-key", "‹secret 9f2c41d07be3 len=30›"),
        ] {
            assert_eq!(masked(name, value), value);
        }
    }

    #[test]
    fn what_is_told_is_still_told() {
        for (name, value) in [
            ("host", "127.0.0.1:3344"),
            ("user-agent", "claude-cli/2.1.330 (external, cli)"),
            ("accept", "text/html;q=0.9, */*;q=0.8"),
            (
                "anthropic-beta",
                "oauth-2025-04-20,interleaved-thinking-2025-05-14,token-efficient-tools-2025-02-19",
            ),
            ("anthropic-version", "2023-06-01"),
            ("x-claude-code-session-id", "6f1c3f0e-1111-4222-8333-444455556666"),
            ("x-claude-code-prev-tool-durations", "Bash=742;Read=9"),
            (
                "x-codex-turn-metadata",
                r#"{"turn_id":"t","session_id":"s","thread_source":"user","parent_thread_id":"p"}"#,
            ),
            ("x-client-request-id", "0199a213-81c0-7800-8aa1-bbab2a035a53"),
            ("session-id", "0199a213-81c0-7800-8aa1-bbab2a035a53"),
            ("request-id", "req_011CSHoEeqs5C35K2UUqR7Fy"),
            ("x-request-token-count", "12"),
            ("anthropic-ratelimit-tokens-limit", "100000"),
            ("anthropic-ratelimit-unified-5h-reset", "1764500000"),
            ("cf-ray", "8a1b2c3d4e5f6a7b-FRA"),
            ("openai-organization", "org-abcdefghijklmnopqrstuvwx"),
            (
                "sec-websocket-protocol",
                "realtime, openai-beta.realtime-v1, openai-organization.org-0123456789abcdefghij",
            ),
            ("sec-websocket-protocol", "graphql-transport-ws"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("www-authenticate", "Bearer realm=\"https://h/token\", error=\"invalid_token\""),
            ("access-control-allow-headers", "authorization, x-api-key"),
            ("content-type", "multipart/form-data; boundary=----a=b"),
            ("link", "<https://h/a?page=2&pageToken=x>; rel=\"next\""),
            ("location", "https://host/@scope/package?x=1"),
            ("from", "someone@example.com"),
            ("etag", "W/\"abc==\""),
            ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
            (
                "report-to",
                r#"{"group":"cf-nel","max_age":604800,"endpoints":[{"url":"https://a.nel.example/report/v4?s=abc%2Bdef%3D%3D"}]}"#,
            ),
            ("alt-svc", "h3=\":443\"; ma=86400"),
            ("cache-control", "no-cache, max-age=0"),
            ("x-model", "claude-3-5-sonnet@20240620"),
        ] {
            assert_eq!(masked(name, value), value, "{name}");
        }
    }
}
