//! Second stage: an item → lines of a given width. Knows roles, no colours. All text is made
//! harmless here.

pub(crate) mod agent;
mod ansi;
mod call;
mod changed;
mod code;
mod content;
pub(crate) mod difference;
mod edit;
mod headers;
mod json;
mod markdown;
mod page;
mod parameters;
mod partial;
mod plain;
mod prose;
mod remark;
mod result;
mod schema;
mod system;
mod table;
mod tag;
#[cfg(test)]
mod tests;
mod text;
mod todo;
mod tool;
mod tools;
mod turn;
mod usage;
pub(crate) mod wrap;

use ccdump_model::{
    blocks::{Item, ItemBody},
    line::{Detail, Line, Span},
};

use self::{changed::Changed, page::Page};

/// The lines of an item, none of them wider than `width` columns (as `unicode-width` counts
/// clusters).
///
/// The first two columns hold a mark of the item's kind; `▸` at the end of the first line says that
/// the item's summary leaves something out, `▾` that it is shown in full though it could be shorter
/// (but for texts, which are as a rule). The head of a turn and a text in full begin with an empty
/// line. `Hidden` has no lines.
pub(crate) fn lines(item: &Item, detail: Detail, width: u16) -> Vec<Line> {
    let full = match detail {
        Detail::Hidden => return Vec::new(),
        Detail::Summary => false,
        Detail::Full => true,
    };
    let mut page = Page::new(width);
    draw(item, full, &mut page);
    page.finish()
}

fn draw(item: &Item, full: bool, page: &mut Page) {
    let was = item.was.as_deref();
    match &item.body {
        ItemBody::Turn(head) => turn::head(head, page),
        ItemBody::Aside { id, speaker, what, usage, numbers, state, error } => {
            turn::aside(
                &turn::Aside {
                    id: *id,
                    speaker,
                    what,
                    usage: usage.as_ref(),
                    numbers,
                    state: *state,
                },
                error.as_deref(),
                full,
                page,
            );
        }
        ItemBody::Text { voice, text, change, open } => text::text(
            *voice,
            (text, item.own),
            Changed { change: *change, was },
            *open,
            full,
            page,
        ),
        ItemBody::Tag { name, attributes, text, inside, voice, depth, .. } => {
            let end = item.own.unwrap_or(inside.end);
            let part = |to| text.get(inside.start..to).unwrap_or_default();
            let (own, inside) = (part(end), part(inside.end));
            tag::tag(
                &tag::Tag {
                    name,
                    attributes,
                    whole: text,
                    own,
                    inside,
                    voice: *voice,
                    depth: *depth,
                },
                full,
                page,
            );
        }
        ItemBody::Beside { text, voice, depth } => tag::beside(text, *voice, *depth, page),
        ItemBody::Thinking { text, open } => text::thinking(text, *open, full, page),
        ItemBody::RedactedThinking { bytes } => remark::redacted(*bytes, page),
        ItemBody::ToolUse { name, call, on_server, result, callee } => {
            let result = result.as_ref().map(|result| (result, item.own));
            tool::call(name, call, *on_server, (callee.as_ref(), result), full, page);
        }
        ItemBody::ToolUseOpening { name, partial, on_server } => {
            tool::opening(name, partial, *on_server, full, page)
        }
        ItemBody::ToolResult { name, result, change } => {
            result::alone(
                name.as_deref(),
                (result, item.own),
                Changed { change: *change, was },
                full,
                page,
            );
        }
        ItemBody::System { tag, number, of, text, change } => {
            system::section(
                *tag,
                (*number, *of),
                (text, item.own),
                Changed { change: *change, was },
                full,
                page,
            );
        }
        ItemBody::Tools { definitions, removed, bytes, change } => {
            tools::tools(definitions, removed, *bytes, *change, full, page)
        }
        ItemBody::Parameters { parameters, removed } => {
            parameters::parameters(parameters, removed, full, page)
        }
        ItemBody::Attachment { content, voice } => remark::attachment(content, *voice, page),
        ItemBody::Rewritten { changed, moved, removed } => {
            remark::rewritten((*changed, *moved), removed, full, page)
        }
        ItemBody::Compacted { blocks, bytes, summary } => {
            remark::compacted(*blocks, *bytes, *summary, page)
        }
        ItemBody::Tries(tries) => remark::tries(tries, full, page),
        ItemBody::Earlier { blocks, bytes } => remark::earlier(*blocks, *bytes, page),
        ItemBody::Headers(of_side) => headers::headers(of_side, full, page),
        ItemBody::Usage { usage, numbers } => usage::usage(usage, numbers, full, page),
        ItemBody::Error(words) => remark::error(words, page),
        ItemBody::Stop(reason) => remark::stop(reason, page),
        ItemBody::Unknown { wire_type, content } => {
            content::unknown(wire_type, content, full, page)
        }
        ItemBody::Raw { content, bytes } => content::raw(content, *bytes, full, page),
        ItemBody::Absent { what, bytes, pending } => remark::absent(what, *bytes, pending, page),
        ItemBody::Notice(words) => remark::notice(words, page),
    }
}
