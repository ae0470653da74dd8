//! An agent that asks short questions, and a model that repeats them in ten lines: a conversation
//! whose every line is known.

use serde_json::{Value, json};

use crate::{agent::event, client::Client, daemon::Rig, http1::post, upstream::Call};

/// A turn of an agent: the user's words, and who asks. Without an agent's id it is the main one.
pub fn turn(session: &str, agent: Option<&str>, words: &str) -> Vec<u8> {
    let body = json!({"model": "claude-test", "stream": true, "max_tokens": 100, "messages": [{"role": "user", "content": words}]});
    let mut headers =
        vec![("x-claude-code-session-id", session), ("anthropic-version", "2023-06-01")];
    headers.extend(agent.map(|agent| ("x-claude-code-agent-id", agent)));
    post("/v1/messages", &headers, body.to_string().as_bytes())
}

/// What an answer begins with.
pub fn begin() -> Vec<u8> {
    let message = json!({"id": "msg_1", "model": "claude-test", "role": "assistant", "usage": {"input_tokens": 10, "output_tokens": 1}});
    let start = json!({"type": "message_start", "message": message});
    let block = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}});
    [event(&start), event(&block)].concat()
}

/// More of its text.
pub fn delta(text: &str) -> Vec<u8> {
    event(
        &json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}),
    )
}

/// What it ends with.
pub fn end() -> Vec<u8> {
    let usage = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}});
    [
        event(&json!({"type": "content_block_stop", "index": 0})),
        event(&usage),
        event(&json!({"type": "message_stop"})),
    ]
    .concat()
}

/// Answers `re: ` and the user's words, in ten lines.
pub async fn echo(call: &mut Call) -> std::io::Result<()> {
    let body = call.read_body().await?;
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let words = request["messages"][0]["content"].as_str().unwrap_or_default().to_owned();
    let lines: String = (0..10).map(|line| format!("re: {words} line {line}\n\n")).collect();
    call.reply_sse(&[begin(), delta(&lines), end()].concat()).await
}

/// Has a conversation of so many turns: question 0, question 1, …
pub async fn talk(rig: &Rig, turns: usize) {
    let mut client = Client::connect(rig.proxy()).await;
    for number in 0..turns {
        client.call(&turn("s-1", None, &format!("question {number}"))).await;
    }
}
