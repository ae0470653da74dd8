//! Starting, stopping, and what stands in the way.

use std::fs;

use ccdump_tests::{
    client::{self, Client},
    daemon::{Rig, Setup, run},
    grpc,
    home::Home,
    http1::{self, post},
    process,
    random::Random,
    upstream::Upstream,
    view::Outcome,
};
use ccdump_wire::v1::HelloRequest;
use rustix::process::Signal;

/// Runs `ccdumpd serve` where it cannot, and gives the one line it says.
fn refusal(setup: &Setup<'_>, code: i32) -> String {
    let mut process = setup.spawn();
    let status = process.wait();
    assert_eq!(status.code(), Some(code), "{}", process.stderr().text());
    assert_eq!(process.stdout().text(), "", "nothing is ready");
    one_line(&process.stderr().text())
}

fn one_line(stderr: &str) -> String {
    let lines: Vec<&str> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    assert_eq!(lines.len(), 1, "one line says it: {lines:#?}");
    lines[0].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ready_line_tells_where_it_is() {
    let rig = Rig::before(Upstream::ok());
    assert_eq!(rig.daemon.ready["pid"], rig.daemon.pid());
    assert_eq!(rig.daemon.ready["socket"], rig.home.socket().to_str().expect("a plain path"));
    rig.assert_forwards().await;
    grpc::status(&mut rig.grpc().await).await;
    assert_eq!(rig.daemon.stdout().lines().count(), 1, "stdout is for scripts");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_on_the_same_folder_is_refused() {
    let rig = Rig::before(Upstream::ok());
    let line = refusal(&rig.home.daemon("http://127.0.0.1:9"), 1);
    assert!(line.contains(rig.home.data_dir().to_str().expect("a plain path")), "{line}");
    rig.assert_forwards().await;
    grpc::status(&mut rig.grpc().await).await;
}

#[test]
fn a_port_in_use_is_refused() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = taken.local_addr().expect("an address").to_string();
    let home = Home::new();
    let line = refusal(&home.daemon("http://127.0.0.1:9").listen(&address), 1);
    assert!(line.contains(&address), "{line}");
}

#[test]
fn a_file_where_the_folder_should_be_is_refused() {
    let home = Home::new();
    fs::write(home.data_dir(), "in the way").expect("written");
    let line = refusal(&home.daemon("http://127.0.0.1:9"), 1);
    assert!(line.contains(home.data_dir().to_str().expect("a plain path")), "{line}");
    assert_eq!(fs::read_to_string(home.data_dir()).expect("still there"), "in the way");
}

#[test]
fn usage_errors_are_exit_code_2() {
    let home = Home::new();
    for arguments in [
        vec!["serve", "--no-such-flag"],
        vec!["no-such-command"],
        vec!["serve", "--listen", "nonsense"],
    ] {
        let outcome = run(home.ccdumpd().args(&arguments).arg("--data-dir").arg(home.data_dir()));
        assert_eq!(outcome.code, Some(2), "{arguments:?}: {}", outcome.stderr);
    }
    for upstream in ["nonsense", "ftp://x", "nobody=http://x", "http://"] {
        let outcome = run(home.ccdumpd().args(home.daemon(upstream).arguments()));
        assert_eq!(outcome.code, Some(2), "--upstream {upstream}: {}", outcome.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_polite_signals_end_it_with_success_even_in_mid_stream() {
    for signal in [Signal::TERM, Signal::INT] {
        let upstream = Upstream::start(async |call| {
            call.drain().await?;
            call.send(&http1::sse_head()).await?;
            call.left().await;
            Ok(())
        });
        let home = Home::new();
        let mut serving = home.daemon(&upstream.url()).spawn();
        let ready = ccdump_tests::wait::until("it is ready", async || {
            serving.stdout().first().ok_or_else(|| serving.stderr().text())
        })
        .await;
        let ready: serde_json::Value = serde_json::from_str(&ready).expect("JSON");
        let proxy = ready["proxy"]
            .as_str()
            .and_then(|url| url.strip_prefix("http://")?.parse().ok())
            .expect("an address");
        let mut client = Client::connect(proxy).await;
        client.open(&post("/v1/messages", &[], b"{}")).await;
        process::signal(serving.pid(), signal);
        assert_eq!(serving.wait().code(), Some(0), "{}", serving.stderr().text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_socket_is_replaced_and_the_log_goes_on() {
    let rig = Rig::before(Upstream::ok());
    rig.assert_forwards().await;
    rig.view().ended_exchanges(1).await;
    let before = rig.grpc().await.hello(HelloRequest::default()).await.expect("hello").into_inner();
    let rig = rig.restart_after_kill();
    let after = rig.grpc().await.hello(HelloRequest::default()).await.expect("hello").into_inner();
    assert_eq!(after.epoch, before.epoch);
    assert!(after.head_seq >= before.head_seq);
}

/// A daemon in the background ends with the test.
struct Background<'a>(&'a Home);

impl<'a> Background<'a> {
    /// The program is looked for here: whoever cannot find it must not fail again when dropped.
    fn new(home: &'a Home) -> Self {
        home.ccdumpd();
        Self(home)
    }

    fn command(&self, arguments: &[&str]) -> Outcome {
        let mut command = self.0.ccdumpd();
        command
            .args(arguments)
            .arg("--data-dir")
            .arg(self.0.data_dir())
            .arg("--socket")
            .arg(self.0.socket());
        run(&mut command)
    }
}

impl Drop for Background<'_> {
    fn drop(&mut self) {
        self.command(&["stop"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_and_stops_in_the_background() {
    let upstream = Upstream::ok();
    let home = Home::new();
    let background = Background::new(&home);
    assert_eq!(background.command(&["status"]).code, Some(3), "none runs yet");
    assert_eq!(home.view().run(&["ls"]).code, Some(3), "no daemon, and none is started");
    let start = || run(home.ccdumpd().arg("start").args(home.daemon(&upstream.url()).arguments()));
    let started = start();
    assert_eq!(started.code, Some(0), "{}", started.stderr);

    let status = background.command(&["status", "--json"]).expect_success();
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).expect("JSON");
    let fields = [
        "state",
        "pid",
        "version",
        "uptime_s",
        "proxy",
        "socket",
        "data_dir",
        "store_bytes",
        "exchanges",
        "head_seq",
        "viewers",
        "rss_bytes",
    ];
    for field in fields {
        assert!(!status[field].is_null(), "{field} is missing: {status}");
    }
    assert_eq!(status["data_dir"], home.data_dir().to_str().expect("a plain path"));
    let proxy = status["proxy"]
        .as_str()
        .and_then(|url| url.strip_prefix("http://")?.parse().ok())
        .expect("an address");
    assert_eq!(client::call(proxy, &post("/v1/messages", &[], b"{}")).await.status(), 200);
    home.view().ended_exchanges(1).await;
    assert!(
        !background.command(&["status"]).expect_success().text().trim().is_empty(),
        "people can read it too"
    );

    start();
    let again = background.command(&["status", "--json"]).expect_success();
    let again: serde_json::Value = serde_json::from_slice(&again.stdout).expect("JSON");
    assert_eq!(again["pid"], status["pid"], "the one that runs goes on");

    assert!(!background.command(&["logs"]).expect_success().stdout.is_empty());
    background.command(&["stop"]).expect_success();
    let pid = status["pid"].as_u64().expect("a pid");
    // One that has ended and was not yet reaped has no program any more.
    assert!(fs::read_link(format!("/proc/{pid}/exe")).is_err(), "stop waits for the end");
    assert_eq!(background.command(&["status"]).code, Some(3));
    assert_eq!(background.command(&["stop"]).code, Some(3));
    let logs = background.command(&["logs"]).expect_success().text();
    assert!(!logs.is_empty(), "logs outlive it");
    assert!(!logs.contains("panicked"), "{logs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_is_moved_aside_and_traffic_flows() {
    let noise = Random::new(13).bytes(64 << 10);
    for kept in [0, 4096] {
        let mut rig = Rig::before(Upstream::ok());
        rig.assert_forwards().await;
        rig.view().ended_exchanges(1).await;
        let before =
            rig.grpc().await.hello(HelloRequest::default()).await.expect("hello").into_inner();
        rig.daemon.stop();
        let database = rig.home.data_dir().join("ccdump.db");
        let mut damaged = fs::read(&database).expect("readable");
        damaged.truncate(kept);
        damaged.extend_from_slice(&noise);
        fs::write(&database, &damaged).expect("written");

        rig.daemon = rig.home.daemon(&rig.upstream.url()).start();
        let after =
            rig.grpc().await.hello(HelloRequest::default()).await.expect("hello").into_inner();
        assert_ne!(after.epoch, before.epoch, "continuity cannot be proved ({kept} bytes kept)");
        rig.assert_forwards().await;
        rig.view().ended_exchanges(1).await;
        let aside = rig.home.data_entries().into_iter().find(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("ccdump.db")
                && name != "ccdump.db"
                && fs::read(path).is_ok_and(|bytes| bytes.get(kept..) == Some(&noise))
        });
        assert!(aside.is_some(), "nothing is thrown away: {:?}", rig.home.data_entries());
        assert!(rig.daemon.log().contains("ccdump.db"), "the log says so: {}", rig.daemon.log());
    }
}
