//! Reads a response as it is recorded.

use std::collections::VecDeque;

use ccdump_provider::{
    decode::Decoder,
    header,
    provider::Provider,
    response::{ResponseFacts, ResponseReader},
};
use ccdump_record::{BodyData, Header, Side};

use crate::store::{
    StoreError,
    body::{BodyCursor, Piece},
    reader::Reader,
};

/// Pieces that wait to be read.
const NOTED: usize = 4_096;

/// Decodes and reads the recorded bytes of one response.
pub struct ResponseFold {
    reader: ResponseReader,
    /// `None` once it cannot be decoded any further.
    decoder: Option<Decoder>,
    cursor: BodyCursor,
    /// Recorded pieces that are not read yet: when they came, and their length.
    times: VecDeque<(i64, u64)>,
    /// Offset up to which the body is recorded.
    noted: u64,
    /// Wire offset by which the terminal event had come.
    terminal_at: Option<u64>,
}

impl ResponseFold {
    pub fn new(
        exchange: u64,
        provider: Provider,
        method: &str,
        path: &str,
        status: u16,
        fields: &[Header],
    ) -> Self {
        Self {
            reader: ResponseReader::new(
                provider,
                method,
                path,
                status,
                header::find(fields, "content-type"),
            ),
            decoder: Decoder::new(header::find(fields, "content-encoding")).ok(),
            cursor: BodyCursor::new(exchange, Side::Response, 0),
            times: VecDeque::new(),
            noted: 0,
            terminal_at: None,
        }
    }

    pub fn facts(&self) -> &ResponseFacts {
        self.reader.facts()
    }

    /// Notes a data event. Its bytes are read later, with those of the events around it: a stream
    /// writes a hundred small events a second.
    pub fn note(&mut self, at_us: i64, data: &BodyData) {
        let pieces = data.pieces.iter().map(|piece| {
            (at_us.saturating_add(i64::from(piece.after_us)), u64::from(piece.length))
        });
        self.times.extend(pieces);
        self.noted = data.offset.saturating_add(data.length());
    }

    /// So much is noted that it should be read before there is more.
    pub fn is_full(&self) -> bool {
        self.times.len() >= NOTED
    }

    /// Reads the bytes of what has been noted.
    pub fn read_noted(&mut self, reader: &Reader) -> Result<(), StoreError> {
        while let Some(piece) = self.cursor.next_until(&reader.log, self.noted)? {
            match piece {
                Piece::Bytes(bytes) => self.read(&bytes),
                // A compressed stream is lost from here on; a plain one goes on with the next event
                // in it.
                Piece::Missing(_) if self.decoder.as_ref().is_some_and(Decoder::is_identity) => {}
                Piece::Missing(_) => self.decoder = None,
            }
        }
        Ok(())
    }

    fn read(&mut self, mut bytes: &[u8]) {
        let mut decoded = Vec::new();
        let mut position = self.cursor.position().saturating_sub(bytes.len() as u64);
        while !bytes.is_empty() {
            let (at_us, length) = self.times.pop_front().unwrap_or((0, bytes.len() as u64));
            let now = usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len());
            let (piece, rest) = bytes.split_at(now);
            bytes = rest;
            if length > now as u64 {
                self.times.push_front((at_us, length - now as u64));
            }
            let Some(decoder) = &mut self.decoder else { return };
            decoded.clear();
            let is_plain = decoder.is_identity();
            if decoder.push(piece, &mut decoded).is_err() {
                self.decoder = None;
            }
            self.reader.push(&decoded, at_us);
            let before = position;
            position += now as u64;
            if let (None, Some(terminal)) = (self.terminal_at, self.reader.facts().terminal) {
                // Decoded offsets are wire offsets where there is no coding (and nothing is
                // missing).
                self.terminal_at =
                    Some(if is_plain { terminal.clamp(before, position) } else { position });
            }
        }
    }

    /// The body is over.
    pub fn finish(&mut self) {
        if let Some(decoder) = &mut self.decoder {
            let mut decoded = Vec::new();
            if decoder.finish(&mut decoded).is_ok() {
                self.reader.push(&decoded, 0);
            }
        }
        self.reader.finish();
        if self.terminal_at.is_none() && self.reader.facts().terminal.is_some() {
            self.terminal_at = Some(self.cursor.position());
        }
    }

    /// Whether the client had the terminal event when `delivered` bytes had gone out to it.
    pub fn terminal_delivered(&self, delivered: u64) -> bool {
        self.terminal_at.is_some_and(|terminal| terminal <= delivered)
    }
}
