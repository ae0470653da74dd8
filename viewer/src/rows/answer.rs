//! A streamed answer, put together from its events.

use ccdump_provider::{
    provider::Provider,
    stream::{StreamEvent, StreamReader},
};
use ccdump_record::Usage;
use serde_json::{Value, json};

/// Blocks that are put together; an answer of more is shown as its events.
const MOST_BLOCKS: usize = 2_000;

#[derive(Default)]
struct Block {
    index: u64,
    wire_type: String,
    name: Option<String>,
    id: Option<String>,
    text: String,
    is_input: bool,
    is_thinking: bool,
}

/// The answer as JSON, in the words of the API where those are the same in all of them. `None`:
/// these bytes are no stream of events that is understood.
pub(super) fn json(provider: Provider, bytes: &[u8]) -> Option<String> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut usage, mut stop, mut errors) = (None::<Usage>, None::<String>, Vec::new());
    let mut is_understood = true;
    let mut take = |event: StreamEvent| match event {
        StreamEvent::BlockStart { index, wire_type, name, tool_use_id, .. }
            if blocks.len() < MOST_BLOCKS =>
        {
            blocks.push(Block { index, wire_type, name, id: tool_use_id, ..Block::default() });
        }
        StreamEvent::BlockStart { .. } | StreamEvent::Whole(_) | StreamEvent::Raw(_) => {
            is_understood = false
        }
        StreamEvent::Text { index, text } => add(&mut blocks, index, &text, |_| {}),
        StreamEvent::Thinking { index, text } => {
            add(&mut blocks, index, &text, |block| block.is_thinking = true)
        }
        StreamEvent::ToolInput { index, partial_json } => {
            add(&mut blocks, index, &partial_json, |block| block.is_input = true)
        }
        StreamEvent::BlockStop { .. } => {}
        StreamEvent::Usage(now) => usage = Some(now),
        StreamEvent::Stop(reason) => stop = Some(reason),
        StreamEvent::Error(error) => errors.push(error),
    };
    let mut reader = StreamReader::new(provider, 200, Some("text/event-stream"));
    reader.push(bytes, &mut take);
    reader.finish(&mut take);
    if !is_understood || (blocks.is_empty() && errors.is_empty() && stop.is_none()) {
        return None;
    }
    let content: Vec<String> = blocks.iter().map(Block::json).collect();
    let mut fields = vec![format!("\"content\":[{}]", content.join(","))];
    fields.extend(stop.map(|stop| format!("\"stop_reason\":{}", Value::from(stop))));
    fields.extend(usage.map(|usage| format!("\"usage\":{}", usage_json(&usage))));
    fields.extend(errors.into_iter().map(|error| format!("\"error\":{}", Value::from(error))));
    Some(format!("{{{}}}", fields.join(",")))
}

/// The newest block of that number: where numbers come again they mean the last one that had it.
fn add(blocks: &mut [Block], index: u64, text: &str, is: impl FnOnce(&mut Block)) {
    if let Some(block) = blocks.iter_mut().rev().find(|block| block.index == index) {
        block.text.push_str(text);
        is(block);
    }
}

impl Block {
    fn json(&self) -> String {
        let mut fields = vec![format!("\"type\":{}", Value::from(self.wire_type.as_str()))];
        fields.extend(self.id.as_deref().map(|id| format!("\"id\":{}", Value::from(id))));
        fields.extend(self.name.as_deref().map(|name| format!("\"name\":{}", Value::from(name))));
        let is_json =
            self.is_input && serde_json::from_str::<serde::de::IgnoredAny>(&self.text).is_ok();
        match (self.is_input, is_json) {
            (true, true) => fields.push(format!("\"input\":{}", self.text)),
            (true, false) => fields.push(format!("\"input\":{}", Value::from(self.text.as_str()))),
            _ if self.text.is_empty() => {}
            _ => {
                let name = if self.is_thinking { "thinking" } else { "text" };
                fields.push(format!("\"{name}\":{}", Value::from(self.text.as_str())));
            }
        }
        format!("{{{}}}", fields.join(","))
    }
}

/// What is unknown is not there.
fn usage_json(usage: &Usage) -> String {
    let all = [
        ("input", usage.input),
        ("output", usage.output),
        ("cache_read", usage.cache_read),
        ("cache_write_5m", usage.cache_write_5m),
        ("cache_write_1h", usage.cache_write_1h),
    ];
    let known =
        all.into_iter().filter_map(|(name, count)| Some(format!("{}:{}", json!(name), count?)));
    format!("{{{}}}", known.collect::<Vec<_>>().join(","))
}
