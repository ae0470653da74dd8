//! Where a text stands in the record.

use ccdump_wire::{
    handshake::SEARCH,
    v1::{SearchRequest, SearchResponse},
};
use tonic::Streaming;

use super::{Link, LinkError};

/// What a daemon must be able to do for it, as in "this daemon cannot …".
pub const WHAT: &str = "search";

impl Link {
    /// Exchanges as they are found, the nearest first. Whoever drops the stream ends the search.
    pub async fn search(
        &mut self,
        request: SearchRequest,
    ) -> Result<Streaming<SearchResponse>, LinkError> {
        if !self.can(SEARCH) {
            return Err(LinkError::Unsupported(WHAT));
        }
        let answer = self.client.search(request).await;
        Ok(answer.map_err(|status| LinkError::of(status, WHAT))?.into_inner())
    }
}
