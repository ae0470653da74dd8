//! What arrives is what was sent, both ways: each request goes straight to the upstream and then
//! through the daemon, and both ends must see the same.

use ccdump_tests::{
    client::{Client, Ending},
    compare::Both,
    daemon::Rig,
    home::Home,
    http1::{self, Field, chunk, get, post, request},
    random::Random,
    upstream::Upstream,
};

/// Sends it both ways and demands no difference.
async fn assert_transparent(rig: &Rig, request: &[u8]) -> Both {
    let both = Both::send(rig, request).await;
    both.assert_same(&rig.upstream.host());
    both
}

/// Answers with exactly these bytes.
fn answering(bytes: Vec<u8>) -> Rig {
    Rig::start(async move |call| {
        call.drain().await?;
        call.send(&bytes).await
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn header_names_keep_their_case_and_values_their_bytes() {
    let headers = "X-MiXeD-CaSe: 1\r\nx-lower: 2\r\nX-UPPER: 3\r\nX-Empty:\r\nX-Obs: caf\u{e9} \u{20ac}\r\nX-Tab: a\tb\r\n\
        X-Repeated: one\r\nx-repeated: two\r\nX-REPEATED: three\r\nanthropic-beta: a,b , c\r\nX-Spaces:   padded   \r\n\
        X-Punctuation!#$%&'*+.^_`|~: odd\r\n";
    let body = b"{\"a\": 1}";
    let mut head = format!(
        "POST /v1/messages?beta=true HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n{headers}",
        body.len()
    );
    head.push_str("\r\n");
    let mut answer =
        format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{headers}Set-Cookie: a=1\r\nset-cookie: b=2\r\n\r\nok").into_bytes();
    // Latin-1, which is no UTF-8.
    let at = answer.len() - 6;
    answer.splice(at..at, b"\r\nX-Latin: caf\xe9".iter().copied());
    let rig = answering(answer);
    let both = assert_transparent(&rig, &[head.as_bytes(), body].concat()).await;
    assert!(both.seen_proxied.head.fields.contains(&Field::new("X-MiXeD-CaSe", "1")));
    assert_eq!(both.proxied.head().all("x-repeated"), ["one", "two", "three"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_and_twenty_headers_pass_both_ways() {
    let names: Vec<String> = (0..120).map(|n| format!("X-Header-{n}")).collect();
    let headers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "value")).collect();
    let rig = answering(http1::response("200 OK", &headers, b"ok"));
    assert_transparent(&rig, &post("/v1/messages", &headers, b"{}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn six_hundred_kilobytes_of_headers_pass() {
    let rig = Rig::before(Upstream::ok());
    let value = "v".repeat(60_000);
    let names: Vec<String> = (0..10).map(|n| format!("X-Long-{n}")).collect();
    let headers: Vec<(&str, &str)> =
        names.iter().map(|name| (name.as_str(), value.as_str())).collect();
    assert_transparent(&rig, &post("/v1/messages", &headers, b"{}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hop_by_hop_headers_stop_here_and_so_do_those_that_connection_names() {
    let hop = [
        ("Connection", "keep-alive, X-Hop, x-other-hop"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "keep-alive"),
    ];
    let named = [("X-Hop", "1"), ("X-Other-Hop", "2"), ("X-End", "stays")];
    let headers = [hop.as_slice(), named.as_slice()].concat();
    let rig = answering(http1::response("200 OK", &headers, b"ok"));
    let both = Both::send(&rig, &post("/v1/messages", &headers, b"{}")).await;
    let stopped = ["connection", "keep-alive", "proxy-connection", "x-hop", "x-other-hop"];
    both.assert_same_without(&rig.upstream.host(), &stopped);
    for (side, head) in [("upstream", &both.seen_proxied.head), ("client", both.proxied.head())] {
        for name in stopped {
            assert_eq!(head.get(name), None, "the {side} must not see {name}");
        }
        assert_eq!(head.get("x-end").as_deref(), Some("stays"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_and_reason_phrases_pass_as_they_are() {
    let rig = Rig::start(async |call| {
        let status = call.head.target().trim_start_matches('/').replace('_', " ");
        call.drain().await?;
        let framing = if status.starts_with("204") || status.starts_with("304") {
            ""
        } else {
            "content-length: 3\r\n"
        };
        let body = if framing.is_empty() { "" } else { "err" };
        call.send(format!("HTTP/1.1 {status}\r\nretry-after: 7\r\n{framing}\r\n{body}").as_bytes())
            .await
    });
    let statuses = [
        "200_OK",
        "200_Quite_All_Right",
        "201_Created",
        "204_No_Content",
        "206_Partial_Content",
        "301_Moved",
        "304_Not_Modified",
        "307_Temporary_Redirect",
        "400_Bad_Request",
        "401_Unauthorized",
        "404_Not_Found",
        "413_Too_Large",
        "418_I'm_a_teapot",
        "429_Too_Many_Requests",
        "500_Oops",
        "502_Bad_Gateway",
        "503_Down",
        "529_Overloaded",
        "599_Who_Knows",
    ];
    for status in statuses {
        assert_transparent(&rig, &get(&format!("/{status}"), &[])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_passes_with_and_without_a_body() {
    let rig = Rig::before(Upstream::ok());
    for method in ["GET", "DELETE", "PUT", "PATCH", "OPTIONS", "PROPFIND", "POST"] {
        assert_transparent(&rig, &request(method, "/v1/files/1", "127.0.0.1", &[], b"")).await;
        assert_transparent(&rig, &request(method, "/v1/files/1", "127.0.0.1", &[], b"{\"a\":1}"))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_framing_is_added_to_a_request_that_had_none() {
    let rig = Rig::before(Upstream::ok());
    for method in ["GET", "DELETE", "OPTIONS", "POST"] {
        let bare =
            format!("{method} /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n");
        let both = assert_transparent(&rig, bare.as_bytes()).await;
        assert_eq!(both.seen_proxied.head.get("content-length"), None, "{method}");
        assert_eq!(both.seen_proxied.head.get("transfer-encoding"), None, "{method}");
    }
    let zero = "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n";
    let both = assert_transparent(&rig, zero.as_bytes()).await;
    assert_eq!(both.seen_proxied.head.get("content-length").as_deref(), Some("0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn head_keeps_the_content_length_of_the_body_it_does_not_have() {
    let rig = answering(
        b"HTTP/1.1 200 OK\r\nContent-Length: 123456\r\nContent-Type: text/html\r\n\r\n".to_vec(),
    );
    let both = assert_transparent(&rig, &request("HEAD", "/", "127.0.0.1", &[], b"")).await;
    assert_eq!(both.proxied.head().get("content-length").as_deref(), Some("123456"));
    assert_eq!(both.proxied.ending, Ending::Whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_pass_verbatim() {
    let rig = Rig::before(Upstream::ok());
    let targets = [
        "/",
        "/?",
        "/x??a=?b",
        "//double//slash//",
        "/a;b=c/d;e?x;y",
        "/a%2Fb%2f?q=%20%zz&r=+",
        "/v1/../v1/./messages",
        "/%E2%82%AC",
        "/\u{e9}\u{20ac}?q=\u{e9}",
        "/a,b(c)'d*e!$@:",
        "/v1/messages?beta=true&beta=true&=&",
        "/unknown/path/of/some/depth?x",
        "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse&key=not-a-secret",
        "/x?%00",
        "/~user/[1]|{2}?a[]=1",
    ];
    for target in targets {
        assert_transparent(&rig, &get(target, &[])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn long_targets_pass() {
    let rig = Rig::before(Upstream::ok());
    assert_transparent(&rig, &get(&format!("/v1/search?q={}", "a".repeat(20_000)), &[])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_request_stays_chunked() {
    let rig = Rig::before(Upstream::ok());
    let head =
        "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let request = [head.as_bytes(), &chunk(b"{\"a\":"), &chunk(b"1}"), http1::LAST_CHUNK].concat();
    let both = assert_transparent(&rig, &request).await;
    assert_eq!(both.seen_proxied.body, b"{\"a\":1}");
    assert_eq!(both.seen_proxied.head.get("transfer-encoding").as_deref(), Some("chunked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_pass_both_ways() {
    let head = http1::chunked("200 OK", &[("Trailer", "X-Sum, X-Time")]);
    let answer = [head.as_slice(), &chunk(b"body"), b"0\r\nX-Sum: abc\r\nX-Time: 12\r\n\r\n"];
    let rig = answering(answer.concat());
    let head = "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nTE: trailers\r\nConnection: TE\r\nTransfer-Encoding: chunked\r\n\
        Trailer: X-Request-Sum\r\n\r\n";
    let request = [head.as_bytes(), &chunk(b"{}"), b"0\r\nX-Request-Sum: def\r\n\r\n"].concat();
    let both = Both::send(&rig, &request).await;
    assert_eq!(both.direct.trailers.len(), 2);
    assert_eq!(both.seen_direct.trailers.len(), 1);
    both.assert_same_without(&rig.upstream.host(), &["te", "connection", "trailer"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_ends_with_the_connection_arrives_whole() {
    let rig = Rig::start(async |call| {
        call.drain().await?;
        call.close();
        call.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nuntil the end").await
    });
    let both = Both::send(&rig, &post("/v1/messages", &[], b"{}")).await;
    // How its end is told to the client is the daemon's choice.
    both.assert_same_without(&rig.upstream.host(), &["transfer-encoding", "connection"]);
    assert_eq!(both.proxied.body, b"until the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_http_1_0_gets_an_answer_it_understands() {
    let rig = answering(
        [
            http1::chunked("200 OK", &[]).as_slice(),
            &chunk(b"hello "),
            &chunk(b"world"),
            http1::LAST_CHUNK,
        ]
        .concat(),
    );
    let mut client = Client::connect(rig.proxy()).await;
    let answer = client.call(b"GET /v1/models HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").await;
    assert_eq!(answer.head().get("transfer-encoding"), None, "1.0 knows no chunks");
    assert_eq!((answer.status(), answer.body.as_slice()), (200, b"hello world".as_slice()));
    assert_eq!(answer.ending, Ending::Whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_expects_100_continue_is_told_to_go_on() {
    let rig = Rig::start(async |call| {
        if call.head.get("expect").is_some() {
            call.send(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        call.reply("200 OK", &[], b"ok").await
    });
    for address in [rig.upstream.address(), rig.proxy()] {
        let mut client = Client::connect(address).await;
        client.send(b"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n").await;
        assert_eq!(client.head().await.expect("an interim answer").status(), 100);
        client.send(b"body").await;
        assert_eq!(client.answer("POST").await.body, b"ok");
        assert_eq!(rig.upstream.log().last().body, b"body");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn early_hints_reach_the_client_before_the_answer() {
    let rig =
        answering(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec());
    let both = assert_transparent(&rig, &get("/v1/models", &[])).await;
    assert_eq!(both.direct.interim.len(), 1);
    assert_eq!(both.proxied.interim, both.direct.interim);
}

#[tokio::test(flavor = "multi_thread")]
async fn coded_bodies_pass_untouched() {
    use std::io::Write as _;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&b"event: ping\ndata: {}\n\n".repeat(100)).expect("compresses");
    let coded = gzip.finish().expect("compresses");
    let noise = Random::new(3).bytes(300_000);
    for (coding, body) in [
        ("gzip", coded.as_slice()),
        ("br", b"\x00not brotli"),
        ("zstd", noise.as_slice()),
        ("x-unheard-of", b"?"),
    ] {
        let rig = answering(http1::response("200 OK", &[("content-encoding", coding)], body));
        let both =
            assert_transparent(&rig, &post("/v1/messages", &[("content-encoding", coding)], body))
                .await;
        assert_eq!(both.seen_proxied.body, body, "{coding}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_json_and_no_utf8_pass() {
    let body: Vec<u8> = (0..=255).collect();
    let rig = answering(http1::response("200 OK", &[("content-type", "application/json")], &body));
    assert_transparent(&rig, &post("/v1/messages", &[], &body)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_go_to_an_upstream_over_tls() {
    let upstream = Upstream::start_tls(async |call| call.reply("200 OK", &[], b"over TLS").await);
    let home = Home::new();
    let daemon = home.daemon(&upstream.url()).trusting(&upstream).start();
    let mut client = Client::connect(daemon.proxy()).await;
    for _ in 0..2 {
        assert_eq!(
            client.call(&post("/v1/messages", &[("X-Case", "1")], b"{}")).await.body,
            b"over TLS"
        );
    }
    let seen = upstream.log().last();
    assert_eq!(seen.head.get("host"), Some(upstream.host()));
    assert!(seen.head.fields.contains(&Field::new("X-Case", "1")), "{:?}", seen.head);
    assert_eq!(upstream.log().connections(), 1, "the connection is used again");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_routed_by_path_and_headers() {
    let (anthropic, openai, other) = (Upstream::ok(), Upstream::ok(), Upstream::ok());
    let home = Home::new();
    let daemon = home
        .daemon(&other.url())
        .upstream(&format!("anthropic={}", anthropic.url()))
        .upstream(&format!("openai={}", openai.url()))
        .start();
    let mut client = Client::connect(daemon.proxy()).await;
    let version = [("anthropic-version", "2023-06-01")];
    for (request, to) in [
        (post("/v1/messages?beta=true", &[], b"{}"), &anthropic),
        (post("/v1/messages/count_tokens", &[], b"{}"), &anthropic),
        (get("/v1/models?limit=1000", &version), &anthropic),
        (post("/v1/responses", &[], b"{}"), &openai),
        (post("/v1/chat/completions", &[], b"{}"), &openai),
        (post("/v1beta/models/g:generateContent", &[], b"{}"), &other),
        (get("/some/unknown/path", &[]), &other),
    ] {
        let before = to.log().count();
        assert_eq!(client.call(&request).await.status(), 200);
        assert_eq!(to.log().count(), before + 1, "{}", String::from_utf8_lossy(&request));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_path_of_the_upstream_is_put_before_the_target() {
    let upstream = Upstream::ok();
    let home = Home::new();
    let daemon = home.daemon(&format!("{}/gateway/v9", upstream.url())).start();
    let answer =
        ccdump_tests::client::call(daemon.proxy(), &post("/v1/messages?beta=true", &[], b"{}"))
            .await;
    assert_eq!(answer.status(), 200);
    assert_eq!(upstream.log().last().head.target(), "/gateway/v9/v1/messages?beta=true");
}
