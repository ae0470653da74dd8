//! Bodies, in chunks.

use bytes::Bytes;
use ccdump_record::Side;
use ccdump_wire::{record::side, v1};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{
    Service,
    exchanges::not_found,
    payload::{Decoded, Payload},
};
use crate::store::reader::{exists, is_over};

/// Bytes of a message at most.
const CHUNK: usize = 512 << 10;

pub async fn body(
    service: &Service,
    request: v1::BodyRequest,
) -> Result<ReceiverStream<Result<v1::BodyResponse, Status>>, Status> {
    let side = side(request.side())
        .ok_or_else(|| Status::invalid_argument("say which side: request or response"))?;
    let id = request.exchange;
    let exists = service.read_again(move |reader| exists(&reader.log, id)).await?;
    if !exists {
        return Err(not_found(id));
    }
    // A message that is being sent, and one that is being read: a viewer that does not read holds
    // these, and no thread.
    let (sender, receiver) = mpsc::channel(1);
    let service = service.clone();
    tokio::spawn(async move {
        if let Err(failed) = send(&service, &request, side, &sender).await {
            // Nobody may be there any more to be told.
            sender.send(Err(failed)).await.ok();
        }
    });
    Ok(ReceiverStream::new(receiver))
}

/// Sends until the end, or until nobody listens any more.
async fn send(
    service: &Service,
    request: &v1::BodyRequest,
    side: Side,
    sender: &mpsc::Sender<Result<v1::BodyResponse, Status>>,
) -> Result<(), Status> {
    let v1::BodyRequest { exchange, offset: from, decoded, .. } = *request;
    let end = request.length.map_or(u64::MAX, |length| from.saturating_add(length));
    let opened = service.read(move |reader| {
        let mut payload = Payload::open(reader, exchange, side, decoded)?;
        payload.skip_to(from);
        Ok((is_over(&reader.log, exchange, side)?, payload))
    });
    let (is_complete, mut payload) = opened.await?;
    let mut last = v1::BodyResponse { complete: is_complete, ..v1::BodyResponse::default() };
    loop {
        let next = service
            .read(move |reader| payload.next(reader, u64::MAX).map(|decoded| (payload, decoded)));
        let (read, decoded) = tokio::select! {
            next = next => next?,
            () = sender.closed() => return Ok(()),
        };
        payload = read;
        let Some(mut decoded) = decoded else { break };
        last.offset = decoded.offset + decoded.bytes.len() as u64;
        last.undecodable = decoded.undecodable.take();
        let reached_end = decoded.offset + decoded.bytes.len() as u64 >= end;
        cut(&mut decoded, from, end);
        let mut missing_before = decoded.missing_before;
        let mut offset = decoded.offset;
        let mut bytes = Bytes::from(decoded.bytes);
        while !bytes.is_empty() || missing_before > 0 {
            let data = bytes.split_to(bytes.len().min(CHUNK));
            let message = v1::BodyResponse {
                offset,
                missing_before,
                data: data.clone(),
                ..v1::BodyResponse::default()
            };
            if sender.send(Ok(message)).await.is_err() {
                return Ok(());
            }
            missing_before = 0;
            offset += data.len() as u64;
        }
        if reached_end || last.undecodable.is_some() {
            break;
        }
    }
    sender.send(Ok(last)).await.ok();
    Ok(())
}

/// Keeps what lies in `from..to`.
fn cut(decoded: &mut Decoded, from: u64, to: u64) {
    let length = decoded.bytes.len() as u64;
    let keep_from = from.saturating_sub(decoded.offset).min(length);
    let keep_to = to.saturating_sub(decoded.offset).clamp(keep_from, length);
    let index = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
    decoded.bytes.truncate(index(keep_to));
    decoded.bytes.drain(..index(keep_from));
    decoded.offset += keep_from;
}
