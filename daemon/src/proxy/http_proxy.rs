//! An HTTP proxy on the way to upstreams, and the tunnel (`CONNECT`) through it.
//!
//! Plain upstreams take a tunnel, too: what the agent sends stays byte for byte what the API gets.

use std::{fmt, io, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::uri::Authority;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};

use super::{
    hosts::{Host, split_port},
    prefix::percent_decode,
};

/// Bytes of a proxy's answer to `CONNECT` at most.
const LONGEST_HEAD: usize = 16 << 10;
/// For that answer: the proxy has a connection of its own to make first.
const TUNNEL_TIMEOUT: Duration = Duration::from_secs(30);

/// A proxy, as a URL names it.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpProxy {
    pub is_tls: bool,
    pub host: String,
    pub port: u16,
    /// Value of `Proxy-Authorization`.
    authorization: Option<String>,
    /// The setting or variable that it comes from.
    pub named_by: String,
}

/// Why a value names no proxy. The value itself may hold a password, and is never repeated.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProxyError {
    #[error(
        "{0} names a SOCKS proxy, which is not supported; name an HTTP proxy (http://HOST:PORT)"
    )]
    Socks(String),
    #[error(
        "{0} is no address of a proxy; write it as http://[USER:PASSWORD@]HOST:PORT, or https://…"
    )]
    Address(String),
    #[error("{name}: {entry:?} is no host, network or *")]
    Exemption { name: String, entry: String },
}

/// Why there is no tunnel.
#[derive(Debug, thiserror::Error)]
pub enum TunnelError {
    #[error("the proxy {proxy} refused to connect to {target}: {answer}{}", if *.asks_for_password { "; put USER:PASSWORD@ before its host" } else { "" })]
    Refused { proxy: String, target: String, answer: String, asks_for_password: bool },
    #[error("the proxy {proxy} broke off instead of connecting to {target}: {source}")]
    Broken { proxy: String, target: String, source: io::Error },
    #[error("the proxy {proxy} does not speak HTTP")]
    NoHttp { proxy: String },
}

impl HttpProxy {
    pub fn parse(named_by: &str, url: &str) -> Result<Self, ProxyError> {
        let invalid = || ProxyError::Address(named_by.to_owned());
        let url = url.trim();
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let is_tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            scheme if scheme.starts_with("socks") => {
                return Err(ProxyError::Socks(named_by.to_owned()));
            }
            _ => return Err(invalid()),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (user, address) = match authority.rsplit_once('@') {
            Some((user, address)) => (Some(user), address),
            None => (None, authority),
        };
        let (host, port) = split_port(address)
            .filter(|(host, _)| host.parse::<Authority>().is_ok())
            .ok_or_else(invalid)?;
        let port = port.unwrap_or(if is_tls { 443 } else { 80 });
        let host = host.trim_matches(['[', ']']).to_owned();
        let authorization = user.map(|user| {
            let (user, password) = user.split_once(':').unwrap_or((user, ""));
            let plain = [percent_decode(user), percent_decode(password)].join(&b':');
            format!("Basic {}", BASE64_STANDARD.encode(plain))
        });
        Ok(Self { is_tls, host, port, authorization, named_by: named_by.to_owned() })
    }

    /// Asks for a connection to an upstream on a connection to the proxy, which is that connection
    /// afterwards.
    pub async fn tunnel<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        mut stream: S,
        host: &str,
        port: u16,
    ) -> Result<S, TunnelError> {
        let target = format!("{}:{port}", Host::of(host));
        let broken = |source| TunnelError::Broken {
            proxy: self.to_string(),
            target: target.clone(),
            source,
        };
        let authorization = self
            .authorization
            .as_ref()
            .map(|value| format!("Proxy-Authorization: {value}\r\n"))
            .unwrap_or_default();
        let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n");
        let asking = async {
            stream.write_all(request.as_bytes()).await?;
            stream.flush().await?;
            read_head(&mut stream).await
        };
        let head = timeout(TUNNEL_TIMEOUT, asking)
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(broken)?;
        let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        let answer = line
            .strip_prefix("HTTP/1.")
            .and_then(|rest| rest.split_once(' '))
            .map(|(_, answer)| answer.trim());
        match answer {
            // No upstream speaks first: what follows the head right away is none of its words.
            Some(answer) if answer.starts_with('2') && head.ends_with(b"\r\n\r\n") => Ok(stream),
            Some(answer) if !answer.starts_with('2') => Err(TunnelError::Refused {
                proxy: self.to_string(),
                target,
                answer: answer.chars().filter(|c| !c.is_control()).take(200).collect(),
                asks_for_password: answer.starts_with("407") && self.authorization.is_none(),
            }),
            _ => Err(TunnelError::NoHttp { proxy: self.to_string() }),
        }
    }
}

/// Up to the end of the head, and what came together with it.
async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() >= LONGEST_HEAD {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its answer is too long"));
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

impl fmt::Display for HttpProxy {
    /// Without its password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host) = (if self.is_tls { "https" } else { "http" }, Host::of(&self.host));
        write!(f, "{scheme}://{host}:{} ({})", self.port, self.named_by)
    }
}

impl fmt::Debug for HttpProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_sent_and_never_shown() {
        let proxy = HttpProxy::parse("HTTPS_PROXY", "http://us%40er:p%3Ass@proxy.example:3128/")
            .expect("an address");
        let plain = BASE64_STANDARD.decode(
            proxy
                .authorization
                .as_deref()
                .and_then(|value| value.strip_prefix("Basic "))
                .expect("basic"),
        );
        assert_eq!(plain.expect("base64"), b"us@er:p:ss");
        assert_eq!(
            format!("{proxy} {proxy:?}").matches("http://proxy.example:3128 (HTTPS_PROXY)").count(),
            2
        );
    }

    #[tokio::test]
    async fn a_tunnel_is_one_only_if_the_proxy_says_so() {
        let proxy = HttpProxy::parse("HTTPS_PROXY", "http://p:1").expect("an address");
        for (answer, wanted) in [
            ("HTTP/1.1 200 Connection established\r\n\r\n", ""),
            ("HTTP/1.0 200\r\nvia: x\r\n\r\n", ""),
            (
                "HTTP/1.1 407 Authentication needed\r\nproxy-authenticate: Basic\r\n\r\n",
                "407 Authentication needed; put USER:PASSWORD@",
            ),
            ("HTTP/1.1 403 No\u{1b}[2J\r\n\r\nbody", "api.example:443: 403 No[2J"),
            ("HTTP/1.1 200 OK\r\n\r\nearly words", "does not speak HTTP"),
            ("SSH-2.0-x\r\n\r\n", "does not speak HTTP"),
            ("HTTP/1.1 200 OK\r\n", "broke off"),
        ] {
            let (near, mut far) = tokio::io::duplex(1 << 16);
            let asked =
                tokio::join!(proxy.tunnel(near, "api.example", 443), async {
                    let request = read_head(&mut far).await.expect("a request");
                    assert!(request.starts_with(
                        b"CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n"
                    ));
                    far.write_all(answer.as_bytes()).await.expect("sent");
                    drop(far);
                });
            let error = asked.0.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(
                error.contains(wanted) && error.is_empty() == wanted.is_empty(),
                "{answer:?}: {error}"
            );
        }
    }
}
