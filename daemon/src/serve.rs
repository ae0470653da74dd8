//! Puts the daemon together, and takes it apart again.

use std::{
    io::{self, Write as _},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use ccdump_wire::json;
use rustix::{
    fs::Mode,
    process::{getpriority_process, setpriority_process, umask},
};
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{Signal, SignalKind, signal},
    time::timeout,
};
use tracing::{info, warn};

use crate::{
    Failure,
    capture::{self, Clock, Queue, Recorder, redact::Redactor},
    derive,
    lock::FolderLock,
    logging,
    proxy::{ListenError, Listener, Proxy, is_loopback},
    rpc::{self, About, Service, Socket},
    settings::Settings,
    stdin,
    steady::Steady,
    stop,
    store::{
        Files,
        health::Health,
        index::Index,
        opening::{self, Opened},
        reader::Readers,
        upkeep::{self, Writers},
        views::Views,
    },
};

/// How far the threads that serve viewers stand back, beside those of the traffic.
const NICE: i32 = 5;

/// Threads that read and write for viewers. Nothing holds one for long, so more than these would
/// only wait for each other.
const BLOCKING_THREADS: usize = 16;

/// How long exchanges that are under way may go on after a stop.
const GRACE: Duration = Duration::from_secs(5);
/// What is queued is written in this time, what was recorded derived, and the files closed in
/// order. A daemon that needs longer (a slow disk) leaves the rest to the next one: nothing that
/// was published is lost.
const CLOSING: Duration = Duration::from_millis(1500);
/// Of that, for deriving and for sealing each.
const CATCHING_UP: Duration = Duration::from_millis(500);

/// Serves until SIGTERM or SIGINT, or until `leash`, if there is one, ends.
pub fn run(settings: &Settings, leash: Option<stdin::Lines>) -> Result<(), Failure> {
    let place = &settings.place;
    // Nothing that is made from here on is for others.
    umask(Mode::RWXG | Mode::RWXO);
    let lock = FolderLock::take(&place.data_dir)?;
    logging::start(&place.log_file())?;
    raise_file_limit();
    // Traffic has a thread that nothing else runs on: no viewer and no query can hold it up. Where
    // processors are short, it goes first; where that cannot be said, all are equal.
    let traffic = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("traffic")
        .enable_all()
        .build()?;
    // A thread begins with the niceness of the one that starts it: said as it is to be, it does not
    // add up.
    let niceness = getpriority_process(None).unwrap_or(0).saturating_add(NICE);
    let stand_back = move || {
        setpriority_process(None, niceness).ok();
    };
    let serving = Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("serving")
        .on_thread_start(stand_back)
        .enable_all()
        .build();
    let runtime = serving?;
    let served = serve(&traffic, &runtime, settings, &lock.dir, leash);
    // Threads that still read for viewers are not waited for.
    runtime.shutdown_background();
    traffic.shutdown_background();
    drop(lock);
    served
}

/// `dir`: the data folder without links.
fn serve(
    traffic: &Runtime,
    runtime: &Runtime,
    settings: &Settings,
    dir: &Path,
    leash: Option<stdin::Lines>,
) -> Result<(), Failure> {
    let place = &settings.place;
    let clock = Clock::system();
    let _in_runtime = runtime.enter();

    // What can fail for reasons outside is done before anything else.
    let may_be_exposed = settings.token.is_some() || settings.insecure_listen;
    let listener =
        traffic.block_on(Listener::bind(&settings.listen, may_be_exposed)).map_err(|error| {
            match error {
                ListenError::Address { .. } | ListenError::Exposed { .. } => Failure::usage(error),
                ListenError::Bind { .. } => error.into(),
            }
        })?;
    let address = listener.address()?;
    let mut outbound = settings.outbound.clone();
    let mut warnings = settings.warnings.clone();
    warnings.extend(outbound.without(address));
    if settings.token.is_none() && !is_loopback(address) {
        warnings.push(format!("whoever reaches {address} can use this daemon: there is no token"));
    }
    warnings.iter().for_each(|warning| warn!("{warning}"));
    let socket = Socket::bind(&place.sockets())?;
    let socket_path = socket.file.path.clone();
    let redactor = Redactor::open(dir)?;

    // Store: the log with its writer thread, and what is derived from it with its own.
    let files = Files::new(dir);
    let Opened { mut log, is_as_left } = opening::open(&files, clock.now_us())?;
    log.mask(Box::new(redactor.mark()));
    let next_exchange = log.next_exchange();
    let index = Index::open(&files, log.epoch(), derive::VERSION)?;
    let views = Views::open(&files)?;
    let health = Health::default();
    let readers = Readers::new(files, health.clone());
    let queue = Arc::new(Queue::default());
    let turns = (log.turn(), index.turn());
    let (recording, writer) = capture::start(log, queue.clone(), clock, health.clone())?;
    let writers = Writers { log: turns.0, index: turns.1, head: recording.head.clone() };
    let deriving = derive::start(index, readers.clone(), &recording, redactor.clone())?;
    let upkeep = upkeep::start(readers.files(), writers, health, is_as_left)?;

    // Traffic in, record out.
    let (stopper, stopping) = stop::channel();
    let recorder = Recorder::new(queue, clock, redactor, next_exchange);
    let listen_host = settings.listen.rsplit_once(':').map_or("", |(host, _)| host);
    runtime.spawn(watch_clock(recorder.clone()));
    let proxy = Proxy::new(
        settings.upstreams.clone(),
        recorder.clone(),
        listen_host,
        settings.access()?,
        outbound.clone(),
    );
    let proxy = Arc::new(proxy);
    let proxy_url = format!("http://{address}");
    let about = About {
        started: Steady::now(),
        proxy: proxy_url.clone(),
        socket: socket_path.clone(),
        data_dir: place.data_dir.clone(),
        settings: settings.shown(&outbound),
        token: settings.token.clone(),
        warnings,
    };
    let service = Service::new(readers.clone(), views, recording, &deriving, about);
    let mut signals = Signals::listen()?;
    let mut proxying = traffic.spawn(listener.run(proxy, stopping));
    let (rpc_stopper, rpc_stopping) = stop::channel();
    let serving = runtime.spawn(rpc::serve(socket, service, rpc_stopping));
    announce(&proxy_url, &socket_path)?;
    info!(proxy = %proxy_url, socket = %socket_path.display(), data = %place.data_dir.display(), "ready");

    runtime.block_on(async {
        tokio::select! {
            () = signals.stop() => {}
            () = end_of(leash) => {}
        }
        info!("stopping; exchanges that are under way may end");
        stopper.stop();
        let ended = tokio::select! {
            ended = timeout(GRACE, &mut proxying) => ended.is_ok(),
            () = signals.stop() => false,
        };
        if !ended {
            recorder.stop();
            proxying.abort();
            // Connections are dropped with their task; each says then how its exchange ended.
            proxying.await.ok();
        }
        // The rest is written and derived while viewers can still see it; then the files are
        // closed, and nobody reads them.
        let closing = async {
            let written = tokio::task::spawn_blocking(move || {
                let log = writer.finish();
                (log, deriving.finish(Instant::now() + CATCHING_UP))
            });
            let written = written.await;
            rpc_stopper.stop();
            if let Ok(Err(error)) = serving.await {
                warn!(%error, "serving viewers failed");
            }
            readers.close();
            let closed = tokio::task::spawn_blocking(move || {
                drop(upkeep);
                let (log, index) = written.map_err(io::Error::other)?;
                let until = Instant::now() + CATCHING_UP;
                // The log last: it notes what both look like.
                let index = index.and_then(|index| Ok(index.close(until)?));
                log.and_then(|log| log.close(until)).and(index)
            });
            if let Ok(Err(error)) = closed.await {
                warn!(%error, "the store could not be closed in order; nothing of it is lost");
            }
        };
        if timeout(CLOSING, closing).await.is_err() {
            warn!("the disk is slow: the store is left as it is; nothing of it is lost");
        }
    });
    info!("stopped");
    Ok(())
}

/// Where nothing else looks at the clock, a jump of it is still told within about a second.
async fn watch_clock(recorder: Recorder) {
    loop {
        recorder.look_at_clock();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Never, where there is no leash.
async fn end_of(leash: Option<stdin::Lines>) {
    match leash {
        Some(mut leash) => leash.end().await,
        None => std::future::pending().await,
    }
}

/// Says on stdout that traffic is accepted.
fn announce(proxy: &str, socket: &Path) -> Result<(), Failure> {
    let ready = json::line(&serde_json::json!({
        "event": "ready",
        "proxy": proxy,
        "socket": socket.to_string_lossy(),
        "pid": std::process::id(),
    }))?;
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{ready}").and_then(|()| stdout.flush()) {
        // Whoever started us has left already, and does not want to know.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// Kept so that they do not end the process: a terminal that closes, and a file that grows over
    /// its limit.
    _ignored: [Signal; 2],
}

impl Signals {
    fn listen() -> io::Result<Self> {
        const SIGXFSZ: i32 = 25;
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            _ignored: [signal(SignalKind::hangup())?, signal(SignalKind::from_raw(SIGXFSZ))?],
        })
    }

    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Each exchange has two sockets; the default limit of 1024 files is soon reached.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Without it there are fewer connections, and the accept loop says so.
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).ok();
}
