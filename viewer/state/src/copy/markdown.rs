//! An exchange as Markdown: what its request adds, and what was answered.

use ccdump_client::text::units;
use ccdump_model::blocks::{Category, Item, ItemBody};
use ccdump_provider::content::Content;
use ccdump_record::Exchange;

use super::text;
use crate::MakeLines;

/// Texts as they were written, tool calls and their results as code.
pub(crate) fn markdown(row: &Exchange, items: &[Item], lines: MakeLines) -> String {
    let model = row.model.as_deref().map(|model| format!(", {model}")).unwrap_or_default();
    let time = row.duration_us.map(|us| format!(", {}", units::duration(us))).unwrap_or_default();
    let mut parts = vec![format!("# Exchange #{}{model}{time}", row.id)];
    let mut last = None;
    for item in items {
        let heading = match item.category {
            Category::User => "User",
            Category::Assistant => "Assistant",
            Category::Tools => "Tool",
            Category::System | Category::Budget | Category::Metadata | Category::Headers => {
                continue;
            }
        };
        let Some(part) = part(item, lines) else { continue };
        // Each call is one of its own; several texts of one speaker belong together.
        if last != Some(item.category) || item.category == Category::Tools {
            parts.push(format!("## {heading}"));
        }
        last = Some(item.category);
        parts.push(part);
    }
    parts.join("\n\n") + "\n"
}

fn part(item: &Item, lines: MakeLines) -> Option<String> {
    let of_text = |content: &Content| match content {
        Content::Text(text) | Content::Thinking(text) => Some(text.trim_end().to_owned()),
        _ => None,
    };
    match &item.body {
        ItemBody::Turn(_) => None,
        ItemBody::Text { text, .. } => of_text(text),
        ItemBody::Thinking { text, .. } => Some(
            of_text(text)?.lines().map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n"),
        ),
        _ => {
            let shown = text(item, lines);
            (!shown.is_empty()).then(|| fenced(&shown))
        }
    }
}

/// As code, whatever stands in it.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{text}\n{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_longer_than_those_in_the_text() {
        for (text, fence) in [("a", "```"), ("``` x ```", "````"), ("a `````", "``````")] {
            assert_eq!(fenced(text), format!("{fence}\n{text}\n{fence}"));
        }
    }
}
