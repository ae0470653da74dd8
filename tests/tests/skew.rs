//! Programs of different days work together: what one of them lacks is one thing less, and is said.

use ccdump_tests::{
    daemon::Rig,
    dev::{Setup, place},
    home::Home,
    older::{self, Lacks, OlderDaemon},
    talk::{echo, talk},
    terminal::{Key, Screen},
    view,
};
use serde_json::Value;

const ROWS: u16 = 24;
const COLS: u16 = 100;

/// Run by hand, once for each version whose daemons are to be worked with: `cargo test -p ccdump-tests --test skew -- --ignored`.
#[ignore = "writes the answers anew that the other tests go by"]
#[tokio::test(flavor = "multi_thread")]
async fn record_what_the_daemon_says() {
    let rig = Rig::start(echo);
    talk(&rig, 3).await;
    rig.view().ended_exchanges(3).await;
    older::record(rig.grpc().await, &older::fixtures()).await;
}

/// A home whose daemon is an older one.
fn older(lacks: Lacks) -> (Home, OlderDaemon) {
    let home = Home::new();
    let daemon = OlderDaemon::start(&home, lacks);
    (home, daemon)
}

/// The names of all that a daemon may lack and yet be of use.
const EVERYTHING: Lacks = &["status", "fields", "views", "outline", "body", "payload", "index"];

#[test]
fn commands_take_what_an_older_daemon_has() {
    let lacking: [Lacks; 5] = [&[], &["status", "fields"], &["body"], &["outline"], EVERYTHING];
    for lacks in lacking {
        let (home, _daemon) = older(lacks);
        let rows = home.view().ls(&[]);
        let ids: Vec<u64> = rows.iter().map(view::id).collect();
        assert_eq!(ids, [1, 2, 3], "{lacks:?}");
        assert!(rows.iter().all(|row| row["session"] == "s-1" && row["usage"]["output"] == 7 && row["end_state"] == "complete"));

        let tail = home.view().run(&["tail", "--json", "--from", "0", "--until-idle", "1"]).expect_success().json_lines();
        let seqs: Vec<u64> = tail.iter().filter_map(|event| event["seq"].as_u64()).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "{lacks:?}");
        assert_eq!(tail.iter().filter(|event| event["kind"] == "ended").count(), 3, "{lacks:?}");

        let shown = home.view().run(&["show", "2", "--json"]).expect_success();
        let exchange: Value = serde_json::from_slice(&shown.stdout).expect("JSON");
        assert!(exchange["request_headers"].as_array().is_some_and(|headers| !headers.is_empty()), "{exchange:#}");
        let has_blocks = exchange["blocks"].as_array().is_some_and(|blocks| !blocks.is_empty());
        assert_eq!(has_blocks, !lacks.contains(&"outline"), "{lacks:?}");
        let words = "this daemon cannot outline bodies; it is older than this viewer: update it";
        assert_eq!(shown.stderr.contains(words), !has_blocks, "{}", shown.stderr);

        let shown = home.view().run(&["show", "2"]).expect_success();
        let has_text = has_blocks && !lacks.contains(&"body");
        assert_eq!(shown.text().contains("re: question 1 line 9") || shown.text().contains("re: question 1 line 0"), has_text);
        assert_eq!(shown.stderr.contains("older than this viewer: update it"), !has_text, "{lacks:?}: {}", shown.stderr);
    }
}

#[test]
fn a_conversation_as_text_says_what_an_older_daemon_leaves_out() {
    let (home, _daemon) = older(&["payload"]);
    let tail = home.view().run(&["tail", "--from", "0", "--until-idle", "1"]).expect_success();
    assert!(tail.text().contains("question 1") && tail.text().contains("answers are not shown; update it"), "{}", tail.text());
}

#[test]
fn the_screen_shows_what_an_older_daemon_has_and_says_what_is_missing() {
    let cases: [(Lacks, &[&str]); 7] = [
        (&[], &["re: question 2 line 9"]),
        (&["status", "fields"], &["re: question 2 line 9"]),
        (&["views"], &["re: question 2 line 9", "this daemon keeps no places; update it"]),
        (&["payload"], &["re: question 2 line 9", "this daemon sends no text while it streams; update it"]),
        (&["index"], &["re: question 2 line 9", "this daemon does not tell what is new"]),
        (&["outline"], &["this daemon cannot outline bodies", "main · claude-test"]),
        (&["body"], &["this daemon cannot send bodies", "main · claude-test"]),
    ];
    for (lacks, words) in cases {
        let (home, _daemon) = older(lacks);
        let terminal = home.view().terminal(ROWS, COLS);
        let all = |screen: &Screen| words.iter().all(|words| screen.contains(words));
        let screen = terminal.wait_until(&format!("{words:?} are shown, without {lacks:?}"), all);
        assert!(screen.contains("● recording  http://127.0.0.1:3344"), "{screen}");
        // It answers keys.
        terminal.keys("?");
        terminal.wait_for_text("┌ Keys");
        terminal.key(Key::Ctrl('c'));
        assert_eq!(terminal.wait_exit(), 0);
        terminal.assert_terminal_given_back();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_keeps_the_place_where_the_daemon_cannot() {
    let (home, _daemon) = older(&["views"]);
    let mut dev = Setup::new(home.view(), ROWS, COLS).start();
    dev.terminal.wait_for_text("re: question 2 line 9");
    dev.terminal.keys("gJJ");
    let screen = dev.terminal.wait_until("the beginning is shown", |screen| {
        let place = place(screen);
        place[0].contains("#1") || place.iter().any(|row| row.contains("› question 0"))
    });
    let before = place(&screen);
    dev.build();
    dev.logged("swapped after", 1).await;
    dev.terminal.wait_until("the same is shown", |screen| place(screen) == before);
}
