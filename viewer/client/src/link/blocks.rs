//! Outlines, and the content of blocks: many small ranges of a body fetched with few calls.

use ccdump_provider::content::{self, Content};
use ccdump_record::{Block, Outline, Side};
use ccdump_wire::v1::{self, BodyRequest, OutlineRequest};

use super::{Link, LinkError, next};

/// Blocks that lie closer together than this are fetched with one call.
const NEAR: u64 = 4 * 1024;
/// A block larger than this is not fetched: it is shown by its size.
const LARGEST_BLOCK: u64 = 1024 * 1024;
/// What one call fetches at most (but for a single block).
const LARGEST_FETCH: u64 = 1024 * 1024;

/// A side, as the contract numbers it.
pub fn wire_side(side: Side) -> i32 {
    v1::Side::from(side) as i32
}

/// A block with what it says, if it was fetched.
#[derive(Debug, Clone)]
pub struct BlockContent {
    pub block: Block,
    pub content: Option<Content>,
}

impl Link {
    /// Outlines one side. `wait_ms`: how long the daemon may wait for the side to end (0: its own
    /// choice).
    pub async fn outline(
        &mut self,
        exchange: u64,
        side: Side,
        changes_only: bool,
        wait_ms: u32,
    ) -> Result<Outline, LinkError> {
        let request = OutlineRequest { exchange, side: wire_side(side), changes_only, wait_ms };
        let mut pages = self.outline_pages(request).await?;
        let mut outline = Outline::default();
        while let Some(page) = next(&mut pages, "outline bodies").await? {
            outline.blocks.extend(page.blocks.into_iter().map(Block::from));
            outline.previous = outline.previous.or(page.previous);
            outline.setting_of = outline.setting_of.or(page.setting_of);
            outline.removed.extend(page.removed.into_iter().map(Block::from));
            outline.version = page.provider_version;
        }
        Ok(outline)
    }

    /// Reads the content of `blocks`.
    pub async fn contents(
        &mut self,
        exchange: u64,
        side: Side,
        blocks: Vec<Block>,
    ) -> Result<Vec<BlockContent>, LinkError> {
        let mut out: Vec<BlockContent> = Vec::with_capacity(blocks.len());
        let mut waiting: Vec<Block> = Vec::new();
        for block in blocks {
            let together = waiting.first().zip(waiting.last()).is_none_or(|(first, last)| {
                let gap = block.range.start.checked_sub(last.range.end);
                gap.is_some_and(|gap| gap <= NEAR)
                    && block.range.end.saturating_sub(first.range.start) <= LARGEST_FETCH
            });
            if !together || block.length() > LARGEST_BLOCK {
                self.fetch(exchange, side, &mut waiting, &mut out).await?;
            }
            if block.length() > LARGEST_BLOCK {
                out.push(BlockContent { block, content: None });
            } else {
                waiting.push(block);
            }
        }
        self.fetch(exchange, side, &mut waiting, &mut out).await?;
        Ok(out)
    }

    /// Moves `blocks` to `out`, with their contents.
    async fn fetch(
        &mut self,
        exchange: u64,
        side: Side,
        blocks: &mut Vec<Block>,
        out: &mut Vec<BlockContent>,
    ) -> Result<(), LinkError> {
        let Some((first, last)) = blocks.first().zip(blocks.last()) else {
            return Ok(());
        };
        let (from, to) = (first.range.start, last.range.end);
        let bytes = self.range(exchange, side, from, to.saturating_sub(from)).await?;
        for block in blocks.drain(..) {
            let start =
                usize::try_from(block.range.start.saturating_sub(from)).unwrap_or(usize::MAX);
            let length = usize::try_from(block.length()).unwrap_or(usize::MAX);
            // Less arrives than was asked for where the record has a gap.
            let content = bytes
                .get(start..start.saturating_add(length))
                .map(|bytes| content::read(block.kind, bytes));
            out.push(BlockContent { block, content });
        }
        Ok(())
    }

    async fn range(
        &mut self,
        exchange: u64,
        side: Side,
        offset: u64,
        length: u64,
    ) -> Result<Vec<u8>, LinkError> {
        let request = BodyRequest {
            exchange,
            side: wire_side(side),
            decoded: true,
            offset,
            length: Some(length),
        };
        let mut chunks = self.body(request).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = next(&mut chunks, "send bodies").await? {
            bytes.extend_from_slice(&chunk.data);
            if chunk.missing_before > 0 || chunk.undecodable.is_some() {
                bytes.clear();
                break;
            }
        }
        Ok(bytes)
    }
}
