//! Undoes a Content-Encoding incrementally, on a copy of the traffic: what a sender flushed comes
//! out at once, so that a compressed event stream can be followed as it runs.

mod stage;

use stage::Stage;

/// Decoded bytes that any body may have …
const FLOOR: u64 = 64 << 20;
/// … and per byte on the wire, whichever is more. Text that a server compresses stays far below; a
/// bomb does not.
const RATIO: u64 = 200;
/// Codings one over the other. Nobody sends two.
const MOST_CODINGS: usize = 4;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("content coding {0:?} is not known; the body can only be read raw")]
    UnknownCoding(String),
    #[error(
        "the body has {0} content codings one over the other, and at most 4 are undone; it can only be read raw"
    )]
    TooManyCodings(usize),
    #[error("the body is not valid {coding} ({reason}); from here on it can only be read raw")]
    Broken { coding: &'static str, reason: String },
    #[error("the body ends in the middle of its {0} data")]
    Truncated(&'static str),
    #[error(
        "the decoded body is larger than {limit} bytes, which its size on the wire does not explain; the rest can only be read raw"
    )]
    TooLarge { limit: u64 },
    #[error("no memory for a {0} decoder")]
    NoMemory(&'static str),
}

/// One body's decoder. After an error it stays in error.
pub struct Decoder {
    /// In the order they are undone: the reverse of how they were applied.
    stages: Vec<Stage>,
    wire_bytes: u64,
    failed: Option<DecodeError>,
}

impl Decoder {
    /// `content_encoding` is the header's value: codings in the order they were applied, separated
    /// by commas.
    pub fn new(content_encoding: Option<&str>) -> Result<Self, DecodeError> {
        let codings: Vec<_> = content_encoding
            .unwrap_or_default()
            .split(',')
            .map(|coding| coding.trim().to_ascii_lowercase())
            .filter(|coding| !coding.is_empty() && coding != "identity")
            .collect();
        if codings.len() > MOST_CODINGS {
            return Err(DecodeError::TooManyCodings(codings.len()));
        }
        let stages =
            codings.iter().rev().map(|coding| Stage::new(coding)).collect::<Result<_, _>>()?;
        Ok(Self { stages, wire_bytes: 0, failed: None })
    }

    /// Nothing is coded: decoded bytes are wire bytes.
    pub fn is_identity(&self) -> bool {
        self.stages.is_empty()
    }

    /// Appends to `out` what can be decoded with these wire bytes, also when it fails on the way.
    pub fn push(&mut self, wire: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
        self.refuse_failed()?;
        self.wire_bytes = self.wire_bytes.saturating_add(wire.len() as u64);
        let done = self.run(wire, 0, out);
        self.remember(done)
    }

    /// The body has ended. Appends what was held back; an error when the coded data had no end.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        self.refuse_failed()?;
        // No bytes at all (an answer to HEAD, a 304) is no coded data that broke off.
        if self.wire_bytes == 0 {
            return Ok(());
        }
        let done = self.end_stages(out);
        self.remember(done)
    }

    fn refuse_failed(&self) -> Result<(), DecodeError> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn remember(&mut self, done: Result<(), DecodeError>) -> Result<(), DecodeError> {
        self.failed = done.as_ref().err().cloned();
        done
    }

    fn limit(&self) -> u64 {
        FLOOR.max(self.wire_bytes.saturating_mul(RATIO))
    }

    /// Passes `input` through the stages from `first` on.
    fn run(&mut self, input: &[u8], first: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let limit = self.limit();
        let Some((last, earlier)) =
            self.stages.get_mut(first..).unwrap_or_default().split_last_mut()
        else {
            out.extend_from_slice(input);
            return Ok(());
        };
        let Some((outermost, between)) = earlier.split_first_mut() else {
            return last.push(input, out, limit);
        };
        let mut carried = Vec::new();
        outermost.push(input, &mut carried, limit)?;
        for stage in between {
            let mut decoded = Vec::new();
            stage.push(&carried, &mut decoded, limit)?;
            carried = decoded;
        }
        last.push(&carried, out, limit)
    }

    fn end_stages(&mut self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let limit = self.limit();
        for index in 0..self.stages.len() {
            let mut held_back = Vec::new();
            let ended = self
                .stages
                .get_mut(index)
                .map_or(Ok(()), |stage| stage.finish(&mut held_back, limit));
            self.run(&held_back, index + 1, out)?;
            ended?;
        }
        Ok(())
    }
}
