//! Beyond loopback a daemon asks for a token, which agents send in their base URL. It reaches the
//! daemon and nothing else.

use std::fs;

use ccdump_tests::{
    client::{self, Client},
    daemon::{Setup, run},
    home::Home,
    http1::{get, post},
    upstream::Upstream,
};

const TOKEN: &str = "s3cret-0123456789abcdef";

fn refusal(setup: &Setup<'_>) -> (Option<i32>, String) {
    let mut process = setup.spawn();
    let status = process.wait();
    assert_eq!(process.stdout().text(), "", "nothing is ready");
    (status.code(), process.stderr().text())
}

#[test]
fn beyond_loopback_a_token_or_a_word_is_asked_for() {
    let home = Home::new();
    for address in ["0.0.0.0:0", "[::]:0"] {
        let (code, said) = refusal(&home.daemon("http://127.0.0.1:9").listen(address));
        assert_eq!(code, Some(2), "{address}: {said}");
        assert!(said.contains("--token") && said.contains("--insecure-listen"), "{said}");
        assert_eq!(said.trim().lines().count(), 1, "{said}");
    }
    let started = run(home
        .ccdumpd()
        .arg("start")
        .args(home.daemon("http://127.0.0.1:9").listen("0.0.0.0:0").arguments()));
    assert_eq!(started.code, Some(2), "in the background, too: {}", started.stderr);
    assert!(started.stderr.contains("--insecure-listen"), "{}", started.stderr);
    for setup in [
        home.daemon("http://127.0.0.1:9").listen("0.0.0.0:0").with(&["--insecure-listen"]),
        home.daemon("http://127.0.0.1:9").listen("0.0.0.0:0").env("CCDUMP_INSECURE_LISTEN", "1"),
        home.daemon("http://127.0.0.1:9").listen("0.0.0.0:0").env("CCDUMP_TOKEN", TOKEN),
        home.daemon("http://127.0.0.1:9").listen("localhost:0"),
        home.daemon("http://127.0.0.1:9").listen("127.8.9.1:0"),
    ] {
        setup.start().stop();
    }
    for (text, works) in [
        ("insecure_listen = true", true),
        ("token = \"from the file\"", false),
        ("token = \"from-the-file\"", true),
        ("", false),
    ] {
        fs::create_dir_all(home.path().join(".config/ccdump")).expect("made");
        fs::write(home.path().join(".config/ccdump/config.toml"), text).expect("written");
        let setup = home.daemon("http://127.0.0.1:9").listen("0.0.0.0:0");
        if works {
            setup.start().stop();
        } else {
            assert_eq!(refusal(&setup).0, Some(2), "{text}");
        }
    }
    let (code, said) = refusal(
        &home.daemon("http://127.0.0.1:9").listen("0.0.0.0:0").env("CCDUMP_INSECURE_LISTEN", "0"),
    );
    assert_eq!(code, Some(2), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_lets_in_and_goes_no_further() {
    let upstream = Upstream::ok();
    let home = Home::new();
    let mut daemon =
        home.daemon(&upstream.url()).env("CCDUMP_TOKEN", TOKEN).env("CCDUMP_LOG", "trace").start();
    let prefixed = |rest: &str| format!("/~t={TOKEN}{rest}");
    let mut client = Client::connect(daemon.proxy()).await;
    for (request, status) in [
        (post(&prefixed("/v1/messages?beta=true"), &[], b"{}"), 200),
        (get(&prefixed(""), &[]), 200),
        (post("/v1/messages?header", &[("X-CCDUMP-Token", TOKEN)], b"{}"), 200),
        (post("/v1/messages?none", &[], b"{}"), 403),
        (post("/~t=wrong-token/v1/messages", &[], b"{}"), 403),
        (post(&format!("/~t={}/v1/messages", &TOKEN[1..]), &[], b"{}"), 403),
        (post("/v1/messages?wrong", &[("x-ccdump-token", "wrong-token")], b"{}"), 403),
        (post("/v1/messages/~t=misplaced", &[("x-api-key", TOKEN)], b"{}"), 403),
        (post(&format!("/~t={TOKEN},u=x/v1/messages"), &[], b"{}"), 400),
        (post("/~r=wrong-token/v1/messages", &[("x-ccdump-token", TOKEN)], b"{}"), 400),
    ] {
        let answer = client.call(&request).await;
        assert_eq!(answer.status(), status, "{}", String::from_utf8_lossy(&request));
        let words = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(!words.contains(TOKEN) && !words.contains("wrong-token"), "{words}");
        assert!(status == 200 || words.contains("~t=TOKEN"), "it says what is wanted: {words}");
    }
    let seen: Vec<String> = upstream.log().seen().iter().map(|seen| seen.head.target()).collect();
    assert_eq!(seen, ["/v1/messages?beta=true", "/", "/v1/messages?header"]);
    for seen in upstream.log().seen() {
        assert_eq!(seen.head.get("x-ccdump-token"), None);
    }
    // What is refused is recorded, too, and none of it holds a token.
    let rows = home.view().ended_exchanges(10).await;
    let answered = rows.iter().filter(|row| row["status"] == 200);
    let paths: Vec<&str> = answered.filter_map(|row| row["path"].as_str()).collect();
    assert_eq!(paths, ["/v1/messages?beta=true", "/", "/v1/messages?header"]);

    let status = run(home
        .ccdumpd()
        .args(["status", "--json"])
        .arg("--data-dir")
        .arg(home.data_dir())
        .arg("--socket")
        .arg(home.socket()));
    let status = status.expect_success();
    assert_eq!(status.json_lines()[0]["token_required"], true);
    daemon.stop();
    let mut places =
        vec![("status".to_owned(), status.stdout), ("log".to_owned(), daemon.log().into_bytes())];
    places.push(("show".to_owned(), home.view().run(&["ls", "--json"]).stdout));
    for path in home.data_entries().into_iter().filter(|path| path.is_file()) {
        places.push((path.display().to_string(), fs::read(&path).expect("readable")));
    }
    for (place, bytes) in places {
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            !text.contains(TOKEN) && !text.contains("wrong-token"),
            "the token stands in {place}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_the_prefix_is_taken_off_all_the_same() {
    let upstream = Upstream::ok();
    let home = Home::new();
    let daemon = home.daemon(&upstream.url()).start();
    for (target, status) in
        [("/~t=left-over/v1/messages", 200), ("/~someone/page", 200), ("/~x=1/v1/messages", 400)]
    {
        assert_eq!(
            client::call(daemon.proxy(), &get(target, &[])).await.status(),
            status,
            "{target}"
        );
    }
    let seen: Vec<String> = upstream.log().seen().iter().map(|seen| seen.head.target()).collect();
    assert_eq!(seen, ["/v1/messages", "/~someone/page"]);
}

/// Arguments of a process are for all users to read; its variables are not.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_in_the_background_gets_its_secrets_where_others_cannot_see_them() {
    let upstream = Upstream::ok();
    let home = Home::new();
    let arguments = home
        .daemon(&upstream.url())
        .with(&["--token", TOKEN, "--proxy", "http://user:pa55word@127.0.0.1:9"])
        .arguments();
    let started = run(home.ccdumpd().arg("start").args(&arguments)).expect_success();
    assert!(
        started.stderr.contains("--token") && started.stderr.contains("CCDUMP_TOKEN"),
        "others could see it: {}",
        started.stderr
    );
    let ready = &started.json_lines()[0];
    let proxy = ready["proxy"]
        .as_str()
        .and_then(|url| url.strip_prefix("http://")?.parse().ok())
        .expect("an address");
    let command_line = fs::read(format!("/proc/{}/cmdline", ready["pid"])).expect("it runs");
    let place = |arguments: &[&str]| {
        run(home
            .ccdumpd()
            .args(arguments)
            .arg("--data-dir")
            .arg(home.data_dir())
            .arg("--socket")
            .arg(home.socket()))
    };
    let answered =
        client::call(proxy, &post(&format!("/~t={TOKEN}/v1/messages"), &[], b"{}")).await.status();
    let refused = client::call(proxy, &post("/v1/messages", &[], b"{}")).await.status();
    let status = place(&["status"]);
    place(&["stop"]).expect_success();
    assert_eq!((answered, refused), (200, 403));
    for (place, bytes) in [("arguments", command_line), ("status", status.expect_success().stdout)]
    {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(TOKEN) && !text.contains("pa55word"), "{place}: {text}");
    }
}
