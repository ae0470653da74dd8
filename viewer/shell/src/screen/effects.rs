//! Does what the state asks for.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    time::Duration,
};

use ccdump_client::{link::Link, text::units};
use ccdump_host::{
    hosted::Host,
    protocol::{FromViewer, Leaving},
};
use ccdump_state::{Effect, Event, State, component, search::Question};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};

use super::{
    bring, clipboard, edit, fetch,
    follow::{self, Begin},
    former, hosted, input, log, search,
    terminal::Screen,
};
use crate::failure::Failure;

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

/// How the viewer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Leave,
    HandOver,
}

pub(super) struct Effects {
    incoming: mpsc::Sender<Incoming>,
    /// Once the daemon was reached.
    link: Option<Link>,
    host: Option<Host>,
    /// Where what streams is followed from.
    begin: Begin,
    /// The view state's name.
    name: String,
    followed: BTreeMap<u64, JoinHandle<()>>,
    /// Finds out where a text stands.
    asking: Option<JoinHandle<()>>,
    saver: Option<Saver>,
}

struct Saver {
    newest: watch::Sender<Vec<u8>>,
    task: JoinHandle<()>,
}

impl Effects {
    pub(super) fn new(
        incoming: mpsc::Sender<Incoming>,
        link: Option<Link>,
        host: Option<Host>,
        begin: Begin,
    ) -> Self {
        Self {
            incoming,
            link,
            host,
            begin,
            name: String::new(),
            followed: BTreeMap::new(),
            asking: None,
            saver: None,
        }
    }

    /// The first frame is on the screen.
    pub(super) fn ready(&self, after: Duration, state: &State) {
        if let Some(host) = &self.host {
            let notices = state.notices.iter().map(|notice| notice.text.clone()).collect();
            let first_frame_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
            host.tell(&FromViewer::Ready { first_frame_ms, restored: state.restored(), notices });
        }
    }

    /// Takes what is of use here; gives the event.
    pub(super) fn see(&mut self, incoming: Incoming) -> Event {
        match incoming {
            Incoming::Event(event) => {
                if let Event::Config(Err(why)) = &event {
                    log::line(&format!("the configuration stays as it was: {why}"));
                }
                event
            }
            Incoming::Connected(link, event) => {
                self.link = Some(*link);
                // Streams that broke off go on; of those that ended everything is known.
                self.followed.retain(|_, task| !task.is_finished());
                event
            }
            Incoming::Held(link, lease, event) => {
                if let Event::Held { name, .. } = &event {
                    self.name.clone_from(name);
                }
                self.saver = (!lease.is_empty()).then(|| Saver::start(*link, lease));
                event
            }
        }
    }

    /// Does them; gives how the viewer is to end, if it is to.
    pub(super) fn run(
        &mut self,
        effects: Vec<Effect>,
        screen: &mut Screen,
    ) -> Result<Option<End>, Failure> {
        let mut end = None;
        for effect in effects {
            match effect {
                Effect::Fetch { exchange, wanted } => {
                    if let Some(link) = self.link.clone() {
                        self.spawn(fetch::exchange(link, exchange, wanted));
                    }
                }
                Effect::Rows { agent, around } => {
                    if let Some(link) = self.link.clone() {
                        self.spawn(fetch::rows(link, agent, around));
                    }
                }
                Effect::FetchBlocks { exchange, side, blocks } => {
                    if let Some(link) = self.link.clone() {
                        self.spawn(fetch::blocks(link, exchange, side, blocks));
                    }
                }
                Effect::FetchFormer(wanted) => {
                    if let Some(link) = self.link.clone() {
                        self.spawn(former::fetch(link, wanted));
                    }
                }
                Effect::Sections { session, after } => {
                    if let Some(link) = self.link.clone() {
                        self.spawn(fetch::sections(link, session, after));
                    }
                }
                Effect::Search(question) => self.search(question),
                Effect::Bring(need) => {
                    if let Some(link) = self.link.clone() {
                        self.spawn(bring::bring(link, need));
                    }
                }
                Effect::Follow(exchanges) => self.follow(&exchanges),
                Effect::Save(state) => {
                    if let Some(host) = &self.host {
                        hosted::keep(host, &self.name, component::SCHEMA, &state);
                    }
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
                Effect::Edit { file, line } => self.lend(screen, || edit::open(&file, line))?,
                Effect::Open { text, suffix, program } => {
                    self.lend(screen, || edit::show(&text, suffix, program))?
                }
                Effect::Leave => end = Some(End::Leave),
                Effect::HandOver => end = Some(End::HandOver),
            }
        }
        Ok(end)
    }

    /// Waits until the view state is kept, and lets go of the terminal.
    pub(super) async fn finish(self, end: End, screen: Screen) -> Result<(), Failure> {
        if let Some(Saver { newest, task }) = self.saver {
            drop(newest);
            if timeout(LAST_SAVE, task).await.is_err() {
                log::line("the view state was not saved in time");
            }
        }
        if let Some(host) = &self.host {
            let why = if end == End::HandOver { Leaving::HandOver } else { Leaving::Quit };
            host.tell(&FromViewer::Leaving { why });
        }
        if end == End::HandOver {
            screen.hand_over();
        }
        Ok(())
    }

    /// Lets another program have the terminal until it ends.
    fn lend(
        &self,
        screen: &mut Screen,
        to: impl FnOnce() -> io::Result<()>,
    ) -> Result<(), Failure> {
        let tell = |busy| self.host.iter().for_each(|host| host.tell(&FromViewer::Busy { busy }));
        tell(true);
        let away = input::Away::new();
        let ended = screen.lend(to);
        drop(away);
        tell(false);
        if let Err(error) = ended? {
            self.spawn(std::future::ready(Some(Event::Copied(Err(error.to_string())))));
        }
        Ok(())
    }

    fn follow(&mut self, exchanges: &BTreeSet<u64>) {
        self.followed.retain(|exchange, task| {
            let stays = exchanges.contains(exchange);
            if !stays {
                task.abort();
            }
            stays
        });
        let Some(link) = &self.link else { return };
        for exchange in exchanges {
            let follow = || {
                tokio::spawn(follow::exchange(
                    link.clone(),
                    *exchange,
                    self.begin,
                    self.incoming.clone(),
                ))
            };
            self.followed.entry(*exchange).or_insert_with(follow);
        }
    }

    /// One question at a time: the one before is of no use any more.
    fn search(&mut self, question: Option<Question>) {
        self.asking.take().iter().for_each(JoinHandle::abort);
        let Some((question, link)) = question.zip(self.link.clone()) else { return };
        self.asking = Some(tokio::spawn(search::ask(link, question, self.incoming.clone())));
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
    /// Keeps the newest state; what it replaces while the one before is still under way is never
    /// sent.
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
