//! Recording may fail; traffic never does. What is lost meanwhile is said.

use std::{fs, time::Duration};

use ccdump_tests::{
    client::Client, daemon::Rig, grpc, home::Home, http1::post, random::Random, upstream::Upstream,
    wait,
};
use ccdump_wire::v1::WatchRequest;

/// Sends `count` requests of incompressible `size` bytes, each of which must be answered without
/// delay.
async fn send(rig: &Rig, seed: u64, count: u64, size: usize) {
    let mut client = Client::connect(rig.proxy()).await;
    for n in 0..count {
        let body = Random::new(seed << 32 | n).bytes(size);
        let answer = tokio::time::timeout(
            Duration::from_secs(5),
            client.call(&post("/v1/messages", &[], &body)),
        )
        .await;
        assert_eq!(answer.expect("traffic is not held back").status(), 200);
    }
}

async fn kinds_of_all_events(rig: &Rig) -> Vec<String> {
    let mut service = rig.grpc().await;
    let head = grpc::status(&mut service).await.head_seq;
    let hello =
        service.hello(ccdump_wire::v1::HelloRequest::default()).await.expect("hello").into_inner();
    let request =
        WatchRequest { epoch: hello.epoch, until_seq: Some(head), ..WatchRequest::default() };
    let events = grpc::Watcher::start(&mut service, request).await.events_to_end().await;
    events.into_iter().map(|event| event.kind).collect()
}

fn lock(home: &Home) -> rusqlite::Connection {
    let connection =
        rusqlite::Connection::open(home.data_dir().join("ccdump.db")).expect("the database opens");
    connection.busy_timeout(Duration::from_secs(10)).expect("set the timeout");
    connection.execute_batch("BEGIN EXCLUSIVE").expect("the write lock is had");
    connection
}

async fn paused(rig: &Rig) -> Option<String> {
    grpc::status(&mut rig.grpc().await).await.paused
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_held_by_another_process_pauses_recording_and_not_traffic() {
    let rig = Rig::before(Upstream::ok());
    send(&rig, 1, 3, 1_000).await;
    rig.view().ended_exchanges(3).await;
    let before = rig.daemon.memory_bytes("VmRSS");
    let held = lock(&rig.home);
    // More than capture may hold.
    send(&rig, 2, 48, 1 << 20).await;
    let reason = wait::until("status says that recording is paused", async || {
        paused(&rig).await.ok_or_else(|| "not paused".to_owned())
    })
    .await;
    assert!(!reason.is_empty());
    let grown = rig.daemon.memory_bytes("VmRSS").saturating_sub(before);
    assert!(grown < 100 << 20, "the daemon grew by {} MB", grown >> 20);
    drop(held);
    wait::until("recording goes on", async || paused(&rig).await.map_or(Ok(()), Err)).await;
    // What was queued meanwhile is written first, and until then there may be no room.
    wait::until("there is room again", async || {
        send(&rig, 3, 1, 500).await;
        let rows = rig.view().ls(&[]);
        let probe = rows.iter().rev().find(|row| row["request_bytes"] == 500);
        match probe {
            Some(probe) if probe["recorded"] == "full" => Ok(()),
            probe => Err(format!("{probe:?}")),
        }
    })
    .await;
    send(&rig, 4, 3, 1_000).await;

    let rows =
        wait::until("all that was not lost whole is listed, and the newest in full", async || {
            let rows = rig.view().ls(&[]);
            let newest_full = rows
                .iter()
                .rev()
                .take(3)
                .all(|row| row["recorded"] == "full" && row["request_bytes"] == 1_000);
            let ended = rows.iter().all(|row| !row["end_state"].is_null());
            if ended && newest_full && rows.len() >= 6 {
                Ok(rows)
            } else {
                Err(format!("{rows:#?}"))
            }
        })
        .await;
    let kinds = kinds_of_all_events(&rig).await;
    let status = grpc::status(&mut rig.grpc().await).await;
    assert!(status.gap_bytes > 0, "48 MiB do not fit into 32: {status:?}");
    assert!(
        kinds.iter().any(|kind| kind == "gap" || kind == "recording_resumed"),
        "the gap is an event: {kinds:?}"
    );
    let partial = rows.iter().filter(|row| row["recorded"] == "partial").count();
    assert!(partial > 0 || rows.len() < 54, "what is missing is said");
    for row in rows.iter().filter(|row| row["recorded"] == "full") {
        let bytes = row["request_bytes"].as_u64().expect("a size");
        let recorded = rig.view().body(ccdump_tests::view::id(row), &["--request", "--raw"]);
        assert_eq!(recorded.len() as u64, bytes, "full is full: {row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_lock_costs_nothing() {
    let rig = Rig::before(Upstream::ok());
    send(&rig, 1, 1, 1_000).await;
    rig.view().ended_exchanges(1).await;
    let held = lock(&rig.home);
    send(&rig, 2, 5, 10_000).await;
    drop(held);
    let rows = rig.view().ended_exchanges(6).await;
    assert!(rows.iter().all(|row| row["recorded"] == "full"), "{rows:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_pauses_recording_and_not_traffic() {
    let upstream = Upstream::ok();
    let home = Home::new();
    // Files may grow to 2 MiB (a unit is 512 bytes); the write that would exceed it fails instead
    // of killing the process.
    let daemon = home.daemon(&upstream.url()).after("trap '' XFSZ; ulimit -f 4096").start();
    let rig = Rig { daemon, home, upstream };
    send(&rig, 1, 60, 200_000).await;
    wait::until("status says that recording is paused", async || {
        paused(&rig).await.ok_or_else(|| "not paused".to_owned())
    })
    .await;
    send(&rig, 2, 5, 200_000).await;
    let log = rig.daemon.log();
    let lines = log.lines().filter(|line| line.contains("paused")).count();
    assert!((1..20).contains(&lines), "the log says it, and not over and over:\n{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_damaged_while_it_runs_does_not_stop_traffic() {
    let rig = Rig::before(Upstream::ok());
    send(&rig, 1, 20, 50_000).await;
    rig.view().ended_exchanges(20).await;
    for path in rig.home.data_entries().iter().filter(|path| path.is_file()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // The shared memory is mapped by the daemon: changing it is not damage that a disk does.
        if name.contains(".db") && !name.ends_with("-shm") {
            let length = fs::metadata(path).expect("it is there").len() as usize;
            overwrite(path, &Random::new(9).bytes(length));
        }
    }
    send(&rig, 2, 40, 50_000).await;
}

/// In place, as damage comes: the daemon has the file open.
fn overwrite(path: &std::path::Path, bytes: &[u8]) {
    use std::io::Write as _;
    let mut file = fs::OpenOptions::new().write(true).open(path).expect("writable");
    file.write_all(bytes).expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_that_is_deleted_while_it_runs_does_not_stop_traffic() {
    let rig = Rig::before(Upstream::ok());
    send(&rig, 1, 3, 10_000).await;
    fs::remove_dir_all(rig.home.data_dir()).expect("deleted");
    send(&rig, 2, 40, 50_000).await;
}
