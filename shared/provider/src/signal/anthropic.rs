//! Anthropic's messages.

use std::borrow::Cow;

use ccdump_record::BlockKind;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    blocks::kind_of,
    json::{self, Text},
    mend, usage,
};

use super::{BlockStart, DeltaKind, Listener, Signal, error_in};

pub(super) fn read<'a>(event: &str, data: &'a [u8], on: Listener<'_, 'a>) {
    match event {
        // Thousands per second: no tree is built for them.
        "content_block_delta" => {
            if let Some((index, kind, text)) = delta(data).or_else(|| delta_mended(data)) {
                on(Signal::Delta { index, kind, text });
            }
        }
        "ping" => {}
        // Some gateways drop the events' names. Their data says them too.
        "message" => {
            if let Ok(Named { wire_type: Text(name) }) = serde_json::from_slice(data)
                && name != "message"
            {
                read(&name, data, on);
            }
        }
        _ => {
            if let Ok(value) = json::parse(data) {
                read_rare(event, &value, on);
            }
        }
    }
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, rename = "type")]
    wire_type: Text<'a>,
}

fn read_rare(event: &str, value: &Value, on: Listener<'_, '_>) {
    let index = value.get("index").and_then(Value::as_u64);
    match (event, index) {
        ("message_start", _) => {
            if let Some(message) = value.get("message") {
                read_message(message, on);
            }
        }
        ("content_block_start", Some(index)) => {
            let json = value.get("content_block").cloned().unwrap_or_default();
            on(Signal::BlockStart { index, start: block_start(json) });
        }
        ("content_block_stop", Some(index)) => on(Signal::BlockStop { index }),
        ("message_delta", _) => {
            if let Some(reason) = json::name_at(value, "/delta/stop_reason") {
                on(Signal::StopReason(reason));
            }
            if let Some(usage) = value.get("usage").filter(|usage| usage.is_object()) {
                on(Signal::UsageUpdate(usage.clone()));
            }
        }
        ("message_stop", _) => on(Signal::End),
        ("error", _) => {
            on(Signal::Error(error_in(value).unwrap_or_else(|| "error".to_owned())));
            on(Signal::End);
        }
        _ => {}
    }
}

/// A message, whole or as it starts.
pub(super) fn read_message(message: &Value, on: Listener<'_, '_>) {
    on(Signal::Message {
        id: json::name_at(message, "/id"),
        model: json::name_at(message, "/model"),
    });
    if let Some(usage) = message.get("usage").filter(|usage| usage.is_object()) {
        on(Signal::Usage(usage::of_anthropic(usage)));
    }
    if let Some(reason) = json::name_at(message, "/stop_reason") {
        on(Signal::StopReason(reason));
    }
}

fn block_start(json: Value) -> BlockStart {
    let wire_type = json::name_at(&json, "/type").unwrap_or_default();
    let kind = kind_of(&wire_type);
    let id = if matches!(kind, BlockKind::ToolUse | BlockKind::ServerToolUse) {
        "/id"
    } else {
        "/tool_use_id"
    };
    BlockStart {
        kind,
        name: json::name_at(&json, "/name"),
        tool_use_id: json::name_at(&json, id),
        wire_type,
        json,
    }
}

#[derive(Deserialize)]
struct DeltaEvent<'a> {
    index: u64,
    #[serde(borrow)]
    delta: Delta<'a>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
    #[serde(borrow)]
    partial_json: Option<Text<'a>>,
    #[serde(borrow)]
    signature: Option<Text<'a>>,
}

fn delta(data: &[u8]) -> Option<(u64, DeltaKind, Cow<'_, str>)> {
    let DeltaEvent { index, delta } = serde_json::from_slice(data).ok()?;
    let (kind, text) = match delta {
        Delta { text: Some(Text(text)), .. } => (DeltaKind::Text, text),
        Delta { thinking: Some(Text(text)), .. } => (DeltaKind::Thinking, text),
        Delta { partial_json: Some(Text(text)), .. } => (DeltaKind::ToolInput, text),
        Delta { signature: Some(Text(text)), .. } => (DeltaKind::Other, text),
        _ => (DeltaKind::Other, String::from_utf8_lossy(data)),
    };
    Some((index, kind, text))
}

/// A gateway that cuts its text anew may cut an emoji in two.
fn delta_mended(data: &[u8]) -> Option<(u64, DeltaKind, Cow<'static, str>)> {
    delta(&mend::mend(data)).map(|(index, kind, text)| (index, kind, Cow::Owned(text.into_owned())))
}
