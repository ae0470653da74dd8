//! Whoever asks the daemon for how much: memory, threads and files stay bounded, others get their
//! answers, and traffic flows.

use std::{fs, path::Path, sync::Arc, time::Duration};

use ccdump_tests::{
    client::Client,
    daemon::Rig,
    grpc::{self, Service},
    http1::post,
    random::Random,
    upstream::Upstream,
    wait,
};
use ccdump_wire::v1::{
    BodyRequest, BodyResponse, ExchangesRequest, HelloRequest, Pattern, RecordScope, SearchRequest,
    SearchScope, Side, StatusRequest, WatchRequest, WatchResponse, search_scope::Within,
};
use tokio::task::JoinSet;
use tonic::{Code, Status, Streaming};

/// Of the daemon, a debug build, under all that is asked of it here.
const MOST_MEMORY: u64 = 150 << 20;

/// Records `count` exchanges with requests of `size` bytes.
async fn record(rig: &Rig, count: u64, size: usize) {
    let mut client = Client::connect(rig.proxy()).await;
    for n in 0..count {
        client.call(&post("/v1/messages", &[], &Random::new(n).bytes(size))).await;
    }
    grpc::settled(&mut rig.grpc().await, wait::SOON).await;
}

fn is_refusal(status: &Status) -> bool {
    status.code() == Code::ResourceExhausted && status.message().contains("try again")
}

async fn watch(service: &mut Service) -> Result<Streaming<WatchResponse>, Status> {
    service.watch(WatchRequest::default()).await.map(tonic::Response::into_inner)
}

async fn search(service: &mut Service) -> Result<(), Status> {
    let pattern = Some(Pattern { text: "nowhere to be found".to_owned(), ..Pattern::default() });
    let scope = Some(SearchScope { within: Some(Within::Record(RecordScope {})) });
    let request = SearchRequest { pattern, scope, ..SearchRequest::default() };
    let mut found = service.search(request).await?.into_inner();
    while found.message().await?.is_some() {}
    Ok(())
}

async fn request_body(
    service: &mut Service,
    exchange: u64,
) -> Result<Streaming<BodyResponse>, Status> {
    let request = BodyRequest { exchange, side: Side::Request.into(), ..BodyRequest::default() };
    service.body(request).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_searches_and_three_thousand_watches_leave_room_for_others() {
    let rig = Arc::new(Rig::before(Upstream::ok()));
    record(&rig, 20, 20_000).await;
    let mut asked = JoinSet::new();
    for _ in 0..12 {
        let mut service = rig.grpc().await;
        asked.spawn(async move {
            let (mut watches, mut refused) = (Vec::new(), Vec::new());
            for _ in 0..250 {
                match watch(&mut service).await {
                    Ok(stream) => watches.push(stream),
                    Err(status) => refused.push(status),
                }
            }
            let mut searches: JoinSet<_> = (0..25)
                .map(|_| service.clone())
                .map(async |mut service| search(&mut service).await)
                .collect();
            while let Some(searched) = searches.join_next().await {
                refused.extend(searched.expect("no panic").err());
            }
            // Kept open, and not read.
            (service, watches, refused)
        });
    }
    let mut held = Vec::new();
    let mut watches = 0;
    while let Some(answers) = wait::soon("all are answered", asked.join_next()).await {
        let (service, open, refused) = answers.expect("no panic");
        assert!(refused.iter().all(is_refusal), "{refused:?}");
        watches += open.len();
        held.push((service, open));
    }
    assert!((256..3_000).contains(&watches), "{watches} of 3,000 watches are open");
    rig.assert_forwards().await;
    let mut another = rig.grpc().await;
    let status = grpc::status(&mut another).await;
    assert!(u64::from(status.viewers) >= watches as u64, "{status:?}");
    let memory = rig.daemon.memory_bytes("VmRSS");
    assert!(memory < MOST_MEMORY, "the daemon takes {} MB", memory >> 20);
    drop(held);
    wait::until("there is room again", async || match watch(&mut another).await {
        Ok(_) => Ok(()),
        Err(status) => Err(status.to_string()),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_nobody_reads_hold_up_nobody() {
    let rig = Rig::before(Upstream::ok());
    record(&rig, 1, 4 << 20).await;
    let greedy = rig.grpc().await;
    let mut unread = JoinSet::new();
    for _ in 0..100 {
        let mut service = greedy.clone();
        unread.spawn(async move { request_body(&mut service, 1).await });
    }
    let (mut open, mut refused) = (Vec::new(), 0);
    while let Some(answer) = wait::soon("each is answered", unread.join_next()).await {
        match answer.expect("no panic") {
            Ok(stream) => open.push(stream),
            Err(status) => {
                assert!(is_refusal(&status), "{status}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0 && !open.is_empty(), "{} streams are open, {refused} refused", open.len());
    let mut other = rig.grpc().await;
    let read = grpc::body(&mut other, 1, Side::Request).await;
    assert_eq!(read.bytes.len(), 4 << 20, "another viewer's are read meanwhile");
    wait::soon("other calls are answered", other.status(StatusRequest::default()))
        .await
        .expect("a status");
    wait::soon("searches, too", search(&mut other)).await.expect("it ends");
    rig.assert_forwards().await;
    let threads = fs::read_dir(format!("/proc/{}/task", rig.daemon.pid()))
        .expect("the process lives")
        .count();
    assert!(threads < 40, "{threads} threads");
    let memory = rig.daemon.memory_bytes("VmRSS");
    assert!(memory < MOST_MEMORY, "the daemon takes {} MB", memory >> 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_too_many_is_told_so() {
    let rig = Rig::before(Upstream::ok());
    let mut held: Vec<Service> = Vec::new();
    let refusal = loop {
        let mut service = rig.grpc().await;
        match service.hello(HelloRequest::default()).await {
            // A viewer of no contract: refused for that, so it has been heard.
            Ok(_) => held.push(service),
            Err(status) if status.code() == Code::FailedPrecondition => held.push(service),
            Err(status) => break status,
        }
        assert!(held.len() < 1_000, "there is no end to them");
    };
    assert!(is_refusal(&refusal) && refusal.message().contains("256 viewers"), "{refusal}");
    let said = rig.view().run(&["ls"]);
    assert!(said.stderr.contains("256 viewers and scripts are connected"), "{}", said.stderr);
    rig.assert_forwards().await;
    drop(held);
    wait::until("there is room again", async || {
        let said = rig.view().run(&["ls"]);
        if said.code == Some(0) { Ok(()) } else { Err(said.stderr) }
    })
    .await;
}

/// Files that a process has open whose names end so.
fn open_files(pid: u32, end: &str) -> usize {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).expect("the process lives");
    let targets = files.flatten().filter_map(|file| fs::read_link(file.path()).ok());
    targets.filter(|target| is_named(target, end)).count()
}

fn is_named(path: &Path, end: &str) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(end))
}

#[tokio::test(flavor = "multi_thread")]
async fn database_handles_are_few_and_closed_when_nobody_uses_them() {
    let rig = Rig::before(Upstream::ok());
    // Of those who write; nobody has read yet. The log's, the index's, the views', and those with
    // which the first two are kept up: each thread opens its own.
    let of_writers = 5;
    wait::until("the writers have opened theirs", async || {
        let open = open_files(rig.daemon.pid(), ".db-wal");
        if open == of_writers { Ok(()) } else { Err(format!("{open} are open")) }
    })
    .await;
    record(&rig, 50, 1_000).await;
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        let service = rig.grpc().await;
        for _ in 0..60 {
            let mut service = service.clone();
            calls.spawn(async move {
                service
                    .exchanges(ExchangesRequest::default())
                    .await
                    .map(|rows| rows.into_inner().exchanges.len())
            });
        }
    }
    let mut most = 0;
    while let Some(answer) = calls.join_next().await {
        let rows = answer.expect("no panic").expect("none is refused: these end soon");
        assert_eq!(rows, 50);
        most = most.max(open_files(rig.daemon.pid(), ".db-wal"));
    }
    assert!(most <= of_writers + 20, "{most} handles were open, {of_writers} of them the writers'");
    wait::until_within("nobody's handles are closed", Duration::from_secs(30), async || {
        let open = open_files(rig.daemon.pid(), ".db-wal");
        if open <= of_writers {
            Ok(())
        } else {
            Err(format!("{open} are open, {of_writers} of them the writers'"))
        }
    })
    .await;
    rig.view().run(&["ls"]).expect_success();
}
