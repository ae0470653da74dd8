//! Follows an exchange while it streams.

use ccdump_client::link::{Link, LinkError, next, wire_side};
use ccdump_record::{BodyData, Detail, Event as LogEvent, Gap, Payload, ResponseHead, Side};
use ccdump_state::Event;
use ccdump_wire::v1::BodyRequest;
use tokio::sync::mpsc;

use super::effects::Incoming;

/// Bytes of what has come so far that are given out together: a large response is never here as a
/// whole.
const TOGETHER: usize = 1 << 20;

/// Where a follower begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// With the exchange's first event: whoever shows a moment needs the time of each.
    FirstEvent,
    /// With all that has come so far, at once: a long stream has thousands of events, and only what
    /// they amount to is of interest.
    Now,
}

/// Gives out an exchange's events until it has ended.
pub(super) async fn exchange(
    mut link: Link,
    exchange: u64,
    begin: Begin,
    incoming: mpsc::Sender<Incoming>,
) {
    // That it cannot be followed (any more) is no error: the rest is fetched when it has ended.
    let _ = follow(&mut link, exchange, begin, &incoming).await;
    let _ = incoming.send(Event::LiveLost { exchange }.into()).await;
}

async fn follow(
    link: &mut Link,
    exchange: u64,
    begin: Begin,
    incoming: &mpsc::Sender<Incoming>,
) -> Result<(), LinkError> {
    let had = if begin == Begin::Now { so_far(link, exchange, incoming).await? } else { None };
    if had.as_ref().is_some_and(|had| had.is_over) {
        return Ok(());
    }
    let (after, known) = had.map_or((0, 0), |had| (had.through_seq, had.known));
    let mut stream = link.follow(exchange, after, None).await?;
    while let Some(events) = stream.next().await? {
        let events: Vec<LogEvent> =
            events.into_iter().filter_map(|event| news(event, known)).collect();
        let is_over = events.iter().any(|event| matches!(event.detail, Detail::Ended(_)));
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
async fn so_far(
    link: &mut Link,
    exchange: u64,
    incoming: &mpsc::Sender<Incoming>,
) -> Result<Option<SoFar>, LinkError> {
    let through_seq = link.hello().head_seq;
    let (row, heads) = link.exchange(exchange).await?;
    let Some(status) = row.status.filter(|_| !heads.response.is_empty()) else { return Ok(None) };
    let head = ResponseHead { status, headers: heads.response, ..ResponseHead::default() };
    let mut had = SoFar { known: 0, through_seq, is_over: false };
    let (mut events, mut bytes) = (vec![LogEvent::of(exchange, Detail::ResponseHead(head))], 0);
    let side = wire_side(Side::Response);
    let mut chunks =
        link.body(BodyRequest { exchange, side, decoded: true, offset: 0, length: None }).await?;
    while let Some(chunk) = next(&mut chunks, "send bodies").await? {
        if chunk.missing_before > 0 {
            let gap = Gap {
                side: Some(Side::Response),
                offset: chunk.offset,
                bytes: chunk.missing_before,
                exchanges: 0,
            };
            events.push(LogEvent::of(exchange, Detail::Gap(gap)));
        }
        bytes += chunk.data.len();
        had.known = chunk.offset.saturating_add(chunk.data.len() as u64);
        had.is_over |= chunk.complete;
        let payload =
            Payload { offset: chunk.offset, bytes: chunk.data, undecodable: chunk.undecodable };
        let data = BodyData { payload, ..BodyData::default() };
        events.push(LogEvent::of(exchange, Detail::ResponseData(data)));
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

/// What of an event is not `known`: decoded bytes of the response.
fn news(mut event: LogEvent, known: u64) -> Option<LogEvent> {
    match &mut event.detail {
        Detail::ResponseData(data) => {
            let had = known.saturating_sub(data.payload.offset);
            let had = usize::try_from(had).unwrap_or(usize::MAX).min(data.payload.bytes.len());
            let _ = data.payload.bytes.split_to(had);
            (had == 0 || !data.payload.bytes.is_empty() || data.payload.undecodable.is_some())
                .then_some(event)
        }
        // What was fetched began with it.
        Detail::ResponseHead(_) if known > 0 => None,
        _ => Some(event),
    }
}

#[cfg(test)]
mod tests {
    use ccdump_record::{ClosedBy, Ended};

    use super::*;

    fn data(offset: u64, bytes: &'static [u8]) -> LogEvent {
        let payload = Payload { offset, bytes: bytes.into(), undecodable: None };
        LogEvent::of(7, Detail::ResponseData(BodyData { payload, ..BodyData::default() }))
    }

    #[test]
    fn what_was_fetched_does_not_come_again() {
        for (known, given, left) in [
            (0, data(0, b"abc"), Some(data(0, b"abc"))),
            (3, data(0, b"abc"), None),
            (2, data(0, b"abc"), Some(data(0, b"c"))),
            (3, data(3, b"def"), Some(data(3, b"def"))),
            (9, LogEvent::of(7, Detail::ResponseHead(ResponseHead::default())), None),
            (
                9,
                LogEvent::of(7, Detail::Ended(Ended::by(ClosedBy::Finished))),
                Some(LogEvent::of(7, Detail::Ended(Ended::by(ClosedBy::Finished)))),
            ),
        ] {
            assert_eq!(news(given.clone(), known), left, "{known} of {given:?}");
        }
    }
}
