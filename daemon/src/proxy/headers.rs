//! Which header fields pass: all but those that are about one connection only.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONNECTION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING, UPGRADE},
};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Takes out the hop-by-hop fields: the known ones and those that `Connection` names. What concerns framing (`Transfer-Encoding`,
/// `Trailer`) stays: hyper frames anew and needs to know.
pub fn remove_hop_by_hop(fields: &mut HeaderMap) {
    // Read before `Connection` itself goes.
    let named: Vec<HeaderName> =
        connection_tokens(fields).filter_map(|token| token.parse().ok()).filter(|name| name != TRANSFER_ENCODING).collect();
    // A client that takes trailers is the only thing TE says about more than this connection.
    let takes_trailers = fields.get(TE).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("trailers"));
    for name in
        named.iter().chain(&[CONNECTION, KEEP_ALIVE, PROXY_CONNECTION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, UPGRADE])
    {
        fields.remove(name);
    }
    if takes_trailers {
        fields.insert(TE, HeaderValue::from_static("trailers"));
    }
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
    fields.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).map(str::trim)
}

/// The fields as they are recorded.
pub fn fields(fields: &HeaderMap) -> Vec<(&str, &[u8])> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_what_concerns_one_connection_goes() {
        let mut fields = map(&[
            ("connection", "close, x-secret-hop"),
            ("x-secret-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers, deflate"),
            ("transfer-encoding", "chunked"),
            ("trailer", "x-sum"),
            ("x-kept", "a"),
            ("authorization", "b"),
        ]);
        assert!(says_close(&fields));
        remove_hop_by_hop(&mut fields);
        let expected = map(&[
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("trailer", "x-sum"),
            ("x-kept", "a"),
            ("authorization", "b"),
        ]);
        assert_eq!(fields, expected);
    }

    #[test]
    fn an_upgrade_is_one_only_if_connection_says_so() {
        assert_eq!(upgrade_of(&map(&[("upgrade", "websocket")])), None);
        let fields = map(&[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")]);
        assert_eq!(upgrade_of(&fields), Some(HeaderValue::from_static("websocket")));
    }
}
