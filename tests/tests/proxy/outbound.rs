//! Where only an HTTP proxy leads out, the daemon goes through it: what the upstream gets is the
//! same.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use ccdump_tests::{
    client::{self, Client},
    daemon::{Daemon, run},
    home::Home,
    http1::post,
    sha256,
    upstream::Upstream,
    wait,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

/// This name resolves nowhere: only the proxy knows where it is.
const NOWHERE: &str = "api.upstream.invalid";

/// An HTTP proxy that connects to one upstream, whatever it is asked for.
struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    async fn start(upstream: SocketAddr, answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("an address");
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&heads);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let seen = Arc::clone(&seen);
                tokio::spawn(async move { serve(stream, upstream, answer, &seen).await });
            }
        });
        Self { address, heads }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("no panic").clone()
    }
}

async fn serve(
    mut client: TcpStream,
    upstream: SocketAddr,
    answer: &str,
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if client.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    seen.lock().expect("no panic").push(String::from_utf8_lossy(&head).into_owned());
    client.write_all(format!("HTTP/1.1 {answer}\r\nvia: test\r\n\r\n").as_bytes()).await?;
    if answer.starts_with('2') {
        let mut upstream = TcpStream::connect(upstream).await?;
        copy_bidirectional(&mut client, &mut upstream).await?;
    }
    Ok(())
}

async fn ask(daemon: &Daemon) -> client::Answer {
    wait::soon(
        "the daemon answers",
        client::call(daemon.proxy(), &post("/v1/messages", &[], b"{}")),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn upstreams_are_reached_through_the_proxy_and_get_the_same() {
    let body = vec![b'x'; 300_000];
    for (upstream, scheme) in [
        (Upstream::ok(), "http"),
        (Upstream::start_tls(async |call| call.reply("200 OK", &[], b"{}").await), "https"),
    ] {
        let proxy = Proxy::start(upstream.address(), "200 Connection established").await;
        let home = Home::new();
        let url = format!("{scheme}://{NOWHERE}");
        let variable = if scheme == "http" { "http_proxy" } else { "HTTPS_PROXY" };
        let named = proxy.url().replace("http://", "http://us%40er:pa55word@");
        let mut daemon = home
            .daemon(&url)
            .trusting(&upstream)
            .env(variable, &named)
            .env("CCDUMP_LOG", "trace")
            .start();
        let mut client = Client::connect(daemon.proxy()).await;
        for _ in 0..3 {
            let answer = wait::soon(
                "an answer",
                client.call(&post("/v1/messages?beta=true", &[("Proxy-Connection", "x")], &body)),
            )
            .await;
            assert_eq!(answer.status(), 200, "{url}: {}", String::from_utf8_lossy(&answer.body));
        }
        assert_eq!(upstream.log().connections(), 1, "the tunnel is used again");
        for seen in upstream.log().seen() {
            assert_eq!(seen.head.target(), "/v1/messages?beta=true");
            assert_eq!(seen.head.get("host").as_deref(), Some(NOWHERE));
            assert_eq!(
                seen.head.get("proxy-authorization"),
                None,
                "the proxy's password is the proxy's"
            );
            assert_eq!(seen.body_sha256.as_deref(), Some(sha256(&body).as_str()));
        }
        let heads = proxy.heads();
        assert_eq!(heads.len(), 1, "{heads:?}");
        let port = if scheme == "http" { 80 } else { 443 };
        assert!(
            heads[0].starts_with(&format!(
                "CONNECT {NOWHERE}:{port} HTTP/1.1\r\nHost: {NOWHERE}:{port}\r\n"
            )),
            "{}",
            heads[0]
        );
        assert!(
            heads[0].contains("Proxy-Authorization: Basic dXNAZXI6cGE1NXdvcmQ="),
            "{}",
            heads[0]
        );

        let place = [
            "--data-dir",
            home.data_dir().to_str().expect("a path"),
            "--socket",
            home.socket().to_str().expect("a path"),
        ]
        .map(str::to_owned);
        let status = run(home.ccdumpd().arg("status").args(&place)).expect_success().text();
        assert!(status.contains(&format!("{} ({variable})", proxy.url())), "{status}");
        daemon.stop();
        assert!(
            !format!("{status}{}", daemon.log()).contains("pa55word"),
            "its password is shown nowhere"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_may_speak_tls_itself() {
    // In the tunnel the conversation goes on as plain HTTP, on the same connection.
    let proxy = Upstream::start_tls(async |call| {
        if call.head.method() == "CONNECT" {
            return call.send(b"HTTP/1.1 200 OK\r\n\r\n").await;
        }
        call.reply("200 OK", &[], b"through").await
    });
    let home = Home::new();
    let daemon = home
        .daemon(&format!("http://{NOWHERE}"))
        .trusting(&proxy)
        .env("ALL_PROXY", &proxy.url())
        .start();
    let answer = ask(&daemon).await;
    assert_eq!(
        (answer.status(), answer.body.as_slice()),
        (200, &b"through"[..]),
        "{:?}",
        answer.head
    );
    let targets: Vec<String> = proxy.log().seen().iter().map(|seen| seen.head.target()).collect();
    assert_eq!(targets, [format!("{NOWHERE}:80"), "/v1/messages".to_owned()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exempt_is_reached_directly() {
    let upstream = Upstream::ok();
    let proxy = Proxy::start(upstream.address(), "403 Forbidden").await;
    let home = Home::new();
    // Loopback by itself; a name that the list holds is not asked of the proxy, though it resolves
    // nowhere.
    for (url, no_proxy, status) in
        [(upstream.url(), "", 200), (format!("http://{NOWHERE}"), "invalid", 502)]
    {
        let daemon =
            home.daemon(&url).env("http_proxy", &proxy.url()).env("no_proxy", no_proxy).start();
        assert_eq!(ask(&daemon).await.status(), status, "{url}");
        assert_eq!(proxy.heads(), [""; 0], "{url}");
    }
    let daemon = home
        .daemon(&format!("http://{NOWHERE}"))
        .env("http_proxy", &proxy.url())
        .with(&["--proxy", "none"])
        .start();
    assert_eq!(ask(&daemon).await.status(), 502);
    assert_eq!(proxy.heads(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_proxy_refuses_is_said() {
    let upstream = Upstream::ok();
    let home = Home::new();
    let nobody = "http://user:pa55word@127.0.0.1:9";
    for (answer, word) in [
        ("403 Not on the list", "403 Not on the list"),
        ("407 Who are you", "USER:PASSWORD@"),
        ("", "is not to be had"),
    ] {
        let proxy = Proxy::start(upstream.address(), answer).await;
        let url = if answer.is_empty() { nobody.to_owned() } else { proxy.url() };
        let daemon = home.daemon(&format!("https://{NOWHERE}")).env("HTTPS_PROXY", &url).start();
        let refused = ask(&daemon).await;
        assert_eq!(refused.status(), 502);
        let words = String::from_utf8_lossy(&refused.body).into_owned();
        assert!(
            words.contains(word) && words.contains("HTTPS_PROXY") && !words.contains("pa55word"),
            "{words}"
        );
    }
    // What is no HTTP proxy is not used: that is said at the start, and where it matters.
    let mut daemon = home
        .daemon(&format!("https://{NOWHERE}"))
        .env("ALL_PROXY", "socks5://user:pa55word@127.0.0.1:9")
        .start();
    let words = String::from_utf8_lossy(&ask(&daemon).await.body).into_owned();
    assert!(words.contains("ALL_PROXY names a SOCKS proxy"), "{words}");
    daemon.stop();
    assert!(
        daemon.log().contains("ALL_PROXY names a SOCKS proxy")
            && !daemon.log().contains("pa55word"),
        "{}",
        daemon.log()
    );
    let mut refused =
        home.daemon("http://127.0.0.1:9").with(&["--proxy", "socks5://127.0.0.1:9"]).spawn();
    assert_eq!(refused.wait().code(), Some(2), "asked for by name it cannot be left out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_is_never_its_own_proxy() {
    let home = Home::new();
    // Somebody who looks for a free port finds one; should another have taken it by now, there is
    // nothing to see.
    let free =
        std::net::TcpListener::bind("127.0.0.1:0").expect("bind").local_addr().expect("an address");
    let own = format!("http://localhost:{}", free.port());
    let mut daemon = home
        .daemon(&format!("http://{NOWHERE}"))
        .listen(&free.to_string())
        .env("HTTP_PROXY", &own)
        .env("https_proxy", &own)
        .start();
    let words = String::from_utf8_lossy(&ask(&daemon).await.body).into_owned();
    assert!(words.contains("cannot resolve"), "{words}");
    daemon.stop();
    assert!(daemon.log().contains("names this daemon itself as a proxy"), "{}", daemon.log());
}
