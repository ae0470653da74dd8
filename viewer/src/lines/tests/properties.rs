//! Whatever stands in a body: no panic, nothing that a terminal would obey, no line wider than the
//! screen.

use std::{collections::HashSet, sync::Arc};

use ccdump_provider::content::{Content, read};
use ccdump_record::{Block, BlockKind, BlockState, Role};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use super::{Detail, item, lines};
use ccdump_model::{
    blocks::{
        Change, Gone, Item, ItemBody, ItemKey, Part, Pending, Speaker, ToolDefinition, Try, Turn,
        TurnHead, TurnState, Voice, items,
        samples::{row, turn},
    },
    record::{
        AgentKey, AgentName, Callee, Fetched, Held, Loaded, Piece, RequestSide, ResponseSide,
        Sections, Standing,
    },
};

/// Characters that make trouble, and pieces of the syntaxes that are read.
const PIECES: [&str; 68] = [
    "\n<env a=\"b\">",
    "</env>",
    "\u{1b}[1;38;5;208m",
    "\u{1b}[48;2;1;2;3m",
    "\u{1b}[0m",
    "//! /* ' \"\"\" <!-- ",
    "\u{1b}[31m",
    "\u{1b}]52;c;eA==\u{7}",
    "\u{9b}2J",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "\u{ad}",
    "\u{0}",
    "\u{7f}",
    "\r",
    "\r\n",
    "\u{2028}",
    "\u{feff}",
    "\u{fe0f}",
    "\u{301}",
    "\u{200d}",
    "👩\u{200d}🚀",
    "👨\u{200d}👩\u{200d}👧",
    "🇩🇪",
    "1\u{fe0f}\u{20e3}",
    "漢字",
    "ｱ",
    "\u{1100}\u{1100}\u{1100}\u{1100}\u{1100}",
    "\u{2e3b}",
    "नमस्ते",
    "\u{600}\u{600}",
    "\t",
    " ",
    "    ",
    "\n",
    "\n\n",
    "# ",
    "- ",
    "1. ",
    "> ",
    "* * *",
    "```",
    "```rust",
    "| a | b |\n|---|:-:|\n| c | ",
    "|",
    "**",
    "_",
    "~~",
    "`",
    "[x](y)",
    "![i](u)",
    "<div>",
    "&#27;[2J",
    "&#x202e;",
    "&lt;",
    "<system-reminder>",
    "</system-reminder>",
    "- [x] ",
    "\\",
    "word",
    "a-long-word-without-end-",
    "0123456789",
    "*** Begin Patch\n+",
    "\n@@ ",
    "{",
    "\"",
    "http://x",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![6 => proptest::sample::select(PIECES.to_vec()).prop_map(str::to_owned), 1 => any::<String>()];
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

/// Names that tools' arguments have, and others.
fn name() -> impl Strategy<Value = String> {
    let known = [
        "command",
        "cmd",
        "description",
        "file_path",
        "path",
        "old_string",
        "new_string",
        "edits",
        "content",
        "todos",
        "plan",
        "status",
        "step",
        "prompt",
        "subagent_type",
        "pattern",
        "offset",
        "limit",
        "input",
        "type",
        "text",
        "thinking",
        "name",
        "is_error",
        "source",
        "data",
        "media_type",
        "title",
    ];
    prop_oneof![4 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => text()]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        4 => text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let object = proptest::collection::vec((name(), inner.clone()), 0..6);
        prop_oneof![
            proptest::collection::vec(inner, 0..6).prop_map(Value::from),
            object.prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn kind() -> impl Strategy<Value = BlockKind> {
    proptest::sample::select(&BlockKind::ALL[..])
}

/// A content as it would be read from the wire.
fn content() -> impl Strategy<Value = Content> {
    (kind(), value()).prop_map(|(kind, value)| read(kind, value.to_string().as_bytes()))
}

/// The content in every place that takes one.
fn bodies(content: Content, words: &str) -> Vec<ItemBody> {
    let content = Arc::new(content);
    let here = || Part::Here { content: content.clone(), bytes: 77 };
    let input = |input: Value| Part::Here {
        bytes: 7,
        content: Arc::new(Content::ToolUse { name: words.to_owned(), input }),
    };
    let said = |voice, open| ItemBody::Text {
        voice,
        text: content.clone(),
        change: Change::Changed,
        open,
    };
    let arguments = match content.as_ref() {
        Content::Parameter(value)
        | Content::Other { json: value, .. }
        | Content::ToolUse { input: value, .. } => value.clone(),
        _ => json!({"command": words, "todos": [{"content": words, "status": "in_progress"}]}),
    };
    let callee = Callee {
        agent: AgentKey { session: None, agent: None, provider: words.to_owned() },
        name: AgentName::plain(words),
        pointer: words.to_owned(),
        is_probable: true,
        standing: Standing::Broken,
        turns: usize::MAX,
        output: i64::MAX,
    };
    let definition = ToolDefinition {
        name: words.to_owned(),
        bytes: 5,
        change: Change::New,
        content: Some(content.clone()),
    };
    vec![
        said(Voice::User, false),
        said(Voice::Injected, true),
        said(Voice::Assistant, true),
        said(Voice::System, false),
        ItemBody::Text {
            voice: Voice::Assistant,
            text: Arc::new(Content::Text(words.to_owned())),
            change: Change::New,
            open: false,
        },
        ItemBody::Text {
            voice: Voice::User,
            text: Arc::new(Content::Text(words.to_owned())),
            change: Change::New,
            open: false,
        },
        ItemBody::Tag {
            name: words.to_owned(),
            attributes: words.to_owned(),
            text: words.into(),
            inside: 0..words.len(),
            is_long: true,
            voice: Some(Voice::Injected),
            depth: words.len() % 5,
        },
        ItemBody::Beside { text: words.into(), voice: None, depth: words.len() % 5 },
        ItemBody::Thinking { text: content.clone(), open: false },
        ItemBody::ToolUse {
            name: words.to_owned(),
            call: here(),
            on_server: true,
            result: Some(here()),
            callee: Some(callee),
        },
        ItemBody::ToolUse {
            name: "Tool".to_owned(),
            call: input(arguments),
            on_server: false,
            result: Some(here()),
            callee: None,
        },
        ItemBody::ToolUse {
            name: "Edit".to_owned(),
            call: input(
                json!({"path": words, "old_str": words, "new_str": format!("{words}x\n{words}")}),
            ),
            on_server: false,
            result: Some(Part::Absent {
                bytes: u64::MAX,
                pending: Pending::Failed(words.to_owned()),
            }),
            callee: None,
        },
        ItemBody::ToolUseOpening {
            name: words.to_owned(),
            partial: format!("{{\"command\": \"{words}").into(),
            on_server: false,
        },
        ItemBody::ToolResult {
            name: Some(words.to_owned()),
            result: here(),
            change: Change::Changed,
        },
        ItemBody::System {
            tag: Some(usize::MAX),
            number: usize::MAX,
            of: Some(0),
            text: here(),
            change: Change::New,
        },
        ItemBody::Tools {
            definitions: vec![definition],
            removed: vec![words.to_owned()],
            bytes: u64::MAX,
            change: Change::Changed,
        },
        ItemBody::Compacted { blocks: Some(usize::MAX), bytes: Some(u64::MAX), summary: u64::MAX },
        ItemBody::Tries(vec![Try {
            id: u64::MAX,
            outcome: words.to_owned(),
            error: Some(words.to_owned()),
        }]),
        ItemBody::Rewritten {
            moved: 1,
            changed: usize::MAX,
            removed: vec![Gone { what: "block", bytes: 1, content: Some(content.clone()) }],
        },
        ItemBody::Attachment { content: content.clone(), voice: Voice::User },
        ItemBody::Unknown { wire_type: words.to_owned(), content: content.clone() },
        ItemBody::Raw { content: content.clone(), bytes: 9 },
        ItemBody::Raw { content: Arc::new(Content::Raw(words.to_owned())), bytes: 9 },
        ItemBody::Error(words.to_owned()),
        ItemBody::Stop(words.to_owned()),
        ItemBody::Notice(words.to_owned()),
        ItemBody::Turn(TurnHead {
            id: u64::MAX,
            speaker: Speaker::Agent(AgentName::plain(words)),
            model: Some(words.to_owned()),
            time: "–".to_owned(),
            state: TurnState::Failed,
            stop: Some(words.to_owned()),
        }),
    ]
}

/// What is wrong with an item's lines, if anything is.
fn trouble(item: &Item, width: u16) -> Option<String> {
    for detail in [Detail::Summary, Detail::Full] {
        for line in lines(item, detail, width) {
            let columns: usize = line
                .spans
                .iter()
                .flat_map(|span| span.text.graphemes(true))
                .map(|cluster| cluster.width())
                .sum();
            if columns > usize::from(width) {
                return Some(format!("{columns} columns on {width}: {line:?} of {item:?}"));
            }
            for span in &line.spans {
                let bad = |c: &char| {
                    c.is_control()
                        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
                };
                if let Some(c) = span.text.chars().find(bad) {
                    return Some(format!("{c:?} in {line:?} of {item:?}"));
                }
            }
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_content_in_any_place_is_harmless_and_fits(content in content(), words in text(), width in 1_u16..=300) {
        for body in bodies(content, &words) {
            let was = Some(Arc::new(Content::Text(words.clone())));
            let trouble = trouble(&Item { was, ..item(body) }, width);
            prop_assert!(trouble.is_none(), "{}", trouble.unwrap_or_default());
        }
    }
}

/// A block of any kind with any content; few places and ids, so that they meet.
fn piece() -> impl Strategy<Value = Piece> {
    let place = proptest::sample::select(vec![
        "",
        "/model",
        "/system/1",
        "/tools/0",
        "/messages/0/content/0",
        "/content/0",
        "/content/1",
    ]);
    let role = proptest::sample::select(vec![
        None,
        Some(Role::User),
        Some(Role::Assistant),
        Some(Role::System),
    ]);
    let state =
        proptest::sample::select(vec![BlockState::New, BlockState::Changed, BlockState::Same]);
    let held = prop_oneof![
        6 => (kind(), value()).prop_map(|(kind, value)| Held::Here(Arc::new(read(kind, value.to_string().as_bytes())))),
        1 => Just(Held::NotAsked),
        1 => text().prop_map(|partial| Held::Opening(partial.into())),
        1 => text().prop_map(Held::Failed),
    ];
    let id = proptest::option::of(proptest::sample::select(vec!["a", "b"]));
    (place, kind(), role, state, id, proptest::option::of(text()), held).prop_map(
        |(pointer, kind, role, state, id, name, content)| {
            let block = Block {
                pointer: pointer.to_owned(),
                kind,
                role,
                state,
                tool_use_id: id.map(str::to_owned),
                name,
                range: 0..50,
                ..Block::default()
            };
            Piece { block, content }
        },
    )
}

fn loaded() -> impl Strategy<Value = Loaded> {
    let pieces = || proptest::collection::vec(piece(), 0..8);
    (pieces(), pieces(), pieces(), any::<bool>(), proptest::option::of(text())).prop_map(
        |(request, removed, response, open, words)| {
            let removed = removed.into_iter().map(|piece| piece.block).collect();
            Loaded {
                request: Fetched::Here(RequestSide {
                    pieces: request,
                    removed,
                    ..RequestSide::default()
                }),
                response: Fetched::Here(ResponseSide {
                    pieces: response,
                    open,
                    error: words.clone(),
                    broken: words,
                }),
                ..Loaded::default()
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_exchange_has_items_of_which_the_same_holds(now in loaded(), before in loaded(), after in loaded(), width in 1_u16..=300) {
        let row = row();
        let mut sections = Sections::default();
        sections.arrived(None, Err("too old".to_owned()));
        sections.see(None, 0);
        let whole = Turn { earlier: &[&after], tries: &[&row], last: Some(&row), sections: Some(&sections), ..turn(&row, &now, Some(&before), Some(&after)) };
        let items = items(whole);
        let keys: HashSet<&ItemKey> = items.iter().map(|item| &item.key).collect();
        prop_assert_eq!(keys.len(), items.len());
        for item in &items {
            let trouble = trouble(item, width);
            prop_assert!(trouble.is_none(), "{}", trouble.unwrap_or_default());
        }
    }
}

#[test]
fn what_is_nested_deep_is_shown() {
    let deep = format!("{}1{}", r#"{"a":["#.repeat(60), "]}".repeat(60));
    let content = read(BlockKind::Parameter, deep.as_bytes());
    let quotes = "> ".repeat(2_000) + "x";
    let lists: String = (0..200).map(|depth| format!("{}- item\n", "  ".repeat(depth))).collect();
    for words in [
        quotes,
        lists,
        "*".repeat(20_000),
        "[".repeat(20_000),
        "|".repeat(5_000) + "\n" + &"|-".repeat(2_500),
    ] {
        for body in bodies(content.clone(), &words) {
            assert_eq!(trouble(&item(body), 60), None);
        }
    }
}
