//! What has to be fetched for an item.

use serde::{Deserialize, Serialize};

/// Where a piece is had from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wanted {
    pub source: Source,
    /// `Block::pointer` of the piece.
    pub pointer: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Request,
    Response,
    /// The request of the exchange after in the thread: it brings the results of this one's tool
    /// calls.
    NextRequest,
    /// The request before: what stood there in the place of this block, which was changed.
    Former,
    /// The request before: this block of it, which is gone.
    Gone,
}
