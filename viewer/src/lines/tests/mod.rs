//! Lines of every kind of item, in each detail and at three widths: text, and styles as runs.

mod changed;
mod conversation;
mod every;
mod kinds;
mod properties;
mod talk;
mod tools;

use std::{fmt::Write as _, sync::Arc};

use ccdump_provider::content::Content;
use serde_json::Value;

use super::{Detail, Line, Span, lines};
use ccdump_model::blocks::{Category, Item, ItemBody, ItemKey, Part};

const WIDTHS: [u16; 3] = [60, 80, 120];

fn item(body: ItemBody) -> Item {
    Item {
        key: ItemKey::new("test"),
        category: Category::User,
        body,
        wants: Vec::new(),
        was: None,
        parent: None,
        own: None,
    }
}

fn here(content: Content) -> Part {
    Part::Here { bytes: 1_234, content: Arc::new(content) }
}

fn text(text: &str) -> Arc<Content> {
    Arc::new(Content::Text(text.to_owned()))
}

fn result(is_error: bool, text: &str) -> Part {
    here(Content::ToolResult { is_error, text: text.to_owned(), other: vec![] })
}

fn call(name: &str, input: Value, result: Option<Part>) -> ItemBody {
    let call = here(Content::ToolUse { name: name.to_owned(), input });
    ItemBody::ToolUse { name: name.to_owned(), call, on_server: false, result, callee: None }
}

fn plain(line: &Line) -> String {
    line.spans.iter().map(|span| span.text.as_str()).collect()
}

fn styles(line: &Line) -> String {
    let paint = |span: &Span| {
        span.paint
            .map(|paint| format!("{paint:?}").replacen("Style::new()", "", 1))
            .unwrap_or_default()
    };
    let runs: Vec<String> = line
        .spans
        .iter()
        .map(|span| format!("{:?}{}:{}", span.role, paint(span), span.text))
        .collect();
    runs.join("|")
}

/// All that is drawn of `bodies`, for a snapshot: the same at another width is said to be.
fn sheet(bodies: Vec<(&str, ItemBody)>) -> String {
    sheet_of(bodies.into_iter().map(|(name, body)| (name, item(body))).collect())
}

fn sheet_of(items: Vec<(&str, Item)>) -> String {
    let mut sheet = String::new();
    for (name, item) in items {
        for detail in [Detail::Summary, Detail::Full] {
            let mut before: Option<Vec<Line>> = None;
            for width in WIDTHS {
                _ = write!(sheet, "━━ {name} · {detail:?} · {width}");
                let drawn = lines(&item, detail, width);
                if before.as_ref() == Some(&drawn) {
                    sheet.push_str(" · the same\n");
                    continue;
                }
                sheet.push('\n');
                drawn.iter().for_each(|line| _ = writeln!(sheet, "{}", plain(line)));
                sheet.push_str("┄┄ styles\n");
                drawn.iter().for_each(|line| _ = writeln!(sheet, "{}", styles(line)));
                before = Some(drawn);
            }
        }
        sheet.push('\n');
    }
    sheet
}
