//! Fetches what is compared: only what is not the same on both sides.

use ccdump_client::link::{Link, LinkError};
use ccdump_model::{
    compare::{Compared, Half},
    record::Held,
};
use ccdump_record::{Block, BlockKind, Side};

use super::fetch::held;

/// The outlines of two requests, and the contents that differ.
pub(super) async fn requests(
    link: &mut Link,
    left: u64,
    right: u64,
) -> Result<Compared, LinkError> {
    let mut other = link.clone();
    let (of_left, of_right) = tokio::try_join!(
        link.outline(left, Side::Request, false, 0),
        other.outline(right, Side::Request, false, 0)
    )?;
    let mut compared = Compared::new(of_left.blocks, of_right.blocks);
    let (on_left, on_right) = compared.wanted();
    let Compared { left: half, right: other_half, .. } = &mut compared;
    tokio::try_join!(
        fill(link, left, half, on_left),
        fill(&mut other, right, other_half, on_right)
    )?;
    Ok(compared)
}

/// What a section of a system prompt says.
pub(super) async fn section(
    link: &mut Link,
    exchange: u64,
    offset: u64,
    length: u64,
) -> Result<Held, LinkError> {
    let block = Block {
        kind: BlockKind::System,
        range: offset..offset.saturating_add(length),
        ..Block::default()
    };
    let contents = link.contents(exchange, Side::Request, vec![block]).await?;
    Ok(held(contents.into_iter().next().and_then(|content| content.content)))
}

async fn fill(
    link: &mut Link,
    exchange: u64,
    half: &mut Half,
    places: Vec<usize>,
) -> Result<(), LinkError> {
    let blocks = places.iter().filter_map(|at| half.block(Some(*at))).map(as_a_whole).collect();
    match link.contents(exchange, Side::Request, blocks).await {
        Ok(contents) => places
            .into_iter()
            .zip(contents)
            .for_each(|(at, content)| half.hold(at, held(content.content))),
        Err(error @ LinkError::Lost(_)) => return Err(error),
        // Which blocks are the same is known all the same.
        Err(error) => {
            places.into_iter().for_each(|at| half.hold(at, Held::Failed(error.to_string())))
        }
    }
    Ok(())
}

/// Of a tool not only what it says of itself is compared, but its parameters, too: it is read as
/// any JSON is.
fn as_a_whole(block: &Block) -> Block {
    match block.kind {
        BlockKind::ToolDefinition => Block { kind: BlockKind::Parameter, ..block.clone() },
        _ => block.clone(),
    }
}
