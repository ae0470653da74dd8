//! Parameters of a request: model, max_tokens, thinking.

use ccdump_client::text::units;
use ccdump_provider::content::Content;
use serde_json::Value;

use super::{
    Span, content, json,
    page::{Fold, Page},
    tools::gone,
};
use ccdump_model::{
    blocks::{Change, Parameter},
    theme::Role,
};

/// Parameters that may have room on one line.
const NAMED: usize = 40;

pub(super) fn parameters(
    parameters: &[Parameter],
    removed: &[String],
    full: bool,
    page: &mut Page,
) {
    page.mark(Role::Parameter, "=");
    let lead = vec![Span::new(Role::Parameter, &units::plural(parameters.len(), "parameter"))];
    if full {
        page.head(lead, vec![], vec![], Fold::Open);
        parameters.iter().for_each(|parameter| whole(parameter, page));
    } else {
        let words: Vec<String> = parameters.iter().take(NAMED).map(in_words).collect();
        let gist =
            if words.is_empty() { String::new() } else { format!(": {}", words.join(" · ")) };
        page.head(lead, vec![Span::new(Role::Dim, &gist)], vec![], Fold::Closed);
    }
    gone(removed, page);
}

fn whole(parameter: &Parameter, page: &mut Page) {
    if parameter.change == Change::Changed {
        page.indent(Span::new(Role::Changed, "≠ "), Span::new(Role::Text, "  "));
    }
    match parameter.value.as_deref() {
        Some(Content::Parameter(value)) => json::fields(page, &[(&parameter.name, value)]),
        Some(other) => {
            json::fields(page, &[(&parameter.name, &Value::String(content::gist(other)))])
        }
        None => {
            let size = format!("{}: {}, not loaded", parameter.name, units::bytes(parameter.bytes));
            page.words(vec![Span::new(Role::Dim, &size)], 2);
        }
    }
    if parameter.change == Change::Changed {
        page.outdent();
    }
}

/// `model claude-opus-4-8`; of what is large, its size.
fn in_words(parameter: &Parameter) -> String {
    let value = match parameter.value.as_deref() {
        Some(Content::Parameter(Value::String(text))) if text.len() <= 60 => text.clone(),
        Some(Content::Parameter(value)) if parameter.bytes <= 60 => value.to_string(),
        _ => units::bytes(parameter.bytes),
    };
    let mark = if parameter.change == Change::Changed { "≠ " } else { "" };
    format!("{mark}{} {value}", parameter.name)
}
