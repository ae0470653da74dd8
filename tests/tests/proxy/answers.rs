//! Answers that agents' parsers read and strict ones refuse: they pass, with one framing and the
//! whole body, and what was mended is recorded.

use ccdump_tests::{
    client::{self, Answer, Client, Ending},
    compare::Both,
    daemon::Rig,
    grpc::Watcher,
    home::Home,
    http1::{self, Field, chunk, get, post, request},
    upstream::Upstream,
    wait,
};
use ccdump_wire::v1::{WatchRequest, event::Detail};

const BODY: &str = r#"{"ok":1}"#;

/// Answers request `/n` with the n-th answer, and ends the connection where the answer cannot be
/// told from what comes after it.
fn answering(answers: &[(String, bool)]) -> Rig {
    let answers = answers.to_vec();
    Rig::start(async move |call| {
        call.drain().await?;
        let (answer, closes) = &answers
            [call.head.target().trim_start_matches('/').parse::<usize>().expect("a number")];
        if *closes {
            call.close();
        }
        // Latin-1 stands in these texts for bytes.
        call.send(&latin1(answer)).await
    })
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect()
}

fn chunks() -> String {
    String::from_utf8([chunk(BODY.as_bytes()).as_slice(), http1::LAST_CHUNK].concat())
        .expect("text")
}

fn framings(answer: &Answer) -> usize {
    answer.head().all("content-length").len() + answer.head().all("transfer-encoding").len()
}

/// Name, status line, fields, body in chunks, the connection is closed after it, the field that
/// shows what was made of it.
type Case = (&'static str, &'static str, String, bool, bool, Option<(&'static str, &'static str)>);

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_agents_read_pass_whole() {
    let length = format!("Content-Length: {}\r\n", BODY.len());
    let chunked = "Transfer-Encoding: chunked\r\n";
    let json = "Content-Type: application/json\r\n";
    let kept = false;
    let closed = true;
    let cases: Vec<Case> = vec![
        ("HTTP/1.0 in chunks", "HTTP/1.0 200 OK", format!("{json}{chunked}"), true, closed, None),
        (
            "HTTP/1.0 in chunks, kept",
            "HTTP/1.0 200 OK",
            format!("Connection: keep-alive\r\n{chunked}"),
            true,
            kept,
            None,
        ),
        ("HTTP/1.0 with a length", "HTTP/1.0 200 OK", length.clone(), false, closed, None),
        ("HTTP/1.0 until the end", "HTTP/1.0 200 OK", json.into(), false, closed, None),
        ("length and chunks", "HTTP/1.1 200 OK", format!("{length}{chunked}"), true, kept, None),
        ("chunks and length", "HTTP/1.1 200 OK", format!("{chunked}{length}"), true, kept, None),
        (
            "identity and length",
            "HTTP/1.1 200 OK",
            format!("Transfer-Encoding: identity\r\n{length}"),
            false,
            kept,
            None,
        ),
        (
            "identity",
            "HTTP/1.1 200 OK",
            "Transfer-Encoding: identity\r\n".into(),
            false,
            closed,
            None,
        ),
        (
            "identity, chunked",
            "HTTP/1.1 200 OK",
            "Transfer-Encoding: identity, chunked\r\n".into(),
            true,
            kept,
            None,
        ),
        (
            "no coding and length",
            "HTTP/1.1 200 OK",
            format!("Transfer-Encoding: utf-8\r\n{length}"),
            false,
            kept,
            None,
        ),
        ("length twice", "HTTP/1.1 200 OK", format!("{length}{length}"), false, kept, None),
        (
            "length as a list",
            "HTTP/1.1 200 OK",
            "Content-Length: 8, 8\r\n".into(),
            false,
            kept,
            None,
        ),
        (
            "length with a plus",
            "HTTP/1.1 200 OK",
            "Content-Length: +8\r\n".into(),
            false,
            kept,
            None,
        ),
        (
            "length after a space",
            "HTTP/1.1 200 OK",
            "Content-Length : 8\r\n".into(),
            false,
            kept,
            None,
        ),
        (
            "length on the next line",
            "HTTP/1.1 200 OK",
            "Content-Length:\r\n 8\r\n".into(),
            false,
            kept,
            None,
        ),
        (
            "folded",
            "HTTP/1.1 200 OK",
            format!("X-A: one\r\n two\r\n\tthree\r\n{length}"),
            false,
            kept,
            Some(("x-a", "one two three")),
        ),
        (
            "space before the colon",
            "HTTP/1.1 200 OK",
            format!("X-A : 1\r\n{length}"),
            false,
            kept,
            Some(("x-a", "1")),
        ),
        (
            "bad names",
            "HTTP/1.1 200 OK",
            format!("X A: 1\r\nX(A): 1\r\n: 1\r\nX-A: 2\r\n{length}"),
            false,
            kept,
            Some(("x-a", "2")),
        ),
        (
            "a line without a colon",
            "HTTP/1.1 200 OK",
            format!("garbage\r\nX-A: 1\r\n{length}"),
            false,
            kept,
            Some(("x-a", "1")),
        ),
        (
            "control characters",
            "HTTP/1.1 200 OK",
            format!("X-A: a\u{1}b\u{7f}c\r\n{length}"),
            false,
            kept,
            Some(("x-a", "a b c")),
        ),
        (
            "a zero",
            "HTTP/1.1 200 OK",
            format!("X-A: a\0b\r\n{length}"),
            false,
            kept,
            Some(("x-a", "a b")),
        ),
        (
            "bare line feeds",
            "HTTP/1.1 200 OK",
            format!("X-A: 1\r\n{length}").replace('\r', ""),
            false,
            kept,
            Some(("x-a", "1")),
        ),
        ("lower case", "http/1.1 200 OK", length.clone(), false, kept, None),
        ("two spaces", "HTTP/1.1  200 OK", length.clone(), false, kept, None),
        ("no reason", "HTTP/1.1 200", length.clone(), false, kept, None),
        ("an empty line before it", "\r\nHTTP/1.1 200 OK", length.clone(), false, kept, None),
        ("HTTP/2.0 by name", "HTTP/2.0 200 OK", length.clone(), false, kept, None),
    ];
    let answers: Vec<(String, bool)> = cases
        .iter()
        .map(|(_, line, fields, in_chunks, closes, _)| {
            let body = if *in_chunks { chunks() } else { BODY.to_owned() };
            (format!("{line}\r\n{fields}\r\n{body}"), *closes)
        })
        .collect();
    let rig = answering(&answers);
    for (number, (name, _, _, _, _, field)) in cases.iter().enumerate() {
        let mut client = Client::connect(rig.proxy()).await;
        // Twice: a connection that is kept serves the next request.
        for _ in 0..2 {
            let answer =
                wait::soon(name, client.call(&post(&format!("/{number}"), &[], b"{}"))).await;
            assert_eq!(
                (answer.status(), String::from_utf8_lossy(&answer.body).as_ref()),
                (200, BODY),
                "{name}"
            );
            assert_eq!(
                (answer.ending, framings(&answer)),
                (Ending::Whole, 1),
                "{name}: {:?}",
                answer.head()
            );
            if let Some((field, value)) = field {
                assert_eq!(answer.head().all(field), [*value], "{name}");
            }
            if answer.head().get("connection").as_deref() == Some("close") {
                client = Client::connect(rig.proxy()).await;
            }
        }
    }
    let rows = rig.view().ended_exchanges(cases.len() * 2).await;
    for (number, row) in rows.iter().enumerate() {
        let name = cases[number / 2].0;
        assert_eq!(
            (row["end_state"].as_str(), row["closed_by"].as_str()),
            (Some("complete"), Some("finished")),
            "{name}: {row}"
        );
        assert_eq!(row["response_bytes"], BODY.len(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reasons_pass_in_whatever_letters() {
    let answers: Vec<(String, bool)> =
        ["D\u{e9}j\u{e0} vu", "Quite  All Right", "", "\u{201c}utf-8\u{201d}"]
            .map(|reason| {
                let reason = if reason.is_ascii() {
                    reason.to_owned()
                } else {
                    reason.bytes().map(char::from).collect()
                };
                (format!("HTTP/1.1 299 {reason}\r\nContent-Length: 0\r\n\r\n"), false)
            })
            .to_vec();
    let rig = answering(&answers);
    for (number, (sent, _)) in answers.iter().enumerate() {
        let answer = client::call(rig.proxy(), &get(&format!("/{number}"), &[])).await;
        let line = latin1(sent.split("\r\n").next().expect("a line"));
        assert_eq!(answer.head().start, line);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_mended_is_recorded_in_words() {
    let rig = answering(&[(
        "HTTP/1.1 200 OK\r\nX-A: 1\u{1}\r\ngarbage of 19 bytes\r\nContent-Length: 0\r\n\r\n"
            .to_owned(),
        false,
    )]);
    let head = "GET /0 HTTP/1.1\r\nHost: 127.0.0.1\r\nX(B): hidden\r\nX-C: one\r\n two\r\n\r\n";
    assert_eq!(client::call(rig.proxy(), head.as_bytes()).await.status(), 200);
    let seen = rig.upstream.log().last();
    assert_eq!(seen.head.all("x-c"), ["one two"]);
    let mut service = rig.grpc().await;
    let mut watcher = Watcher::start(&mut service, WatchRequest::default()).await;
    let rows = rig.view().ended_exchanges(1).await;
    assert_eq!(rows[0]["end_state"], "complete");
    drop(watcher);
    let until_seq = Some(ccdump_tests::grpc::status(&mut service).await.head_seq);
    let epoch = service
        .hello(ccdump_wire::v1::HelloRequest::default())
        .await
        .expect("a hello")
        .into_inner()
        .epoch;
    watcher =
        Watcher::start(&mut service, WatchRequest { epoch, until_seq, ..WatchRequest::default() })
            .await;
    let (mut of_request, mut of_answer) = (Vec::new(), Vec::new());
    for event in watcher.events_to_end().await {
        match event.detail {
            Some(Detail::Opened(opened)) => of_request = opened.mended,
            Some(Detail::ResponseHead(head)) => of_answer = head.mended,
            _ => {}
        }
    }
    assert_eq!(of_request, ["left out a line whose name is none (12 bytes)"]);
    let expected =
        ["control characters in x-a became spaces", "left out a line without a colon (19 bytes)"];
    assert_eq!(of_answer, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_can_read_for_certain_are_the_upstreams_error() {
    let cases = [
        (
            "two lengths",
            "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nContent-Length: 9\r\n\r\n{\"ok\":1}",
        ),
        ("a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: soon\r\n\r\n{\"ok\":1}"),
        ("a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -8\r\n\r\n{\"ok\":1}"),
        ("no HTTP", "hello\r\n\r\n"),
        ("half a status", "HTTP/1.1 20 OK\r\n\r\n"),
    ];
    let rig = answering(&cases.map(|(_, answer)| (answer.to_owned(), true)));
    for (number, (name, _)) in cases.iter().enumerate() {
        let answer =
            wait::soon(name, client::call(rig.proxy(), &get(&format!("/{number}"), &[]))).await;
        assert_eq!(answer.head, None, "{name}: no answer is made up");
    }
    for row in rig.view().ended_exchanges(cases.len()).await {
        assert_eq!(
            (row["end_state"].as_str(), row["closed_by"].as_str()),
            (Some("upstream_error"), Some("upstream")),
            "{row}"
        );
        let shown = rig.view().run(&["show", &row["id"].to_string()]).expect_success().text();
        assert!(shown.contains("the upstream's answer"), "the reason is told: {shown}");
        assert!(!shown.contains("not reached"), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_fields_of_the_api_pass_both_ways() {
    let fields = [
        ("Proxy-Authenticate", "Basic realm=\"x\""),
        ("Proxy-Authenticate", "Bearer"),
        ("Proxy-Authentication-Info", "a"),
    ];
    let rig = Rig::start(async move |call| {
        call.reply("407 Proxy Authentication Required", &fields, b"who?").await
    });
    let both =
        Both::send(&rig, &post("/v1/messages", &[("Proxy-Authorization", "Bearer token")], b"{}"))
            .await;
    both.assert_same(&rig.upstream.host());
    assert_eq!(both.seen_proxied.head.get("proxy-authorization").as_deref(), Some("Bearer token"));
    assert_eq!(both.proxied.head().all("proxy-authenticate").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_connection_cannot_name_passes() {
    let rig = Rig::before(Upstream::ok());
    let named = [
        ("Connection", "host, content-type, authorization, x-hop"),
        ("Authorization", "Bearer a"),
        ("X-Hop", "1"),
    ];
    let both = Both::send(&rig, &post("/v1/messages", &named, b"{}")).await;
    both.assert_same_without(&rig.upstream.host(), &["connection", "x-hop"]);
    assert_eq!(both.seen_proxied.head.get("host"), Some(rig.upstream.host()));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_without_a_body_keep_the_length_they_tell() {
    for (status, method) in [
        ("304 Not Modified", "GET"),
        ("304 Not Modified", "HEAD"),
        ("204 No Content", "DELETE"),
        ("200 OK", "HEAD"),
    ] {
        let answer =
            format!("HTTP/1.1 {status}\r\nETag: \"x\"\r\nContent-Length: 999\r\nX-Last: 1\r\n\r\n");
        let rig = Rig::start(async move |call| {
            call.drain().await?;
            call.send(answer.as_bytes()).await
        });
        let mut client = Client::connect(rig.proxy()).await;
        for _ in 0..2 {
            let answer = client.call(&request(method, "/v1/files/1", "127.0.0.1", &[], b"")).await;
            assert_eq!(
                answer.head().get("content-length").as_deref(),
                Some("999"),
                "{method} {status}"
            );
            assert_eq!((answer.body.len(), answer.ending), (0, Ending::Whole));
        }
        for row in rig.view().ended_exchanges(2).await {
            assert_eq!(row["end_state"], "complete", "{method} {status}: {row}");
        }
    }
}

/// The names and values in their order.
fn order(fields: &[Field], left_out: &[&str]) -> Vec<String> {
    let passes =
        |field: &&Field| !left_out.iter().any(|name| field.name.eq_ignore_ascii_case(name));
    fields.iter().filter(passes).map(|field| format!("{field:?}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_keep_their_order() {
    let fields = "X-1: a\r\nConnection: keep-alive, X-Hop\r\nX-2: b\r\nKeep-Alive: timeout=9\r\nSet-Cookie: 1\r\nX-Hop: h\r\n\
        Set-Cookie: 2\r\nX-3: c\r\nProxy-Connection: keep-alive\r\nX-4: d\r\nTE: trailers\r\nX-5: e\r\n";
    let answer = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 2\r\nX-Last: 1\r\n\r\nok");
    let rig = Rig::start(async move |call| {
        call.drain().await?;
        call.send(answer.as_bytes()).await
    });
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nX-0: 0\r\nHost: 127.0.0.1\r\n{fields}Content-Length: 0\r\nX-Last: 1\r\n\r\n"
    );
    let both = Both::send(&rig, head.as_bytes()).await;
    let hop_by_hop = ["connection", "keep-alive", "proxy-connection", "x-hop", "host"];
    let (direct, proxied) = (&both.seen_direct.head.fields, &both.seen_proxied.head.fields);
    assert_eq!(order(proxied, &hop_by_hop), order(direct, &hop_by_hop), "request");
    assert_eq!(proxied[1].name, "Host", "it stays where it stood");
    let te = [&hop_by_hop[..], &["te"]].concat();
    assert_eq!(
        order(&both.proxied.head().fields, &te),
        order(&both.direct.head().fields, &te),
        "answer"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_protocol_that_nobody_asked_for_keeps_its_bytes() {
    let rig = Rig::start(async |call| {
        call.drain().await?;
        call.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\nfirst ").await?;
        call.send(b"second").await?;
        call.fin().await
    });
    for address in [rig.upstream.address(), rig.proxy()] {
        let mut client = Client::connect(address).await;
        client.send(&get("/v1/models", &[])).await;
        let head = client.head().await.expect("a head");
        assert_eq!((head.status(), head.get("upgrade").as_deref()), (101, Some("foo")));
        assert_eq!(client.read_exactly(12).await, b"first second");
        assert_eq!(client.closed().await, Ending::Fin);
    }
    let rows = rig.view().ended_exchanges(1).await;
    assert_eq!(
        (rows[0]["end_state"].as_str(), rows[0]["response_bytes"].as_u64()),
        (Some("complete"), Some(12)),
        "{}",
        rows[0]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_of_http_2_is_not_passed_on_by_half() {
    let rig = Rig::before(Upstream::ok());
    let offer = [
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAMAAABkAAQAAP__"),
    ];
    let mut client = Client::connect(rig.proxy()).await;
    for _ in 0..2 {
        assert_eq!(client.call(&post("/v1/messages", &offer, b"{}")).await.status(), 200);
        let seen = rig.upstream.log().last();
        for name in ["upgrade", "http2-settings", "connection"] {
            assert_eq!(seen.head.get(name), None, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_ends_with_a_tls_connection_is_whole_without_a_word_about_it() {
    let upstream = Upstream::start_tls(async |call| {
        call.drain().await?;
        // The connection is dropped, and no close_notify sent.
        call.close();
        let framing = if call.head.target() == "/short" { "content-length: 99\r\n" } else { "" };
        call.send(format!("HTTP/1.1 200 OK\r\n{framing}\r\nthe last bytes").as_bytes()).await
    });
    let home = Home::new();
    let daemon = home.daemon(&upstream.url()).trusting(&upstream).start();
    for (target, ending) in [("/whole", Ending::Whole), ("/short", Ending::Fin)] {
        let answer = client::call(daemon.proxy(), &post(target, &[], b"{}")).await;
        assert_eq!(
            (answer.body.as_slice(), answer.ending),
            (b"the last bytes".as_slice(), ending),
            "{target}"
        );
    }
    let rows = home.view().ended_exchanges(2).await;
    let states: Vec<_> =
        rows.iter().map(|row| row["end_state"].as_str().unwrap_or_default()).collect();
    assert_eq!(states, ["complete", "truncated"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_http_1_0_can_tell_a_body_that_broke() {
    let rig = Rig::start(async |call| {
        call.drain().await?;
        let head = http1::chunked("200 OK", &[]);
        let rest = match call.head.target().as_str() {
            "/cut-off" => chunk(b"half of "),
            "/no-size" => [chunk(b"half of "), b"zz\r\n".to_vec()].concat(),
            _ => b"0x3\r\nabc\r\n0\r\n\r\n".to_vec(),
        };
        call.send(&[head, rest].concat()).await?;
        call.fin().await
    });
    for (target, came) in [("/cut-off", "half of "), ("/no-size", "half of "), ("/none", "")] {
        let answer = client::call(
            rig.proxy(),
            format!("GET {target} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").as_bytes(),
        )
        .await;
        assert_eq!(
            (answer.body.as_slice(), answer.ending),
            (came.as_bytes(), Ending::Reset),
            "{target}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_comes_after_what_a_slow_client_has_not_read() {
    let body = vec![b'x'; 100_000];
    let half = body.clone();
    let rig = Rig::start(async move |call| {
        call.drain().await?;
        call.send(&[http1::chunked("200 OK", &[]), chunk(&half), b"zz\r\n".to_vec()].concat())
            .await?;
        call.fin().await
    });
    let mut client = Client::connect_with_small_window(rig.proxy()).await;
    client.send(b"GET /v1/models HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").await;
    // By then the kernel alone has what the client has not read.
    rig.view().ended_exchanges(1).await;
    let answer = client.answer("GET").await;
    assert_eq!((answer.body.len(), answer.ending), (body.len(), Ending::Reset));
}
