//! Contents of blocks, whole and streamed, and of what is none.

use ccdump_provider::{
    content::{Content, read},
    provider::Provider,
    response::ResponseReader,
};
use ccdump_record::BlockKind;
use proptest::prelude::*;
use serde_json::json;

use crate::streams;

fn text(text: &str) -> Content {
    Content::Text(text.to_owned())
}

fn result(is_error: bool, text: &str, other: &[&str]) -> Content {
    Content::ToolResult {
        is_error,
        text: text.to_owned(),
        other: other.iter().map(|other| (*other).to_owned()).collect(),
    }
}

#[test]
fn contents_by_kind() {
    let image = format!(
        r#"{{"type":"image","source":{{"type":"base64","media_type":"image/png","data":"{}"}}}}"#,
        "A".repeat(16_400)
    );
    let in_result = format!(
        r#"{{"content":[{{"type":"text","text":"a"}},{image},{{"type":"text","text":"b"}},{{"type":"new","x":1}}]}}"#
    );
    let png = Some("image/png".to_owned());
    let table = [
        (BlockKind::Text, r#""a\nb""#, text("a\nb")),
        (BlockKind::Text, r#"{"type":"text","text":"a"}"#, text("a")),
        (BlockKind::Text, r#"{"type":"text","text":"cut \ud83d"}"#, text("cut \u{fffd}")),
        (BlockKind::System, r#"{"type":"text","text":"a"}"#, text("a")),
        (
            BlockKind::Thinking,
            r#"{"type":"thinking","thinking":"hm","signature":"s"}"#,
            Content::Thinking("hm".to_owned()),
        ),
        (
            BlockKind::RedactedThinking,
            r#"{"data":"AAAAAAA="}"#,
            Content::RedactedThinking { bytes: 5 },
        ),
        (
            BlockKind::ToolUse,
            r#"{"name":"Bash","input":{"a":1}}"#,
            Content::ToolUse { name: "Bash".to_owned(), input: json!({"a": 1}) },
        ),
        (
            BlockKind::ServerToolUse,
            r#"{"name":"web_search"}"#,
            Content::ToolUse { name: "web_search".to_owned(), input: json!(null) },
        ),
        (BlockKind::ToolResult, r#"{"content":"ok"}"#, result(false, "ok", &[])),
        (BlockKind::ToolResult, r#"{"is_error":true}"#, result(true, "", &[])),
        (
            BlockKind::ToolResult,
            &in_result,
            result(false, "a\nb", &["image/png 12.3 kB", "new 20 B"]),
        ),
        (
            BlockKind::ServerToolResult,
            r#"{"content":[{"type":"web_search_result","title":"T","url":"http://u"}]}"#,
            result(false, "T\nhttp://u", &[]),
        ),
        (
            BlockKind::ServerToolResult,
            r#"{"content":{"type":"web_search_tool_result_error","error_code":"max_uses_exceeded"}}"#,
            result(true, "max_uses_exceeded", &[]),
        ),
        (
            BlockKind::ToolDefinition,
            r#"{"name":"Bash","description":"Runs","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}}"#,
            Content::ToolDefinition {
                name: "Bash".to_owned(),
                description: "Runs".to_owned(),
                rest: [("input_schema".to_owned(), json!({"type": "object"}))]
                    .into_iter()
                    .collect(),
            },
        ),
        (BlockKind::Parameter, "64000", Content::Parameter(json!(64000))),
        (BlockKind::Image, &image, Content::Image { media_type: png, bytes: 12_300 }),
        (
            BlockKind::Image,
            r#"{"source":{"type":"url","url":"http://u"}}"#,
            Content::Image { media_type: None, bytes: 0 },
        ),
        (
            BlockKind::Document,
            r#"{"title":"T","source":{"type":"text","media_type":"text/plain","data":"abc"}}"#,
            Content::Document {
                title: Some("T".to_owned()),
                media_type: Some("text/plain".to_owned()),
                bytes: 3,
            },
        ),
        (
            BlockKind::Error,
            r#"{"type":"overloaded_error","message":"Overloaded"}"#,
            text("overloaded_error: Overloaded"),
        ),
        (
            BlockKind::Unknown,
            r#"{"type":"new"}"#,
            Content::Other { wire_type: "new".to_owned(), json: json!({"type": "new"}) },
        ),
        (
            BlockKind::Thinking,
            r#"{"type":"odd"}"#,
            Content::Other { wire_type: "odd".to_owned(), json: json!({"type": "odd"}) },
        ),
        (BlockKind::Raw, r#"{"a":1}"#, Content::Raw(r#"{"a":1}"#.to_owned())),
        (BlockKind::Text, "{\"text\":", Content::Raw("{\"text\":".to_owned())),
    ];
    for (kind, json, expected) in table {
        assert_eq!(read(kind, json.as_bytes()), expected, "{kind:?} {json}");
    }
    assert_eq!(read(BlockKind::Raw, b"\xff"), Content::Raw("\u{fffd}".to_owned()));
}

fn of_stream(events: &[String]) -> Vec<Content> {
    let stream = events.concat();
    let mut reader = ResponseReader::new(
        Provider::Anthropic,
        "POST",
        "/v1/messages",
        200,
        Some("text/event-stream"),
    );
    reader.push(stream.as_bytes(), 1);
    reader.finish();
    let bytes = |block: &ccdump_record::Block| {
        &stream.as_bytes()[block.range.start as usize..block.range.end as usize]
    };
    reader.facts().blocks.iter().map(|block| read(block.kind, bytes(block))).collect()
}

#[test]
fn blocks_of_a_stream_are_put_together() {
    let tool = |input| Content::ToolUse { name: "Bash".to_owned(), input };
    let said = [Content::Thinking("Let me see.".to_owned()), text("Hällo \"world\" 😀\n")];
    let stream = streams::anthropic();
    assert_eq!(of_stream(&stream), [&said[..], &[tool(json!({"command": "ls"}))]].concat());
    // Half an input is shown as it is.
    assert_eq!(of_stream(&stream[..13]), [&said[..], &[tool(json!("{\"command\":"))]].concat());
    assert_eq!(of_stream(&[streams::anthropic_error()]), [text("overloaded_error: Overloaded")]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_have_content(bytes in prop::collection::vec(any::<u8>(), 0..100), json in r#"\{("(type|text|content|source|data|error)":("a"|7|null|\[\]|\{\}|\["a",\{\}\]),?){0,3}"a":1\}"#) {
        let kinds = [
            BlockKind::Unknown, BlockKind::Text, BlockKind::Thinking, BlockKind::RedactedThinking, BlockKind::ToolUse, BlockKind::ToolResult,
            BlockKind::System, BlockKind::ToolDefinition, BlockKind::Parameter, BlockKind::Image, BlockKind::Document,
            BlockKind::ServerToolUse, BlockKind::ServerToolResult, BlockKind::Error, BlockKind::Raw,
        ];
        for kind in kinds {
            if serde_json::from_slice::<serde_json::Value>(&bytes).is_err() {
                prop_assert_eq!(read(kind, &bytes), Content::Raw(String::from_utf8_lossy(&bytes).into_owned()));
            }
            let is_raw = matches!(read(kind, json.as_bytes()), Content::Raw(_));
            prop_assert_eq!(is_raw, kind == BlockKind::Raw || serde_json::from_str::<serde_json::Value>(&json).is_err());
        }
    }
}
