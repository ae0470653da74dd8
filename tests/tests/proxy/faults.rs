//! Whatever breaks, the client sees what it would see without the daemon: the same bytes, and then
//! the same end.

use std::net::SocketAddr;

use ccdump_tests::{
    client::{self, Answer, Client, Ending},
    daemon::Rig,
    home::Home,
    http1::{self, chunk, post},
    upstream::{Call, Upstream},
    wait,
};

/// Breaks as the path says.
async fn break_off(call: &mut Call) -> std::io::Result<()> {
    let target = call.head.target();
    let (ending, place) = target.trim_start_matches('/').split_once('/').unwrap_or_default();
    if place == "before-the-body-was-read" {
        call.piece().await?;
    } else {
        call.drain().await?;
    }
    let long = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
    let sse = http1::sse_head();
    let sent = match place {
        "before-the-answer" | "before-the-body-was-read" => Vec::new(),
        "in-the-head" => b"HTTP/1.1 200 OK\r\ncontent-type: text/ev".to_vec(),
        "after-the-head" => sse,
        "after-the-head-of-a-length" => long.to_vec(),
        "within-a-length" => [long.as_slice(), &[b'x'; 50]].concat(),
        "after-a-chunk" => {
            [sse.as_slice(), &chunk(b"data: 1\n\n"), &chunk(b"data: 2\n\n")].concat()
        }
        "within-a-chunk" => [sse.as_slice(), &chunk(b"data: 1\n\n"), b"64\r\ndata: par"].concat(),
        "within-a-chunk-size" => [sse.as_slice(), &chunk(b"data: 1\n\n"), b"6"].concat(),
        "before-the-last-line" => [sse.as_slice(), &chunk(b"data: 1\n\n"), b"0\r\n"].concat(),
        "without-a-length" => {
            b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nuntil the end".to_vec()
        }
        other => panic!("no such place: {other}"),
    };
    if !sent.is_empty() {
        call.send(&sent).await?;
    }
    if ending == "reset" { call.reset() } else { call.fin().await }
}

async fn ask(address: SocketAddr, target: &str) -> Answer {
    wait::soon("the answer breaks off", client::call(address, &post(target, &[], b"{\"a\":1}")))
        .await
}

async fn assert_breaks_alike(ending: &str, places: &[&str]) {
    let rig = Rig::start(break_off);
    let mut differences = Vec::new();
    for place in places {
        let target = format!("/{ending}/{place}");
        let direct = ask(rig.upstream.address(), &target).await;
        let ends_by = match (ending, *place) {
            ("reset", _) => Ending::Reset,
            (_, "without-a-length") => Ending::Whole,
            _ => Ending::Fin,
        };
        assert_eq!(direct.ending, ends_by, "{target}: the upstream breaks as it should");
        // More than once: what is lost now and then is lost.
        for _ in 0..5 {
            let proxied = ask(rig.proxy(), &target).await;
            let told = |answer: &Answer| {
                let body = String::from_utf8_lossy(&answer.body).into_owned();
                (
                    answer
                        .head
                        .as_ref()
                        .map(|head| String::from_utf8_lossy(&head.start).into_owned()),
                    body,
                    answer.ending,
                )
            };
            if told(&direct) != told(&proxied) {
                differences.push(format!(
                    "{target}: {:?} direct, {:?} through the daemon",
                    told(&direct),
                    told(&proxied)
                ));
                break;
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

const PLACES: [&str; 10] = [
    "before-the-answer",
    "in-the-head",
    "after-the-head",
    "after-the-head-of-a-length",
    "within-a-length",
    "after-a-chunk",
    "within-a-chunk",
    "within-a-chunk-size",
    "before-the-last-line",
    "without-a-length",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_by_the_upstream_reaches_the_client_after_the_last_byte() {
    assert_breaks_alike("reset", &PLACES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_end_by_the_upstream_reaches_the_client_as_an_end() {
    assert_breaks_alike("fin", &PLACES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_before_any_answer_is_no_502() {
    let rig = Rig::start(break_off);
    for place in ["before-the-answer", "before-the-body-was-read"] {
        let answer = ask(rig.proxy(), &format!("/reset/{place}")).await;
        assert_eq!((answer.head, answer.ending), (None, Ending::Reset), "{place}");
    }
    assert_eq!(rig.upstream.log().count(), 2, "nothing was sent again");
}

/// Our own answer to a request that cannot be forwarded.
fn assert_unreachable(answer: &Answer) {
    assert_eq!(answer.status(), 502);
    let error = answer.head().get("x-ccdump-error").expect("x-ccdump-error says why");
    assert!(!error.is_empty());
    assert!(!answer.body.is_empty(), "people see why");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_cannot_be_reached_is_a_502_of_our_own() {
    // Taken, so that nobody else gets it, and not listened on.
    let taken = tokio::net::TcpSocket::new_v4().expect("a socket");
    taken.bind("127.0.0.1:0".parse().expect("an address")).expect("bind");
    let nobody = taken.local_addr().expect("an address");
    for upstream in [format!("http://{nobody}"), "http://nowhere.invalid".to_owned()] {
        let home = Home::new();
        let daemon = home.daemon(&upstream).start();
        let mut client = Client::connect(daemon.proxy()).await;
        for _ in 0..2 {
            let answer =
                wait::soon("the daemon answers", client.call(&post("/v1/messages", &[], b"{}")))
                    .await;
            assert_unreachable(&answer);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_whose_certificate_is_not_trusted_is_a_502_of_our_own() {
    let upstream = Upstream::start_tls(async |call| call.reply("200 OK", &[], b"never").await);
    let home = Home::new();
    let daemon = home.daemon(&upstream.url()).start();
    assert_unreachable(&ask(daemon.proxy(), "/v1/messages").await);
    assert_eq!(upstream.log().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_speaks_no_http_breaks_the_connection() {
    let rig = Rig::start(async |call| {
        call.drain().await?;
        call.close();
        call.send(b"SSH-2.0-OpenSSH_9.9\r\n\r\n").await
    });
    let answer = ask(rig.proxy(), "/v1/messages").await;
    assert_eq!(answer.head, None, "no answer was made up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_the_upstream_closes_when_idle_costs_no_request_and_doubles_none() {
    let rig = Rig::start(async |call| {
        // Says nothing of it, closes after the answer.
        call.close();
        call.reply("200 OK", &[], b"ok").await
    });
    const ROUNDS: usize = 60;
    let (mut client, mut sent, mut answered) = (Client::connect(rig.proxy()).await, 0, 0);
    for n in 0..ROUNDS {
        if n % 3 == 0 {
            // Some requests come when the end has surely been seen, the others race with it.
            wait::until("the upstream has closed", async || {
                let open = rig.upstream.log().open_connections();
                if open == 0 { Ok(()) } else { Err(format!("{open} open")) }
            })
            .await;
        }
        let request = post(&format!("/v1/messages?n={n}"), &[], b"{}");
        if client.try_send(&request).await.is_err() {
            client = Client::connect(rig.proxy()).await;
            continue;
        }
        sent += 1;
        let answer = wait::soon("an answer or an end", client.answer("POST")).await;
        match answer.head {
            Some(head) => {
                assert_eq!(head.status(), 200);
                answered += 1;
            }
            None => client = Client::connect(rig.proxy()).await,
        }
    }
    let mut targets: Vec<String> =
        rig.upstream.log().seen().iter().map(|seen| seen.head.target()).collect();
    targets.sort();
    let arrived = targets.len();
    targets.dedup();
    assert_eq!(targets.len(), arrived, "no POST is sent twice");
    assert!(answered * 2 > sent, "{answered} of {sent} were answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_died_on_a_used_connection_is_not_sent_again() {
    let rig = Rig::start(async |call| {
        call.drain().await?;
        if call.head.target() == "/die" {
            call.reset()
        } else {
            call.reply("200 OK", &[], b"ok").await
        }
    });
    let mut client = Client::connect(rig.proxy()).await;
    assert_eq!(client.call(&post("/live", &[], b"{}")).await.status(), 200);
    let answer = client.call(&post("/die", &[], b"{}")).await;
    assert_eq!(answer.head, None);
    assert_eq!(rig.upstream.log().count(), 2);
    assert_eq!(rig.upstream.log().connections(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_requests_are_refused_and_hurt_nobody() {
    let rig = Rig::before(Upstream::ok());
    let broken: [&[u8]; 5] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"POST /v1/messages HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    ];
    for request in broken {
        let mut client = Client::connect(rig.proxy()).await;
        client.send(request).await;
        client.fin().await;
        let answer = wait::soon("the daemon refuses it", client.answer("GET")).await;
        if let Some(head) = answer.head {
            assert!((400..=505).contains(&head.status()), "{head:?}");
        }
    }
    assert_eq!(rig.upstream.log().count(), 0, "nothing of it was forwarded");
    rig.assert_forwards().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_request_that_breaks_does_not_reach_the_upstream_as_whole() {
    let rig = Rig::before(Upstream::ok());
    let mut client = Client::connect(rig.proxy()).await;
    client.send(b"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n").await;
    let answer = wait::soon("the daemon gives it up", client.answer("POST")).await;
    assert!(
        answer.head.is_none_or(|head| head.status() >= 400),
        "it is not answered as if it had been whole"
    );
    wait::until("the upstream's connection ends", async || {
        let open = rig.upstream.log().open_connections();
        if open == 0 { Ok(()) } else { Err(format!("{open} open")) }
    })
    .await;
    for seen in rig.upstream.log().seen() {
        assert_eq!(seen.body_sha256, None, "a broken body never looks whole");
    }
}
