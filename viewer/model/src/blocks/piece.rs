//! One block of a message → what it is as an item.

use ccdump_provider::content::Content;
use ccdump_record::{BlockKind, Role};

use super::{Category, Change, ItemBody, Part, Pending, Source, Voice, Wanted, injected};
use crate::record::{Callee, Held, Piece};

/// The content of a piece, or why it is not here.
pub(super) fn part(piece: &Piece) -> Part {
    let bytes = piece.block.length();
    let pending = match &piece.content {
        Held::Here(content) => return Part::Here { content: content.clone(), bytes },
        Held::NotAsked => Pending::NotAsked,
        Held::Loading | Held::Opening(_) => Pending::Loading,
        Held::Failed(reason) => Pending::Failed(reason.clone()),
    };
    Part::Absent { bytes, pending }
}

/// What is to be asked for to show a piece in full.
pub(super) fn wanted(source: Source, piece: &Piece) -> Option<Wanted> {
    (piece.content == Held::NotAsked)
        .then(|| Wanted { source, pointer: piece.block.pointer.clone() })
}

/// Whether a piece is a call of a tool, and whether the provider runs it.
pub(super) fn is_call(piece: &Piece) -> bool {
    matches!(piece.block.kind, BlockKind::ToolUse | BlockKind::ServerToolUse)
}

/// Whether a piece is what came of a call.
pub(super) fn is_result(piece: &Piece) -> bool {
    matches!(piece.block.kind, BlockKind::ToolResult | BlockKind::ServerToolResult)
}

/// A call with its result, if it has come, and the agent that it has started.
pub(super) fn call(piece: &Piece, result: Option<&Piece>, callee: Option<&Callee>) -> ItemBody {
    let on_server = piece.block.kind == BlockKind::ServerToolUse;
    let name = name(piece);
    match &piece.content {
        Held::Opening(partial) => {
            ItemBody::ToolUseOpening { name, partial: partial.clone(), on_server }
        }
        _ => ItemBody::ToolUse {
            name,
            call: part(piece),
            on_server,
            result: result.map(part),
            callee: callee.cloned(),
        },
    }
}

/// A result whose call stands elsewhere.
pub(super) fn result(piece: &Piece, name: Option<String>) -> ItemBody {
    ItemBody::ToolResult { name, result: part(piece), change: Change::from(piece.block.state) }
}

/// Any other piece. `open`: more of it is coming.
pub(super) fn other(piece: &Piece, source: Source, open: bool) -> (Category, ItemBody) {
    let block = &piece.block;
    let voice = voice(piece, source);
    let category = match voice {
        Voice::User => Category::User,
        Voice::Assistant => Category::Assistant,
        // What the agent adds for itself is long, and much the same each time.
        Voice::Injected | Voice::System => Category::System,
    };
    let content = match part(piece) {
        Part::Here { content, .. } => content,
        Part::Absent { bytes, pending } => {
            return (category, ItemBody::Absent { what: words(piece, voice), bytes, pending });
        }
    };
    let body = match content.as_ref() {
        Content::Text(text) if block.kind == BlockKind::Error => ItemBody::Error(text.clone()),
        Content::Text(_) => {
            ItemBody::Text { voice, text: content, change: Change::from(block.state), open }
        }
        Content::Thinking(_) => ItemBody::Thinking { text: content, open },
        Content::RedactedThinking { bytes } => ItemBody::RedactedThinking { bytes: *bytes },
        Content::Image { .. } | Content::Document { .. } => ItemBody::Attachment { content, voice },
        Content::Raw(_) => ItemBody::Raw { content, bytes: block.length() },
        Content::ToolUse { .. }
        | Content::ToolResult { .. }
        | Content::ToolDefinition { .. }
        | Content::Parameter(_)
        | Content::Other { .. } => {
            ItemBody::Unknown { wire_type: block.wire_type.clone(), content }
        }
    };
    (category, body)
}

/// The name of the tool that is called.
pub(super) fn name(piece: &Piece) -> String {
    match (&piece.content, &piece.block.name) {
        (_, Some(name)) => name.clone(),
        (Held::Here(content), None) if let Content::ToolUse { name, .. } = content.as_ref() => {
            name.clone()
        }
        _ => "tool".to_owned(),
    }
}

fn voice(piece: &Piece, source: Source) -> Voice {
    match (piece.block.role, &piece.content) {
        (Some(Role::Assistant), _) => Voice::Assistant,
        _ if source == Source::Response => Voice::Assistant,
        (Some(Role::System), _) => Voice::System,
        (_, Held::Here(content)) if matches!(content.as_ref(), Content::Text(text) if injected::is_injected(text)) => {
            Voice::Injected
        }
        _ => Voice::User,
    }
}

/// What a block of a request is, in words.
pub(super) fn what(piece: &Piece) -> &'static str {
    match piece.block.kind {
        BlockKind::ToolUse | BlockKind::ServerToolUse => "tool call",
        BlockKind::ToolResult | BlockKind::ServerToolResult => "tool result",
        _ => words(piece, voice(piece, Source::Request)),
    }
}

fn words(piece: &Piece, voice: Voice) -> &'static str {
    match (piece.block.kind, voice) {
        (BlockKind::Text, Voice::User | Voice::Injected) => "user text",
        (BlockKind::Text, Voice::Assistant) => "assistant text",
        (BlockKind::Text, Voice::System) => "system text",
        (BlockKind::Thinking, _) => "thinking",
        (BlockKind::RedactedThinking, _) => "redacted thinking",
        (BlockKind::Image, _) => "image",
        (BlockKind::Document, _) => "document",
        (BlockKind::Error, _) => "error",
        (BlockKind::Raw, _) => "body",
        _ => "block",
    }
}
