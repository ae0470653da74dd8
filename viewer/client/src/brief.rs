//! A block's content as a few lines of text, fit for a terminal.

use ccdump_provider::content::Content;
use serde_json::Value;

use crate::text::{clean, clean_line, cut, cut_line, units};

/// How much of a text is shown.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    pub lines: usize,
    pub chars: usize,
}

/// What one argument of a tool call may take.
const ARGUMENT_CHARS: usize = 200;
/// Arguments of a call beyond this many are counted only.
const ARGUMENTS: usize = 12;

/// The start of `content`, and its size where that is not all of it.
pub fn brief(content: &Content, limit: Limit) -> String {
    match content {
        Content::Text(text) | Content::Thinking(text) | Content::Raw(text) => shorten(text, limit),
        Content::RedactedThinking { bytes } => {
            format!("redacted thinking, {}", units::bytes(*bytes))
        }
        Content::ToolUse { name, input } => call(name, input),
        Content::ToolResult { is_error, text, other } => result(*is_error, text, other, limit),
        Content::ToolDefinition { name, description, .. } => {
            format!("{}  {}", clean_line(name), shorten(description, Limit { lines: 1, ..limit }))
        }
        Content::Parameter(value) => json(value, limit.chars),
        Content::Image { media_type, bytes } => {
            attachment("image", media_type.as_deref(), None, *bytes)
        }
        Content::Document { title, media_type, bytes } => {
            attachment("document", media_type.as_deref(), title.as_deref(), *bytes)
        }
        Content::Other { wire_type, json: value } => {
            format!("{}  {}", clean_line(wire_type), json(value, limit.chars))
        }
    }
}

/// The name of a tool and its arguments: `Bash  command: ls -la`.
pub fn call(name: &str, input: &Value) -> String {
    format!("{}  {}", clean_line(name), arguments(input)).trim_end().to_owned()
}

/// The arguments of a tool call, on one line.
pub fn arguments(input: &Value) -> String {
    let Value::Object(fields) = input else {
        return json(input, ARGUMENT_CHARS);
    };
    let mut parts: Vec<String> = fields
        .iter()
        .take(ARGUMENTS)
        .map(|(name, value)| {
            format!(
                "{}: {}",
                cut_line(&clean_line(name), ARGUMENT_CHARS),
                json(value, ARGUMENT_CHARS)
            )
        })
        .collect();
    if fields.len() > ARGUMENTS {
        parts.push(format!("… and {} more", fields.len() - ARGUMENTS));
    }
    parts.join("  ")
}

fn result(is_error: bool, text: &str, other: &[String], limit: Limit) -> String {
    let mut parts = Vec::new();
    if is_error {
        parts.push("✗ error".to_owned());
    }
    let text = shorten(text.trim(), limit);
    if !text.is_empty() {
        parts.push(text);
    }
    parts.extend(other.iter().map(|other| format!("[{}]", clean_line(other))));
    if parts.is_empty() { "(empty)".to_owned() } else { parts.join("  ") }
}

fn attachment(what: &str, media_type: Option<&str>, title: Option<&str>, size: u64) -> String {
    let mut parts = vec![match media_type {
        Some(media_type) => format!("{what} {}", clean_line(media_type)),
        None => what.to_owned(),
    }];
    parts.extend(title.map(clean_line));
    parts.push(units::bytes(size));
    format!("[{}]", parts.join(", "))
}

/// A value on one line; a string without its quotes.
fn json(value: &Value, chars: usize) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    shorten(&text, Limit { lines: usize::MAX, chars }).replace(['\n', '\t'], " ")
}

/// The start of `text`, made harmless, and its size where that is not all of it.
pub fn shorten(text: &str, limit: Limit) -> String {
    let cleaned = clean(text);
    match cut(&cleaned, limit.lines, limit.chars) {
        (whole, false) => whole.to_owned(),
        (start, true) => format!("{}… ({})", start.trim_end(), units::bytes(text.len() as u64)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LIMIT: Limit = Limit { lines: 2, chars: 40 };

    #[test]
    fn contents_become_short_and_readable() {
        for (content, wanted) in [
            (Content::Text("one\ntwo\nthree".to_owned()), "one\ntwo… (13 B)"),
            (
                Content::ToolUse {
                    name: "Bash".to_owned(),
                    input: json!({"command": "ls -la\npwd"}),
                },
                "Bash  command: ls -la pwd",
            ),
            (Content::ToolUse { name: "Stop".to_owned(), input: json!({}) }, "Stop"),
            (
                Content::ToolUse {
                    name: "T".to_owned(),
                    input: json!({"n": 3, "list": [1, {"a": null}]}),
                },
                "T  list: [1,{\"a\":null}]  n: 3",
            ),
            (
                Content::ToolResult {
                    is_error: true,
                    text: "no \u{1b}[31msuch".to_owned(),
                    other: vec!["image/png 3 kB".to_owned()],
                },
                "✗ error  no such  [image/png 3 kB]",
            ),
            (
                Content::ToolResult { is_error: false, text: String::new(), other: vec![] },
                "(empty)",
            ),
            (
                Content::Image { media_type: Some("image/png".to_owned()), bytes: 12_300 },
                "[image image/png, 12.3 kB]",
            ),
            (Content::Parameter(json!("claude")), "claude"),
            (Content::RedactedThinking { bytes: 900 }, "redacted thinking, 900 B"),
        ] {
            assert_eq!(brief(&content, LIMIT), wanted, "{content:?}");
        }
        let long = call("Write", &json!({"content": "x".repeat(3210)}));
        assert!(long.ends_with("x… (3.2 kB)") && long.len() < 240, "{long}");
    }
}
