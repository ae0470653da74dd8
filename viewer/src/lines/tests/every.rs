//! One snapshot for each kind of item. A kind that is new has to be given one: [`kind`] does not
//! compile without it, and the test says which one is missing.

use std::{collections::BTreeMap, sync::Arc};

use ccdump_provider::content::Content;
use ccdump_record::{Header, Usage};
use serde_json::{Value, json};

use super::{call, here, result, sheet, text};
use ccdump_model::blocks::{
    Change, Headers, ItemBody, Numbers, Parameter, Part, Pending, Speaker, ToolDefinition, Try,
    TurnHead, TurnState, Voice,
};

const KINDS: [&str; 26] = [
    "turn",
    "aside",
    "text",
    "tag",
    "beside",
    "thinking",
    "redacted",
    "call",
    "opening",
    "result",
    "system",
    "tools",
    "parameters",
    "attachment",
    "rewritten",
    "compacted",
    "tries",
    "earlier",
    "headers",
    "usage",
    "error",
    "stop",
    "unknown",
    "raw",
    "absent",
    "notice",
];

fn kind(body: &ItemBody) -> &'static str {
    match body {
        ItemBody::Turn(_) => "turn",
        ItemBody::Aside { .. } => "aside",
        ItemBody::Text { .. } => "text",
        ItemBody::Tag { .. } => "tag",
        ItemBody::Beside { .. } => "beside",
        ItemBody::Thinking { .. } => "thinking",
        ItemBody::RedactedThinking { .. } => "redacted",
        ItemBody::ToolUse { .. } => "call",
        ItemBody::ToolUseOpening { .. } => "opening",
        ItemBody::ToolResult { .. } => "result",
        ItemBody::System { .. } => "system",
        ItemBody::Tools { .. } => "tools",
        ItemBody::Parameters { .. } => "parameters",
        ItemBody::Attachment { .. } => "attachment",
        ItemBody::Rewritten { .. } => "rewritten",
        ItemBody::Compacted { .. } => "compacted",
        ItemBody::Tries(_) => "tries",
        ItemBody::Earlier { .. } => "earlier",
        ItemBody::Headers(_) => "headers",
        ItemBody::Usage { .. } => "usage",
        ItemBody::Error(_) => "error",
        ItemBody::Stop(_) => "stop",
        ItemBody::Unknown { .. } => "unknown",
        ItemBody::Raw { .. } => "raw",
        ItemBody::Absent { .. } => "absent",
        ItemBody::Notice(_) => "notice",
    }
}

#[test]
fn every_kind_of_item_at_every_width_and_detail() {
    let mut sheets: BTreeMap<&str, Vec<(&str, ItemBody)>> = BTreeMap::new();
    for (name, body) in
        said().into_iter().chain(tools()).chain(about_the_request()).chain(remarks())
    {
        sheets.entry(kind(&body)).or_default().push((name, body));
    }
    for kind in KINDS {
        let bodies = sheets.remove(kind).unwrap_or_else(|| panic!("no sample of {kind}"));
        insta::assert_snapshot!(format!("every_{kind}"), sheet(bodies));
    }
    assert!(sheets.is_empty(), "{:?} is not in KINDS", sheets.keys());
}

fn said() -> Vec<(&'static str, ItemBody)> {
    let said = |voice, words: &str, change| ItemBody::Text {
        voice,
        text: text(words),
        change,
        open: false,
    };
    let thoughts = "First this.\n\nThen that, which takes more words than have room on a line of sixty columns.";
    vec![
        ("user", said(Voice::User, "Please *look*\nat `this`.", Change::New)),
        ("user, changed", said(Voice::User, "Please look.", Change::Changed)),
        ("injected", said(Voice::Injected, "<command-name>/clear</command-name>", Change::New)),
        ("assistant", said(Voice::Assistant, "Done: **two** things.\n\n- one\n- two", Change::New)),
        ("system", said(Voice::System, "Be brief.", Change::New)),
        (
            "reminder",
            tag(
                "<system-reminder>",
                "\nMind the *tests*.\n",
                "</system-reminder>",
                Some(Voice::Injected),
            ),
        ),
        ("on one line", tag("<command-name>", "/clear", "</command-name>", Some(Voice::Injected))),
        (
            "of a person",
            tag("<task id=\"7\">", "\nWrite **tests**.\n", "</task>", Some(Voice::User)),
        ),
        ("of a tool", tag("<output>", "\na  b\n", "</output>", None)),
        (
            "beside",
            ItemBody::Beside { text: "\nand *then*\n".into(), voice: Some(Voice::User), depth: 1 },
        ),
        (
            "beside, in a result",
            ItemBody::Beside { text: "exit code 0".into(), voice: None, depth: 2 },
        ),
        (
            "thinking",
            ItemBody::Thinking {
                text: Arc::new(Content::Thinking(thoughts.to_owned())),
                open: false,
            },
        ),
        ("redacted", ItemBody::RedactedThinking { bytes: 1_500 }),
    ]
}

fn tag(opening: &str, inside: &str, closing: &str, voice: Option<Voice>) -> ItemBody {
    let (name, attributes) = opening
        .trim_matches(['<', '>'])
        .split_once(' ')
        .unwrap_or((opening.trim_matches(['<', '>']), ""));
    ItemBody::Tag {
        name: name.to_owned(),
        attributes: attributes.to_owned(),
        text: format!("{opening}{inside}{closing}").into(),
        inside: opening.len()..opening.len() + inside.len(),
        is_long: true,
        voice,
        depth: 1,
    }
}

fn tools() -> Vec<(&'static str, ItemBody)> {
    let found = json!({"total": 2, "hits": [{"id": 1, "title": "One"}, {"id": 2, "title": "Two"}]})
        .to_string();
    let prompt = "Find where dates are parsed.\n\nReport the file and the line.";
    let absent = Part::Absent { bytes: 9_000, pending: Pending::Loading };
    let odd =
        here(Content::Other { wire_type: "tool_result".to_owned(), json: json!({"content": 3}) });
    let mut bodies = vec![
        (
            "glob",
            call(
                "Glob",
                json!({"pattern": "**/*.rs", "path": "src"}),
                Some(result(false, "src/a.rs\nsrc/b.rs")),
            ),
        ),
        (
            "read",
            call(
                "Read",
                json!({"file_path": "/w/a.rs", "offset": 3}),
                Some(result(false, "     3\tfn a() {}\n     4\t")),
            ),
        ),
        (
            "task",
            call(
                "Task",
                json!({"subagent_type": "explorer", "prompt": prompt}),
                Some(result(false, "src/dates.rs:12")),
            ),
        ),
        (
            "mcp",
            call(
                "mcp__forge__find",
                json!({"query": "dates", "limit": 2}),
                Some(result(false, &found)),
            ),
        ),
        ("failed", call("Bash", json!({"command": "false"}), Some(result(true, "exit code 1")))),
        ("odd result", call("Odd", Value::Null, Some(odd))),
    ];
    let partial = r#"{"file_path": "/w/a.rs", "old_string": "one", "new_st"#;
    bodies.push((
        "an edit",
        ItemBody::ToolUseOpening {
            name: "Edit".to_owned(),
            partial: partial.into(),
            on_server: false,
        },
    ));
    let alone = |name: Option<&str>, result, change| ItemBody::ToolResult {
        name: name.map(str::to_owned),
        result,
        change,
    };
    bodies.extend([
        ("named", alone(Some("Grep"), result(false, "a.rs:1: x\nb.rs:2: x"), Change::New)),
        ("changed", alone(None, result(false, "[cleared]"), Change::Changed)),
        ("loading", alone(Some("Read"), absent, Change::New)),
    ]);
    bodies
}

fn about_the_request() -> Vec<(&'static str, ItemBody)> {
    let section =
        |text, change| ItemBody::System { tag: Some(8), number: 2, of: Some(3), text, change };
    let prompt = here(Content::Text("You are an agent.\n\n# Tone\n- Be brief.".to_owned()));
    let tool = |name: &str, content| ToolDefinition {
        name: name.to_owned(),
        bytes: 2_000,
        change: Change::New,
        content,
    };
    let takes = json!({"input_schema": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}});
    let rest = takes.as_object().cloned().unwrap_or_default();
    let about = Content::ToolDefinition {
        name: "Bash".to_owned(),
        description: "Runs commands.".to_owned(),
        rest,
    };
    let value = Some(Arc::new(Content::Parameter(json!({"type": "adaptive"}))));
    let header =
        |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned() };
    let usage =
        Usage { input: Some(40), output: Some(31), cache_read: Some(1_190), ..Usage::default() };
    vec![
        ("new", section(prompt.clone(), Change::New)),
        ("changed", section(prompt, Change::Changed)),
        (
            "loading",
            section(Part::Absent { bytes: 70_000, pending: Pending::Loading }, Change::New),
        ),
        (
            "failed",
            section(
                Part::Absent { bytes: 7, pending: Pending::Failed("gap".to_owned()) },
                Change::New,
            ),
        ),
        (
            "two",
            ItemBody::Tools {
                definitions: vec![tool("Bash", Some(Arc::new(about))), tool("Read", None)],
                removed: vec![],
                bytes: 4_000,
                change: Change::New,
            },
        ),
        (
            "one",
            ItemBody::Parameters {
                parameters: vec![Parameter {
                    name: "thinking".to_owned(),
                    bytes: 20,
                    change: Change::New,
                    value,
                }],
                removed: vec![],
            },
        ),
        (
            "both kinds of fields",
            ItemBody::Headers(Headers {
                of_request: false,
                first_line: "529".to_owned(),
                fields: vec![
                    header("retry-after", "3"),
                    header("request-id", "req_011CSHoEeqs5C35K2UUqR7Fy"),
                ],
                trailers: vec![header("x-end", "1")],
            }),
        ),
        (
            "usage",
            ItemBody::Usage {
                usage,
                numbers: Numbers { duration_us: Some(900_000), ..Numbers::default() },
            },
        ),
    ]
}

fn remarks() -> Vec<(&'static str, ItemBody)> {
    let head = TurnHead {
        id: 7,
        speaker: Speaker::Main,
        model: Some("claude-haiku-4-5".to_owned()),
        time: "09:30:00".to_owned(),
        state: TurnState::Cancelled,
        stop: None,
    };
    let aside = ItemBody::Aside {
        id: 8,
        speaker: Speaker::Main,
        what: "token count".to_owned(),
        usage: None,
        numbers: Numbers::default(),
        state: TurnState::Complete,
        error: None,
    };
    let tried = |id, outcome: &str| Try { id, outcome: outcome.to_owned(), error: None };
    let refused = |id, error: &str| Try { error: Some(error.to_owned()), ..tried(id, "529") };
    let image = Arc::new(Content::Image { media_type: None, bytes: 12 });
    let unknown = Content::Other { wire_type: "hologram".to_owned(), json: json!({"depth": 3}) };
    vec![
        ("cancelled", ItemBody::Turn(head)),
        ("count", aside),
        ("user", ItemBody::Attachment { content: image.clone(), voice: Voice::User }),
        ("injected", ItemBody::Attachment { content: image.clone(), voice: Voice::Injected }),
        ("assistant", ItemBody::Attachment { content: image, voice: Voice::Assistant }),
        ("removed", ItemBody::Rewritten { changed: 3, moved: 2, removed: vec![] }),
        ("blocks", ItemBody::Compacted { blocks: Some(42), bytes: Some(120_000), summary: 9_100 }),
        (
            "a thread anew",
            ItemBody::Compacted { blocks: None, bytes: Some(180_000), summary: 9_100 },
        ),
        (
            "three",
            ItemBody::Tries(vec![tried(12, "529"), tried(13, "no answer"), tried(14, "200")]),
        ),
        (
            "refused",
            ItemBody::Tries(vec![
                refused(12, "Overloaded"),
                refused(13, "Overloaded: try again later"),
                tried(14, "200"),
            ]),
        ),
        ("earlier", ItemBody::Earlier { blocks: 1, bytes: 900 }),
        ("error", ItemBody::Error("failed: the upstream answered 500".to_owned())),
        ("refusal", ItemBody::Stop("refusal".to_owned())),
        (
            "unknown",
            ItemBody::Unknown { wire_type: "hologram".to_owned(), content: Arc::new(unknown) },
        ),
        (
            "cut off",
            ItemBody::Raw {
                content: Arc::new(Content::Raw("{\"model\": \"x".to_owned())),
                bytes: 12,
            },
        ),
        ("loading", ItemBody::Absent { what: "answer", bytes: 12_000, pending: Pending::Loading }),
        ("gap", ItemBody::Notice("recording was incomplete: 12.3 kB missing".to_owned())),
    ]
}
