//! A stream's block, put together from its events.

use ccdump_record::BlockKind;
use serde_json::Value;

use crate::{
    provider::Provider,
    signal::{BlockStart, DeltaKind, Signal, Signals},
    sse::{SseEvent, SseParser},
};

use super::{Content, of_value};

/// The first block, or the error, that these events tell of; `None` when they tell of neither. Only
/// Anthropic's streams have blocks.
pub(super) fn read(events: &[u8]) -> Option<Content> {
    let mut block: Option<(u64, BlockStart)> = None;
    let mut text = String::new();
    let mut error = None;
    let mut signals = Signals::new(Provider::Anthropic);
    let mut read = |event: SseEvent<'_>| {
        signals.read(&event, &mut |signal| match signal {
            Signal::BlockStart { index, start } => {
                block.get_or_insert((index, start));
            }
            // Events of other blocks may stand between those of this one.
            Signal::Delta { index, kind, text: piece }
                if kind != DeltaKind::Other
                    && block.as_ref().is_some_and(|(first, _)| *first == index) =>
            {
                text.push_str(&piece);
            }
            Signal::Error(message) => error = Some(message),
            _ => {}
        });
    };
    let mut parser = SseParser::new();
    parser.push(events, &mut read);
    parser.finish(&mut read);
    match block {
        Some((_, start)) => Some(assemble(start, text)),
        None => error.map(Content::Text),
    }
}

/// Lays the pieces over the block as it started.
fn assemble(start: BlockStart, text: String) -> Content {
    let BlockStart { kind, mut json, .. } = start;
    let (name, piece) = match kind {
        BlockKind::Text => ("text", Value::String(joined(&json, "text", text))),
        BlockKind::Thinking => ("thinking", Value::String(joined(&json, "thinking", text))),
        // Input that has not all come is no JSON yet: it is shown as the text that it is.
        _ if !text.is_empty() => {
            ("input", serde_json::from_str(&text).unwrap_or(Value::String(text)))
        }
        _ => return of_value(kind, json),
    };
    if let Some(members) = json.as_object_mut() {
        members.insert(name.to_owned(), piece);
    }
    of_value(kind, json)
}

fn joined(json: &Value, name: &str, text: String) -> String {
    json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned() + &text
}
