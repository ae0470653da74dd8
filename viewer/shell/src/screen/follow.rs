//! Follows an exchange while it streams.

use ccdump_client::link::{Link, LinkError, next, wire_side};
use ccdump_record::Side;
use ccdump_state::Event;
use ccdump_wire::v1::{self, BodyRequest, Event as LogEvent, event::Detail, watch_response::Message};
use tokio::sync::mpsc;

use super::effects::Incoming;

/// Bytes of what has come so far that are given out together: a large response is never here as a whole.
const TOGETHER: usize = 1 << 20;

/// Where a follower begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// With the exchange's first event: whoever shows a moment needs the time of each.
    FirstEvent,
    /// With all that has come so far, at once: a long stream has thousands of events, and only what they amount to is of interest.
    Now,
}

/// Gives out an exchange's events until it has ended.
pub(super) async fn exchange(mut link: Link, exchange: u64, begin: Begin, incoming: mpsc::Sender<Incoming>) {
    // That it cannot be followed (any more) is no error: the rest is fetched when it has ended.
    let _ = follow(&mut link, exchange, begin, &incoming).await;
    let _ = incoming.send(Event::LiveLost { exchange }.into()).await;
}

async fn follow(link: &mut Link, exchange: u64, begin: Begin, incoming: &mpsc::Sender<Incoming>) -> Result<(), LinkError> {
    let had = if begin == Begin::Now { so_far(link, exchange, incoming).await? } else { None };
    if had.as_ref().is_some_and(|had| had.is_over) {
        return Ok(());
    }
    let (after, known) = had.map_or((0, 0), |had| (had.through_seq, had.known));
    let mut stream = link.follow(exchange, after, None).await?;
    while let Some(response) = next(&mut stream, "be watched").await? {
        let Some(Message::Events(batch)) = response.message else { continue };
        let events: Vec<LogEvent> = batch.events.into_iter().filter_map(|event| news(event, known)).collect();
        let is_over = events.iter().any(|event| matches!(event.detail, Some(Detail::Ended(_))));
        if incoming.send(Event::Live { exchange, events }.into()).await.is_err() || is_over {
            return Ok(());
        }
    }
    Ok(())
}

/// How much of a response was given out at once.
struct SoFar {
    /// Decoded bytes.
    known: u64,
    /// All that was not given out comes after this event.
    through_seq: u64,
    /// Nothing comes any more, or nobody is there to take it.
    is_over: bool,
}

/// Gives out a response as far as it has come. `None`: it has not begun.
async fn so_far(link: &mut Link, exchange: u64, incoming: &mpsc::Sender<Incoming>) -> Result<Option<SoFar>, LinkError> {
    let through_seq = link.hello().head_seq;
    let (row, heads) = link.exchange(exchange).await?;
    let Some(status) = row.status.filter(|_| !heads.response_headers.is_empty()) else { return Ok(None) };
    let head = v1::ResponseHead { status, headers: heads.response_headers, ..v1::ResponseHead::default() };
    let mut had = SoFar { known: 0, through_seq, is_over: false };
    let (mut events, mut bytes) = (vec![event(exchange, Detail::ResponseHead(head))], 0);
    let side = wire_side(Side::Response);
    let mut chunks = link.body(BodyRequest { exchange, side, decoded: true, offset: 0, length: None }).await?;
    while let Some(chunk) = next(&mut chunks, "send bodies").await? {
        if chunk.missing_before > 0 {
            let gap = v1::Gap { side, bytes: chunk.missing_before, ..v1::Gap::default() };
            events.push(event(exchange, Detail::Gap(gap)));
        }
        bytes += chunk.data.len();
        had.known = chunk.offset.saturating_add(chunk.data.len() as u64);
        had.is_over |= chunk.complete;
        let data = v1::BodyData {
            payload_offset: chunk.offset,
            payload: chunk.data,
            undecodable: chunk.undecodable,
            ..v1::BodyData::default()
        };
        events.push(event(exchange, Detail::ResponseData(data)));
        if bytes >= TOGETHER {
            bytes = 0;
            let events = std::mem::take(&mut events);
            if incoming.send(Event::Live { exchange, events }.into()).await.is_err() {
                return Ok(Some(SoFar { is_over: true, ..had }));
            }
        }
    }
    had.is_over |= incoming.send(Event::Live { exchange, events }.into()).await.is_err();
    Ok(Some(had))
}

fn event(exchange: u64, detail: Detail) -> LogEvent {
    LogEvent { exchange, detail: Some(detail), ..LogEvent::default() }
}

/// What of an event is not `known`: decoded bytes of the response.
fn news(mut event: LogEvent, known: u64) -> Option<LogEvent> {
    match &mut event.detail {
        Some(Detail::ResponseData(data)) => {
            let had = known.saturating_sub(data.payload_offset);
            let had = usize::try_from(had).unwrap_or(usize::MAX).min(data.payload.len());
            let _ = data.payload.split_to(had);
            (had == 0 || !data.payload.is_empty() || data.undecodable.is_some()).then_some(event)
        }
        // What was fetched began with it.
        Some(Detail::ResponseHead(_)) if known > 0 => None,
        _ => Some(event),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(payload_offset: u64, payload: &'static [u8]) -> LogEvent {
        event(7, Detail::ResponseData(v1::BodyData { payload_offset, payload: payload.into(), ..v1::BodyData::default() }))
    }

    #[test]
    fn what_was_fetched_does_not_come_again() {
        for (known, given, left) in [
            (0, data(0, b"abc"), Some(data(0, b"abc"))),
            (3, data(0, b"abc"), None),
            (2, data(0, b"abc"), Some(data(0, b"c"))),
            (3, data(3, b"def"), Some(data(3, b"def"))),
            (9, event(7, Detail::ResponseHead(v1::ResponseHead::default())), None),
            (9, event(7, Detail::Ended(v1::Ended::default())), Some(event(7, Detail::Ended(v1::Ended::default())))),
        ] {
            assert_eq!(news(given.clone(), known), left, "{known} of {given:?}");
        }
    }
}
