//! OpenAI's responses and chat completions.

use ccdump_record::BlockKind;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    json::{self, Text},
    usage,
};

use super::{BlockStart, DeltaKind, Listener, Progress, Signal, error_in};

pub(super) fn read<'a>(event: &str, data: &'a [u8], progress: &mut Progress, on: Listener<'_, 'a>) {
    if data == b"[DONE]" {
        return on(Signal::End);
    }
    match event {
        "message" => read_unnamed(data, progress, on),
        _ => read_response_event(event, data, on),
    }
}

/// An answer that came whole.
pub(super) fn read_whole(answer: &Value, on: Listener<'_, '_>) {
    on(Signal::Message {
        id: json::name_at(answer, "/id"),
        model: json::name_at(answer, "/model"),
    });
    if let Some(usage) = answer.get("usage").filter(|usage| usage.is_object()) {
        on(Signal::Usage(usage::of_openai(usage)));
    }
    if let Some(reason) = json::name_at(answer, "/choices/0/finish_reason")
        .or_else(|| json::name_at(answer, "/status"))
    {
        on(Signal::StopReason(reason));
    }
}

/// The part of a chat completion's chunk that matters. Of an event of a response without a name,
/// its type.
#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, rename = "type")]
    wire_type: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow, default)]
    choices: Vec<Choice<'a>>,
    usage: Option<Value>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    /// Of the older completions.
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    content: Option<Text<'a>>,
    #[serde(borrow)]
    refusal: Option<Text<'a>>,
    /// Not OpenAI's own: other servers of this format have one or the other.
    #[serde(borrow)]
    reasoning_content: Option<Text<'a>>,
    #[serde(borrow)]
    reasoning: Option<Text<'a>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<ToolCall<'a>>>,
}

#[derive(Deserialize)]
struct ToolCall<'a> {
    #[serde(default)]
    index: u64,
    id: Option<String>,
    #[serde(borrow)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
    name: Option<String>,
    #[serde(borrow)]
    arguments: Option<Text<'a>>,
}

fn read_unnamed<'a>(data: &'a [u8], progress: &mut Progress, on: Listener<'_, 'a>) {
    let Ok(chunk) = serde_json::from_slice::<Chunk<'a>>(data) else { return };
    if let Some(Text(wire_type)) = chunk.wire_type {
        return read_response_event(&wire_type, data, on);
    }
    if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
        on(Signal::Error(error_in(&serde_json::json!({ "error": error })).unwrap_or_default()));
    }
    if !std::mem::replace(&mut progress.named, true) {
        let name = |text: Option<Text<'_>>| text.map(|Text(text)| json::name_of(&text));
        on(Signal::Message { id: name(chunk.id), model: name(chunk.model) });
    }
    for choice in chunk.choices {
        read_choice(choice, progress, on);
    }
    if let Some(usage) = chunk.usage.filter(Value::is_object) {
        on(Signal::Usage(usage::of_openai(&usage)));
    }
}

fn read_choice<'a>(choice: Choice<'a>, progress: &mut Progress, on: Listener<'_, 'a>) {
    let Choice { delta, text, finish_reason } = choice;
    if let Some(Text(text)) = text {
        progress.text(text, on);
    }
    if let Some(delta) = delta {
        for Text(text) in [delta.reasoning_content, delta.reasoning].into_iter().flatten() {
            progress.thinking(text, on);
        }
        for Text(text) in [delta.content, delta.refusal].into_iter().flatten() {
            progress.text(text, on);
        }
        for call in delta.tool_calls.unwrap_or_default() {
            let (name, arguments) =
                call.function.map_or((None, None), |function| (function.name, function.arguments));
            let start = BlockStart::call(
                "function",
                name.as_deref().map(json::name_of),
                call.id.as_deref().map(json::name_of),
            );
            if let Some((index, Text(text))) = progress.call(call.index, start, on).zip(arguments) {
                on(Signal::Delta { index, kind: DeltaKind::ToolInput, text });
            }
        }
    }
    if let Some(Text(reason)) = finish_reason {
        on(Signal::StopReason(json::name_of(&reason)));
    }
}

#[derive(Deserialize)]
struct ResponseDelta<'a> {
    #[serde(default)]
    output_index: u64,
    #[serde(borrow)]
    delta: Text<'a>,
}

fn read_response_event<'a>(event: &str, data: &'a [u8], on: Listener<'_, 'a>) {
    if event.ends_with(".delta") {
        if let Ok(ResponseDelta { output_index: index, delta: Text(text) }) =
            serde_json::from_slice(data)
        {
            on(Signal::Delta { index, kind: delta_kind(event), text });
        }
        return;
    }
    let is_last =
        matches!(event, "response.completed" | "response.failed" | "response.incomplete" | "error");
    if !is_last
        && !matches!(
            event,
            "response.created" | "response.output_item.added" | "response.output_item.done"
        )
    {
        return;
    }
    let value: Value = json::parse(data).unwrap_or_default();
    let index = value.get("output_index").and_then(Value::as_u64).unwrap_or(0);
    let response = value.get("response").unwrap_or(&Value::Null);
    match event {
        "response.output_item.added" => on(Signal::BlockStart { index, start: item_start(&value) }),
        "response.output_item.done" => on(Signal::BlockStop { index }),
        "response.created" => on(Signal::Message {
            id: json::name_at(response, "/id"),
            model: json::name_at(response, "/model"),
        }),
        _ => {
            if response.is_object() {
                read_whole(response, on);
            }
            if let Some(error) = error_in(response).or_else(|| error_in(&value)) {
                on(Signal::Error(error));
            }
        }
    }
    if is_last {
        on(Signal::End);
    }
}

fn delta_kind(event: &str) -> DeltaKind {
    match event {
        "response.output_text.delta" | "response.refusal.delta" => DeltaKind::Text,
        "response.reasoning_text.delta" | "response.reasoning_summary_text.delta" => {
            DeltaKind::Thinking
        }
        "response.function_call_arguments.delta"
        | "response.custom_tool_call_input.delta"
        | "response.mcp_call_arguments.delta" => DeltaKind::ToolInput,
        _ => DeltaKind::Other,
    }
}

fn item_start(event: &Value) -> BlockStart {
    let item = |name: &str| json::name_at(event, &format!("/item/{name}"));
    let wire_type = item("type").unwrap_or_default();
    match wire_type.as_str() {
        "message" => BlockStart::bare(BlockKind::Text, &wire_type),
        "reasoning" => BlockStart::bare(BlockKind::Thinking, &wire_type),
        call if call.ends_with("_call") => {
            BlockStart::call(call, item("name").or_else(|| Some(call.to_owned())), item("call_id"))
        }
        _ => BlockStart::bare(BlockKind::Unknown, &wire_type),
    }
}
