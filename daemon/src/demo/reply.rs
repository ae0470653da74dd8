//! What the model says, and how it comes over the wire.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    answer::Piece,
    usage::{Usage, tokens},
};

/// Before the first word. Milliseconds.
const FIRST: u64 = 520;
/// Between two words, over and over. Milliseconds.
const BETWEEN: [u64; 6] = [24, 41, 33, 57, 29, 46];
/// Characters of a piece at least, over and over.
const LENGTHS: [usize; 5] = [12, 19, 7, 23, 15];
/// Thinking is signed by the API. The signature of a script is none.
const SIGNATURE: &str = "ZGVtby1zaWduYXR1cmUtbm90LWEtcmVhbC1vbmU=";

/// Content blocks, in order.
#[derive(Debug, Default)]
pub struct Reply {
    blocks: Vec<Value>,
}

impl Reply {
    pub fn thinking(self, thinking: &str) -> Self {
        self.block(json!({"type": "thinking", "thinking": thinking, "signature": SIGNATURE}))
    }

    pub fn text(self, text: &str) -> Self {
        self.block(json!({"type": "text", "text": text}))
    }

    /// A tool use; it gets its id when it is said.
    pub fn tool(self, name: &str, input: Value) -> Self {
        self.block(json!({"type": "tool_use", "name": name, "input": input}))
    }

    pub fn block(mut self, block: Value) -> Self {
        self.blocks.push(block);
        self
    }

    /// Gives the tool uses their ids, beginning with `prefix`.
    pub fn said(mut self, prefix: &str) -> Said {
        let uses = self.blocks.iter_mut().filter(|block| block["type"] == "tool_use");
        let mut tool_uses = Vec::new();
        for (number, block) in uses.enumerate() {
            let id = format!("{prefix}_{}", number + 1);
            block["id"] = json!(id);
            tool_uses
                .push(ToolUse { id, name: block["name"].as_str().unwrap_or_default().to_owned() });
        }
        Said { blocks: self.blocks, tool_uses }
    }
}

#[derive(Debug)]
pub struct ToolUse {
    pub id: String,
    pub name: String,
}

#[derive(Debug)]
pub struct Said {
    /// As they stand in the history from then on.
    pub blocks: Vec<Value>,
    pub tool_uses: Vec<ToolUse>,
}

impl Said {
    /// Tokens of all of it, and of the thinking alone.
    pub fn tokens(&self) -> (u64, u64) {
        let of = |block: &Value| {
            ["text", "thinking"]
                .iter()
                .filter_map(|field| block[field].as_str())
                .map(tokens)
                .sum::<u64>()
        };
        let input = |block: &Value| {
            if block["input"].is_null() { 0 } else { tokens(&block["input"].to_string()) + 20 }
        };
        let thinking = self.blocks.iter().filter(|block| block["type"] == "thinking").map(of).sum();
        (self.blocks.iter().map(|block| of(block) + input(block)).sum(), thinking)
    }

    /// The events of a stream.
    pub fn events(&self, id: &str, model: &str, usage: Usage) -> Vec<Piece> {
        let stop_reason = if self.tool_uses.is_empty() { "end_turn" } else { "tool_use" };
        let message = json!({"id": id, "type": "message", "role": "assistant", "model": model, "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": usage.at_start()});
        let mut events = Events::default();
        events.push(FIRST, &json!({"type": "message_start", "message": message}));
        for (index, block) in self.blocks.iter().enumerate() {
            events.block(index, block);
        }
        let delta = json!({"stop_reason": stop_reason, "stop_sequence": null});
        events.push(
            BETWEEN[0],
            &json!({"type": "message_delta", "delta": delta, "usage": usage.at_end()}),
        );
        events.push(0, &json!({"type": "message_stop"}));
        events.pieces
    }
}

#[derive(Default)]
struct Events {
    pieces: Vec<Piece>,
}

impl Events {
    fn push(&mut self, after: u64, event: &Value) {
        let name = event["type"].as_str().unwrap_or_default();
        self.pieces
            .push(Piece { after, bytes: Bytes::from(format!("event: {name}\ndata: {event}\n\n")) });
    }

    fn block(&mut self, index: usize, block: &Value) {
        let mut start = block.clone();
        // What comes piece by piece is empty at first.
        let (field, delta) = match block["type"].as_str() {
            Some("text") => ("text", "text_delta"),
            Some("thinking") => ("thinking", "thinking_delta"),
            Some("tool_use") => ("input", "input_json_delta"),
            _ => ("", ""),
        };
        let (empty, name) =
            if field == "input" { (json!({}), "partial_json") } else { (json!(""), field) };
        if !field.is_empty() {
            start[field] = empty;
        }
        let signature = std::mem::take(&mut start["signature"]);
        if let Some(start) = start.as_object_mut() {
            start.remove("signature");
        }
        self.push(
            BETWEEN[0],
            &json!({"type": "content_block_start", "index": index, "content_block": start}),
        );
        if index == 0 {
            self.push(0, &json!({"type": "ping"}));
        }
        let whole = match &block[field] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            input => input.to_string(),
        };
        for (piece, after) in pieces(&whole).into_iter().zip(BETWEEN.into_iter().cycle()) {
            self.push(after, &json!({"type": "content_block_delta", "index": index, "delta": {"type": delta, name: piece}}));
        }
        if !signature.is_null() {
            let delta = json!({"type": "signature_delta", "signature": signature});
            self.push(0, &json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        self.push(0, &json!({"type": "content_block_stop", "index": index}));
    }
}

/// A few words at a time.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    for length in LENGTHS.into_iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let least = rest.ceil_char_boundary(length.min(rest.len()));
        // A text without blanks, as JSON or Japanese may be, is cut anywhere.
        let word =
            rest.get(least..).and_then(|after| after.find(' ')).filter(|more| *more < length);
        let (piece, after) = rest.split_at(least + word.unwrap_or(0));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_text() {
        for text in [
            "",
            "a",
            "one two three four five six seven",
            "２０２６年十一月二十三日は月曜日です🙂 かな",
            "{\"a\":[1,2,3]}",
        ] {
            assert_eq!(pieces(text).concat(), text);
        }
        assert_eq!(pieces("ab cd ef gh ij kl mn"), ["ab cd ef gh ij", " kl mn"]);
    }

    #[test]
    fn a_stream_tells_each_block_from_start_to_stop() {
        let reply = Reply::default().thinking("hm").text("Now this.").tool("Bash", json!({}));
        let said = reply.block(json!({"type": "marker", "label": "x"})).said("toolu_1");
        assert_eq!(
            said.tool_uses.iter().map(|tool| (&*tool.id, &*tool.name)).collect::<Vec<_>>(),
            [("toolu_1_1", "Bash")]
        );
        let prompt = super::super::usage::Prompt { tools: 1, system: String::new(), messages: 1 };
        let pieces = said.events("msg_1", "m", Usage::new(None, &prompt, 1, 0));
        let names: Vec<String> = pieces
            .iter()
            .map(|piece| {
                String::from_utf8_lossy(&piece.bytes)
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .replace("event: ", "")
            })
            .collect();
        let (start, delta, stop) =
            ("content_block_start", "content_block_delta", "content_block_stop");
        assert_eq!(
            names,
            [
                &["message_start", start, "ping", delta, delta, stop][..],
                &[start, delta, stop, start, delta, stop, start, stop],
                &["message_delta", "message_stop"]
            ]
            .concat()
        );
    }
}
