//! The model API of the benchmark, in this process: what it answers was told it before.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use ccdump_tests::{
    agent::event,
    http1::{self, Body, Wire},
    random::Random,
};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

use crate::screen;

/// Names an answer in a request.
pub(crate) const HEADER: &str = "x-bench";

pub(crate) enum Answer {
    /// An event stream, all at once.
    Whole(Vec<u8>),
    /// Text deltas with counters, one after each pause.
    Paced { letter: char, count: usize, pause: Pause },
    /// Text deltas that say when they were written ([`ages`]), one after each pause.
    Timed { count: usize, pause: Pause },
}

/// Between two deltas.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pause {
    /// About so long, never twice the same: nothing may beat in time with it.
    About(Duration),
    /// So that they come at this rate over all.
    PerSecond(u32),
}

#[derive(Default)]
struct Shared {
    answers: Mutex<HashMap<u64, Answer>>,
    next: AtomicU64,
    /// When each counter was written.
    sent: Mutex<Vec<Instant>>,
}

#[derive(Clone)]
pub(crate) struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Upstream {
    pub(crate) fn start(runtime: &Runtime) -> Self {
        let shared = Arc::new(Shared::default());
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("bind a port");
        let address = listener.local_addr().expect("an address");
        let upstream = Self { address, shared };
        runtime.spawn({
            let upstream = upstream.clone();
            async move {
                loop {
                    let (stream, _) = listener.accept().await.expect("accept");
                    stream.set_nodelay(true).expect("set nodelay");
                    let upstream = upstream.clone();
                    // A client that leaves ends its own connection only.
                    tokio::spawn(async move { upstream.serve(stream).await });
                }
            }
        });
        upstream
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Keeps an answer for whoever asks for it by the number that this gives.
    pub(crate) fn prepare(&self, answer: Answer) -> u64 {
        let number = self.shared.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.shared.answers).insert(number, answer);
        number
    }

    /// When each counter of the newest paced answer was written, so far.
    pub(crate) fn sent(&self) -> MutexGuard<'_, Vec<Instant>> {
        lock(&self.shared.sent)
    }

    async fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let mut wire = Wire::new(stream);
        while let Some(head) = wire.read_head().await? {
            let mut body = Body::of_request(&head);
            while body.next(&mut wire).await?.is_some() {}
            let number =
                head.get(HEADER).and_then(|number| number.parse().ok()).unwrap_or(u64::MAX);
            let answer =
                lock(&self.shared.answers).remove(&number).expect("an answer was prepared");
            match answer {
                Answer::Whole(events) => {
                    wire.write(
                        &[http1::sse_head(), http1::chunk(&events), http1::LAST_CHUNK.to_vec()]
                            .concat(),
                    )
                    .await?
                }
                Answer::Paced { letter, count, pause } => {
                    self.sent().clear();
                    let counter = |number| {
                        self.sent().push(Instant::now());
                        screen::counter(letter, number)
                    };
                    deltas(&mut wire, count, pause, counter).await?;
                }
                Answer::Timed { count, pause } => {
                    deltas(&mut wire, count, pause, |_| now()).await?
                }
            }
        }
        Ok(())
    }
}

/// Text deltas between a beginning and an end.
async fn deltas(
    wire: &mut Wire<TcpStream>,
    count: usize,
    pause: Pause,
    text: impl Fn(usize) -> String,
) -> io::Result<()> {
    let begin = [
        json!({"type": "message_start", "message": {"id": "msg_live", "type": "message", "role": "assistant",
                "model": "claude-sonnet-4-5-20250929", "content": [], "usage": {"input_tokens": 9, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    ];
    let end = [
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": count}}),
        json!({"type": "message_stop"}),
    ];
    let mut random = Random::new(7);
    wire.write(
        &[http1::sse_head(), http1::chunk(&begin.iter().flat_map(event).collect::<Vec<_>>())]
            .concat(),
    )
    .await?;
    let started = Instant::now();
    for number in 0..count {
        let until = match pause {
            Pause::About(time) => {
                Instant::now() + time.mul_f64(0.6 + random.below(800) as f64 / 1_000.0)
            }
            Pause::PerSecond(rate) => {
                started + Duration::from_secs(1) * u32::try_from(number).unwrap_or(u32::MAX) / rate
            }
        };
        if until > Instant::now() {
            tokio::time::sleep_until(until.into()).await;
        }
        let delta = json!({"type": "text_delta", "text": text(number)});
        let delta = event(&json!({"type": "content_block_delta", "index": 0, "delta": delta}));
        wire.write(&http1::chunk(&delta)).await?;
    }
    wire.write(
        &[
            http1::chunk(&end.iter().flat_map(event).collect::<Vec<_>>()),
            http1::LAST_CHUNK.to_vec(),
        ]
        .concat(),
    )
    .await
}

/// The time on the clock of this process, as a word.
fn now() -> String {
    format!("at{:015} ", CLOCK.elapsed().as_nanos())
}

static CLOCK: LazyLock<Instant> = LazyLock::new(Instant::now);

/// How long ago each delta in `bytes` was written, in milliseconds.
pub(crate) fn ages(bytes: &[u8]) -> Vec<f64> {
    let now = CLOCK.elapsed().as_nanos() as f64;
    let text = String::from_utf8_lossy(bytes);
    let words = text.split("\"at").skip(1).filter_map(|word| word.get(..15)?.parse::<f64>().ok());
    words.map(|written| (now - written) / 1e6).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
