//! Programs of different days work together: what one of them lacks is one thing less, and is said.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bytes::{Buf as _, BufMut as _};
use ccdump_tests::{
    daemon::Rig,
    dev::{Setup, place},
    grpc,
    home::Home,
    older::{self, Lacks, OlderDaemon},
    older_host::OlderHost,
    talk::{echo, talk},
    terminal::{Key, Screen},
    view, wait,
};
use ccdump_wire::v1::{
    BodyResponse, ExchangeResponse, ExchangesResponse, HelloResponse, HoldViewRequest,
    HoldViewResponse, OutlineResponse, SaveViewRequest, SearchResponse, StatusResponse,
    SystemSectionsResponse, WatchResponse, watch_response::Message as Reply,
};
use prost::Message as _;
use serde_json::Value;
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

const ROWS: u16 = 24;
const COLS: u16 = 100;

/// A daemon of today with three exchanges.
async fn conversation() -> Rig {
    let rig = Rig::start(echo);
    talk(&rig, 3).await;
    rig.view().ended_exchanges(3).await;
    rig
}

/// Run by hand, once for each version whose daemons are to be worked with: `cargo test -p
/// ccdump-tests --test skew -- --ignored`.
#[ignore = "writes the answers anew that the other tests go by"]
#[tokio::test(flavor = "multi_thread")]
async fn record_what_the_daemon_says() {
    let rig = conversation().await;
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
        assert!(rows.iter().all(|row| row["session"] == "s-1"
            && row["usage"]["output"] == 7
            && row["end_state"] == "complete"));

        let tail = home
            .view()
            .run(&["tail", "--json", "--from", "0", "--until-idle", "1"])
            .expect_success()
            .json_lines();
        let seqs: Vec<u64> = tail.iter().filter_map(|event| event["seq"].as_u64()).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "{lacks:?}");
        assert_eq!(tail.iter().filter(|event| event["kind"] == "ended").count(), 3, "{lacks:?}");

        let shown = home.view().run(&["show", "2", "--json"]).expect_success();
        let exchange: Value = serde_json::from_slice(&shown.stdout).expect("JSON");
        assert!(
            exchange["request_headers"].as_array().is_some_and(|headers| !headers.is_empty()),
            "{exchange:#}"
        );
        let has_blocks = exchange["blocks"].as_array().is_some_and(|blocks| !blocks.is_empty());
        assert_eq!(has_blocks, !lacks.contains(&"outline"), "{lacks:?}");
        let words = "this daemon cannot outline bodies; it is older than this viewer: update it";
        assert_eq!(shown.stderr.contains(words), !has_blocks, "{}", shown.stderr);

        let shown = home.view().run(&["show", "2"]).expect_success();
        let has_text = has_blocks && !lacks.contains(&"body");
        assert_eq!(
            shown.text().contains("re: question 1 line 9")
                || shown.text().contains("re: question 1 line 0"),
            has_text
        );
        assert_eq!(
            shown.stderr.contains("older than this viewer: update it"),
            !has_text,
            "{lacks:?}: {}",
            shown.stderr
        );
    }
}

#[test]
fn a_conversation_as_text_says_what_an_older_daemon_leaves_out() {
    let (home, _daemon) = older(&["payload"]);
    let tail = home.view().run(&["tail", "--from", "0", "--until-idle", "1"]).expect_success();
    assert!(
        tail.text().contains("question 1")
            && tail.text().contains("answers are not shown; update it"),
        "{}",
        tail.text()
    );
}

#[test]
fn the_screen_shows_what_an_older_daemon_has_and_says_what_is_missing() {
    let cases: [(Lacks, &[&str]); 7] = [
        (&[], &["re: question 2 line 9"]),
        (&["status", "fields"], &["re: question 2 line 9"]),
        (&["views"], &["re: question 2 line 9", "this daemon keeps no places; update it"]),
        (
            &["payload"],
            &["re: question 2 line 9", "this daemon sends no text while it streams; update it"],
        ),
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

#[test]
fn what_is_compared_is_as_much_as_an_older_daemon_tells() {
    let older_than_this = "it is older than this viewer: update it";
    let cases: [(Lacks, &str, &[&str]); 4] = [
        (&[], "S", &["this daemon cannot tell of the versions of system prompts", older_than_this]),
        (&[], "c", &["compare  #2", "messages", "question 2", "answer", "stop reason"]),
        (&["body"], "c", &["~ 0", "this daemon cannot send bodies", "stop reason"]),
        (&["outline"], "c", &["this daemon cannot outline bodies", "stop reason"]),
    ];
    for (lacks, key, words) in cases {
        let (home, _daemon) = older(lacks);
        let terminal = home.view().terminal(ROWS, 140);
        terminal.wait_for_text("#3");
        terminal.keys(key);
        let all = |screen: &Screen| words.iter().all(|words| screen.contains(words));
        terminal.wait_until(&format!("{words:?} are shown, without {lacks:?}"), all);
        terminal.keys("q");
        terminal.wait_for_text("i inspect");
        terminal.key(Key::Ctrl('c'));
        assert_eq!(terminal.wait_exit(), 0);
    }
}

#[test]
fn a_search_finds_what_an_older_daemon_has() {
    let (home, _daemon) = older(&[]);
    let terminal = home.view().terminal(ROWS, COLS);
    terminal.wait_for_text("re: question 2 line 9");
    terminal.keys("/question 0 line 4");
    let words = [
        "re: question 0 line 4",
        "1/1",
        "what is far away is found late: this daemon cannot search",
    ];
    terminal.wait_until("it is found, and what is missing is said", |screen| {
        words.iter().all(|words| screen.contains(words))
    });
    terminal.key(Key::Enter);
    terminal.keys("q");
    assert_eq!(terminal.wait_exit(), 0);
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

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_viewer_works_under_an_older_host() {
    let rig = conversation().await;
    // What it answers to the viewer's hello, if it answers.
    for answers in [&[r#"{"type":"hello","version":1}"#][..], &[]] {
        let mut host = OlderHost::start(rig.view().command(&[]), ROWS, COLS);
        assert_eq!(host.hear("hello")["version"], 1);
        answers.iter().for_each(|answer| host.say(answer));
        host.hear("ready");
        host.wait_for_text("› question");
        host.keys("g");
        host.wait_for_text("› question 0");
        let kept = host.hear("state");
        assert_eq!(
            (kept["name"].as_str(), kept["data"]["conversation"]["schema"].as_u64()),
            (Some("main"), Some(1))
        );
        host.say(r#"{"type":"hand_over"}"#);
        assert_eq!(host.hear("leaving")["why"], "hand_over");
        assert!(host.wait().success());
        let bytes = host.bytes();
        assert!(
            !bytes.windows(7).any(|window| window == b"\x1b[?1049"),
            "the screens are the host's"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_passes_over_what_a_newer_host_adds() {
    let rig = conversation().await;
    let mut host = OlderHost::start(rig.view().command(&[]), ROWS, COLS);
    host.hear("hello");
    host.say(r#"{"type":"sings","song":[1,2]}"#);
    host.say("this is no message");
    host.say(r#"{"type":"hello","version":9,"view":"of-the-host","state":null,"colour":"red"}"#);
    host.hear("ready");
    host.say(r#"{"type":"build","phase":"paused","files":7}"#);
    host.say(r#"{"type":"build","phase":"paused","files":["a.rs"]}"#);
    host.say(r#"{"type":"build","phase":"failed","errors":[{"message":"a word of the compiler","severity":"high"}],"by":"x"}"#);
    host.wait_for_text("a word of the compiler");
    host.wait_for_text("view of-the-host");
    host.keys("q");
    assert_eq!(host.hear("leaving")["why"], "quit");
    assert!(host.wait().success());
}

/// Messages go as the bytes that they are.
#[derive(Debug, Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining()).to_vec()))
    }
}

/// The first answer to a call.
async fn call(rig: &Rig, method: &str, request: &[u8]) -> Result<Vec<u8>, Status> {
    let mut client = Grpc::new(grpc::channel(&rig.home.socket()).await);
    client.ready().await.expect("the daemon answers");
    let path = format!("/ccdump.v1.CcdumpService/{method}").parse().expect("a path");
    let mut answers =
        client.server_streaming(Request::new(request.to_vec()), path, Raw).await?.into_inner();
    let first = wait::soon("an answer comes", answers.message()).await?;
    Ok(first.expect("an answer"))
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_older_and_newer_viewers_are_understood() {
    let rig = conversation().await;
    // Field 1000, a number: what no version has.
    const NEWER: &[u8] = b"\xc0\x3e\x07";
    let requests: [(&str, &[u8]); 14] = [
        ("Hello", b""),
        ("Hello", b"\x0a\x02\x08\x01"),
        ("Status", b""),
        ("Watch", b""),
        ("Exchanges", b""),
        ("Exchanges", b"\x0a\x03s-1"),
        ("Exchange", b"\x08\x01"),
        ("Outline", b"\x08\x01\x10\x01"),
        ("Body", b"\x08\x01\x10\x02"),
        ("SystemSections", b""),
        ("SystemSections", b"\x0a\x03s-1\x10\x02\x18\x01"),
        // A text, in all of the record; and the same of an agent that there is not, from an
        // exchange on, with a limit.
        ("Search", b"\x0a\x04\x0a\x02re\x12\x02\x1a\x00"),
        ("Search", b"\x0a\x04\x0a\x02re\x12\x05\x0a\x03\x0a\x01x\x18\x02\x20\x01"),
        ("HoldView", b""),
    ];
    for (method, request) in requests {
        for request in [request.to_vec(), [request, NEWER].concat()] {
            let answer = call(&rig, method, &request)
                .await
                .unwrap_or_else(|status| panic!("{method} {request:?}: {status}"));
            let fits = match method {
                "Hello" => HelloResponse::decode(&*answer)
                    .is_ok_and(|hello| hello.head_seq > 0 && !hello.epoch.is_empty()),
                "Status" => {
                    StatusResponse::decode(&*answer).is_ok_and(|status| status.exchanges == 3)
                }
                "Watch" => WatchResponse::decode(&*answer)
                    .is_ok_and(|reply| matches!(reply.message, Some(Reply::Hello(_)))),
                "Exchanges" => {
                    ExchangesResponse::decode(&*answer).is_ok_and(|page| page.exchanges.len() == 3)
                }
                "Exchange" => ExchangeResponse::decode(&*answer)
                    .is_ok_and(|one| one.exchange.is_some_and(|row| row.id == 1)),
                "Outline" => {
                    OutlineResponse::decode(&*answer).is_ok_and(|page| !page.blocks.is_empty())
                }
                "SystemSections" => SystemSectionsResponse::decode(&*answer)
                    .is_ok_and(|page| page.sections.is_empty()),
                "Search" => SearchResponse::decode(&*answer)
                    .is_ok_and(|found| !found.hits.is_empty() || found.complete),
                "Body" => BodyResponse::decode(&*answer).is_ok_and(|chunk| !chunk.data.is_empty()),
                _ => HoldViewResponse::decode(&*answer)
                    .is_ok_and(|held| held.name.starts_with("main")),
            };
            assert!(fits, "{method} {request:?} is answered by {answer:?}");
        }
    }
    let refused = call(&rig, "FoldTime", b"\x08\x01").await.expect_err("there is no such method");
    assert_eq!(refused.code(), Code::Unimplemented);
}

/// What a viewer of version 0.1 kept of a place further up, with the budget hidden, a block marked
/// and the agents put away.
fn kept_by_an_older_viewer() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/view-0.1.json")
}

/// Run by hand, as the one for daemons.
#[ignore = "writes the state anew that the other tests go by"]
#[tokio::test(flavor = "multi_thread")]
async fn record_what_a_viewer_keeps() {
    let rig = conversation().await;
    let terminal = rig.view().terminal(ROWS, COLS);
    terminal.wait_for_text("re: question 2 line 9");
    terminal.key(Key::PageUp);
    terminal.keys("5bK");
    terminal.keys("q");
    assert_eq!(terminal.wait_exit(), 0);
    fs::write(kept_by_an_older_viewer(), rig.home.kept_view("main")).expect("writable");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_place_that_an_older_viewer_kept_is_found_again() {
    let rig = conversation().await;
    let mut service = rig.grpc().await;
    let hold = HoldViewRequest { peer: None, name: Some("main".to_owned()) };
    let mut held = service.hold_view(hold).await.expect("a stream").into_inner();
    let lease = held.message().await.expect("no error").expect("an answer").lease;
    let data = fs::read(kept_by_an_older_viewer()).expect("readable");
    service.save_view(SaveViewRequest { lease, schema: 1, data }).await.expect("saved");
    let rig = rig.restart_after_kill();
    let terminal = rig.view().terminal(ROWS, COLS);
    let screen = terminal.wait_for_text("scrolled up");
    assert_eq!((screen.row(1).as_str(), screen.row(2).as_str()), ("▌", "▌● re: question 1 line 0"));
    assert!(!["│", "Σ", "was not restored"].iter().any(|text| screen.contains(text)), "{screen}");
}
