//! Events of an exchange with their times, given out as the clock comes to them.

use ccdump_provider::header;
use ccdump_record::{BodyData, Detail, Event as LogEvent, Gap, Payload, Piece, Side};

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
            Detail::ResponseData(data) => {
                let length = data.payload.bytes.len();
                if self.bytes.saturating_add(length) > LONGEST {
                    let gap = Gap {
                        side: Some(Side::Response),
                        offset: data.offset,
                        bytes: data.length(),
                        exchanges: 0,
                    };
                    return self.push(LogEvent { detail: Detail::Gap(gap), ..event });
                }
                self.bytes += length;
                self.data(data, event.seq, event.exchange, event.at_us);
            }
            detail => {
                self.is_complete |= matches!(detail, Detail::Ended(_));
                if let Detail::ResponseHead(head) = &detail {
                    self.is_coded = header::find(&head.headers, "content-encoding")
                        .is_some_and(|coding| coding != "identity");
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

    fn data(&mut self, mut data: BodyData, seq: u64, exchange: u64, at_us: i64) {
        let at = |after_us: u32, data| {
            let at_us = at_us.saturating_add(after_us.into());
            LogEvent { seq, exchange, at_us, detail: Detail::ResponseData(data) }
        };
        let payload = &mut data.payload;
        let told: u64 = data.pieces.iter().map(|piece| u64::from(piece.length)).sum();
        let is_exact =
            !self.is_coded && payload.undecodable.is_none() && told == payload.bytes.len() as u64;
        if !is_exact {
            let last = data.pieces.last().map_or(0, |piece| piece.after_us);
            return self.push(at(last, data));
        }
        for piece in data.pieces {
            // In range: the lengths add up to that of the payload.
            let bytes = payload.bytes.split_to((piece.length as usize).min(payload.bytes.len()));
            let payload = Payload { bytes, ..Payload::default() };
            let pieces = vec![Piece { after_us: 0, length: piece.length }];
            self.push(at(piece.after_us, BodyData { payload, pieces, ..BodyData::default() }));
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
    use ccdump_record::{ClosedBy, Ended, Header, ResponseHead};

    use super::*;

    fn data(seq: u64, at_us: i64, payload: &'static str, pieces: &[(u32, u32)]) -> LogEvent {
        let pieces = pieces.iter().map(|&(after_us, length)| Piece { after_us, length }).collect();
        let data = BodyData {
            pieces,
            payload: Payload { bytes: payload.as_bytes().into(), ..Payload::default() },
            ..BodyData::default()
        };
        LogEvent { seq, at_us, ..LogEvent::of(0, Detail::ResponseData(data)) }
    }

    fn head(coding: &str) -> LogEvent {
        let headers =
            vec![Header { name: "content-encoding".to_owned(), value: coding.to_owned() }];
        let head = ResponseHead { status: 200, headers, ..ResponseHead::default() };
        LogEvent { seq: 1, ..LogEvent::of(0, Detail::ResponseHead(head)) }
    }

    fn text(events: &[LogEvent]) -> String {
        let payload = |event: &LogEvent| match &event.detail {
            Detail::ResponseData(data) => String::from_utf8_lossy(&data.payload.bytes).into_owned(),
            Detail::Gap(_) => "…".to_owned(),
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
            assert_eq!(
                text(stream.due(i64::MAX)).len() + wanted.len(),
                text(&stream.events).len(),
                "each once"
            );
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
        stream.take(LogEvent {
            seq: 4,
            at_us: 100,
            ..LogEvent::of(0, Detail::Ended(Ended::by(ClosedBy::Finished)))
        });
        assert_eq!(text(stream.due(100)), "…");
        assert!(stream.is_complete);
    }
}
