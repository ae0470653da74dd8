//! The harness itself: what it says about a program in a terminal is so.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use ccdump_tests::{
    client,
    daemon::Rig,
    home::Home,
    http1::post,
    process,
    terminal::{Color, Key, Terminal, classes},
    view::Outcome,
};
use rustix::process::Signal;
use serde_json::Value;

const ANSWER: &[u8] =
    br#"{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"text","text":"only the tests"}],"stop_reason":"end_turn"}"#;

/// Waits for a line of input, whatever it is, without saying so.
const PAUSE: &str = "stty -echo; read -r _";

fn shell(script: &str) -> Terminal {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]);
    Terminal::spawn(&command, 6, 40)
}

/// The message of a panic.
fn panic_of(action: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(action)).expect_err("it panics");
    payload.downcast_ref::<String>().cloned().expect("a message")
}

#[test]
fn text_colours_and_the_cursor_are_seen() {
    let terminal =
        shell("printf 'plain \\033[1;3;38;2;10;20;30;48;5;7mbold\\033[0m\\n  wide 漢字 end'");
    assert_eq!(terminal.wait_exit(), 0);
    let screen = terminal.screen();
    assert_eq!(screen.rows(), ["plain bold", "  wide 漢字 end", "", "", "", ""]);
    assert_eq!(screen.find("end"), Some((1, 12)));
    assert_eq!(screen.cursor(), ((1, 15), true));
    let bold = screen.style_of("bold");
    assert_eq!((bold.foreground, bold.background), (Color::Rgb(10, 20, 30), Color::Idx(7)));
    assert!(bold.bold && bold.italic && !bold.underline);
    assert_eq!(screen.style_of("plain"), Default::default());
    assert_eq!(terminal.bytes().first_chunk(), Some(b"plain "));
}

#[test]
fn the_environment_is_what_the_command_sets() {
    let mut command = Command::new("/usr/bin/env");
    command.env("TERM", "xterm-256color").env("GIVEN", "1").env_remove("HOME").current_dir("/");
    let terminal = Terminal::spawn(&command, 20, 200);
    assert_eq!(terminal.wait_exit(), 0);
    let rows = terminal.screen().rows();
    let mut names: Vec<&str> =
        rows.iter().filter_map(|row| row.split_once('=')).map(|(name, _)| name).collect();
    names.sort_unstable();
    // What shells add by themselves.
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name));
    assert_eq!(names, ["GIVEN", "PATH", "SHELL", "TERM"]);
}

#[test]
fn keys_arrive_as_xterm_sends_them() {
    let terminal = shell("stty raw -echo; printf ready; exec od -An -tx1 -v -w1");
    terminal.wait_for_text("ready");
    let mut expected = Vec::new();
    for (key, bytes) in [
        (Key::Up, "\x1b[A"),
        (Key::PageDown, "\x1b[6~"),
        (Key::Home, "\x1b[H"),
        (Key::Enter, "\r"),
        (Key::Esc, "\x1b"),
        (Key::BackTab, "\x1b[Z"),
        (Key::Ctrl('x'), "\x18"),
        (Key::Alt('f'), "\x1bf"),
    ] {
        terminal.key(key);
        expected.extend_from_slice(bytes.as_bytes());
    }
    terminal.keys("jö");
    expected.extend_from_slice("jö".as_bytes());
    terminal.wait_until("all keys arrive", |_| {
        let bytes = terminal.bytes();
        let output = String::from_utf8_lossy(&bytes);
        let seen: Vec<u8> = output
            .split_whitespace()
            .filter_map(|word| u8::from_str_radix(word, 16).ok())
            .collect();
        seen == expected
    });
}

#[test]
fn cursor_keys_follow_the_application_mode() {
    let terminal =
        shell("stty raw -echo; printf '\\033[?1hready'; dd bs=3 count=1 2>/dev/null | od -An -c");
    terminal.wait_for_text("ready");
    terminal.key(Key::Up);
    terminal.wait_for_text("033   O   A");
}

#[test]
fn a_new_size_is_told() {
    let terminal = shell("trap 'stty size' WINCH; stty size; while :; do sleep 0.05; done");
    terminal.wait_for_text("6 40");
    terminal.resize(9, 100);
    let screen = terminal.wait_for_text("9 100");
    assert_eq!(screen.size(), (9, 100));
}

#[test]
fn the_end_is_told_as_a_shell_does() {
    assert_eq!(shell("exit 7").wait_exit(), 7);
    let terminal = shell(&format!("printf ready; {PAUSE}"));
    terminal.wait_for_text("ready");
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.wait_exit(), 128 + 15);
    let terminal = shell(&format!("printf ready; {PAUSE}"));
    terminal.wait_for_text("ready");
    terminal.key(Key::Ctrl('c'));
    assert_eq!(terminal.wait_exit(), 128 + 2);
}

#[test]
fn a_program_can_be_suspended_and_resumed() {
    // No other program is started: one that is stopped before it runs would stop the shell for
    // good.
    let terminal = shell("trap 'printf awake' CONT; printf ready; while :; do read -r _; done");
    terminal.wait_for_text("ready");
    terminal.key(Key::Ctrl('z'));
    terminal.wait_suspended(1);
    terminal.resume();
    terminal.wait_for_text("awake");
    terminal.key(Key::Ctrl('z'));
    terminal.wait_suspended(2);
}

#[test]
fn a_program_ends_with_its_terminal() {
    let terminal = shell("trap '' HUP TERM INT; printf ready; while :; do sleep 0.05; done");
    terminal.wait_for_text("ready");
    let pid = terminal.pid();
    assert!(process::lives(pid));
    drop(terminal);
    let deadline = Instant::now() + Duration::from_secs(10);
    while process::lives(pid) {
        assert!(Instant::now() < deadline, "process {pid} lives on");
        thread::yield_now();
    }
}

#[test]
fn a_terminal_that_is_given_back_is_told_from_one_that_is_not() {
    let tidy = "\\033[?1049l\\033[?25h\\033[?1006;1000l\\033[?2004l\\033[0m";
    let setup = "stty -icanon -echo; printf '\\033[?1049h\\033[?25l\\033[?1000;1006h\\033[?2004h\\033[31mready'";
    let terminal =
        shell(&format!("before=$(stty -g); {setup}; read -r _; printf '{tidy}'; stty \"$before\""));
    terminal.wait_for_text("ready");
    let modes = terminal.modes();
    assert!(modes.alternate_screen && !modes.cursor_visible && modes.bracketed_paste);
    assert_eq!((modes.mouse.as_slice(), modes.alternate_screen_left), ([1000, 1006].as_slice(), 0));
    assert!(!terminal.tty_is_cooked());
    assert!(
        panic_of(|| terminal.assert_terminal_given_back())
            .contains("alternate screen is on; the cursor is hidden")
    );
    terminal.keys("\n");
    assert_eq!(terminal.wait_exit(), 0);
    terminal.assert_terminal_given_back();
    assert!(terminal.tty_is_cooked());
    assert_eq!(terminal.modes().alternate_screen_left, 1);

    // Each omission alone is seen, also after the program's end.
    let stays = |script: &str| {
        let terminal = shell(script);
        terminal.wait_exit();
        panic_of(|| terminal.assert_terminal_given_back())
    };
    assert!(stays("stty -echo").contains("terminal settings are"));
    assert!(stays("stty raw -echo").contains("terminal settings are"));
    assert!(stays("printf '\\033[1mbold'").contains("text is drawn as"));
    assert!(stays("printf '\\033[?1049h'").contains("alternate screen is on"));
}

#[test]
fn frames_are_had_with_their_bytes_and_times_and_shown_when_complete() {
    let frame = |text: &str| {
        format!(
            "printf '\\033[?2026h\\033[H{text}'; read -r _; printf '{text}\\033[?2026l'; read -r _"
        )
    };
    let terminal =
        shell(&format!("stty -echo; printf begin; read -r _; {}; {}", frame("one"), frame("two")));
    terminal.wait_for_text("begin");
    let output_holds = |text: &str| {
        terminal.wait_until(&format!("{text} is written"), |_| {
            String::from_utf8_lossy(&terminal.bytes()).contains(text)
        })
    };
    terminal.keys("\n");
    assert_eq!(output_holds("\x1b[Hone").row(0), "begin", "half a frame is not shown");
    let before = Instant::now();
    assert_eq!(terminal.frame_since(before, Duration::ZERO), None);
    terminal.keys("\n");
    assert_eq!(terminal.wait_for_text("one").row(0), "oneone");
    assert_eq!(terminal.frame_since(before, Duration::ZERO), None, "it was begun before");
    terminal.keys("\n");
    assert_eq!(output_holds("\x1b[Htwo").row(0), "oneone");
    terminal.keys("\n");
    terminal.wait_for_text("twotwo");
    let frames = terminal.frames();
    assert_eq!(frames.len(), 2);
    let bytes = terminal.bytes();
    assert_eq!(bytes[frames[0].bytes.clone()], *b"\x1b[?2026h\x1b[Honeone\x1b[?2026l");
    assert_eq!(terminal.frame_since(before, Duration::ZERO), Some(frames[1].clone()));
    assert!(frames[1].began >= frames[0].ended && frames[1].ended > frames[1].began);
    assert!(terminal.modes().synchronized_in_turn);
    terminal.keys("\n");
    assert_eq!(terminal.wait_exit(), 0);
    assert_eq!(
        classes(&bytes).into_iter().collect::<Vec<_>>(),
        [("CSI ?h", 2), ("CSI ?l", 2), ("CSI H", 2)]
            .map(|(class, count)| (class.to_owned(), count))
    );
}

#[test]
fn a_wait_in_vain_tells_all_that_is_known() {
    let home = Home::new();
    let log = home.path().join("viewer.log");
    std::fs::write(&log, "first line\nlast line\n").expect("write");
    let terminal = shell(&format!("printf '\\033[1mshown'; {PAUSE}")).with_log_file(&log);
    terminal.wait_for_text("shown");
    let message = panic_of(|| {
        terminal.wait_until_within("pigs fly", Duration::from_millis(1), |_| false);
    });
    for part in [
        "waited 1ms in vain until pigs fly",
        "│shown    ",
        "runs, pid",
        "cursor_visible: true",
        "\\x1b[1mshown",
        "last line",
    ] {
        assert!(message.contains(part), "{part} is missing in {message}");
    }
}

#[test]
fn a_program_that_ends_is_not_waited_for() {
    let terminal = shell("printf 'error: no daemon'; exit 3");
    let message = panic_of(|| {
        terminal.wait_until("it is attached", |screen| screen.contains("conversation"));
    });
    assert!(message.contains("ended with 3") && message.contains("error: no daemon"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_viewer_runs_in_a_terminal_of_its_home() {
    let rig = Rig::start(async |call| {
        call.reply("200 OK", &[("content-type", "application/json")], ANSWER).await
    });
    let request = br#"{"model":"m","messages":[{"role":"user","content":"who is there?"}]}"#;
    let answer = client::call(
        rig.proxy(),
        &post("/v1/messages", &[("anthropic-version", "2023-06-01")], request),
    )
    .await;
    assert_eq!(answer.status(), 200);
    let terminal = rig.view().terminal_with(&["tail", "--from", "0"], 20, 80);
    terminal.wait_until("both sides are shown", |screen| {
        screen.contains("who is there?") && screen.contains("only the tests")
    });
    terminal.key(Key::Ctrl('c'));
    assert_eq!(terminal.wait_exit(), 128 + 2);
}

#[test]
fn a_daemon_at_the_default_place_ends_with_it() {
    let home = Home::new();
    let place = home.default_place();
    assert_eq!(place.status(), None);
    Outcome::of(&mut place.ccdumpd(&["start"])).expect_success();
    let status = place.status().expect("it runs");
    assert_eq!(status["data_dir"].as_str(), place.data_dir().to_str());
    assert_eq!(status["socket"].as_str(), place.socket().to_str());
    let listed = Outcome::of(&mut place.ccdump_view(&["ls", "--json"])).expect_success();
    assert_eq!(
        listed.json_lines(),
        [Value::Null; 0],
        "the viewer finds it, and it has recorded nothing"
    );
    let pid = u32::try_from(status["pid"].as_u64().expect("a pid")).expect("a pid");
    drop(place);
    assert!(!process::lives(pid), "it is stopped");
}
