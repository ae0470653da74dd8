//! Tool calls, as the tool wants them to be read.

use ccdump_client::{brief, text::units};
use ccdump_provider::content::Content;
use serde_json::Value;

use super::{
    Span, agent,
    call::{self, Call, Shape},
    code::Language,
    content, edit, json,
    page::{Fold, Page},
    partial,
    plain::{self, Flow},
    remark, result, todo,
    wrap::cut_start,
};
use ccdump_model::line::width_of;
use ccdump_model::{blocks::Part, record::Callee, theme::Role};

/// The agent that a call has started, and what came of it.
type Outcome<'a> = (Option<&'a Callee>, Option<(&'a Part, Option<usize>)>);

pub(super) fn call(
    name: &str,
    call: &Part,
    on_server: bool,
    (callee, result): Outcome<'_>,
    full: bool,
    page: &mut Page,
) {
    page.mark(Role::ToolCall, "→");
    let lead = lead(name, on_server);
    match call {
        Part::Absent { bytes, pending } => {
            page.head(lead, remark::awaited(*bytes, pending), vec![], Fold::Closed)
        }
        Part::Here { content, .. } => match content.as_ref() {
            Content::ToolUse { input, .. } => {
                arguments(lead, input, full, if full { Fold::Open } else { Fold::Closed }, page)
            }
            other if full => {
                page.head(lead, vec![], vec![], Fold::Open);
                content::full(page, Role::Text, other);
            }
            other => page.head(
                lead,
                vec![Span::new(Role::Text, &content::gist(other))],
                vec![],
                Fold::Closed,
            ),
        },
    }
    if let Some(callee) = callee {
        agent::below(callee, page);
    }
    if let Some(result) = result {
        result::below(result, language(call), full, page);
    }
}

/// Of what a call reads.
fn language(call: &Part) -> Option<Language> {
    let Part::Here { content, .. } = call else { return None };
    let Content::ToolUse { input, .. } = content.as_ref() else { return None };
    match call::read(input).shape {
        Shape::Read { path, .. } => Language::of_file(path),
        _ => None,
    }
}

/// A call whose arguments are still coming.
pub(super) fn opening(name: &str, so_far: &str, on_server: bool, full: bool, page: &mut Page) {
    page.mark(Role::ToolCall, "→");
    let lead = lead(name, on_server);
    match partial::complete(so_far) {
        Some(input) => arguments(lead, &input, full, Fold::None, page),
        None => {
            page.head(lead, vec![Span::new(Role::Dim, content::short(so_far))], vec![], Fold::None)
        }
    }
    page.cursor();
}

fn lead(name: &str, on_server: bool) -> Vec<Span> {
    let mut lead = vec![Span::new(Role::ToolCall, content::short(name))];
    if on_server {
        lead.push(Span::new(Role::Dim, " (run by the provider)"));
    }
    lead.push(Span::new(Role::Text, "  "));
    lead
}

fn arguments(lead: Vec<Span>, input: &Value, full: bool, fold: Fold, page: &mut Page) {
    let call = call::read(input);
    let room = page.room().saturating_sub(width_of(&lead) + 2);
    if !full {
        return page.head(lead, gist(&call, input, room), vec![], fold);
    }
    // What stands below need not stand in the head.
    let gist = match call.shape {
        Shape::Command { .. } | Shape::Fields => Vec::new(),
        _ => gist(&call, input, room),
    };
    page.head(lead, gist, vec![], fold);
    match &call.shape {
        Shape::Fields if !input.is_object() => json::value(page, input),
        shape => body(shape, page),
    }
    json::fields(page, &call.rest);
}

/// A call in a few words.
fn gist(call: &Call<'_>, input: &Value, room: usize) -> Vec<Span> {
    let text = |text: &str| Span::new(Role::Text, content::short(text));
    let path = |path: &str, room: usize| {
        Span::new(Role::Text, &cut_start(&Span::new(Role::Text, path).text, room))
    };
    match &call.shape {
        Shape::Command { command, .. } => {
            let mut lines = command.lines().map(str::trim_end).filter(|line| !line.is_empty());
            let mut spans =
                vec![Span::new(Role::CodeBlock, content::short(lines.next().unwrap_or_default()))];
            let more = lines.count();
            let words = format!(" … {}", units::plural(more, "more line"));
            spans.extend((more > 0).then(|| Span::new(Role::Dim, &words)));
            spans
        }
        Shape::Edits { path: file, edits } => {
            let counts = edit::counts(edits);
            let numbers = format!("+{} −{}", counts.added, counts.removed);
            let room = room.saturating_sub(numbers.len() + 2);
            let mut spans: Vec<Span> = file.map(|file| path(file, room)).into_iter().collect();
            spans.push(Span::new(Role::Dim, &format!("  {numbers}")));
            spans
        }
        Shape::Patch(patch) => {
            let file = patch
                .lines()
                .find_map(|line| line.strip_prefix("*** ")?.split_once("File: "))
                .map(|(_, file)| file);
            vec![path(file.unwrap_or_default(), room)]
        }
        Shape::Write { path: file, content } => {
            let size = format!("  {}", units::plural(content.lines().count(), "line"));
            vec![path(file, room.saturating_sub(size.len())), Span::new(Role::Dim, &size)]
        }
        Shape::Read { path: file, range: None } => vec![path(file, room)],
        Shape::Read { path: file, range: Some(range) } => {
            let range = format!(":{range}");
            vec![path(file, room.saturating_sub(range.len())), Span::new(Role::Dim, &range)]
        }
        Shape::Search { pattern, path: None } => vec![text(pattern)],
        Shape::Search { pattern, path: Some(place) } => {
            vec![text(pattern), Span::new(Role::Dim, " in "), text(place)]
        }
        Shape::Todos(todos) => vec![text(&todo::gist(todos))],
        Shape::Agent { kind, description, .. } => {
            let words: Vec<&str> = [*kind, *description].into_iter().flatten().collect();
            vec![text(&words.join(": "))]
        }
        Shape::Fields => vec![Span::new(Role::Text, &brief::arguments(input))],
    }
}

fn body(shape: &Shape<'_>, page: &mut Page) {
    match shape {
        Shape::Command { command, description } => {
            page.indent(Span::new(Role::Frame, "$ "), Span::new(Role::Text, ""));
            plain::text(page, Role::CodeBlock, command, Flow::Columns);
            page.outdent();
            if let Some(description) = description {
                plain::text(page, Role::Dim, description, Flow::Words);
            }
        }
        Shape::Edits { edits, .. } => edit::whole(edits, page),
        Shape::Patch(patch) => edit::patch(patch, page),
        Shape::Write { path, content } => match Language::of_file(path) {
            Some(language) => plain::code(page, Role::Text, language, content, false),
            None => plain::text(page, Role::CodeBlock, content, Flow::Columns),
        },
        Shape::Todos(todos) => todo::list(todos, page),
        Shape::Agent { prompt, .. } => plain::text(page, Role::Text, prompt, Flow::Words),
        Shape::Read { .. } | Shape::Search { .. } | Shape::Fields => {}
    }
}
