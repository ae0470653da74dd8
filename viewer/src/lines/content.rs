//! Contents of any kind: what is not expected in a place is shown all the same.

use std::borrow::Cow;

use ccdump_client::{
    brief::{Limit, brief},
    text::units,
};
use ccdump_provider::content::Content;
use serde_json::Value;

use super::{
    Span, json,
    page::{Fold, Page},
    plain::{self, Flow},
    schema,
};
use ccdump_model::theme::Role;

/// Longer bodies are not parsed to be shown as JSON.
const LONGEST_JSON: usize = 4 << 20;

/// The text of a content that is one, else what it is in a few words.
pub(super) fn words(content: &Content) -> Cow<'_, str> {
    match content {
        Content::Text(text) | Content::Thinking(text) | Content::Raw(text) => Cow::Borrowed(text),
        other => Cow::Owned(gist(other)),
    }
}

/// On one line.
pub(super) fn gist(content: &Content) -> String {
    brief(content, Limit { lines: 1, chars: 400 })
}

/// What an item shows of its text itself, where what follows is shown by itself.
pub(super) fn own(text: &str, own: Option<usize>) -> &str {
    own.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// All of a content.
pub(super) fn full(page: &mut Page, role: Role, content: &Content) {
    most(page, role, content, None);
}

/// As much of a content as is its item's `own`.
pub(super) fn most(page: &mut Page, role: Role, content: &Content, end: Option<usize>) {
    match content {
        Content::Text(text) | Content::Thinking(text) => {
            plain::text(page, role, own(text, end), Flow::Words)
        }
        Content::Raw(text) => raw_text(page, role, text),
        Content::ToolUse { input: value, .. }
        | Content::Parameter(value)
        | Content::Other { json: value, .. } => {
            json::value(page, value);
        }
        Content::ToolDefinition { description, rest, .. } => {
            plain::text(page, role, description, Flow::Words);
            if !rest.is_empty() && !description.trim().is_empty() {
                page.blank();
            }
            schema::definition(page, rest);
        }
        Content::ToolResult { text, other, .. } => {
            plain::output(page, role, own(text, end));
            for other in other {
                page.words(vec![Span::new(Role::Dim, &format!("[{other}]"))], 2);
            }
        }
        Content::RedactedThinking { .. } | Content::Image { .. } | Content::Document { .. } => {
            page.words(vec![Span::new(Role::Dim, &gist(content))], 2);
        }
    }
}

/// A block of a type that this version does not know.
pub(super) fn unknown(wire_type: &str, content: &Content, is_full: bool, page: &mut Page) {
    page.mark(Role::Unknown, "?");
    let name = if wire_type.is_empty() { "block of no type" } else { wire_type };
    let lead = vec![Span::new(Role::Unknown, name)];
    if is_full {
        page.head(lead, vec![], vec![], Fold::Open);
        full(page, Role::Text, content);
    } else {
        let gist = match content {
            Content::Other { json, .. } => json.to_string(),
            other => gist(other),
        };
        page.head(
            lead,
            vec![Span::new(Role::Dim, &format!("  {}", short(&gist)))],
            vec![],
            Fold::Closed,
        );
    }
}

/// A body, or a part of one, that is not understood.
pub(super) fn raw(content: &Content, bytes: u64, is_full: bool, page: &mut Page) {
    page.mark(Role::Unknown, "#");
    let lead = vec![
        Span::new(Role::Unknown, "body"),
        Span::new(Role::Dim, &format!(" · {}", units::bytes(bytes))),
    ];
    if is_full {
        page.head(lead, vec![], vec![], Fold::Open);
        full(page, Role::Text, content);
    } else {
        let words = words(content);
        let gist = format!("  {}", short(words.trim_start()));
        page.head(lead, vec![Span::new(Role::Dim, &gist)], vec![], Fold::Closed);
    }
}

fn raw_text(page: &mut Page, role: Role, text: &str) {
    let looks_like_json = text.len() <= LONGEST_JSON && text.trim_start().starts_with(['{', '[']);
    match looks_like_json.then(|| serde_json::from_str::<Value>(text)) {
        Some(Ok(value)) => json::value(page, &value),
        _ => plain::text(page, role, text, Flow::Columns),
    }
}

/// As much of the first line as may have room on a screen.
pub(super) fn short(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    line.get(..line.floor_char_boundary(1_200)).unwrap_or(line)
}
