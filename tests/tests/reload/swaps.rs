//! Hot reload with the real viewer: whatever is swapped, and however that fails, a person sees a
//! viewer that works at the place that was left, and nobody else notices.

use std::{fs, path::Path, time::Duration};

use ccdump_tests::{
    binaries,
    daemon::Rig,
    dev::{self, Dev, PANIC_KEY, Setup, place},
    process,
    talk::{echo, talk},
    terminal::{Key, Screen, Terminal, escapes},
    wait,
    workspace::Workspace,
};
use ccdump_wire::v1::{HoldViewRequest, SaveViewRequest};
use rustix::process::Signal;
use serde_json::{Value, json};

const ROWS: u16 = 24;
const COLS: u16 = 100;

/// The keys that were pressed in all viewers so far, by name, as the view state tells.
fn pressed(rig: &Rig) -> Vec<String> {
    let kept: Value = serde_json::from_str(&rig.home.kept_view("main")).unwrap_or_default();
    let chapters = kept["journal"]["state"]["chapters"].as_array().cloned().unwrap_or_default();
    let keys = chapters.iter().filter_map(|chapter| chapter["keys"].as_array()).flatten();
    keys.filter_map(|key| key["key"].as_str().map(str::to_owned)).collect()
}

async fn until_pressed(rig: &Rig, keys: &[&str]) {
    wait::until(&format!("{keys:?} are kept"), async || {
        let pressed = pressed(rig);
        if pressed == keys { Ok(()) } else { Err(format!("{pressed:?}")) }
    })
    .await;
}

/// The keys of [`at_a_place`].
const THERE: [&str; 4] = ["{", "{", "5", "J"];

/// Goes to a place that is not where a new viewer would be, and gives what is shown there once it
/// is kept.
async fn at_a_place(rig: &Rig, terminal: &Terminal) -> Vec<String> {
    terminal.wait_for_text("re: question 11 line 9");
    for turn in ["#12 ·", "#11 ·"] {
        terminal.keys("{");
        // What is above has to be fetched.
        terminal.wait_until(&format!("turn {turn} begins at the top"), |screen| {
            screen.row(2).contains(turn)
        });
    }
    terminal.keys("5J");
    until_pressed(rig, &THERE).await;
    // What was kept is not yet what is seen.
    terminal.wait_until_quiet(Duration::from_millis(300));
    let is_there = |screen: &Screen| {
        screen.contains("scrolled up") && place(screen).iter().any(|row| row.starts_with('▌'))
    };
    let screen = terminal.wait_until("a block further up is marked", is_there);
    place(&screen)
}

fn until_at(terminal: &Terminal, place_before: &[String]) -> Screen {
    terminal.wait_until(&format!("this is shown again:\n{}\n", place_before.join("\n")), |screen| {
        place(screen) == place_before
    })
}

async fn conversation() -> Rig {
    let rig = Rig::start(echo);
    talk(&rig, 12).await;
    rig.view().ended_exchanges(12).await;
    rig
}

fn hosted(rig: &Rig) -> Dev {
    Setup::new(rig.view(), ROWS, COLS).start()
}

/// Between a viewer's first frame and the end, the terminal is never erased, and whatever of it had
/// arrived, something stood on it.
fn assert_never_blank(terminal: &Terminal) {
    let bytes = terminal.bytes();
    let is_viewers = |bytes: &[u8]| !escapes_at(bytes, b"recording").is_empty();
    let frame = terminal.frames().into_iter().find(|frame| is_viewers(&bytes[frame.bytes.clone()]));
    let first = frame.expect("a first frame").bytes.end;
    let end =
        escapes_at(&bytes, b"\x1b[?1049l").pop().expect("the alternate screen is left at the end");
    let erasures: Vec<_> = escapes(&bytes[first..end])
        .into_iter()
        .filter(|escape| escape.class() == "CSI J")
        .collect();
    assert!(erasures.is_empty(), "{erasures:?}");
    let mut emulator =
        vt100::Parser::new(ROWS.try_into().expect("a size"), COLS.try_into().expect("a size"), 0);
    emulator.process(&bytes[..first]);
    for piece in bytes[first..end].chunks(50) {
        emulator.process(piece);
        let rows = emulator.screen().rows(0, COLS).filter(|row| !row.trim().is_empty()).count();
        assert!(
            rows > usize::from(ROWS) / 2,
            "{rows} rows are left:\n{}",
            emulator.screen().contents()
        );
    }
}

fn escapes_at(bytes: &[u8], sequence: &[u8]) -> Vec<usize> {
    (0..bytes.len()).filter(|at| bytes[*at..].starts_with(sequence)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_is_seen_by_nobody_and_takes_no_key() {
    let rig = conversation().await;
    let mut dev = hosted(&rig);
    let before = at_a_place(&rig, &dev.terminal).await;
    for number in 1..=2 {
        dev.build();
        dev.logged("swapped after", number).await;
        until_at(&dev.terminal, &before);
    }
    let gate = dev.build_behind_gate().reached().await;
    // Nobody is there now.
    assert_eq!(place(&dev.terminal.screen()), before, "the old frame stays");
    dev.terminal.keys("KJKt");
    dev.terminal.key(Key::Down);
    dev.terminal.keys("o]5");
    drop(gate);
    until_pressed(&rig, &[&THERE[..], &["K", "J", "K", "t", "down", "o", "]", "5"]].concat()).await;
    dev.terminal.wait_for_text("budget shown");
    dev.logged("swapped after", 3).await;

    let viewer = dev.viewer().expect("one viewer");
    dev.terminal.key(Key::Ctrl('c'));
    assert_eq!(dev.terminal.wait_exit(), 0);
    dev.terminal.assert_terminal_given_back();
    assert_eq!(dev.terminal.modes().alternate_screen_left, 1, "at the end");
    assert!(!process::lives(viewer));
    assert_never_blank(&dev.terminal);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_new_viewer_dies_of_the_old_one_is_back_at_its_place() {
    let rig = conversation().await;
    let mut dev = Setup::new(rig.view(), ROWS, COLS).ready_within_ms(4_000).start();
    let before = at_a_place(&rig, &dev.terminal).await;
    let back = |dev: &Dev, reason: &str| {
        dev.terminal.wait_until(&format!("{reason:?} is told"), |screen| {
            screen.contains(&format!("back to the last good viewer: {reason}"))
        });
        until_at(&dev.terminal, &before);
    };
    dev.build_script("#!/bin/sh\necho half a frame\necho it cannot be >&2\nexit 7\n");
    back(&dev, "it cannot be");
    // The same, after a frame of its own.
    dev.build();
    dev.logged("swapped after", 1).await;
    until_at(&dev.terminal, &before);
    dev.terminal.keys(PANIC_KEY);
    back(&dev, "panicked at viewer/shell/src");
    assert!(dev.log().contains("the key of CCDUMP_TEST_PANIC_KEY was pressed"), "{}", dev.log());
    dev.build_script("#!/bin/sh\nexec sleep 1000\n");
    back(&dev, "no first frame within 4000 ms");
    let bytes = dev.terminal.bytes();
    assert!(!String::from_utf8_lossy(&bytes).contains("half a frame"));
    // It still works.
    dev.terminal.keys("G");
    dev.terminal.wait_for_text("re: question 11 line 9");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_viewer_that_hangs_is_replaced_at_the_place_that_was_kept_last() {
    let rig = conversation().await;
    let mut dev = hosted(&rig);
    let before = at_a_place(&rig, &dev.terminal).await;
    let hangs = dev.viewer().expect("one viewer");
    process::signal(hangs, Signal::STOP);
    dev.build();
    dev.logged("swapped after", 1).await;
    dev.terminal.wait_for_text("reloaded");
    until_at(&dev.terminal, &before);
    assert!(!process::lives(hangs));
    assert!(dev.log().contains("the viewer hangs, and is killed"), "{}", dev.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_has_proven_itself_is_started_again_when_it_dies() {
    let rig = conversation().await;
    let mut dev = hosted(&rig);
    let before = at_a_place(&rig, &dev.terminal).await;
    wait::until("the viewer has proven itself", async || {
        if dev.good().exists() { Ok(()) } else { Err(dev.log()) }
    })
    .await;
    process::signal(dev.viewer().expect("one viewer"), Signal::KILL);
    dev.terminal.wait_until("it is told", |screen| {
        screen.contains("started again") && screen.contains("SIGKILL")
    });
    until_at(&dev.terminal, &before);
    // A newer one that works at first is no reason to forget it.
    dev.build();
    dev.logged("swapped after", 1).await;
    process::signal(dev.viewer().expect("one viewer"), Signal::ABORT);
    dev.terminal
        .wait_until("it is told", |screen| screen.contains("last good viewer: signal: 6 (SIGABRT"));
    until_at(&dev.terminal, &before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_killed_during_a_swap_is_waited_for() {
    let mut rig = conversation().await;
    let mut dev = hosted(&rig);
    let before = at_a_place(&rig, &dev.terminal).await;
    let gate = dev.build_behind_gate().reached().await;
    let Rig { daemon, home, upstream } = rig;
    daemon.kill();
    drop(gate);
    // The new viewer has nothing but what the old one has left with the host.
    dev.logged("swapped after", 1).await;
    dev.terminal.wait_for_text("daemon lost");
    dev.terminal.keys("?");
    dev.terminal.wait_for_text("┌ Keys");
    dev.terminal.key(Key::Esc);
    let daemon = home.daemon(&upstream.url()).start();
    rig = Rig { daemon, home, upstream };
    dev.terminal.wait_for_text("the daemon is back");
    until_at(&dev.terminal, &before);
    until_pressed(&rig, &[&THERE[..], &["?", "esc"]].concat()).await;
}

/// Leaves a place to the next viewer, and gives what is shown there. Then a daemon runs that nobody
/// is attached to.
async fn left_at_a_place(rig: Rig) -> (Rig, Vec<String>) {
    let terminal = rig.view().terminal(ROWS, COLS);
    let before = at_a_place(&rig, &terminal).await;
    terminal.keys("q");
    assert_eq!(terminal.wait_exit(), 0);
    (rig.restart_after_kill(), before)
}

/// Saves what `change` makes of the saved view state.
async fn save_changed(rig: Rig, change: impl FnOnce(Value) -> Vec<u8>) -> Rig {
    let mut service = rig.grpc().await;
    let request = HoldViewRequest { peer: None, name: Some("main".to_owned()) };
    let mut stream = service.hold_view(request).await.expect("a stream").into_inner();
    let held = stream.message().await.expect("no error").expect("an answer");
    let state = held.state.expect("a state was saved");
    let data = change(serde_json::from_slice(&state.data).expect("JSON"));
    let request = SaveViewRequest { lease: held.lease, schema: state.schema, data };
    service.save_view(request).await.expect("saved");
    // The name is free with the next daemon at the latest.
    rig.restart_after_kill()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_newer_viewers_state_is_taken_what_fits() {
    let (rig, before) = left_at_a_place(conversation().await).await;
    let newer = |mut state: Value| {
        state["conversation"]["schema"] = json!(2);
        state["conversation"]["state"]["lens"] = json!("wide");
        state["minimap"] = json!({"schema": 1, "at": 1, "state": {"rows": 3}});
        serde_json::to_vec(&state).expect("JSON")
    };
    let rig = save_changed(rig, newer).await;
    let dev = hosted(&rig);
    dev.terminal.wait_for_text("part of the saved place was not restored (conversation");
    until_at(&dev.terminal, &before);
    // It is kept for the newer one, beside what this one saves.
    dev.terminal.keys("5");
    wait::until("both states are kept", async || {
        let kept: Value = serde_json::from_str(&rig.home.kept_view("main")).unwrap_or_default();
        let (newer, own) = (&kept["conversation"], &kept["conversation@1"]);
        let is_kept = newer["schema"] == 2
            && newer["state"]["lens"] == "wide"
            && kept["minimap"]["state"]["rows"] == 3;
        if is_kept && own["schema"] == 1 { Ok(()) } else { Err(kept.to_string()) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_cannot_be_read_falls_back_alone_and_is_named() {
    let (rig, _) = left_at_a_place(conversation().await).await;
    let broken = |mut state: Value| {
        state["conversation"] =
            json!({"schema": 2, "at": 1, "state": {"place": "of another kind"}});
        state["sidebar"]["state"]["open"] = json!(false);
        serde_json::to_vec(&state).expect("JSON")
    };
    let rig = save_changed(rig, broken).await;
    let dev = hosted(&rig);
    dev.terminal.wait_for_text("part of the saved place was not restored (conversation");
    let screen = dev.terminal.wait_for_text("re: question 11 line 9");
    assert!(
        screen.contains("following") && !screen.contains("│"),
        "the sidebar is as it was left:\n{screen}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_is_half_there_is_told_and_replaced() {
    let (rig, _) = left_at_a_place(conversation().await).await;
    let half = |state: Value| {
        let whole = serde_json::to_vec(&state).expect("JSON");
        whole[..whole.len() / 2].to_vec()
    };
    let rig = save_changed(rig, half).await;
    let mut dev = hosted(&rig);
    dev.terminal.wait_for_text("the saved place was not restored");
    dev.terminal.wait_for_text("re: question 11 line 9");
    let before = at_a_place(&rig, &dev.terminal).await;
    dev.build();
    dev.logged("swapped after", 1).await;
    until_at(&dev.terminal, &before);
}

/// It says that it is ready, saves the state in its own way, and dies.
const NEWER: &str = r#"#!/bin/sh
say() { printf '%s\n' "$1" >&2; }
say '{"type":"hello","version":2,"build":"newer","can":["fly"]}'
read -r hello <&2
printf '\033[?2026ha frame of its own\033[?2026l'
say '{"type":"ready","mood":"good"}'
say '{"type":"state","name":"main","schema":2,"data":STATE}'
exit 3
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_viewer_that_saves_in_its_own_way_and_dies_takes_no_place_away() {
    let rig = conversation().await;
    let dev = hosted(&rig);
    let before = at_a_place(&rig, &dev.terminal).await;
    let mut state: Value = serde_json::from_str(&rig.home.kept_view("main")).expect("JSON");
    state["conversation@1"] = state["conversation"].clone();
    let at = state["conversation"]["at"].as_i64().expect("a time") + 1_000;
    state["conversation"] = json!({"schema": 2, "at": at, "state": {"place": {"kind": "another"}}});
    dev.build_script(&NEWER.replace("STATE", &state.to_string()));
    dev.logged("back to the last good viewer: exit status: 3", 1).await;
    dev.terminal.wait_until("both are told", |screen| {
        screen.contains("back to the last good viewer: exit status: 3")
            && screen.contains("was not restored (conversation")
    });
    until_at(&dev.terminal, &before);
}

/// Where a build takes its time: the first one builds every crate there is.
const BUILT: Duration = Duration::from_secs(1200);

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_source_is_on_the_screen_and_one_that_does_not_build_is_told() {
    let workspace =
        Workspace::copy(&binaries::root(), &Path::new(env!("CARGO_TARGET_TMPDIR")).join("reload"));
    let top = workspace.source_with("\" recording\"");
    let rig = conversation().await;
    let terminal = dev::own_builder(rig.view(), workspace.root(), ROWS, COLS);
    let screen = terminal.wait_until_within("the first viewer is built", BUILT, |screen| {
        screen.contains("● recording") || screen.contains("does not build")
    });
    assert!(screen.contains("● recording"), "{screen}");
    let before = at_a_place(&rig, &terminal).await;

    workspace.edit(&top, "\" recording\"", "\" writing it all down\"");
    terminal.wait_until_within("the new word is shown", BUILT, |screen| {
        screen.contains("● writing it all down") && place(screen) == before
    });
    terminal.wait_for_text("reloaded viewer/src/view/top.rs in");

    workspace.edit(&top, "\" writing it all down\"", "\" writing it all down\" missing_comma");
    let line = fs::read_to_string(workspace.root().join(&top))
        .expect("readable")
        .lines()
        .position(|line| line.contains("missing_comma"));
    let told = format!("{}:{}", top.display(), line.expect("it was written") + 1);
    terminal.wait_until_within("the error is told", BUILT, |screen| {
        screen.contains(&told)
            && screen.contains("error: expected")
            && screen.contains("missing_comma")
    });
    // The old viewer goes on.
    assert_eq!(place(&terminal.screen())[..5], before[..5]);
    terminal.keys("k");
    terminal.wait_until("it scrolls", |screen| {
        place(screen)[1..6] == before[..5] && screen.contains(&told)
    });
    terminal.keys("j");

    workspace.edit(&top, " missing_comma", "");
    terminal.wait_until_within("the error is gone", BUILT, |screen| {
        !screen.contains(&told) && place(screen) == before
    });
    workspace.edit(&top, "\" writing it all down\"", "\" recording again\"");
    terminal.wait_until_within("the newest word is shown", BUILT, |screen| {
        screen.contains("● recording again") && place(screen) == before
    });
    terminal.key(Key::Ctrl('c'));
    assert_eq!(terminal.wait_exit(), 0);
    terminal.assert_terminal_given_back();
    assert_eq!(terminal.modes().alternate_screen_left, 1);
}
