//! Which upstreams are reached through an HTTP proxy, where only one leads out.

use std::{fmt, net::SocketAddr, sync::Arc};

use super::{
    hosts::{Host, Pattern},
    http_proxy::{HttpProxy, ProxyError},
};

/// Which upstreams are reached through which proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outbound {
    /// For upstreams with TLS, and for plain ones.
    tls: Option<Arc<HttpProxy>>,
    plain: Option<Arc<HttpProxy>>,
    exempt: Vec<Exemption>,
    /// Why a proxy that a variable names is not used.
    unusable: Option<String>,
}

/// Upstreams that are connected to directly: `example.com` and all below it, at any port or at one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Exemption {
    patterns: Vec<Pattern>,
    port: Option<u16>,
}

/// What the settings say; the usual variables say the rest.
#[derive(Debug, Default)]
pub struct Wanted {
    /// A proxy for all upstreams, or `none`, with the name of the setting.
    pub proxy: Option<(String, String)>,
    /// In place of `NO_PROXY`, with the name of the setting.
    pub exempt: Option<(String, Vec<String>)>,
}

impl Outbound {
    /// A proxy that a setting names has to be one. A variable is often meant for other programs:
    /// what cannot be used of it is told in the second part, and those upstreams are connected to
    /// directly.
    pub fn new(
        wanted: Wanted,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<(Self, Vec<String>), ProxyError> {
        let (mut warnings, mut unusable) = (Vec::new(), None);
        let (tls, plain) = match wanted.proxy {
            Some((_, proxy)) if matches!(proxy.as_str(), "" | "none") => (None, None),
            Some((name, proxy)) => {
                let proxy = Arc::new(HttpProxy::parse(&name, &proxy)?);
                (Some(proxy.clone()), Some(proxy))
            }
            None => {
                let mut from = |names: [&str; 2]| {
                    let [all, all_upper] = ["all_proxy", "ALL_PROXY"];
                    let (name, value) = first(&variable, &[names[0], names[1], all, all_upper])?;
                    let parsed = HttpProxy::parse(name, &value);
                    let told = parsed.map_err(|error| {
                        warnings.push(format!("{error}; upstreams are connected to directly"));
                        unusable = Some(error.to_string());
                    });
                    told.ok().map(Arc::new)
                };
                (from(["https_proxy", "HTTPS_PROXY"]), from(["http_proxy", "HTTP_PROXY"]))
            }
        };
        let exempt = match wanted.exempt {
            Some((name, entries)) => entries
                .iter()
                .map(|entry| Exemption::parse(&name, entry))
                .collect::<Result<Vec<_>, _>>()?,
            None => {
                let (name, list) = first(&variable, &["no_proxy", "NO_PROXY"]).unwrap_or_default();
                let entries = list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
                let parsed = entries.map(|entry| Exemption::parse(name, entry));
                parsed
                    .filter_map(|parsed| {
                        parsed
                            .map_err(|error| warnings.push(format!("{error}; it is ignored")))
                            .ok()
                    })
                    .collect()
            }
        };
        warnings.dedup();
        Ok((Self { tls, plain, exempt, unusable }, warnings))
    }

    /// What somebody should know who cannot be connected directly to an upstream.
    pub fn unusable(&self) -> Option<&str> {
        self.unusable.as_deref()
    }

    /// The proxy on the way to an upstream. What is on this machine is never asked of another one.
    pub fn proxy_for(&self, is_tls: bool, host: &str, port: u16) -> Option<&HttpProxy> {
        let proxy = if is_tls { self.tls.as_deref() } else { self.plain.as_deref() };
        let host = Host::of(host);
        let is_here = host.is_loopback()
            || matches!(host, Host::Address(address) if address.is_unspecified());
        proxy.filter(|_| {
            !is_here && !self.exempt.iter().any(|exemption| exemption.matches(&host, port))
        })
    }

    /// Leaves out a proxy that is this daemon itself, listening at `own`: requests would come back
    /// for ever. Says what it left out.
    pub fn without(&mut self, own: SocketAddr) -> Vec<String> {
        let mut warnings = Vec::new();
        for choice in [&mut self.tls, &mut self.plain] {
            let is_own = |proxy: &HttpProxy| {
                proxy.port == own.port() && Host::of(&proxy.host).is_this_machine(own.ip())
            };
            if let Some(proxy) = choice.take_if(|proxy| is_own(proxy)) {
                warnings.push(format!(
                    "{} names this daemon itself as a proxy; upstreams are connected to directly",
                    proxy.named_by
                ));
            }
        }
        warnings.dedup();
        warnings
    }

    /// The proxies in words, without their passwords: for TLS upstreams, and for plain ones.
    pub fn describe(&self) -> Vec<String> {
        match (&self.tls, &self.plain) {
            (Some(tls), Some(plain)) if tls == plain => vec![tls.to_string()],
            (tls, plain) => {
                let of = |proxy: &Option<Arc<HttpProxy>>, scheme| {
                    proxy.as_ref().map(|proxy| format!("{proxy} for {scheme} upstreams"))
                };
                of(tls, "https").into_iter().chain(of(plain, "http")).collect()
            }
        }
    }

    /// Which upstreams are exempt, in words.
    pub fn exemptions(&self) -> Vec<String> {
        if self.tls.is_none() && self.plain.is_none() {
            Vec::new()
        } else {
            self.exempt.iter().map(ToString::to_string).collect()
        }
    }
}

/// The first variable that is set to something.
fn first<'a>(
    variable: &impl Fn(&str) -> Option<String>,
    names: &[&'a str],
) -> Option<(&'a str, String)> {
    names.iter().find_map(|name| {
        variable(name).filter(|value| !value.trim().is_empty()).map(|value| (*name, value))
    })
}

impl Exemption {
    fn parse(name: &str, entry: &str) -> Result<Self, ProxyError> {
        let invalid = || ProxyError::Exemption { name: name.to_owned(), entry: entry.to_owned() };
        let (host, port) = match entry.rsplit_once(':') {
            // Colons of an IPv6 address are not before a port, unless it is in brackets.
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, Some(port.parse().map_err(|_| invalid())?))
            }
            _ => (entry, None),
        };
        let host = host.strip_prefix("*.").or_else(|| host.strip_prefix('.')).unwrap_or(host);
        let pattern: Pattern = host.parse().map_err(|_| invalid())?;
        let below = match &pattern {
            Pattern::One(Host::Name(name)) => Some(Pattern::Below(name.clone())),
            _ => None,
        };
        Ok(Self { patterns: [pattern].into_iter().chain(below).collect(), port })
    }

    fn matches(&self, host: &Host, port: u16) -> bool {
        self.port.is_none_or(|only| only == port)
            && self.patterns.iter().any(|pattern| pattern.matches(host))
    }
}

impl fmt::Display for Exemption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(pattern) = self.patterns.first() {
            pattern.fmt(f)?;
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> (Outbound, Vec<String>) {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Outbound::new(Wanted::default(), variable).expect("variables are no errors")
    }

    fn way(outbound: &Outbound, url: &str) -> String {
        let (scheme, rest) = url.split_once("://").expect("a URL");
        let is_tls = scheme == "https";
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().expect("a port")),
            _ => (rest, if is_tls { 443 } else { 80 }),
        };
        outbound
            .proxy_for(is_tls, host.trim_matches(['[', ']']), port)
            .map_or("direct".to_owned(), ToString::to_string)
    }

    #[test]
    fn the_usual_variables_say_which_way() {
        let (outbound, warnings) = of(&[
            ("HTTPS_PROXY", "http://a:1"),
            ("http_proxy", "b:2"),
            ("HTTP_PROXY", "http://never:3"),
            (
                "NO_PROXY",
                "corp.example, .dot.example,*.star.example,10.0.0.0/8 one.example:8443,[fd00::1]:90,fd00::2,192.168.1.7",
            ),
        ]);
        assert_eq!(warnings, [""; 0]);
        let (tls, plain) = ("http://a:1 (HTTPS_PROXY)", "http://b:2 (http_proxy)");
        for (url, wanted) in [
            ("https://api.example", tls),
            ("http://api.example", plain),
            ("https://corp.example", "direct"),
            ("https://API.Corp.Example.", "direct"),
            ("https://xcorp.example", tls),
            ("https://dot.example", "direct"),
            ("https://a.star.example", "direct"),
            ("https://10.200.3.4", "direct"),
            ("https://11.0.0.1", tls),
            ("https://one.example", tls),
            ("https://one.example:8443", "direct"),
            ("http://[fd00::1]:90", "direct"),
            ("http://[fd00::1]", plain),
            ("http://[fd00::2]", "direct"),
            ("http://192.168.1.7:9", "direct"),
            ("http://localhost:9", "direct"),
            ("https://127.3.2.1", "direct"),
            ("https://[::1]:9", "direct"),
            ("http://x.localhost", "direct"),
            ("http://0.0.0.0:9", "direct"),
        ] {
            assert_eq!(way(&outbound, url), wanted, "{url}");
        }
        let (outbound, _) = of(&[("ALL_PROXY", "https://c"), ("no_proxy", "*")]);
        assert_eq!(way(&outbound, "https://api.example"), "direct");
        let (outbound, _) = of(&[("all_proxy", "https://c"), ("HTTPS_PROXY", " ")]);
        assert_eq!(way(&outbound, "https://api.example"), "https://c:443 (all_proxy)");
        assert_eq!(outbound.describe(), ["https://c:443 (all_proxy)"]);
    }

    #[test]
    fn a_setting_beats_the_variables_and_has_to_be_right() {
        let variable =
            |name: &str| Some(format!("http://{}:1", name.to_ascii_lowercase().replace('_', "-")));
        let new = |proxy: &str| {
            let wanted = Wanted {
                proxy: Some(("--proxy".to_owned(), proxy.to_owned())),
                exempt: Some(("--no-proxy".to_owned(), vec![])),
            };
            Outbound::new(wanted, variable)
                .map(|(outbound, _)| way(&outbound, "https://api.example"))
        };
        assert_eq!(new("http://p:8"), Ok("http://p:8 (--proxy)".to_owned()));
        assert_eq!(new("none"), Ok("direct".to_owned()));
        assert_eq!(new("socks5h://p:8"), Err(ProxyError::Socks("--proxy".to_owned())));
        for nonsense in
            ["ftp://p", "http://", "http://p:x", "http://p:99999", "http://:3128", "://"]
        {
            assert_eq!(new(nonsense), Err(ProxyError::Address("--proxy".to_owned())), "{nonsense}");
        }
    }

    #[test]
    fn what_a_variable_says_in_vain_is_told_without_its_password() {
        for (value, word) in [
            ("socks5://user:s3cret@p:1", "SOCKS"),
            ("http://user:s3cret@", "no address"),
            ("ftp://s3cret", "no address"),
        ] {
            let (outbound, warnings) = of(&[("ALL_PROXY", value)]);
            assert_eq!(way(&outbound, "https://api.example"), "direct");
            assert!(
                warnings.len() == 1
                    && warnings[0].contains(word)
                    && warnings[0].contains("ALL_PROXY"),
                "{warnings:?}"
            );
            assert!(!format!("{warnings:?}{outbound:?}").contains("s3cret"));
        }
        let (_, warnings) = of(&[("NO_PROXY", "good.example,b!d")]);
        assert!(warnings.len() == 1 && warnings[0].contains("b!d"), "{warnings:?}");
    }

    #[test]
    fn the_daemon_is_not_its_own_proxy() {
        let own: SocketAddr = "127.0.0.1:3344".parse().expect("an address");
        for (value, is_own) in [
            ("http://127.0.0.1:3344", true),
            ("http://localhost:3344", true),
            ("http://0.0.0.0:3344", true),
            ("http://[::1]:3344", true),
            ("http://127.0.0.1:3128", false),
            ("http://proxy.example:3344", false),
        ] {
            let (mut outbound, _) = of(&[("https_proxy", value)]);
            assert_eq!(outbound.without(own).len(), usize::from(is_own), "{value}");
            assert_eq!(way(&outbound, "https://api.example") == "direct", is_own, "{value}");
        }
    }
}
