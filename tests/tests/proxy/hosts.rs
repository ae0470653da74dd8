//! A web page cannot reach the proxy through a name that it made resolve to this machine (DNS
//! rebinding), nor from its own origin.

use ccdump_tests::{
    client,
    daemon::Rig,
    home::Home,
    http1::{get, request},
    upstream::Upstream,
};

#[tokio::test(flavor = "multi_thread")]
async fn requests_to_foreign_hosts_are_refused_and_go_nowhere() {
    let rig = Rig::before(Upstream::ok());
    let port = rig.proxy().port();
    let foreign = [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("localhost.evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        "api.anthropic.com".to_owned(),
    ];
    for host in foreign {
        let answer =
            client::call(rig.proxy(), &request("POST", "/v1/messages", &host, &[], b"{}")).await;
        assert!(matches!(answer.status(), 400 | 403), "{host}: {}", answer.status());
    }
    assert_eq!(rig.upstream.log().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_from_foreign_origins_are_refused_and_go_nowhere() {
    let rig = Rig::before(Upstream::ok());
    for origin in [
        "https://evil.example",
        "http://localhost.evil.example",
        "null",
        "chrome-extension://abcdef",
    ] {
        let answer = client::call(rig.proxy(), &get("/v1/models", &[("Origin", origin)])).await;
        assert_eq!(answer.status(), 403, "{origin}");
    }
    assert_eq!(rig.upstream.log().count(), 0);
}

/// An address cannot be rebound, but pages are served from addresses, too.
#[tokio::test(flavor = "multi_thread")]
async fn pages_that_come_from_a_foreign_address_are_refused() {
    let rig = Rig::before(Upstream::ok());
    for origin in ["http://203.0.113.5", "http://10.0.0.1:3344", "https://[2001:db8::1]"] {
        let answer = client::call(rig.proxy(), &get("/v1/models", &[("Origin", origin)])).await;
        assert_eq!(answer.status(), 403, "{origin}");
    }
    assert_eq!(rig.upstream.log().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_for_a_foreign_address_are_refused() {
    let rig = Rig::before(Upstream::ok());
    let port = rig.proxy().port();
    for host in [format!("10.0.0.1:{port}"), format!("[fe80::1]:{port}")] {
        let answer =
            client::call(rig.proxy(), &request("POST", "/v1/messages", &host, &[], b"{}")).await;
        assert!(matches!(answer.status(), 400 | 403), "{host}: {}", answer.status());
    }
    assert_eq!(rig.upstream.log().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_host_or_with_a_malformed_one_is_refused() {
    let rig = Rig::before(Upstream::ok());
    let answer = client::call(rig.proxy(), b"GET /v1/models HTTP/1.1\r\nAccept: */*\r\n\r\n").await;
    assert!(matches!(answer.status(), 400 | 403), "{}", answer.status());
    for fields in [
        "Host: 127.0.0.1\r\nHost: evil.example",
        "Host: evil.example\r\nHost: 127.0.0.1",
        "Host: user@127.0.0.1",
        "Host:",
    ] {
        let request = format!("GET /v1/models HTTP/1.1\r\n{fields}\r\n\r\n");
        let answer = client::call(rig.proxy(), request.as_bytes()).await;
        assert!(matches!(answer.status(), 400 | 403), "{fields}: {}", answer.status());
    }
    assert_eq!(rig.upstream.log().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_this_machine_are_served() {
    let rig = Rig::before(Upstream::ok());
    let port = rig.proxy().port();
    let own = [
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "[::1]".to_owned(),
        format!("localhost:{port}"),
        format!("LocalHost:{port}"),
        format!("127.0.0.1:{port}"),
        format!("[::1]:{port}"),
        format!("localhost.:{port}"),
        format!("0.0.0.0:{port}"),
        format!("[::]:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
        format!("127.1:{port}"),
        format!("host.docker.internal:{port}"),
        format!("host.containers.internal:{port}"),
        format!("{}:{port}", rustix::system::uname().nodename().to_str().expect("a plain name")),
    ];
    for host in &own {
        let answer =
            client::call(rig.proxy(), &request("POST", "/v1/messages", host, &[], b"{}")).await;
        assert_eq!(answer.status(), 200, "{host}");
    }
    let programs = [
        "vscode-webview://1k2j3",
        "tauri://localhost",
        "capacitor://localhost",
        "app://obsidian.md",
        "file://",
    ];
    let own = [
        format!("http://localhost:{port}"),
        format!("http://127.0.0.1:{port}"),
        "http://tauri.localhost".to_owned(),
    ];
    for origin in own.iter().map(String::as_str).chain(programs) {
        let answer = client::call(rig.proxy(), &get("/v1/models", &[("Origin", origin)])).await;
        assert_eq!(answer.status(), 200, "{origin}");
    }
    for seen in rig.upstream.log().seen() {
        assert_eq!(seen.head.get("host"), Some(rig.upstream.host()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_allowed_is_served_and_the_refusal_says_how_to() {
    let upstream = Upstream::ok();
    let home = Home::new();
    std::fs::create_dir_all(home.path().join(".config/ccdump")).expect("made");
    std::fs::write(
        home.path().join(".config/ccdump/config.toml"),
        "allow_origins = [\"https://*.ours.example\", \"null\"]",
    )
    .expect("written");
    let daemon =
        home.daemon(&upstream.url()).with(&["--allow-host", "*.lab.example,10.0.0.0/8"]).start();
    for (host, origin, status) in [
        ("a.lab.example:3344", None, 200),
        ("10.1.2.3", None, 200),
        ("lab.example", None, 403),
        ("other.example", None, 403),
        ("127.0.0.1", Some("https://app.ours.example"), 200),
        ("127.0.0.1", Some("null"), 200),
        ("127.0.0.1", Some("https://ours.example.evil.example"), 403),
        ("other.example", Some("null"), 403),
    ] {
        let fields: Vec<(&str, &str)> =
            origin.map(|origin| ("Origin", origin)).into_iter().collect();
        let answer =
            client::call(daemon.proxy(), &request("POST", "/v1/messages", host, &fields, b"{}"))
                .await;
        assert_eq!(answer.status(), status, "{host}, {origin:?}");
        if status == 403 {
            let words = String::from_utf8(answer.body).expect("text");
            let wanted = match host {
                "127.0.0.1" => format!("--allow-origin {}", origin.unwrap_or_default()),
                host => format!("--allow-host {host}"),
            };
            assert!(words.contains(&wanted), "{words}");
        }
    }
    assert_eq!(upstream.log().count(), 4);
}
