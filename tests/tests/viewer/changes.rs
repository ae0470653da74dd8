//! What a request changed of its history is compared with what stood there, however long ago that
//! was said: it is fetched for it.

use ccdump_tests::{
    client::Client,
    daemon::Rig,
    http1::post,
    talk::{begin, delta, end},
    upstream::Call,
};
use serde_json::{Value, json};

/// More turns than a viewer has at hand that shows the end.
const TURNS: usize = 40;
/// What stands in the second question at first, and what the last request has made of it.
const OLD: &str = "Which of the seven harbours did the grey ship leave in the third week of March?";
const NEW: &str = "Which of the seven harbours did the grey ship reach in the third week of March?";

/// Answers with the number of the messages.
async fn count(call: &mut Call) -> std::io::Result<()> {
    let request: Value = serde_json::from_slice(&call.read_body().await?).unwrap_or_default();
    let messages = request["messages"].as_array().map_or(0, Vec::len);
    call.reply_sse(&[begin(), delta(&format!("answer after {messages}")), end()].concat()).await
}

fn request(messages: &[Value]) -> Vec<u8> {
    let body =
        json!({"model": "claude-test", "stream": true, "max_tokens": 9, "messages": messages});
    post(
        "/v1/messages",
        &[("x-claude-code-session-id", "s-1"), ("anthropic-version", "2023-06-01")],
        body.to_string().as_bytes(),
    )
}

fn said(role: &str, text: &str) -> Value {
    json!({"role": role, "content": [{"type": "text", "text": text}]})
}

/// So many turns; gives what had been said at the end.
async fn converse(client: &mut Client) -> Vec<Value> {
    let mut messages = Vec::new();
    for turn in 0..TURNS {
        let question = if turn == 1 { OLD.to_owned() } else { format!("question {turn}") };
        messages.push(said("user", &question));
        assert_eq!(client.call(&request(&messages)).await.status(), 200);
        messages.push(said("assistant", &format!("answer after {}", messages.len())));
    }
    messages
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_what_was_said_long_ago_is_shown_word_by_word() {
    let rig = Rig::start(count);
    let mut client = Client::connect(rig.proxy()).await;
    let mut messages = converse(&mut client).await;
    messages[2] = said("user", NEW);
    messages.push(said("user", "And now?"));
    assert_eq!(client.call(&request(&messages)).await.status(), 200);
    rig.view().ended_exchanges(TURNS + 1).await;

    let terminal = rig.view().terminal(24, 120);
    terminal.wait_for_text("history rewritten: 1 block changed");
    let screen = terminal.wait_for_text("- Which of the seven harbours did the grey ship leave in");
    assert!(
        screen.contains("+ Which of the seven harbours did the grey ship reach in"),
        "{}",
        screen.text()
    );
    assert_ne!(
        screen.style_of("leave"),
        screen.style_of("harbours"),
        "the word that went is told from those that stayed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_out_of_the_history_is_fetched_when_it_is_unfolded() {
    let rig = Rig::start(count);
    let mut client = Client::connect(rig.proxy()).await;
    let mut messages = converse(&mut client).await;
    messages.drain(2..4);
    messages.push(said("user", "And now?"));
    assert_eq!(client.call(&request(&messages)).await.status(), 200);
    rig.view().ended_exchanges(TURNS + 1).await;

    let terminal = rig.view().terminal(40, 120);
    let screen = terminal.wait_for_text("history rewritten:");
    assert!(!screen.contains("harbours"), "{}", screen.text());
    // To the head of the last turn, and from there to what it says of the history.
    terminal.keys("{J");
    terminal.wait_until("the remark is marked", |screen| {
        screen.rows().iter().any(|row| row.contains("▌≠ history rewritten"))
    });
    terminal.keys("o");
    terminal.wait_for_text("Which of the seven harbours did the grey ship leave");
}
