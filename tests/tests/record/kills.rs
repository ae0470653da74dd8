//! `kill -9` at any moment: what a viewer was shown stays true, and the log goes on where it was.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ccdump_tests::{
    client::Client,
    grpc, hex,
    home::Home,
    http1::{self, post},
    random::Random,
    upstream::{Call, Upstream},
    view, wait,
};
use ccdump_wire::v1::Side;
use serde_json::Value;

const ROUNDS: usize = 25;

/// The request body of exchange `n`: up to 26 kB, part of it shared with its neighbours as a
/// growing history is.
fn request_body(n: u64) -> Vec<u8> {
    let shared = hex(&Random::new(n / 16).bytes(5_000));
    let mut random = Random::new(n | 1 << 40);
    let length = random.below(8_000);
    format!(r#"{{"model":"m","n":{n},"messages":["{shared}","{}"]}}"#, hex(&random.bytes(length)))
        .into_bytes()
}

/// The events of answer `n`.
fn events(n: u64) -> Vec<String> {
    let mut random = Random::new(n | 1 << 41);
    let mut events: Vec<String> = (0..3 + random.below(12))
        .map(|index| {
            let length = random.below(400);
            format!(
                "event: content_block_delta\ndata: {{\"n\":{n},\"index\":{index},\"text\":\"{}\"}}\n\n",
                hex(&random.bytes(length))
            )
        })
        .collect();
    events.push("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n".to_owned());
    events
}

fn number(target: &str) -> u64 {
    let digits = target.rsplit('=').next().unwrap_or_default();
    digits.parse().unwrap_or_else(|error| panic!("{target}: {error}"))
}

/// Streams at a pace, so that a kill finds exchanges in every state.
async fn stream_paced(call: &mut Call) -> std::io::Result<()> {
    call.drain().await?;
    call.send(&http1::sse_head()).await?;
    for event in events(number(&call.head.target())) {
        call.chunk(event.as_bytes()).await?;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    call.last_chunk().await
}

/// Sends requests one after the other until the connection breaks.
async fn load(proxy: SocketAddr, next: Arc<AtomicU64>) {
    let mut client = Client::connect(proxy).await;
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if client
            .try_send(&post(&format!("/v1/messages?n={n}"), &[], &request_body(n)))
            .await
            .is_err()
        {
            return;
        }
        let answer = client.answer("POST").await;
        if answer.head.is_none() || answer.ending != ccdump_tests::client::Ending::Whole {
            return;
        }
        assert_eq!(String::from_utf8_lossy(&answer.body), events(n).concat());
    }
}

/// (seq, exchange, kind, at) of each line, all of one epoch.
fn log_of(lines: &[String]) -> (String, BTreeMap<u64, (Value, Value, Value)>) {
    let mut epoch = String::new();
    let mut events = BTreeMap::new();
    for line in lines {
        let line: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON ({error}): {line}"));
        let of = line["epoch"].as_str().expect("an epoch");
        assert!(epoch.is_empty() || epoch == of, "the epoch changed from {epoch} to {of}");
        epoch = of.to_owned();
        let seq = line["seq"].as_u64().expect("a seq");
        let event = (line["exchange"].clone(), line["kind"].clone(), line["at"].clone());
        assert!(events.insert(seq, event).is_none(), "event {seq} was shown twice");
    }
    (epoch, events)
}

fn assert_no_holes(events: &BTreeMap<u64, (Value, Value, Value)>) {
    for (expected, seq) in (1..).zip(events.keys()) {
        assert_eq!(*seq, expected, "the log has a hole");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_shown_survives_any_number_of_kills() {
    let upstream = Upstream::start(stream_paced);
    let home = Home::new();
    let next = Arc::new(AtomicU64::new(0));
    let mut random = Random::new(20_261_123);
    let mut daemon = home.daemon(&upstream.url()).start();
    let mut tail = home.view().tail(&["--from", "0"]);
    for round in 0..ROUNDS {
        let clients: Vec<_> =
            (0..6).map(|_| tokio::spawn(load(daemon.proxy(), Arc::clone(&next)))).collect();
        let wanted = tail.stdout().count() + random.below(200);
        wait::until("some more events are shown", async || {
            let count = tail.stdout().count();
            if count >= wanted {
                Ok(())
            } else {
                Err(format!("{count} of {wanted}; {}", tail.stderr().text()))
            }
        })
        .await;
        // Not a wait for anything: the moment of the kill is what is varied.
        tokio::time::sleep(Duration::from_millis(random.below(40) as u64)).await;
        daemon.kill();
        for client in clients {
            wait::soon("a client sees the end", client).await.expect("answers are right");
        }
        assert!(
            tail.ended().is_none(),
            "the tail gave up in round {round}: {}",
            tail.stderr().text()
        );
        daemon = home.daemon(&upstream.url()).start();
    }

    let head = grpc::status(&mut grpc::connect(&home.socket()).await).await.head_seq;
    wait::until("the tail has caught up", async || {
        let count = tail.stdout().count();
        if count as u64 >= head {
            Ok(())
        } else {
            Err(format!("{count} of {head} events; it says: {}", tail.stderr().text()))
        }
    })
    .await;
    tail.kill();
    let (epoch, shown) = log_of(&tail.stdout().all());
    assert_no_holes(&shown);

    let again =
        home.view().run(&["tail", "--json", "--from", "0", "--until-idle", "500"]).expect_success();
    let (epoch_again, kept) = log_of(&again.text().lines().map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(epoch, epoch_again);
    assert_no_holes(&kept);
    for (seq, event) in &shown {
        assert_eq!(kept.get(seq), Some(event), "event {seq} was shown and is gone or changed");
    }

    assert_bodies(&home).await;
}

/// What is recorded of each body is a prefix of what was sent, and all of it where the exchange was
/// complete.
async fn assert_bodies(home: &Home) {
    let mut service = grpc::connect(&home.socket()).await;
    grpc::settled(&mut service, wait::SOON).await;
    let rows = home.view().ls(&[]);
    let mut states = BTreeMap::<String, usize>::new();
    for row in &rows {
        let state = row["end_state"].as_str().expect("a state");
        *states.entry(state.to_owned()).or_default() += 1;
        let n = number(row["path"].as_str().expect("a path"));
        let (request, response) = (request_body(n), events(n).concat().into_bytes());
        for (side, sent) in [(Side::Request, request), (Side::Response, response)] {
            let recorded = grpc::body(&mut service, view::id(row), side).await;
            assert_eq!(recorded.missing, 0, "{row}");
            assert!(sent.starts_with(&recorded.bytes), "{side:?} differs: {row}");
            if state == "complete" {
                assert_eq!(recorded.bytes.len(), sent.len(), "{side:?} is cut: {row}");
            }
        }
    }
    assert!(
        states.get("complete").is_some_and(|count| *count >= ROUNDS),
        "most kills leave something whole: {states:?}"
    );
    assert!(states.contains_key("daemon_stopped"), "a kill cuts some off: {states:?}");
    let known = ["complete", "daemon_stopped"];
    assert!(
        states.keys().all(|state| known.contains(&state.as_str())),
        "nobody else ended any: {states:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_that_is_killed_goes_on_where_it_was() {
    let upstream = Upstream::start(stream_paced);
    let home = Home::new();
    let daemon = home.daemon(&upstream.url()).start();
    let next = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> =
        (0..3).map(|_| tokio::spawn(load(daemon.proxy(), Arc::clone(&next)))).collect();
    let mut lines: Vec<String> = Vec::new();
    let mut random = Random::new(7);
    for _ in 0..8 {
        let mut tail = home.view().tail(&["--from", &lines.len().to_string()]);
        let wanted = 1 + random.below(120);
        wait::until(&format!("{wanted} more events come"), async || {
            let count = tail.stdout().count();
            if count >= wanted {
                Ok(())
            } else {
                Err(format!("{count} lines; {}", tail.stderr().text()))
            }
        })
        .await;
        tail.kill();
        let mut read = tail.stdout().all();
        // A kill may cut the last line.
        read.pop_if(|line| serde_json::from_str::<Value>(line).is_err());
        lines.extend(read);
    }
    daemon.kill();
    for client in clients {
        wait::soon("a client sees the end", client).await.expect("answers are right");
    }
    let (_, events) = log_of(&lines);
    assert_no_holes(&events);
}
