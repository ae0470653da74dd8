//! Response streams as the APIs send them, and ways to cut them.

use serde_json::{Value, json};

/// An event by name and data.
pub(crate) fn event(name: &str, data: &Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

/// Thinking with a signature, a text in two pieces, a tool use, and the end.
pub(crate) fn anthropic() -> Vec<String> {
    let typed = |name: &str, mut data: Value| {
        data["type"] = json!(name);
        event(name, &data)
    };
    let start = |index: u64, block: Value| {
        typed("content_block_start", json!({"index": index, "content_block": block}))
    };
    let delta = |index: u64, delta: Value| {
        typed("content_block_delta", json!({"index": index, "delta": delta}))
    };
    let stop = |index: u64| typed("content_block_stop", json!({"index": index}));
    let usage = json!({"input_tokens": 3, "cache_creation_input_tokens": 30, "cache_read_input_tokens": 100, "output_tokens": 1,
        "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20}});
    vec![
        typed(
            "message_start",
            json!({"message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5-5",
            "content": [], "stop_reason": null, "usage": usage}}),
        ),
        start(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        typed("ping", json!({})),
        delta(0, json!({"type": "thinking_delta", "thinking": "Let me see."})),
        delta(0, json!({"type": "signature_delta", "signature": "c2ln"})),
        stop(0),
        start(1, json!({"type": "text", "text": ""})),
        delta(1, json!({"type": "text_delta", "text": "Hällo "})),
        delta(1, json!({"type": "text_delta", "text": "\"world\" 😀\n"})),
        stop(1),
        start(2, json!({"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}})),
        delta(2, json!({"type": "input_json_delta", "partial_json": ""})),
        delta(2, json!({"type": "input_json_delta", "partial_json": "{\"command\":"})),
        delta(2, json!({"type": "input_json_delta", "partial_json": "\"ls\"}"})),
        stop(2),
        typed(
            "message_delta",
            json!({"delta": {"stop_reason": "tool_use", "stop_sequence": null},
            "usage": {"input_tokens": 3, "cache_creation_input_tokens": 30, "cache_read_input_tokens": 100, "output_tokens": 42}}),
        ),
        typed("message_stop", json!({})),
    ]
}

pub(crate) fn anthropic_error() -> String {
    event(
        "error",
        &json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    )
}

/// Text, a tool call, usage and the end.
pub(crate) fn chat() -> Vec<String> {
    let chunk = |delta: Value, reason: Value| {
        let choices = json!([{"index": 0, "delta": delta, "finish_reason": reason}]);
        format!(
            "data: {}\n\n",
            json!({"id": "chatcmpl-1", "model": "gpt-6.1-sol", "choices": choices, "usage": null})
        )
    };
    let call = |call: Value| chunk(json!({"tool_calls": [call]}), Value::Null);
    let usage = json!({"prompt_tokens": 50, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 40}});
    vec![
        chunk(json!({"role": "assistant", "content": "", "refusal": null}), Value::Null),
        chunk(json!({"content": "Hi"}), Value::Null),
        chunk(json!({"content": " there"}), Value::Null),
        call(
            json!({"index": 0, "id": "call_1", "type": "function", "function": {"name": "shell", "arguments": ""}}),
        ),
        call(json!({"index": 0, "function": {"arguments": "{\"cmd\""}})),
        call(json!({"index": 0, "function": {"arguments": ":1}"}})),
        chunk(json!({}), json!("tool_calls")),
        format!(
            "data: {}\n\n",
            json!({"id": "chatcmpl-1", "model": "gpt-6.1-sol", "choices": [], "usage": usage})
        ),
        "data: [DONE]\n\n".to_owned(),
    ]
}

/// Reasoning, a function call, and an end with this status.
pub(crate) fn responses(status: &str) -> Vec<String> {
    let typed = |name: &str, mut data: Value| {
        data["type"] = json!(name);
        event(name, &data)
    };
    let error = if status == "failed" {
        json!({"code": "server_is_overloaded", "message": "Overloaded"})
    } else {
        Value::Null
    };
    let usage = json!({"input_tokens": 60, "output_tokens": 9, "input_tokens_details": {"cached_tokens": 20, "cache_write_tokens": 10}});
    let last = json!({"id": "resp_1", "model": "gpt-5.2-codex", "status": status, "output": [], "usage": usage, "error": error});
    vec![
        typed(
            "response.created",
            json!({"response": {"id": "resp_1", "model": "gpt-5.2-codex", "status": "in_progress", "error": null}}),
        ),
        typed(
            "response.output_item.added",
            json!({"output_index": 0, "item": {"type": "reasoning", "id": "rs_1", "summary": []}}),
        ),
        typed("response.reasoning_summary_text.delta", json!({"output_index": 0, "delta": "Hm."})),
        typed("response.output_item.done", json!({"output_index": 0, "item": {}})),
        typed(
            "response.output_item.added",
            json!({"output_index": 1, "item": {"type": "function_call", "name": "shell", "call_id": "c"}}),
        ),
        typed("response.function_call_arguments.delta", json!({"output_index": 1, "delta": "{}"})),
        typed("response.output_item.done", json!({"output_index": 1, "item": {}})),
        typed(&format!("response.{status}"), json!({"response": last})),
    ]
}

/// Two texts with a thought before them, and a call.
pub(crate) fn gemini() -> Vec<String> {
    let answer = |parts: Value, reason: Option<&str>| {
        let usage = json!({"promptTokenCount": 80, "cachedContentTokenCount": 30, "candidatesTokenCount": 5, "thoughtsTokenCount": 2});
        let mut candidate = json!({"index": 0, "content": {"role": "model", "parts": parts}});
        if let Some(reason) = reason {
            candidate["finishReason"] = json!(reason);
        }
        let answer = json!({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-3-pro", "responseId": "g1"});
        format!("data: {answer}\r\n\r\n")
    };
    vec![
        answer(json!([{"text": "Hm.", "thought": true}]), None),
        answer(json!([{"text": "One "}]), None),
        answer(
            json!([{"text": "two"}, {"functionCall": {"name": "ls", "args": {"dir": "."}}}]),
            Some("STOP"),
        ),
    ]
}

/// Cuts bytes into pieces of these sizes, over and over.
pub(crate) fn chunked<'a>(bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut chunks = Vec::new();
    let mut rest = bytes;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, after) = rest.split_at((*size).clamp(1, rest.len()));
        chunks.push(chunk);
        rest = after;
    }
    chunks
}
