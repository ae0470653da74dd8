//! Where a request is sent on to.

use std::{
    fmt,
    str::FromStr,
    sync::{Mutex, PoisonError},
};

use ccdump_provider::provider::Provider;
use http::{
    HeaderMap, HeaderValue, Uri,
    uri::{Authority, PathAndQuery, Scheme},
};

/// `http(s)://host[:port][/prefix]`. Credentials in it are refused: they would be sent as part of a
/// name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    pub is_tls: bool,
    pub host: String,
    pub port: u16,
    /// The `Host` field of requests to it.
    pub authority: HeaderValue,
    /// Without a slash at the end.
    prefix: String,
}

#[derive(Debug, thiserror::Error)]
#[error("{url} is not an upstream: {reason}; write it as [PROVIDER=]http(s)://HOST[:PORT][/PATH]")]
pub struct BaseUrlError {
    url: String,
    reason: &'static str,
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(url: &str) -> Result<Self, BaseUrlError> {
        let invalid = |reason| BaseUrlError { url: masked(url), reason };
        let uri: Uri = url.parse().map_err(|_| invalid("it is not a URL"))?;
        let is_tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(invalid("it starts with neither http:// nor https://")),
        };
        let authority: &Authority = uri.authority().ok_or_else(|| invalid("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(invalid("it holds credentials"));
        }
        if uri.query().is_some() {
            return Err(invalid("it has a query"));
        }
        Ok(Self {
            is_tls,
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            authority: HeaderValue::from_str(authority.as_str())
                .map_err(|_| invalid("it names no host"))?,
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

/// As it may be shown: what is said of a wrong address ends up in logs.
fn masked(url: &str) -> String {
    ccdump_secrets::text(url, &ccdump_secrets::plain).into_owned()
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority.to_str().unwrap_or(&self.host), self.prefix)
    }
}

impl BaseUrl {
    /// The target of a request to this upstream, as it goes out. `None` when the two do not make a
    /// valid one.
    pub fn target(&self, requested: &Uri) -> Option<Uri> {
        let path = requested.path_and_query().map_or("/", PathAndQuery::as_str);
        if self.prefix.is_empty() {
            return requested
                .path_and_query()
                .cloned()
                .map_or_else(|| Some(Uri::from_static("/")), |path| Some(path.into()));
        }
        format!("{}{path}", self.prefix).parse().ok()
    }
}

/// The upstream of each provider.
#[derive(Debug, Clone)]
pub struct Upstreams {
    anthropic: BaseUrl,
    openai: BaseUrl,
    gemini: BaseUrl,
    /// Where requests go that nothing tells the provider of, if it was said.
    default: Option<BaseUrl>,
}

/// Where a request goes.
#[derive(Debug, Clone, Copy)]
pub struct Route<'a> {
    pub provider: Provider,
    /// Nothing where it would take a credential to somebody that it may not be for.
    pub base: Option<&'a BaseUrl>,
}

/// Why a request without a route is refused, and what to do.
pub const MISDIRECTED: &str = "the request carries a credential, and neither its path, its headers nor the key tell which provider it is \
     for: it was sent nowhere; start ccdumpd with `--upstream URL` to say where such requests go";

/// The provider that the requests of a connection were for.
#[derive(Debug, Default)]
pub struct Told(Mutex<Heard>);

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Heard {
    #[default]
    Nothing,
    One(Provider),
    /// Then one says nothing of the next.
    Several,
}

impl Told {
    /// Notes what tells of a request, and gives what is told of it: where nothing is, what was told
    /// of those before it.
    fn hear(&self, provider: Provider) -> Provider {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (*heard, provider) {
            (Heard::One(before), Provider::Unknown) => return before,
            (_, Provider::Unknown) => {}
            (Heard::Nothing, told) => *heard = Heard::One(told),
            (Heard::One(before), told) if before == told => {}
            (Heard::One(_) | Heard::Several, _) => *heard = Heard::Several,
        }
        provider
    }
}

impl Upstreams {
    /// From `[PROVIDER=]URL` words. One without a provider serves every provider that is not named;
    /// without it, each has its vendor's address, and requests that nothing tells the provider of
    /// go where most agents' do if they carry no credential, else nowhere.
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, BaseUrlError> {
        let (mut named, mut default) = (Vec::new(), None);
        for word in words {
            match word.split_once('=') {
                Some((name, url)) if !name.contains(':') => {
                    let provider = name
                        .parse::<Provider>()
                        .ok()
                        .filter(|provider| *provider != Provider::Unknown);
                    let provider = provider.ok_or_else(|| BaseUrlError {
                        url: masked(word),
                        reason: "the provider is none of anthropic, openai, gemini",
                    })?;
                    named.push((provider, url.parse::<BaseUrl>()?));
                }
                _ => default = Some(word.parse::<BaseUrl>()?),
            }
        }
        let of = |provider, vendor: &str| -> Result<BaseUrl, BaseUrlError> {
            let named =
                named.iter().rev().find(|(known, _)| *known == provider).map(|(_, url)| url);
            named.or(default.as_ref()).map_or_else(|| vendor.parse(), |url| Ok(url.clone()))
        };
        Ok(Self {
            anthropic: of(Provider::Anthropic, "https://api.anthropic.com")?,
            openai: of(Provider::OpenAi, "https://api.openai.com")?,
            gemini: of(Provider::Gemini, "https://generativelanguage.googleapis.com")?,
            default,
        })
    }

    /// Where the requests of each provider go, as `PROVIDER=URL`.
    pub fn table(&self) -> Vec<String> {
        let of = [
            (Provider::Anthropic, &self.anthropic),
            (Provider::OpenAi, &self.openai),
            (Provider::Gemini, &self.gemini),
            (Provider::Unknown, self.default.as_ref().unwrap_or(&self.anthropic)),
        ];
        of.map(|(provider, url)| masked(&format!("{}={url}", provider.as_str()))).to_vec()
    }

    /// Which provider a request is meant for, and where that one is. `told`: of the connection that
    /// it came on.
    pub fn route(&self, uri: &Uri, fields: &HeaderMap, told: &Told) -> Route<'_> {
        let target = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let header = |name: &str| fields.get(name).and_then(|value| value.to_str().ok());
        let provider = told.hear(Provider::of_request(target, header, keys(uri, fields)));
        let base = match provider {
            Provider::Anthropic => Some(&self.anthropic),
            Provider::OpenAi => Some(&self.openai),
            Provider::Gemini => Some(&self.gemini),
            Provider::Unknown => match &self.default {
                None if carries_credential(target, fields) => None,
                default => Some(default.as_ref().unwrap_or(&self.anthropic)),
            },
        };
        Route { provider, base }
    }
}

/// Credentials of a request, without the scheme before them.
fn keys<'a>(uri: &'a Uri, fields: &'a HeaderMap) -> impl Iterator<Item = &'a str> {
    let in_fields = fields.iter().filter(|(name, _)| ccdump_secrets::is_credential(name.as_str()));
    let in_fields =
        in_fields.filter_map(|(_, value)| value.to_str().ok()?.split_whitespace().next_back());
    let parameters = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter_map(|parameter| parameter.split_once('='));
    in_fields.chain(
        parameters.filter(|(name, _)| ccdump_secrets::is_parameter(name)).map(|(_, value)| value),
    )
}

fn carries_credential(target: &str, fields: &HeaderMap) -> bool {
    let values: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    ccdump_secrets::carries(target, values.iter().map(|(name, value)| (*name, &**value)))
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn base(
        upstreams: &Upstreams,
        path: &'static str,
        fields: &[(&'static str, &'static str)],
    ) -> Option<String> {
        let fields = fields
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        upstreams
            .route(&Uri::from_static(path), &fields, &Told::default())
            .base
            .map(ToString::to_string)
    }

    #[test]
    fn a_bare_upstream_serves_who_is_not_named() {
        let upstreams = Upstreams::new(["http://127.0.0.1:1/x/", "openai=https://gateway.test/o"])
            .expect("valid");
        let route = |path| base(&upstreams, path, &[("x-api-key", "k")]).expect("a route");
        assert_eq!(route("/v1/messages?beta=true"), "http://127.0.0.1:1/x");
        assert_eq!(route("/v1/responses"), "https://gateway.test/o");
        assert_eq!(route("/nothing/known"), "http://127.0.0.1:1/x");
    }

    #[test]
    fn without_one_each_has_its_vendors() {
        let upstreams = Upstreams::new(["anthropic=http://a.test"]).expect("valid");
        let route = |path| base(&upstreams, path, &[]).expect("a route");
        assert_eq!(route("/v1/messages"), "http://a.test");
        assert_eq!(route("/v1/chat/completions"), "https://api.openai.com");
        assert_eq!(
            route("/v1beta/models/m:generateContent"),
            "https://generativelanguage.googleapis.com"
        );
        assert_eq!(route("/"), "http://a.test");
    }

    #[test]
    fn a_credential_goes_to_nobody_it_may_not_be_for() {
        let upstreams = Upstreams::new(["anthropic=http://a.test"]).expect("valid");
        for (path, fields) in [
            ("/nothing/known", &[("authorization", "Bearer abc")][..]),
            ("/nothing/known", &[("x-vault-token", "abc")]),
            ("/nothing/known", &[("cookie", "a=b")]),
            ("/nothing/known", &[("x-odd", "Bearer abcdefgh")]),
            ("/nothing/known?key=abc", &[]),
            ("/", &[("authorization", "Bearer sk-or-v1-0123456789abcdef")]),
        ] {
            assert_eq!(base(&upstreams, path, fields), None, "{path} {fields:?}");
        }
        for (path, fields, wanted) in [
            ("/", &[][..], "http://a.test"),
            ("/api/hello", &[], "http://a.test"),
            ("/favicon.ico", &[("user-agent", "curl"), ("x-request-id", "1")], "http://a.test"),
            ("/x", &[("x-api-key", "sk-ant-abc")], "http://a.test"),
            ("/x", &[("authorization", "Bearer sk-proj-abc")], "https://api.openai.com"),
            ("/x?key=AIzaabc", &[], "https://generativelanguage.googleapis.com"),
        ] {
            assert_eq!(
                base(&upstreams, path, fields).as_deref(),
                Some(wanted),
                "{path} {fields:?}"
            );
        }
    }

    #[test]
    fn what_was_told_of_a_connection_holds_until_it_is_for_several() {
        let upstreams = Upstreams::new([]).expect("valid");
        let told = Told::default();
        let fields: HeaderMap =
            [(HeaderName::from_static("x-api-key"), HeaderValue::from_static("k"))]
                .into_iter()
                .collect();
        let route = |path| upstreams.route(&Uri::from_static(path), &fields, &told).provider;
        assert_eq!(route("/x"), Provider::Unknown);
        assert_eq!(route("/v1/responses"), Provider::OpenAi);
        assert_eq!(route("/x"), Provider::OpenAi);
        assert_eq!(route("/v1/messages"), Provider::Anthropic);
        assert_eq!(route("/x"), Provider::Unknown);
    }

    #[test]
    fn targets_keep_their_spelling() {
        let base: BaseUrl = "https://h.test/base".parse().expect("valid");
        assert_eq!(
            base.target(&Uri::from_static("/a%2Fb//c;d?x=1&y")).expect("valid"),
            "/base/a%2Fb//c;d?x=1&y"
        );
        assert_eq!((base.port, base.is_tls, base.host.as_str()), (443, true, "h.test"));
    }

    #[test]
    fn what_is_no_upstream_is_said() {
        for (word, reason) in [
            ("ftp://x", "neither http"),
            ("localhost:80", "neither http"),
            ("http://user:pass@x", "credentials"),
            ("mistral=http://x", "none of anthropic"),
            ("http://x/?a=b", "query"),
        ] {
            let error = Upstreams::new([word]).expect_err(word).to_string();
            assert!(error.contains(reason) && !error.contains("user:pass"), "{error}");
        }
    }
}
