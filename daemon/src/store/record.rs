//! What capture hands to the log, and how a batch of it becomes events.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;

use ccdump_record::{
    BodyData, ClockJumped, Detail, Ended, Gap, Opened, Paused, Payload, Piece, RequestEnd,
    ResponseHead, Resumed, Side,
};

/// An event of this many body bytes takes no more: what reads events needs an end to them.
const EVENT: u64 = 256 << 10;

/// One observation, stamped when it was made (microseconds since the Unix epoch).
#[derive(Debug, Clone)]
pub struct Record {
    pub exchange: u64,
    pub at_us: i64,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    Opened(Box<Opened>),
    Data {
        side: Side,
        offset: u64,
        /// Bytes just before `offset` that were not recorded.
        missing_before: u64,
        bytes: Bytes,
    },
    RequestEnd {
        end: RequestEnd,
        /// Bytes at the end of the body that were not recorded.
        missing: u64,
    },
    ResponseHead(Box<ResponseHead>),
    Ended {
        ended: Box<Ended>,
        missing_request: u64,
        missing_response: u64,
    },
    /// Exchanges and bytes of which nothing is on record.
    Lost {
        exchanges: u64,
        bytes: u64,
    },
    Paused(Paused),
    Resumed(Resumed),
    ClockJumped(ClockJumped),
    /// Something that the log says of itself.
    Fact(Box<Detail>),
}

/// An event without its number.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub exchange: u64,
    pub at_us: i64,
    pub detail: Detail,
}

/// Bytes of a body without a hole.
#[derive(Debug)]
pub struct Stretch {
    pub offset: u64,
    pub length: u64,
    pub pieces: Vec<Bytes>,
}

/// What a batch adds to one body.
#[derive(Debug, Default)]
pub struct BodyGrowth {
    /// In order; what lies between them is missing.
    pub stretches: Vec<Stretch>,
    /// Set when the body will not grow any more: its length, unrecorded bytes included.
    pub total: Option<u64>,
}

impl BodyGrowth {
    /// Bytes that are added.
    pub fn added(&self) -> u64 {
        self.stretches.iter().map(|stretch| stretch.length).sum()
    }
}

/// A batch in the form it is written in.
#[derive(Debug, Default)]
pub struct Folded {
    pub drafts: Vec<Draft>,
    pub bodies: Vec<((u64, Side), BodyGrowth)>,
    /// Opened and not ended in this batch.
    pub opened: Vec<u64>,
    /// Ended in this batch, but opened before it.
    pub ended: Vec<u64>,
}

/// Folds a batch: data of one body that nothing of the same exchange interrupts becomes one event.
pub fn fold(records: &[Record]) -> Folded {
    let mut fold = Folding::default();
    for record in records {
        fold.add(record);
    }
    let mut folded = fold.folded;
    folded.opened.retain(|exchange| !fold.opened_and_ended.contains(exchange));
    folded
}

#[derive(Default)]
struct Folding {
    folded: Folded,
    newest: HashMap<u64, Newest>,
    body_index: HashMap<(u64, Side), usize>,
    opened_here: HashSet<u64>,
    opened_and_ended: HashSet<u64>,
}

/// An exchange's newest draft.
#[derive(Clone, Copy)]
struct Newest {
    index: usize,
    /// Bytes that it tells of, where it is body data.
    data: Option<(Side, u64)>,
}

impl Folding {
    fn add(&mut self, record: &Record) {
        let (exchange, at_us) = (record.exchange, record.at_us);
        match &record.what {
            What::Opened(opened) => {
                self.opened_here.insert(exchange);
                self.folded.opened.push(exchange);
                self.draft(exchange, at_us, Detail::Opened((**opened).clone()));
            }
            What::Data { side, offset, missing_before, bytes } => {
                self.gap(record, *side, offset.saturating_sub(*missing_before), *missing_before);
                self.data(record, *side, *offset, bytes);
            }
            What::RequestEnd { end, missing } => {
                self.gap(record, Side::Request, end.length.saturating_sub(*missing), *missing);
                self.body(exchange, Side::Request).total = Some(end.length);
                self.draft(exchange, at_us, Detail::RequestEnd(end.clone()));
            }
            What::ResponseHead(head) => {
                self.draft(exchange, at_us, Detail::ResponseHead((**head).clone()))
            }
            What::Ended { ended, missing_request, missing_response } => {
                self.gap(
                    record,
                    Side::Request,
                    ended.request_bytes.saturating_sub(*missing_request),
                    *missing_request,
                );
                self.gap(
                    record,
                    Side::Response,
                    ended.response_bytes.saturating_sub(*missing_response),
                    *missing_response,
                );
                self.body(exchange, Side::Request).total.get_or_insert(ended.request_bytes);
                self.body(exchange, Side::Response).total = Some(ended.response_bytes);
                self.draft(exchange, at_us, Detail::Ended((**ended).clone()));
                if self.opened_here.remove(&exchange) {
                    self.opened_and_ended.insert(exchange);
                } else {
                    self.folded.ended.push(exchange);
                }
            }
            What::Lost { exchanges, bytes } => {
                let gap = Gap { side: None, offset: 0, bytes: *bytes, exchanges: *exchanges };
                self.draft(0, at_us, Detail::Gap(gap));
            }
            What::Paused(paused) => self.draft(0, at_us, Detail::Paused(paused.clone())),
            What::Resumed(resumed) => self.draft(0, at_us, Detail::Resumed(resumed.clone())),
            What::ClockJumped(jumped) => self.draft(0, at_us, Detail::ClockJumped(jumped.clone())),
            What::Fact(detail) => self.draft(exchange, at_us, (**detail).clone()),
        }
    }

    fn draft(&mut self, exchange: u64, at_us: i64, detail: Detail) {
        self.newest.insert(exchange, Newest { index: self.folded.drafts.len(), data: None });
        self.folded.drafts.push(Draft { exchange, at_us, detail });
    }

    fn gap(&mut self, record: &Record, side: Side, offset: u64, bytes: u64) {
        if bytes > 0 {
            let gap = Gap { side: Some(side), offset, bytes, exchanges: 0 };
            self.draft(record.exchange, record.at_us, Detail::Gap(gap));
        }
    }

    fn data(&mut self, record: &Record, side: Side, offset: u64, bytes: &Bytes) {
        let length = bytes.len() as u64;
        let body = self.body(record.exchange, side);
        match body.stretches.last_mut() {
            Some(stretch) if stretch.offset + stretch.length == offset => {
                stretch.length += length;
                stretch.pieces.push(bytes.clone());
            }
            _ => body.stretches.push(Stretch { offset, length, pieces: vec![bytes.clone()] }),
        }
        let piece_length = u32::try_from(length).unwrap_or(u32::MAX);
        if let Some(newest) = self.newest.get_mut(&record.exchange)
            && let Some((of_side, told)) = &mut newest.data
            && *of_side == side
            && *told < EVENT
            && let Some(draft) = self.folded.drafts.get_mut(newest.index)
            && let Detail::RequestData(data) | Detail::ResponseData(data) = &mut draft.detail
        {
            *told += length;
            let after_us =
                u32::try_from(record.at_us.saturating_sub(draft.at_us).max(0)).unwrap_or(u32::MAX);
            data.pieces.push(Piece { after_us, length: piece_length });
            return;
        }
        let data = BodyData {
            offset,
            pieces: vec![Piece { after_us: 0, length: piece_length }],
            payload: Payload::default(),
        };
        let detail = match side {
            Side::Request => Detail::RequestData(data),
            Side::Response => Detail::ResponseData(data),
        };
        let newest = Newest { index: self.folded.drafts.len(), data: Some((side, length)) };
        self.draft(record.exchange, record.at_us, detail);
        self.newest.insert(record.exchange, newest);
    }

    fn body(&mut self, exchange: u64, side: Side) -> &mut BodyGrowth {
        let bodies = &mut self.folded.bodies;
        let index = *self.body_index.entry((exchange, side)).or_insert_with(|| {
            bodies.push(((exchange, side), BodyGrowth::default()));
            bodies.len() - 1
        });
        &mut bodies[index].1
    }
}
