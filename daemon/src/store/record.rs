//! What capture hands to the log, and how a batch of it becomes events.

use std::collections::HashMap;

use bytes::Bytes;

use super::event::{Data, Detail, Ended, Gap, Opened, Paused, RequestEnd, ResponseHead, Resumed, Side};

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
}

/// An event without its number.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub exchange: u64,
    pub at_us: i64,
    pub detail: Detail,
}

/// What a batch adds to one body.
#[derive(Debug, Default)]
pub struct BodyGrowth {
    /// Runs of bytes in order, each with its offset; what lies between them is missing.
    pub runs: Vec<(u64, Vec<Bytes>)>,
    /// Set when the body will not grow any more: its length, unrecorded bytes included.
    pub total: Option<u64>,
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
    folded.opened.retain(|exchange| !fold.opened_and_ended.contains_key(exchange));
    folded
}

#[derive(Default)]
struct Folding {
    folded: Folded,
    /// Index of an exchange's newest draft.
    newest: HashMap<u64, usize>,
    body_index: HashMap<(u64, Side), usize>,
    opened_here: HashMap<u64, ()>,
    opened_and_ended: HashMap<u64, ()>,
}

impl Folding {
    fn add(&mut self, record: &Record) {
        let (exchange, at_us) = (record.exchange, record.at_us);
        match &record.what {
            What::Opened(opened) => {
                self.opened_here.insert(exchange, ());
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
            What::ResponseHead(head) => self.draft(exchange, at_us, Detail::ResponseHead((**head).clone())),
            What::Ended { ended, missing_request, missing_response } => {
                self.gap(record, Side::Request, ended.request_bytes.saturating_sub(*missing_request), *missing_request);
                self.gap(record, Side::Response, ended.response_bytes.saturating_sub(*missing_response), *missing_response);
                self.body(exchange, Side::Request).total.get_or_insert(ended.request_bytes);
                self.body(exchange, Side::Response).total = Some(ended.response_bytes);
                self.draft(exchange, at_us, Detail::Ended((**ended).clone()));
                if self.opened_here.remove(&exchange).is_some() {
                    self.opened_and_ended.insert(exchange, ());
                } else {
                    self.folded.ended.push(exchange);
                }
            }
            What::Lost { exchanges, bytes } => {
                let gap = Gap { request: None, offset: 0, bytes: *bytes, exchanges: *exchanges };
                self.draft(0, at_us, Detail::Gap(gap));
            }
            What::Paused(paused) => self.draft(0, at_us, Detail::Paused(paused.clone())),
            What::Resumed(resumed) => self.draft(0, at_us, Detail::Resumed(resumed.clone())),
        }
    }

    fn draft(&mut self, exchange: u64, at_us: i64, detail: Detail) {
        self.newest.insert(exchange, self.folded.drafts.len());
        self.folded.drafts.push(Draft { exchange, at_us, detail });
    }

    fn gap(&mut self, record: &Record, side: Side, offset: u64, bytes: u64) {
        if bytes > 0 {
            let gap = Gap { request: Some(side == Side::Request), offset, bytes, exchanges: 0 };
            self.draft(record.exchange, record.at_us, Detail::Gap(gap));
        }
    }

    fn data(&mut self, record: &Record, side: Side, offset: u64, bytes: &Bytes) {
        let body = self.body(record.exchange, side);
        match body.runs.last_mut() {
            Some((start, pieces)) if *start + length(pieces) == offset => pieces.push(bytes.clone()),
            _ => body.runs.push((offset, vec![bytes.clone()])),
        }
        let piece_length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let newest = self.newest.get(&record.exchange).and_then(|&index| self.folded.drafts.get_mut(index));
        if let Some(Draft { at_us, detail, .. }) = newest
            && let Some(data) = data_of(detail, side)
            && data.length() < EVENT
        {
            let after_us = u32::try_from(record.at_us - *at_us).unwrap_or(u32::MAX);
            data.pieces.push((after_us, piece_length));
            return;
        }
        let data = Data { offset, pieces: vec![(0, piece_length)] };
        let detail = match side {
            Side::Request => Detail::RequestData(data),
            Side::Response => Detail::ResponseData(data),
        };
        self.draft(record.exchange, record.at_us, detail);
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

fn data_of(detail: &mut Detail, side: Side) -> Option<&mut Data> {
    match (detail, side) {
        (Detail::RequestData(data), Side::Request) | (Detail::ResponseData(data), Side::Response) => Some(data),
        _ => None,
    }
}

fn length(pieces: &[Bytes]) -> u64 {
    pieces.iter().map(|piece| piece.len() as u64).sum()
}
