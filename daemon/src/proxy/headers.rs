//! Which header fields pass: all but those that are about one connection only.

use std::time::Duration;

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        AUTHORIZATION, CONNECTION, COOKIE, HOST, SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING,
        UPGRADE,
    },
};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// The fields that pass, in their order: all but the hop-by-hop ones, which are the known ones,
/// those that `Connection` names, and `also`. What concerns framing (`Transfer-Encoding`,
/// `Trailer`) stays: hyper frames anew and needs to know.
///
/// Removing from a map would put its last field in the place of the removed one, so it is made
/// anew.
pub fn end_to_end(fields: HeaderMap, also: Option<&HeaderName>) -> HeaderMap {
    let named: Vec<HeaderName> = connection_tokens(&fields)
        .filter_map(|token| token.parse().ok())
        .filter(|name| !is_for_all(name))
        .collect();
    // A client that takes trailers is the only thing TE says about more than this connection.
    let takes_trailers = fields
        .get(TE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("trailers"));
    let hop_by_hop = [CONNECTION, KEEP_ALIVE, PROXY_CONNECTION, UPGRADE, TE];
    let mut passing = HeaderMap::with_capacity(fields.len());
    let mut current = None;
    for (name, value) in fields {
        let is_first = name.is_some();
        current = name.or(current);
        let Some(name) = &current else { continue };
        if takes_trailers && is_first && name == TE {
            passing.append(TE, HeaderValue::from_static("trailers"));
        } else if !hop_by_hop.contains(name) && !named.contains(name) && also != Some(name) {
            passing.append(name, value);
        }
    }
    passing
}

/// What no `Connection` can make a matter of one connection: without it the message is another one.
fn is_for_all(name: &HeaderName) -> bool {
    [HOST, TRANSFER_ENCODING, TRAILER, AUTHORIZATION, COOKIE, SET_COOKIE].contains(name)
        || name.as_str().starts_with("content-")
}

/// How long a connection may idle after an answer before another request goes out on it, as the
/// answer says (`Keep-Alive: timeout=5`); `None` where it says nothing.
///
/// The server counts from when it had sent the answer, and a request must not cross its close: a
/// second is left for that, as Node does. Less than that is no time at all.
pub fn idle_limit(fields: &HeaderMap) -> Option<Duration> {
    const MARGIN: Duration = Duration::from_secs(1);
    let told = fields.get_all(KEEP_ALIVE).iter().filter_map(|value| value.to_str().ok());
    let parameters = told
        .flat_map(|value| value.split([',', ';']))
        .filter_map(|parameter| parameter.split_once('='));
    let seconds = parameters.filter_map(|(name, value)| {
        let value = value.trim().trim_matches('"').parse::<u64>().ok()?;
        match name.trim().to_ascii_lowercase().as_str() {
            "timeout" => Some(value),
            // No more requests are taken.
            "max" if value == 0 => Some(0),
            _ => None,
        }
    });
    seconds.min().map(|seconds| Duration::from_secs(seconds).saturating_sub(MARGIN))
}

/// Takes a field out and leaves the others in their order, which [`HeaderMap::remove`] does not.
pub fn remove_in_order(fields: &mut HeaderMap, name: &HeaderName) {
    let mut last = None;
    let kept = std::mem::take(fields).into_iter().filter_map(|(key, value)| {
        // Only the first of several values comes with the name.
        last = key.or(last.take());
        last.clone().filter(|key| key != name).map(|key| (key, value))
    });
    // One by one: collecting into a map keeps the last of several values.
    let mut rebuilt = HeaderMap::new();
    kept.for_each(|(key, value)| {
        rebuilt.append(key, value);
    });
    *fields = rebuilt;
}

/// The protocol that a message asks or agrees to change to.
pub fn upgrade_of(fields: &HeaderMap) -> Option<HeaderValue> {
    let asks = connection_tokens(fields).any(|token| token.eq_ignore_ascii_case("upgrade"));
    if asks { fields.get(UPGRADE).cloned() } else { None }
}

/// Whether the sender will close the connection after this message.
pub fn says_close(fields: &HeaderMap) -> bool {
    connection_tokens(fields).any(|token| token.eq_ignore_ascii_case("close"))
}

fn connection_tokens(fields: &HeaderMap) -> impl Iterator<Item = &str> {
    fields
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// The fields as they are recorded.
pub fn fields(fields: &HeaderMap) -> Vec<(&str, &[u8])> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn only_what_concerns_one_connection_goes() {
        let fields = map(&[
            ("connection", "close, x-secret-hop"),
            ("x-secret-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers, deflate"),
            ("transfer-encoding", "chunked"),
            ("trailer", "x-sum"),
            ("x-kept", "a"),
            ("authorization", "b"),
            ("proxy-authorization", "c"),
            ("proxy-authenticate", "d"),
            ("proxy-authentication-info", "e"),
            ("proxy-connection", "keep-alive"),
        ]);
        assert!(says_close(&fields));
        let expected = map(&[
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("trailer", "x-sum"),
            ("x-kept", "a"),
            ("authorization", "b"),
            ("proxy-authorization", "c"),
            ("proxy-authenticate", "d"),
            ("proxy-authentication-info", "e"),
        ]);
        assert_eq!(end_to_end(fields, None), expected);
    }

    #[test]
    fn what_is_for_all_passes_whatever_connection_says() {
        let fields = map(&[
            ("connection", "host, content-type, Content-Length, authorization, cookie, x-hop"),
            ("host", "a"),
            ("content-type", "b"),
            ("content-length", "1"),
            ("authorization", "c"),
            ("cookie", "d"),
            ("x-hop", "e"),
        ]);
        let passing = end_to_end(fields, None);
        let names: Vec<&str> = passing.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["host", "content-type", "content-length", "authorization", "cookie"]);
    }

    #[test]
    fn the_order_of_fields_is_kept() {
        let fields = map(&[
            ("x-1", "a"),
            ("connection", "x-3"),
            ("x-2", "b"),
            ("x-3", "c"),
            ("set-cookie", "1"),
            ("keep-alive", "timeout=5"),
            ("x-4", "d"),
            ("set-cookie", "2"),
            ("transfer-encoding", "chunked"),
            ("x-5", "e"),
        ]);
        let passing = end_to_end(fields, Some(&TRANSFER_ENCODING));
        let values: Vec<&str> = passing.values().filter_map(|value| value.to_str().ok()).collect();
        assert_eq!(values, ["a", "b", "1", "2", "d", "e"]);
    }

    #[test]
    fn servers_say_how_long_they_wait() {
        let cases = [
            ("timeout=5", Some(4)),
            ("timeout=5, max=100", Some(4)),
            ("Timeout = 30; max=5", Some(29)),
            ("timeout=\"7\"", Some(6)),
            ("timeout=1", Some(0)),
            ("timeout=0", Some(0)),
            ("timeout=5, max=0", Some(0)),
            ("max=99", None),
            ("timeout=soon", None),
            ("timeout=-5", None),
            ("", None),
        ];
        for (value, expected) in cases {
            let told = idle_limit(&map(&[("keep-alive", value)]));
            assert_eq!(told, expected.map(Duration::from_secs), "{value}");
        }
    }

    #[test]
    fn an_upgrade_is_one_only_if_connection_says_so() {
        assert_eq!(upgrade_of(&map(&[("upgrade", "websocket")])), None);
        let fields = map(&[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")]);
        assert_eq!(upgrade_of(&fields), Some(HeaderValue::from_static("websocket")));
    }
}
