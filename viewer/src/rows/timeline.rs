//! What came when, read from the log of one exchange. Times are microseconds since the request
//! head.

use ccdump_provider::{
    header,
    sse::{SseEvent, SseParser},
};
use ccdump_record::{BodyData, Detail, Event as LogEvent, Side};

/// Data of one event that is kept. Bytes.
const LARGEST_EVENT: usize = 1 << 20;

#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// Microseconds since the Unix epoch.
    pub(super) began_us: Option<i64>,
    /// First and last byte of the request's body.
    pub(super) sent: Option<(u64, u64)>,
    /// What it took to open a connection to the upstream; 0: there was one.
    pub(super) connect: Option<u64>,
    /// The response's head.
    pub(super) head: Option<u64>,
    /// First and last byte of the response's body.
    pub(super) body: Option<(u64, u64)>,
    pub(super) ended: Option<u64>,
    /// When what came was not whole pieces, but what the daemon wrote down together.
    pub(super) is_coarse: bool,
    /// The response is a stream of events.
    pub(super) is_stream: bool,
    pub(super) arrivals: Vec<Arrival>,
}

/// Something of the response.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) after_us: u64,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// An event of the stream; its time is that of the piece that ended it.
    Event {
        name: String,
        data: String,
        bytes: u64,
    },
    /// A piece of a body that is no stream.
    Piece {
        bytes: u64,
    },
    /// Bytes that are not here.
    Gap {
        bytes: u64,
    },
    Undecodable(String),
}

pub(super) fn read(log: &[LogEvent]) -> Timeline {
    let mut reader = Reader {
        line: Timeline::default(),
        parser: SseParser::with_limit(LARGEST_EVENT),
        first: 0,
    };
    log.iter().for_each(|event| reader.event(event));
    reader.line
}

struct Reader {
    line: Timeline,
    parser: SseParser,
    /// When the exchange began. Microseconds since the Unix epoch.
    first: i64,
}

impl Reader {
    fn event(&mut self, event: &LogEvent) {
        if self.line.began_us.is_none() {
            self.first = event.at_us;
            self.line.began_us = Some(event.at_us);
        }
        let after = self.after(event.at_us);
        match &event.detail {
            Detail::RequestData(data) => {
                let last = data.pieces.last().map_or(0, |piece| piece.after_us);
                let end = after.saturating_add(last.into());
                let start = self.line.sent.map_or(after, |(start, _)| start);
                self.line.sent = Some((start, end));
            }
            Detail::ResponseHead(head) => {
                self.line.head = Some(after);
                self.line.connect = head.connect_us;
                let kind = header::find(&head.headers, "content-type").unwrap_or_default();
                self.line.is_stream =
                    kind.trim_start().to_ascii_lowercase().starts_with("text/event-stream");
                self.line.is_coarse = header::find(&head.headers, "content-encoding")
                    .is_some_and(|coding| coding != "identity");
            }
            Detail::ResponseData(data) => self.data(data, after),
            Detail::Gap(gap) if gap.side == Some(Side::Response) => {
                self.line
                    .arrivals
                    .push(Arrival { after_us: after, what: What::Gap { bytes: gap.bytes } });
                // What follows does not go on where the last line broke off.
                self.parser = SseParser::with_limit(LARGEST_EVENT);
            }
            Detail::Ended(_) => {
                self.line.ended = Some(after);
                let Self { line, parser, .. } = self;
                parser.finish(&mut |event| {
                    line.arrivals.push(Arrival { after_us: after, what: sse(&event) })
                });
            }
            _ => {}
        }
    }

    fn data(&mut self, data: &BodyData, after: u64) {
        let start = self.line.body.map_or(after, |(start, _)| start);
        self.line.body = Some((start, after));
        let Self { line, parser, .. } = self;
        if line.is_stream {
            parser.push(&data.payload.bytes, &mut |event| {
                line.arrivals.push(Arrival { after_us: after, what: sse(&event) })
            });
        } else {
            line.arrivals.push(Arrival {
                after_us: after,
                what: What::Piece { bytes: data.payload.bytes.len() as u64 },
            });
        }
        if let Some(why) = &data.payload.undecodable {
            line.arrivals.push(Arrival { after_us: after, what: What::Undecodable(why.clone()) });
        }
    }

    fn after(&self, at_us: i64) -> u64 {
        u64::try_from(at_us.saturating_sub(self.first)).unwrap_or(0)
    }
}

fn sse(event: &SseEvent<'_>) -> What {
    What::Event {
        name: event.event.to_owned(),
        data: String::from_utf8_lossy(event.data).into_owned(),
        bytes: event.range.end.saturating_sub(event.range.start),
    }
}
