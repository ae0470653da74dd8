//! The viewer on a terminal, as a person meets it: it shows what streams, loses nothing when it or
//! the daemon dies, and gives the terminal back whole.

use std::time::Duration;

use ccdump_tests::{
    client::Client,
    daemon::Rig,
    home::Home,
    http1::{self, post},
    process,
    talk::{begin, delta, echo, end, talk, turn},
    terminal::{Key, Screen, Terminal, classes},
    upstream::{Call, Gate},
    view::Outcome,
    wait,
};
use rustix::process::Signal;
use serde_json::json;

const ROWS: u16 = 24;
const COLS: u16 = 100;

fn attach(rig: &Rig) -> Terminal {
    rig.view().terminal(ROWS, COLS)
}

/// Top of the conversation: what stands on the first row of its pane, right of the sidebar.
fn first_line(screen: &Screen) -> String {
    screen.row(1).split_once('│').map(|(_, line)| line.to_owned()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_on_the_screen_while_it_streams() {
    let gate = Gate::new();
    let opened = gate.clone();
    let rig = Rig::start(async move |call: &mut Call| {
        call.drain().await?;
        call.send(&http1::sse_head()).await?;
        call.chunk(&[begin(), delta("first words")].concat()).await?;
        gate.pass().await;
        call.chunk(&[delta(" and the last ones"), end()].concat()).await?;
        call.last_chunk().await
    });
    let terminal = attach(&rig);
    terminal.wait_for_text("Nothing has been recorded yet");
    terminal.wait_for_text(&format!("http://{}", rig.proxy()));
    let proxy = rig.proxy();
    let agent = tokio::spawn(async move {
        Client::connect(proxy).await.call(&turn("s-1", None, "What is new?")).await.status()
    });
    terminal.wait_for_text("› What is new?");
    let screen = terminal.wait_for_text("first words");
    assert!(screen.contains("streaming") && !screen.contains("last ones"), "{}", screen.text());
    opened.open();
    terminal.wait_for_text("first words and the last ones");
    terminal.wait_for_text("↓ 7 out");
    assert_eq!(agent.await.expect("the agent"), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn however_it_ends_the_terminal_is_given_back() {
    let rig = Rig::start(echo);
    talk(&rig, 2).await;
    for (how, code) in [("q", 0), ("ctrl-c", 0), ("TERM", 0), ("HUP", 0), ("panic", 1)] {
        let mut command = rig.view().command(&[]);
        command.env("CCDUMP_TEST_PANIC_KEY", "f12").env("XDG_STATE_HOME", rig.home.path());
        command.env("TERM", "xterm-256color");
        let terminal = Terminal::spawn(&command, ROWS, COLS);
        terminal.wait_for_text("re: question 1 line 9");
        assert!(terminal.modes().alternate_screen && !terminal.tty_is_cooked());
        match how {
            "q" => terminal.keys("q"),
            "ctrl-c" => terminal.key(Key::Ctrl('c')),
            "TERM" => terminal.signal(Signal::TERM),
            "HUP" => terminal.signal(Signal::HUP),
            _ => terminal.keys("\x1b[24~"),
        }
        assert_eq!(terminal.wait_exit(), code, "{how}");
        terminal.assert_terminal_given_back();
        assert_eq!(
            terminal.screen().contains("a bug ended it"),
            how == "panic",
            "{how}: {}",
            terminal.screen().text()
        );
    }
    let log = std::fs::read_to_string(rig.home.path().join("ccdump/view.log"))
        .expect("the log of the panic");
    assert!(log.contains("the key of CCDUMP_TEST_PANIC_KEY was pressed"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_viewer_comes_back_to_its_screen() {
    let rig = Rig::start(echo);
    talk(&rig, 2).await;
    let terminal = attach(&rig);
    terminal.wait_for_text("re: question 1 line 9");
    terminal.wait_until_quiet(Duration::from_millis(500));
    let before = terminal.screen();
    terminal.key(Key::Ctrl('z'));
    terminal.wait_suspended(1);
    assert!(!terminal.modes().alternate_screen);
    terminal.resume();
    terminal.wait_until("the same is shown again", |screen| {
        screen.row(5) == before.row(5) && screen.row(12) == before.row(12)
    });
    terminal.keys("q");
    assert_eq!(terminal.wait_exit(), 0);
    terminal.assert_terminal_given_back();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_daemon_leaves_the_screen_and_comes_back_to_it() {
    let mut rig = Rig::start(echo);
    talk(&rig, 3).await;
    let terminal = attach(&rig);
    terminal.wait_for_text("re: question 2 line 9");
    rig = rig.restart_after_kill();
    let back =
        |screen: &Screen| screen.contains("recording") && screen.contains(&rig.proxy().to_string());
    terminal.wait_until("the new daemon's address is shown", back);
    assert!(terminal.screen().contains("re: question 2 line 9"));
    Client::connect(rig.proxy()).await.call(&turn("s-1", None, "after the kill")).await;
    terminal.wait_for_text("re: after the kill line 9");
    assert!(String::from_utf8_lossy(&terminal.bytes()).contains("daemon lost"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_daemon_is_told_and_the_screen_still_answers() {
    let rig = Rig::start(echo);
    talk(&rig, 8).await;
    let terminal = attach(&rig);
    terminal.wait_for_text("re: question 7 line 9");
    let Rig { daemon, home: _home, upstream: _upstream } = rig;
    daemon.kill();
    terminal.wait_for_text("daemon lost");
    terminal.key(Key::PageUp);
    terminal.wait_until("it scrolls", |screen| {
        !screen.contains("re: question 7 line 9") && screen.contains("daemon lost")
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn another_record_is_told_and_shown() {
    let rig = Rig::start(echo);
    talk(&rig, 3).await;
    let terminal = attach(&rig);
    terminal.wait_for_text("re: question 2 line 9");
    let Rig { daemon, home, upstream } = rig;
    daemon.kill();
    for file in home.data_entries() {
        if file.extension().is_some_and(|extension| extension.to_string_lossy().starts_with("db"))
            || file.to_string_lossy().contains(".db-")
        {
            std::fs::remove_file(&file).expect("a file of the record");
        }
    }
    let daemon = home.daemon(&upstream.url()).start();
    terminal.wait_for_text("the record is another one now");
    terminal.wait_for_text("Nothing has been recorded yet");
    Client::connect(daemon.proxy()).await.call(&turn("s-2", None, "a new start")).await;
    terminal.wait_for_text("re: a new start line 9");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_viewer_comes_back_to_its_place() {
    let rig = Rig::start(echo);
    talk(&rig, 12).await;
    let terminal = attach(&rig);
    terminal.wait_for_text("re: question 11 line 9");
    terminal.key(Key::PageUp);
    terminal.key(Key::PageUp);
    // Hides the numbers, and marks another block.
    terminal.keys("5J");
    terminal.wait_for_text("budget hidden");
    terminal.wait_until("it has scrolled", |screen| !screen.contains("question 11"));
    // Its place is kept a moment after the last change.
    terminal.wait_until_quiet(Duration::from_millis(500));
    let place = first_line(&terminal.screen());
    wait::until("the place is kept", async || {
        let kept = rig.home.kept_view("main");
        if kept.contains("budget") { Ok(()) } else { Err(kept) }
    })
    .await;
    terminal.signal(Signal::KILL);
    assert_eq!(terminal.wait_exit(), 128 + 9);
    // More is said meanwhile.
    talk(&rig, 2).await;
    let again = attach(&rig);
    let is_same = |screen: &Screen| {
        first_line(screen) == place && screen.contains("scrolled up") && !screen.contains("Σ")
    };
    again.wait_until("the same place is shown", is_same);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_viewer_comes_back_with_all_its_tabs() {
    let rig = Rig::start(echo);
    talk(&rig, 12).await;
    let mut client = Client::connect(rig.proxy()).await;
    client.call(&turn("s-2", None, "another session")).await;
    let terminal = attach(&rig);
    terminal.wait_for_text("re: another session line 9");
    terminal.key(Key::Alt('t'));
    terminal.wait_for_text("[2 another session]");
    // The other session in the second tab, at its beginning.
    terminal.keys(".g");
    terminal.wait_for_text("› question 0");
    terminal.wait_for_text("[2 question 0]");
    terminal.wait_until_quiet(Duration::from_millis(500));
    wait::until("both are kept", async || {
        let kept = rig.home.kept_view("main");
        if kept.contains("tabs") { Ok(()) } else { Err(kept) }
    })
    .await;
    terminal.signal(Signal::KILL);
    assert_eq!(terminal.wait_exit(), 128 + 9);
    let again = attach(&rig);
    again.wait_until("the second tab is where it was", |screen| {
        screen.contains(" 1 another session")
            && screen.contains("[2 question 0]")
            && screen.contains("› question 0")
    });
    again.keys("<");
    again.wait_until("and so is the first", |screen| {
        screen.contains("[1 another session]") && screen.contains("re: another session line 9")
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn three_viewers_have_their_own_places_and_a_stopped_one_disturbs_nobody() {
    let rig = Rig::start(echo);
    talk(&rig, 12).await;
    let viewers = [attach(&rig), attach(&rig), attach(&rig)];
    viewers.iter().for_each(|viewer| drop(viewer.wait_for_text("re: question 11 line 9")));
    viewers[0].keys("g");
    viewers[0].wait_for_text("› question 0");
    viewers[2].signal(Signal::STOP);
    viewers[2].wait_suspended(1);
    talk(&rig, 1).await;
    let mut client = Client::connect(rig.proxy()).await;
    client.call(&turn("s-1", None, "news")).await;
    viewers[1].wait_for_text("re: news line 9");
    assert!(viewers[0].screen().contains("› question 0"));
    viewers[2].resume();
    viewers[2].wait_for_text("re: news line 9");
    for viewer in &viewers {
        viewer.keys("q");
        assert_eq!(viewer.wait_exit(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_is_joined_unsaved() {
    let rig = Rig::start(echo);
    talk(&rig, 2).await;
    let first = rig.view().terminal_with(&["--name", "work"], ROWS, COLS);
    first.wait_for_text("view work");
    let second = rig.view().terminal_with(&["--name", "work"], ROWS, COLS);
    second.wait_for_text("another viewer is work");
    second.wait_for_text("re: question 1 line 9");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_received_reaches_the_terminal_as_a_command() {
    const EVIL: &str = "\u{1b}]52;c;ZXZpbA==\u{7}\u{1b}]8;;http://evil\u{1b}\\link\u{1b}]8;;\u{1b}\\\u{1b}Pq#0\u{1b}\\\u{1b}[2J\u{9b}31m\
                        \u{9d}0;title\u{9c}\u{202e}reversed\u{1b}[?1049l\u{7}\u{8}END";
    let rig = Rig::start(async |call: &mut Call| {
        call.drain().await?;
        call.reply_sse(&[begin(), delta(EVIL), end()].concat()).await
    });
    let result = json!({"type": "tool_result", "tool_use_id": EVIL, "content": EVIL});
    let call = json!({"type": "tool_use", "id": EVIL, "name": EVIL, "input": {"command": EVIL, EVIL: EVIL}});
    let body = json!({"model": EVIL, "system": EVIL, "tools": [{"name": EVIL, "description": EVIL}], "messages": [
        {"role": "user", "content": EVIL}, {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]});
    let headers = [("x-claude-code-session-id", "s\u{9b}31m"), ("anthropic-version", "1")];
    let request = post("/v1/messages", &headers, body.to_string().as_bytes());
    Client::connect(rig.proxy()).await.call(&request).await;
    let terminal = rig.view().terminal(40, COLS);
    terminal.wait_for_text("reversedEND");
    // All of it, unfolded.
    terminal.keys("gO7");
    terminal.wait_for_text("headers shown");
    (0..3).for_each(|_| terminal.key(Key::PageDown));
    terminal.keys("q");
    terminal.wait_exit();
    let bytes = terminal.bytes();
    let ours = ["CSI m", "CSI H", "CSI J", "CSI ?h", "CSI ?l"];
    let foreign: Vec<_> =
        classes(&bytes).into_keys().filter(|class| !ours.contains(&class.as_str())).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    assert_eq!(terminal.modes().alternate_screen_left, 1, "by us, at the end");
    let text = String::from_utf8_lossy(&bytes);
    assert!(!text.contains('\u{202e}') && !text.contains('\u{9b}') && !text.contains('\u{9d}'));
}

#[tokio::test(flavor = "multi_thread")]
async fn any_size_at_any_moment() {
    let rig = Rig::start(echo);
    talk(&rig, 4).await;
    let terminal = attach(&rig);
    terminal.wait_for_text("re: question 3 line 9");
    for (rows, cols) in [(15, 60), (100, 300), (3, 10), (24, 80)] {
        terminal.resize(rows, cols);
        if rows > 5 {
            terminal.wait_until("it is drawn anew", |screen| {
                screen.contains("re: question 3 line 9") && screen.row(rows - 1).contains("quit")
            });
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_daemon_it_starts_one_and_shows_where_to_connect() {
    let home = Home::new();
    let place = home.default_place();
    let terminal = place.terminal(&[], ROWS, COLS);
    terminal.wait_for_text("Nothing has been recorded yet");
    let status = place.status().expect("a daemon runs");
    terminal.wait_for_text(status["proxy"].as_str().expect("an address"));
    let second = place.terminal(&[], ROWS, COLS);
    second.wait_for_text("Nothing has been recorded yet");
    assert_eq!(place.status().expect("the same daemon")["pid"], status["pid"]);
    terminal.keys("q");
    assert_eq!(terminal.wait_exit(), 0);
    assert!(place.status().is_some(), "it goes on without a viewer");
}

#[test]
fn a_daemon_that_was_named_is_not_started() {
    let home = Home::new();
    let terminal = home.view().terminal(ROWS, COLS);
    assert_eq!(terminal.wait_exit(), 3);
    assert!(terminal.screen().contains("start one with"), "{}", terminal.screen().text());
    terminal.assert_terminal_given_back();
}

#[test]
fn without_a_terminal_it_says_what_to_use() {
    let home = Home::new();
    let outcome = Outcome::of(&mut home.view().command(&[]));
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("ccdump-view tail"), "{}", outcome.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_is_gone_ends_it() {
    let rig = Rig::start(echo);
    talk(&rig, 1).await;
    let terminal = attach(&rig);
    terminal.wait_for_text("re: question 0 line 9");
    let pid = terminal.pid();
    drop(terminal);
    wait::until_within("the viewer has ended", Duration::from_secs(10), async || {
        if process::lives(pid) { Err(format!("{pid} lives")) } else { Ok(()) }
    })
    .await;
}
