//! What `ccdump-view` tells of what has passed.

use std::io::Write as _;

use ccdump_tests::{
    client::{self, Client},
    daemon::Rig,
    http1::{self, post},
    upstream::Upstream,
    view,
};
use serde_json::{Value, json};

const FIELDS: [&str; 19] = [
    "id",
    "session",
    "agent",
    "parent_agent",
    "provider",
    "method",
    "path",
    "status",
    "end_state",
    "model",
    "started_at",
    "duration_ms",
    "ttft_ms",
    "request_bytes",
    "response_bytes",
    "usage",
    "cost_usd",
    "stop_reason",
    "recorded",
];

const STREAM: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[],"usage":{"input_tokens":12,"cache_read_input_tokens":3400,"cache_creation_input_tokens":560,"cache_creation":{"ephemeral_5m_input_tokens":500,"ephemeral_1h_input_tokens":60},"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: ping
data: {"type": "ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":25}}

event: message_stop
data: {"type":"message_stop"}

"#;

fn request_body() -> Vec<u8> {
    json!({"model": "claude-sonnet-4-5-20250929", "max_tokens": 100, "stream": true,
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": [{"role": "user", "content": "Say hello"}]})
    .to_string()
    .into_bytes()
}

fn turn(headers: &[(&str, &str)]) -> Vec<u8> {
    let headers = [&[("anthropic-version", "2023-06-01")], headers].concat();
    post("/v1/messages?beta=true", &headers, &request_body())
}

fn streaming() -> Rig {
    Rig::start(async |call| call.reply_sse(STREAM.as_bytes()).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_is_listed_once_with_every_field() {
    let rig = streaming();
    let request = turn(&[("X-Claude-Code-Session-Id", "s-1")]);
    assert_eq!(client::call(rig.proxy(), &request).await.status(), 200);
    let rows = rig.view().ended_exchanges(1).await;
    let row = &rows[0];
    for field in FIELDS {
        assert!(row.get(field).is_some(), "{field} is missing: {row}");
    }
    let expected = json!({
        "session": "s-1", "agent": "main", "parent_agent": null, "provider": "anthropic", "method": "POST",
        "path": "/v1/messages?beta=true", "status": 200, "end_state": "complete", "model": "claude-sonnet-4-5-20250929",
        "request_bytes": request_body().len(), "response_bytes": STREAM.len(), "stop_reason": "end_turn", "recorded": "full",
        "usage": {"input": 12, "output": 25, "cache_read": 3400, "cache_write_5m": 500, "cache_write_1h": 60},
    });
    for (field, value) in expected.as_object().expect("an object") {
        assert_eq!(&row[field], value, "{field} of {row}");
    }
    assert!(view::id(row) > 0);
    let started = row["started_at"].as_str().expect("a time");
    assert!(
        started.len() >= 20 && started.ends_with('Z') && started.as_bytes()[10] == b'T',
        "RFC 3339 UTC: {started}"
    );
    let (duration, ttft) = (row["duration_ms"].as_f64(), row["ttft_ms"].as_f64());
    assert!(ttft.is_some() && duration >= ttft && duration < Some(60_000.0), "{row}");
    assert!(
        row["cost_usd"].is_null() || row["cost_usd"].as_f64().is_some_and(|cost| cost > 0.0),
        "never $0: {row}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn exchanges_are_listed_oldest_first_and_by_what_is_asked_for() {
    let rig = streaming();
    let mut client = Client::connect(rig.proxy()).await;
    for (session, agent) in [("s-1", None), ("s-1", Some("sub-1")), ("s-2", None), ("s-2", None)] {
        let mut headers = vec![("X-Claude-Code-Session-Id", session)];
        headers.extend(agent.map(|agent| ("x-claude-code-agent-id", agent)));
        client.call(&turn(&headers)).await;
    }
    client.call(&post("/v1/responses", &[], b"{}")).await;
    let rows = rig.view().ended_exchanges(5).await;
    let ids: Vec<u64> = rows.iter().map(view::id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    let ids_of =
        |arguments: &[&str]| rig.view().ls(arguments).iter().map(view::id).collect::<Vec<_>>();
    assert_eq!(ids_of(&["--session", "s-1"]), ids[..2]);
    assert_eq!(ids_of(&["--session", "s-1", "--agent", "main"]), ids[..1]);
    assert_eq!(ids_of(&["--agent", "sub-1"]), ids[1..2]);
    assert_eq!(ids_of(&["--provider", "openai"]), ids[4..]);
    assert_eq!(ids_of(&["--limit", "2"]), ids[3..]);
    assert_eq!(ids_of(&["--limit", "3", "--session", "s-2"]), ids[2..4]);
    let times: Vec<&str> =
        rows.iter().map(|row| row["started_at"].as_str().expect("a time")).collect();
    // Times are printed in milliseconds: the exchange before may bear the same one.
    let from_third = times.partition_point(|time| time < &times[2]);
    assert_eq!(ids_of(&["--since", times[2]]), ids[from_third..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn subagents_know_their_parents() {
    let rig = streaming();
    let mut client = Client::connect(rig.proxy()).await;
    let session = ("X-Claude-Code-Session-Id", "s-1");
    client.call(&turn(&[session])).await;
    client.call(&turn(&[session, ("x-claude-code-agent-id", "a1")])).await;
    client
        .call(&turn(&[
            session,
            ("x-claude-code-agent-id", "a2"),
            ("x-claude-code-parent-agent-id", "a1"),
        ]))
        .await;
    let rows = rig.view().ended_exchanges(3).await;
    let agents: Vec<_> =
        rows.iter().map(|row| (row["agent"].clone(), row["parent_agent"].clone())).collect();
    assert_eq!(
        agents,
        [(json!("main"), Value::Null), (json!("a1"), json!("main")), (json!("a2"), json!("a1"))]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_also_found_in_the_metadata() {
    let rig = streaming();
    let session = "3f1e9a52-8f0e-4f7e-9a6b-1c2d3e4f5a6b";
    let user_ids = [
        json!({"device_id": "d", "account_uuid": "", "session_id": session}).to_string(),
        format!("user_abcdef_account_11111111-2222-3333-4444-555555555555_session_{session}"),
    ];
    let mut client = Client::connect(rig.proxy()).await;
    for user_id in &user_ids {
        let body =
            json!({"model": "m", "messages": [], "metadata": {"user_id": user_id}}).to_string();
        client.call(&post("/v1/messages", &[], body.as_bytes())).await;
    }
    for row in rig.view().ended_exchanges(2).await {
        assert_eq!(row["session"], session, "{row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn show_adds_headers_and_blocks() {
    let rig = Rig::start(async |call| {
        call.drain().await?;
        call.send(&http1::chunked(
            "200 OK",
            &[("content-type", "text/event-stream"), ("X-Request-Id", "req_9")],
        ))
        .await?;
        call.chunk(STREAM.as_bytes()).await?;
        call.last_chunk().await
    });
    client::call(rig.proxy(), &turn(&[("X-Custom", "yes"), ("X-Custom", "again")])).await;
    let rows = rig.view().ended_exchanges(1).await;
    let shown = rig.view().show(view::id(&rows[0]));
    for field in FIELDS {
        assert_eq!(shown[field], rows[0][field], "{field}");
    }
    let text = shown.to_string().to_ascii_lowercase();
    for expected in ["x-custom", "again", "x-request-id", "req_9", "anthropic-version"] {
        assert!(text.contains(expected), "{expected} is missing: {shown:#}");
    }
    let blocks = shown["blocks"].to_string();
    for expected in ["/system/0", "/messages/0", "/content/0"] {
        assert!(blocks.contains(expected), "{expected} is missing: {blocks}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_exchange_is_an_error_in_one_line() {
    let rig = streaming();
    for arguments in [vec!["show", "999"], vec!["body", "999", "--request"]] {
        let outcome = rig.view().run(&arguments);
        assert_eq!(outcome.code, Some(1), "{arguments:?}: {}", outcome.stderr);
        assert_eq!(outcome.stderr.trim().lines().count(), 1, "{}", outcome.stderr);
        assert!(outcome.stdout.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_had_back_exactly_coded_and_decoded() {
    let codings: [(&str, Vec<u8>); 5] = [
        ("identity", STREAM.as_bytes().to_vec()),
        ("gzip", gzip(STREAM.as_bytes())),
        ("deflate", zlib(STREAM.as_bytes())),
        ("zstd", zstd::bulk::compress(STREAM.as_bytes(), 3).expect("compresses")),
        ("br", stored_brotli(STREAM.as_bytes())),
    ];
    let rig = Rig::start({
        let codings = codings.clone();
        async move |call| {
            let coding = call.head.get("x-coding").unwrap_or_default();
            let (_, body) =
                codings.iter().find(|(name, _)| *name == coding).expect("a coding of this test");
            call.reply(
                "200 OK",
                &[("content-type", "text/event-stream"), ("content-encoding", &coding)],
                body,
            )
            .await
        }
    });
    let mut client = Client::connect(rig.proxy()).await;
    for (coding, body) in &codings {
        let request =
            post("/v1/messages", &[("x-coding", coding), ("content-encoding", coding)], body);
        assert_eq!(&client.call(&request).await.body, body);
    }
    let rows = rig.view().ended_exchanges(codings.len()).await;
    for (row, (coding, body)) in rows.iter().zip(&codings) {
        let id = view::id(row);
        for side in ["--request", "--response"] {
            assert!(rig.view().body(id, &[side, "--raw"]) == *body, "{coding} {side} --raw");
            assert_eq!(
                String::from_utf8_lossy(&rig.view().body(id, &[side])),
                STREAM,
                "{coding} {side}"
            );
        }
        assert_eq!(row["usage"]["output"], 25, "{coding}: {row}");
        assert_eq!(row["response_bytes"], body.len(), "{coding}: wire bytes");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).expect("compresses");
    writer.finish().expect("compresses")
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).expect("compresses");
    writer.finish().expect("compresses")
}

/// Brotli that compresses nothing: one stored meta-block of up to 64 KiB, then the empty last one
/// (RFC 7932, 9.2).
fn stored_brotli(bytes: &[u8]) -> Vec<u8> {
    // Bits from the lowest: window 16 (0), not last (0), four nibbles (00), length - 1 (16 bits),
    // stored (1), padding to a byte.
    let header = (u32::try_from(bytes.len() - 1).expect("short") << 4) | (1 << 20);
    [&header.to_le_bytes()[..3], bytes, &[0b11]].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_is_recorded_without_its_chunks() {
    let rig = Rig::before(Upstream::ok());
    let head =
        "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let request =
        [head.as_bytes(), &http1::chunk(b"{\"a\""), &http1::chunk(b":1}"), http1::LAST_CHUNK]
            .concat();
    client::call(rig.proxy(), &request).await;
    let rows = rig.view().ended_exchanges(1).await;
    assert_eq!(rig.view().body(view::id(&rows[0]), &["--request", "--raw"]), b"{\"a\":1}");
}

#[tokio::test(flavor = "multi_thread")]
async fn absurd_answers_are_recorded_like_any_other() {
    let bodies: [&[u8]; 7] = [
        b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":null}}\n\n",
        b"event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":-5,\"input_tokens\":1e400}}\n\n",
        b"data: NaN\n\ndata: [DONE]\n\n",
        b"data: {\"type\":\"message_start\",\"message\":[]}\n\nevent: content_block_delta\ndata: {\"index\":99999999999}\n\n",
        b"\xff\xfe\x00\x01\n\n",
        b"{\"id\":\"msg\",\"usage\":{\"input_tokens\":\"many\"}}",
        b"",
    ];
    let rig = Rig::start(async move |call| {
        let n: usize = call.head.get("x-n").and_then(|n| n.parse().ok()).unwrap_or_default();
        call.reply_sse(bodies[n]).await
    });
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let mut client = Client::connect(rig.proxy()).await;
    for n in 0..7 {
        client.call(&post("/v1/messages", &[("x-n", &n.to_string())], deep.as_bytes())).await;
    }
    let rows = rig.view().ended_exchanges(7).await;
    for row in &rows {
        assert_eq!(row["recorded"], "full", "{row}");
        rig.view().show(view::id(row));
    }
    rig.assert_forwards().await;
}
