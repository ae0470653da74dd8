//! Origins: which a page of the web can have, and patterns for sets of them.

use std::{fmt, str::FromStr};

use super::hosts::{Host, Pattern, PatternError, split_port};

/// What sends requests with an `Origin` of such a scheme.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// A page of the web: no other scheme is to be had for one.
    Web,
    /// Code of third parties that runs among web pages and is fed by them: whoever trusts one says
    /// which.
    Extension,
    /// A program on this machine with a browser's engine inside: `vscode-webview`, `app`, `tauri`,
    /// `capacitor`, `file`.
    Program,
}

impl Kind {
    /// Of the scheme of an `Origin`.
    pub fn of(scheme: &str) -> Self {
        let scheme = scheme.to_ascii_lowercase();
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        match scheme.as_str() {
            "http" | "https" | "ws" | "wss" | "ftp" | "blob" | "data" | "about" | "javascript" => {
                Self::Web
            }
            extension if extension.ends_with("extension") => Self::Extension,
            _ if is_scheme => Self::Program,
            _ => Self::Web,
        }
    }
}

/// A set of origins: `https://app.example.com`, `https://*.example.com:*`, `chrome-extension://*`,
/// `null`, `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OriginPattern {
    Any,
    /// What sandboxed frames and files in a browser send.
    Null,
    Of {
        scheme: String,
        host: Pattern,
        port: Port,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    Any,
    /// None: the scheme's own.
    One(Option<u16>),
}

#[derive(Debug, thiserror::Error)]
#[error("{origin:?} is no origin{}; write SCHEME://HOST[:PORT], with *.NAME for all names below one and :* for all ports, or null, or *", host.as_ref().map(|_| " (its host is none)").unwrap_or_default())]
pub struct OriginError {
    origin: String,
    host: Option<PatternError>,
}

impl OriginPattern {
    pub fn matches(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Null => origin == "null",
            Self::Of { scheme, host, port } => {
                let Some((of, rest)) = origin.split_once("://") else { return false };
                let Some((name, number)) = split_port(rest) else { return false };
                of.eq_ignore_ascii_case(scheme)
                    && (*port == Port::Any || *port == Port::One(number))
                    && !name.contains(['@', '/', ' '])
                    && host.matches(&Host::of(name))
            }
        }
    }
}

impl FromStr for OriginPattern {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let invalid = |host| OriginError { origin: text.to_owned(), host };
        match text {
            "*" => return Ok(Self::Any),
            "null" => return Ok(Self::Null),
            _ => {}
        }
        let (scheme, rest) =
            text.trim_end_matches('/').split_once("://").ok_or_else(|| invalid(None))?;
        let (host, port) = match rest.strip_suffix(":*") {
            Some(host) => (host, Port::Any),
            None => {
                let (host, port) = split_port(rest).ok_or_else(|| invalid(None))?;
                (host, Port::One(port))
            }
        };
        let host = host.parse().map_err(|error| invalid(Some(error)))?;
        Ok(Self::Of { scheme: scheme.to_ascii_lowercase(), host, port })
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Null => f.write_str("null"),
            Self::Of { scheme, host, port } => {
                write!(f, "{scheme}://{host}")?;
                match port {
                    Port::Any => f.write_str(":*"),
                    Port::One(Some(port)) => write!(f, ":{port}"),
                    Port::One(None) => Ok(()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_as_they_are_written() {
        for text in [
            "*",
            "null",
            "https://a.example",
            "https://*.a.example:*",
            "app://*",
            "http://[fd00::1]:80",
            "http://10.0.0.0/8:*",
        ] {
            let pattern: OriginPattern = text.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(pattern.to_string(), text);
        }
        for nonsense in ["", "a.example", "https://", "https://a.example:x", "https://a b"] {
            assert!(nonsense.parse::<OriginPattern>().is_err(), "{nonsense}");
        }
    }
}
