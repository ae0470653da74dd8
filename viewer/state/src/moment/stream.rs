//! Events of an exchange with their times, given out as the clock comes to them.

use ccdump_client::content::header;
use ccdump_wire::v1::{BodyData, Event as LogEvent, Gap, Side, event::Detail};

/// Bytes of one response that are kept; what goes beyond is fetched when the response has ended.
pub(crate) const LONGEST: usize = 4 << 20;

/// The events of one exchange, as far as they are here, and how many of them were given out.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    /// Data of a body is cut into the pieces that came off the wire, each with its own time.
    events: Vec<LogEvent>,
    given: usize,
    last_seq: u64,
    bytes: usize,
    /// The body has a content coding: which decoded bytes came with which piece cannot be told.
    is_coded: bool,
    /// All are here.
    pub(super) is_complete: bool,
}

impl Stream {
    /// All events of an exchange, in order, as they are given out.
    pub(crate) fn of(events: Vec<LogEvent>) -> Vec<LogEvent> {
        let mut stream = Self::default();
        events.into_iter().for_each(|event| stream.take(event));
        stream.events
    }

    /// Takes an event in; one that was here before is dropped.
    pub(super) fn take(&mut self, event: LogEvent) {
        if event.seq <= self.last_seq {
            return;
        }
        self.last_seq = event.seq;
        match event.detail {
            Some(Detail::ResponseData(data)) => {
                let length = data.payload.len();
                if self.bytes.saturating_add(length) > LONGEST {
                    let gap = Gap { side: Side::Response as i32, offset: data.offset, bytes: data.length, exchanges: 0 };
                    return self.push(LogEvent { detail: Some(Detail::Gap(gap)), ..event });
                }
                self.bytes += length;
                self.data(data, &LogEvent { detail: None, ..event });
            }
            detail => {
                self.is_complete |= matches!(detail, Some(Detail::Ended(_)));
                if let Some(Detail::ResponseHead(head)) = &detail {
                    self.is_coded = header(&head.headers, "content-encoding").is_some_and(|coding| coding != "identity");
                }
                self.push(LogEvent { detail, ..event });
            }
        }
    }

    /// Whether some were given out.
    pub(super) fn is_begun(&self) -> bool {
        self.given > 0
    }

    /// Those up to `until_us` that were not given out yet.
    pub(super) fn due(&mut self, until_us: i64) -> &[LogEvent] {
        let first = self.given;
        self.given = first.max(self.events.partition_point(|event| event.at_us <= until_us));
        self.events.get(first..self.given).unwrap_or_default()
    }

    /// They are to be given out anew.
    pub(super) fn rewind(&mut self) {
        self.given = 0;
    }

    /// The times of all of them, in order.
    pub(super) fn times(&self) -> impl DoubleEndedIterator<Item = i64> {
        self.events.iter().map(|event| event.at_us)
    }

    fn data(&mut self, mut data: BodyData, event: &LogEvent) {
        let pieces = std::mem::take(&mut data.pieces);
        let told: u64 = pieces.iter().map(|piece| u64::from(piece.length)).sum();
        let last = pieces.last().map_or(0, |piece| piece.after_us);
        let is_exact = !self.is_coded && data.undecodable.is_none() && told == data.payload.len() as u64;
        if !is_exact {
            let at_us = event.at_us.saturating_add(last.into());
            return self.push(LogEvent { at_us, detail: Some(Detail::ResponseData(data)), ..event.clone() });
        }
        for piece in pieces {
            // In range: the lengths add up to that of the payload.
            let rest = data.payload.split_off((piece.length as usize).min(data.payload.len()));
            let payload = std::mem::replace(&mut data.payload, rest);
            let detail = BodyData { length: payload.len() as u64, payload, ..BodyData::default() };
            let at_us = event.at_us.saturating_add(piece.after_us.into());
            self.push(LogEvent { at_us, detail: Some(Detail::ResponseData(detail)), ..event.clone() });
        }
    }

    /// Their order is that of the log, whatever the clock of the daemon's machine did meanwhile.
    fn push(&mut self, event: LogEvent) {
        let earliest = self.events.last().map_or(i64::MIN, |last| last.at_us);
        self.events.push(LogEvent { at_us: event.at_us.max(earliest), ..event });
    }
}

#[cfg(test)]
mod tests {
    use ccdump_wire::v1::{Ended, Header, Piece, ResponseHead};

    use super::*;

    fn data(seq: u64, at_us: i64, payload: &'static str, pieces: &[(u32, u32)]) -> LogEvent {
        let pieces = pieces.iter().map(|&(after_us, length)| Piece { after_us, length }).collect();
        let data = BodyData { length: payload.len() as u64, pieces, payload: payload.as_bytes().into(), ..BodyData::default() };
        LogEvent { seq, at_us, detail: Some(Detail::ResponseData(data)), ..LogEvent::default() }
    }

    fn head(coding: &str) -> LogEvent {
        let headers = vec![Header { name: "content-encoding".to_owned(), value: coding.to_owned() }];
        let head = ResponseHead { status: 200, headers, request_bytes: 0, connect_us: None, mended: Vec::new() };
        LogEvent { seq: 1, detail: Some(Detail::ResponseHead(head)), ..LogEvent::default() }
    }

    fn text(events: &[LogEvent]) -> String {
        let payload = |event: &LogEvent| match &event.detail {
            Some(Detail::ResponseData(data)) => String::from_utf8_lossy(&data.payload).into_owned(),
            Some(Detail::Gap(_)) => "…".to_owned(),
            _ => String::new(),
        };
        events.iter().map(payload).collect()
    }

    #[test]
    fn bytes_are_given_out_when_they_came() {
        let whole = [(0, 2), (10, 3), (10, 1)];
        for (coding, event, at, wanted) in [
            ("", data(2, 100, "abcdef", &whole), 99, ""),
            ("", data(2, 100, "abcdef", &whole), 100, "ab"),
            ("identity", data(2, 100, "abcdef", &whole), 109, "ab"),
            ("", data(2, 100, "abcdef", &whole), 110, "abcdef"),
            ("gzip", data(2, 100, "abcdef", &whole), 109, ""),
            ("gzip", data(2, 100, "abcdef", &whole), 110, "abcdef"),
            ("", data(2, 100, "abc", &whole), 109, ""),
            ("", data(2, 100, "abc", &[(0, u32::MAX), (9, u32::MAX)]), 109, "abc"),
            ("", data(2, 100, "abc", &[]), 100, "abc"),
        ] {
            let mut stream = Stream::default();
            if !coding.is_empty() {
                stream.take(head(coding));
            }
            stream.take(event.clone());
            assert_eq!(text(stream.due(at)), wanted, "{coding} {event:?} at {at}");
            stream.take(event);
            assert_eq!(text(stream.due(i64::MAX)).len() + wanted.len(), text(&stream.events).len(), "each once");
            stream.rewind();
            assert_eq!(text(stream.due(at)), wanted, "and again");
        }
    }

    #[test]
    fn a_clock_that_was_put_back_changes_no_order_and_too_much_is_left_out() {
        let mut stream = Stream::default();
        stream.take(data(1, 100, "a", &[(0, 1)]));
        stream.take(data(2, 50, "b", &[(0, 1)]));
        assert_eq!(text(stream.due(99)), "");
        assert_eq!(text(stream.due(100)), "ab");
        let long: &'static str = "x".repeat(LONGEST).leak();
        stream.take(data(3, 100, long, &[]));
        stream.take(LogEvent { seq: 4, at_us: 100, detail: Some(Detail::Ended(Ended::default())), ..LogEvent::default() });
        assert_eq!(text(stream.due(100)), "…");
        assert!(stream.is_complete);
    }
}
