//! News from the daemon: the index, the log, the view state's name. Comes back by itself when the
//! daemon does.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use ccdump_client::{
    link::{self, Cursor, HeldView, Link, LinkError, OnReset, Update, watch},
    words,
};
use ccdump_record::{Detail, Event as LogEvent};
use ccdump_state::{DaemonEvent, Event};
use ccdump_wire::v1::{ExchangesRequest, Filter};
use tokio::{
    sync::{mpsc, watch as watch_value},
    time::sleep,
};

use super::{Options, effects::Incoming};

/// Rows of the index that are asked for first: enough for a first screen.
const FIRST_ROWS: u32 = 100;

/// How often, and after which pause, a name is asked for again.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// What the screen is missing where the daemon lacks a capability.
const MISSING: [(&str, &str); 2] = [
    ("payload", "this daemon sends no text while it streams; update it"),
    ("index", "this daemon does not tell what is new: start the viewer again to see it; update it"),
];

/// Nobody listens any more.
struct Gone;

pub(super) fn start(
    link: Option<Link>,
    socket: PathBuf,
    options: Options,
    incoming: mpsc::Sender<Incoming>,
    drawn: watch_value::Receiver<bool>,
) {
    tokio::spawn(async move {
        let feed = Feed { incoming, name: options.name, state: options.state };
        // That it is over means that the viewer is leaving.
        let _ = feed.run(link, socket, drawn).await;
    });
}

struct Feed {
    incoming: mpsc::Sender<Incoming>,
    /// The view state's name, wished for or had.
    name: Option<String>,
    /// A state that is newer than the daemon's, or all there is.
    state: Option<Vec<u8>>,
}

impl Feed {
    async fn run(
        mut self,
        link: Option<Link>,
        socket: PathBuf,
        mut drawn: watch_value::Receiver<bool>,
    ) -> Result<(), Gone> {
        let link = match link {
            Some(link) => link,
            None => self.wait_for_daemon(&socket).await?,
        };
        // Before the first frame: the screen should come up at the place where it was left. All is
        // asked for at once.
        let newest = ExchangesRequest { newest: Some(FIRST_ROWS), ..ExchangesRequest::default() };
        let mut asking = link.clone();
        let (greeted, newest) = tokio::join!(self.greet(&link), asking.exchanges(newest));
        greeted?;
        if let Ok(page) = newest {
            self.tell(DaemonEvent::Rows(page.exchanges)).await?;
        }
        // What the screen shows comes first, the rest of the index after it.
        drawn.wait_for(|drawn| *drawn).await.map_err(|_| Gone)?;
        // An empty cursor: the whole index comes first.
        let cursor = Cursor { epoch: String::new(), seq: 0 };
        let filter = Filter { index: true, ..Filter::default() };
        let mut updates = watch(link, socket, cursor, filter, OnReset::Snapshot);
        // The first stream is that of a link which is known here already.
        let mut is_lost = false;
        while let Some(update) = updates.recv().await {
            match update {
                Update::Connected(link) if std::mem::take(&mut is_lost) => {
                    self.greet(&link).await?
                }
                Update::Connected(_) => {}
                Update::Rows(rows) => self.tell(DaemonEvent::Rows(rows)).await?,
                Update::SnapshotEnd => self.tell(DaemonEvent::SnapshotEnd).await?,
                Update::Events { events, .. } => self.events(&events).await?,
                Update::Quiet { paused, notice } => {
                    self.tell(DaemonEvent::Paused(paused)).await?;
                    self.tell(DaemonEvent::Mending(notice)).await?;
                }
                Update::LogGap(gap) => {
                    let events = gap.to_seq.saturating_sub(gap.from_seq).saturating_add(1);
                    self.tell(DaemonEvent::LogGap { events }).await?;
                }
                Update::Reset { reason, .. } => self.tell(DaemonEvent::Reset(reason)).await?,
                Update::Lost(reason) => {
                    is_lost = true;
                    self.tell(DaemonEvent::Lost(reason)).await?;
                }
                Update::Failed(error) => self.tell(DaemonEvent::Failed(error.to_string())).await?,
            }
        }
        Ok(())
    }

    /// The viewer before had a daemon, and it is gone.
    async fn wait_for_daemon(&mut self, socket: &Path) -> Result<Link, Gone> {
        self.tell(DaemonEvent::Lost("there is none".to_owned())).await?;
        if let Some(state) = self.state.clone() {
            let name = self.name.clone().unwrap_or_default();
            self.send(Event::Held { name, saved: true, state: Some(state) }.into()).await?;
        }
        tokio::select! {
            link = link::patiently(socket) => Ok(link),
            () = self.incoming.closed() => Err(Gone),
        }
    }

    /// Says that the daemon is there, and takes the name for the view state.
    async fn greet(&mut self, link: &Link) -> Result<(), Gone> {
        let (mut asking, mut holding) = (link.clone(), link.clone());
        let (status, held) = tokio::join!(asking.status(), holding.hold_view(self.name.clone()));
        self.connected(link, status.ok().map(|status| status.uptime_us)).await?;
        self.hold(link.clone(), held).await
    }

    async fn connected(&self, link: &Link, uptime_us: Option<u64>) -> Result<(), Gone> {
        let hello = link.hello();
        let build = hello.peer.as_ref().map(|peer| peer.build.clone()).unwrap_or_default();
        let proxy = hello.proxy.clone();
        let started_ms = uptime_us.map(|uptime| super::now_ms().saturating_sub(uptime / 1000));
        let event = Event::Daemon(DaemonEvent::Connected { build, proxy, started_ms });
        self.send(Incoming::Connected(Box::new(link.clone()), event)).await?;
        for (capability, words) in MISSING {
            if !link.can(capability) {
                self.tell(DaemonEvent::Lacks(words.to_owned())).await?;
            }
        }
        Ok(())
    }

    /// Holds the name until the daemon goes away.
    async fn hold(
        &mut self,
        mut link: Link,
        held: Result<HeldView, LinkError>,
    ) -> Result<(), Gone> {
        let mut held = match held {
            Ok(held) => held,
            Err(error) => {
                super::log::line(&format!("the place is not kept: {error}"));
                return self.hold_without_daemon(&error).await;
            }
        };
        // Of two that were saved by the same viewer the one that it left with the host cannot be
        // older.
        let state = self.state.take().or(held.saved.take().map(|(_, state)| state));
        self.name = Some(held.name.clone());
        // The viewer that this one replaces may be on its way out: its name is free in a moment.
        let replaces = ccdump_host::hosted::is_hosted() && held.lease.is_empty();
        let event = Event::Held {
            name: held.name.clone(),
            saved: replaces || !held.lease.is_empty(),
            state,
        };
        self.send(Incoming::Held(Box::new(link.clone()), held.lease.clone(), event)).await?;
        let incoming = self.incoming.clone();
        tokio::spawn(async move {
            if replaces {
                held = again(&mut link, held).await;
                let event = Event::Held {
                    name: held.name.clone(),
                    saved: !held.lease.is_empty(),
                    state: None,
                };
                // Nobody is there any more to hear of it.
                let _ =
                    incoming.send(Incoming::Held(Box::new(link), held.lease.clone(), event)).await;
            }
            tokio::select! {
                () = held.lost() => {}
                () = incoming.closed() => {}
            }
        });
        Ok(())
    }

    /// The host keeps the place from viewer to viewer, if there is a host.
    async fn hold_without_daemon(&mut self, error: &LinkError) -> Result<(), Gone> {
        if let LinkError::Unsupported(_) = error {
            self.tell(DaemonEvent::Lacks("this daemon keeps no places; update it".to_owned()))
                .await?;
        }
        if !ccdump_host::hosted::is_hosted() {
            return Ok(());
        }
        let name = self.name.clone().unwrap_or_else(|| "main".to_owned());
        let state = self.state.take();
        self.send(Event::Held { name, saved: true, state }.into()).await
    }

    /// Of the log's events only those that are no exchange's matter here: the index tells of the
    /// others.
    async fn events(&self, events: &[LogEvent]) -> Result<(), Gone> {
        for event in events {
            match &event.detail {
                Detail::Paused(paused) => {
                    self.tell(DaemonEvent::Paused(Some(paused.reason.clone()))).await?
                }
                Detail::Resumed(resumed) => {
                    self.tell(DaemonEvent::Paused(None)).await?;
                    self.tell(DaemonEvent::Gap {
                        bytes: resumed.gap_bytes,
                        exchanges: resumed.lost_exchanges,
                    })
                    .await?;
                }
                Detail::Gap(gap) => {
                    self.tell(DaemonEvent::Gap { bytes: gap.bytes, exchanges: gap.exchanges })
                        .await?
                }
                Detail::Replaced(replaced) => {
                    self.tell(DaemonEvent::Mended(words::replaced(replaced))).await?
                }
                Detail::Salvaged(salvaged) => {
                    self.tell(DaemonEvent::Mended(words::salvaged(salvaged))).await?
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn tell(&self, event: DaemonEvent) -> Result<(), Gone> {
        self.send(Event::Daemon(event).into()).await
    }

    async fn send(&self, incoming: Incoming) -> Result<(), Gone> {
        self.incoming.send(incoming).await.map_err(|_| Gone)
    }
}

/// Tries to have the name that was taken.
async fn again(link: &mut Link, mut held: HeldView) -> HeldView {
    for _ in 0..TRIES {
        sleep(PAUSE).await;
        match link.hold_view(Some(held.name.clone())).await {
            Ok(now) => held = now,
            Err(_) => return held,
        }
        if !held.lease.is_empty() {
            break;
        }
    }
    held
}
