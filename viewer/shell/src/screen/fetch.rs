//! Fetches what the state wants to know.

use std::sync::Arc;

use ccdump_client::{
    conversation::{SHOWN, is_new_message},
    link::{BlockContent, Link, LinkError},
};
use ccdump_model::record::{
    AgentKey, Fetch, Fetched, Held, Piece, RequestSide, ResponseSide, Wanted,
};
use ccdump_record::{Block, BlockKind, Outline, Side};
use ccdump_state::Event;
use ccdump_wire::v1::ExchangesRequest;

/// Rows of the index that are fetched at once, and how far before the one that is wanted they
/// begin.
const ROWS: u32 = 400;
const ROWS_BEFORE: u64 = 200;
/// Sections of a session's system prompts that are told of; more are not.
const SECTIONS: usize = 5000;
/// A system section up to this size is fetched at once, for its first line.
const SECTION: u64 = 64 * 1024;
/// Other blocks up to this size are fetched at once.
const BLOCK: u64 = 128 * 1024;
/// Longest parameter that is fetched at once, bytes: the line of a request's parameters shows what
/// such ones are.
const PARAMETER: u64 = 256;

/// What is wanted of an exchange. `None`: the daemon went away; it will be asked for again.
pub async fn exchange(link: Link, id: u64, wanted: Wanted) -> Option<Event> {
    let (mut heads_link, mut request_link, mut response_link) = (link.clone(), link.clone(), link);
    let (heads, request, response) = tokio::join!(
        heads_link.exchange(id),
        async { if wanted.request { Some(request(&mut request_link, id).await) } else { None } },
        async { if wanted.response { Some(response(&mut response_link, id).await) } else { None } },
    );
    let mut fetch = Fetch::default();
    match heads {
        Ok((_, heads)) => (fetch.heads, fetch.heads_are_final) = (Some(heads), wanted.has_ended),
        Err(LinkError::Lost(_)) => return None,
        // The headers are missing then; the rest may be had.
        Err(_) => fetch.heads_are_final = true,
    }
    if let Some(request) = request {
        fetch.request = match request {
            Err(LinkError::Lost(_)) => return None,
            Err(LinkError::NotYet(_)) if !wanted.has_ended => Fetched::NotYet,
            Err(error) => Fetched::Failed(error.to_string()),
            Ok(side) => Fetched::Here(side),
        };
    }
    if let Some(response) = response {
        fetch.response = match response {
            Err(LinkError::Lost(_)) => return None,
            // It ended without an answer.
            Err(LinkError::NotYet(_)) => Fetched::Here(ResponseSide::default()),
            Err(error) => Fetched::Failed(error.to_string()),
            Ok(side) => Fetched::Here(side),
        };
    }
    Some(Event::Fetched { exchange: id, fetch: Box::new(fetch) })
}

/// Rows of one agent. `None`: there is nothing to be had early.
pub(super) async fn rows(mut link: Link, agent: AgentKey, around: Option<u64>) -> Option<Event> {
    let after_id = around.map(|exchange| exchange.saturating_sub(ROWS_BEFORE));
    let request = ExchangesRequest {
        session: agent.session.clone(),
        agent: agent.agent.clone(),
        provider: Some(agent.provider.clone()),
        newest: after_id.is_none().then_some(ROWS),
        after_id: after_id.unwrap_or_default(),
        page_size: ROWS,
        ..ExchangesRequest::default()
    };
    let rows = link.exchanges(request).await.ok()?.exchanges;
    Some(Event::Rows { agent, rows })
}

/// The content of blocks.
pub async fn blocks(
    mut link: Link,
    exchange: u64,
    side: Side,
    blocks: Vec<Block>,
) -> Option<Event> {
    let pointers: Vec<String> = blocks.iter().map(|block| block.pointer.clone()).collect();
    let contents = match link.contents(exchange, side, blocks).await {
        Ok(contents) => contents
            .into_iter()
            .map(|content| (content.block.pointer.clone(), held(content.content)))
            .collect(),
        Err(LinkError::Lost(_)) => return None,
        Err(error) => {
            pointers.into_iter().map(|pointer| (pointer, Held::Failed(error.to_string()))).collect()
        }
    };
    Some(Event::Blocks { exchange, side, contents })
}

/// The sections of a session's system prompts after number `after`.
pub async fn sections(mut link: Link, session: Option<String>, after: u64) -> Option<Event> {
    let answer = match link.system_sections(session.as_deref(), after, SECTIONS).await {
        Ok(sections) => Ok(sections),
        Err(LinkError::Lost(_)) => return None,
        Err(error) => Err(error.to_string()),
    };
    Some(Event::Sections { session, answer })
}

async fn request(link: &mut Link, id: u64) -> Result<RequestSide, LinkError> {
    let Outline { blocks, previous, setting_of, removed, .. } =
        link.outline(id, Side::Request, true, 0).await?;
    let messages = blocks.iter().filter(|block| is_new_message(block)).count();
    let mut earlier = messages.saturating_sub(SHOWN);
    let at_once = |block: &Block| {
        if is_new_message(block) && earlier > 0 {
            earlier -= 1;
            return false;
        }
        is_small(block)
    };
    let pieces = pieces(link, id, Side::Request, blocks, at_once).await?;
    Ok(RequestSide { pieces, removed, previous, setting_of })
}

/// Whether a block is fetched before anybody unfolds it.
fn is_small(block: &Block) -> bool {
    match block.kind {
        BlockKind::System => block.length() <= SECTION,
        BlockKind::Parameter => block.length() <= PARAMETER,
        BlockKind::ToolDefinition => false,
        _ => block.length() <= BLOCK,
    }
}

async fn response(link: &mut Link, id: u64) -> Result<ResponseSide, LinkError> {
    let outline = link.outline(id, Side::Response, false, 0).await?;
    let pieces =
        pieces(link, id, Side::Response, outline.blocks, |block| block.length() <= 8 * BLOCK)
            .await?;
    Ok(ResponseSide { pieces, ..ResponseSide::default() })
}

/// Blocks as pieces, with the content of those that `at_once` names.
async fn pieces(
    link: &mut Link,
    id: u64,
    side: Side,
    blocks: Vec<Block>,
    mut at_once: impl FnMut(&Block) -> bool,
) -> Result<Vec<Piece>, LinkError> {
    let mut pieces: Vec<Piece> = Vec::with_capacity(blocks.len());
    let mut wanted = Vec::new();
    for block in blocks {
        if at_once(&block) {
            wanted.push((pieces.len(), block.clone()));
        }
        pieces.push(Piece { block, content: Held::NotAsked });
    }
    let (places, blocks): (Vec<usize>, Vec<Block>) = wanted.into_iter().unzip();
    let contents = link.contents(id, side, blocks).await?;
    for (place, BlockContent { content, .. }) in places.into_iter().zip(contents) {
        if let Some(piece) = pieces.get_mut(place) {
            piece.content = held(content);
        }
    }
    Ok(pieces)
}

pub(super) fn held(content: Option<ccdump_provider::content::Content>) -> Held {
    match content {
        Some(content) => Held::Here(Arc::new(content)),
        None => {
            Held::Failed("too large to show, or not recorded; see: ccdump-view body".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_line_can_show_is_fetched_before_it_is_unfolded() {
        for (kind, length, wanted) in [
            (BlockKind::Parameter, 6, true),
            (BlockKind::Parameter, 20_000, false),
            (BlockKind::System, 20_000, true),
            (BlockKind::System, 200_000, false),
            (BlockKind::ToolDefinition, 6, false),
            (BlockKind::Text, 20_000, true),
            (BlockKind::Text, 200_000, false),
        ] {
            let block = Block { kind, range: 0..length, ..Block::default() };
            assert_eq!(is_small(&block), wanted, "{kind:?} of {length} bytes");
        }
    }
}
