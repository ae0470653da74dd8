//! The daemon as a background service: `start`, `stop`, `status`, `logs`.

use std::{
    fs::OpenOptions,
    io::{self, BufRead as _, BufReader, ErrorKind, IsTerminal as _, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use ccdump_wire::{connect, json as json_text, v1, v1::ccdump_service_client::CcdumpServiceClient};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::json;

use crate::{
    Failure, lock, logging, private,
    settings::{Place, Settings},
};

/// Longer than the daemon gives exchanges that are under way.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

/// Starts a daemon in the background and waits until it accepts traffic. One that runs already is
/// fine, if it is as this one would be.
pub fn start(settings: &Settings) -> Result<(), Failure> {
    let place = &settings.place;
    if let Some(pid) = lock::holder(&place.data_dir) {
        return runs_already(settings, pid);
    }
    settings.warnings.iter().for_each(|warning| eprintln!("ccdumpd: warning: {warning}"));
    let log = open_start_log(place)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("serve").args(settings.arguments()).envs(settings.variables());
    // Of its own process group: Ctrl-C in this terminal is not meant for it.
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log.try_clone()?)
        .process_group(0)
        .current_dir("/")
        .spawn()?;
    let mut ready = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut ready)?;
    }
    if ready.is_empty() {
        let ended = child.wait()?;
        // As it would have been without us in between: 2 says that it was asked for something that
        // makes no sense.
        let code = ended
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .filter(|code| *code != 0)
            .unwrap_or(1);
        return Err(Failure { message: why_not_started(place), code });
    }
    if io::stdout().is_terminal() {
        let proxy = serde_json::from_str::<serde_json::Value>(&ready).ok();
        let proxy = proxy.as_ref().and_then(|ready| ready["proxy"].as_str()).unwrap_or_default();
        print(&format!(
            "ccdumpd (pid {}) is ready; point an agent at {proxy}, e.g. ANTHROPIC_BASE_URL={proxy} claude",
            child.id()
        ))
    } else {
        print(ready.trim_end())
    }
}

/// Says so, or what is different about it.
fn runs_already(settings: &Settings, pid: u32) -> Result<(), Failure> {
    let place = &settings.place;
    let other = |differences: String| Failure {
        message: format!(
            "a daemon (pid {pid}) runs already, with other settings: {differences}; end it first with `ccdumpd stop`, or start without \
             these options"
        ),
        code: 1,
    };
    let asked = ask(&place.find_socket(), settings.token.clone());
    match asked {
        Ok(running) => match settings.differences(&running).as_slice() {
            [] => print(&format!("a daemon (pid {pid}) runs already; `ccdumpd status` shows it")),
            differences => Err(other(differences.join("; "))),
        },
        Err(_) if place.socket.is_some() => {
            Err(other(format!("its socket is not {}", place.find_socket().display())))
        }
        // It may be starting just now: then its settings are not to be had.
        Err(_) => print(&format!("a daemon (pid {pid}) runs already; `ccdumpd status` shows it")),
    }
}

/// What the daemon says before it logs goes here.
fn open_start_log(place: &Place) -> Result<std::fs::File, Failure> {
    lock::make_folder(&place.data_dir)?;
    Ok(private::open(
        OpenOptions::new().create(true).truncate(true).write(true),
        &start_log(place),
    )?)
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
    let process =
        i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(|| no_daemon(place))?;
    kill_process(process, Signal::TERM)?;
    let deadline = Instant::now() + STOP_TIMEOUT;
    while lock::holder(&place.data_dir) == Some(pid) && test_kill_process(process).is_ok() {
        if Instant::now() > deadline {
            let message = format!(
                "the daemon (pid {pid}) has not ended in {} s; `ccdumpd logs` may say why",
                STOP_TIMEOUT.as_secs()
            );
            return Err(Failure { message, code: 1 });
        }
        thread::sleep(POLL);
    }
    print(&format!("ccdumpd (pid {pid}) has stopped"))
}

/// Prints how the daemon is doing.
pub fn status(place: &Place, json: bool) -> Result<(), Failure> {
    let status = ask(&place.find_socket(), None).map_err(|reason| {
        let mut failure = no_daemon(place);
        if lock::holder(&place.data_dir).is_some() {
            failure.message = format!("a daemon runs, but does not answer: {reason}");
        }
        failure
    })?;
    let state = if status.paused.is_some() { "paused" } else { "recording" };
    let settings = status.settings.unwrap_or_default();
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
            "listen": settings.listen,
            "upstreams": settings.upstreams,
            "allow_hosts": settings.allow_hosts,
            "allow_origins": settings.allow_origins,
            "token_required": settings.token_required,
            "insecure_listen": settings.insecure_listen,
            "outbound_proxies": settings.outbound_proxies,
            "no_proxy": settings.no_proxy,
            "warnings": status.warnings,
            "notice": status.notice,
        });
        return print(&json_text::line(&status)?);
    }
    let mut lines = vec![
        format!(
            "state      {}",
            status
                .paused
                .as_ref()
                .map_or_else(|| state.to_owned(), |why| format!("recording is paused: {why}"))
        ),
        format!(
            "proxy      {}{}",
            status.proxy,
            if settings.token_required { ", asks for its token" } else { "" }
        ),
        format!("exchanges  {}", status.exchanges),
        format!("events     {}", status.head_seq),
        format!("store      {} in {}", megabytes(status.store_bytes), status.data_dir),
        format!("viewers    {}", status.viewers),
        format!("memory     {}", status.rss_bytes.map_or_else(|| "unknown".to_owned(), megabytes)),
        format!(
            "process    {}, version {}, up {} s",
            status.pid,
            status.version,
            status.uptime_us / 1_000_000
        ),
        format!("socket     {}", status.socket),
    ];
    if status.gap_bytes > 0 {
        lines.insert(
            1,
            format!(
                "missing    {} went through unrecorded since the start",
                megabytes(status.gap_bytes)
            ),
        );
    }
    for (title, values) in [
        ("upstreams  ", settings.upstreams),
        ("allowed    ", [settings.allow_hosts, settings.allow_origins].concat()),
        ("via        ", settings.outbound_proxies),
        ("no proxy   ", settings.no_proxy),
    ] {
        if !values.is_empty() {
            lines.push(format!("{title}{}", values.join(", ")));
        }
    }
    if let Some(notice) = &status.notice {
        lines.insert(1, format!("notice     {notice}"));
    }
    lines.extend(status.warnings.iter().map(|warning| format!("warning    {warning}")));
    print(&lines.join("\n"))
}

/// The daemon's own words about itself. `token`: is this the one?
pub fn ask(socket: &Path, token: Option<String>) -> Result<v1::StatusResponse, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let channel = connect::unix(socket).await.map_err(|error| error.to_string())?;
        let answer = CcdumpServiceClient::new(channel).status(v1::StatusRequest { token }).await;
        answer.map(tonic::Response::into_inner).map_err(|status| status.message().to_owned())
    })
}

/// Prints the newest lines of the log.
pub fn logs(place: &Place, lines: usize) -> Result<(), Failure> {
    match logging::tail(&place.log_file(), lines) {
        Ok(lines) => print(&lines.join("\n")),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Failure {
            message: format!(
                "no daemon has run in {} yet; start one with `ccdumpd start`",
                place.data_dir.display()
            ),
            code: 1,
        }),
        Err(error) => Err(error.into()),
    }
}

pub fn no_daemon(place: &Place) -> Failure {
    Failure::no_daemon(format!(
        "no daemon runs on {}; start one with `ccdumpd start`",
        place.data_dir.display()
    ))
}

/// Prints a line; whoever does not want to read it may leave.
pub fn print(text: &str) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed?),
    }
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
