use serde::{Deserialize, Serialize};

/// Tokens of a call, as the provider said them; what it did not say is unknown, which is not 0.
///
/// `input` never includes what was read from or written to a cache, and `output` includes
/// reasoning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    pub input: Option<i64>,
    pub output: Option<i64>,
    pub cache_read: Option<i64>,
    /// Written to the cache for five minutes.
    pub cache_write_5m: Option<i64>,
    /// Written to the cache for an hour.
    pub cache_write_1h: Option<i64>,
}
