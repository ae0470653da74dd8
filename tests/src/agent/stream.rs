//! An answer as the Messages API streams it.

use serde_json::{Value, json};

/// Grows block by block.
#[derive(Debug)]
pub struct EventStream {
    events: Vec<u8>,
    blocks: usize,
}

impl EventStream {
    /// Begins a message of that id.
    pub fn begin(id: &str, usage: &Value) -> Self {
        let mut stream = Self { events: Vec::new(), blocks: 0 };
        stream.push(&json!({"type": "message_start", "message": {"id": id, "type": "message", "role": "assistant",
            "model": "claude-sonnet-4-5-20250929", "content": [], "usage": usage}}));
        stream
    }

    pub fn thinking(&mut self, text: &str) {
        let deltas = pieces(text)
            .into_iter()
            .map(|piece| json!({"type": "thinking_delta", "thinking": piece}));
        let signature = json!({"type": "signature_delta", "signature": "c2lnbmF0dXJl"});
        self.block(
            &json!({"type": "thinking", "thinking": "", "signature": ""}),
            deltas.chain([signature]),
        );
    }

    pub fn text(&mut self, text: &str) {
        let deltas =
            pieces(text).into_iter().map(|piece| json!({"type": "text_delta", "text": piece}));
        self.block(&json!({"type": "text", "text": ""}), deltas);
    }

    pub fn tool_use(&mut self, id: &str, name: &str, input: &Value) {
        let input = input.to_string();
        let deltas = pieces(&input)
            .into_iter()
            .map(|piece| json!({"type": "input_json_delta", "partial_json": piece}));
        self.block(&json!({"type": "tool_use", "id": id, "name": name, "input": {}}), deltas);
    }

    fn block(&mut self, start: &Value, deltas: impl Iterator<Item = Value>) {
        let index = self.blocks;
        self.blocks += 1;
        self.push(&json!({"type": "content_block_start", "index": index, "content_block": start}));
        if index == 0 {
            self.push(&json!({"type": "ping"}));
        }
        for delta in deltas {
            self.push(&json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        self.push(&json!({"type": "content_block_stop", "index": index}));
    }

    /// Ends the message, and gives all of the stream.
    pub fn end(mut self, stop_reason: &str, output_tokens: u64) -> Vec<u8> {
        self.push(
            &json!({"type": "message_delta", "delta": {"stop_reason": stop_reason}, "usage": {"output_tokens": output_tokens}}),
        );
        self.push(&json!({"type": "message_stop"}));
        self.events
    }

    fn push(&mut self, value: &Value) {
        self.events.extend_from_slice(&event(value));
    }
}

/// One event; its name is the value's `type`.
pub fn event(value: &Value) -> Vec<u8> {
    let name = value["type"].as_str().unwrap_or_default();
    format!("event: {name}\ndata: {value}\n\n").into_bytes()
}

/// About as a model streams: some 20 bytes at a time.
fn pieces(text: &str) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(20.min(rest.len())));
        pieces.push(piece);
        rest = after;
    }
    pieces
}
