//! Requests that a web page had the user's browser send are refused.
//!
//! A page can make its own name resolve to 127.0.0.1 (DNS rebinding) and so reach a loopback port. It cannot choose the `Host` that the
//! browser sends then, nor hide its `Origin`.

use std::net::IpAddr;

use http::{HeaderMap, StatusCode, Uri, Version, header::HOST, uri::Authority};

pub struct Guard {
    listen_host: String,
}

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: StatusCode,
    pub reason: String,
}

impl Guard {
    /// `listen_host`: the host that `--listen` names.
    pub fn new(listen_host: &str) -> Self {
        Self { listen_host: listen_host.trim_matches(['[', ']']).to_ascii_lowercase() }
    }

    /// Says why a request that came to our address `local` is refused, if it is.
    pub fn refuses(&self, version: Version, uri: &Uri, fields: &HeaderMap, local: IpAddr) -> Option<Refusal> {
        let forbidden = |reason: String| Some(Refusal { status: StatusCode::FORBIDDEN, reason });
        if let Some(authority) = uri.authority()
            && !self.is_ours(authority, local)
        {
            return forbidden(format!("the request is for {authority}, which this proxy does not serve"));
        }
        let hosts = fields.get_all(HOST).iter().count();
        if hosts > 1 || (hosts == 0 && version >= Version::HTTP_11) {
            return Some(Refusal { status: StatusCode::BAD_REQUEST, reason: "a request has one Host header".into() });
        }
        for host in fields.get_all(HOST) {
            let authority = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
            if !authority.is_some_and(|authority| self.is_ours(&authority, local)) {
                return forbidden("the Host header names another host; use the address that `ccdumpd status` shows".into());
            }
        }
        for origin in fields.get_all("origin") {
            let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
            if !origin.as_ref().and_then(Uri::authority).is_some_and(|authority| self.is_ours(authority, local)) {
                return forbidden("requests from web pages (header Origin) are not accepted".into());
            }
        }
        None
    }

    /// This machine by its own names, and the address that the client reached us at.
    fn is_ours(&self, authority: &Authority, local: IpAddr) -> bool {
        if authority.as_str().contains('@') {
            return false;
        }
        let host = authority.host().trim_matches(['[', ']']).to_ascii_lowercase();
        match host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback() || address == local || host == self.listen_host,
            Err(_) => host == "localhost" || host.ends_with(".localhost") || host == self.listen_host,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 5));

    #[test]
    fn only_names_of_this_machine_are_accepted() {
        let guard = Guard::new("devbox");
        let cases = [
            ("host", "127.0.0.1:3344", true),
            ("host", "localhost:3344", true),
            ("host", "[::1]:3344", true),
            ("host", "192.168.1.5:3344", true),
            ("host", "DEVBOX:3344", true),
            ("host", "a.localhost", true),
            ("host", "evil.example", false),
            ("host", "10.0.0.1", false),
            ("host", "127.0.0.1.evil.example", false),
            ("host", "localhost.evil.example:3344", false),
            ("host", "user@127.0.0.1", false),
            ("host", "", false),
            ("origin", "http://localhost:3000", true),
            ("origin", "https://evil.example", false),
            ("origin", "http://203.0.113.5", false),
            ("origin", "null", false),
        ];
        for (name, value, accepted) in cases {
            let mut fields = HeaderMap::new();
            fields.insert(name, HeaderValue::from_static(value));
            let refusal = guard.refuses(Version::HTTP_10, &Uri::from_static("/"), &fields, LOCAL);
            assert_eq!(refusal.is_none(), accepted, "{name}: {value}");
        }
        let refuses =
            |version, uri| guard.refuses(version, &Uri::from_static(uri), &HeaderMap::new(), LOCAL).map(|refusal| refusal.status);
        assert_eq!(refuses(Version::HTTP_10, "http://api.anthropic.com/v1"), Some(StatusCode::FORBIDDEN));
        assert_eq!(refuses(Version::HTTP_10, "/v1/messages"), None, "HTTP/1.0 needs no Host");
        assert_eq!(refuses(Version::HTTP_11, "/v1/messages"), Some(StatusCode::BAD_REQUEST));
    }
}
