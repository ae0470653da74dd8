//! Bodies, in chunks.

use bytes::Bytes;
use ccdump_wire::v1;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{
    Service,
    convert::side,
    exchanges::not_found,
    payload::{Decoded, Payload},
};
use crate::store::{
    StoreError,
    event::Side,
    reader::{Readers, exists, is_over},
};

/// Bytes of a message at most.
const CHUNK: usize = 512 << 10;

pub async fn body(service: &Service, request: v1::BodyRequest) -> Result<ReceiverStream<Result<v1::BodyResponse, Status>>, Status> {
    let side = side(request.side()).ok_or_else(|| Status::invalid_argument("say which side: request or response"))?;
    let id = request.exchange;
    let exists = service.read(move |reader| exists(&reader.log, id)).await?;
    if !exists {
        return Err(not_found(id));
    }
    // Two messages: one that is being sent, one that is being read. A viewer that does not read holds a thread that waits.
    let (sender, receiver) = mpsc::channel(2);
    let readers = service.readers.clone();
    tokio::task::spawn_blocking(move || {
        if let Err(error) = send(&readers, &request, side, &sender) {
            // Nobody may be there any more to be told.
            sender.blocking_send(Err(Status::unavailable(error.to_string()))).ok();
        }
    });
    Ok(ReceiverStream::new(receiver))
}

fn send(
    readers: &Readers,
    request: &v1::BodyRequest,
    side: Side,
    sender: &mpsc::Sender<Result<v1::BodyResponse, Status>>,
) -> Result<(), StoreError> {
    let end = request.length.map_or(u64::MAX, |length| request.offset.saturating_add(length));
    let (is_complete, mut payload) = readers.with(|reader| {
        let mut payload = Payload::open(reader, request.exchange, side, request.decoded)?;
        payload.skip_to(request.offset);
        Ok((is_over(&reader.log, request.exchange, side)?, payload))
    })?;
    let mut last = v1::BodyResponse { complete: is_complete, ..v1::BodyResponse::default() };
    while let Some(mut decoded) = readers.with(|reader| payload.next(reader, u64::MAX))? {
        last.offset = decoded.offset + decoded.bytes.len() as u64;
        last.undecodable = decoded.undecodable.take();
        let reached_end = decoded.offset + decoded.bytes.len() as u64 >= end;
        cut(&mut decoded, request.offset, end);
        let mut missing_before = decoded.missing_before;
        let mut offset = decoded.offset;
        let mut bytes = Bytes::from(decoded.bytes);
        while !bytes.is_empty() || missing_before > 0 {
            let data = bytes.split_to(bytes.len().min(CHUNK));
            let message = v1::BodyResponse { offset, missing_before, data: data.clone(), ..v1::BodyResponse::default() };
            if sender.blocking_send(Ok(message)).is_err() {
                return Ok(());
            }
            missing_before = 0;
            offset += data.len() as u64;
        }
        if reached_end || last.undecodable.is_some() {
            break;
        }
    }
    sender.blocking_send(Ok(last)).ok();
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
