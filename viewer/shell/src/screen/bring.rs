//! Fetches what a sheet is made of.

use ccdump_client::link::{Link, LinkError, next, wire_side};
use ccdump_model::record::{Body, LARGEST_BODY};
use ccdump_record::{Detail, Event as LogEvent, Gap, Side};
use ccdump_state::{
    Event,
    sheet::{Brought, LARGEST_LOG, Need},
};
use ccdump_wire::v1::BodyRequest;

use super::compare;

/// Events of one exchange that are read, at most.
const MOST_EVENTS: usize = 200_000;

/// `None`: the daemon went away; it will be asked for again.
pub async fn bring(mut link: Link, need: Need) -> Option<Event> {
    let brought = match need {
        Need::Heads(exchange) => {
            link.exchange(exchange).await.map(|heads| Brought::Heads(Box::new(heads)))
        }
        Need::Body(exchange, side) => body(&mut link, exchange, side).await.map(Brought::Body),
        Need::Log(exchange) => log(&mut link, exchange).await.map(Brought::Log),
        Need::Compared(left, right) => compare::requests(&mut link, left, right)
            .await
            .map(|both| Brought::Compared(Box::new(both))),
        Need::Section { exchange, offset, length } => {
            compare::section(&mut link, exchange, offset, length).await.map(Brought::Section)
        }
    };
    match brought {
        Err(LinkError::Lost(_)) => None,
        brought => {
            Some(Event::Brought { need, brought: brought.map_err(|error| error.to_string()) })
        }
    }
}

async fn body(link: &mut Link, exchange: u64, side: Side) -> Result<Body, LinkError> {
    // One byte more, to know whether there are more.
    let length = Some(LARGEST_BODY as u64 + 1);
    let request = BodyRequest { exchange, side: wire_side(side), decoded: true, offset: 0, length };
    let mut chunks = link.body(request).await?;
    let mut body = Body::default();
    while let Some(chunk) = next(&mut chunks, "send bodies").await? {
        if chunk.missing_before > 0 {
            body.gaps.push((body.bytes.len(), chunk.missing_before));
        }
        body.is_complete = chunk.complete;
        body.undecodable = chunk.undecodable.or(body.undecodable);
        if !body.push(&chunk.data) {
            break;
        }
    }
    Ok(body)
}

/// The events of an exchange so far.
async fn log(link: &mut Link, exchange: u64) -> Result<Vec<LogEvent>, LinkError> {
    // What the daemon said of its log when the link was made is old.
    let until = link.status().await?.head_seq;
    let mut stream = link.follow(exchange, 0, Some(until)).await?;
    let mut events = Vec::new();
    let mut bytes = 0;
    while let Some(batch) = stream.next().await? {
        let is_over = batch.iter().any(|event| matches!(event.detail, Detail::Ended(_)));
        events.extend(batch.into_iter().map(|event| bounded(event, &mut bytes)));
        if is_over || events.len() >= MOST_EVENTS {
            break;
        }
    }
    Ok(events)
}

/// Beyond so many bytes a response's data is only named.
fn bounded(event: LogEvent, bytes: &mut usize) -> LogEvent {
    let Detail::ResponseData(data) = &event.detail else { return event };
    *bytes = bytes.saturating_add(data.payload.bytes.len());
    if *bytes <= LARGEST_LOG {
        return event;
    }
    let gap =
        Gap { side: Some(Side::Response), offset: data.offset, bytes: data.length(), exchanges: 0 };
    LogEvent { detail: Detail::Gap(gap), ..event }
}
