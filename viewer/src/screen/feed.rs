//! News from the daemon: the index, the log, the view state's name. Comes back by itself when the daemon does.

use std::path::PathBuf;

use ccdump_wire::v1::{Event as LogEvent, ExchangesRequest, Filter, event::Detail};
use tokio::sync::mpsc;

use super::effects::Incoming;
use crate::{
    link::{Cursor, Link, OnReset, Update, watch},
    state::{DaemonEvent, Event},
};

/// Rows of the index that are asked for first: enough for a first screen.
const FIRST_ROWS: u32 = 200;

/// Nobody listens any more.
struct Gone;

/// `name`: of the view state to hold.
pub(super) fn start(link: Link, socket: PathBuf, name: Option<String>, incoming: mpsc::Sender<Incoming>) {
    tokio::spawn(async move {
        let feed = Feed { incoming, name };
        // That it is over means that the viewer is leaving.
        let _ = feed.run(link, socket).await;
    });
}

struct Feed {
    incoming: mpsc::Sender<Incoming>,
    /// The view state's name, wished for or had.
    name: Option<String>,
}

impl Feed {
    async fn run(mut self, mut link: Link, socket: PathBuf) -> Result<(), Gone> {
        // Before the first frame: the screen should come up at the place where it was left.
        self.connected(&link).await?;
        self.hold(link.clone()).await?;
        let newest = ExchangesRequest { newest: Some(FIRST_ROWS), ..ExchangesRequest::default() };
        if let Ok(page) = link.exchanges(newest).await {
            self.tell(DaemonEvent::Rows(page.exchanges)).await?;
        }
        // An empty cursor: the whole index comes first.
        let cursor = Cursor { epoch: String::new(), seq: 0 };
        let filter = Filter { index: true, ..Filter::default() };
        let mut updates = watch(link, socket, cursor, filter, OnReset::Snapshot);
        let mut is_first = true;
        while let Some(update) = updates.recv().await {
            match update {
                Update::Connected(link) if !std::mem::take(&mut is_first) => {
                    self.connected(&link).await?;
                    self.hold(*link).await?;
                }
                Update::Connected(_) => {}
                Update::Rows(rows) => self.tell(DaemonEvent::Rows(rows)).await?,
                Update::SnapshotEnd => self.tell(DaemonEvent::SnapshotEnd).await?,
                Update::Events { events, .. } => self.events(&events).await?,
                Update::Quiet { paused } => self.tell(DaemonEvent::Paused(paused)).await?,
                Update::LogGap(gap) => {
                    let events = gap.to_seq.saturating_sub(gap.from_seq).saturating_add(1);
                    self.tell(DaemonEvent::LogGap { events }).await?;
                }
                Update::Reset { reason, .. } => self.tell(DaemonEvent::Reset(reason)).await?,
                Update::Lost(reason) => self.tell(DaemonEvent::Lost(reason)).await?,
                Update::Failed(error) => self.tell(DaemonEvent::Failed(error.to_string())).await?,
            }
        }
        Ok(())
    }

    async fn connected(&self, link: &Link) -> Result<(), Gone> {
        let hello = link.hello();
        let build = hello.peer.as_ref().map(|peer| peer.build.clone()).unwrap_or_default();
        let event = Event::Daemon(DaemonEvent::Connected { build, proxy: hello.proxy.clone() });
        self.send(Incoming::Connected(Box::new(link.clone()), event)).await
    }

    /// Takes a name for the view state and holds it until the daemon goes away.
    async fn hold(&mut self, mut link: Link) -> Result<(), Gone> {
        match link.hold_view(self.name.clone()).await {
            Ok(mut held) => {
                self.name = Some(held.name.clone());
                let state = held.saved.take().map(|(_, state)| state);
                let event = Event::Held { name: held.name.clone(), saved: !held.lease.is_empty(), state };
                self.send(Incoming::Held(Box::new(link), held.lease.clone(), event)).await?;
                let incoming = self.incoming.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = held.lost() => {}
                        () = incoming.closed() => {}
                    }
                });
            }
            Err(error) => super::log::line(&format!("the place is not kept: {error}")),
        }
        Ok(())
    }

    /// Of the log's events only those that are no exchange's matter here: the index tells of the others.
    async fn events(&self, events: &[LogEvent]) -> Result<(), Gone> {
        for event in events {
            match &event.detail {
                Some(Detail::RecordingPaused(paused)) => self.tell(DaemonEvent::Paused(Some(paused.reason.clone()))).await?,
                Some(Detail::RecordingResumed(resumed)) => {
                    self.tell(DaemonEvent::Paused(None)).await?;
                    self.tell(DaemonEvent::Gap { bytes: resumed.gap_bytes, exchanges: resumed.lost_exchanges }).await?;
                }
                Some(Detail::Gap(gap)) => self.tell(DaemonEvent::Gap { bytes: gap.bytes, exchanges: gap.exchanges }).await?,
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
