//! The log against a model: whatever is written in whatever batches, interrupted wherever, is read
//! back as it was.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use bytes::Bytes;
use ccdump_record::{ClosedBy, Detail, Ended, Event, Header, Opened, RequestEnd, Side};
use proptest::prelude::*;

use super::{
    Files,
    body::{BodyCursor, Piece, Unpacked},
    health::Health,
    log::Log,
    reader::{Readers, events_after, is_over},
    record::{Record, What},
    recover, schema,
};

mod damage;

/// One thing that happens to the log.
#[derive(Debug, Clone)]
enum Step {
    Open,
    /// Bytes for one of the open exchanges: which, how many, of which kind of content, and how many
    /// were lost before them.
    Data {
        pick: usize,
        side: Side,
        length: usize,
        repeats: bool,
        missing: u64,
    },
    End {
        pick: usize,
    },
    Commit,
    Seal,
    Tidy,
    /// The process is killed: what was not committed is gone, the log is opened again.
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    let side = prop_oneof![Just(Side::Request), Just(Side::Response)];
    let length = prop_oneof![8 => 1usize..600, 4 => 600usize..20_000, 1 => 200_000usize..1_500_000];
    let missing = prop_oneof![9 => Just(0u64), 1 => 1u64..5000];
    let data = (any::<usize>(), side, length, any::<bool>(), missing);
    prop_oneof![
        3 => Just(Step::Open),
        10 => data.prop_map(|(pick, side, length, repeats, missing)| Step::Data { pick, side, length, repeats, missing }),
        3 => any::<usize>().prop_map(|pick| Step::End { pick }),
        5 => Just(Step::Commit),
        3 => Just(Step::Seal),
        1 => Just(Step::Tidy),
        1 => Just(Step::Kill),
    ]
}

/// A body as it should read: bytes, or `None` where one is missing.
type Expected = Vec<Option<u8>>;

#[derive(Clone, Default)]
struct Model {
    bodies: BTreeMap<(u64, u8), Expected>,
    open: Vec<u64>,
    kinds: BTreeMap<u64, Vec<String>>,
}

struct Run {
    files: Files,
    log: Log,
    pending: Vec<Record>,
    /// As it will be after the pending records are committed, and as it is on disk.
    ahead: Model,
    committed: Model,
    next_exchange: u64,
    content: u64,
}

fn side_number(side: Side) -> u8 {
    u8::from(side == Side::Response)
}

impl Run {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Open => {
                let exchange = self.next_exchange;
                self.next_exchange += 1;
                self.ahead.open.push(exchange);
                let opened = Opened {
                    mended: Vec::new(),
                    method: "POST".into(),
                    path: "/".into(),
                    provider: "unknown".into(),
                    upstream: "http://u".into(),
                    headers: vec![Header { name: "a".into(), value: "b".into() }],
                };
                self.record(exchange, What::Opened(Box::new(opened)));
            }
            Step::Data { pick, side, length, repeats, missing } => {
                let Some(exchange) = self.pick(*pick) else { return };
                let bytes = self.bytes(*length, *repeats);
                self.data(exchange, *side, *missing, bytes);
            }
            Step::End { pick } => {
                let Some(exchange) = self.pick(*pick) else { return };
                self.ahead.open.retain(|open| *open != exchange);
                let length = |side| {
                    self.ahead.bodies.get(&(exchange, side)).map_or(0, |body| body.len() as u64)
                };
                let (request, response) = (length(0), length(1));
                self.record(
                    exchange,
                    What::RequestEnd {
                        end: RequestEnd { length: request, trailers: vec![] },
                        missing: 0,
                    },
                );
                let ended = Ended {
                    own_status: None,
                    closed_by: ClosedBy::Finished,
                    delivered: response,
                    request_bytes: request,
                    response_bytes: response,
                    error: None,
                    trailers: vec![],
                    exact: true,
                };
                self.record(
                    exchange,
                    What::Ended { ended: Box::new(ended), missing_request: 0, missing_response: 0 },
                );
            }
            Step::Commit => self.commit(),
            Step::Seal => self.log.seal_step().expect("sealed"),
            Step::Tidy => {
                self.log.tidy().expect("tidied");
            }
            Step::Kill => self.kill(),
        }
    }

    fn data(&mut self, exchange: u64, side: Side, missing: u64, bytes: Bytes) {
        let body = self.ahead.bodies.entry((exchange, side_number(side))).or_default();
        body.extend((0..missing).map(|_| None));
        let offset = body.len() as u64;
        body.extend(bytes.iter().copied().map(Some));
        self.record(exchange, What::Data { side, offset, missing_before: missing, bytes });
    }

    fn record(&mut self, exchange: u64, what: What) {
        let kind = match &what {
            What::Opened(_) => "opened",
            What::RequestEnd { .. } => "request_end",
            What::Ended { .. } => "ended",
            _ => "",
        };
        if !kind.is_empty() {
            self.ahead.kinds.entry(exchange).or_default().push(kind.to_owned());
        }
        let at_us = self.content.try_into().unwrap_or(i64::MAX);
        self.pending.push(Record { exchange, at_us, what });
    }

    fn pick(&self, pick: usize) -> Option<u64> {
        let open = &self.ahead.open;
        (!open.is_empty()).then(|| open[pick % open.len()])
    }

    fn bytes(&mut self, length: usize, repeats: bool) -> Bytes {
        if !repeats {
            self.content += 1;
        }
        let mut seed = self.content.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let byte = |_| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            b"abcdefghijklmnop"[(seed & 15) as usize]
        };
        (0..length).map(byte).collect()
    }

    fn commit(&mut self) {
        let before = self.log.head_seq();
        let after = self.log.commit(&self.pending).expect("committed");
        assert!(after >= before);
        self.pending.clear();
        self.committed = self.ahead.clone();
    }

    fn kill(&mut self) {
        let epoch = self.log.epoch().to_owned();
        self.pending.clear();
        self.ahead = self.committed.clone();
        // No close: the old connection goes away like a killed process's.
        self.log = Log::open(&self.files).expect("opened again");
        assert_eq!(self.log.epoch(), epoch, "a kill keeps the epoch");
        let ended = recover::end_open_exchanges(&mut self.log, 0).expect("recovered");
        assert_eq!(ended, self.ahead.open.len());
        for exchange in std::mem::take(&mut self.ahead.open) {
            self.ahead.kinds.entry(exchange).or_default().push("ended".into());
        }
        self.committed = self.ahead.clone();
        self.next_exchange = self.log.next_exchange();
    }

    fn check(&self) {
        let readers = Readers::new(self.files.clone(), Health::default());
        readers
            .with(|reader| {
                let events = events_after(&reader.log, 0, usize::MAX >> 1)?;
                self.check_events(&events);
                // Little room, so that some packs are found unpacked and others not.
                let mut unpacked = Unpacked::with_room(20_000);
                for ((exchange, side), expected) in &self.committed.bodies {
                    let side_of = if *side == 0 { Side::Request } else { Side::Response };
                    let mut cursor = BodyCursor::new(*exchange, side_of, 0).with_unpacked(unpacked);
                    let mut read: Expected = Vec::new();
                    while let Some(piece) = cursor.next(&reader.log)? {
                        match piece {
                            Piece::Bytes(bytes) => read.extend(bytes.into_iter().map(Some)),
                            Piece::Missing(missing) => read.extend((0..missing).map(|_| None)),
                        }
                    }
                    unpacked = cursor.into_unpacked();
                    assert!(
                        read == *expected,
                        "body {side} of exchange {exchange}: {} bytes instead of {}",
                        read.len(),
                        expected.len()
                    );
                    self.check_range(reader, *exchange, side_of, expected)?;
                    let is_open = self.committed.open.contains(exchange);
                    assert_eq!(is_over(&reader.log, *exchange, side_of)?, !is_open);
                }
                Ok(())
            })
            .expect("readable");
    }

    /// A range from the middle reads the same as the whole.
    fn check_range(
        &self,
        reader: &super::reader::Reader,
        exchange: u64,
        side: Side,
        expected: &Expected,
    ) -> Result<(), super::StoreError> {
        let (from, to) = (expected.len() / 3, expected.len() * 2 / 3);
        let mut cursor = BodyCursor::new(exchange, side, from as u64);
        let mut read: Expected = Vec::new();
        while let Some(piece) = cursor.next_until(&reader.log, to as u64)? {
            match piece {
                Piece::Bytes(bytes) => read.extend(bytes.into_iter().map(Some)),
                Piece::Missing(missing) => read.extend((0..missing).map(|_| None)),
            }
        }
        assert!(read == expected[from..to], "range {from}..{to} of exchange {exchange}");
        Ok(())
    }

    fn check_events(&self, events: &[Event]) {
        let seqs: Vec<u64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, (1..=self.log.head_seq()).collect::<Vec<_>>(), "numbers have no holes");
        let mut kinds: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        let mut lengths: BTreeMap<(u64, u8), u64> = BTreeMap::new();
        for event in events {
            match &event.detail {
                Detail::RequestData(data) => {
                    *lengths.entry((event.exchange, 0)).or_default() += data.length()
                }
                Detail::ResponseData(data) => {
                    *lengths.entry((event.exchange, 1)).or_default() += data.length()
                }
                Detail::Gap(gap) => {
                    let side = if gap.side == Some(Side::Request) { 0 } else { 1 };
                    *lengths.entry((event.exchange, side)).or_default() += gap.bytes;
                }
                detail => kinds.entry(event.exchange).or_default().push(detail.kind().to_owned()),
            }
        }
        assert_eq!(kinds, self.committed.kinds);
        let expected: BTreeMap<(u64, u8), u64> = self
            .committed
            .bodies
            .iter()
            .map(|(key, body)| (*key, body.len() as u64))
            .filter(|(_, length)| *length > 0)
            .collect();
        assert_eq!(lengths, expected, "events and bodies tell the same");
    }
}

fn start(dir: &std::path::Path) -> Run {
    let files = Files::new(dir);
    let log = Log::open(&files).expect("created");
    // Readers open both files.
    drop(schema::open_writer(&files.derived(), schema::DERIVED).expect("created"));
    Run {
        files,
        log,
        pending: vec![],
        ahead: Model::default(),
        committed: Model::default(),
        next_exchange: 1,
        content: 1,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_was_committed_is_read_back(steps in prop::collection::vec(step(), 1..60)) {
        let dir = tempfile::tempdir().expect("temporary folder");
        let mut run = start(dir.path());
        for step in &steps {
            run.take(step);
        }
        run.check();
        run.commit();
        run.check();
        let (files, committed) = (run.files.clone(), run.committed.clone());
        let head_seq = run.log.head_seq();
        run.log.close(Instant::now() + Duration::from_secs(60)).expect("closed");
        let log = Log::open(&files).expect("opened again");
        assert_eq!(log.head_seq(), head_seq);
        let run = Run { files, log, pending: vec![], ahead: committed.clone(), committed, next_exchange: 0, content: 0 };
        run.check();
    }
}

#[test]
fn a_history_that_is_sent_again_is_stored_once() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let mut run = start(dir.path());
    let mut history: Vec<u8> = Vec::new();
    let mut raw = 0u64;
    for turn in 1..=40u64 {
        run.content = turn;
        history.extend_from_slice(&run.bytes(20_000, true));
        raw += history.len() as u64;
        run.take(&Step::Open);
        let exchange = run.next_exchange - 1;
        run.data(exchange, Side::Request, 0, Bytes::from(history.clone()));
        run.take(&Step::End { pick: 0 });
        run.commit();
    }
    run.log.close(Instant::now() + Duration::from_secs(60)).expect("closed");
    let stored = Files::size(&run.files.canonical());
    // 16 letters at random: half of each byte is entropy, so 40 x 20 kB cannot be stored in less
    // than half of that.
    assert!(
        stored < history.len() as u64 * 3 / 4,
        "{stored} bytes for {} of content, sent as {raw}",
        history.len()
    );
}
