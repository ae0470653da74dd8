//! `tail`: the log from a point on and live, through restarts of the daemon; as JSON, or as a
//! conversation.

use std::{path::PathBuf, time::Duration};

use ccdump_wire::v1::Filter;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{Instant, timeout_at},
};

use crate::{
    commands::talk::Talk,
    failure::Failure,
    json::{TailEvent, TailGap, TailReset},
    link::{Cursor, Link, OnReset, Update, watch},
    options::Tail,
    output::{Output, closed, say},
};

pub async fn run(socket: PathBuf, options: Tail) -> Result<(), Failure> {
    let link = Link::connect(&socket).await?;
    let head = link.hello().head_seq;
    let cursor = Cursor { epoch: link.hello().epoch.clone(), seq: options.from.unwrap_or(head) };
    // Who asked for history wants that of another log, too; who did not, does not.
    let on_reset = if options.from.is_some() { OnReset::FromStart } else { OnReset::Live };
    let mut filter = Filter { session: options.session.clone(), ..Default::default() };
    let mut idle = Idle::new(options.until_idle, head);
    idle.reached(&cursor);
    let output = Output::stdout();
    let follow = async {
        if options.json {
            events(watch(link, socket, cursor, filter, on_reset), idle, output).await
        } else {
            filter.payload_all = true;
            filter.payload_response_only = true;
            let talk = Talk::new(link.clone(), head, output);
            talk.run(watch(link, socket, cursor, filter, on_reset), idle).await
        }
    };
    tokio::select! {
        followed = follow => followed,
        () = closed() => Err(Failure::OutputClosed),
        () = interrupted() => Err(Failure::Interrupted),
    }
}

/// Completes at Ctrl-C: what is being written then is written to its end, so that the terminal is
/// left as it was.
async fn interrupted() {
    match signal(SignalKind::interrupt()) {
        Ok(mut interrupt) => drop(interrupt.recv().await),
        Err(_) => std::future::pending().await,
    }
}

async fn events(
    mut updates: tokio::sync::mpsc::Receiver<Update>,
    mut idle: Idle,
    mut output: Output,
) -> Result<(), Failure> {
    let mut lost = false;
    while let Some(update) = idle.limit(updates.recv()).await.flatten() {
        match update {
            Update::Events { events, cursor } => {
                for event in &events {
                    output.json(&TailEvent::of(&cursor.epoch, event))?;
                }
                output.flush()?;
                idle.saw(&cursor, !events.is_empty());
            }
            Update::LogGap(gap) => {
                output.json(&TailGap {
                    kind: "log_gap",
                    from_seq: gap.from_seq,
                    to_seq: gap.to_seq,
                })?;
                output.flush()?;
            }
            Update::Reset { epoch, reason } => {
                idle.restart();
                output.json(&TailReset { kind: "reset", epoch: &epoch, reason: &reason })?;
                output.flush()?;
            }
            Update::Lost(_) | Update::Connected(_) => lost = tell(&update, lost),
            Update::Rows(_) | Update::SnapshotEnd | Update::Quiet { .. } => {}
            Update::Failed(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Says once that the daemon went away, and once that it is back. Takes and gives whether it is
/// away.
pub(super) fn tell(update: &Update, lost: bool) -> bool {
    match update {
        Update::Lost(reason) => {
            say(&format!("lost the daemon ({reason}); trying to reach it again"));
            true
        }
        Update::Connected(_) => {
            if lost {
                say("the daemon is back");
            }
            false
        }
        _ => lost,
    }
}

/// `--until-idle`: how long there may be no event, counted from the end of what was already
/// recorded.
#[derive(Debug)]
pub(super) struct Idle {
    patience: Option<Duration>,
    /// The newest event when the command started.
    history_end: u64,
    /// When to give up; `None` while history is still being read.
    deadline: Option<Instant>,
}

impl Idle {
    fn new(until_idle_ms: Option<u64>, history_end: u64) -> Self {
        Self { patience: until_idle_ms.map(Duration::from_millis), history_end, deadline: None }
    }

    /// No silence is too long.
    pub(super) fn never() -> Self {
        Self::new(None, 0)
    }

    /// The log was read to here.
    fn reached(&mut self, cursor: &Cursor) {
        if self.deadline.is_none() && cursor.seq >= self.history_end {
            self.restart();
        }
    }

    /// A batch came, with or without events.
    pub(super) fn saw(&mut self, cursor: &Cursor, events: bool) {
        if events && self.deadline.is_some() {
            self.restart();
        }
        self.reached(cursor);
    }

    /// Something goes on that shows up in no event.
    pub(super) fn restart(&mut self) {
        self.deadline = self.patience.and_then(|patience| Instant::now().checked_add(patience));
    }

    /// Waits for `future` no longer than is left; `None` when that was not long enough.
    pub(super) async fn limit<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        match self.deadline {
            Some(deadline) => timeout_at(deadline, future).await.ok(),
            None => Some(future.await),
        }
    }
}
