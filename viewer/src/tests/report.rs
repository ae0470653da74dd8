//! A report is read as it was written, and shows what was seen.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use ccdump_model::record::{Fetched, Held, Piece, Wanted};
use ccdump_provider::content::Content;
use ccdump_record::{
    BodyData, Detail, Event as LogEvent, Exchange, Header, Payload, ResponseHead, Side,
};
use ccdump_shell::{
    picture,
    report::{FORMAT, Had, Report, ReportError, Source, Stage},
};
use ccdump_state::{Pressed, Saved};
use serde_json::{Value, json};

use super::rig::{fetch, row};
use crate::LOOK;

/// A small report that an earlier build wrote: what it shows must not change by itself.
const SMALL: &[u8] = include_bytes!("small.json");

const SECOND: i64 = 1_000_000;

fn full(id: u64) -> Exchange {
    let started_at_us = i64::try_from(id).expect("small") * 10 * SECOND;
    Exchange {
        started_at_us,
        duration_us: Some(2_000_000),
        ttft_us: Some(500_000),
        ..row(id, "main")
    }
}

/// Three exchanges, and a fourth one that streams. The second has a block that was fetched when it
/// was unfolded.
fn report() -> Report {
    let mut rows: Vec<Exchange> = (1..=4).map(full).collect();
    rows[3].end_state = None;
    rows[3].duration_us = None;
    let mut had: Vec<Had> = (1..=4).map(Had::of).collect();
    for (id, had) in (1..).zip(&mut had) {
        let mut fetch = fetch(id);
        if id == 2
            && let Fetched::Here(side) = &mut fetch.response
        {
            let late = side.pieces[0].block.clone();
            side.pieces.push(Piece {
                block: ccdump_record::Block {
                    pointer: "/content/1".to_owned(),
                    range: 0..500_000,
                    ..late
                },
                content: Held::NotAsked,
            });
        }
        if id == 4 {
            fetch.response = Fetched::NotYet;
        }
        had.take(&fetch);
    }
    let late = Held::Here(
        Content::Text("a text that was unfolded; the key is sk-ant-api03-0123456789".to_owned())
            .into(),
    );
    had[1].take_blocks(Side::Response, &[("/content/1".to_owned(), late)]);
    let sse = |data: Value| {
        format!("event: {}\ndata: {data}\n\n", data["type"].as_str().expect("a type"))
    };
    let payload = [
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "what had streamed"}}),
    ]
    .map(sse)
    .concat();
    let headers =
        vec![Header { name: "content-type".to_owned(), value: "text/event-stream".to_owned() }];
    let details = [
        Detail::ResponseHead(ResponseHead { status: 200, headers, ..ResponseHead::default() }),
        Detail::ResponseData(BodyData {
            payload: Payload { bytes: payload.into(), ..Payload::default() },
            ..BodyData::default()
        }),
    ];
    had[3].take_stream(&details.map(|detail| LogEvent::of(0, detail)));
    let press = |(at, key): (i64, &str)| Pressed { at_us: at * SECOND, key: key.to_owned() };
    Report {
        format: FORMAT,
        viewer: "ccdump-view 0.1.0".to_owned(),
        daemon: "ccdumpd 0.1.0".to_owned(),
        made_at_us: 60 * SECOND,
        zone: "UTC".to_owned(),
        name: "main".to_owned(),
        width: 80,
        height: 24,
        proxy: "http://127.0.0.1:3344".to_owned(),
        begun_at_us: 15 * SECOND,
        state: Saved::read(br#"{"conversation":{"schema":1,"state":{"follow":true}}}"#)
            .expect("JSON"),
        keys: [(21, "5"), (25, "enter"), (33, "nonsense"), (55, "b")].map(press).to_vec(),
        rows,
        had,
        ..Report::default()
    }
}

fn screen(stage: &Stage) -> String {
    picture::text(&picture::picture(&stage.state, LOOK.draw))
}

/// All screens of a report.
async fn screens(mut report: Report) -> Vec<String> {
    let mut source =
        Source::of(std::mem::take(&mut report.had), std::mem::take(&mut report.sections));
    let mut stage = Stage::new(&report, LOOK);
    stage.settle(&mut source).await.expect("no daemon is asked");
    let mut screens = vec![screen(&stage)];
    while !stage.is_over() {
        stage.step(&mut source).await.expect("no daemon is asked");
        screens.push(screen(&stage));
    }
    screens
}

#[tokio::test]
async fn it_shows_what_was_seen_at_each_key() {
    let screens = screens(report()).await;
    assert_eq!(screens.len(), 6, "the first, one for each key, and the last");
    for (number, there, not_there) in [
        (0, &["answer 1 line 3", "Σ"][..], &["question 2", "recorded yet"][..]),
        (1, &["question 2"], &["answer 2", "Σ", "question 3"]),
        (2, &["answer 2 line 4", "a text that was unfolded"], &["question 3"]),
        (3, &["answer 3 line 0"], &["question 4"]),
        (4, &["question 4"], &[]),
        (5, &["what had streamed", "streaming"], &["│"]),
    ] {
        let screen = &screens[number];
        there
            .iter()
            .for_each(|words| assert!(screen.contains(words), "{number}: {words} in\n{screen}"));
        not_there
            .iter()
            .for_each(|words| assert!(!screen.contains(words), "{number}: {words} in\n{screen}"));
    }
}

#[tokio::test]
async fn a_report_of_an_earlier_build_shows_the_same() {
    let report = Report::parse(SMALL, Path::new("small.json")).expect("a report");
    let screens = screens(report).await;
    insta::assert_snapshot!("first", screens[0]);
    insta::assert_snapshot!("last", screens[screens.len() - 1]);
}

#[test]
fn it_is_read_as_it_was_written_but_for_its_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.json");
    assert_eq!(report().write(&path).expect("written"), 1);
    assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    let mut wanted = report();
    let clean = Held::Here(
        Content::Text("a text that was unfolded; the key is ‹secret len=23›".to_owned()).into(),
    );
    wanted.had[1].take_blocks(Side::Response, &[("/content/1".to_owned(), clean)]);
    assert_eq!(Report::read(&path).expect("a report"), wanted);
    assert!(matches!(report().write(&path), Err(ReportError::Exists { .. })));
    assert!(!fs::read_to_string(&path).expect("text").contains("sk-ant"));
}

#[test]
fn deeply_nested_arguments_survive() {
    let mut deep = json!(1);
    (0..120).for_each(|_| deep = json!([deep]));
    let mut fetch = fetch(1);
    if let Fetched::Here(side) = &mut fetch.response {
        let content = Content::ToolUse { name: "Deep".to_owned(), input: json!({ "a": deep }) };
        side.pieces[0].content = Held::Here(content.into());
    }
    let mut had = Had::of(1);
    had.take(&fetch);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.json");
    Report { had: vec![had], ..report() }.write(&path).expect("written");
    let read = Report::read(&path).expect("a report");
    let again = read.had[0].fetch(Wanted { request: true, response: true, has_ended: true });
    assert_eq!((again.request, again.response), (fetch.request, fetch.response));
}

#[test]
fn what_is_no_report_is_told_in_a_line() {
    for (bytes, wanted) in [
        (&b""[..], "r.json is no ccdump report: EOF"),
        (b"{", "r.json is no ccdump report: EOF"),
        (b"[]", "r.json is no ccdump report: it has no format number"),
        (br#"{"format":1,"rows":7}"#, "r.json is no ccdump report: invalid type"),
        (
            br#"{"format":3,"rows":7}"#,
            "r.json was written by a newer version (format 3; this one reads up to 2)",
        ),
    ] {
        let error = Report::parse(bytes, Path::new("r.json")).expect_err("no report").to_string();
        assert!(error.starts_with(wanted) && error.lines().count() == 1, "{error}");
    }
    assert!(matches!(Report::read(Path::new("/nowhere")), Err(ReportError::Unreadable { .. })));
}

#[tokio::test]
async fn an_absurd_report_does_no_harm() {
    let absurd = br#"{"format":1,"width":65535,"height":65535,"begun_at_us":-9223372036854775808,"made_at_us":9223372036854775807,
        "keys":[{"at_us":9223372036854775807,"key":"q"},{"at_us":-1,"key":"ctrl-z"},{"at_us":0,"key":""}],
        "state":{"conversation":7},"rows":[{"id":3},{"id":3,"end_state":99,"started_at_us":-5,"previous":3}],"had":[{},{"exchange":3}]}"#;
    let report = Report::parse(absurd, Path::new("absurd.json")).expect("a report");
    assert_eq!(screens(report).await.len(), 5);
}
