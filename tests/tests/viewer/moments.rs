//! Any moment of the record on the screen, as it was; and what was on a screen in a file, to be
//! seen again without a daemon.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use ccdump_tests::{
    agent::event,
    client::Client,
    daemon::Rig,
    http1::{self, post},
    terminal::{Screen, Terminal},
    upstream::Call,
    view::Outcome,
    wait,
};
use serde_json::{Value, json};

const ROWS: u16 = 24;
const COLS: u16 = 100;

/// What the upstream's model takes between two pieces of a slow answer: it is on record, and seen
/// again when it is played.
const PAUSE: Duration = Duration::from_millis(1_200);

/// Three exchanges of one agent; the second one is answered slowly.
const QUESTIONS: [&str; 3] = ["the first question", "a slow question", "a later question"];

async fn answer(call: &mut Call) -> std::io::Result<()> {
    let request: Value = serde_json::from_slice(&call.read_body().await?).unwrap_or_default();
    let words = request["messages"][0]["content"].as_str().unwrap_or_default().to_owned();
    let delta = |text: &str| {
        event(
            &json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}),
        )
    };
    let message = json!({"id": "msg_1", "model": "claude-test", "role": "assistant", "usage": {"input_tokens": 10, "output_tokens": 1}});
    call.send(&http1::sse_head()).await?;
    call.chunk(&event(&json!({"type": "message_start", "message": message}))).await?;
    call.chunk(&event(&json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}))).await?;
    if words.contains("slow") {
        call.chunk(&delta("first words")).await?;
        tokio::time::sleep(PAUSE).await;
        call.chunk(&delta(" then more")).await?;
        tokio::time::sleep(PAUSE).await;
        call.chunk(&delta(" and the last")).await?;
    } else {
        call.chunk(&delta(&format!("re: {words}"))).await?;
    }
    call.chunk(&event(&json!({"type": "content_block_stop", "index": 0}))).await?;
    let end = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}});
    call.chunk(&[event(&end), event(&json!({"type": "message_stop"}))].concat()).await?;
    call.last_chunk().await
}

/// A record of the three.
async fn recorded() -> Rig {
    let rig = Rig::start(answer);
    let mut client = Client::connect(rig.proxy()).await;
    for words in QUESTIONS {
        let body = json!({"model": "claude-test", "stream": true, "max_tokens": 9, "messages": [{"role": "user", "content": words}]});
        let headers = [("x-claude-code-session-id", "s-1"), ("anthropic-version", "2023-06-01")];
        client.call(&post("/v1/messages", &headers, body.to_string().as_bytes())).await;
    }
    rig.view().ended_exchanges(QUESTIONS.len()).await;
    rig
}

fn at(rig: &Rig, arguments: &[&str]) -> Terminal {
    rig.view().terminal_with(arguments, ROWS, COLS)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_is_shown_as_it_was_and_stepped_through() {
    let rig = recorded().await;
    let terminal = at(&rig, &["--at", "2@0.6"]);
    let screen = terminal.wait_for_text("first words");
    assert!(
        screen.contains("streaming") && screen.contains("re: the first question"),
        "{}",
        screen.text()
    );
    assert!(!screen.contains("then more") && !screen.contains("later"), "{}", screen.text());
    assert!(
        screen.row(0).contains("⏸") && screen.row(0).contains("#2 +0.600 s"),
        "{}",
        screen.row(0)
    );
    for (key, there, not_there) in [
        (">", "first words then more", "and the last"),
        (">", "then more and the last", "no such words"),
        ("<", "first words then more", "and the last"),
        ("e", "then more and the last", "later"),
        ("E", "first words then more", "and the last"),
        ("<", "first words", "then more"),
    ] {
        terminal.keys(key);
        terminal.wait_until(&format!("{key} shows {there:?}"), |screen| {
            screen.contains(there) && !screen.contains(not_there)
        });
    }
    terminal.keys("q");
    assert_eq!(terminal.wait_exit(), 0);
    terminal.assert_terminal_given_back();
    let end = at(&rig, &["--at", "2"]);
    let screen = end.wait_for_text("first words then more and the last");
    assert!(
        !screen.contains("streaming") && !screen.contains("later") && screen.contains("Σ"),
        "{}",
        screen.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_plays_once_and_again_and_again() {
    let rig = recorded().await;
    let terminal = at(&rig, &["--at", "2@0.1"]);
    terminal.wait_for_text("first words");
    terminal.keys("p");
    terminal.wait_for_text("▶");
    terminal.wait_until("more has come, not all", |screen| {
        screen.contains("then more") && !screen.contains("and the last")
    });
    terminal.wait_for_text("re: a later question");
    terminal.wait_for_text("⏸");
    let looped = at(&rig, &["--at", "2", "--loop"]);
    looped.keys("+");
    let is_early =
        |screen: &Screen| screen.contains("first words") && !screen.contains("then more");
    for _ in 0..2 {
        looped.wait_until("it begins", is_early);
        looped.wait_for_text("then more and the last");
        assert!(!looped.screen().contains("later"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_the_past_leaves_the_place_of_the_present_alone() {
    let rig = recorded().await;
    let live = at(&rig, &[]);
    live.wait_for_text("re: a later question");
    live.keys("5");
    wait::until("the place is kept", async || {
        if rig.home.kept_view("main").contains("budget") {
            Ok(())
        } else {
            Err(rig.home.kept_view("main"))
        }
    })
    .await;
    live.keys("q");
    live.wait_exit();
    let before = rig.home.kept_view("main");
    let past = at(&rig, &["--at", "2"]);
    past.wait_for_text("and the last");
    past.keys("17<g");
    past.wait_for_text("user hidden");
    past.keys("q");
    assert_eq!(past.wait_exit(), 0);
    assert_eq!(rig.home.kept_view("main"), before);
    assert!(rig.home.kept_view("moment").contains("user"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_that_is_not_there_is_told() {
    let rig = recorded().await;
    let terminal = at(&rig, &["--at", "99@1"]);
    assert_eq!(terminal.wait_exit(), 1);
    assert!(terminal.screen().contains("there is no exchange 99"), "{}", terminal.screen().text());
    for arguments in [&["--at", "x"][..], &["--at", "2@-1"], &["--loop"], &["--print"]] {
        assert_eq!(rig.view().run(arguments).code, Some(2), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_shows_the_same_screen_without_a_daemon() {
    let rig = recorded().await;
    let path = rig.home.path().join("report.json");
    let file = path.to_str().expect("UTF-8");
    let no_view = rig.view().run(&["report", "--out", file]);
    assert!(no_view.code == Some(1) && no_view.stderr.contains("--name"), "{}", no_view.stderr);

    let terminal = at(&rig, &[]);
    terminal.wait_for_text("re: a later question");
    terminal.keys("{{5");
    terminal.wait_for_text("budget hidden");
    let is_quiet = |screen: &Screen| !screen.contains("budget hidden");
    let shown = terminal.wait_until("the notice has gone", is_quiet).text();
    let made = rig.view().run(&["report", "--out", file]).expect_success();
    assert!(made.text().contains("3 exchanges, 3 keys, 0 secrets left out"), "{}", made.text());
    assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    let again = rig.view().run(&["report", "--out", file]);
    assert!(again.code == Some(1) && again.stderr.contains("exists already"), "{}", again.stderr);

    let Rig { daemon, home, upstream: _upstream } = rig;
    daemon.kill();
    let replay = |arguments: &[&str]| {
        let mut command = home.view().command(&[&["--replay-report", file], arguments].concat());
        command.env("TZ", "UTC");
        command
    };
    let printed = Outcome::of(&mut replay(&["--print"])).expect_success().text();
    assert_eq!(printed.trim_end(), shown.trim_end());

    let terminal = home.view().terminal_with(&["--replay-report", file], ROWS + 1, COLS);
    terminal.wait_for_text("report 0/3  next: {");
    terminal.keys(" \r");
    terminal.wait_for_text("report 2/3  next: 5");
    terminal.keys(" ");
    terminal.wait_for_text("budget hidden");
    terminal.keys("a");
    let screen = terminal.wait_for_text("this is what was reported");
    let rows = screen.rows();
    assert_eq!(rows[..usize::from(ROWS)].join("\n").trim_end(), shown.trim_end());
    terminal.keys("q");
    assert_eq!(terminal.wait_exit(), 0);
    terminal.assert_terminal_given_back();

    for (content, wanted) in
        [("{", "is no ccdump report"), (r#"{"format": 999}"#, "was written by a newer version")]
    {
        fs::write(&path, content).expect("a file of our own");
        let broken = Outcome::of(&mut replay(&["--print"]));
        assert!(
            broken.code == Some(1)
                && broken.stderr.contains(wanted)
                && broken.stderr.lines().count() == 1,
            "{}",
            broken.stderr
        );
    }
}
