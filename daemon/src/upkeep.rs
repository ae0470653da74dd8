//! `verify` and `reindex`.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::Path,
    thread,
    time::Duration,
};

use ccdump_wire::{connect, json as json_text, v1, v1::ccdump_service_client::CcdumpServiceClient};

use crate::{
    Failure, derive,
    lock::{self, FolderLock},
    service::{ask, print},
    settings::Place,
    store::{Files, opening, verify},
};

/// Between two looks how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Looks through the store and prints what was found.
pub fn verify(place: &Place, json: bool) -> Result<(), Failure> {
    let files = Files::new(&place.data_dir);
    if !files.canonical().exists() {
        return Err(nothing_recorded(place));
    }
    let report = verify::verify(&files);
    if json {
        print(&json_text::line(&report)?)?;
    } else {
        let mut lines: Vec<String> = report
            .problems
            .iter()
            .map(|problem| format!("{}: {}", problem.file, problem.what))
            .collect();
        if report.more_problems > 0 {
            lines.push(format!("and {} more", report.more_problems));
        }
        let (events, bodies, packs) = (report.events, report.bodies, report.packs);
        let found = if report.whole { "all of it is whole" } else { "damaged" };
        lines.push(format!("{events} events, {bodies} bodies, {packs} packs: {found}"));
        if report.missing_bytes > 0 {
            lines.push(format!(
                "{} bytes of bodies are said to be missing in it",
                report.missing_bytes
            ));
        }
        print(&lines.join("\n"))?;
    }
    if report.whole {
        return Ok(());
    }
    let message = format!(
        "the record in {} is damaged; a daemon that runs on it mends it by itself, and what cannot be read is named",
        place.data_dir.display()
    );
    Err(Failure { message, code: 1 })
}

/// Has the index made anew, by the daemon if one runs, and waits for it.
pub fn reindex(place: &Place) -> Result<(), Failure> {
    let files = Files::new(&place.data_dir);
    if !files.canonical().exists() {
        return Err(nothing_recorded(place));
    }
    if lock::holder(&place.data_dir).is_some() {
        let socket = place.find_socket();
        let head = ask_to_reindex(&socket).map_err(|message| Failure { message, code: 1 })?;
        wait_for_rows(&socket, head).map_err(|message| Failure { message, code: 1 })?;
    } else {
        let _lock = FolderLock::take(&place.data_dir)?;
        let now_us = crate::capture::Clock::system().now_us();
        let log = opening::open(&files, now_us)?.log;
        derive::rebuild(&files, &log)?;
        log.close(std::time::Instant::now())?;
    }
    print("the index is whole")
}

/// Gives the event with which the rows will be whole again.
fn ask_to_reindex(socket: &Path) -> Result<u64, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let channel = connect::unix(socket).await.map_err(|error| error.to_string())?;
        let answer = CcdumpServiceClient::new(channel).reindex(v1::ReindexRequest {}).await;
        answer
            .map(|answer| answer.into_inner().head_seq)
            .map_err(|status| status.message().to_owned())
    })
}

fn wait_for_rows(socket: &Path, head: u64) -> Result<(), String> {
    let is_watched = io::stderr().is_terminal();
    loop {
        let status = ask(socket, None)?;
        if is_watched {
            let notice = status.notice.unwrap_or_default();
            write!(io::stderr(), "\r{notice}\x1b[K").ok();
        }
        if status.derived_seq >= head {
            if is_watched {
                write!(io::stderr(), "\r\x1b[K").ok();
            }
            return Ok(());
        }
        thread::sleep(LOOK_EVERY);
    }
}

fn nothing_recorded(place: &Place) -> Failure {
    let message =
        format!("there is no record in {}; `ccdumpd start` begins one", place.data_dir.display());
    Failure { message, code: 1 }
}
