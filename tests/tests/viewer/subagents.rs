//! Which call has started which agent: found out by the daemon, shown by the viewer, and never
//! guessed without saying so.

use std::fs;

use ccdump_tests::{
    agent::event,
    client::Client,
    daemon::Rig,
    talk::{begin, delta, end, turn},
    upstream::Call,
};
use ccdump_wire::v1::{ExchangesRequest, StartedBy};
use serde_json::{Value, json};

/// A call of an agent, as block `index` of an answer.
fn call(index: u64, description: &str, prompt: &str) -> Vec<u8> {
    let id = format!("toolu_{index}");
    let start = json!({"type": "tool_use", "id": id, "name": "Agent", "input": {}});
    let input = json!({"description": description, "prompt": prompt, "subagent_type": "Explore"})
        .to_string();
    let delta = json!({"type": "input_json_delta", "partial_json": input});
    [
        event(&json!({"type": "content_block_start", "index": index, "content_block": start})),
        event(&json!({"type": "content_block_delta", "index": index, "delta": delta})),
        event(&json!({"type": "content_block_stop", "index": index})),
    ]
    .concat()
}

/// Starts two agents where the user's words are those that they are to be told; answers others with
/// their words.
async fn delegate(call_: &mut Call) -> std::io::Result<()> {
    let request: Value = serde_json::from_slice(&call_.read_body().await?).unwrap_or_default();
    let words = request["messages"][0]["content"].as_str().unwrap_or_default().to_owned();
    let calls = match words.strip_prefix("delegate: ").and_then(|prompts| prompts.split_once(" / "))
    {
        Some((one, two)) => {
            [call(1, "Find the tests", one), call(2, "Find the tests", two)].concat()
        }
        None => Vec::new(),
    };
    call_.reply_sse(&[begin(), delta(&format!("re: {words}")), calls, end()].concat()).await
}

async fn say(rig: &Rig, turns: &[(Option<&str>, &str)]) {
    let mut client = Client::connect(rig.proxy()).await;
    for (agent, words) in turns {
        assert_eq!(client.call(&turn("s-1", *agent, words)).await.status(), 200);
    }
    rig.view().ended_exchanges(turns.len()).await;
}

/// The call that each exchange's agent was started by, and whether that is only probable.
async fn started_by(rig: &Rig) -> Vec<Option<(u64, String, bool)>> {
    let page = rig
        .grpc()
        .await
        .exchanges(ExchangesRequest::default())
        .await
        .expect("the index")
        .into_inner();
    let told = |call: StartedBy| {
        assert_eq!(
            (call.kind.as_deref(), call.description.as_deref()),
            (Some("Explore"), Some("Find the tests"))
        );
        (call.exchange, call.pointer, call.is_probable)
    };
    page.exchanges.into_iter().map(|row| row.started_by.map(told)).collect()
}

fn of_first(pointer: &str, is_probable: bool) -> Option<(u64, String, bool)> {
    Some((1, pointer.to_owned(), is_probable))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_belongs_to_the_call_whose_words_it_was_told() {
    let rig = Rig::start(delegate);
    say(
        &rig,
        &[
            (None, "delegate: look here / look there"),
            (Some("b"), "look there"),
            (Some("a"), "look here"),
            (Some("c"), "look elsewhere"),
            (Some("b"), "look there"),
        ],
    )
    .await;
    let expected = vec![
        None,
        of_first("/content/2", false),
        of_first("/content/1", false),
        None,
        of_first("/content/2", false),
    ];
    assert_eq!(started_by(&rig).await, expected);
    let rig = rig.restart_after_kill();
    assert_eq!(started_by(&rig).await, expected);

    let rig = rig.restart_on_index(|index| fs::remove_file(index).expect("it is there"));
    rig.view().ended_exchanges(5).await;
    assert_eq!(started_by(&rig).await, expected, "derived anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_calls_that_say_the_same_nothing_is_certain() {
    let rig = Rig::start(delegate);
    say(
        &rig,
        &[
            (None, "delegate: look / look"),
            (Some("a"), "look"),
            (Some("b"), "look"),
            (Some("c"), "look"),
        ],
    )
    .await;
    let expected = [None, of_first("/content/1", true), of_first("/content/2", true), None];
    assert_eq!(started_by(&rig).await, expected, "and no call starts two");
    let terminal = rig.view().terminal(24, 100);
    terminal.wait_for_text("── look · claude-test · #4");
    terminal.keys("h");
    terminal.wait_for_text("which call has started the agent is not known");
    terminal.wait_for_text("↳ ✓ probably Explore: Find the tests (2)");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_leads_to_the_conversation_of_its_agent_and_back() {
    let rig = Rig::start(delegate);
    say(
        &rig,
        &[
            (Some("b"), "who am I?"),
            (None, "delegate: look here / look there"),
            (Some("a"), "look there"),
        ],
    )
    .await;
    let terminal = rig.view().terminal(24, 100);
    terminal.wait_for_text("── Explore: Find the tests · claude-test · #3");
    terminal.wait_for_text("h caller");
    terminal.keys("h");
    let screen = terminal.wait_for_text("↳ ✓ 1 turn · ↓ 7 out");
    assert!(screen.contains("l agent") && !screen.contains("h caller"), "{}", screen.text());
    assert!(screen.contains("✓ who am I?"), "of whose call nothing is known: {}", screen.text());
    terminal.keys("l");
    terminal.wait_for_text("── Explore: Find the tests · claude-test · #3");
    terminal.keys("''");
    terminal.wait_for_text("↳ ✓ 1 turn · ↓ 7 out");
}
