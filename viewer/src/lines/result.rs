//! What came of a tool call.

use ccdump_client::text::units;
use ccdump_provider::content::Content;

use super::{
    Span,
    changed::Changed,
    code::Language,
    content,
    page::{Fold, Page},
    plain, remark,
};
use ccdump_model::line::{width, width_of};
use ccdump_model::{blocks::Part, theme::Role};

/// A result whose call stands elsewhere. `own`: the bytes of its text that are shown, where what
/// follows them is shown by itself.
pub(super) fn alone(
    name: Option<&str>,
    (result, own): (&Part, Option<usize>),
    changed: Changed<'_>,
    full: bool,
    page: &mut Page,
) {
    page.mark(role(result), "⎿");
    let mut lead: Vec<Span> = name
        .map(|name| Span::new(Role::ToolCall, &format!("{}  ", content::short(name))))
        .into_iter()
        .collect();
    let now = match result {
        Part::Here { content, .. } => Some(content.as_ref()),
        Part::Absent { .. } => None,
    };
    let tail: Vec<Span> = changed.word(now).filter(|_| changed.is_told()).into_iter().collect();
    if full && matches!(result, Part::Here { .. }) {
        lead.extend(size(result));
        page.head(lead, vec![], tail, Fold::Open);
        if now.is_some_and(|now| changed.diff(now, page)) {
            return;
        }
        return whole((result, own), None, page);
    }
    summary(lead, tail, result, Fold::Closed, page);
}

/// What stands below its call.
pub(super) fn below(
    (result, own): (&Part, Option<usize>),
    language: Option<Language>,
    full: bool,
    page: &mut Page,
) {
    page.indent(Span::new(role(result), "⎿ "), Span::new(Role::Text, "  "));
    if full && matches!(result, Part::Here { .. }) {
        whole((result, own), language, page);
    } else {
        summary(Vec::new(), Vec::new(), result, Fold::None, page);
    }
    page.outdent();
}

/// Without the blanks that line up columns: in a summary there is one line only.
fn squeezed(line: &str) -> String {
    content::short(line).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Its first line, and how much there is of it.
fn summary(lead: Vec<Span>, change: Vec<Span>, result: &Part, fold: Fold, page: &mut Page) {
    let (text, is_error) = match result {
        Part::Absent { bytes, pending } => {
            return page.head(lead, remark::awaited(*bytes, pending), change, fold);
        }
        Part::Here { content, .. } => (first_line(content), is_error(content)),
    };
    let role = if is_error { Role::Error } else { Role::ToolResult };
    let text = if is_error { format!("✗ {text}") } else { text };
    let mut tail = Vec::new();
    // Of a result that is all there on the line, there is nothing to count.
    let taken = width_of(&lead) + width(&text);
    if lines(result) > 1 || taken > page.room().saturating_sub(2) {
        let size: String = size(result).into_iter().map(|span| span.text).collect();
        tail.push(Span::new(Role::Dim, &format!(" · {size}")));
    }
    tail.extend(change);
    page.head(lead, vec![Span::new(role, &text)], tail, fold);
}

/// `language`: of the file that was read.
fn whole((result, own): (&Part, Option<usize>), language: Option<Language>, page: &mut Page) {
    let Part::Here { content, .. } = result else { return };
    let is_error = is_error(content);
    if is_error {
        page.words(vec![Span::new(Role::Error, "✗ error")], 2);
    }
    let role = if is_error { Role::Error } else { Role::ToolResult };
    match content.as_ref() {
        Content::ToolResult { text, other, .. } if text.trim().is_empty() && other.is_empty() => {
            page.words(vec![Span::new(Role::Dim, "(empty)")], 2);
        }
        Content::Text(text) => plain::output(page, role, text),
        Content::ToolResult { text, other, .. }
            if !is_error && other.is_empty() && !text.contains('\u{1b}') =>
        {
            let text = content::own(text, own);
            match language.or_else(|| Language::of_text(text)) {
                Some(spoken) => plain::code(page, role, spoken, text, language.is_some()),
                None => plain::output(page, role, text),
            }
        }
        content => content::most(page, role, content, own),
    }
}

fn first_line(content: &Content) -> String {
    match content {
        Content::ToolResult { text, other, .. } => {
            let first = text.lines().map(squeezed).find(|line| !line.is_empty());
            match (first, other.first()) {
                (Some(line), _) => content::short(&line).to_owned(),
                (None, Some(other)) => format!("[{other}]"),
                (None, None) => "(empty)".to_owned(),
            }
        }
        other => content::gist(other),
    }
}

fn role(result: &Part) -> Role {
    match result {
        Part::Here { content, .. } if is_error(content) => Role::Error,
        _ => Role::ToolResult,
    }
}

fn is_error(content: &Content) -> bool {
    matches!(content, Content::ToolResult { is_error: true, .. })
}

fn lines(result: &Part) -> usize {
    match result {
        Part::Here { content, .. } => match content.as_ref() {
            Content::ToolResult { text, other, .. } => {
                text.trim().lines().count().saturating_add(other.len())
            }
            _ => 1,
        },
        Part::Absent { .. } => 1,
    }
}

/// `14 lines · 1.2 kB`
fn size(result: &Part) -> Vec<Span> {
    let size = match result {
        Part::Here { content, .. } => match content.as_ref() {
            Content::ToolResult { text, .. } if !text.is_empty() => text.len() as u64,
            _ => result.bytes(),
        },
        Part::Absent { bytes, .. } => *bytes,
    };
    vec![Span::new(
        Role::Dim,
        &format!("{} · {}", units::plural(lines(result), "line"), units::bytes(size)),
    )]
}
