//! Content that is made of parts: tool results, images, documents.

use serde_json::{Map, Value};

use super::Content;

/// A result's text in one piece, and what else is in it in words.
pub(super) fn tool_result(block: &Value) -> Content {
    let mut texts = Vec::new();
    let mut other = Vec::new();
    let content = block.get("content");
    match content {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) => texts.push(text.clone()),
        Some(Value::Array(parts)) => {
            parts.iter().for_each(|part| add_part(part, &mut texts, &mut other))
        }
        Some(part) => add_part(part, &mut texts, &mut other),
    }
    let says_error = block.get("is_error").and_then(Value::as_bool);
    // The provider's own tools say it by the type of what they give.
    let is_error = says_error
        .unwrap_or_else(|| content.is_some_and(|content| wire_type(content).ends_with("_error")));
    Content::ToolResult { is_error, text: texts.join("\n"), other }
}

fn add_part(part: &Value, texts: &mut Vec<String>, other: &mut Vec<String>) {
    let text = |name: &str| part.get(name).and_then(Value::as_str);
    match wire_type(part) {
        "text" => texts.push(text("text").unwrap_or_default().to_owned()),
        "web_search_result" => texts.push(format!(
            "{}\n{}",
            text("title").unwrap_or_default(),
            text("url").unwrap_or_default()
        )),
        "image" => {
            let (media_type, bytes) = source(part);
            other.push(in_words(media_type.as_deref().unwrap_or("image"), bytes));
        }
        "document" => {
            let (media_type, bytes) = source(part);
            other.push(in_words(media_type.as_deref().unwrap_or("document"), bytes));
        }
        _ if text("error_code").is_some() => {
            texts.push(text("error_code").unwrap_or_default().to_owned())
        }
        _ if text("stdout").is_some() || text("stderr").is_some() => {
            texts.extend(
                [text("stdout"), text("stderr")]
                    .into_iter()
                    .flatten()
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned),
            );
        }
        "tool_reference" => other.push(format!("tool {}", text("tool_name").unwrap_or_default())),
        wire_type => other.push(in_words(
            if wire_type.is_empty() { "JSON" } else { wire_type },
            part.to_string().len() as u64,
        )),
    }
}

/// The fields of an object but for these.
pub(super) fn beside(value: &Value, names: &[&str]) -> Map<String, Value> {
    let fields = value.as_object().into_iter().flatten();
    fields
        .filter(|(name, _)| !names.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

pub(super) fn image(block: &Value) -> Content {
    let (media_type, bytes) = source(block);
    Content::Image { media_type, bytes }
}

pub(super) fn document(block: &Value) -> Content {
    let (media_type, bytes) = source(block);
    let title = block.get("title").and_then(Value::as_str).map(str::to_owned);
    Content::Document { title, media_type, bytes }
}

/// Size of what a base64 text stands for.
pub(super) fn base64_bytes(base64: &str) -> u64 {
    let digits = base64.trim_end_matches('=').len() as u64;
    digits / 4 * 3 + (digits % 4).saturating_sub(1)
}

/// Media type and size of an image's or a document's source. One that is only named (a URL, a file
/// id) has no size.
fn source(block: &Value) -> (Option<String>, u64) {
    let text = |name: &str| block.pointer(&format!("/source/{name}")).and_then(Value::as_str);
    let data = text("data").unwrap_or_default();
    let bytes = if text("type") == Some("text") { data.len() as u64 } else { base64_bytes(data) };
    (text("media_type").map(str::to_owned), bytes)
}

fn wire_type(part: &Value) -> &str {
    part.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// "image/png 12.3 kB"
#[expect(clippy::cast_precision_loss, reason = "for people, to one decimal")]
fn in_words(what: &str, bytes: u64) -> String {
    match bytes {
        0 => what.to_owned(),
        1..1_000 => format!("{what} {bytes} B"),
        1_000..1_000_000 => format!("{what} {:.1} kB", bytes as f64 / 1e3),
        _ => format!("{what} {:.1} MB", bytes as f64 / 1e6),
    }
}
