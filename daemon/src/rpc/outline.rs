//! The blocks of a body.

use std::time::Duration;

use ccdump_record::{Block, BlockState, Outline};
use ccdump_wire::{record::side, v1};
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{Service, exchanges::not_found};
use crate::store::{index, reader::exists};

/// Blocks of a page: some hundred bytes each.
const PAGE: usize = 2000;
const DEFAULT_WAIT: Duration = Duration::from_secs(5);
/// Whoever wants to wait for longer asks again: a call that waits takes a place.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

pub async fn outline(
    service: &Service,
    request: v1::OutlineRequest,
) -> Result<ReceiverStream<Result<v1::OutlineResponse, Status>>, Status> {
    let side = side(request.side())
        .ok_or_else(|| Status::invalid_argument("say which side: request or response"))?;
    let wait = if request.wait_ms == 0 {
        DEFAULT_WAIT
    } else {
        Duration::from_millis(request.wait_ms.into()).min(LONGEST_WAIT)
    };
    let id = request.exchange;
    let exists = service.read_again(move |reader| exists(&reader.log, id)).await?;
    if !exists {
        return Err(not_found(id));
    }
    let outline =
        timeout(wait, service.derived(move |reader| Ok(index::outline(&reader.index, id, side)?)))
            .await
            .map_err(|_| {
                Status::failed_precondition(format!("exchange {id} has not come to that point"))
            })??;
    let (sender, receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        for page in pages(outline, request.changes_only) {
            if sender.send(Ok(page)).await.is_err() {
                return;
            }
        }
    });
    Ok(ReceiverStream::new(receiver))
}

fn pages(mut outline: Outline, changes_only: bool) -> Vec<v1::OutlineResponse> {
    if changes_only {
        outline.blocks.retain(|block| block.state != BlockState::Same);
    }
    let empty =
        v1::OutlineResponse { provider_version: outline.version, ..v1::OutlineResponse::default() };
    let of_wire = |blocks: &[Block]| blocks.iter().cloned().map(v1::Block::from).collect();
    let blocks = outline.blocks.chunks(PAGE);
    let blocks = blocks.map(|page| v1::OutlineResponse { blocks: of_wire(page), ..empty.clone() });
    let removed = outline.removed.chunks(PAGE);
    let removed =
        removed.map(|page| v1::OutlineResponse { removed: of_wire(page), ..empty.clone() });
    let mut pages: Vec<v1::OutlineResponse> = blocks.chain(removed).collect();
    if pages.is_empty() {
        pages.push(empty);
    }
    if let Some(first) = pages.first_mut() {
        (first.previous, first.setting_of) = (outline.previous, outline.setting_of);
    }
    pages
}
