//! Credentials of every kind, in every place that a request or an answer has for them: they pass,
//! and stay nowhere. What an earlier version recorded in clear is masked; and none goes to a
//! provider that it may not be for.

use std::{collections::BTreeMap, fs, path::Path};

use ccdump_tests::{
    client::{self, Client},
    daemon::Rig,
    home::Home,
    http1::{get, post},
    process, talk,
    upstream::Upstream,
    view, wait,
};
use serde_json::Value;

/// Request headers whose value is one; in the spellings that clients use.
const HEADERS: &[&str] = &[
    "Authorization",
    "X-Api-Key",
    "api-key",
    "x-goog-api-key",
    "Ocp-Apim-Subscription-Key",
    "cf-aig-authorization",
    "Helicone-Auth",
    "x-portkey-virtual-key",
    "x-portkey-api-key",
    "X-Serverless-Authorization",
    "X-Forwarded-Authorization",
    "X-Goog-Iap-Jwt-Assertion",
    "Cf-Access-Jwt-Assertion",
    "Cf-Access-Token",
    "Cf-Access-Client-Secret",
    "X-Auth-Key",
    "X-AuthToken",
    "X-Amzn-Oidc-Data",
    "X-Amz-Security-Token",
    "Private-Token",
    "JOB-TOKEN",
    "X-Vault-Token",
    "x-session-token",
    "X-Session",
    "X-Api-Token",
    "X-Litellm-Key",
    "X-CSRF-Token",
    "X-XSRF-TOKEN",
    "X-Id-Token",
    "anthropic-admin-key",
    "X-Access-Key",
    "X-Password",
    "X-Credential",
    "Authentication",
    "Dpop",
    "X-Forwarded-Client-Cert",
    "X-Hub-Signature-256",
    "Stripe-Signature",
    "X-Client-Assertion",
    "X-Jwt",
    "x_api_key_2",
    "xSecretSauce",
    "Cookie2",
];

/// Values that tell themselves, under names that tell nothing. `SECRET` is what is looked for.
const SHAPES: &[&str] = &[
    "Bearer SECRET",
    "sk-proj-SECRETSECRET",
    "prefix sk-ant-api03-SECRET suffix",
    "AIzaSySECRETSECRETSECRET",
    "ghp_SECRETSECRET",
    "glpat-SECRET_x",
    "xoxb-123456-SECRET",
    "hf_SECRETSECRET",
    "ya29.SECRETSECRET",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SECRET",
    "-----BEGIN PRIVATE KEY-----SECRET",
    "https://user:SECRET@h.example/x",
    "//SECRET@h.example/x",
    "/relative?api_key=SECRET",
    "https://h.example/cb#access_token=SECRET",
    "<https://h.example/?sig=SECRET&x=1>; rel=\"next\"",
    "{\"session_id\":\"s\",\"api_key\":\"SECRET\"}",
    "/login?next=https%3A%2F%2Fh%2F%3Fkey%3DSECRET",
    "/login?next=https%253A%252F%252Fh%252F%253Fkey%253DSECRET",
    "password=SECRET; x=1",
];

const SUBPROTOCOLS: &[&str] = &[
    "realtime, openai-insecure-api-key.SECRET, openai-beta.realtime-v1",
    "lemonade-realtime, bearer.SECRET",
    "token, SECRET",
    "chat, SECRET",
    "base64url.bearer.authorization.k8s.io.SECRET, v4.channel.k8s.io",
];

/// Targets.
const TARGETS: &[&str] = &[
    "/v1/messages?key=SECRET",
    "/v1/messages?x=1&subscription-key=SECRET",
    "/v1/messages?code=SECRET&x=1",
    "/v1/messages?sig=SECRET",
    "/v1/messages?X-Amz-Signature=SECRET",
    "/v1/messages?X-Amz-Credential=SECRET",
    "/v1/messages?X-Amz-Security-Token=SECRET",
    "/v1/messages?client_secret=SECRET",
    "/v1/messages?id_token=SECRET",
    "/v1/messages?refresh_token=SECRET",
    "/v1/messages?auth=SECRET",
    "/v1/messages?PASSWORD=SECRET",
    "/v1/messages?apiKey=SECRET",
    "/v1/messages?x-api-key=SECRET",
    "/v1/messages?api%5Fkey=SECRET",
    "/v1/messages?api%255Fkey=SECRET",
    "/v1/messages?session_token=SECRET",
    "/v1/messages?jwt=SECRET",
    "/v1/messages?x=1;token=SECRET",
    "/v1/messages?x=1?key=SECRET",
    "/v1/messages?next=%2Fx%3Fkey%3DSECRET",
    "/v1/messages?key%3DSECRET",
    "/v1/messages?key=a/SECRET/b?SECRET",
    "/proxy/sk-ant-SECRET/v1/messages",
    "/v1/messages;token=SECRET",
];

/// Headers of an answer.
const ANSWER: &[(&str, &str)] = &[
    ("Location", "https://files.example/upload?upload_id=7&key=SECRET"),
    ("X-Goog-Upload-URL", "https://files.example/upload/v1beta/files?key=SECRET&upload_id=7"),
    ("Set-Cookie", "sid=SECRET; Path=/; HttpOnly"),
    ("Set-Cookie", "other=SECRET"),
    ("Set-Cookie2", "sid=SECRET"),
    ("X-Refresh-Token", "SECRET"),
    ("Authentication-Info", "nextnonce=\"SECRET\""),
    ("Content-Location", "/v1/files/1?token=SECRET"),
    ("Refresh", "0; url=https://h.example/?code=SECRET"),
    ("Link", "</next?access_token=SECRET>; rel=\"next\""),
    ("Content-Security-Policy", "report-uri https://h.example/?key=SECRET; img-src *"),
    ("X-Echo", "Bearer SECRETSECRET"),
    ("Destination", "http://SECRET@h.example/"),
];

/// Where each of them was planted, by what is looked for.
#[derive(Default)]
struct Planted(BTreeMap<String, String>);

impl Planted {
    /// A new one in the place of `SECRET`.
    fn plant(&mut self, place: &str, text: &str) -> String {
        let secret = format!("s3cr3t{:03}FAKEFAKEzz", self.0.len());
        let planted = text.replace("SECRET", &secret);
        self.0.insert(secret, format!("{place}: {text}"));
        planted
    }

    fn assert_not_in(&self, what: &str, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let there: Vec<_> = self
            .0
            .iter()
            .filter(|(secret, _)| text.contains(secret.as_str()))
            .map(|(_, place)| place)
            .collect();
        assert!(there.is_empty(), "in {what} in clear: {there:#?}");
    }

    fn assert_in_no_file(&self, home: &Home) {
        for path in home.data_entries().iter().filter(|path| path.is_file()) {
            self.assert_not_in(&path.display().to_string(), &fs::read(path).expect("readable"));
        }
    }
}

fn named<'a>(
    head: &'a [(&'a str, &'a str)],
    more: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    [head, more].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_credentials_stay_nowhere() {
    let mut planted = Planted::default();
    let answer: Vec<(String, String)> = ANSWER
        .iter()
        .map(|(name, value)| ((*name).to_owned(), planted.plant(name, value)))
        .collect();
    let trailer = planted.plant("trailer of an answer", "SECRET");
    let upstream = Upstream::start(async move |call| {
        let answer: Vec<(&str, &str)> =
            answer.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if call.head.target().starts_with("/v1/messages?trailers") {
            call.drain().await?;
            let head = ccdump_tests::http1::chunked("200 OK", &[("trailer", "x-token")]);
            return call
                .send(
                    &[
                        &head[..],
                        format!("2\r\n{{}}\r\n0\r\nx-token: {trailer}\r\n\r\n").as_bytes(),
                    ]
                    .concat(),
                )
                .await;
        }
        if call.head.get("x-claude-code-session-id").is_some() {
            return talk::echo(call).await;
        }
        call.reply("200 OK", &answer, b"{}").await
    });
    let home = Home::new();
    let address =
        planted.plant("path of --upstream", &format!("gemini={}/sk-ant-SECRET", upstream.url()));
    let unreachable = planted.plant(
        "path of an upstream that is not there",
        "openai=http://nowhere.invalid/sk-ant-SECRET",
    );
    let daemon = home
        .daemon(&upstream.url())
        .upstream(&address)
        .upstream(&unreachable)
        .env("CCDUMP_LOG", "trace")
        .start();
    let mut rig = Rig { daemon, home, upstream };

    let mut client = Client::connect(rig.proxy()).await;
    let mut sent = 0;
    let mut requests = Vec::new();
    for name in HEADERS {
        let scheme = if name.ends_with("uthorization") { "Bearer SECRET" } else { "SECRET" };
        requests.push(post("/v1/messages", &[(name, &planted.plant(name, scheme))], b"{}"));
    }
    for value in SHAPES {
        requests.push(post(
            "/v1/messages",
            &[("X-Plain", &planted.plant("any header", value))],
            b"{}",
        ));
    }
    for value in SUBPROTOCOLS {
        requests.push(post(
            "/v1/messages",
            &[("Sec-WebSocket-Protocol", &planted.plant("subprotocol", value))],
            b"{}",
        ));
    }
    for target in TARGETS {
        requests.push(post(&planted.plant("target", target), &[], b"{}"));
    }
    let cookies = [
        planted.plant("cookie", "a=SECRET"),
        planted.plant("cookie", "b=\"SECRET\"; c"),
        planted.plant("cookie", "SECRET=="),
    ];
    requests.push(post("/v1/messages", &[("Cookie", &cookies.join("; "))], b"{}"));
    requests.push(post(
        "/v1/messages",
        &[("X-Original-URL", &planted.plant("url", "/x?key=SECRET"))],
        b"{}",
    ));
    requests.push(post(
        "/v1/messages",
        &[("Referer", &planted.plant("url", "http://h/ui?api_key=SECRET"))],
        b"{}",
    ));
    requests.push(get("/v1beta/models", &[]));
    for request in &requests {
        assert_eq!(
            client.call(request).await.status(),
            200,
            "{}",
            String::from_utf8_lossy(request)
        );
        sent += 1;
    }
    let trailers = planted.plant("trailer of a request", "SECRET");
    let head = "POST /v1/messages?trailers HTTP/1.1\r\nHost: 127.0.0.1\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunked = format!("{head}2\r\n{{}}\r\n0\r\nx-access-token: {trailers}\r\n\r\n");
    assert_eq!(client.call(chunked.as_bytes()).await.status(), 200);
    // An upstream that cannot be reached, and what is refused.
    let failed = client::call(
        rig.proxy(),
        &post("/v1/responses", &[("x-token", &planted.plant("before a 502", "SECRET"))], b"{}"),
    )
    .await;
    assert_eq!(failed.status(), 502);
    planted.assert_not_in("the 502", format!("{failed:?}").as_bytes());
    planted.assert_not_in("the body of the 502", &failed.body);
    let foreign =
        planted.plant("refused target", "http://user:SECRET@evil.example/v1/messages?key=SECRET");
    let refused = client::call(rig.proxy(), &post(&foreign, &[], b"{}")).await;
    assert_eq!(refused.status(), 403);
    planted.assert_not_in(
        "a refusal",
        format!("{:?}{}", refused.head, String::from_utf8_lossy(&refused.body)).as_bytes(),
    );
    assert!(planted.0.len() >= 100, "{}", planted.0.len());

    // What passes, passes in clear.
    let arrived = rig.upstream.log().last();
    assert!(arrived.head.target().starts_with("/v1/messages?trailers"), "{:?}", arrived.head);
    wait::until("all is recorded", async || {
        let rows = rig.view().ls(&[]);
        let open = rows.iter().filter(|row| row["end_state"].is_null()).count();
        if rows.len() >= sent + 2 && open == 0 {
            Ok(())
        } else {
            Err(format!("{} rows, {open} open", rows.len()))
        }
    })
    .await;

    // A conversation, so that there is a screen to report.
    talk::talk(&rig, 1).await;
    let terminal = rig.view().terminal(30, 100);
    terminal.wait_for_text("question 0");
    // Its place is kept a moment after the screen shows it, and a report begins with that.
    wait::until("the place is kept", async || {
        let kept = rig.home.kept_view("main");
        if kept.is_empty() { Err("nothing is".to_owned()) } else { Ok(()) }
    })
    .await;
    let report = rig.home.path().join("report.json");
    rig.view().run(&["report", "--out", report.to_str().expect("UTF-8")]).expect_success();
    planted.assert_not_in("the report", &fs::read(&report).expect("a report"));
    planted.assert_not_in("the screen", terminal.screen().text().as_bytes());
    terminal.keys("q");
    terminal.wait_exit();

    // Of some of them also what is for people.
    for (number, row) in rig.view().ls(&[]).iter().enumerate() {
        let id = view::id(row).to_string();
        let mut shown = vec![vec!["show", &id, "--json"]];
        if number % 20 == 0 {
            shown.extend([
                vec!["show", &id],
                vec!["body", &id, "--request"],
                vec!["body", &id, "--response"],
            ]);
        }
        for arguments in shown {
            let outcome = rig.view().run(&arguments);
            planted.assert_not_in(&arguments.join(" "), &outcome.stdout);
            planted.assert_not_in(&arguments.join(" "), outcome.stderr.as_bytes());
        }
    }
    for arguments in [
        &["ls", "--json"][..],
        &["ls"],
        &["tail", "--from", "0", "--until-idle", "1"],
        &["tail", "--json", "--from", "0", "--until-idle", "1"],
    ] {
        planted.assert_not_in(
            &arguments.join(" "),
            &rig.view().run(arguments).expect_success().stdout,
        );
    }
    let data_dir = rig.home.data_dir();
    let socket = rig.home.socket();
    for arguments in [&["status"][..], &["status", "--json"], &["logs"]] {
        let mut command = rig.home.ccdumpd();
        command.args(arguments).arg("--data-dir").arg(&data_dir);
        if arguments[0] == "status" {
            command.arg("--socket").arg(&socket);
        }
        let outcome = ccdump_tests::daemon::run(&mut command).expect_success();
        planted.assert_not_in(&arguments.join(" "), &outcome.stdout);
    }
    planted.assert_in_no_file(&rig.home);
    rig.daemon.stop();
    planted.assert_not_in("the log", rig.daemon.log().as_bytes());
    planted.assert_not_in("stdout", rig.daemon.stdout().as_bytes());
    planted.assert_in_no_file(&rig.home);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_a_session_is_still_told() {
    let rig = Rig::before(Upstream::ok());
    let clients: [(&[(&str, &str)], &str); 4] = [
        (&[("X-Claude-Code-Session-Id", "S1"), ("x-claude-code-agent-id", "a1")], "S1"),
        (
            &[
                ("session-id", "S2"),
                ("thread-id", "T2"),
                ("x-codex-parent-thread-id", "S2"),
                ("x-client-request-id", "T2"),
            ],
            "S2",
        ),
        (&[("x-session-id", "S3")], "S3"),
        (&[("x-session-id", "C4"), ("x-parent-session-id", "S4")], "S4"),
    ];
    for (headers, _) in clients {
        client::call(
            rig.proxy(),
            &post("/v1/messages", &named(headers, &[("x-api-key", "k")]), b"{}"),
        )
        .await;
    }
    let rows = rig.view().ended_exchanges(clients.len()).await;
    for (row, (headers, session)) in rows.iter().zip(clients) {
        assert_eq!(row["session"], session, "{headers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_has_no_address_among_its_arguments() {
    let home = Home::new();
    let upstream = Upstream::ok();
    let place = home.default_place();
    let url = format!("{}/sk-ant-0123456789-secret", upstream.url());
    let mut start = place.ccdumpd(&[
        "start",
        "--upstream",
        &format!("anthropic={url}"),
        "--upstream",
        &upstream.url(),
    ]);
    let ready: Value = ccdump_tests::daemon::run(&mut start)
        .expect_success()
        .json_lines()
        .pop()
        .expect("a ready line");
    let pid = u32::try_from(ready["pid"].as_u64().expect("a pid")).expect("a pid");
    let arguments = fs::read_to_string(format!("/proc/{pid}/cmdline")).expect("it runs");
    assert!(
        process::lives(pid) && arguments.contains("serve") && !arguments.contains("0123456789"),
        "{arguments}"
    );
    let proxy =
        ready["proxy"].as_str().and_then(|url| url.strip_prefix("http://")).expect("an address");
    let answer =
        client::call(proxy.parse().expect("an address"), &post("/v1/messages", &[], b"{}")).await;
    assert_eq!(answer.status(), 200);
    assert!(
        upstream.log().last().head.target().ends_with("-secret/v1/messages"),
        "the setting has arrived"
    );

    let mut wrong = place.ccdumpd(&["start", "--upstream", "http://user:a-secret@h.example"]);
    let outcome = ccdump_tests::daemon::run(&mut wrong);
    assert!(outcome.code == Some(2) && !outcome.stderr.contains("a-secret"), "{}", outcome.stderr);
}

/// Makes the record one of a version that knew less: what is said in clear in the rows stands
/// there, and nothing says that it is masked.
fn unmask(data: &Path, copies: u32) -> u64 {
    let log = rusqlite::Connection::open(data.join("ccdump.db")).expect("the log");
    log.execute_batch("DELETE FROM meta WHERE key IN ('masked', 'masking')").expect("forgotten");
    let (head, detail): (i64, Vec<u8>) = log
        .query_row(
            "SELECT max(seq), (SELECT detail FROM event WHERE kind = 'opened' LIMIT 1) FROM event",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .expect("events");
    let detail: Value = serde_json::from_slice(&detail).expect("JSON");
    log.execute_batch("BEGIN").expect("begun");
    for copy in 0..i64::from(copies) {
        let mut opened = detail.clone();
        // Shorter than what takes its place, and longer.
        let secret = format!(
            "s3cr3t{copy:06}{}zz",
            "FAKE".repeat(usize::try_from(copy % 3).expect("small") * 20)
        );
        opened["path"] = format!("/v1/messages?subscription-key={secret}").into();
        opened["headers"] = serde_json::json!([["x-vault-token", secret], ["x-kept", "stays"]]);
        let ended = serde_json::json!({"closed_by": "unreachable", "delivered": 0, "request_bytes": 0, "response_bytes": 0,
            "error": format!("no TLS with https://u:{secret}@h")});
        for (kind, detail) in [("opened", opened), ("ended", ended)] {
            let seq = head + 1 + copy * 2 + i64::from(kind == "ended");
            let row = rusqlite::params![seq, 1000 + copy, kind, 1, detail.to_string().into_bytes()];
            log.execute(
                "INSERT INTO event (seq, exchange, kind, at, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
                row,
            )
            .expect("written");
        }
    }
    log.execute_batch("COMMIT").expect("written");
    let index = rusqlite::Connection::open(data.join("index.db")).expect("the index");
    index
        .execute_batch("UPDATE meta SET value = '4' WHERE key = 'provider_version'")
        .expect("older");
    index
        .execute("UPDATE exchange SET path = '/x?subscription-key=s3cr3t-in-the-index'", [])
        .expect("written");
    u64::from(copies) * 2
}

fn holding_a_secret(home: &Home) -> Vec<String> {
    let files = home.data_entries().into_iter().filter(|path| path.is_file());
    let holds = |path: &Path| {
        fs::read(path).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains("s3cr3t"))
    };
    files.filter(|path| holds(path)).map(|path| path.display().to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_version_recorded_is_masked_whatever_kills_it() {
    let upstream = Upstream::ok();
    let home = Home::new();
    let mut daemon = home.daemon(&upstream.url()).start();
    client::call(daemon.proxy(), &post("/v1/messages", &[("x-api-key", "k")], b"{}")).await;
    home.view().ended_exchanges(1).await;
    daemon.stop();
    drop(daemon);
    let events = unmask(&home.data_dir(), 1500);
    assert!(!holding_a_secret(&home).is_empty());
    // Killed as soon as it serves, again and again: it comes a step further each time, or not.
    for _ in 0..4 {
        home.daemon(&upstream.url()).start().kill();
    }
    let mut daemon = home.daemon(&upstream.url()).start();
    let answer = client::call(daemon.proxy(), &post("/v1/messages", &[], b"{}")).await;
    assert_eq!(answer.status(), 200, "traffic does not wait for it");
    wait::until("nothing is left in clear", async || {
        let holding = holding_a_secret(&home);
        let is_said =
            daemon.log().contains("credentials that an earlier version had recorded are masked");
        if holding.is_empty() && is_said {
            Ok(())
        } else {
            Err(format!("{holding:?}, said: {is_said}"))
        }
    })
    .await;
    assert!(daemon.log().contains(&format!("events={events}")), "{}", daemon.log());
    assert!(!daemon.log().contains("another log"), "it is no damage: {}", daemon.log());
    let shown = home.view().show(1000);
    let shown = shown.to_string();
    assert!(
        shown.contains("‹secret ")
            && shown.contains("stays")
            && !shown.contains("s3cr3t")
            && !shown.contains("**"),
        "{shown}"
    );
    daemon.stop();
    drop(daemon);
    assert_eq!(holding_a_secret(&home), [""; 0]);
    let daemon = home.daemon(&upstream.url()).start();
    home.view().ls(&[]);
    assert!(!daemon.log().contains("earlier version"), "once is enough: {}", daemon.log());
    assert!(!daemon.log().contains("another log"), "the log is the same: {}", daemon.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_nobody_is_told_for_goes_nowhere() {
    let upstream = Upstream::ok();
    let home = Home::new();
    let daemon = home.daemon(&format!("anthropic={}", upstream.url())).start();
    let rig = Rig { daemon, home, upstream };
    for (target, headers) in [
        ("/nothing/known", &[("authorization", "Bearer abc")][..]),
        (
            "/model/anthropic.claude/invoke",
            &[("authorization", "AWS4-HMAC-SHA256 Credential=x, Signature=y")],
        ),
        ("/nothing/known?key=abc", &[]),
        ("/favicon.ico", &[("cookie", "a=b")]),
    ] {
        let answer = client::call(rig.proxy(), &post(target, headers, b"{}")).await;
        assert_eq!(answer.status(), 421, "{target}");
        let said = answer.head().get("x-ccdump-error").expect("a reason");
        assert!(said.contains("--upstream"), "{said}");
    }
    let rows = rig.view().ended_exchanges(4).await;
    for row in &rows {
        assert_eq!(
            (row["status"].as_u64(), row["end_state"].as_str()),
            (Some(421), Some("upstream_error")),
            "{row}"
        );
        assert_eq!(row["provider"], "unknown");
    }
    // What carries none, or tells itself, passes.
    let mut client = Client::connect(rig.proxy()).await;
    for (request, target) in [
        (get("/", &[]), "/"),
        (get("/api/hello", &[]), "/api/hello"),
        (post("/nothing/known", &[("x-api-key", "sk-ant-0123456789")], b"{}"), "/nothing/known"),
        (post("//v1/messages", &[("x-api-key", "k")], b"{}"), "//v1/messages"),
        (post("/told/by/the/one/before", &[("x-api-key", "k")], b"{}"), "/told/by/the/one/before"),
    ] {
        assert_eq!(client.call(&request).await.status(), 200, "{target}");
        assert_eq!(rig.upstream.log().last().head.target(), target);
    }
    let rows = rig.view().ended_exchanges(9).await;
    assert_eq!(rows[8]["provider"], "anthropic");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_understood_wherever_its_path_begins() {
    let chat = br#"{"id":"c","object":"chat.completion","model":"gpt-5","choices":[{"index":0,"finish_reason":"stop",
        "message":{"role":"assistant","content":"hi"}}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#;
    let rig = Rig::start(async |call| {
        call.reply("200 OK", &[("content-type", "application/json")], chat).await
    });
    let targets = [
        "//v1/chat/completions",
        "/openai/v1/chat/completions",
        "/api/v1/chat/completions/",
        "/v1/v1/chat/completions",
        "/openai/deployments/gpt-5/chat/completions?api-version=2025-01-01",
    ];
    for target in targets {
        let body = br#"{"model":"gpt-5","messages":[{"role":"user","content":"hello"}]}"#;
        client::call(
            rig.proxy(),
            &post(target, &[("authorization", "Bearer sk-ant-0123456789")], body),
        )
        .await;
        assert_eq!(rig.upstream.log().last().head.target(), target, "as it was sent");
    }
    for row in rig.view().ended_exchanges(targets.len()).await {
        assert_eq!(
            (row["provider"].as_str(), row["model"].as_str()),
            (Some("openai"), Some("gpt-5")),
            "{row}"
        );
        assert_eq!(row["usage"]["output"], 2, "{row}");
    }
}
