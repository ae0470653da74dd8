//! `ccdump-view demo`: what it shows is what it promises, and nothing of it stays behind.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use ccdump_tests::{
    binaries,
    home::Home,
    process::{Process, signal},
    view::{Outcome, id},
    wait,
};
use rustix::process::Signal;
use serde_json::Value;

/// The demo's folder is made in here.
fn temporary(home: &Home) -> PathBuf {
    let folder = home.path().join("t");
    fs::create_dir_all(&folder).expect("writable");
    folder
}

fn demo(home: &Home, arguments: &[&str]) -> Command {
    let mut command = home.command(binaries::ccdump_view());
    command
        .arg("demo")
        .args(arguments)
        .env("CCDUMPD", binaries::ccdumpd())
        .env("TMPDIR", temporary(home));
    command
}

fn folders(home: &Home) -> Vec<PathBuf> {
    let entries = fs::read_dir(temporary(home)).expect("readable");
    entries.map(|entry| entry.expect("readable").path()).collect()
}

/// Runs it headless and leaves its record as that of `home`.
fn kept(home: &Home) -> Value {
    let outcome =
        Outcome::of(&mut demo(home, &["--headless", "--json", "--keep"])).expect_success();
    let [told] = &outcome.json_lines()[..] else { panic!("one line: {}", outcome.text()) };
    let folder = told["data_dir"].as_str().expect("a path");
    assert_eq!(folders(home), [Path::new(folder)]);
    fs::rename(folder, home.data_dir()).expect("moved");
    told.clone()
}

/// The processes that a process has started.
fn children(parent: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{parent}/task")).expect("the process lives");
    let children =
        tasks.flat_map(|task| fs::read_to_string(task.expect("readable").path().join("children")));
    children
        .flat_map(|line| {
            line.split_whitespace().map(|pid| pid.parse().expect("a pid")).collect::<Vec<u32>>()
        })
        .collect()
}

/// One that has ended and was not yet reaped has no program any more.
fn lives(pid: u32) -> bool {
    fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|program| program == binaries::ccdumpd())
}

/// A demo that is in the middle of its story, and its two children.
async fn half_told(home: &Home) -> (Process, Vec<u32>) {
    let viewer = Process::spawn(demo(home, &["--pace", "100"]));
    wait::until("the agent speaks", async || {
        let text = viewer.stdout().text();
        if text.contains("I look at") {
            Ok(())
        } else {
            Err(format!("{text}\n{}", viewer.stderr().text()))
        }
    })
    .await;
    let children = children(viewer.pid());
    assert_eq!(
        children.iter().filter(|pid| lives(**pid)).count(),
        2,
        "the daemon and the traffic: {children:?}"
    );
    (viewer, children)
}

async fn all_have_ended(children: &[u32]) {
    wait::until("both have ended", async || {
        let living: Vec<_> = children.iter().filter(|pid| lives(**pid)).collect();
        if living.is_empty() { Ok(()) } else { Err(format!("{living:?} live on")) }
    })
    .await;
}

fn has_controls(text: &str) -> bool {
    text.chars().any(|c| {
        (c.is_control() && c != '\n' && c != '\t')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    })
}

#[test]
fn headless_it_tells_what_was_recorded_and_leaves_nothing() {
    let home = Home::new();
    let outcome = Outcome::of(&mut demo(&home, &["--headless", "--json"])).expect_success();
    let [told] = &outcome.json_lines()[..] else { panic!("one line: {}", outcome.text()) };
    assert_eq!(told["exchanges"], 21);
    assert_eq!(told["agents"], 4);
    assert!(told["events"].as_u64().is_some_and(|events| events > 4 * 21), "{told}");
    assert!(
        told["data_dir"]
            .as_str()
            .is_some_and(|folder| Path::new(folder).starts_with(temporary(&home))),
        "{told}"
    );
    assert_eq!(folders(&home), [] as [PathBuf; 0]);
    let words = Outcome::of(&mut demo(&home, &["--headless"])).expect_success().text();
    for word in [
        "main",
        "a5e1f2c9",
        "21 exchanges",
        "19 complete",
        "1 client cancelled",
        "1 upstream error",
    ] {
        assert!(words.contains(word), "{word}: {words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_record_holds_each_kind_of_thing_that_there_is_to_see() {
    let home = Home::new();
    let told = kept(&home);
    let _daemon = home.daemon("http://127.0.0.1:9").start();
    let view = home.view();
    let rows = view.ls(&[]);
    assert_eq!(Some(rows.len() as u64), told["exchanges"].as_u64());

    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    rows.iter().for_each(|row| {
        *ends.entry(row["end_state"].as_str().expect("all have ended")).or_default() += 1
    });
    assert_eq!(
        ends,
        BTreeMap::from([
            ("client_cancelled", 1),
            ("complete", rows.len() - 2),
            ("upstream_error", 1)
        ])
    );
    let parents: BTreeSet<_> =
        rows.iter().map(|row| (row["agent"].as_str(), row["parent_agent"].as_str())).collect();
    assert_eq!(
        parents,
        BTreeSet::from([
            (Some("main"), None),
            (Some("a5e1f2c9"), Some("main")),
            (Some("b7d0c4e6"), Some("main")),
            (Some("c91f3a80"), Some("b7d0c4e6"))
        ])
    );
    let turns = rows
        .iter()
        .filter(|row| row["end_state"] == "complete" && row["path"] == "/v1/messages?beta=true");
    assert!(turns.clone().count() > 10);
    for turn in turns {
        assert!(
            turn["cost_usd"].as_f64().is_some_and(|cost| cost > 0.0)
                && !turn["stop_reason"].is_null(),
            "{turn}"
        );
    }

    // The retry after the overload is the same request.
    let overloaded = rows.iter().position(|row| row["status"] == 529).expect("an overload");
    let retry =
        rows[overloaded..].iter().skip(1).find(|row| row["agent"] == "main").expect("a retry");
    let request = |row: &Value| view.body(id(row), &["--request", "--raw"]);
    assert_eq!(request(&rows[overloaded]), request(retry));
    assert_eq!(retry["end_state"], "complete");

    // After the user interrupted, the system prompt is another one.
    let cancelled = rows
        .iter()
        .position(|row| row["end_state"] == "client_cancelled")
        .expect("one was cancelled");
    let next = view.show(id(&rows[cancelled + 1]));
    let system: Vec<_> = next["blocks"]
        .as_array()
        .expect("blocks")
        .iter()
        .filter(|block| block["kind"] == "system")
        .collect();
    let states: Vec<_> =
        system.iter().map(|block| block["state"].as_str().unwrap_or_default()).collect();
    assert_eq!(states, ["same", "same", "changed"], "{system:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_tool_result_is_recorded_and_reaches_no_terminal() {
    let home = Home::new();
    kept(&home);
    let _daemon = home.daemon("http://127.0.0.1:9").start();
    let view = home.view();
    let hostile = view.ls(&[]).iter().map(|row| view.body(id(row), &["--request"])).find(|body| {
        let body = String::from_utf8_lossy(body);
        [r"\u001b]52;", r"\u001b]8;;", r"\u001b[", "\u{9b}2J", "\u{202e}"]
            .iter()
            .all(|sequence| body.contains(sequence))
    });
    assert!(hostile.is_some(), "a request holds all of them");
    let tail = view.run(&["tail", "--from", "0", "--until-idle", "300"]).expect_success().text();
    assert!(
        tail.contains("pasted.log")
            && tail.contains("2026-11-20")
            && tail.contains("小さく直してください 🙂"),
        "{tail}"
    );
    assert!(!has_controls(&tail), "{tail:?}");
}

#[test]
fn without_a_terminal_it_tells_the_story_to_its_end() {
    let home = Home::new();
    let outcome = Outcome::of(&mut demo(&home, &["--pace", "0"])).expect_success();
    let text = outcome.text();
    let milestones = [
        "Find out why",
        "✗ error",
        "529",
        "cancelled",
        "1 system section",
        "All 8 tests pass",
        "end_turn",
    ];
    let mut rest = text.as_str();
    for milestone in milestones {
        let (_, after) = rest
            .split_once(milestone)
            .unwrap_or_else(|| panic!("{milestone} in its place: {text}"));
        rest = after;
    }
    assert!(!has_controls(&text), "{text:?}");
    assert_eq!(outcome.stderr, "");
    assert_eq!(folders(&home), [] as [PathBuf; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_is_killed_leaves_no_process_behind() {
    let home = Home::new();
    let (mut viewer, children) = half_told(&home).await;
    viewer.kill();
    all_have_ended(&children).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_is_told_to_stop_leaves_no_process_and_no_folder_behind() {
    let home = Home::new();
    let (mut viewer, children) = half_told(&home).await;
    signal(viewer.pid(), Signal::INT);
    let status = viewer.wait();
    assert_eq!(status.code(), Some(1), "{}", viewer.stderr().text());
    assert_eq!(viewer.stderr().text(), "ccdump-view: interrupted");
    assert!(!children.iter().any(|pid| lives(*pid)), "it waits for them");
    assert_eq!(folders(&home), [] as [PathBuf; 0]);
}
