//! A daemon with a record, ready to be looked at.

use std::{
    cell::{Cell, RefCell},
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use ccdump_tests::{
    binaries::Programs, client::Client, daemon::Daemon, grpc, home::Home, http1::post, process,
    terminal::Terminal, view::View,
};
use ccdump_wire::v1::{
    AgentScope, ExchangesRequest, Pattern, SearchRequest, SearchScope, search_scope::Within,
};
use tokio::{runtime::Runtime, task::JoinHandle};

use crate::{
    history::Agent,
    plan::Plan,
    screen::{self, Stroke},
    store,
    upstream::{Answer, HEADER, Pause, Upstream, ages},
};

/// What is looked at, and with what.
pub(crate) struct Build {
    pub(crate) programs: Programs,
    /// The tree that they were built from.
    pub(crate) sources: PathBuf,
    /// Where records that its daemon has made are kept, and what else takes long to make.
    pub(crate) kept: PathBuf,
}

pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) sources: PathBuf,
    pub(crate) kept: PathBuf,
    pub(crate) upstream: Upstream,
    /// The end of the newest conversation.
    pub(crate) mark: String,
    /// The session that it is of.
    pub(crate) session: usize,
    /// Turns of that conversation.
    pub(crate) turns: usize,
    agent: RefCell<Agent>,
    daemon: Daemon,
    home: Home,
    viewers: Cell<usize>,
    streams: Cell<u8>,
    runtime: Runtime,
}

/// Longer than anything takes that is worth measuring.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

impl Stage {
    pub(crate) fn set(plan: &Plan, build: &Build) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let home = Home::of(build.programs.clone());
        store::bring(plan, &runtime, &home, &build.kept);
        let upstream = Upstream::start(&runtime);
        let daemon = home.daemon(&upstream.url()).start();
        let (agent, mark) = store::continued(plan);
        let last = *plan.sessions().last().expect("a session");
        let stage = Self {
            name: plan.name,
            sources: build.sources.clone(),
            kept: build.kept.clone(),
            upstream,
            mark,
            session: last.number,
            turns: last.turns,
            agent: RefCell::new(agent),
            daemon,
            home,
            viewers: Cell::new(0),
            streams: Cell::new(0),
            runtime,
        };
        let status = stage.settled();
        assert_eq!(
            status.exchanges, plan.exchanges as u64,
            "the daemon reads the record; remove target/bench-stores if its format is another now"
        );
        stage
    }

    /// Waits until nothing is left to derive.
    pub(crate) fn settled(&self) -> ccdump_wire::v1::StatusResponse {
        self.runtime.block_on(async {
            let mut service = grpc::connect(&self.home.socket()).await;
            grpc::settled(&mut service, Duration::from_secs(600)).await
        })
    }

    /// Starts a viewer, and does not wait for it.
    pub(crate) fn viewer(&self) -> Terminal {
        // Under a name of its own: none finds what another has left.
        let number = self.viewers.get();
        self.viewers.set(number + 1);
        self.home.view().terminal_with(
            &["--name", &format!("bench-{number}")],
            screen::ROWS,
            screen::COLS,
        )
    }

    /// Starts a viewer and waits until it shows the end of the newest conversation.
    pub(crate) fn attached(&self) -> Terminal {
        let viewer = self.viewer();
        viewer.wait_until_within("it is attached", LIMIT, |screen| {
            screen::shows_end(screen, &self.mark)
        });
        viewer.wait_until_quiet(Duration::from_millis(200));
        viewer
    }

    /// The letter of the next live stream. By the time that one comes again, nothing of its first
    /// stream is on the screen.
    pub(crate) fn next_letter(&self) -> char {
        let number = self.streams.replace(self.streams.get().wrapping_add(1));
        char::from(b'a' + number % 26)
    }

    /// The newest conversation goes on with one more request, answered by counters of that letter.
    pub(crate) fn goes_on(&self, letter: char, count: usize, pause: Pause) -> JoinHandle<()> {
        let mut agent = self.agent.borrow_mut();
        let number = self.upstream.prepare(Answer::Paced { letter, count, pause });
        let request = store::request(&agent, &agent.request(), number);
        let text: String = (0..count).map(|number| screen::counter(letter, number)).collect();
        agent.answered(&text);
        let proxy = self.daemon.proxy();
        self.runtime.spawn(async move {
            let answer = Client::connect(proxy).await.call(&request).await;
            assert_eq!(answer.status(), 200, "{answer:?}");
        })
    }

    /// Two streams at once of so many events: straight from the upstream, and through the daemon.
    /// Each gives its events' delays.
    pub(crate) fn timed_streams(&self, count: usize, pause: Duration) -> [JoinHandle<Vec<f64>>; 2] {
        let upstream =
            self.upstream.url().trim_start_matches("http://").parse().expect("an address");
        [upstream, self.daemon.proxy()].map(|address| {
            let number = self.upstream.prepare(Answer::Timed { count, pause: Pause::About(pause) });
            let request = post(
                "/v1/messages",
                &[(HEADER, &number.to_string())],
                br#"{"model":"claude-sonnet-4-5-20250929","stream":true,"messages":[]}"#,
            );
            self.runtime.spawn(async move {
                let mut client = Client::connect(address).await;
                let mut open = client.open(&request).await;
                let mut delays = Vec::with_capacity(count);
                while let Ok(Some(piece)) = client.piece(&mut open.body).await {
                    delays.extend(ages(&piece));
                }
                delays
            })
        })
    }

    /// How long the daemon takes to name an exchange of the newest conversation that holds a text.
    /// Milliseconds.
    pub(crate) fn told(&self, text: &str) -> f64 {
        self.runtime.block_on(async {
            let mut service = grpc::connect(&self.home.socket()).await;
            let newest = ExchangesRequest { newest: Some(1), ..ExchangesRequest::default() };
            let row =
                service.exchanges(newest).await.expect("rows").into_inner().exchanges.remove(0);
            let scope =
                AgentScope { session: row.session, agent: row.agent, provider: row.provider };
            let asked = Instant::now();
            let request = SearchRequest {
                pattern: Some(Pattern { text: text.to_owned(), ..Pattern::default() }),
                scope: Some(SearchScope { within: Some(Within::Agent(scope)) }),
                ..SearchRequest::default()
            };
            let mut answers = service.search(request).await.expect("a stream").into_inner();
            let first = answers.message().await.expect("it does not fail").expect("an answer");
            assert!(!first.hits.is_empty(), "{text} is not found");
            asked.elapsed().as_secs_f64() * 1e3
        })
    }

    pub(crate) fn join<T>(&self, task: JoinHandle<T>) -> T {
        self.runtime.block_on(task).expect("no panic")
    }

    pub(crate) fn finish(&self, answer: JoinHandle<()>) {
        self.runtime.block_on(answer).expect("the answer comes");
    }

    /// Commands of the viewer.
    pub(crate) fn view(&self) -> View<'_> {
        self.home.view()
    }

    pub(crate) fn daemon_pid(&self) -> u32 {
        self.daemon.pid()
    }
}

pub(crate) fn strike(viewer: &Terminal, stroke: Stroke) {
    match stroke {
        Stroke::Text(text) => viewer.keys(text),
        Stroke::Key(key) => viewer.key(key),
    }
}

pub(crate) fn quit(viewer: &Terminal) {
    strike(viewer, screen::QUIT);
    viewer.wait_exit();
}

/// Resident memory in MB: `VmRSS` or `VmHWM`.
pub(crate) fn megabytes(viewer: &Terminal, line: &str) -> f64 {
    process::memory_bytes(viewer.pid(), line) as f64 / 1e6
}

/// Waits until a process has not used the processor for a moment: work that it put off is done.
pub(crate) fn until_idle(pid: u32) {
    let mut last = process::cpu_seconds(pid);
    for _ in 0..100 {
        thread::sleep(Duration::from_millis(200));
        let now = process::cpu_seconds(pid);
        // One tick in between is housekeeping.
        if now - last < 0.015 {
            return;
        }
        last = now;
    }
}
