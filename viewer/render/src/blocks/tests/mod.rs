//! What becomes of what was fetched: joining, leaving out, naming.

mod absent;
mod joining;
pub mod real;
mod setting;

use std::sync::Arc;

use ccdump_provider::content::Content;
use ccdump_wire::v1::{Block, BlockKind, BlockState, EndState, Exchange};
use jiff::tz::TimeZone;
use serde_json::json;

use super::{Change, Item, ItemBody, Part, Turn, items};
use crate::model::{Fetched, Held, Loaded, Piece, RequestSide, ResponseSide};

static UTC: TimeZone = TimeZone::UTC;

pub fn row() -> Exchange {
    Exchange {
        id: 12,
        agent: Some("main".to_owned()),
        provider: "anthropic".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/messages".to_owned(),
        model: Some("claude-opus-4-8".to_owned()),
        role: "turn".to_owned(),
        status: Some(200),
        end_state: EndState::Complete as i32,
        started_at_us: 1_793_871_667_250_999,
        ..Exchange::default()
    }
}

fn piece(kind: BlockKind, role: &str, pointer: &str, content: Option<Content>) -> Piece {
    let block = Block {
        pointer: pointer.to_owned(),
        kind: kind as i32,
        role: role.to_owned(),
        length: 100,
        state: BlockState::New as i32,
        ..Block::default()
    };
    Piece { block, content: content.map_or(Held::NotAsked, |content| Held::Here(Arc::new(content))) }
}

fn text(role: &str, pointer: &str, words: &str) -> Piece {
    piece(BlockKind::Text, role, pointer, Some(Content::Text(words.to_owned())))
}

fn thinking(pointer: &str, words: &str) -> Piece {
    piece(BlockKind::Thinking, "assistant", pointer, Some(Content::Thinking(words.to_owned())))
}

fn tool_use(pointer: &str, name: &str, id: &str) -> Piece {
    let content = Content::ToolUse { name: name.to_owned(), input: json!({"command": "ls"}) };
    let mut piece = piece(BlockKind::ToolUse, "assistant", pointer, Some(content));
    piece.block.name = Some(name.to_owned());
    piece.block.tool_use_id = Some(id.to_owned());
    piece
}

fn tool_result(pointer: &str, id: &str, words: &str) -> Piece {
    let content = Content::ToolResult { is_error: false, text: words.to_owned(), other: vec![] };
    let mut piece = piece(BlockKind::ToolResult, "user", pointer, Some(content));
    piece.block.tool_use_id = Some(id.to_owned());
    piece
}

fn changed(mut piece: Piece) -> Piece {
    piece.block.state = BlockState::Changed as i32;
    piece
}

fn not_asked(mut piece: Piece) -> Piece {
    piece.content = Held::NotAsked;
    piece
}

fn loaded(request: Vec<Piece>, response: Vec<Piece>) -> Loaded {
    Loaded {
        request: Fetched::Here(RequestSide { pieces: request, previous: Some(11), ..RequestSide::default() }),
        response: Fetched::Here(ResponseSide { pieces: response, ..ResponseSide::default() }),
        ..Loaded::default()
    }
}

pub fn turn<'a>(row: &'a Exchange, loaded: &'a Loaded, before: Option<&'a Loaded>, after: Option<&'a Loaded>) -> Turn<'a> {
    Turn { row, loaded, before, after, zone: &UTC }
}

/// Each item in a line: its key, its category, and the gist of it.
fn shapes(items: &[Item]) -> Vec<String> {
    items.iter().map(|item| format!("{} [{}] {}", item.key.0, item.category.as_str(), gist(&item.body))).collect()
}

fn shapes_of(loaded: &Loaded, before: Option<&Loaded>, after: Option<&Loaded>) -> Vec<String> {
    let row = row();
    let items = items(turn(&row, loaded, before, after));
    // The head is the same each time.
    shapes(items.get(1..).unwrap_or_default())
}

fn gist(body: &ItemBody) -> String {
    let changed = |change: &Change| if *change == Change::Changed { " (changed)" } else { "" };
    let open = |open: &bool| if *open { " (open)" } else { "" };
    match body {
        ItemBody::Turn(head) => format!("{:?} {:?} {} {:?}", head.speaker, head.model, head.time, head.state),
        ItemBody::Text { voice, text, change, open: is_open } => {
            format!("{voice:?}: {}{}{}", words(text), changed(change), open(is_open))
        }
        ItemBody::Thinking { text, open: is_open } => format!("thinking: {}{}", words(text), open(is_open)),
        ItemBody::ToolUse { name, call, on_server, result } => {
            let server = if *on_server { " on server" } else { "" };
            let call = if matches!(call, Part::Here { .. }) { String::new() } else { format!(" {}", part(call)) };
            format!("call {name}{server}{call} → {}", result.as_ref().map_or("nothing".to_owned(), part))
        }
        ItemBody::ToolResult { name, result, change } => format!("result of {name:?}: {}{}", part(result), changed(change)),
        ItemBody::System { number, of, text, change } => format!("section {number} of {of:?}: {}{}", part(text), changed(change)),
        ItemBody::Tools { definitions, removed, bytes, .. } => {
            let names: Vec<String> = definitions.iter().map(|tool| format!("{}{}", tool.name, changed(&tool.change))).collect();
            format!("tools {} ({bytes} B), gone {}", names.join(" "), removed.join(" "))
        }
        ItemBody::Parameters { parameters, removed } => {
            let names: Vec<String> = parameters.iter().map(|one| format!("{}{}", one.name, changed(&one.change))).collect();
            format!("parameters {}, gone {}", names.join(" "), removed.join(" "))
        }
        ItemBody::Usage { usage, numbers } => format!("usage {:?} {:?}", usage.output, numbers.cost_usd),
        ItemBody::Headers(headers) => format!("{} and {} headers", headers.first_line, headers.fields.len()),
        other => format!("{other:?}"),
    }
}

fn part(part: &Part) -> String {
    match part {
        Part::Here { content, .. } => words(content),
        Part::Absent { bytes, pending } => format!("{bytes} B {pending:?}"),
    }
}

fn words(content: &Content) -> String {
    match content {
        Content::Text(text) | Content::Thinking(text) | Content::ToolResult { text, .. } => text.clone(),
        other => format!("{other:?}"),
    }
}
