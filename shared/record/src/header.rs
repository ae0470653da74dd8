use serde::{Deserialize, Serialize};

/// Header fields, in order.
pub type Headers = Vec<Header>;

/// A header field. On record its name is in lower case, and its value free of credentials. In JSON
/// it is a pair.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "(String, String)", into = "(String, String)")]
pub struct Header {
    pub name: String,
    pub value: String,
}

impl From<(String, String)> for Header {
    fn from((name, value): (String, String)) -> Self {
        Self { name, value }
    }
}

impl From<Header> for (String, String) {
    fn from(header: Header) -> Self {
        (header.name, header.value)
    }
}

/// The heads of an exchange and what came behind its bodies, as far as they have come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Heads {
    pub request: Headers,
    pub response: Headers,
    pub request_trailers: Headers,
    pub response_trailers: Headers,
    /// Where it was sent on to, without credentials; empty where the proxy answered itself.
    pub upstream: String,
}
