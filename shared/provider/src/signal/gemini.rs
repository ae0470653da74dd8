//! Gemini's `generateContent`.

use std::borrow::Cow;

use serde_json::Value;

use crate::{json, usage};

use super::{BlockStart, DeltaKind, Listener, Progress, Signal, error_in};

/// Each event is an answer of its own kind, with the parts that are new.
pub(super) fn read(data: &[u8], progress: &mut Progress, on: Listener<'_, '_>) {
    let Ok(answer) = json::parse::<Value>(data) else { return };
    for part in parts(&answer) {
        if let Some(text) = part.get("text").and_then(Value::as_str) {
            let text = Cow::Owned(text.to_owned());
            match part.get("thought") {
                Some(Value::Bool(true)) => progress.thinking(text, on),
                _ => progress.text(text, on),
            }
        }
        if let Some(call) = part.get("functionCall") {
            let start = BlockStart::call(
                "functionCall",
                json::name_at(call, "/name"),
                json::name_at(call, "/id"),
            );
            let index = progress.begin(start, on);
            let text = call.get("args").map(Value::to_string).unwrap_or_default().into();
            on(Signal::Delta { index, kind: DeltaKind::ToolInput, text });
            on(Signal::BlockStop { index });
        }
    }
    if let Some(error) = error_in(&answer) {
        on(Signal::Error(error));
    }
    read_facts(&answer, on);
}

/// All but the parts and the error.
pub(super) fn read_facts(answer: &Value, on: Listener<'_, '_>) {
    let answer = unwrapped(answer);
    let (id, model) =
        (json::name_at(answer, "/responseId"), json::name_at(answer, "/modelVersion"));
    if id.is_some() || model.is_some() {
        on(Signal::Message { id, model });
    }
    if let Some(usage) = answer.get("usageMetadata").filter(|usage| usage.is_object()) {
        on(Signal::Usage(usage::of_gemini(usage)));
    }
    if let Some(reason) = json::name_at(answer, "/candidates/0/finishReason") {
        on(Signal::StopReason(reason));
    }
}

/// The parts of the first candidate.
pub(crate) fn parts(answer: &Value) -> impl Iterator<Item = &Value> {
    unwrapped(answer)
        .pointer("/candidates/0/content/parts")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// The Code Assist endpoint of Gemini CLI wraps the answer once more.
fn unwrapped(answer: &Value) -> &Value {
    answer.get("response").unwrap_or(answer)
}
