//! What the programs say of themselves: settings, differences, warnings, mistakes; and JSON that is
//! safe to look at.

use std::fs;

use ccdump_tests::{
    client,
    daemon::{Rig, run},
    home::Home,
    http1::post,
    upstream::Upstream,
    view::Outcome,
};
use ccdump_wire::v1::{
    BodyRequest, ExchangeRequest, ExchangesRequest, Filter, OutlineRequest, Side,
    SystemSectionsRequest, WatchRequest,
};

/// A daemon in the background, which ends with the test.
struct Background<'a>(&'a Home);

impl Background<'_> {
    fn run(&self, arguments: &[&str]) -> Outcome {
        run(self
            .0
            .ccdumpd()
            .args(arguments)
            .arg("--data-dir")
            .arg(self.0.data_dir())
            .arg("--socket")
            .arg(self.0.socket()))
    }
}

impl Drop for Background<'_> {
    fn drop(&mut self) {
        self.run(&["stop"]);
    }
}

#[test]
fn a_start_with_other_settings_fails_and_says_which() {
    let home = Home::new();
    let background = Background(&home);
    let start = |more: &[&str]| background.run(&[&["start"], more].concat());
    let with = [
        "--listen",
        "127.0.0.1:0",
        "--upstream",
        "http://127.0.0.1:9",
        "--allow-host",
        "a.example,*.b.example",
        "--token",
        "s3cret-0123456789abcdef",
    ];
    start(&with).expect_success();
    let status = background.run(&["status", "--json"]).expect_success().json_lines().remove(0);
    let own_address =
        status["proxy"].as_str().and_then(|url| url.strip_prefix("http://")).expect("an address");
    for same in [
        &[][..],
        &with,
        &["--allow-host", "A.example", "--allow-host", "*.b.example"],
        &["--listen", own_address],
    ] {
        let again = start(same);
        assert_eq!(again.code, Some(0), "{same:?}: {}", again.stderr);
    }
    for (other, words) in [
        (&["--listen", "127.0.0.1:1"][..], &["it listens on 127.0.0.1:0, not 127.0.0.1:1"][..]),
        (
            &["--upstream", "http://127.0.0.1:8"],
            &["upstreams", "http://127.0.0.1:9", "http://127.0.0.1:8"],
        ),
        (
            &["--allow-host", "a.example"],
            &["allowed hosts are a.example, *.b.example, not a.example"],
        ),
        (&["--allow-origin", "null"], &["allowed origins are none, not null"]),
        (&["--token", "another-0123456789abcdef"], &["its token is another one"]),
        (
            &["--proxy", "http://user:pa55word@127.0.0.1:7"],
            &["its proxy is none, not http://127.0.0.1:7"],
        ),
        (&["--insecure-listen", "--listen", "127.0.0.1:1"], &["it listens on", "without a token"]),
    ] {
        let failed = start(other);
        assert_eq!(failed.code, Some(1), "{other:?}: {}", failed.stderr);
        assert_eq!(failed.stderr.lines().count(), 1, "{}", failed.stderr);
        for word in words.iter().chain(&["runs already", "ccdumpd stop"]) {
            assert!(failed.stderr.contains(word), "{word}: {}", failed.stderr);
        }
        for secret in ["s3cret", "another-0", "pa55word"] {
            assert!(!failed.stderr.contains(secret), "{}", failed.stderr);
        }
    }
    let elsewhere = run(home
        .ccdumpd()
        .arg("start")
        .arg("--data-dir")
        .arg(home.data_dir())
        .args(["--socket", "/tmp/never/d.sock"]));
    assert_eq!(elsewhere.code, Some(1), "{}", elsewhere.stderr);
    assert!(
        elsewhere.stderr.contains("its socket is not /tmp/never/d.sock"),
        "{}",
        elsewhere.stderr
    );
}

#[test]
fn status_shows_what_the_daemon_was_started_with() {
    let home = Home::new();
    let background = Background(&home);
    let variables = [
        ("CCDUMP_NO_PROXY", "corp.example,10.0.0.0/8"),
        ("CCDUMP_PROXY", "http://u:pa55word@proxy.example:3128"),
    ];
    let arguments = home
        .daemon("openai=http://127.0.0.1:9/o")
        .upstream("http://127.0.0.1:8")
        .listen("0.0.0.0:0")
        .with(&["--allow-host", "*", "--allow-origin", "https://app.example", "--insecure-listen"])
        .arguments();
    run(home.ccdumpd().arg("start").args(arguments).envs(variables)).expect_success();
    let json = background.run(&["status", "--json"]).expect_success().json_lines().remove(0);
    assert_eq!(json["listen"], "0.0.0.0:0");
    assert_eq!(json["allow_hosts"], serde_json::json!(["*"]));
    assert_eq!(json["allow_origins"], serde_json::json!(["https://app.example"]));
    assert_eq!(json["no_proxy"], serde_json::json!(["corp.example", "10.0.0.0/8"]));
    assert_eq!(
        json["outbound_proxies"],
        serde_json::json!(["http://proxy.example:3128 (CCDUMP_PROXY)"])
    );
    assert_eq!((&json["token_required"], &json["insecure_listen"]), (&false.into(), &true.into()));
    let upstreams = json["upstreams"].to_string();
    assert!(
        upstreams.contains("openai=http://127.0.0.1:9/o")
            && upstreams.contains("anthropic=http://127.0.0.1:8"),
        "{upstreams}"
    );
    let warnings = json["warnings"].to_string();
    assert!(
        warnings.contains("there is no token") && warnings.contains("DNS rebinding"),
        "{warnings}"
    );
    let text = background.run(&["status"]).expect_success().text();
    for word in [
        "https://app.example",
        "http://proxy.example:3128",
        "openai=http://127.0.0.1:9/o",
        "there is no token",
        "corp.example",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!format!("{json}{text}").contains("pa55word"));
}

#[test]
fn mistakes_in_the_configuration_are_told_with_file_line_and_key() {
    let home = Home::new();
    let folder = home.path().join(".config/ccdump");
    fs::create_dir_all(&folder).expect("made");
    let file = folder.join("config.toml");
    for (text, place) in [
        ("listen = 3344", "line 1 (listen)"),
        ("\nlistne = \"127.0.0.1:0\"", "line 2 (listne)"),
        ("[upstream]\nopenai = \"ftp://x\"", "line 2 (upstream.openai)"),
        ("[upstream]\nmistral = \"http://x\"", "line 2 (upstream.mistral)"),
        ("# hosts\nallow_hosts = [\"http://x\"]", "line 2 (allow_hosts)"),
        ("allow_origins = [\"x\"]", "line 1 (allow_origins)"),
        ("token = \"\"", "line 1 (token)"),
        ("\n\nproxy = \"socks5://x\"", "line 3 (proxy)"),
        ("no_proxy = [\"a b\"]", "line 1 (no_proxy)"),
        ("insecure_listen = \"yes\"", "line 1 (insecure_listen)"),
    ] {
        fs::write(&file, text).expect("written");
        let outcome = run(home.ccdumpd().arg("serve").arg("--data-dir").arg(home.data_dir()));
        assert!(matches!(outcome.code, Some(1 | 2)), "{text}: {}", outcome.stderr);
        assert_eq!(outcome.stderr.trim().lines().count(), 1, "{}", outcome.stderr);
        assert!(
            outcome.stderr.contains(&format!("{}, {place}", file.display())),
            "{text}: {}",
            outcome.stderr
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_holds_nothing_that_a_terminal_obeys() {
    let rig = Rig::start(async |call| {
        let answer = "{\"type\":\"message\",\"model\":\"m\u{9b}31m\u{202e}\",\"stop_reason\":\"\u{2028}\u{85}\",\"content\":[]}";
        call.reply(
            "200 OK",
            &[("content-type", "application/json"), ("x-hostile", "\u{9d}0;t\u{9c}\u{2066}")],
            answer.as_bytes(),
        )
        .await
    });
    let body = "{\"model\":\"\u{90}q\u{200f}\",\"messages\":[],\"tools\":[{\"name\":\"t\u{2029}\u{9b}2J\"}]}";
    let fields = [
        ("anthropic-version", "2023-06-01"),
        ("x-claude-code-session-id", "s\u{9b}31m\u{2067}"),
        ("user-agent", "a\u{9f}b"),
    ];
    assert_eq!(
        client::call(rig.proxy(), &post("/v1/messages", &fields, body.as_bytes())).await.status(),
        200
    );
    rig.view().ended_exchanges(1).await;
    let place = [home_path(&rig.home.data_dir()), home_path(&rig.home.socket())];
    let status = run(rig.home.ccdumpd().args([
        "status",
        "--json",
        "--data-dir",
        &place[0],
        "--socket",
        &place[1],
    ]));
    let outputs = [
        rig.view().run(&["ls", "--json"]),
        rig.view().run(&["show", "1", "--json"]),
        rig.view().run(&["tail", "--json", "--from", "0", "--until-idle", "1"]),
        status,
    ];
    for output in outputs {
        let output = output.expect_success();
        let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
        let obeyed = |c: &char| {
            (c.is_control() && *c != '\n')
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert_eq!(text.chars().find(obeyed), None, "{text}");
        assert!(!output.json_lines().is_empty());
    }
    let show = rig.view().run(&["show", "1", "--json"]).text();
    assert!(show.contains("\\u009b") && show.contains("\\u2067"), "it is all there: {show}");
}

fn home_path(path: &std::path::Path) -> String {
    path.to_str().expect("a plain path").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_beyond_what_is_stored_name_nothing() {
    let rig = Rig::before(Upstream::ok());
    rig.assert_forwards().await;
    rig.view().ended_exchanges(1).await;
    let mut grpc = rig.grpc().await;
    for id in [1 << 63, u64::MAX, u64::MAX - 1, i64::MAX.unsigned_abs(), 99] {
        let text = id.to_string();
        for command in [
            &["show", &text][..],
            &["show", &text, "--json"],
            &["body", &text, "--request"],
            &["body", &text, "--response", "--raw"],
        ] {
            let outcome = rig.view().run(command);
            assert_eq!(outcome.code, Some(1), "{command:?}: {}", outcome.stderr);
            assert!(
                outcome.stderr.contains(&format!("there is no exchange {text}")),
                "{command:?}: {}",
                outcome.stderr
            );
        }
        let side = Side::Request.into();
        let told = [
            grpc.exchange(ExchangeRequest { id }).await.err(),
            grpc.outline(OutlineRequest { exchange: id, side, ..OutlineRequest::default() })
                .await
                .err(),
            grpc.body(BodyRequest { exchange: id, side, ..BodyRequest::default() }).await.err(),
        ];
        for status in told {
            let status = status.expect("refused");
            assert_eq!(status.code(), tonic::Code::NotFound, "{status}");
        }
        let page = ExchangesRequest { after_id: id, ..ExchangesRequest::default() };
        assert_eq!(grpc.exchanges(page).await.expect("a page").into_inner().exchanges, []);
        let page = SystemSectionsRequest { after_number: id, ..SystemSectionsRequest::default() };
        assert_eq!(
            grpc.system_sections(page).await.expect("a page").into_inner().sections.len(),
            0
        );
        let request = BodyRequest { exchange: 1, side, offset: id, ..BodyRequest::default() };
        let mut body = grpc.body(request).await.expect("a body").into_inner();
        while let Some(chunk) = body.message().await.expect("no error") {
            assert!(chunk.data.is_empty());
        }
        let filter = Some(Filter { exchanges: vec![id], ..Filter::default() });
        let epoch = grpc
            .hello(ccdump_wire::v1::HelloRequest::default())
            .await
            .expect("hello")
            .into_inner()
            .epoch;
        let request = WatchRequest { epoch, filter, until_seq: Some(1), ..WatchRequest::default() };
        let mut watch = grpc.watch(request).await.expect("a watch").into_inner();
        while watch.message().await.expect("no error").is_some() {}
        let tail = rig.view().run(&["tail", "--json", "--from", &text, "--until-idle", "1"]);
        assert!(
            !tail.stderr.contains("range") && !tail.stderr.contains("panicked"),
            "{}",
            tail.stderr
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_cannot_draw_gets_lines() {
    let rig = Rig::start(async |call| {
        let answer = br#"{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"text","text":"only lines"}],"stop_reason":"end_turn"}"#;
        call.reply("200 OK", &[("content-type", "application/json")], answer).await
    });
    let mut command = rig.view().command(&[]);
    command.env("TERM", "dumb").env_remove("NO_COLOR");
    let terminal = ccdump_tests::terminal::Terminal::spawn(&command, 20, 80);
    // Only what happens from now on is told: it has to be there first.
    let mut grpc = rig.grpc().await;
    ccdump_tests::wait::until("it watches", async || {
        let viewers = ccdump_tests::grpc::status(&mut grpc).await.viewers;
        if viewers > 0 { Ok(()) } else { Err("nobody does".to_owned()) }
    })
    .await;
    let request = br#"{"model":"m","messages":[{"role":"user","content":"who is there?"}]}"#;
    client::call(
        rig.proxy(),
        &post("/v1/messages", &[("anthropic-version", "2023-06-01")], request),
    )
    .await;
    terminal.wait_until("both sides are told", |screen| {
        screen.contains("who is there?") && screen.contains("only lines")
    });
    assert!(!terminal.bytes().contains(&0x1b), "nothing but text");
    terminal.key(ccdump_tests::terminal::Key::Ctrl('c'));
    assert_eq!(terminal.wait_exit(), 128 + 2);
    let mut command = rig.view().command(&["--at", "1"]);
    command.env("TERM", "dumb");
    let terminal = ccdump_tests::terminal::Terminal::spawn(&command, 20, 80);
    assert_eq!(terminal.wait_exit(), 1);
    assert!(terminal.screen().contains("TERM is dumb"));
}
