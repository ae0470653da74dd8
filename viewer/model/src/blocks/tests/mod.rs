//! What becomes of what was fetched: joining, leaving out, naming.

mod absent;
mod begun_anew;
mod former;
mod joining;
mod parts;
mod setting;

use std::sync::Arc;

use ccdump_provider::content::Content;
use ccdump_record::{Block, BlockKind, BlockState, EndState, Exchange, Role};
use serde_json::json;

use super::{
    Change, Item, ItemBody, Part, items,
    samples::{row, turn, two_turns},
};
use crate::record::{Fetched, Held, Loaded, Piece, RequestSide, ResponseSide};

fn piece(kind: BlockKind, role: &str, pointer: &str, content: Option<Content>) -> Piece {
    let block = Block {
        pointer: pointer.to_owned(),
        kind,
        role: Role::of_name(role),
        range: 0..100,
        state: BlockState::New,
        ..Block::default()
    };
    Piece {
        block,
        content: content.map_or(Held::NotAsked, |content| Held::Here(Arc::new(content))),
    }
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
    piece.block.state = BlockState::Changed;
    piece
}

fn not_asked(mut piece: Piece) -> Piece {
    piece.content = Held::NotAsked;
    piece
}

fn loaded(request: Vec<Piece>, response: Vec<Piece>) -> Loaded {
    Loaded {
        request: Fetched::Here(RequestSide {
            pieces: request,
            previous: Some(11),
            ..RequestSide::default()
        }),
        response: Fetched::Here(ResponseSide { pieces: response, ..ResponseSide::default() }),
        ..Loaded::default()
    }
}

/// Each item in a line: its key, its category, and the gist of it.
fn shapes(items: &[Item]) -> Vec<String> {
    items
        .iter()
        .map(|item| format!("{} [{}] {}", item.key.0, item.category.as_str(), gist(&item.body)))
        .collect()
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
        ItemBody::Turn(head) => {
            format!("{:?} {:?} {} {:?}", head.speaker, head.model, head.time, head.state)
        }
        ItemBody::Text { voice, text, change, open: is_open } => {
            format!("{voice:?}: {}{}{}", words(text), changed(change), open(is_open))
        }
        ItemBody::Tag { name, text, .. } => format!("tag {name}: {text}"),
        ItemBody::Beside { text, .. } => format!("beside: {text}"),
        ItemBody::Thinking { text, open: is_open } => {
            format!("thinking: {}{}", words(text), open(is_open))
        }
        ItemBody::ToolUse { name, call, on_server, result, .. } => {
            let server = if *on_server { " on server" } else { "" };
            let call = if matches!(call, Part::Here { .. }) {
                String::new()
            } else {
                format!(" {}", part(call))
            };
            format!(
                "call {name}{server}{call} → {}",
                result.as_ref().map_or("nothing".to_owned(), part)
            )
        }
        ItemBody::ToolResult { name, result, change } => {
            format!("result of {name:?}: {}{}", part(result), changed(change))
        }
        ItemBody::System { tag, number, of, text, change } => format!(
            "section {}{number} of {of:?}: {}{}",
            tag.map(|tag| format!("sp-{tag} ")).unwrap_or_default(),
            part(text),
            changed(change)
        ),
        ItemBody::Tools { definitions, removed, bytes, .. } => {
            let names: Vec<String> = definitions
                .iter()
                .map(|tool| format!("{}{}", tool.name, changed(&tool.change)))
                .collect();
            format!("tools {} ({bytes} B), gone {}", names.join(" "), removed.join(" "))
        }
        ItemBody::Parameters { parameters, removed } => {
            let names: Vec<String> = parameters
                .iter()
                .map(|one| format!("{}{}", one.name, changed(&one.change)))
                .collect();
            format!("parameters {}, gone {}", names.join(" "), removed.join(" "))
        }
        ItemBody::Usage { usage, numbers } => {
            format!("usage {:?} {:?}", usage.output, numbers.cost_usd)
        }
        ItemBody::Headers(headers) => {
            format!("{} and {} headers", headers.first_line, headers.fields.len())
        }
        ItemBody::Rewritten { changed, removed, .. } => {
            let gone: Vec<&str> = removed.iter().map(|gone| gone.what).collect();
            format!("rewritten: {changed} changed, gone {}", gone.join(", "))
        }
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
        Content::Text(text) | Content::Thinking(text) | Content::ToolResult { text, .. } => {
            text.clone()
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn two_turns_of_an_agent_are_told_once() {
    let (one, two) = two_turns();
    assert_eq!(
        shapes_of(&one, None, Some(&two)),
        [
            "request/system/0 [system] section 1 of Some(2): x-anthropic-billing-header: cc_version=2.1.330;",
            "request/system/1 [system] section 2 of Some(2): You are an agent.",
            "tools [tools] tools Bash (78 B), gone ",
            "parameters [metadata] parameters max_tokens model stream, gone ",
            "request/messages/0/content/0 [system] Injected: <system-reminder>\nContext.\n</system-reminder>",
            "request/messages/0/content/1 [user] User: List the files.",
            "response/content/0 [assistant] thinking: They want a list.",
            "response/content/1 [assistant] Assistant: I'll list them.\n",
            "response/content/2 [tools] call Bash → a.rs\nb.rs",
        ]
    );
    assert_eq!(
        shapes_of(&two, Some(&one), None),
        [
            "request/messages/2/content/1 [user] User: Only *.rs, please.",
            "response/content/0 [assistant] Assistant: Two files."
        ]
    );
}
