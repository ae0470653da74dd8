//! Keys and cookies pass to the upstream and stay nowhere else; what is stored is for the user's
//! eyes alone.

use std::{
    fs,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::Path,
};

use ccdump_tests::{
    client::{self, Client},
    daemon::Rig,
    grpc, hex,
    home::Home,
    http1::{self, get, post},
    random::Random,
    upstream::Upstream,
    view,
};
use ccdump_wire::v1::{ExchangeRequest, Header};

/// Header names whose values are secret, as requests carry them.
const SECRET_HEADERS: [&str; 7] = [
    "Authorization",
    "x-api-key",
    "X-API-KEY",
    "Cookie",
    "x-goog-api-key",
    "Proxy-Authorization",
    "api-key",
];

fn secret(random: &mut Random) -> String {
    format!("sk-ant-{}", hex(&random.bytes(24)))
}

/// Wherever one of them stands in `bytes`, it is told.
fn found(secrets: &[String], bytes: &[u8], place: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let there = secrets.iter().filter(|secret| text.contains(secret.as_str()));
    there.map(|secret| format!("{secret} in {place}")).collect()
}

fn assert_nowhere(secrets: &[String], home: &Home, rig: &Rig) {
    let mut leaks = Vec::new();
    for path in home.data_entries().iter().filter(|path| path.is_file()) {
        leaks.extend(found(
            secrets,
            &fs::read(path).expect("readable"),
            &path.display().to_string(),
        ));
    }
    leaks.extend(found(secrets, rig.daemon.log().as_bytes(), "the log"));
    leaks.extend(found(secrets, rig.daemon.stdout().as_bytes(), "stdout"));
    assert!(leaks.is_empty(), "{leaks:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_reach_the_upstream_and_no_file() {
    let mut random = Random::unique();
    let cookie = secret(&mut random);
    let mut secrets = vec![cookie.clone()];
    let upstream = Upstream::start(async move |call| {
        let cookie = format!("session={cookie}; HttpOnly");
        call.reply("200 OK", &[("Set-Cookie", &cookie), ("set-cookie", &cookie)], b"{}").await
    });
    let home = Home::new();
    let daemon = home.daemon(&upstream.url()).env("RUST_LOG", "trace").start();
    let rig = Rig { daemon, home, upstream };
    let mut client = Client::connect(rig.proxy()).await;
    for name in SECRET_HEADERS {
        let secret = secret(&mut random);
        let value = if name.ends_with("uthorization") {
            format!("Bearer {secret}")
        } else {
            secret.clone()
        };
        assert_eq!(
            client.call(&post("/v1/messages", &[(name, &value)], b"{}")).await.status(),
            200
        );
        if name != "Proxy-Authorization" {
            assert_eq!(rig.upstream.log().last().head.get(name), Some(value), "{name} passes");
        }
        secrets.push(secret);
    }
    for target in
        ["/v1beta/models/g:generateContent?key=SECRET&alt=sse", "/v1beta/models?alt=sse&key=SECRET"]
    {
        let secret = secret(&mut random);
        let target = target.replace("SECRET", &secret);
        assert_eq!(client.call(&get(&target, &[])).await.status(), 200);
        assert_eq!(rig.upstream.log().last().head.target(), target);
        secrets.push(secret);
    }
    let rows = rig.view().ended_exchanges(SECRET_HEADERS.len() + 2).await;
    for row in &rows {
        let shown = rig.view().show(view::id(row)).to_string();
        assert_eq!(found(&secrets, shown.as_bytes(), "show"), [""; 0]);
    }
    let path = rows.last().and_then(|row| row["path"].as_str()).expect("a path");
    assert!(path.starts_with("/v1beta/models?alt=sse&key="), "the rest of the query stays: {path}");
    assert_nowhere(&secrets, &rig.home, &rig);
    let mut rig = rig;
    rig.daemon.stop();
    assert_nowhere(&secrets, &rig.home, &rig);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_fail_leave_no_secrets_either() {
    let mut random = Random::unique();
    let home = Home::new();
    let upstream = Upstream::start(async |call| {
        call.piece().await?;
        call.reset()
    });
    let daemon = home
        .daemon(&upstream.url())
        .upstream("gemini=http://nowhere.invalid")
        .env("RUST_LOG", "trace")
        .start();
    let rig = Rig { daemon, home, upstream };
    let secrets: Vec<String> = (0..6).map(|_| secret(&mut random)).collect();
    let proxy = rig.proxy();
    client::call(proxy, &post("/v1/messages", &[("x-api-key", &secrets[0])], b"{}")).await;
    client::call(proxy, &post(&format!("/v1beta/models?key={}", secrets[1]), &[], b"{}")).await;
    let foreign = http1::request(
        "POST",
        "/v1/messages",
        "evil.example",
        &[("authorization", &secrets[2])],
        b"{}",
    );
    client::call(proxy, &foreign).await;
    let foreign =
        http1::request("GET", &format!("/x?key={}", secrets[3]), "evil.example", &[], b"");
    client::call(proxy, &foreign).await;
    let broken = format!(
        "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: {}\r\nno colon\r\n\r\n",
        secrets[4]
    );
    client::call(proxy, broken.as_bytes()).await;
    // Killed while it waits for the body.
    let mut half = Client::connect(proxy).await;
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: {}\r\nContent-Length: 9\r\n\r\n",
        secrets[5]
    );
    half.send(head.as_bytes()).await;
    // The refused and the malformed ones need not be listed.
    ccdump_tests::wait::until("the requests are recorded", async || {
        let rows = rig.view().ls(&[]);
        if rows.len() >= 3 { Ok(()) } else { Err(format!("{rows:#?}")) }
    })
    .await;
    assert_nowhere(&secrets, &rig.home, &rig);
    let rig = rig.restart_after_kill();
    assert_nowhere(&secrets, &rig.home, &rig);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_keys_can_be_told_apart_and_neither_can_be_read() {
    let rig = Rig::before(Upstream::ok());
    let mut client = Client::connect(rig.proxy()).await;
    let keys = ["sk-ant-key-number-one", "sk-ant-key-number-two", "sk-ant-key-number-one"];
    for key in keys {
        client
            .call(&post("/v1/messages", &[("x-api-key", key), ("x-plain", "stays")], b"{}"))
            .await;
    }
    let rows = rig.view().ended_exchanges(keys.len()).await;
    let mut service = rig.grpc().await;
    let mut prints = Vec::new();
    for row in &rows {
        let request = ExchangeRequest { id: view::id(row) };
        let exchange = service.exchange(request).await.expect("an exchange").into_inner();
        assert_eq!(value(&exchange.request_headers, "x-plain"), "stays");
        prints.push(value(&exchange.request_headers, "x-api-key"));
    }
    assert_eq!(prints[0], prints[2], "the same key looks the same");
    assert_ne!(prints[0], prints[1], "another one differs");
    for (print, key) in prints.iter().zip(keys) {
        assert!(!print.contains("key-number"), "{print}");
        assert!(print.contains(&format!("len={}", key.len())), "the length is kept: {print}");
    }

    // Another store has another secret of its own: prints cannot be compared with a list made
    // elsewhere.
    let other = Rig::before(Upstream::ok());
    client::call(other.proxy(), &post("/v1/messages", &[("x-api-key", keys[0])], b"{}")).await;
    let rows = other.view().ended_exchanges(1).await;
    let request = ExchangeRequest { id: view::id(&rows[0]) };
    let exchange = grpc::connect(&other.home.socket())
        .await
        .exchange(request)
        .await
        .expect("an exchange")
        .into_inner();
    assert_ne!(value(&exchange.request_headers, "x-api-key"), prints[0]);
}

fn value(headers: &[Header], name: &str) -> String {
    let header = headers.iter().find(|header| header.name == name);
    header.unwrap_or_else(|| panic!("no {name}: {headers:?}")).value.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_stay_exact_whatever_they_hold() {
    let rig = Rig::before(Upstream::ok());
    let body = b"{\"api_key\":\"sk-ant-in-a-body\",\"messages\":[]}";
    client::call(rig.proxy(), &post("/v1/messages", &[("x-api-key", "sk-ant-in-a-body")], body))
        .await;
    let rows = rig.view().ended_exchanges(1).await;
    assert_eq!(rig.view().body(view::id(&rows[0]), &["--request", "--raw"]), body);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_for_the_user_alone_whatever_the_umask() {
    let upstream = Upstream::ok();
    let home = Home::new();
    let daemon = home.daemon(&upstream.url()).after("umask 000").start();
    let mut rig = Rig { daemon, home, upstream };
    rig.assert_forwards().await;
    rig.view().ended_exchanges(1).await;
    assert_private(&rig);
    let socket = fs::symlink_metadata(rig.home.socket()).expect("a socket");
    assert!(socket.file_type().is_socket());
    assert_eq!(mode(&rig.home.socket()), 0o600, "socket");
    rig.daemon.stop();
    assert_private(&rig);
}

fn assert_private(rig: &Rig) {
    let data = rig.home.data_dir();
    assert_eq!(mode(&data), 0o700, "{}", data.display());
    let entries = rig.home.data_entries();
    assert!(entries.iter().any(|path| path.ends_with("ccdump.db")), "{entries:?}");
    for path in entries {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&path), expected, "{}", path.display());
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o777
}
