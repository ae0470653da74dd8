//! Requests that a web page had the user's browser send are refused, and those without the token,
//! where there is one.
//!
//! A page can make its own name resolve to 127.0.0.1 (DNS rebinding) and so reach a loopback port.
//! It cannot choose the `Host` that the browser sends then, nor hide its `Origin`. What cannot be a
//! page of the web is let in; for all else there are settings, which the refusal names.

use std::net::IpAddr;

use http::{HeaderMap, StatusCode, Uri, Version, header::HOST, uri::Authority};

use super::{
    hosts::{Host, Pattern},
    origins::{Kind, OriginPattern},
    prefix::Credentials,
    token::Token,
};

/// Who is let in.
#[derive(Default)]
pub struct Access {
    /// More names than those of this machine.
    pub hosts: Vec<Pattern>,
    /// More origins than those of this machine and of programs.
    pub origins: Vec<OriginPattern>,
    pub token: Option<Token>,
}

pub struct Guard {
    listen_host: Host,
    access: Access,
}

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: StatusCode,
    pub reason: String,
}

impl Guard {
    /// `listen_host`: the host that `--listen` names.
    pub fn new(listen_host: &str, access: Access) -> Self {
        Self { listen_host: Host::of(listen_host), access }
    }

    /// Says why a request that came to our address `local` is refused, if it is.
    pub fn refuses(
        &self,
        version: Version,
        uri: &Uri,
        fields: &HeaderMap,
        local: IpAddr,
    ) -> Option<Refusal> {
        if let Some(authority) = uri.authority()
            && !self.lets_in(authority, local)
        {
            let reason = format!(
                "the request is for {authority}, which this proxy does not serve; {}",
                allow_host(authority)
            );
            return forbidden(reason);
        }
        let hosts = fields.get_all(HOST).iter().count();
        if hosts > 1 || (hosts == 0 && version >= Version::HTTP_11) {
            return Some(Refusal {
                status: StatusCode::BAD_REQUEST,
                reason: "a request has one Host header".into(),
            });
        }
        for host in fields.get_all(HOST) {
            let authority = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
            match authority {
                Some(authority) if self.lets_in(&authority, local) => {}
                Some(authority) => {
                    let reason = format!(
                        "the Host header names {authority}, which is none of this machine's own names; {}",
                        allow_host(&authority)
                    );
                    return forbidden(reason);
                }
                None => return forbidden(
                    "the Host header names no host; use the address that `ccdumpd status` shows"
                        .into(),
                ),
            }
        }
        for origin in fields.get_all("origin") {
            let origin = origin.to_str().unwrap_or_default();
            if !self.lets_origin_in(origin, local) {
                let reason = format!(
                    "requests from web pages (header Origin: {origin}) are not accepted; if it is yours, start ccdumpd with \
                     --allow-origin {origin} (allow_origins in config.toml)"
                );
                return forbidden(reason);
            }
        }
        None
    }

    /// Says why a request that brought `credentials` along is refused, if it is.
    pub fn refuses_without_token(&self, credentials: &Credentials) -> Option<Refusal> {
        let token = self.access.token.as_ref()?;
        if credentials.0.iter().any(|brought| token.is(brought)) {
            return None;
        }
        let what =
            if credentials.0.is_empty() { "asks for its token" } else { "has another token" };
        forbidden(format!(
            "this proxy {what}: begin the path with /~t=TOKEN, or send it in the header x-ccdump-token"
        ))
    }

    /// This machine by its own names, the address that the client reached us at, and what was
    /// allowed.
    fn lets_in(&self, authority: &Authority, local: IpAddr) -> bool {
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return false;
        }
        let host = Host::of(authority.host());
        host == self.listen_host
            || host.is_this_machine(local)
            || self.access.hosts.iter().any(|pattern| pattern.matches(&host))
    }

    fn lets_origin_in(&self, text: &str, local: IpAddr) -> bool {
        if self.access.origins.iter().any(|pattern| pattern.matches(text)) {
            return true;
        }
        let Some((scheme, rest)) = text.split_once("://") else { return false };
        match Kind::of(scheme) {
            // One page of this machine's own: a development server, `http://tauri.localhost`.
            Kind::Web => {
                rest.parse::<Authority>().is_ok_and(|authority| self.lets_in(&authority, local))
            }
            Kind::Extension => false,
            Kind::Program => true,
        }
    }
}

fn forbidden(reason: String) -> Option<Refusal> {
    Some(Refusal { status: StatusCode::FORBIDDEN, reason })
}

fn allow_host(authority: &Authority) -> String {
    let host = Host::of(authority.host());
    format!("if it is, start ccdumpd with --allow-host {host} (allow_hosts in config.toml)")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 5));

    fn guard(hosts: &[&str], origins: &[&str], token: Option<&str>) -> Guard {
        let access = Access {
            hosts: hosts.iter().map(|host| host.parse().expect("a host")).collect(),
            origins: origins.iter().map(|origin| origin.parse().expect("an origin")).collect(),
            token: token.map(|token| Token::new(token).expect("a token")),
        };
        Guard::new("devbox", access)
    }

    fn refusal(guard: &Guard, name: &'static str, value: &str) -> Option<Refusal> {
        let mut fields = HeaderMap::new();
        fields.insert(name, HeaderValue::from_str(value).expect("a value"));
        guard.refuses(Version::HTTP_10, &Uri::from_static("/"), &fields, LOCAL)
    }

    #[test]
    fn what_cannot_be_a_page_of_the_web_is_let_in() {
        let guard = guard(&[], &[], None);
        for (name, value, accepted) in [
            ("host", "127.0.0.1:3344", true),
            ("host", "localhost.:3344", true),
            ("host", "[::ffff:127.0.0.1]:3344", true),
            ("host", "192.168.1.5:3344", true),
            ("host", "DEVBOX:3344", true),
            ("host", "host.docker.internal:3344", true),
            ("host", "evil.example", false),
            ("host", "10.0.0.1", false),
            ("host", "127.0.0.1.evil.example", false),
            ("host", "localhost.evil.example:3344", false),
            ("host", "user@127.0.0.1", false),
            ("host", ":3344", false),
            ("host", "", false),
            ("origin", "http://localhost:3000", true),
            ("origin", "http://tauri.localhost", true),
            ("origin", "vscode-webview://1k2j3", true),
            ("origin", "app://obsidian.md", true),
            ("origin", "tauri://localhost", true),
            ("origin", "ionic://localhost", true),
            ("origin", "file://", true),
            ("origin", "https://evil.example", false),
            ("origin", "HTTPS://evil.example", false),
            ("origin", "http://203.0.113.5", false),
            ("origin", "http://localhost:3000 https://evil.example", false),
            ("origin", "http://user@localhost", false),
            ("origin", "http://", false),
            ("origin", "chrome-extension://abcdef", false),
            ("origin", "moz-extension://abcdef", false),
            ("origin", "blob://localhost", true),
            ("origin", "blob:https://evil.example", false),
            ("origin", "e vil://x", false),
            ("origin", "null", false),
            ("origin", "", false),
        ] {
            assert_eq!(refusal(&guard, name, value).is_none(), accepted, "{name}: {value}");
        }
        let refuses = |version, uri| {
            guard
                .refuses(version, &Uri::from_static(uri), &HeaderMap::new(), LOCAL)
                .map(|refusal| refusal.status)
        };
        assert_eq!(
            refuses(Version::HTTP_10, "http://api.anthropic.com/v1"),
            Some(StatusCode::FORBIDDEN)
        );
        assert_eq!(refuses(Version::HTTP_10, "/v1/messages"), None, "HTTP/1.0 needs no Host");
        assert_eq!(refuses(Version::HTTP_11, "/v1/messages"), Some(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn what_is_allowed_is_let_in_and_nothing_beside_it() {
        let guard = guard(
            &["proxy.corp.example", "*.lab.example", "10.0.0.0/8"],
            &["https://app.example", "https://*.lab.example:*", "chrome-extension://*", "null"],
            None,
        );
        for (name, value, accepted) in [
            ("host", "proxy.corp.example:3344", true),
            ("host", "a.b.lab.example", true),
            ("host", "10.3.2.1", true),
            ("host", "lab.example", false),
            ("host", "corp.example", false),
            ("origin", "https://app.example", true),
            ("origin", "https://app.example:8443", false),
            ("origin", "http://app.example", false),
            ("origin", "https://app.example.evil.example", false),
            ("origin", "https://a.lab.example:9", true),
            ("origin", "https://evil@a.lab.example", false),
            ("origin", "chrome-extension://abcdef", true),
            ("origin", "moz-extension://abcdef", false),
            ("origin", "null", true),
        ] {
            assert_eq!(refusal(&guard, name, value).is_none(), accepted, "{name}: {value}");
        }
    }

    #[test]
    fn refusals_name_the_setting_that_would_let_it_in() {
        let refused = guard(&[], &[], None);
        for (name, value, setting) in [
            ("host", "My.Host.example:3344", "--allow-host my.host.example"),
            ("host", "10.0.0.7:3344", "--allow-host 10.0.0.7"),
            ("origin", "https://app.example:8443", "--allow-origin https://app.example:8443"),
            ("origin", "chrome-extension://abcdef", "--allow-origin chrome-extension://abcdef"),
            ("origin", "null", "--allow-origin null"),
        ] {
            let reason = refusal(&refused, name, value).expect("refused").reason;
            assert!(reason.contains(setting), "{reason}");
            let (flag, argument) = setting.split_once(' ').expect("a flag and its value");
            let allowed = if flag == "--allow-host" {
                guard(&[argument], &[], None)
            } else {
                guard(&[], &[argument], None)
            };
            assert_eq!(refusal(&allowed, name, value), None, "the advice is good: {setting}");
        }
    }

    #[test]
    fn a_token_is_asked_for_where_there_is_one() {
        let brought = |tokens: &[&str]| {
            Credentials(tokens.iter().map(|token| token.as_bytes().to_vec()).collect())
        };
        assert_eq!(guard(&[], &[], None).refuses_without_token(&brought(&["any"])), None);
        let guard = guard(&[], &[], Some("s3cret/+="));
        for (tokens, accepted) in [
            (&["s3cret/+="][..], true),
            (&["no", "s3cret/+="], true),
            (&[], false),
            (&["s3cret/+"], false),
            (&[""], false),
        ] {
            let refusal = guard.refuses_without_token(&brought(tokens));
            assert_eq!(refusal.is_none(), accepted, "{tokens:?}");
            assert!(
                refusal.is_none_or(|refusal| refusal.status == StatusCode::FORBIDDEN
                    && refusal.reason.contains("~t="))
            );
        }
    }
}
