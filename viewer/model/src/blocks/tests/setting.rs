//! System prompt, tools, parameters; what was changed and removed; whose words a text is.

use super::*;

fn named(kind: BlockKind, pointer: &str, name: &str) -> Piece {
    let mut piece = piece(kind, "", pointer, None);
    piece.block.name = Some(name.to_owned());
    piece
}

fn section(pointer: &str, words: &str) -> Piece {
    piece(BlockKind::System, "system", pointer, Some(Content::Text(words.to_owned())))
}

#[test]
fn the_first_request_of_a_thread_sets_up_everything() {
    let pieces = vec![
        named(BlockKind::Parameter, "/model", "model"),
        named(BlockKind::Parameter, "/max_tokens", "max_tokens"),
        section("/system/0", "header"),
        section("/system/1", "You are"),
        named(BlockKind::ToolDefinition, "/tools/0", "Bash"),
        named(BlockKind::ToolDefinition, "/tools/1", "Edit"),
    ];
    let mut first = loaded(pieces, vec![]);
    if let Fetched::Here(side) = &mut first.request {
        side.previous = None;
    }
    assert_eq!(
        shapes_of(&first, None, None),
        [
            "request/system/0 [system] section 1 of Some(2): header",
            "request/system/1 [system] section 2 of Some(2): You are",
            "tools [tools] tools Bash Edit (200 B), gone ",
            "parameters [metadata] parameters model max_tokens, gone ",
        ]
    );
}

#[test]
fn later_ones_show_what_is_new_changed_or_gone() {
    let gone = |piece: Piece| piece.block;
    let pieces = vec![
        changed(section("/system/1", "You were")),
        changed(named(BlockKind::ToolDefinition, "/tools/0", "Bash")),
        changed(text("user", "/messages/0/content", "Edited")),
        text("user", "/messages/4/content", "<system-reminder>x</system-reminder>"),
        text("system", "/messages/5/content", "Be brief"),
        text("user", "/messages/6/content", "<system-reminder>x</system-reminder>\nGo on"),
    ];
    let mut later = loaded(pieces, vec![]);
    if let Fetched::Here(side) = &mut later.request {
        side.removed = vec![
            gone(section("/system/2", "")),
            gone(named(BlockKind::ToolDefinition, "/tools/1", "Edit")),
            gone(named(BlockKind::Parameter, "/thinking", "thinking")),
            gone(text("user", "/messages/1/content", "")),
            gone(text("user", "/messages/2/content", "")),
        ];
    }
    assert_eq!(
        shapes_of(&later, None, None),
        [
            "request/system/1 [system] section 2 of None: You were (changed)",
            "system/gone [system] Notice(\"gone from the system prompt: 1 section\")",
            "tools [tools] tools Bash (changed) (100 B), gone Edit",
            "parameters [metadata] parameters , gone thinking",
            "rewritten [metadata] rewritten: 1 changed, gone user text, user text",
            "request/messages/0/content [user] User: Edited (changed)",
            "request/messages/4/content [system] Injected: <system-reminder>x</system-reminder>",
            "request/messages/5/content [system] System: Be brief",
            "request/messages/6/content [user] User: <system-reminder>x</system-reminder>\nGo on",
            "request/messages/6/content<1 [system] tag system-reminder: <system-reminder>x</system-reminder>",
            "request/messages/6/content<2 [user] beside: \nGo on",
        ]
    );
}

#[test]
fn contents_that_are_not_what_their_kind_promises_are_shown_all_the_same() {
    let other = Content::Other { wire_type: "text".to_owned(), json: json!({"text": 5}) };
    let pieces = vec![
        piece(BlockKind::Text, "user", "/m/0", Some(other)),
        piece(BlockKind::Raw, "", "", Some(Content::Raw("{".to_owned()))),
        piece(
            BlockKind::Image,
            "user",
            "/m/2",
            Some(Content::Image { media_type: None, bytes: 5 }),
        ),
    ];
    let shapes = shapes_of(&loaded(pieces, vec![]), None, None);
    let kinds: Vec<String> = shapes
        .iter()
        .map(|shape| shape.split(" {").next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        kinds,
        ["request/m/0 [user] Unknown", "request [user] Raw", "request/m/2 [user] Attachment"]
    );
}
