//! The inspector on a terminal: an exchange as it was sent, at the same row after a kill, in other
//! programs, and sent again.

use std::{os::unix::fs::PermissionsExt as _, process::Command, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ccdump_tests::{
    client::Client,
    daemon::Rig,
    http1::post,
    talk::{echo, talk},
    terminal::{Key, Screen, Terminal},
    wait,
};
use rustix::process::Signal;
use serde_json::json;

const ROWS: u16 = 24;
const COLS: u16 = 100;

/// A request of many lines, with a key; its first field is the last one of the alphabet.
async fn ask(rig: &Rig) -> String {
    let text: String = (0..80).map(|line| format!("line {line} isn't \"$HOME\"\n")).collect();
    let fields = json!([{"role": "user", "content": text}]);
    let body = format!(
        "{{\"zeta\":1.50,\"model\":\"claude-test\",\"stream\":true,\"messages\":{fields}}}"
    );
    let headers = [
        ("x-claude-code-session-id", "s-1"),
        ("x-api-key", "sk-real"),
        ("anthropic-version", "2023-06-01"),
    ];
    Client::connect(rig.proxy())
        .await
        .call(&post("/v1/messages?beta=true", &headers, body.as_bytes()))
        .await;
    body
}

fn inspect(rig: &Rig) -> Terminal {
    let terminal = rig.view().terminal(ROWS, COLS);
    terminal.wait_for_text("line 9");
    terminal.keys("gi");
    terminal.wait_for_text("zeta: 1.50");
    terminal
}

/// The rows of the sheet, right of the sidebar.
fn pane(screen: &Screen) -> Vec<String> {
    let rows = screen.rows();
    let rows = rows.iter().skip(2).filter_map(|row| row.split_once('│'));
    rows.map(|(_, right)| right.to_owned()).collect()
}

/// What the terminal was given for the clipboard last.
fn copied(terminal: &Terminal) -> Option<String> {
    let bytes = terminal.bytes();
    let output = String::from_utf8_lossy(&bytes);
    let (_, after) = output.rsplit_once("\u{1b}]52;c;")?;
    String::from_utf8(STANDARD.decode(after.split_once('\u{7}')?.0).ok()?).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_viewer_comes_back_to_its_row() {
    let rig = Rig::start(echo);
    talk(&rig, 3).await;
    ask(&rig).await;
    rig.view().ended_exchanges(4).await;
    let terminal = rig.view().terminal(ROWS, COLS);
    terminal.wait_for_text("line 9");
    // The parts of a request, unfolded, some pages down in the long text.
    terminal.keys("gi#4");
    terminal.key(Key::Enter);
    terminal.wait_for_text("zeta: 1.50");
    terminal.keys("OO");
    terminal.wait_for_text("line 3 isn't");
    terminal.keys("/line 41");
    terminal.key(Key::Enter);
    terminal.wait_for_text("line 41 isn't");
    terminal.keys("jj");
    let marked = |screen: &Screen| pane(screen).into_iter().find(|row| row.starts_with('▌'));
    terminal.wait_until("two rows on", |screen| {
        marked(screen).is_some_and(|row| row.contains("line 43"))
    });
    terminal.wait_until_quiet(Duration::from_millis(500));
    let before = terminal.screen();
    wait::until("the place is kept", async || {
        let kept = rig.home.kept_view("main");
        if kept.contains("/messages/0/content/43") { Ok(()) } else { Err(kept) }
    })
    .await;
    terminal.signal(Signal::KILL);
    assert_eq!(terminal.wait_exit(), 128 + 9);
    talk(&rig, 1).await;
    let again = rig.view().terminal(ROWS, COLS);
    again.wait_until("the same page and row", |screen| {
        pane(screen) == pane(&before) && marked(screen) == marked(&before)
    });
    again.keys("q");
    again.wait_until("the conversation", |screen| !screen.contains("headers  events"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_sent_again_by_the_command_that_was_copied() {
    let rig = Rig::start(echo);
    let body = ask(&rig).await;
    let terminal = inspect(&rig);
    terminal.keys("C");
    terminal.wait_for_text("copied");
    let command = copied(&terminal).expect("a command");
    assert!(command.contains("$ANTHROPIC_API_KEY") && !command.contains("sk-real"), "{command}");
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &command])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("ANTHROPIC_API_KEY", "sk-real");
    let output = shell.output().expect("a shell");
    if !output.status.success() && String::from_utf8_lossy(&output.stderr).contains("not found") {
        return;
    }
    assert!(String::from_utf8_lossy(&output.stdout).contains("message_stop"), "{output:?}");
    let seen = rig.upstream.log().seen();
    let [first, second] = seen.as_slice() else { panic!("{} requests", seen.len()) };
    assert_eq!(second.body, body.as_bytes());
    let value = |seen: &ccdump_tests::upstream::Seen, name: &str| seen.head.get(name);
    for name in ["x-api-key", "anthropic-version", "x-claude-code-session-id"] {
        assert_eq!(value(second, name), value(first, name), "{name}");
    }
    assert_eq!(second.head.target(), first.head.target());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pager_has_the_terminal_and_a_file_that_only_this_user_can_read() {
    let rig = Rig::start(echo);
    ask(&rig).await;
    let mut command = rig.view().command(&[]);
    let pager = rig.home.path().join("pager");
    std::fs::write(&pager, "#!/bin/sh\ncp -p \"$1\" \"$HOME/shown\"; echo \"$1\" > \"$HOME/name\"; echo IN THE PAGER; read line\n")
        .expect("a script");
    std::fs::set_permissions(&pager, std::fs::Permissions::from_mode(0o700)).expect("its mode");
    command
        .env("PAGER", &pager)
        .env("HOME", rig.home.path())
        .env("XDG_RUNTIME_DIR", rig.home.path())
        .env("TERM", "xterm-256color");
    let terminal = Terminal::spawn(&command, ROWS, COLS);
    terminal.wait_for_text("line 9");
    terminal.keys("gi");
    terminal.wait_for_text("zeta: 1.50");
    terminal.keys("P");
    terminal.wait_for_text("IN THE PAGER");
    assert!(terminal.tty_is_cooked() && !terminal.modes().alternate_screen);
    let shown = rig.home.path().join("shown");
    let mode = std::fs::metadata(&shown).expect("what was shown").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&shown).expect("text");
    assert!(text.starts_with("{\n  \"zeta\": 1.50,\n  \"model\": \"claude-test\",\n"), "{text}");
    terminal.keys("\n");
    terminal.wait_for_text("zeta: 1.50");
    let name = std::fs::read_to_string(rig.home.path().join("name")).expect("its name");
    assert!(name.contains("/ccdump-") && !std::path::Path::new(name.trim()).exists(), "{name}");
    terminal.keys("qq");
    assert_eq!(terminal.wait_exit(), 0);
    terminal.assert_terminal_given_back();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_request_of_a_client_opens_a_connection_and_the_next_one_does_not() {
    let rig = Rig::start(echo);
    talk(&rig, 2).await;
    rig.view().ended_exchanges(2).await;
    let terminal = rig.view().terminal(ROWS, COLS);
    terminal.wait_for_text("re: question 1 line 9");
    terminal.keys("gi5");
    let first = terminal.wait_for_text("for a new connection");
    assert!(first.contains("connecting"), "{}", first.text());
    terminal.keys("]");
    let second = terminal.wait_for_text("a connection was open");
    assert!(second.contains("#2") && !second.contains("connecting"), "{}", second.text());
}
