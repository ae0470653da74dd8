//! Files that are damaged, cut, deleted or exchanged, while the daemon runs or while none does:
//! traffic flows and is recorded, what can be read is kept, what is lost is said, and nobody has to
//! lend a hand.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use ccdump_tests::{
    client,
    daemon::{Daemon, Rig, run},
    grpc,
    home::Home,
    http1::post,
    random::Random,
    upstream::Upstream,
    view, wait,
};
use serde_json::Value;

/// Each round does something else to the files; more of them with `CCDUMP_DAMAGE_ROUNDS`.
const ROUNDS: u64 = 4;
const DATABASES: [&str; 3] = ["ccdump.db", "index.db", "views.db"];

fn rounds() -> u64 {
    std::env::var("CCDUMP_DAMAGE_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(ROUNDS)
}

/// The request body of exchange `n`: shared parts, as a history has them, and some of its own.
fn body(n: u64) -> Vec<u8> {
    let shared = ccdump_tests::hex(&Random::new(7).bytes(6_000));
    let mut random = Random::new(n | 1 << 50);
    let length = random.below(20_000);
    let own = ccdump_tests::hex(&random.bytes(length));
    format!(r#"{{"model":"m","n":{n},"messages":[{{"role":"user","content":"{shared}"}},{{"role":"user","content":"{own}"}}]}}"#)
        .into_bytes()
}

async fn exchange(rig: &Rig, n: u64) {
    let answer = client::call(rig.proxy(), &post("/v1/messages", &[], &body(n))).await;
    assert_eq!(answer.status(), 200, "traffic flows");
}

async fn record(rig: &Rig, numbers: std::ops::Range<u64>) {
    for n in numbers {
        exchange(rig, n).await;
    }
}

/// What was done, for the message of a round that fails.
fn harm(random: &mut Random, dir: &Path, copies: &Path) -> String {
    let database = DATABASES[random.below(10).saturating_sub(7).min(2)];
    let path = dir.join(database);
    let wal = dir.join(format!("{database}-wal"));
    match random.below(12) {
        0..5 => {
            let pages = 1 + random.below(20);
            overwrite(random, &path, pages);
            format!("{pages} pages of {database}")
        }
        5 | 6 => {
            let pages = 1 + random.below(5);
            overwrite(random, &wal, pages);
            format!("{pages} pages of {database}-wal")
        }
        7 => {
            cut(random, &wal);
            format!("{database}-wal cut")
        }
        8 => {
            fs::remove_file(&path).ok();
            format!("{database} deleted")
        }
        9 => {
            DATABASES.iter().for_each(|database| drop(fs::remove_file(dir.join(database))));
            "all databases deleted".to_owned()
        }
        10 => {
            fs::copy(copies.join(database), &path).expect("restored in place");
            format!("an older copy over {database}")
        }
        _ => {
            let new = dir.join("restored");
            fs::copy(copies.join(database), &new).expect("copied");
            fs::rename(new, &path).expect("restored");
            format!("an older copy in the place of {database}")
        }
    }
}

fn overwrite(random: &mut Random, path: &Path, pages: usize) {
    let Ok(file) = OpenOptions::new().write(true).open(path) else { return };
    let length = file.metadata().expect("metadata").len();
    for _ in 0..pages {
        let page = random.below(usize::try_from(length.div_ceil(4096)).unwrap_or(1)) as u64;
        let noise = if random.below(2) == 0 { vec![0; 4096] } else { random.bytes(4096) };
        file.write_all_at(&noise, page * 4096).expect("written");
    }
}

fn cut(random: &mut Random, path: &Path) {
    let Ok(file) = OpenOptions::new().write(true).open(path) else { return };
    let length = file.metadata().expect("metadata").len();
    file.set_len(random.below(usize::try_from(length).unwrap_or(0)) as u64).expect("cut");
}

fn copy_databases(dir: &Path, to: &Path) {
    for database in DATABASES {
        fs::copy(dir.join(database), to.join(database)).expect("copied");
    }
}

/// Waits until nothing is mended any more, and all there is can be read.
async fn mended(rig: &Rig, what: &str) -> Vec<Value> {
    wait::until_within("all is mended", Duration::from_secs(60), async || {
        let status = grpc::status(&mut rig.grpc().await).await;
        if status.notice.is_some() || status.derived_seq < status.head_seq {
            return Err(format!(
                "{what}: {:?}, {} of {}",
                status.notice, status.derived_seq, status.head_seq
            ));
        }
        let listed = rig.view().run(&["ls", "--json"]);
        if listed.code != Some(0) {
            return Err(format!("{what}: ls says {}", listed.stderr));
        }
        let rows = listed.json_lines();
        for row in &rows {
            let id = view::id(row).to_string();
            let shown = rig.view().run(&["show", &id, "--json"]);
            if shown.code != Some(0) {
                return Err(format!("{what}: show {id} says {}", shown.stderr));
            }
        }
        Ok(rows)
    })
    .await
}

/// The bodies that are on record in full are those that were sent.
fn assert_true(rig: &Rig, rows: &[Value], what: &str) {
    for row in rows.iter().filter(|row| row["recorded"] == "full" && row["method"] == "POST") {
        let recorded = rig.view().body(view::id(row), &["--request", "--raw"]);
        if recorded.is_empty() && row["request_bytes"] == 0 {
            continue;
        }
        let read: Value = serde_json::from_slice(&recorded)
            .unwrap_or_else(|error| panic!("{what}: {row}: {error}"));
        let n = read["n"].as_u64().expect("a number");
        assert!(recorded == body(n), "{what}: exchange {} is not what was sent", view::id(row));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_the_files_recording_goes_on_and_what_can_be_read_is_kept() {
    for seed in 0..rounds() {
        let mut random = Random::new(seed | 1 << 60);
        let mut rig = Rig::before(Upstream::ok());
        let dir = rig.home.data_dir();
        record(&rig, 0..15).await;
        rig.view().ended_exchanges(15).await;
        let copies = tempfile::tempdir().expect("a folder");
        copy_databases(&dir, copies.path());
        record(&rig, 15..40).await;
        rig.view().ended_exchanges(40).await;
        let is_running = random.below(2) == 0;
        let what;
        if is_running {
            what = format!("seed {seed}, running: {}", harm(&mut random, &dir, copies.path()));
        } else {
            let Rig { mut daemon, home, upstream } = rig;
            if random.below(2) == 0 {
                daemon.kill();
            } else {
                daemon.stop();
                drop(daemon);
            }
            what = format!("seed {seed}, at rest: {}", harm(&mut random, &dir, copies.path()));
            let daemon = home.daemon(&upstream.url()).start();
            rig = Rig { daemon, home, upstream };
        }
        let began = std::time::Instant::now();
        exchange(&rig, 40).await;
        eprintln!("{what}: traffic after {:?}", began.elapsed());
        let answers = [
            rig.view().run(&["ls"]),
            run(rig
                .home
                .ccdumpd()
                .args(["status", "--data-dir"])
                .arg(&dir)
                .arg("--socket")
                .arg(rig.home.socket())),
        ];
        for answer in answers {
            assert!(
                !answer.text().contains("nothing") && answer.code.is_some(),
                "{what}: {}",
                answer.text()
            );
        }
        record(&rig, 41..45).await;
        let rows = mended(&rig, &what).await;
        assert_true(&rig, &rows, &what);
        // What came after the damage is there, whatever is lost of before.
        record(&rig, 45..48).await;
        let rows = wait_for_newest(&rig, &what).await;
        assert_true(&rig, &rows, &what);
        let ids: Vec<u64> = rows.iter().map(view::id).collect();
        assert!(ids.is_sorted_by(|one, next| one < next), "{what}: {ids:?}");
        let verified = run(rig.home.ccdumpd().args(["verify", "--data-dir"]).arg(&dir));
        assert_eq!(verified.code, Some(0), "{what}: {}", verified.text());
        eprintln!("{what}: {} of 48 exchanges", rows.len());
        rig.daemon.stop();
    }
}

/// The three that were sent last, in full.
async fn wait_for_newest(rig: &Rig, what: &str) -> Vec<Value> {
    wait::until("what came last is on record", async || {
        let rows = rig.view().ls(&[]);
        let newest = rows
            .iter()
            .rev()
            .take(3)
            .filter(|row| row["end_state"] == "complete" && row["recorded"] == "full")
            .count();
        if newest == 3 { Ok(rows) } else { Err(format!("{what}: {rows:?}")) }
    })
    .await
}

fn verify(home: &Home) -> Value {
    let outcome = run(home.ccdumpd().args(["verify", "--json", "--data-dir"]).arg(home.data_dir()));
    outcome.json_lines().into_iter().next().expect("a line")
}

fn files_aside(dir: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(dir).expect("readable").filter_map(Result::ok).map(|entry| entry.path());
    entries
        .filter(|path| {
            path.to_string_lossy().contains("ccdump.db.damaged")
                && !path.to_string_lossy().ends_with("-wal")
        })
        .collect()
}

fn restarted(rig: Rig, between: impl FnOnce(&Path)) -> Rig {
    let Rig { mut daemon, home, upstream } = rig;
    daemon.stop();
    drop(daemon);
    between(&home.data_dir());
    let daemon: Daemon = home.daemon(&upstream.url()).start();
    Rig { daemon, home, upstream }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_page_that_nobody_reads_is_found_and_told() {
    let rig = Rig::before(Upstream::ok());
    record(&rig, 0..30).await;
    rig.view().ended_exchanges(30).await;
    let rig = restarted(rig, |dir| {
        let path = dir.join("ccdump.db");
        let pages = fs::metadata(&path).expect("there").len() / 4096;
        let file = OpenOptions::new().write(true).open(&path).expect("opened");
        file.write_all_at(&[0x5a; 4096], pages / 2 * 4096).expect("written");
    });
    wait::until("the old log is put aside", async || {
        let aside = files_aside(&rig.home.data_dir());
        if aside.len() == 1 { Ok(()) } else { Err(format!("{aside:?}: {}", rig.daemon.log())) }
    })
    .await;
    let rows = mended(&rig, "a page").await;
    assert_true(&rig, &rows, "a page");
    let told = rig
        .view()
        .run(&["tail", "--json", "--from", "0", "--until-idle", "300"])
        .expect_success()
        .json_lines();
    let kinds: Vec<&str> = told.iter().filter_map(|event| event["kind"].as_str()).collect();
    assert!(kinds.contains(&"record_replaced") && kinds.contains(&"record_salvaged"), "{kinds:?}");
    let words = rig.view().run(&["tail", "--from", "0", "--until-idle", "300"]).text();
    assert!(words.contains("the old one is kept as ccdump.db.damaged-"), "{words}");
    assert_eq!(verify(&rig.home)["whole"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_says_that_the_record_was_replaced() {
    let rig = Rig::before(Upstream::ok());
    record(&rig, 0..5).await;
    let screen = rig.view().terminal(24, 120);
    screen.wait_for_text("recording");
    fs::remove_file(rig.home.data_dir().join("ccdump.db")).expect("deleted");
    // What still stood beside the file is brought over, which may be done before the screen has
    // said that another record was begun.
    screen.wait_for_text("brought over from the damaged record");
    exchange(&rig, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_made_anew_on_demand_and_without_a_daemon() {
    let rig = Rig::before(Upstream::ok());
    record(&rig, 0..12).await;
    let rows = rig.view().ended_exchanges(12).await;
    let reindex = |home: &Home| {
        run(home
            .ccdumpd()
            .args(["reindex", "--data-dir"])
            .arg(home.data_dir())
            .arg("--socket")
            .arg(home.socket()))
    };
    reindex(&rig.home).expect_success();
    assert_eq!(rig.view().ls(&[]), rows, "the same rows");
    let rig = restarted(rig, |dir| {
        fs::write(dir.join("index.db"), "this is no database").expect("written");
    });
    assert_eq!(mended(&rig, "no index").await, rows);
    let Rig { mut daemon, home, upstream } = rig;
    daemon.stop();
    drop(daemon);
    reindex(&home).expect_success();
    let daemon = home.daemon(&upstream.url()).start();
    assert_eq!(home.view().ls(&[]), rows, "the same rows");
    drop(daemon);
}

#[test]
fn where_nothing_is_there_is_nothing_to_look_through() {
    let home = Home::new();
    for command in ["verify", "reindex"] {
        let outcome = run(home.ccdumpd().args([command, "--data-dir"]).arg(home.data_dir()));
        assert_eq!(outcome.code, Some(1));
        assert!(outcome.stderr.contains("there is no record in"), "{}", outcome.stderr);
    }
}
