//! Fetches what stood in a request before it was changed: blocks of the request before, found by
//! where they stand.

use std::collections::HashMap;

use ccdump_client::link::{BlockContent, Link, LinkError};
use ccdump_model::{
    blocks::Source,
    record::{FormerWanted, Held},
};
use ccdump_record::{Block, BlockKind, Role, Side};
use ccdump_state::Event;

use super::fetch::held;

/// Larger blocks are not compared, so they are not fetched. Bytes.
const LARGEST: u64 = 512 * 1024;

/// `None`: the daemon went away; it will be asked again.
pub async fn fetch(mut link: Link, wanted: FormerWanted) -> Option<Event> {
    let exchange = wanted.exchange;
    let names: Vec<(Source, String)> =
        wanted.blocks.iter().map(|(source, block)| (*source, block.pointer.clone())).collect();
    let contents = match had(&mut link, wanted).await {
        Ok(mut had) => {
            let none = || Held::Failed("it cannot be told what stood there".to_owned());
            names
                .into_iter()
                .map(|name| {
                    let held = had.remove(&name).unwrap_or_else(none);
                    (name.0, name.1, held)
                })
                .collect()
        }
        Err(LinkError::Lost(_)) => return None,
        Err(error) => names
            .into_iter()
            .map(|(source, pointer)| (source, pointer, Held::Failed(error.to_string())))
            .collect(),
    };
    Some(Event::Former { exchange, contents })
}

async fn had(
    link: &mut Link,
    wanted: FormerWanted,
) -> Result<HashMap<(Source, String), Held>, LinkError> {
    let FormerWanted { previous, blocks, .. } = wanted;
    let is_place_asked = blocks.iter().any(|(source, _)| *source == Source::Former);
    let outline = if is_place_asked {
        link.outline(previous, Side::Request, false, 0).await?.blocks
    } else {
        Vec::new()
    };
    let places: HashMap<_, &Block> = outline.iter().map(|block| (place(block), block)).collect();
    let mut found: Vec<((Source, String), Block)> = Vec::new();
    for (source, block) in &blocks {
        let former =
            if *source == Source::Gone { Some(block) } else { places.get(&place(block)).copied() };
        if let Some(former) = former.filter(|former| former.length() <= LARGEST) {
            found.push(((*source, block.pointer.clone()), former.clone()));
        }
    }
    // Those that lie close together are had with one call.
    found.sort_by_key(|(_, block)| block.range.start);
    let (names, blocks): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let contents = link.contents(previous, Side::Request, blocks).await?;
    Ok(names
        .into_iter()
        .zip(contents)
        .map(|(name, BlockContent { content, .. })| (name, held(content)))
        .collect())
}

/// Where a block stands, and what it is: a string stands where the first block of an array would.
fn place(block: &Block) -> (&str, Option<Role>, BlockKind) {
    (block.pointer.strip_suffix("/0").unwrap_or(&block.pointer), block.role, block.kind)
}
