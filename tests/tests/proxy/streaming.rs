//! Nothing is held back: each piece arrives before the next one is sent, in both directions, and
//! leaving is noticed at once.

use std::time::Duration;

use ccdump_tests::{
    client::{Client, Ending},
    daemon::Rig,
    http1::{self, chunk, get, post},
    upstream::{Call, Gate, Upstream},
    wait,
};

/// Reads until `length` bytes of the body have come, and not one more can.
async fn read_exactly(client: &mut Client, body: &mut http1::Body, length: usize) -> Vec<u8> {
    let mut read = Vec::new();
    while read.len() < length {
        let piece = wait::soon("the next piece comes", client.piece(body))
            .await
            .expect("the answer goes on");
        read.extend_from_slice(&piece.expect("the answer has not ended"));
    }
    assert_eq!(read.len(), length, "nothing comes before it was sent");
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_arrives_before_the_next_is_sent() {
    const EVENTS: [&str; 7] = [
        "event: message_start\ndata: {\"type\":\"message_start\"}\n\n",
        ": a comment\n",
        "event: ping\ndata: {\"type\": \"ping\"}\n\n",
        "data: half of a li",
        "ne\n\n",
        "\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    ];
    let gate = Gate::new();
    let rig = Rig::start({
        let gate = gate.clone();
        async move |call| {
            call.drain().await?;
            call.send(&http1::sse_head()).await?;
            for event in EVENTS {
                gate.pass().await;
                call.chunk(event.as_bytes()).await?;
            }
            gate.pass().await;
            call.last_chunk().await
        }
    });
    let mut client = Client::connect(rig.proxy()).await;
    let mut open = wait::soon(
        "the head comes before any event",
        client.open(&post("/v1/messages", &[], b"{}")),
    )
    .await;
    for event in EVENTS {
        gate.open();
        let read = read_exactly(&mut client, &mut open.body, event.len()).await;
        assert_eq!(String::from_utf8_lossy(&read), event);
    }
    gate.open();
    assert_eq!(client.piece(&mut open.body).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_piece_of_a_slow_upload_arrives_before_the_next_is_sent() {
    let rig = Rig::before(Upstream::ok());
    let mut client = Client::connect(rig.proxy()).await;
    client.send(b"POST /v1/files HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 40\r\n\r\n").await;
    for sent in 1..=8 {
        client.send(b"12345").await;
        wait::until("the piece arrives", async || {
            let length = rig.upstream.log().seen().last().map_or(0, |seen| seen.body_length);
            if length == sent * 5 { Ok(()) } else { Err(format!("{length} of {} bytes", sent * 5)) }
        })
        .await;
    }
    assert_eq!(client.answer("POST").await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_directions_flow_at_the_same_time() {
    let rig = Rig::start(async |call| {
        call.send(&http1::chunked("200 OK", &[])).await?;
        while let Some(piece) = call.piece().await? {
            call.chunk(&piece).await?;
        }
        call.last_chunk().await
    });
    let mut client = Client::connect(rig.proxy()).await;
    let head = b"POST /v1/echo HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut open =
        wait::soon("the answer begins before the request has ended", client.open(head)).await;
    for piece in ["one", "two", "three"] {
        client.send(&chunk(piece.as_bytes())).await;
        assert_eq!(read_exactly(&mut client, &mut open.body, piece.len()).await, piece.as_bytes());
    }
    client.send(http1::LAST_CHUNK).await;
    assert_eq!(client.piece(&mut open.body).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_before_the_upload_ends_is_not_held_back() {
    const LENGTH: usize = 1 << 20;
    let rig = Rig::start(async |call| {
        call.piece().await?;
        call.send(&http1::response("401 Unauthorized", &[], b"no")).await?;
        call.drain().await
    });
    let mut client = Client::connect(rig.proxy()).await;
    client
        .send(
            format!(
                "POST /v1/files HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {LENGTH}\r\n\r\n"
            )
            .as_bytes(),
        )
        .await;
    client.send(&[b'x'; 1000]).await;
    let answer = wait::soon("the answer comes", client.answer("POST")).await;
    assert_eq!(
        (answer.status(), answer.body.as_slice(), answer.ending),
        (401, b"no".as_slice(), Ending::Whole)
    );
}

/// How a client leaves.
#[derive(Debug, Clone, Copy)]
enum Leaving {
    Fin,
    Reset,
}

async fn leave(mut client: Client, leaving: Leaving) -> Option<Client> {
    match leaving {
        Leaving::Fin => {
            client.fin().await;
            Some(client)
        }
        Leaving::Reset => {
            client.reset();
            None
        }
    }
}

async fn upstream_sees_it(rig: &Rig, leaving: Leaving) {
    wait::until_within(
        &format!("the upstream sees that the client left by {leaving:?}"),
        Duration::from_secs(5),
        async || {
            let seen = rig.upstream.log().last();
            seen.left.map(|_| ()).ok_or_else(|| format!("{seen:?}"))
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_in_mid_stream_takes_the_upstream_request_with_it() {
    let rig = Rig::start(async |call| {
        call.drain().await?;
        call.send(&http1::sse_head()).await?;
        call.chunk(b"data: 1\n\n").await?;
        call.left().await;
        Ok(())
    });
    for leaving in [Leaving::Fin, Leaving::Reset] {
        let mut client = Client::connect(rig.proxy()).await;
        let mut open = client.open(&post("/v1/messages", &[], b"{}")).await;
        read_exactly(&mut client, &mut open.body, 9).await;
        let _held = leave(client, leaving).await;
        upstream_sees_it(&rig, leaving).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_before_the_answer_takes_the_upstream_request_with_it() {
    let rig = Rig::start(async |call| {
        call.drain().await?;
        call.left().await;
        Ok(())
    });
    for (count, leaving) in [Leaving::Fin, Leaving::Reset].into_iter().enumerate() {
        let mut client = Client::connect(rig.proxy()).await;
        client.send(&post("/v1/messages", &[], b"{}")).await;
        arrived(&rig, count + 1).await;
        let _held = leave(client, leaving).await;
        upstream_sees_it(&rig, leaving).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_in_mid_upload_takes_the_upstream_request_with_it() {
    async fn broken_off(call: &mut Call) -> std::io::Result<()> {
        // What is awaited is the error.
        call.drain().await
    }
    let rig = Rig::start(broken_off);
    for (count, leaving) in [Leaving::Fin, Leaving::Reset].into_iter().enumerate() {
        let mut client = Client::connect(rig.proxy()).await;
        client
            .send(b"POST /v1/files HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nsome")
            .await;
        arrived(&rig, count + 1).await;
        let _held = leave(client, leaving).await;
        wait::until_within("the upstream connection ends", Duration::from_secs(5), async || {
            let open = rig.upstream.log().open_connections();
            if open == 0 { Ok(()) } else { Err(format!("{open} open")) }
        })
        .await;
        assert_eq!(rig.upstream.log().last().body_sha256, None, "a broken body never looks whole");
    }
}

async fn arrived(rig: &Rig, count: usize) {
    wait::until("the request arrives", async || {
        let arrived = rig.upstream.log().count();
        if arrived == count { Ok(()) } else { Err(format!("{arrived} arrived")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_used_again_on_both_sides() {
    let rig = Rig::before(Upstream::ok());
    let mut client = Client::connect(rig.proxy()).await;
    for n in 0..20 {
        assert_eq!(
            client.call(&post(&format!("/v1/messages?n={n}"), &[], b"{}")).await.status(),
            200
        );
    }
    assert_eq!(rig.upstream.log().count(), 20);
    assert_eq!(rig.upstream.log().connections(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_answered_in_order() {
    let rig = Rig::start(async |call| {
        let target = call.head.target();
        call.reply("200 OK", &[], target.as_bytes()).await
    });
    let requests = [get("/first", &[]), post("/second", &[], b"{\"a\":1}"), get("/third", &[])];
    let mut client = Client::connect(rig.proxy()).await;
    client.send(&requests.concat()).await;
    for target in ["/first", "/second", "/third"] {
        let answer = wait::soon("the answer comes", client.answer("GET")).await;
        assert_eq!(String::from_utf8_lossy(&answer.body), target);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_silent_for_a_while_lives() {
    let gate = Gate::new();
    let rig = Rig::start({
        let gate = gate.clone();
        async move |call| {
            call.drain().await?;
            call.send(&http1::sse_head()).await?;
            gate.pass().await;
            call.chunk(b"data: late\n\n").await?;
            call.last_chunk().await
        }
    });
    let mut silent = Client::connect(rig.proxy()).await;
    let mut open = silent.open(&post("/v1/messages", &[], b"{}")).await;
    // Others come and go meanwhile.
    let mut other = Client::connect(rig.proxy()).await;
    for _ in 0..3 {
        gate.open();
        let mut passing = other.open(&post("/v1/messages", &[], b"{}")).await;
        gate.open();
        while other.piece(&mut passing.body).await.expect("whole").is_some() {}
    }
    gate.open();
    assert_eq!(read_exactly(&mut silent, &mut open.body, 12).await, b"data: late\n\n");
}
