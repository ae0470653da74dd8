//! Definitions of tools.

use ccdump_client::text::units;

use super::{
    Span, changed, content,
    page::{Fold, Page},
};
use ccdump_model::{
    blocks::{Change, ToolDefinition},
    theme::Role,
};

/// Names that may have room on one line.
const NAMES: usize = 60;

pub(super) fn tools(
    definitions: &[ToolDefinition],
    removed: &[String],
    bytes: u64,
    change: Change,
    full: bool,
    page: &mut Page,
) {
    page.mark(Role::Parameter, "≡");
    let count = units::plural(definitions.len(), "tool definition");
    let mut lead = vec![
        Span::new(Role::Parameter, &count),
        Span::new(Role::Dim, &format!(" · {}", units::bytes(bytes))),
    ];
    lead.extend(changed::word(change).filter(|_| change == Change::Changed));
    if full {
        page.head(lead, vec![], vec![], Fold::Open);
        definitions.iter().for_each(|definition| whole(definition, page));
    } else {
        let names: Vec<&str> =
            definitions.iter().take(NAMES).map(|definition| definition.name.as_str()).collect();
        let names = format!(": {}", names.join(", "));
        page.head(
            lead,
            vec![Span::new(Role::Dim, if definitions.is_empty() { "" } else { &names })],
            vec![],
            Fold::Closed,
        );
    }
    gone(removed, page);
}

fn whole(definition: &ToolDefinition, page: &mut Page) {
    let mut head = vec![
        Span::new(Role::Strong, content::short(&definition.name)),
        Span::new(Role::Dim, &format!("  {}", units::bytes(definition.bytes))),
    ];
    head.extend(changed::word(definition.change).filter(|_| definition.change == Change::Changed));
    page.words(head, 2);
    page.inset();
    match definition.content.as_deref() {
        Some(other) => content::full(page, Role::Text, other),
        None => page.words(vec![Span::new(Role::Dim, "not loaded")], 2),
    }
    page.outdent();
}

/// What the request before had, and this one has not.
pub(super) fn gone(names: &[String], page: &mut Page) {
    if !names.is_empty() {
        let names: Vec<&str> = names.iter().take(NAMES).map(String::as_str).collect();
        page.words(vec![Span::new(Role::Changed, &format!("gone: {}", names.join(", ")))], 2);
    }
}
