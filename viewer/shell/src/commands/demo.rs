//! `demo`: all of ccdump to see, without a key or a network.

use std::future;

use ccdump_client::{
    json,
    link::{Cursor, Link, OnReset, Update, watch},
    output::{Output, closed, say},
};
use ccdump_wire::v1::Filter;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

use super::attach;
use crate::{
    Look, cli,
    demo::{Demo, Summary},
    failure::Failure,
};

pub async fn run(options: cli::Demo, look: Look) -> Result<(), Failure> {
    let pace = options.pace.unwrap_or(if options.headless { 0 } else { 100 });
    // On the screen signals are taken like keys.
    if !options.headless && attach::has_screen() {
        let demo = Demo::start(pace).await?;
        let shown = attach::show(demo.socket(), look).await;
        demo.finish(options.keep).await?;
        return shown;
    }
    let interrupted = interrupted();
    tokio::pin!(interrupted);
    let mut demo = tokio::select! {
        started = Demo::start(pace) => started?,
        () = &mut interrupted => return Err(Failure::Interrupted),
    };
    let data_dir = demo.data_dir().to_owned();
    let shown = tokio::select! {
        shown = show(&mut demo, pace, &options) => shown,
        () = &mut interrupted => Err(Failure::Interrupted),
    };
    demo.finish(options.keep).await?;
    if options.keep && !options.json {
        let dir = data_dir.display();
        say(&format!(
            "the record is in {dir}; look at it with: ccdumpd start --listen 127.0.0.1:0 --data-dir {dir}"
        ));
    }
    shown
}

async fn show(demo: &mut Demo, pace: u32, options: &cli::Demo) -> Result<(), Failure> {
    let mut output = Output::stdout();
    if !options.headless {
        return follow(demo, pace, output).await;
    }
    let summary = demo.played().await?;
    if options.json {
        let data_dir = demo.data_dir();
        let Summary { exchanges, events, .. } = summary;
        output.json(&json::Demo { exchanges, agents: summary.agents(), events, data_dir })?;
    } else {
        output.text(&summary.in_words())?;
    }
    Ok(output.flush()?)
}

/// The conversation as plain text, while it goes on.
async fn follow(demo: &mut Demo, pace: u32, output: Output) -> Result<(), Failure> {
    // What takes no time cannot be followed: it is told in order when it is over.
    let last = if pace == 0 { Some(demo.played().await?.events) } else { None };
    let socket = demo.socket().to_owned();
    let link = Link::connect(&socket).await?;
    let cursor = Cursor { epoch: link.hello().epoch.clone(), seq: 0 };
    let filter = Filter { payload_all: true, payload_response_only: true, ..Filter::default() };
    let (forward, updates) = mpsc::channel(1);
    let log = watch(link.clone(), socket, cursor, filter, OnReset::FromStart);
    let relay = async {
        relay_to_the_end(log, last, forward, demo).await?;
        // The talk ends by itself when it has told all.
        future::pending().await
    };
    tokio::select! {
        told = ccdump_client::talk(link, updates, output) => Ok(told?),
        failed = relay => failed,
        () = closed() => Err(Failure::Asked(ccdump_client::Failure::OutputClosed)),
    }
}

/// Hands the log on up to its `last` event, and then lets go of `forward`. While that is not known,
/// the demo is waited for.
async fn relay_to_the_end(
    mut log: mpsc::Receiver<Update>,
    mut last: Option<u64>,
    forward: mpsc::Sender<Update>,
    demo: &mut Demo,
) -> Result<(), Failure> {
    let played = demo.played();
    tokio::pin!(played);
    let mut seen = 0;
    while last.is_none_or(|last| seen < last) {
        tokio::select! {
            summary = &mut played, if last.is_none() => last = Some(summary?.events),
            update = log.recv() => {
                let Some(update) = update else { return Ok(()) };
                if let Update::Events { cursor, .. } = &update {
                    seen = cursor.seq;
                }
                if forward.send(update).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// Completes when somebody wants this to end: what was started is ended then, and what was made
/// removed.
async fn interrupted() {
    let wanted = async |kind| match signal(kind) {
        Ok(mut signal) => signal.recv().await,
        Err(_) => future::pending().await,
    };
    tokio::select! {
        _ = wanted(SignalKind::interrupt()) => {}
        _ = wanted(SignalKind::terminate()) => {}
        _ = wanted(SignalKind::hangup()) => {}
    }
}
