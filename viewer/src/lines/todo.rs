//! Lists of what is to be done.

use serde_json::Value;

use super::{
    Span,
    page::Page,
    plain::{self, Flow},
};
use ccdump_model::theme::Role;

#[derive(Debug)]
pub(super) struct Todo<'a> {
    text: &'a str,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Pending,
    InProgress,
    Completed,
    Cancelled,
}

/// `None` when `value` is no such list.
pub(super) fn read(value: &Value) -> Option<Vec<Todo<'_>>> {
    value.as_array()?.iter().map(todo).collect()
}

fn todo(value: &Value) -> Option<Todo<'_>> {
    let text = ["content", "step", "description", "text"]
        .iter()
        .find_map(|name| value.get(name)?.as_str())?;
    let state = match value.get("status").and_then(Value::as_str)? {
        "completed" | "done" => State::Completed,
        "in_progress" | "in-progress" => State::InProgress,
        "cancelled" => State::Cancelled,
        _ => State::Pending,
    };
    Some(Todo { text, state })
}

/// `2/5 done: what is under way`
pub(super) fn gist(todos: &[Todo<'_>]) -> String {
    let done = todos.iter().filter(|todo| todo.state == State::Completed).count();
    let current = todos.iter().find(|todo| todo.state == State::InProgress);
    match current {
        Some(todo) => format!("{done}/{} done: {}", todos.len(), super::content::short(todo.text)),
        None => format!("{done}/{} done", todos.len()),
    }
}

pub(super) fn list(todos: &[Todo<'_>], page: &mut Page) {
    for todo in todos {
        let (mark, role) = match todo.state {
            State::Pending => ("☐ ", Role::Text),
            State::InProgress => ("▣ ", Role::Live),
            State::Completed => ("☑ ", Role::Dim),
            State::Cancelled => ("☒ ", Role::Dim),
        };
        page.indent(Span::new(role, mark), Span::new(Role::Text, ""));
        plain::text(page, role, todo.text, Flow::Words);
        page.outdent();
    }
}
