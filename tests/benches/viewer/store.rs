//! Records to look at: made by traffic through a daemon, once, and kept.

use std::{
    fs, io,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use ccdump_tests::{binaries::Programs, client::Client, grpc, home::Home, http1::post};
use ccdump_wire::v1::{WatchRequest, event::Detail, watch_response::Message};
use tokio::{runtime::Runtime, sync::watch};

use crate::{
    history::Agent,
    plan::{Plan, SessionPlan},
    upstream::{Answer, HEADER, Upstream},
};

/// Of what is generated: another one makes all records anew.
const VERSION: u32 = 1;
/// Sessions that go on at the same time.
const LANES: usize = 4;
/// Bytes that may be on their way.
const AHEAD: u64 = 8 << 20;
/// A gigabyte takes a while to be derived.
const DERIVED_WITHIN: Duration = Duration::from_secs(1_200);

/// Copies the record of that plan into a home; makes it first, by the home's programs, if it is not
/// kept yet below `kept`.
pub(crate) fn bring(plan: &Plan, runtime: &Runtime, home: &Home, kept: &Path) {
    let kept = kept.join("bench-stores").join(plan.name.replace([' ', ','], "-"));
    if fs::read_to_string(kept.join("stamp")).ok() != Some(stamp(plan)) {
        make(plan, runtime, home.programs(), &kept);
    }
    copy(&kept.join("data"), &home.data_dir()).expect("copy the record");
}

/// Continues the plan's newest session where its main agent has stopped.
pub(crate) fn continued(plan: &Plan) -> (Agent, String) {
    let session = *plan.sessions().last().expect("a session");
    let mut agent = Agent::new(session, 0);
    let mark =
        (0..session.turns).map(|turn| agent.next_turn(turn + 1 == session.turns).mark).last();
    (agent, mark.expect("a turn"))
}

fn stamp(plan: &Plan) -> String {
    format!("{VERSION} {plan:?}\n")
}

fn make(plan: &Plan, runtime: &Runtime, programs: &Programs, kept: &Path) {
    let began = Instant::now();
    let home = Home::of(programs.clone());
    let upstream = Upstream::start(runtime);
    let mut daemon = home.daemon(&upstream.url()).start();
    let bytes = runtime.block_on(async {
        let recorded = Recorded::follow(&home).await;
        send(plan, &upstream, daemon.proxy(), recorded).await
    });
    eprintln!(
        "{}: {} MB sent after {:.1} s",
        plan.name,
        bytes / 1_000_000,
        began.elapsed().as_secs_f64()
    );
    let status = runtime.block_on(async {
        grpc::settled(&mut grpc::connect(&home.socket()).await, DERIVED_WITHIN).await
    });
    assert_eq!((status.exchanges, status.gap_bytes), (plan.exchanges as u64, 0), "all is recorded");
    daemon.stop();
    // The stamp is written last: half a record is none.
    match fs::remove_dir_all(kept) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            panic!("cannot remove {}: {error}", kept.display())
        }
        _ => copy(&home.data_dir(), &kept.join("data")).expect("keep the record"),
    }
    fs::write(kept.join("stamp"), stamp(plan)).expect("keep the record");
    eprintln!(
        "{}: kept in {} after {:.1} s",
        plan.name,
        kept.display(),
        began.elapsed().as_secs_f64()
    );
}

/// All sessions, a few at a time; the last one alone, so that it is the newest. Gives the bytes of
/// all bodies.
async fn send(plan: &Plan, upstream: &Upstream, proxy: SocketAddr, recorded: Recorded) -> u64 {
    let mut sessions = plan.sessions();
    let long = sessions.pop().expect("a session");
    let (sessions, next) = (Arc::new(sessions), Arc::new(AtomicUsize::new(0)));
    let lanes: Vec<_> = (0..LANES)
        .map(|_| {
            let (sessions, next) = (Arc::clone(&sessions), Arc::clone(&next));
            let (upstream, recorded) = (upstream.clone(), recorded.clone());
            tokio::spawn(async move {
                let mut lane = Lane { client: Client::connect(proxy).await, upstream, recorded };
                while let Some(session) = sessions.get(next.fetch_add(1, Ordering::Relaxed)) {
                    lane.session(*session).await;
                }
            })
        })
        .collect();
    for lane in lanes {
        lane.await.expect("a lane does not fail");
    }
    let mut lane =
        Lane { client: Client::connect(proxy).await, upstream: upstream.clone(), recorded };
    lane.session(long).await;
    lane.recorded.sent.load(Ordering::Relaxed)
}

/// How much of what was sent is on record. The daemon holds no traffic back and keeps only so much
/// in memory: who sends faster than it writes has to wait by himself.
#[derive(Clone)]
struct Recorded {
    sent: Arc<AtomicU64>,
    written: watch::Receiver<u64>,
}

impl Recorded {
    async fn follow(home: &Home) -> Self {
        let mut service = grpc::connect(&home.socket()).await;
        let mut events = grpc::Watcher::start(&mut service, WatchRequest::default()).await;
        let (write, written) = watch::channel(0);
        tokio::spawn(async move {
            while let Some(message) = events.next().await {
                let Message::Events(batch) = message else { continue };
                let ended = batch.events.into_iter().filter_map(|event| match event.detail {
                    Some(Detail::Ended(ended)) => Some(ended.request_bytes + ended.response_bytes),
                    _ => None,
                });
                let bytes: u64 = ended.sum();
                write.send_modify(|written| *written += bytes);
                if write.is_closed() {
                    return;
                }
            }
        });
        Self { sent: Arc::default(), written }
    }

    /// Waits until there is room for so many bytes.
    async fn room_for(&mut self, bytes: u64) {
        let sent = self.sent.fetch_add(bytes, Ordering::Relaxed);
        self.written
            .wait_for(|written| sent.saturating_sub(*written) < AHEAD)
            .await
            .expect("the daemon lives");
    }
}

struct Lane {
    client: Client,
    upstream: Upstream,
    recorded: Recorded,
}

impl Lane {
    async fn session(&mut self, session: SessionPlan) {
        let mut main = Agent::new(session, 0);
        for turn in 0..session.turns {
            self.turn(&mut main, turn + 1 == session.turns).await;
            if let Some(number) = session.subagent_after(turn) {
                let mut subagent = Agent::new(session, number);
                for turn in 0..session.subagent_turns {
                    self.turn(&mut subagent, turn + 1 == session.subagent_turns).await;
                }
            }
        }
    }

    async fn turn(&mut self, agent: &mut Agent, is_last: bool) {
        let turn = agent.next_turn(is_last);
        self.recorded.room_for((turn.request.len() + turn.answer.len()) as u64).await;
        let number = self.upstream.prepare(Answer::Whole(turn.answer));
        let answer = self.client.call(&request(agent, &turn.request, number)).await;
        assert_eq!(answer.status(), 200, "{answer:?}");
    }
}

/// A request that is answered with what was prepared under `number`.
pub(crate) fn request(agent: &Agent, body: &[u8], number: u64) -> Vec<u8> {
    let number = number.to_string();
    let own = agent.headers();
    let headers: Vec<(&str, &str)> = own
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain([(HEADER, number.as_str())])
        .collect();
    post("/v1/messages?beta=true", &headers, body)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
