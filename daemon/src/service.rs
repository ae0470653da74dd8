//! The daemon as a background service: `start`, `stop`, `status`, `logs`.

use std::{
    fs::OpenOptions,
    io::{self, BufRead as _, BufReader, ErrorKind, IsTerminal as _, Write as _},
    os::unix::{fs::OpenOptionsExt as _, process::CommandExt as _},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use ccdump_wire::{connect, v1, v1::ccdump_service_client::CcdumpServiceClient};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::json;

use crate::{
    Failure, lock, logging,
    settings::{Place, Settings},
};

/// Longer than the daemon gives exchanges that are under way.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

/// Starts a daemon in the background and waits until it accepts traffic. One that runs already is fine.
pub fn start(settings: &Settings) -> Result<(), Failure> {
    let place = &settings.place;
    if let Some(pid) = lock::holder(&place.data_dir) {
        return print(&format!("a daemon (pid {pid}) runs already; `ccdumpd status` shows it"));
    }
    let log = open_start_log(place)?;
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("serve")
        .arg("--listen")
        .arg(&settings.listen)
        .arg("--data-dir")
        .arg(&place.data_dir)
        .arg("--socket")
        .arg(&place.socket);
    for upstream in &settings.upstream {
        command.arg("--upstream").arg(upstream);
    }
    // Of its own process group: Ctrl-C in this terminal is not meant for it.
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log.try_clone()?).process_group(0).current_dir("/").spawn()?;
    let mut ready = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut ready)?;
    }
    if ready.is_empty() {
        child.wait()?;
        return Err(Failure { message: why_not_started(place), code: 1 });
    }
    if io::stdout().is_terminal() {
        let proxy = serde_json::from_str::<serde_json::Value>(&ready).ok();
        let proxy = proxy.as_ref().and_then(|ready| ready["proxy"].as_str()).unwrap_or_default();
        print(&format!("ccdumpd (pid {}) is ready; point an agent at {proxy}, e.g. ANTHROPIC_BASE_URL={proxy} claude", child.id()))
    } else {
        print(ready.trim_end())
    }
}

/// What the daemon says before it logs goes here.
fn open_start_log(place: &Place) -> Result<std::fs::File, Failure> {
    std::fs::create_dir_all(&place.data_dir).map_err(|source| lock::LockError::Folder { dir: place.data_dir.clone(), source })?;
    let path = start_log(place);
    Ok(OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)?)
}

fn start_log(place: &Place) -> std::path::PathBuf {
    place.data_dir.join("ccdumpd.start.log")
}

fn why_not_started(place: &Place) -> String {
    let last = logging::tail(&start_log(place), 1).ok().and_then(|lines| lines.into_iter().next());
    match last {
        Some(line) => line.strip_prefix("ccdumpd: ").unwrap_or(&line).to_owned(),
        None => "the daemon did not start and gave no reason".to_owned(),
    }
}

/// Ends the daemon and waits until it is gone.
pub fn stop(place: &Place) -> Result<(), Failure> {
    let pid = lock::holder(&place.data_dir).ok_or_else(|| no_daemon(place))?;
    let process = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(|| no_daemon(place))?;
    kill_process(process, Signal::TERM)?;
    let deadline = Instant::now() + STOP_TIMEOUT;
    while lock::holder(&place.data_dir) == Some(pid) && test_kill_process(process).is_ok() {
        if Instant::now() > deadline {
            let message =
                format!("the daemon (pid {pid}) has not ended in {} s; `ccdumpd logs` may say why", STOP_TIMEOUT.as_secs());
            return Err(Failure { message, code: 1 });
        }
        thread::sleep(POLL);
    }
    print(&format!("ccdumpd (pid {pid}) has stopped"))
}

/// Prints how the daemon is doing.
pub fn status(place: &Place, json: bool) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let status = runtime.block_on(ask(&place.socket)).map_err(|reason| {
        let mut failure = no_daemon(place);
        if lock::holder(&place.data_dir).is_some() {
            failure.message = format!("a daemon runs, but does not answer: {reason}");
        }
        failure
    })?;
    let state = if status.paused.is_some() { "paused" } else { "recording" };
    if json {
        let status = json!({
            "state": state,
            "pid": status.pid,
            "version": status.version,
            "uptime_s": status.uptime_us / 1_000_000,
            "proxy": status.proxy,
            "socket": status.socket,
            "data_dir": status.data_dir,
            "store_bytes": status.store_bytes,
            "canonical_bytes": status.canonical_bytes,
            "derived_bytes": status.derived_bytes,
            "exchanges": status.exchanges,
            "head_seq": status.head_seq,
            "derived_seq": status.derived_seq,
            "viewers": status.viewers,
            "rss_bytes": status.rss_bytes,
            "gap_bytes": status.gap_bytes,
            "paused": status.paused,
        });
        return print(&status.to_string());
    }
    let mut lines = vec![
        format!(
            "state      {}",
            status.paused.as_ref().map_or_else(|| state.to_owned(), |why| format!("recording is paused: {why}"))
        ),
        format!("proxy      {}", status.proxy),
        format!("exchanges  {}", status.exchanges),
        format!("events     {}", status.head_seq),
        format!("store      {} in {}", megabytes(status.store_bytes), status.data_dir),
        format!("viewers    {}", status.viewers),
        format!("memory     {}", status.rss_bytes.map_or_else(|| "unknown".to_owned(), megabytes)),
        format!("process    {}, version {}, up {} s", status.pid, status.version, status.uptime_us / 1_000_000),
        format!("socket     {}", status.socket),
    ];
    if status.gap_bytes > 0 {
        lines.insert(1, format!("missing    {} went through unrecorded since the start", megabytes(status.gap_bytes)));
    }
    print(&lines.join("\n"))
}

async fn ask(socket: &Path) -> Result<v1::StatusResponse, String> {
    let channel = connect::unix(socket).await.map_err(|error| error.to_string())?;
    let answer = CcdumpServiceClient::new(channel).status(v1::StatusRequest {}).await;
    answer.map(tonic::Response::into_inner).map_err(|status| status.message().to_owned())
}

/// Prints the newest lines of the log.
pub fn logs(place: &Place, lines: usize) -> Result<(), Failure> {
    match logging::tail(&place.log_file(), lines) {
        Ok(lines) => print(&lines.join("\n")),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Failure {
            message: format!("no daemon has run in {} yet; start one with `ccdumpd start`", place.data_dir.display()),
            code: 1,
        }),
        Err(error) => Err(error.into()),
    }
}

fn no_daemon(place: &Place) -> Failure {
    Failure::no_daemon(format!("no daemon runs on {}; start one with `ccdumpd start`", place.data_dir.display()))
}

/// Prints a line; whoever does not want to read it may leave.
fn print(text: &str) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed?),
    }
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
