//! Whatever the wire says: it is text when it reaches the terminal.

use ccdump_provider::content::Content;
use ccdump_record::{Block, BlockKind, Detail, EndState, Exchange, Outline, Paused, RequestRole};
use proptest::prelude::*;
use serde_json::json;

use super::story::{Story, block, sse, starts, text};

fn hostile() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "\u{1b}[31m",
        "\u{1b}]52;c;",
        "\u{7}",
        "\u{9d}",
        "\r",
        "\n",
        "\u{202e}",
        "\u{200b}",
        "text",
        "\u{85}",
        "\u{1b}",
    ]);
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_of_the_wire_reaches_the_terminal_as_anything_but_text(words in proptest::collection::vec(hostile(), 12), cut in 0_usize..200) {
        let mut story = Story::default();
        let word = |at: usize| words[at].clone();
        let evil = Exchange {
            id: 1,
            session: Some(word(0)),
            agent: Some(word(1)),
            model: Some(word(2)),
            stop_reason: Some(word(3)),
            error: Some(word(4)),
            role: RequestRole::Turn,
            provider: word(5),
            status: Some(500),
            end_state: Some(EndState::UpstreamError),
            ..Default::default()
        };
        let blocks = vec![
            Block { name: Some(word(6)), tool_use_id: Some("t".to_owned()), ..block(BlockKind::ToolUse, "assistant", 9) },
            Block { tool_use_id: Some("t".to_owned()), ..block(BlockKind::ToolResult, "user", 9) },
            block(BlockKind::Text, "user", 9),
        ];
        let contents = vec![
            Content::ToolUse { name: word(6), input: json!({word(7): word(8), "list": [word(9)]}) },
            Content::ToolResult { is_error: true, text: word(7), other: vec![word(8)] },
            text(&word(9)),
        ];
        story.asks(evil.clone(), Outline { blocks, ..Default::default() }, contents);
        story.answers(1);
        let stream = [
            starts(0, json!({"type": "tool_use", "id": "t", "name": word(10), "input": {}})),
            sse(json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": word(11)}})),
            starts(1, json!({"type": "text", "text": ""})),
            sse(json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": word(10)}})),
            sse(json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": word(11)}})),
            sse(json!({"type": "error", "error": {"type": word(0), "message": word(1)}})),
        ]
        .concat();
        let at = (0..=cut.min(stream.len())).rev().find(|at| stream.is_char_boundary(*at)).unwrap_or(0);
        story.streams(1, &stream[..at]);
        story.streams(1, &stream[at..]);
        story.ends(evil.clone());
        story.asks(Exchange { id: 2, role: RequestRole::Auxiliary, path: word(3), method: word(4), ..evil.clone() }, Outline::default(), vec![]);
        story.ends(Exchange { id: 2, role: RequestRole::Other, path: word(3), method: word(4), ..evil });
        story.event(0, Detail::Paused(Paused { reason: word(5) }));
        story.conversation.reset(&word(6));
        story.print();
        for c in story.text().chars() {
            prop_assert!((!c.is_control() || matches!(c, '\n' | '\t')) && !matches!(c, '\u{202e}' | '\u{200b}'), "{c:?}");
        }
    }
}
