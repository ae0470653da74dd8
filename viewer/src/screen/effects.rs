//! Does what the state asks for.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};

use super::{clipboard, fetch, log, terminal::Screen};
use crate::{
    failure::Failure,
    link::Link,
    state::{Effect, Event, component},
    text::units,
};

/// How long a viewer that leaves waits for its state to be kept.
const LAST_SAVE: Duration = Duration::from_millis(500);

/// What comes in. Some of it is of use here as well as for the state.
pub(super) enum Incoming {
    Event(Event),
    /// The daemon can be reached (again).
    Connected(Box<Link>, Event),
    /// The view state can be kept under a name; the lease is empty when it cannot.
    Held(Box<Link>, String, Event),
}

impl From<Event> for Incoming {
    fn from(event: Event) -> Self {
        Self::Event(event)
    }
}

pub(super) struct Effects {
    incoming: mpsc::Sender<Incoming>,
    link: Link,
    followed: BTreeMap<u64, JoinHandle<()>>,
    saver: Option<Saver>,
}

struct Saver {
    newest: watch::Sender<Vec<u8>>,
    task: JoinHandle<()>,
}

impl Effects {
    pub(super) fn new(incoming: mpsc::Sender<Incoming>, link: Link) -> Self {
        Self { incoming, link, followed: BTreeMap::new(), saver: None }
    }

    /// Takes what is of use here; gives the event.
    pub(super) fn see(&mut self, incoming: Incoming) -> Event {
        match incoming {
            Incoming::Event(event) => event,
            Incoming::Connected(link, event) => {
                self.link = *link;
                // Streams that broke off go on; of those that ended everything is known.
                self.followed.retain(|_, task| !task.is_finished());
                event
            }
            Incoming::Held(link, lease, event) => {
                self.saver = (!lease.is_empty()).then(|| Saver::start(*link, lease));
                event
            }
        }
    }

    /// True when the viewer is to leave.
    pub(super) fn run(&mut self, effects: Vec<Effect>, screen: &mut Screen) -> Result<bool, Failure> {
        let mut leave = false;
        for effect in effects {
            match effect {
                Effect::Fetch { exchange, wanted } => {
                    self.spawn(fetch::exchange(self.link.clone(), exchange, wanted));
                }
                Effect::FetchBlocks { exchange, side, blocks } => {
                    self.spawn(fetch::blocks(self.link.clone(), exchange, side, blocks));
                }
                Effect::Follow(exchanges) => self.follow(&exchanges),
                Effect::Save(state) => {
                    if let Some(saver) = &self.saver {
                        saver.newest.send_replace(state);
                    }
                }
                Effect::Copy(text) => {
                    let copied = clipboard::sequence(&text);
                    if let Ok(sequence) = &copied {
                        screen.pass(sequence)?;
                    }
                    let said = copied.map(|_| units::bytes(text.len() as u64));
                    self.spawn(std::future::ready(Some(Event::Copied(said))));
                }
                Effect::Redraw => screen.redraw()?,
                Effect::Suspend => screen.suspend()?,
                Effect::Leave => leave = true,
            }
        }
        Ok(leave)
    }

    /// Waits until the view state is kept.
    pub(super) async fn finish(self) {
        if let Some(Saver { newest, task }) = self.saver {
            drop(newest);
            if timeout(LAST_SAVE, task).await.is_err() {
                log::line("the view state was not saved in time");
            }
        }
    }

    fn follow(&mut self, exchanges: &BTreeSet<u64>) {
        self.followed.retain(|exchange, task| {
            let stays = exchanges.contains(exchange);
            if !stays {
                task.abort();
            }
            stays
        });
        for exchange in exchanges {
            self.followed
                .entry(*exchange)
                .or_insert_with(|| tokio::spawn(fetch::follow(self.link.clone(), *exchange, self.incoming.clone())));
        }
    }

    fn spawn(&self, work: impl Future<Output = Option<Event>> + Send + 'static) {
        let incoming = self.incoming.clone();
        tokio::spawn(async move {
            if let Some(event) = work.await {
                // Nobody is there any more to hear of it.
                let _ = incoming.send(event.into()).await;
            }
        });
    }
}

impl Saver {
    /// Keeps the newest state; what it replaces while the one before is still under way is never sent.
    fn start(mut link: Link, lease: String) -> Self {
        let (newest, mut states) = watch::channel(Vec::new());
        let task = tokio::spawn(async move {
            while states.changed().await.is_ok() {
                let state = states.borrow_and_update().clone();
                if let Err(error) = link.save_view(lease.clone(), component::SCHEMA, state).await {
                    log::line(&format!("the view state was not saved: {error}"));
                }
            }
        });
        Self { newest, task }
    }
}
