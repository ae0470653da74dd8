//! Size and number: big bodies, long lines, slow readers, many at once. Memory stays bounded, and
//! nobody waits for another.

use std::{sync::Arc, time::Duration};

use ccdump_tests::{
    client::{Client, Ending},
    daemon::Rig,
    http1::{self, chunk, get, post},
    random::Random,
    sha256,
    upstream::{Gate, Upstream},
    view, wait,
};

const MEGABYTE: usize = 1 << 20;

/// Capture holds 32 MiB at most; the rest is the program itself (a debug build), its caches and
/// buffers.
const MOST_MEMORY: u64 = 160 << 20;

/// What was recorded in full can be had back byte for byte.
async fn assert_recorded(rig: &Rig, count: usize, side: &str, body: &[u8]) {
    let rows = rig.view().ended_exchanges(count).await;
    let row = rows.last().expect("a row");
    if row["recorded"] == "full" {
        let recorded = rig.view().body(view::id(row), &[side, "--raw"]);
        assert_eq!(recorded.len(), body.len());
        assert!(recorded == body, "the record differs from what was sent");
    } else {
        assert_eq!(row["recorded"], "partial", "{row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_megabytes_go_up() {
    let rig = Rig::before(Upstream::ok());
    let body = Random::new(11).bytes(100 * MEGABYTE);
    let answer = Client::connect(rig.proxy()).await.call(&post("/v1/files", &[], &body)).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(rig.upstream.log().last().body_sha256, Some(sha256(&body)));
    let peak = rig.daemon.memory_bytes("VmHWM");
    assert!(peak < MOST_MEMORY, "the daemon took {} MB", peak >> 20);
    assert_recorded(&rig, 1, "--request", &body).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_megabytes_come_down() {
    let body = Arc::new(Random::new(12).bytes(100 * MEGABYTE));
    let rig = Rig::start({
        let body = Arc::clone(&body);
        async move |call| {
            call.drain().await?;
            call.send(
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes(),
            )
            .await?;
            call.send(&body).await
        }
    });
    let answer = Client::connect(rig.proxy()).await.call(&get("/v1/files/1", &[])).await;
    assert!(answer.body == *body, "{} bytes, {:?}", answer.body.len(), answer.ending);
    let peak = rig.daemon.memory_bytes("VmHWM");
    assert!(peak < MOST_MEMORY, "the daemon took {} MB", peak >> 20);
    assert_recorded(&rig, 1, "--response", &body).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_given_back_after_many_large_bodies_at_once() {
    let rig = Rig::before(Upstream::ok());
    let mut uploads = tokio::task::JoinSet::new();
    for n in 0..8 {
        let proxy = rig.proxy();
        uploads.spawn(async move {
            let body = Random::new(n).bytes(16 * MEGABYTE);
            Client::connect(proxy).await.call(&post("/v1/files", &[], &body)).await.status()
        });
    }
    while let Some(status) = uploads.join_next().await {
        assert_eq!(status.expect("no panic"), 200);
    }
    wait::until_within("the memory is given back", Duration::from_secs(90), async || {
        let memory = rig.daemon.memory_bytes("VmRSS");
        if memory <= 40 << 20 { Ok(()) } else { Err(format!("{} MB", memory >> 20)) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_event_of_64_megabytes_passes() {
    const LENGTH: usize = 64 * MEGABYTE;
    let rig = Rig::start(async |call| {
        call.drain().await?;
        call.send(&http1::sse_head()).await?;
        call.chunk(b"event: content_block_delta\ndata: ").await?;
        let piece = vec![b'x'; MEGABYTE];
        for _ in 0..LENGTH / MEGABYTE {
            call.chunk(&piece).await?;
        }
        call.chunk(b"\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n").await?;
        call.last_chunk().await
    });
    let answer = Client::connect(rig.proxy())
        .await
        .call(&post("/v1/messages", &[], b"{\"stream\":true}"))
        .await;
    assert_eq!(answer.ending, Ending::Whole);
    assert_eq!(answer.body.iter().filter(|byte| **byte == b'x').count(), LENGTH);
    assert!(answer.body.ends_with(b"data: {\"type\":\"message_stop\"}\n\n"));
    let rows = rig.view().ended_exchanges(1).await;
    assert_eq!(rows[0]["end_state"], "complete", "{}", rows[0]);
    let peak = rig.daemon.memory_bytes("VmHWM");
    assert!(peak < MOST_MEMORY, "the daemon took {} MB", peak >> 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stops_holds_up_the_upstream_and_nobody_else() {
    let rig = Rig::start(async |call| {
        call.drain().await?;
        if call.head.target() != "/endless" {
            return call.reply("200 OK", &[], b"ok").await;
        }
        call.send(&http1::sse_head()).await?;
        let event = chunk(&[b"data: ".as_slice(), &[b'x'; 50_000], b"\n\n"].concat());
        loop {
            call.send(&event).await?;
        }
    });
    rig.assert_forwards().await;
    let before = rig.daemon.memory_bytes("VmRSS");
    let mut stopped = Client::connect_with_small_window(rig.proxy()).await;
    let mut open = stopped.open(&post("/endless", &[], b"{}")).await;
    stopped.piece(&mut open.body).await.expect("it begins");
    let mut other = Client::connect(rig.proxy()).await;
    for _ in 0..50 {
        let answer = tokio::time::timeout(
            Duration::from_secs(5),
            other.call(&post("/v1/messages", &[], b"{}")),
        )
        .await;
        assert_eq!(answer.expect("others are served").status(), 200);
    }
    let grown = rig.daemon.memory_bytes("VmRSS").saturating_sub(before);
    assert!(grown < 50 << 20, "the daemon grew by {} MB", grown >> 20);
    stopped.reset();
    wait::until("the endless answer is given up", async || {
        let open = rig.upstream.log().open_connections();
        if open <= 1 { Ok(()) } else { Err(format!("{open} upstream connections")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_and_fifty_six_connections_at_once_are_all_served() {
    const MANY: usize = 256;
    let gate = Gate::new();
    let rig = Rig::start({
        let gate = gate.clone();
        async move |call| {
            call.drain().await?;
            gate.pass().await;
            call.reply_sse(b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n").await
        }
    });
    let proxy = rig.proxy();
    let clients: Vec<_> = (0..MANY)
        .map(|n| {
            tokio::spawn(async move {
                let mut client = Client::connect(proxy).await;
                client.call(&post(&format!("/v1/messages?n={n}"), &[], b"{\"stream\":true}")).await
            })
        })
        .collect();
    wait::until("all requests stand at the upstream", async || {
        let count = rig.upstream.log().count();
        if count == MANY { Ok(()) } else { Err(format!("{count} arrived")) }
    })
    .await;
    gate.open_for(MANY);
    for client in clients {
        let answer = wait::soon("the answer comes", client).await.expect("a client does not fail");
        assert_eq!((answer.status(), answer.ending), (200, Ending::Whole));
    }
    let rows = rig.view().ended_exchanges(MANY).await;
    assert!(rows.iter().all(|row| row["end_state"] == "complete" && row["recorded"] == "full"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_history_sent_again_and_again_is_stored_once() {
    let rig = Rig::before(Upstream::ok());
    let body =
        [b"{\"model\":\"m\",\"messages\":\"".as_slice(), "word ".repeat(40_000).as_bytes(), b"\"}"]
            .concat();
    let noise: String = ccdump_tests::hex(&Random::new(5).bytes(200_000));
    let body = [body.as_slice(), noise.as_bytes()].concat();
    let mut client = Client::connect(rig.proxy()).await;
    for _ in 0..40 {
        assert_eq!(client.call(&post("/v1/messages", &[], &body)).await.status(), 200);
    }
    let rows = rig.view().ended_exchanges(40).await;
    assert!(rows.iter().all(|row| row["recorded"] == "full"), "a sequential session leaves no gap");
    assert_recorded(&rig, 40, "--request", &body).await;
    let mut rig = rig;
    rig.daemon.stop();
    let (raw, stored) = (40 * body.len() as u64, rig.home.disk_bytes("ccdump.db"));
    assert!(stored * 15 < raw, "{stored} bytes stored of {raw}");
}
