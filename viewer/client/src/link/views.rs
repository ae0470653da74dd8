//! The view state that this viewer keeps with the daemon, under a name that is its own while it
//! lives.

use ccdump_wire::v1::{HoldViewRequest, HoldViewResponse, SaveViewRequest};
use tonic::Streaming;

use super::{Link, LinkError, next, peer};

/// A name, held for as long as this lives.
#[derive(Debug)]
pub struct HeldView {
    /// Empty when the name is taken by another viewer: nothing can be saved.
    pub lease: String,
    pub name: String,
    /// What was saved last: its schema number and bytes.
    pub saved: Option<(u32, Vec<u8>)>,
    stream: Streaming<HoldViewResponse>,
}

impl HeldView {
    /// Waits until the daemon goes away, and the name with it.
    pub async fn lost(&mut self) {
        while let Ok(Some(_)) = self.stream.message().await {}
    }
}

impl Link {
    /// Takes the wished name, or the lowest free default one.
    pub async fn hold_view(&mut self, name: Option<String>) -> Result<HeldView, LinkError> {
        const WHAT: &str = "keep view states";
        let answer = self.client.hold_view(HoldViewRequest { peer: Some(peer()), name }).await;
        let mut stream = answer.map_err(|status| LinkError::of(status, WHAT))?.into_inner();
        let first = next(&mut stream, WHAT)
            .await?
            .ok_or_else(|| LinkError::Lost("it ended the stream".to_owned()))?;
        let saved = first.state.map(|state| (state.schema, state.data));
        Ok(HeldView { lease: first.lease, name: first.name, saved, stream })
    }

    pub async fn save_view(
        &mut self,
        lease: String,
        schema: u32,
        data: Vec<u8>,
    ) -> Result<(), LinkError> {
        let answer = self.client.save_view(SaveViewRequest { lease, schema, data }).await;
        answer.map(drop).map_err(|status| LinkError::of(status, "keep view states"))
    }
}
