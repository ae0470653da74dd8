//! The log over gRPC: a cursor always leads somewhere, and no viewer disturbs another.

use std::time::Duration;

use ccdump_tests::{
    client::{self, Client},
    daemon::Rig,
    grpc::{self, Watcher},
    http1::{self, post},
    random::Random,
    talk::echo,
    upstream::{Gate, Upstream},
    view, wait,
};
use ccdump_wire::v1::{
    Event, Filter, HelloRequest, Peer, WatchRequest, event::Detail, watch_response::Message,
};

async fn send(rig: &Rig, count: usize) {
    let mut client = Client::connect(rig.proxy()).await;
    for n in 0..count {
        assert_eq!(
            client
                .call(&post(&format!("/v1/messages?n={n}"), &[], b"{\"model\":\"m\"}"))
                .await
                .status(),
            200
        );
    }
}

async fn epoch(service: &mut grpc::Service) -> (String, u64) {
    let hello = service.hello(HelloRequest::default()).await.expect("hello").into_inner();
    (hello.epoch, hello.head_seq)
}

/// Reads the beginning of a stream up to the end of its snapshot; gives ids and the cursor.
async fn snapshot(watcher: &mut Watcher) -> (Vec<u64>, u64) {
    let mut ids = Vec::new();
    loop {
        match watcher.next_news().await.expect("the stream goes on") {
            Message::SnapshotPage(page) => {
                ids.extend(page.exchanges.iter().map(|exchange| exchange.id))
            }
            Message::SnapshotEnd(end) => return (ids, end.through_seq),
            other => panic!("not part of a snapshot: {other:?}"),
        }
    }
}

async fn expect_hello(watcher: &mut Watcher) -> ccdump_wire::v1::WatchHello {
    match watcher.next().await {
        Some(Message::Hello(hello)) => hello,
        other => panic!("hello comes first, not {other:?}"),
    }
}

fn seqs(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_viewer_gets_hello_a_snapshot_and_then_what_comes() {
    let rig = Rig::before(Upstream::ok());
    let mut service = rig.grpc().await;
    let mut early = Watcher::start(&mut service, WatchRequest::default()).await;
    let hello = expect_hello(&mut early).await;
    assert_eq!(hello.peer.map(|peer| peer.contract_major), Some(1));
    assert_eq!(snapshot(&mut early).await, (Vec::new(), hello.head_seq));

    send(&rig, 3).await;
    let listed: Vec<u64> = rig.view().ended_exchanges(3).await.iter().map(view::id).collect();
    let (epoch, head) = epoch(&mut service).await;
    let mut late = Watcher::start(&mut service, WatchRequest::default()).await;
    assert_eq!(expect_hello(&mut late).await.epoch, epoch);
    let (ids, through) = snapshot(&mut late).await;
    assert_eq!((ids, through), (listed, head));

    send(&rig, 1).await;
    let ended = |event: &Event| event.kind == "ended" && event.seq > head;
    let (seen_early, seen_late) = (early.events_until(ended).await, late.events_until(ended).await);
    assert_eq!(seqs(&seen_late), (head + 1..).take(seen_late.len()).collect::<Vec<_>>());
    assert_eq!(
        seqs(&seen_early),
        (hello.head_seq + 1..).take(seen_early.len()).collect::<Vec<_>>()
    );
    let kinds: Vec<&str> = seen_late.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds.first(), Some(&"opened"), "{kinds:?}");
    for kind in ["request_data", "request_end", "response_head", "response_data", "ended"] {
        assert!(kinds.contains(&kind), "{kind} is missing: {kinds:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_this_epoch_is_continued() {
    let rig = Rig::before(Upstream::ok());
    send(&rig, 3).await;
    rig.view().ended_exchanges(3).await;
    let mut service = rig.grpc().await;
    let (epoch, head) = epoch(&mut service).await;
    let request =
        WatchRequest { epoch, after_seq: 4, until_seq: Some(head), ..WatchRequest::default() };
    let mut watcher = Watcher::start(&mut service, request).await;
    expect_hello(&mut watcher).await;
    assert_eq!(
        seqs(&watcher.events_to_end().await),
        (5..=head).collect::<Vec<_>>(),
        "until_seq ends the stream"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_means_nothing_here_is_reset() {
    let rig = Rig::before(Upstream::ok());
    send(&rig, 2).await;
    rig.view().ended_exchanges(2).await;
    let mut service = rig.grpc().await;
    let (epoch, head) = epoch(&mut service).await;
    for (old_epoch, after_seq) in [("of-another-log", 3), (epoch.as_str(), head + 1000)] {
        let request =
            WatchRequest { epoch: old_epoch.to_owned(), after_seq, ..WatchRequest::default() };
        let mut watcher = Watcher::start(&mut service, request).await;
        expect_hello(&mut watcher).await;
        match watcher.next_news().await {
            Some(Message::Reset(reset)) => {
                assert_eq!((reset.old_epoch.as_str(), &reset.new_epoch), (old_epoch, &epoch));
                assert!(!reset.reason.is_empty());
            }
            other => panic!("a reset was due, not {other:?}"),
        }
        assert_eq!(snapshot(&mut watcher).await.0.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn until_seq_also_ends_a_stream_that_waits_for_it() {
    let rig = Rig::before(Upstream::ok());
    send(&rig, 1).await;
    rig.view().ended_exchanges(1).await;
    let mut service = rig.grpc().await;
    let (epoch, head) = epoch(&mut service).await;
    let until_seq = Some(head + 2);
    let request = WatchRequest { epoch, after_seq: head, until_seq, ..WatchRequest::default() };
    let mut watcher = Watcher::start(&mut service, request).await;
    expect_hello(&mut watcher).await;
    send(&rig, 1).await;
    assert_eq!(seqs(&watcher.events_to_end().await), [head + 1, head + 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_leaves_holes_that_through_seq_tells_of() {
    let rig = Rig::before(Upstream::ok());
    send(&rig, 3).await;
    let ids: Vec<u64> = rig.view().ended_exchanges(3).await.iter().map(view::id).collect();
    let mut service = rig.grpc().await;
    let (epoch, head) = epoch(&mut service).await;
    let request = WatchRequest {
        epoch,
        until_seq: Some(head),
        filter: Some(Filter { exchanges: vec![ids[1]], ..Filter::default() }),
        ..WatchRequest::default()
    };
    let mut watcher = Watcher::start(&mut service, request).await;
    let (mut events, mut through) = (Vec::new(), 0);
    while let Some(message) = watcher.next().await {
        if let Message::Events(batch) = message {
            events.extend(batch.events);
            through = batch.through_seq;
        }
    }
    assert!(
        !events.is_empty() && events.iter().all(|event| event.exchange == ids[1]),
        "{events:?}"
    );
    assert_eq!(through, head);
}

fn payload(event: &Event) -> &[u8] {
    match &event.detail {
        Some(Detail::RequestData(data) | Detail::ResponseData(data)) => &data.payload,
        _ => &[],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn payload_comes_inline_and_decoded_for_those_that_are_named() {
    let text = "event: ping\ndata: {}\n\n".repeat(500);
    let coded = {
        use std::io::Write as _;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text.as_bytes()).expect("compresses");
        gzip.finish().expect("compresses")
    };
    let rig = Rig::start(async move |call| {
        call.reply(
            "200 OK",
            &[("content-type", "text/event-stream"), ("content-encoding", "gzip")],
            &coded,
        )
        .await
    });
    send(&rig, 2).await;
    let ids: Vec<u64> = rig.view().ended_exchanges(2).await.iter().map(view::id).collect();
    let mut service = rig.grpc().await;
    let (epoch, head) = epoch(&mut service).await;
    for response_only in [false, true] {
        let filter = Filter {
            payload_exchanges: vec![ids[1]],
            payload_response_only: response_only,
            ..Filter::default()
        };
        let request = WatchRequest {
            epoch: epoch.clone(),
            until_seq: Some(head),
            filter: Some(filter),
            ..WatchRequest::default()
        };
        let events = Watcher::start(&mut service, request).await.events_to_end().await;
        let of = |exchange: u64, kind: &str| -> Vec<u8> {
            events
                .iter()
                .filter(|event| event.exchange == exchange && event.kind == kind)
                .flat_map(|event| payload(event).to_vec())
                .collect()
        };
        assert_eq!(String::from_utf8_lossy(&of(ids[1], "response_data")), text);
        assert_eq!(
            of(ids[1], "request_data"),
            if response_only { b"".as_slice() } else { b"{\"model\":\"m\"}" }
        );
        assert_eq!(of(ids[0], "response_data"), b"", "it was not named");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_stream_has_a_heartbeat() {
    let rig = Rig::before(Upstream::ok());
    let mut service = rig.grpc().await;
    let mut watcher = Watcher::start(&mut service, WatchRequest::default()).await;
    expect_hello(&mut watcher).await;
    snapshot(&mut watcher).await;
    assert!(matches!(watcher.next().await, Some(Message::Heartbeat(_))));
}

/// tonic refuses messages over 4 MiB, so that one would fail the stream.
#[tokio::test(flavor = "multi_thread")]
async fn no_message_nears_four_mebibytes_however_big_the_store() {
    const EXCHANGES: usize = 1_200;
    let big = Random::new(4).bytes(9 << 20);
    let rig = Rig::start(async move |call| {
        call.drain().await?;
        let body: &[u8] = if call.head.target() == "/big" { &big } else { b"ok" };
        call.reply("200 OK", &[], body).await
    });
    let long = "x".repeat(4_000);
    let mut client = Client::connect(rig.proxy()).await;
    for _ in 0..EXCHANGES {
        assert_eq!(
            client.call(&http1::get(&format!("/v1/models?{long}"), &[])).await.status(),
            200
        );
    }
    assert_eq!(client.call(&post("/big", &[], &[b'y'; 6 << 20])).await.status(), 200);
    let mut service = rig.grpc().await;
    wait::until("all is recorded", async || {
        let status = grpc::status(&mut service).await;
        let all = status.exchanges == EXCHANGES as u64 + 1 && status.derived_seq == status.head_seq;
        if all { Ok(()) } else { Err(format!("{status:?}")) }
    })
    .await;
    let mut watcher = Watcher::start(&mut service, WatchRequest::default()).await;
    expect_hello(&mut watcher).await;
    assert_eq!(snapshot(&mut watcher).await.0.len(), EXCHANGES + 1);

    let (epoch, head) = epoch(&mut service).await;
    let filter = Some(Filter { payload_all: true, ..Filter::default() });
    let until_seq = Some(head);
    let request = WatchRequest { epoch, until_seq, filter, ..WatchRequest::default() };
    let events = Watcher::start(&mut service, request).await.events_to_end().await;
    assert_eq!(seqs(&events), (1..=head).collect::<Vec<_>>());
    assert_eq!(rig.view().ls(&[]).len(), EXCHANGES + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_stops_reading_disturbs_nobody_and_catches_up() {
    const PIECES: usize = 400;
    let gate = Gate::new();
    let rig = Rig::start({
        let gate = gate.clone();
        async move |call| {
            call.drain().await?;
            call.send(&http1::sse_head()).await?;
            gate.pass().await;
            for n in 0..PIECES as u64 {
                call.chunk(&Random::new(n).bytes(50_000)).await?;
            }
            call.last_chunk().await
        }
    });
    // Connections of their own: viewers are processes of their own.
    let (mut of_stopped, mut of_other) = (rig.grpc().await, rig.grpc().await);
    let request = WatchRequest {
        filter: Some(Filter { payload_all: true, ..Filter::default() }),
        ..WatchRequest::default()
    };
    let mut stopped = Watcher::start(&mut of_stopped, request.clone()).await;
    expect_hello(&mut stopped).await;
    let mut other = Watcher::start(&mut of_other, request).await;
    let before = rig.daemon.memory_bytes("VmRSS");
    gate.open();
    let answer = client::call(rig.proxy(), &post("/v1/messages", &[], b"{}")).await;
    assert_eq!(answer.body.len(), PIECES * 50_000);
    let ended = |event: &Event| event.kind == "ended";
    let seen = other.events_until(ended).await;
    assert_eq!(
        seen.iter()
            .filter(|event| event.kind == "response_data")
            .map(|event| payload(event).len())
            .sum::<usize>(),
        PIECES * 50_000
    );
    let grown = rig.daemon.memory_bytes("VmRSS").saturating_sub(before);
    assert!(grown < 80 << 20, "the daemon grew by {} MB", grown >> 20);
    assert_eq!(grpc::status(&mut of_other).await.viewers, 2);
    assert_eq!(seqs(&stopped.events_until(ended).await), seqs(&seen), "it catches up");
    drop((stopped, other));
    wait::until("the daemon sees that they left", async || {
        let viewers = grpc::status(&mut of_other).await.viewers;
        if viewers == 0 { Ok(()) } else { Err(format!("{viewers} viewers")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn index_rows_follow_as_exchanges_change() {
    let rig = Rig::before(Upstream::ok());
    let mut service = rig.grpc().await;
    let filter = Some(Filter { index: true, ..Filter::default() });
    let mut watcher =
        Watcher::start(&mut service, WatchRequest { filter, ..WatchRequest::default() }).await;
    expect_hello(&mut watcher).await;
    snapshot(&mut watcher).await;
    send(&rig, 1).await;
    let complete = ccdump_wire::v1::EndState::Complete;
    loop {
        if let Message::Index(update) = watcher.next_news().await.expect("the stream goes on")
            && update.exchanges.iter().any(|exchange| exchange.end_state() == complete)
        {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_contract_is_refused_in_words() {
    let rig = Rig::before(Upstream::ok());
    let mut service = rig.grpc().await;
    let peer =
        Some(Peer { contract_major: 99, build: "from the future".to_owned(), ..Peer::default() });
    let refused =
        service.hello(HelloRequest { peer: peer.clone() }).await.expect_err("another contract");
    assert!(refused.message().contains("99"), "{refused:?}");
    let request = WatchRequest { peer, ..WatchRequest::default() };
    match service.watch(request).await {
        Err(refused) => assert!(refused.message().contains("99"), "{refused:?}"),
        Ok(stream) => {
            let refused =
                tokio::time::timeout(Duration::from_secs(5), stream.into_inner().message())
                    .await
                    .expect("an answer");
            assert!(refused.is_err(), "another contract: {refused:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_says_serving_and_reflection_lists_the_service() {
    use tonic_health::pb::{
        HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
    };
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    };
    const SERVICE: &str = "ccdump.v1.CcdumpService";
    let rig = Rig::before(Upstream::ok());
    let channel = grpc::channel(&rig.home.socket()).await;
    let mut health = HealthClient::new(channel.clone());
    for service in ["", SERVICE] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let answer = health.check(request).await.expect("a health check").into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = ServerReflectionClient::new(channel)
        .server_reflection_info(tokio_stream::once(request))
        .await
        .expect("reflection")
        .into_inner();
    let answer =
        answers.message().await.expect("an answer").and_then(|answer| answer.message_response);
    let Some(MessageResponse::ListServicesResponse(list)) = answer else {
        panic!("no list: {answer:?}")
    };
    assert!(list.service.iter().any(|service| service.name == SERVICE), "{list:?}");
}

/// Its niceness and name, of each thread of a process.
#[cfg(target_os = "linux")]
fn threads(pid: u32) -> Vec<(String, i32)> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs");
    let read = |task: std::io::Result<std::fs::DirEntry>| {
        // One that has ended meanwhile says nothing.
        let stat = std::fs::read_to_string(task.ok()?.path().join("stat")).ok()?;
        let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
        Some((name.to_owned(), rest.split_whitespace().nth(16)?.parse().ok()?))
    };
    tasks.filter_map(read).collect()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn threads_that_serve_viewers_stand_back_behind_the_traffic_all_by_the_same() {
    let rig = Rig::start(echo);
    send(&rig, 1).await;
    let mut service = rig.grpc().await;
    for _ in 0..20 {
        grpc::body(&mut service, 1, ccdump_wire::v1::Side::Request).await;
    }
    let threads = threads(rig.daemon.pid());
    let of = |wanted: &str| {
        threads.iter().filter(|(name, _)| name == wanted).map(|(_, nice)| *nice).collect::<Vec<_>>()
    };
    let traffic = of("traffic");
    assert!(!traffic.is_empty() && of("serving").len() > 2, "{threads:?}");
    assert!(traffic.iter().all(|nice| *nice == traffic[0]), "{threads:?}");
    assert!(of("serving").iter().all(|nice| *nice == traffic[0] + 5), "{threads:?}");
}
