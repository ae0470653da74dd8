//! The messages that a request adds to the history, and what it changed of it.

use std::collections::{HashMap, HashSet};

use ccdump_client::{conversation::SHOWN, words};
use ccdump_record::{Block, BlockKind, BlockState, Role};

use super::{
    Category, Gone, ItemBody, Source,
    former::Former,
    list::List,
    piece::{self, is_call, is_result, wanted},
    repeats::Said,
};
use crate::record::{Callee, Held, Loaded, Piece, RequestSide};

/// Blocks that are gone of which each is fetched.
const MOST_GONE: usize = 50;

pub(super) fn add(
    side: &RequestSide,
    before: Option<&Loaded>,
    former: &Former<'_>,
    list: &mut List,
) {
    let said = Said::by(before);
    let shown: Vec<&Piece> = side
        .pieces
        .iter()
        .filter(|piece| is_message(&piece.block) && !is_repeated(piece, &said))
        .collect();
    let (earlier, shown) = shown.split_at(shown.len().saturating_sub(SHOWN));
    if !earlier.is_empty() {
        let bytes =
            earlier.iter().fold(0_u64, |sum, piece| sum.saturating_add(piece.block.length()));
        list.add("earlier", Category::Metadata, ItemBody::Earlier { blocks: earlier.len(), bytes });
    }
    let names = tool_names(side);
    let joined = joined(shown);
    let moved: HashSet<&str> = side.moved().into_iter().map(|(new, _)| new).collect();
    for piece in shown {
        let id = piece.block.tool_use_id.as_deref();
        if is_call(piece) {
            let result = id.and_then(|id| joined.get(id)).map(|result| (Source::Request, *result));
            add_call(Source::Request, piece, result, None, list);
        } else if !is_result(piece) {
            let (category, body) = piece::other(piece, Source::Request, false);
            let wants = wanted(Source::Request, piece).into_iter().collect();
            list.add_block(Source::Request, &piece.block, category, body, wants);
            list.was(&piece.block, former, moved.contains(piece.block.pointer.as_str()));
        } else if id
            .and_then(|id| joined.get(id))
            .is_none_or(|joined| !std::ptr::eq(*joined, *piece))
        {
            let name = id.and_then(|id| names.get(id)).map(|name| (*name).to_owned());
            let wants = wanted(Source::Request, piece).into_iter().collect();
            list.add_block(
                Source::Request,
                &piece.block,
                Category::Tools,
                piece::result(piece, name),
                wants,
            );
            list.was(&piece.block, former, moved.contains(piece.block.pointer.as_str()));
        }
    }
}

/// Adds a call and what came of it, which may have come elsewhere.
pub(super) fn add_call(
    source: Source,
    call: &Piece,
    result: Option<(Source, &Piece)>,
    callee: Option<&Callee>,
    list: &mut List,
) {
    let body = piece::call(call, result.map(|(_, piece)| piece), callee);
    let wants = wanted(source, call)
        .into_iter()
        .chain(result.and_then(|(source, piece)| wanted(source, piece)))
        .collect();
    list.add_block(source, &call.block, Category::Tools, body, wants);
}

/// Whether `block` stands in the messages.
pub(super) fn is_message(block: &Block) -> bool {
    !matches!(block.kind, BlockKind::System | BlockKind::ToolDefinition | BlockKind::Parameter)
}

/// What was changed is shown whatever was said before.
fn is_repeated(piece: &Piece, said: &Said<'_>) -> bool {
    match piece.block.state {
        BlockState::Changed => false,
        _ if is_result(piece) => said.called_for(piece),
        _ => piece.block.role == Some(Role::Assistant) && said.says(piece),
    }
}

/// That the history is not what it was.
pub(super) fn rewritten(side: &RequestSide, former: &Former<'_>, list: &mut List) {
    let messages = side.pieces.iter().filter(|piece| is_message(&piece.block));
    let changed = messages.filter(|piece| piece.block.state == BlockState::Changed).count();
    let moved: HashSet<&str> = side.moved().into_iter().map(|(_, gone)| gone).collect();
    let (moved, removed): (Vec<&Block>, Vec<&Block>) = side
        .removed
        .iter()
        .filter(|block| is_message(block))
        .partition(|block| moved.contains(block.pointer.as_str()));
    if words::rewritten(changed, moved.len(), removed.len()).is_some() {
        let wants = removed
            .iter()
            .take(MOST_GONE)
            .filter_map(|block| former.wanted(Source::Gone, block))
            .collect();
        let removed = removed.into_iter().map(|block| gone(block, former)).collect();
        let body = ItemBody::Rewritten { changed, moved: moved.len(), removed };
        list.add_wanting("rewritten", Category::Metadata, body, wants);
    }
}

fn gone(block: &Block, former: &Former<'_>) -> Gone {
    let content = former.of_gone(block);
    let held = content.clone().map_or(Held::NotAsked, Held::Here);
    Gone {
        what: piece::what(&Piece { block: block.clone(), content: held }),
        bytes: block.length(),
        content,
    }
}

/// The result of each call that is among `shown`, by id; the first one, where there are several.
fn joined<'a>(shown: &[&'a Piece]) -> HashMap<&'a str, &'a Piece> {
    let id = |piece: &&'a Piece| piece.block.tool_use_id.as_deref();
    let calls: HashSet<&str> = shown.iter().filter(|piece| is_call(piece)).filter_map(id).collect();
    let mut results = HashMap::new();
    for result in shown.iter().filter(|piece| is_result(piece)) {
        if let Some(id) = id(result).filter(|id| calls.contains(id)) {
            results.entry(id).or_insert(*result);
        }
    }
    results
}

/// The names of the tools that are called in the request, by the id of the call.
fn tool_names(side: &RequestSide) -> HashMap<&str, &str> {
    let calls = side.pieces.iter().filter(|piece| is_call(piece));
    calls
        .filter_map(|piece| {
            Some((piece.block.tool_use_id.as_deref()?, piece.block.name.as_deref()?))
        })
        .collect()
}
