//! Requests: as they were sent, or refused with a reason and recorded; connections that are kept no
//! longer than the upstream keeps them.

use ccdump_tests::{
    client::{self, Client, Ending},
    daemon::Rig,
    http1::{chunk, get, post},
    upstream::Upstream,
    wait,
};

fn raw(target: &[u8]) -> Vec<u8> {
    [b"GET ", target, b" HTTP/1.1\r\nHost: 127.0.0.1\r\nanthropic-version: 1\r\n\r\n"].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_targets_arrive_as_they_were_sent() {
    let rig = Rig::before(Upstream::ok());
    let long = format!("/v1/files?q={}", "a".repeat(300_000));
    let targets: Vec<&[u8]> = vec![
        b"/v1/files?q=\"<>^`\\{}|",
        b"/v1/<files>/\"x\"",
        b"/v1/files?q=1#part",
        b"/v1/files#x?y",
        b"/v1/files?q=caf\xe9",
        "/v1/日本?q=日本".as_bytes(),
        b"/v1/files?q=a\tb\x7fc",
        b"//v1//./../files",
        b"/v1/files?",
        b"/v1/files?a?b=%zz%",
        b"/*",
        long.as_bytes(),
    ];
    let mut client = Client::connect(rig.proxy()).await;
    for target in &targets {
        assert_eq!(
            client.call(&raw(target)).await.status(),
            200,
            "{:?}",
            String::from_utf8_lossy(target)
        );
        let expected = [b"GET ", *target, b" HTTP/1.1"].concat();
        let seen = rig.upstream.log().last().head.start;
        assert_eq!(String::from_utf8_lossy(&seen), String::from_utf8_lossy(&expected));
        assert!(seen == expected);
    }
    assert_eq!(rig.upstream.log().connections(), 1, "and the connection is kept");
    let rows = rig.view().ended_exchanges(targets.len()).await;
    for (row, target) in rows.iter().zip(&targets) {
        assert_eq!(
            row["path"].as_str(),
            Some(String::from_utf8_lossy(target).as_ref()),
            "recorded as sent"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odd_target_goes_below_the_upstreams_path() {
    let upstream = Upstream::ok();
    let home = ccdump_tests::home::Home::new();
    let daemon = home.daemon(&format!("{}/gateway/v9", upstream.url())).start();
    assert_eq!(client::call(daemon.proxy(), &raw(b"/v1/<files>?q=\"1\"")).await.status(), 200);
    assert_eq!(upstream.log().last().head.target(), "/gateway/v9/v1/<files>?q=\"1\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_forwarded_is_refused_with_a_reason_and_recorded() {
    let rig = Rig::before(Upstream::ok());
    let host = "Host: 127.0.0.1\r\n";
    let cases: Vec<(Vec<u8>, u16)> = vec![
        (format!("GET /a b HTTP/1.1\r\n{host}\r\n").into(), 400),
        (format!("GET /a\x01b HTTP/1.1\r\n{host}\r\n").into(), 400),
        (format!("GET nowhere HTTP/1.1\r\n{host}\r\n").into(), 400),
        (b"GET /\r\n\r\n".to_vec(), 400),
        (b"\x16\x03\x01\x02\x00\x01\x00".to_vec(), 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), 505),
        (format!("GET / HTTP/3.0\r\n{host}\r\n").into(), 505),
        (format!("CONNECT api.openai.com:443 HTTP/1.1\r\n{host}\r\n").into(), 405),
        (format!("POST / HTTP/1.1\r\n{host}Content-Length: -5\r\n\r\n").into(), 400),
        (
            format!(
                "POST / HTTP/1.1\r\n{host}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"
            )
            .into(),
            400,
        ),
        (format!("POST / HTTP/1.1\r\n{host}Transfer-Encoding: gzip\r\n\r\n").into(), 400),
        (
            format!("POST / HTTP/1.0\r\n{host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n").into(),
            400,
        ),
        (format!("GET / HTTP/1.1\r\n{host}X: {}\r\n\r\n", "x".repeat(1_200_000)).into(), 431),
        (format!("GET / HTTP/1.1\r\n{host}{}\r\n", "X: 1\r\n".repeat(1100)).into(), 431),
        (b"GET /v1/models HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_vec(), 403),
    ];
    for (request, status) in &cases {
        let shown: String = String::from_utf8_lossy(request).chars().take(80).collect();
        let mut client = Client::connect(rig.proxy()).await;
        // The rest of a head that is too long may find nobody who reads it.
        client.try_send(request).await.unwrap_or_default();
        let answer = wait::soon("it is refused", client.answer("GET")).await;
        assert_eq!(answer.status(), *status, "{shown:?}");
        let reason = answer.head().get("x-ccdump-error").unwrap_or_default();
        assert!(reason.starts_with("refused: ") && reason.len() > 20, "{shown:?}: {reason}");
        assert!(String::from_utf8_lossy(&answer.body).contains("ccdump"), "people see why");
    }
    assert_eq!(rig.upstream.log().count(), 0, "nothing of it was forwarded");
    let rows = rig.view().ended_exchanges(cases.len()).await;
    for (row, (_, status)) in rows.iter().zip(&cases) {
        let told = (row["status"].as_u64(), row["end_state"].as_str(), row["closed_by"].as_str());
        assert_eq!(
            told,
            (Some(u64::from(*status)), Some("upstream_error"), Some("refused")),
            "{row}"
        );
    }
    rig.assert_forwards().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_garbage_is_counted_and_not_kept() {
    let rig = Rig::before(Upstream::ok());
    for _ in 0..400 {
        let answer = client::call(rig.proxy(), b"GET /garbage and more\r\n\r\n").await;
        assert_eq!(answer.status(), 400);
    }
    rig.assert_forwards().await;
    let rows = wait::until("the last one is recorded", async || {
        let rows = rig.view().ls(&[]);
        if rows.last().is_some_and(|row| row["status"] == 200) {
            Ok(rows)
        } else {
            Err(format!("{} rows", rows.len()))
        }
    })
    .await;
    // A slow machine may take it for more than one flood.
    assert!(rows.len() < 350, "{} of 400 were kept", rows.len());
    assert!(rig.daemon.log().contains("many requests are refused"), "{}", rig.daemon.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn lenient_heads_and_framings_reach_the_upstream_in_order() {
    let rig = Rig::before(Upstream::ok());
    let head = "POST /v1/messages HTTP/1.1\nHost : 127.0.0.1\nX-A: one\n two\nX B: 1\ngarbage\nContent-Length: 2, 2\n\n{}";
    let chunked = "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\nTransfer-Encoding: identity, chunked\r\n\r\n";
    let chunked = [chunked.as_bytes(), &chunk(b"{\"a\":"), &chunk(b"1}"), b"0\r\n\r\n"].concat();
    // One after the other without waiting, an empty line between them, as old clients have it.
    let all = [head.as_bytes(), b"\r\n", &chunked, &get("/v1/models", &[])].concat();
    let mut client = Client::connect(rig.proxy()).await;
    client.send(&all).await;
    for _ in 0..3 {
        assert_eq!(wait::soon("an answer", client.answer("POST")).await.status(), 200);
    }
    let seen = rig.upstream.log().seen();
    assert_eq!(
        (seen[0].body.as_slice(), seen[0].head.all("x-a")),
        (b"{}".as_slice(), vec!["one two".to_owned()])
    );
    assert_eq!(seen[0].head.all("content-length"), ["2"]);
    assert_eq!(
        (seen[1].body.as_slice(), seen[1].head.all("content-length").len()),
        (b"{\"a\":1}".as_slice(), 0)
    );
    assert_eq!(seen[2].head.target(), "/v1/models");
    client.fin().await;
    assert_eq!(client.closed().await, Ending::Fin);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_chunked_upload_arrives_whole_and_the_connection_goes_on() {
    let rig = Rig::before(Upstream::ok());
    let mut client = Client::connect(rig.proxy()).await;
    let body = ccdump_tests::random::Random::new(7).bytes(3_000_000);
    for size in [100_000, 1, 70_001] {
        let mut request =
            b"POST /v1/files HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                .to_vec();
        let sent = &body[..body.len().min(size * 3_000)];
        for piece in sent.chunks(size) {
            request.extend(chunk(piece));
        }
        request.extend(b"0\r\n\r\n");
        assert_eq!(client.call(&request).await.status(), 200);
        let seen = rig.upstream.log().last();
        assert_eq!(
            seen.body_sha256.as_deref(),
            Some(ccdump_tests::sha256(sent).as_str()),
            "chunks of {size}"
        );
    }
    assert_eq!(rig.upstream.log().connections(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_is_given_up_before_the_upstream_does() {
    let rig = Rig::start(async |call| {
        call.drain().await?;
        let told = call.head.target().trim_start_matches("/?").to_owned();
        call.send(
            format!("HTTP/1.1 200 OK\r\nKeep-Alive: {told}\r\nContent-Length: 2\r\n\r\nok")
                .as_bytes(),
        )
        .await
    });
    // What is told, and whether the next request goes out on the same connection.
    for (told, is_kept) in [
        ("timeout=60", true),
        ("timeout=60,max=100", true),
        ("timeout=1", false),
        ("timeout=0", false),
        ("max=0", false),
    ] {
        let before = rig.upstream.log().connections();
        let mut client = Client::connect(rig.proxy()).await;
        for _ in 0..3 {
            let answer = client.call(&post(&format!("/?{told}"), &[], b"{}")).await;
            assert_eq!((answer.status(), answer.head().get("keep-alive")), (200, None), "{told}");
        }
        let opened = rig.upstream.log().connections() - before;
        assert_eq!(opened, if is_kept { 1 } else { 3 }, "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_comes_before_the_body_that_the_client_holds_back() {
    let rig = Rig::start(async |call| {
        call.close();
        call.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
            .await
    });
    for address in [rig.upstream.address(), rig.proxy()] {
        let mut client = Client::connect(address).await;
        client
            .send(b"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 300000\r\n\r\n")
            .await;
        let first = wait::soon("an answer", client.head()).await.expect("a head");
        assert_eq!(first.status(), 401, "nobody says that it should go on");
        let seen = rig.upstream.log().last();
        assert_eq!(
            (seen.head.get("expect").as_deref(), seen.body_length),
            (Some("100-continue"), 0)
        );
    }
    let rows = rig.view().ended_exchanges(1).await;
    assert_eq!(
        (rows[0]["status"].as_u64(), rows[0]["request_bytes"].as_u64()),
        (Some(401), Some(0)),
        "{}",
        rows[0]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_waits_for_no_permission_is_served() {
    // This upstream never says 100.
    let rig = Rig::before(Upstream::ok());
    let mut client = Client::connect(rig.proxy()).await;
    for _ in 0..2 {
        client.send(b"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n").await;
        client.send(b"body").await;
        let answer = wait::soon("an answer", client.answer("POST")).await;
        assert_eq!((answer.status(), answer.interim.len()), (200, 0));
        assert_eq!(rig.upstream.log().last().body, b"body");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_answers_before_it_is_asked_is_heard() {
    let upstream = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let home = ccdump_tests::home::Home::new();
    let daemon =
        home.daemon(&format!("http://{}", upstream.local_addr().expect("an address"))).start();
    let serving = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let (mut socket, _) = upstream.accept().await.expect("a connection");
        socket
            .write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy")
            .await
            .expect("written");
        let mut request = Vec::new();
        socket.read_to_end(&mut request).await.unwrap_or_default();
        request
    });
    let answer =
        wait::soon("an answer", client::call(daemon.proxy(), &post("/v1/messages", &[], b"{}")))
            .await;
    assert_eq!((answer.status(), answer.body.as_slice()), (503, b"busy".as_slice()));
    assert!(serving.await.expect("served").starts_with(b"POST /v1/messages"));
}
