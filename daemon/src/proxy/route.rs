//! Where a request is sent on to.

use std::{fmt, str::FromStr};

use ccdump_provider::provider::Provider;
use http::{
    HeaderMap, HeaderValue, Uri,
    uri::{Authority, PathAndQuery, Scheme},
};

/// `http(s)://host[:port][/prefix]`. Credentials in it are refused: they would be sent as part of a name.
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
        let invalid = |reason| BaseUrlError { url: url.to_owned(), reason };
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
            authority: HeaderValue::from_str(authority.as_str()).map_err(|_| invalid("it names no host"))?,
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority.to_str().unwrap_or(&self.host), self.prefix)
    }
}

impl BaseUrl {
    /// The target of a request to this upstream, as it goes out. `None` when the two do not make a valid one.
    pub fn target(&self, requested: &Uri) -> Option<Uri> {
        let path = requested.path_and_query().map_or("/", PathAndQuery::as_str);
        if self.prefix.is_empty() {
            return requested.path_and_query().cloned().map_or_else(|| Some(Uri::from_static("/")), |path| Some(path.into()));
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
    unknown: BaseUrl,
}

impl Upstreams {
    /// From `[PROVIDER=]URL` words. One without a provider serves every provider that is not named; without it, each has its vendor's
    /// address, and requests that nothing tells the provider of go where most agents' do.
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, BaseUrlError> {
        let (mut named, mut default) = (Vec::new(), None);
        for word in words {
            match word.split_once('=') {
                Some((name, url)) if !name.contains(':') => {
                    let provider = name.parse::<Provider>().ok().filter(|provider| *provider != Provider::Unknown);
                    let provider = provider.ok_or_else(|| BaseUrlError {
                        url: word.to_owned(),
                        reason: "the provider is none of anthropic, openai, gemini",
                    })?;
                    named.push((provider, url.parse::<BaseUrl>()?));
                }
                _ => default = Some(word.parse::<BaseUrl>()?),
            }
        }
        let of = |provider, vendor: &str| -> Result<BaseUrl, BaseUrlError> {
            let named = named.iter().rev().find(|(known, _)| *known == provider).map(|(_, url)| url);
            named.or(default.as_ref()).map_or_else(|| vendor.parse(), |url| Ok(url.clone()))
        };
        Ok(Self {
            anthropic: of(Provider::Anthropic, "https://api.anthropic.com")?,
            openai: of(Provider::OpenAi, "https://api.openai.com")?,
            gemini: of(Provider::Gemini, "https://generativelanguage.googleapis.com")?,
            unknown: match &default {
                Some(url) => url.clone(),
                None => of(Provider::Anthropic, "https://api.anthropic.com")?,
            },
        })
    }

    /// Where the requests of each provider go, as `PROVIDER=URL`.
    pub fn table(&self) -> Vec<String> {
        let of = [
            (Provider::Anthropic, &self.anthropic),
            (Provider::OpenAi, &self.openai),
            (Provider::Gemini, &self.gemini),
            (Provider::Unknown, &self.unknown),
        ];
        of.map(|(provider, url)| format!("{}={url}", provider.as_str())).to_vec()
    }

    /// Which provider a request is meant for, and where that one is.
    pub fn route(&self, uri: &Uri, fields: &HeaderMap) -> (Provider, &BaseUrl) {
        let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let provider = Provider::of_request(path, |name| fields.contains_key(name));
        let upstream = match provider {
            Provider::Anthropic => &self.anthropic,
            Provider::OpenAi => &self.openai,
            Provider::Gemini => &self.gemini,
            Provider::Unknown => &self.unknown,
        };
        (provider, upstream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_upstream_serves_who_is_not_named() {
        let upstreams = Upstreams::new(["http://127.0.0.1:1/x/", "openai=https://gateway.test/o"]).expect("valid");
        let route = |path: &'static str| upstreams.route(&Uri::from_static(path), &HeaderMap::new()).1.to_string();
        assert_eq!(route("/v1/messages?beta=true"), "http://127.0.0.1:1/x");
        assert_eq!(route("/v1/responses"), "https://gateway.test/o");
        assert_eq!(route("/nothing/known"), "http://127.0.0.1:1/x");
    }

    #[test]
    fn without_one_each_has_its_vendors() {
        let upstreams = Upstreams::new(["anthropic=http://a.test"]).expect("valid");
        let route = |path: &'static str| upstreams.route(&Uri::from_static(path), &HeaderMap::new()).1.to_string();
        assert_eq!(route("/v1/messages"), "http://a.test");
        assert_eq!(route("/v1/chat/completions"), "https://api.openai.com");
        assert_eq!(route("/v1beta/models/m:generateContent"), "https://generativelanguage.googleapis.com");
        assert_eq!(route("/"), "http://a.test");
    }

    #[test]
    fn targets_keep_their_spelling() {
        let base: BaseUrl = "https://h.test/base".parse().expect("valid");
        assert_eq!(base.target(&Uri::from_static("/a%2Fb//c;d?x=1&y")).expect("valid"), "/base/a%2Fb//c;d?x=1&y");
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
            assert!(error.contains(reason), "{error}");
        }
    }
}
