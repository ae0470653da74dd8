//! Times on record: right whatever is done to the clock, and a clock that was set is told.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ccdump_tests::{
    client::Client,
    daemon::Rig,
    http1::{self, post},
    upstream::Upstream,
    wait,
};
use rusqlite::Connection;

/// Ends the daemon, changes the log that it leaves, and starts another on it, which derives all of
/// it anew.
fn restart_on(rig: Rig, change: &str) -> Rig {
    let data = rig.home.data_dir();
    rig.daemon.kill();
    let log = Connection::open(data.join("ccdump.db")).expect("the log opens");
    log.execute_batch(change).expect("it is changed");
    drop(log);
    for file in ["index.db", "index.db-wal", "index.db-shm"] {
        // The side files may not be there.
        std::fs::remove_file(data.join(file)).ok();
    }
    let daemon = rig.home.daemon(&rig.upstream.url()).start();
    Rig { daemon, home: rig.home, upstream: rig.upstream }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_has_the_time_that_the_clock_showed() {
    let now = || {
        i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_micros())
            .expect("not soon")
    };
    let rig = Rig::before(Upstream::ok());
    let before = now();
    Client::connect(rig.proxy()).await.call(&post("/v1/messages", &[], b"{}")).await;
    let after = now();
    rig.view().ended_exchanges(1).await;
    let log = Connection::open(rig.home.data_dir().join("ccdump.db")).expect("the log opens");
    let mut select =
        log.prepare("SELECT at FROM event WHERE exchange = 1 ORDER BY seq").expect("a statement");
    let times: Vec<i64> = select
        .query_map([], |row| row.get(0))
        .expect("rows")
        .collect::<Result<_, _>>()
        .expect("times");
    assert!(times.is_sorted(), "{times:?}");
    assert!(
        times.first().is_some_and(|at| (before..=after).contains(at)),
        "{before} <= {times:?} <= {after}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_kill_cut_off_lasted_as_long_as_it_was_seen() {
    // The daemon was away for an hour; or the clock was set forward by an hour meanwhile, or back.
    for shift in ["at - 3600000000", "at + 3600000000"] {
        let rig = Rig::start(async |call| {
            call.drain().await?;
            call.send(&http1::sse_head()).await?;
            call.chunk(b"event: ping\ndata: {}\n\n").await?;
            std::future::pending().await
        });
        let mut client = Client::connect(rig.proxy()).await;
        client.send(&post("/v1/messages", &[], b"{}")).await;
        wait::until("the answer is on record", async || {
            let rows = rig.view().ls(&[]);
            if rows.iter().any(|row| row["response_bytes"].as_u64() > Some(0)) {
                Ok(())
            } else {
                Err(format!("{rows:?}"))
            }
        })
        .await;
        let rig = restart_on(rig, &format!("UPDATE event SET at = {shift}"));
        let rows = rig.view().ended_exchanges(1).await;
        assert_eq!(rows[0]["end_state"], "daemon_stopped", "{rows:?}");
        let lasted =
            rows[0]["duration_ms"].as_f64().unwrap_or_else(|| panic!("no duration: {rows:?}"));
        assert!(lasted < Duration::from_mins(30).as_millis() as f64, "{shift}: {rows:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_set_is_told_and_kinds_that_are_not_known_are_passed_over() {
    let rig = Rig::before(Upstream::ok());
    Client::connect(rig.proxy()).await.call(&post("/v1/messages", &[], b"{}")).await;
    rig.view().ended_exchanges(1).await;
    let rig = restart_on(
        rig,
        r#"INSERT INTO event (seq, exchange, kind, at, detail) SELECT max(seq) + 1, 0, 'clock_jumped', 5,
               CAST('{"from_us":7200000005,"to_us":5}' AS BLOB) FROM event;
           INSERT INTO event (seq, exchange, kind, at, detail) SELECT max(seq) + 1, 0, 'moon_rose', 6, x'00ff' FROM event;"#,
    );
    Client::connect(rig.proxy()).await.call(&post("/v1/messages", &[], b"{}")).await;
    rig.view().ended_exchanges(2).await;
    let tail = rig
        .view()
        .run(&["tail", "--json", "--from", "0", "--until-idle", "300"])
        .expect_success()
        .json_lines();
    let kinds: Vec<&str> = tail.iter().filter_map(|line| line["kind"].as_str()).collect();
    assert!(kinds.windows(2).any(|pair| pair == ["clock_jumped", "moon_rose"]), "{kinds:?}");
    assert_eq!(kinds.last(), Some(&"ended"), "what follows is not lost: {kinds:?}");
    let text =
        rig.view().run(&["tail", "--from", "0", "--until-idle", "300"]).expect_success().text();
    assert!(text.contains("the clock was set back by 2 h 0 min"), "{text}");
}
