//! End states: who ended an exchange, and whether the client had had all of it.

use ccdump_tests::{
    client::{self, Client},
    daemon::Rig,
    home::Home,
    http1::{self, Body, post},
    upstream::Call,
    wait,
};

const STREAM: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":1}}}\n\n\
    event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"text\":\"Hello\"}}\n\n\
    event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const REQUEST: &[u8] = br#"{"model":"claude-sonnet-4-5-20250929","stream":true,"messages":[]}"#;

const ERROR: &str = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";

/// Sends as much as the path says and then ends as it says.
async fn end_as_told(call: &mut Call) -> std::io::Result<()> {
    call.drain().await?;
    let target = call.head.target();
    let how = target.trim_start_matches("/v1/messages?");
    let sent = match how {
        "529" => {
            return call
                .reply(
                    "529 Overloaded",
                    &[],
                    br#"{"type":"error","error":{"type":"overloaded_error"}}"#,
                )
                .await;
        }
        "reset-at-once" => return call.reset(),
        "early-fin" | "clean-early-end" | "early-reset" | "cancel" => &STREAM[..STREAM.len() / 2],
        "error-event" => ERROR,
        _ => STREAM,
    };
    call.send(&http1::sse_head()).await?;
    call.chunk(sent.as_bytes()).await?;
    match how {
        "early-fin" => call.fin().await,
        "early-reset" => call.reset(),
        "cancel" | "early-close" => {
            call.left().await;
            Ok(())
        }
        _ => call.last_chunk().await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn end_states_say_who_ended_an_exchange() {
    let rig = Rig::start(end_as_told);
    let cases = [
        ("whole", "complete"),
        ("early-fin", "truncated"),
        ("clean-early-end", "truncated"),
        ("early-reset", "truncated"),
        ("reset-at-once", "upstream_error"),
        ("error-event", "upstream_error"),
        ("529", "upstream_error"),
        ("cancel", "client_cancelled"),
        ("early-close", "complete"),
    ];
    for (name, _) in cases {
        let mut client = Client::connect(rig.proxy()).await;
        client
            .send(&post(
                &format!("/v1/messages?{name}"),
                &[("anthropic-version", "2023-06-01")],
                REQUEST,
            ))
            .await;
        if name == "cancel" || name == "early-close" {
            let head = client.head().await.expect("a head");
            let mut body = Body::of_response(&head, "POST");
            let wanted = if name == "cancel" { 1 } else { STREAM.len() };
            let mut read = 0;
            while read < wanted {
                read += client
                    .piece(&mut body)
                    .await
                    .expect("it goes on")
                    .expect("it has not ended")
                    .len();
            }
            drop(client);
        } else {
            wait::soon("it ends", client.answer("POST")).await;
        }
    }
    let rows = rig.view().ended_exchanges(cases.len()).await;
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["path"].as_str().unwrap_or_default(),
                row["end_state"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    let expected: Vec<_> =
        cases.iter().map(|(name, state)| (format!("/v1/messages?{name}"), *state)).collect();
    let expected: Vec<_> = expected.iter().map(|(path, state)| (path.as_str(), *state)).collect();
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_upstream_is_recorded_as_an_error() {
    let home = Home::new();
    let daemon = home.daemon("http://nowhere.invalid").start();
    assert_eq!(
        client::call(daemon.proxy(), &post("/v1/messages", &[], REQUEST)).await.status(),
        502
    );
    let rows = home.view().ended_exchanges(1).await;
    assert_eq!(rows[0]["end_state"], "upstream_error", "{}", rows[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_that_a_stop_cut_off_says_so() {
    let mut rig = Rig::start(end_as_told);
    let mut client = Client::connect(rig.proxy()).await;
    client.open(&post("/v1/messages?cancel", &[], REQUEST)).await;
    rig.daemon.stop();
    rig.daemon = rig.home.daemon(&rig.upstream.url()).start();
    let rows = rig.view().ended_exchanges(1).await;
    assert_eq!(rows[0]["end_state"], "daemon_stopped", "{}", rows[0]);
}
