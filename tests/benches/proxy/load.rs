//! The client of the benchmark: does one job against one address and prints what it measured as a
//! line of numbers.

use std::{net::SocketAddr, time::Duration};

use ccdump_tests::{
    agent::Session,
    client::Client,
    figures::percentile,
    http1::{Body, post},
    random::Random,
};

use crate::clock;

pub(crate) fn run(via: &str, address: SocketAddr, job: &[&str]) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let number =
        |at: usize| job.get(at).and_then(|word| word.parse::<usize>().ok()).expect("a number");
    let load = Load { via: via.to_owned(), address };
    let measured = runtime.block_on(async {
        match job[0] {
            "ttfb" => load.first_bytes(number(1)).await,
            "paced" => load.paced(number(1), number(2), number(3)).await,
            "flat" => load.flat(number(1), number(2)).await,
            "requests" => load.requests(number(1), Duration::from_millis(number(2) as u64)).await,
            "upload" => load.upload(number(1), number(2)).await,
            "agent" => load.session(number(1)).await,
            "count" => load.count().await,
            other => panic!("no such job: {other}"),
        }
    });
    let words: Vec<String> = measured.iter().map(f64::to_string).collect();
    println!("{}", words.join(" "));
}

#[derive(Clone)]
struct Load {
    via: String,
    address: SocketAddr,
}

/// About what a first turn's parameters take.
const SMALL: &[u8] =
    br#"{"model":"claude-sonnet-4-5-20250929","max_tokens":1024,"stream":true,"messages":[{"role":"user","content":"hello"}]}"#;

impl Load {
    fn request(&self, path: &str, job: &str, body: &[u8]) -> Vec<u8> {
        post(
            path,
            &[("anthropic-version", "2023-06-01"), ("x-bench", job), ("x-via", &self.via)],
            body,
        )
    }

    /// Sequential requests on one connection. Microseconds to the first byte of the answer: p50,
    /// p99.
    async fn first_bytes(&self, count: usize) -> Vec<f64> {
        let mut client = Client::connect(self.address).await;
        let request = self.request("/v1/messages", "first", SMALL);
        let mut times = Vec::new();
        for n in 0..count + 50 {
            let sent = clock::now();
            client.send(&request).await;
            let head = client.head().await.expect("an answer");
            // The first requests warm caches and pools up.
            if n >= 50 {
                times.push((clock::now() - sent) as f64 / 1_000.0);
            }
            let mut body = Body::of_response(&head, "POST");
            while client.piece(&mut body).await.expect("whole").is_some() {}
        }
        times.sort_by(f64::total_cmp);
        vec![percentile(&times, 0.5), percentile(&times, 0.99)]
    }

    /// Streams at a pace. Microseconds from the sending of an event to its arrival: p50, p99.
    async fn paced(&self, streams: usize, count: usize, pace: usize) -> Vec<f64> {
        let job = format!("paced {count} {pace}");
        let mut delays: Vec<f64> = self
            .streams(streams, &job)
            .await
            .into_iter()
            .flat_map(|stream| stream.delays)
            .collect();
        assert_eq!(delays.len(), streams * count, "every event arrives");
        delays.sort_by(f64::total_cmp);
        vec![percentile(&delays, 0.5), percentile(&delays, 0.99)]
    }

    /// Streams as fast as they go. Events per second.
    async fn flat(&self, streams: usize, count: usize) -> Vec<f64> {
        let started = clock::now();
        let arrived: usize = self
            .streams(streams, &format!("flat {count}"))
            .await
            .iter()
            .map(|stream| stream.delays.len())
            .sum();
        assert_eq!(arrived, streams * count, "every event arrives");
        vec![arrived as f64 / seconds_since(started)]
    }

    async fn streams(&self, streams: usize, job: &str) -> Vec<Events> {
        let running: Vec<_> = (0..streams)
            .map(|_| {
                let (address, request) = (self.address, self.request("/v1/messages", job, SMALL));
                tokio::spawn(async move { Events::read(address, &request).await })
            })
            .collect();
        let mut read = Vec::new();
        for stream in running {
            read.push(stream.await.expect("a stream does not fail"));
        }
        read
    }

    /// Small requests on `connections` kept-alive connections at once. Requests per second.
    async fn requests(&self, connections: usize, time: Duration) -> Vec<f64> {
        let request = self.request("/v1/messages", "json", SMALL);
        let mut clients = Vec::new();
        for _ in 0..connections {
            clients.push(Client::connect(self.address).await);
        }
        let started = clock::now();
        let end = started + u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let running: Vec<_> = clients
            .into_iter()
            .map(|mut client| {
                let request = request.clone();
                tokio::spawn(async move {
                    let mut done = 0_u64;
                    while clock::now() < end {
                        assert_eq!(client.call(&request).await.status(), 200);
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        let mut done = 0;
        for client in running {
            done += client.await.expect("every request is answered");
        }
        vec![done as f64 / seconds_since(started)]
    }

    /// Bodies that nobody has seen before, one after the other. Megabytes (10^6) per second.
    async fn upload(&self, size: usize, count: usize) -> Vec<f64> {
        let mut client = Client::connect(self.address).await;
        let mut taken = 0.0;
        for n in 0..count {
            let body = Random::new(clock::now() + n as u64).bytes(size);
            let request = self.request("/v1/files", "json", &body);
            let started = clock::now();
            assert_eq!(client.call(&request).await.status(), 200);
            taken += seconds_since(started);
        }
        vec![(size * count) as f64 / 1e6 / taken]
    }

    /// An agent session. Raw body bytes of both directions.
    async fn session(&self, turns: usize) -> Vec<f64> {
        const SEED: u64 = 1;
        let mut session = Session::new(SEED);
        let mut client = Client::connect(self.address).await;
        let mut raw = 0;
        for n in 0..turns {
            let turn = session.next_turn();
            let job = format!("turn {SEED} {n}");
            let own = [("x-bench".to_owned(), job), ("x-via".to_owned(), self.via.clone())];
            let headers = [session.headers().as_slice(), &own].concat();
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let answer =
                client.call(&post("/v1/messages?beta=true", &headers, &turn.request)).await;
            assert!(answer.body == turn.answer, "turn {n} arrives exactly");
            raw += turn.request.len() + turn.answer.len();
        }
        vec![raw as f64]
    }

    /// How many requests the upstream saw that came this way.
    async fn count(&self) -> Vec<f64> {
        let answer =
            Client::connect(self.address).await.call(&self.request("/count", "count", b"")).await;
        vec![String::from_utf8_lossy(&answer.body).parse().expect("a number")]
    }
}

fn seconds_since(started: u64) -> f64 {
    (clock::now() - started) as f64 / 1e9
}

/// A stream of stamped events, read to its end.
#[derive(Default)]
struct Events {
    /// Microseconds per event.
    delays: Vec<f64>,
    /// The beginning of an event that has not arrived whole.
    begun: Vec<u8>,
}

impl Events {
    async fn read(address: SocketAddr, request: &[u8]) -> Self {
        let mut client = Client::connect(address).await;
        let mut open = client.open(request).await;
        let mut events = Self::default();
        while let Some(piece) = client.piece(&mut open.body).await.expect("the stream is whole") {
            events.take(&piece);
        }
        assert!(events.begun.is_empty(), "the stream ends with an event");
        events
    }

    fn take(&mut self, piece: &[u8]) {
        let now = clock::now();
        self.begun.extend_from_slice(piece);
        let mut done = 0;
        while let Some(at) = self.begun[done..].windows(2).position(|end| end == b"\n\n") {
            if let Some(sent) = stamp(&self.begun[done..done + at]) {
                self.delays.push(now.saturating_sub(sent) as f64 / 1_000.0);
            }
            done += at + 2;
        }
        self.begun.drain(..done);
    }
}

/// The time in an event: twenty digits after `t=`, near its end.
fn stamp(event: &[u8]) -> Option<u64> {
    let tail = event.strip_suffix(b"\"}}")?;
    let digits = tail.last_chunk::<20>()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
