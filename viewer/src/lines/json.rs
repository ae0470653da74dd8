//! JSON as people read it: a line for each field, nested ones indented, strings without quotes.

use ccdump_client::text::clean_line;
use serde_json::{Map, Value};

use super::{
    Span, content,
    page::Page,
    plain::{self, Flow},
};
use ccdump_model::line::width;
use ccdump_model::theme::Role;

/// Lines that are shown of one value.
const MOST_LINES: usize = 20_000;
/// Values nested deeper than this stand on one line.
const DEEPEST: usize = 24;
/// Lists of small values are shown on one line up to this many.
const INLINE: usize = 24;

/// All of a value.
pub(super) fn value(page: &mut Page, value: &Value) {
    let mut printer = Printer { most: page.len().saturating_add(MOST_LINES), page, full: false };
    printer.bare(value, 0);
}

/// Fields of an object, as far as they were not shown otherwise.
pub(super) fn fields(page: &mut Page, fields: &[(&str, &Value)]) {
    let mut printer = Printer { most: page.len().saturating_add(MOST_LINES), page, full: false };
    for (name, value) in fields {
        printer.field(name, value, 0);
    }
}

struct Printer<'p> {
    page: &'p mut Page,
    /// Lines of the page that may be written.
    most: usize,
    full: bool,
}

impl Printer<'_> {
    fn field(&mut self, name: &str, value: &Value, depth: usize) {
        if self.is_full() {
            return;
        }
        let name = Span::new(
            Role::Dim,
            &format!("{}:", if name.is_empty() { "\"\"" } else { content::short(name) }),
        );
        match self.inline(value, depth) {
            Some(text) => self.page.words(vec![name, Span::new(Role::Text, " "), text], 2),
            None => {
                self.page.words(vec![name], 2);
                self.page.indent(Span::new(Role::Text, "  "), Span::new(Role::Text, "  "));
                self.bare(value, depth + 1);
                self.page.outdent();
            }
        }
    }

    /// A value without a name.
    fn bare(&mut self, value: &Value, depth: usize) {
        if self.is_full() {
            return;
        }
        if let Some(text) = self.inline(value, depth) {
            return self.page.words(vec![text], 0);
        }
        match value {
            Value::String(text) => plain::text(self.page, Role::Text, text, Flow::Words),
            Value::Array(items) => self.items(items, depth),
            Value::Object(fields) => self.object(fields, depth),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn items(&mut self, items: &[Value], depth: usize) {
        for item in items {
            if self.is_full() {
                return;
            }
            self.page.indent(Span::new(Role::Frame, "- "), Span::new(Role::Text, "  "));
            self.bare(item, depth + 1);
            self.page.outdent();
        }
    }

    fn object(&mut self, fields: &Map<String, Value>, depth: usize) {
        for (name, value) in fields {
            self.field(name, value, depth);
        }
    }

    /// The value as a text that may stand behind its name.
    fn inline(&self, value: &Value, depth: usize) -> Option<Span> {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                Some(Span::new(Role::Code, &value.to_string()))
            }
            Value::String(text) if text.is_empty() => Some(Span::new(Role::Dim, "\"\"")),
            Value::String(text) => (text.len() < 4_000 && !text.contains(['\n', '\r']))
                .then(|| Span::new(Role::Text, text)),
            Value::Array(items) if items.is_empty() => Some(Span::new(Role::Dim, "[]")),
            Value::Object(fields) if fields.is_empty() => Some(Span::new(Role::Dim, "{}")),
            Value::Array(items) => small(items)
                .filter(|text| width(text) < self.page.room() / 2)
                .map(|text| Span::new(Role::Text, &text)),
            _ if depth >= DEEPEST => {
                Some(Span::new(Role::Text, content::short(&value.to_string())))
            }
            Value::Object(_) => None,
        }
    }

    /// Whether there is no room for more; that is said once.
    fn is_full(&mut self) -> bool {
        if !self.full && self.page.len() >= self.most {
            self.full = true;
            self.page.words(vec![Span::new(Role::Dim, "… and more")], 2);
        }
        self.full
    }
}

/// A list of a few small values: `a, b, c`.
fn small(items: &[Value]) -> Option<String> {
    let word = |item: &Value| match item {
        Value::String(text) if text.len() <= 100 && !text.contains([',', '\n']) => {
            Some(clean_line(text))
        }
        Value::String(_) | Value::Array(_) | Value::Object(_) => None,
        other => Some(other.to_string()),
    };
    let words: Option<Vec<String>> =
        (items.len() <= INLINE).then(|| items.iter().map(word).collect())?;
    words.map(|words| words.join(", "))
}
