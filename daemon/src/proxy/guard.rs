//! Requests that a web page had the user's browser send are refused.
//!
//! A page can make its own name resolve to 127.0.0.1 (DNS rebinding) and so reach a loopback port. It cannot choose the `Host` that the
//! browser sends then, nor hide its `Origin`.

use std::net::IpAddr;

use http::{HeaderMap, Uri, header::HOST, uri::Authority};

pub struct Guard {
    listen_host: String,
}

impl Guard {
    /// `listen_host`: the host that `--listen` names.
    pub fn new(listen_host: &str) -> Self {
        Self { listen_host: listen_host.trim_matches(['[', ']']).to_ascii_lowercase() }
    }

    /// Says why a request is refused, if it is.
    pub fn refuses(&self, uri: &Uri, fields: &HeaderMap) -> Option<String> {
        if let Some(authority) = uri.authority()
            && !self.is_ours(authority)
        {
            return Some(format!("the request is for {authority}, which this proxy does not serve"));
        }
        for host in fields.get_all(HOST) {
            let authority = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
            if !authority.is_some_and(|authority| self.is_ours(&authority)) {
                return Some("the Host header names another host; use the address that `ccdumpd status` shows".into());
            }
        }
        for origin in fields.get_all("origin") {
            let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
            if !origin.as_ref().and_then(Uri::authority).is_some_and(|authority| self.is_ours(authority)) {
                return Some("requests from web pages (header Origin) are not accepted".into());
            }
        }
        None
    }

    /// Addresses are nobody's to rebind, and `localhost` always means this machine.
    fn is_ours(&self, authority: &Authority) -> bool {
        let host = authority.host().trim_matches(['[', ']']).to_ascii_lowercase();
        host.parse::<IpAddr>().is_ok() || host == "localhost" || host.ends_with(".localhost") || host == self.listen_host
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_names_of_this_machine_are_accepted() {
        let guard = Guard::new("devbox");
        let cases = [
            ("host", "127.0.0.1:3344", true),
            ("host", "localhost:3344", true),
            ("host", "[::1]:3344", true),
            ("host", "DEVBOX:3344", true),
            ("host", "a.localhost", true),
            ("host", "evil.example", false),
            ("host", "127.0.0.1.evil.example", false),
            ("host", "localhost.evil.example:3344", false),
            ("host", "", false),
            ("origin", "http://localhost:3000", true),
            ("origin", "https://evil.example", false),
            ("origin", "null", false),
        ];
        for (name, value, accepted) in cases {
            let mut fields = HeaderMap::new();
            fields.insert(name, HeaderValue::from_static(value));
            assert_eq!(guard.refuses(&Uri::from_static("/"), &fields).is_none(), accepted, "{name}: {value}");
        }
        assert!(guard.refuses(&Uri::from_static("http://api.anthropic.com/v1"), &HeaderMap::new()).is_some());
        assert!(guard.refuses(&Uri::from_static("/v1/messages"), &HeaderMap::new()).is_none(), "HTTP/1.0 needs no Host");
    }
}
