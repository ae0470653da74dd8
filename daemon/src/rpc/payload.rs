//! Decoded body bytes of an exchange, continued from call to call.

use ccdump_provider::{decode::Decoder, header};
use ccdump_record::{Detail, Side};

use crate::store::{
    StoreError,
    body::{BodyCursor, Piece, Unpacked},
    reader::{Reader, head_of},
};

/// Decodes one body from its start on.
pub struct Payload {
    cursor: BodyCursor,
    decoder: Option<Decoder>,
    /// Why there is no more, if so.
    undecodable: Option<String>,
    /// Decoded bytes given so far.
    offset: u64,
}

/// A stretch of the decoded body.
#[derive(Debug, Default)]
pub struct Decoded {
    pub offset: u64,
    pub bytes: Vec<u8>,
    /// Bytes (wire) that are not on record before `bytes`.
    pub missing_before: u64,
    pub undecodable: Option<String>,
}

impl Payload {
    /// `decoded`: undo the content coding that the recorded headers name.
    pub fn open(
        reader: &Reader,
        exchange: u64,
        side: Side,
        decoded: bool,
    ) -> Result<Self, StoreError> {
        let coding = if decoded { content_encoding(reader, exchange, side)? } else { None };
        let (decoder, undecodable) = match Decoder::new(coding.as_deref()) {
            Ok(decoder) => (Some(decoder), None),
            Err(error) => (None, Some(error.to_string())),
        };
        Ok(Self { cursor: BodyCursor::new(exchange, side, 0), decoder, undecodable, offset: 0 })
    }

    /// Reads with what was unpacked for other bodies.
    pub fn with_unpacked(mut self, unpacked: Unpacked) -> Self {
        self.cursor = self.cursor.with_unpacked(unpacked);
        self
    }

    /// For the next body.
    pub fn into_unpacked(self) -> Unpacked {
        self.cursor.into_unpacked()
    }

    /// Whether it has a decoder, which takes memory.
    pub fn is_coded(&self) -> bool {
        self.decoder.as_ref().is_some_and(|decoder| !decoder.is_identity())
    }

    /// Goes to an offset of the decoded body at once, where decoded and wire bytes are the same.
    pub fn skip_to(&mut self, offset: u64) -> bool {
        let is_plain = self.decoder.as_ref().is_some_and(Decoder::is_identity);
        if is_plain {
            self.cursor.seek(offset);
            self.offset = offset;
        }
        is_plain
    }

    /// Leaves out what the wire bytes before `wire_offset` hold.
    pub fn catch_up(&mut self, reader: &Reader, wire_offset: u64) -> Result<(), StoreError> {
        if !self.skip_to(wire_offset) {
            while self.next(reader, wire_offset)?.is_some() {}
        }
        Ok(())
    }

    /// The next stretch of what the wire bytes before `wire_end` hold; `None` when there is no more
    /// of that.
    pub fn next(&mut self, reader: &Reader, wire_end: u64) -> Result<Option<Decoded>, StoreError> {
        let mut decoded = Decoded { offset: self.offset, ..Decoded::default() };
        let mut has_read = false;
        while decoded.bytes.is_empty() && decoded.undecodable.is_none() {
            let Some(decoder) = &mut self.decoder else {
                decoded.undecodable = self.undecodable.take();
                return Ok(decoded.undecodable.is_some().then_some(decoded));
            };
            match self.cursor.next_until(&reader.log, wire_end)? {
                None => return Ok((has_read && decoded.missing_before > 0).then_some(decoded)),
                Some(Piece::Bytes(bytes)) => {
                    if let Err(error) = decoder.push(&bytes, &mut decoded.bytes) {
                        decoded.undecodable = Some(error.to_string());
                        self.decoder = None;
                    }
                }
                Some(Piece::Missing(bytes)) => {
                    decoded.missing_before += bytes;
                    if decoder.is_identity() {
                        self.offset += bytes;
                        decoded.offset = self.offset;
                    } else {
                        decoded.undecodable = Some("a part of it was not recorded".to_owned());
                        self.decoder = None;
                    }
                }
            }
            has_read = true;
        }
        self.offset += decoded.bytes.len() as u64;
        Ok(Some(decoded))
    }
}

fn content_encoding(
    reader: &Reader,
    exchange: u64,
    side: Side,
) -> Result<Option<String>, StoreError> {
    let fields = match head_of(&reader.log, exchange, side)?.map(|event| event.detail) {
        Some(Detail::Opened(opened)) => opened.headers,
        Some(Detail::ResponseHead(head)) => head.headers,
        _ => return Ok(None),
    };
    Ok(header::find(&fields, "content-encoding").map(ToOwned::to_owned))
}
