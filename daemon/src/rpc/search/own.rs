//! Looks for a pattern in what is an exchange's own: only those ranges of its bodies are read.

use ccdump_provider::{content, pattern::Pattern};
use ccdump_record::{Block, Role, Side};

use crate::{
    rpc::payload::{Decoded, Payload},
    store::{StoreError, body::Unpacked, reader::Reader, search::own_outline},
};

/// Blocks that are larger are not looked into.
const LARGEST: u64 = 1 << 20;
/// Stored bytes that are kept unpacked from one exchange to the next.
const UNPACKED: usize = 2 << 20;

/// Looks into one exchange after another.
pub struct Looking {
    pattern: Pattern,
    unpacked: Unpacked,
}

impl Looking {
    pub fn for_pattern(pattern: Pattern) -> Self {
        Self { pattern, unpacked: Unpacked::with_room(UNPACKED) }
    }

    /// The sides of an exchange in whose own content it is found.
    pub fn sides(&mut self, reader: &Reader, exchange: u64) -> Result<Vec<Side>, StoreError> {
        let mut sides = Vec::new();
        if self.is_in_request(reader, exchange)? {
            sides.push(Side::Request);
        }
        if self.is_in_response(reader, exchange)? {
            sides.push(Side::Response);
        }
        Ok(sides)
    }

    fn is_in_request(&mut self, reader: &Reader, exchange: u64) -> Result<bool, StoreError> {
        let outline = own_outline(&reader.index, exchange, Side::Request)?;
        // The answer before comes back with the request, as the assistant's words: it is that
        // exchange's own.
        let mut is_repeated = false;
        let is_in = self.is_in(reader, exchange, Side::Request, &outline.blocks, |block| {
            let is_own = outline.previous.is_none() || block.role != Some(Role::Assistant);
            is_repeated |= !is_own;
            is_own
        })?;
        match outline.previous {
            Some(previous) if !is_in && is_repeated => Ok(!self.is_in_response(reader, previous)?),
            _ => Ok(is_in),
        }
    }

    fn is_in_response(&mut self, reader: &Reader, exchange: u64) -> Result<bool, StoreError> {
        let outline = own_outline(&reader.index, exchange, Side::Response)?;
        self.is_in(reader, exchange, Side::Response, &outline.blocks, |_| true)
    }

    /// Whether it is found in one of these blocks, which come in the order of the body, and that
    /// one `counts`.
    fn is_in(
        &mut self,
        reader: &Reader,
        exchange: u64,
        side: Side,
        blocks: &[Block],
        counts: impl FnMut(&Block) -> bool,
    ) -> Result<bool, StoreError> {
        if blocks.is_empty() {
            return Ok(false);
        }
        let payload = Payload::open(reader, exchange, side, true)?
            .with_unpacked(std::mem::take(&mut self.unpacked));
        let mut body = Body { payload, held: Decoded::default() };
        let is_in = body.has(reader, blocks, &self.pattern, counts);
        self.unpacked = body.payload.into_unpacked();
        is_in
    }
}

/// A body of which ranges are read from front to back.
struct Body {
    payload: Payload,
    /// The stretch that was read last: the next range may begin in it.
    held: Decoded,
}

impl Body {
    fn has(
        &mut self,
        reader: &Reader,
        blocks: &[Block],
        pattern: &Pattern,
        mut counts: impl FnMut(&Block) -> bool,
    ) -> Result<bool, StoreError> {
        for block in blocks.iter().filter(|block| block.length() <= LARGEST) {
            let bytes = self.range(reader, block.range.start, block.range.end)?;
            let is_in = bytes.is_some_and(|bytes| content::read(block.kind, bytes).has(pattern));
            if is_in && counts(block) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `None` where some of it is not on record; and where it begins before the range that was read
    /// before, in a body that can only be decoded from its start.
    fn range(&mut self, reader: &Reader, from: u64, to: u64) -> Result<Option<&[u8]>, StoreError> {
        let is_held = (self.held.offset..=self.end()).contains(&from);
        if !is_held && self.payload.skip_to(from) {
            self.held = Decoded { offset: from, ..Decoded::default() };
        }
        if from < self.held.offset {
            return Ok(None);
        }
        while self.end() < to {
            self.let_go(from);
            let Some(more) = self.payload.next(reader, u64::MAX)? else { return Ok(None) };
            if more.offset == self.end() {
                self.held.bytes.extend_from_slice(&more.bytes);
            } else {
                self.held = more;
            }
            if self.held.offset > from {
                return Ok(None);
            }
        }
        let index = |offset: u64| {
            usize::try_from(offset.saturating_sub(self.held.offset)).unwrap_or(usize::MAX)
        };
        Ok(self.held.bytes.get(index(from)..index(to)))
    }

    fn end(&self) -> u64 {
        self.held.offset.saturating_add(self.held.bytes.len() as u64)
    }

    /// What lies before `from` is needed no more.
    fn let_go(&mut self, from: u64) {
        let before = from.saturating_sub(self.held.offset).min(self.held.bytes.len() as u64);
        self.held.bytes.drain(..usize::try_from(before).unwrap_or(usize::MAX));
        self.held.offset += before;
    }
}
