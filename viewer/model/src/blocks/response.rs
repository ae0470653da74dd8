//! The response's items, with the results of its calls from the request after it.

use std::collections::{HashMap, HashSet};

use ccdump_record::BlockKind;

use super::{
    Category, ItemBody, Pending, Source, TurnState, ending, headers,
    list::List,
    messages::add_call,
    piece::{self, is_call, is_result, wanted},
    turn::{Turn, state},
};
use crate::record::{Fetched, Loaded, Piece, ResponseSide};

pub(super) fn add(turn: Turn<'_>, list: &mut List) {
    match &turn.loaded.response {
        Fetched::Here(side) => add_pieces(turn, side, list),
        // The head of the turn says that nothing has come yet.
        Fetched::NotYet if matches!(state(turn), TurnState::Waiting | TurnState::Streaming) => {}
        Fetched::NotYet => {
            let absent = ItemBody::Absent {
                what: "answer",
                bytes: turn.row.response_bytes,
                pending: Pending::Loading,
            };
            list.add("awaited/response", Category::Assistant, absent);
        }
        Fetched::Failed(reason) => {
            let notice = ItemBody::Notice(format!("the answer cannot be shown: {reason}"));
            list.add("failed/response", Category::Metadata, notice);
        }
    }
    // How one ended that was sent again, the last try tells.
    if !turn.is_tried_again {
        ending::add(turn, list);
    }
    headers::of_response(turn, list);
}

fn add_pieces(turn: Turn<'_>, side: &ResponseSide, list: &mut List) {
    let results = results(side, turn.after);
    let calls: HashSet<&str> =
        side.pieces.iter().filter(|piece| is_call(piece)).filter_map(id).collect();
    // An error that the row or the stream tells of is not shown a second time.
    let error_is_told = ending::error(turn).is_some();
    for (at, piece) in side.pieces.iter().enumerate() {
        let result = id(piece).and_then(|id| results.get(id)).copied();
        if is_call(piece) {
            let callee = turn.callees.iter().find(|callee| callee.pointer == piece.block.pointer);
            add_call(Source::Response, piece, result, callee, list);
        } else if is_result(piece) {
            let is_first = result.is_some_and(|(_, first)| std::ptr::eq(first, piece));
            let is_joined = is_first && id(piece).is_some_and(|id| calls.contains(id));
            if !is_joined {
                let wants = wanted(Source::Response, piece).into_iter().collect();
                list.add_block(
                    Source::Response,
                    &piece.block,
                    Category::Tools,
                    piece::result(piece, None),
                    wants,
                );
            }
        } else if !(error_is_told && piece.block.kind == BlockKind::Error) {
            let open = side.open && at + 1 == side.pieces.len();
            let (category, body) = piece::other(piece, Source::Response, open);
            let wants = wanted(Source::Response, piece).into_iter().collect();
            list.add_block(Source::Response, &piece.block, category, body, wants);
        }
    }
}

/// Results by the id of the call: the provider's own tools give theirs in the response, all others
/// come with the next request.
fn results<'a>(
    side: &'a ResponseSide,
    after: Option<&'a Loaded>,
) -> HashMap<&'a str, (Source, &'a Piece)> {
    let next = after
        .and_then(|after| after.request.here())
        .map(|side| side.pieces.as_slice())
        .unwrap_or_default();
    let sources = [(Source::Response, side.pieces.as_slice()), (Source::NextRequest, next)];
    let mut results = HashMap::new();
    for (source, pieces) in sources {
        for piece in pieces.iter().filter(|piece| is_result(piece)) {
            if let Some(id) = id(piece) {
                results.entry(id).or_insert((source, piece));
            }
        }
    }
    results
}

fn id(piece: &Piece) -> Option<&str> {
    piece.block.tool_use_id.as_deref()
}
