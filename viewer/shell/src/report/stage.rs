//! A viewer without a terminal: the real state, given what it would have been given at each time.

use std::collections::{BTreeSet, VecDeque};

use ccdump_client::link::LinkError;
use ccdump_model::record::as_of;
use ccdump_record::{ClosedBy, Detail, Ended, Event as LogEvent, Exchange};
use ccdump_state::{DaemonEvent, Effect, Event, Pressed, State, keymap::Key};
use jiff::tz::TimeZone;

use super::{Report, Source};
use crate::Look;

/// A screen larger than this is no terminal's.
const LARGEST: (u16, u16) = (1000, 500);
/// What was fetched may show that more has to be fetched, but not for ever.
const ROUNDS: usize = 200;

pub struct Stage {
    pub state: State,
    rows: Vec<Exchange>,
    keys: VecDeque<Pressed>,
    /// How many keys there were.
    all: usize,
    followed: BTreeSet<u64>,
    now_us: i64,
    made_at_us: i64,
    is_over: bool,
}

impl Stage {
    /// The screen at which the report begins. What it shows has to be fetched: [`Self::settle`].
    pub fn new(report: &Report, look: Look) -> Self {
        let zone = TimeZone::get(&report.zone).unwrap_or(TimeZone::UTC);
        let (width, height) = (report.width.clamp(1, LARGEST.0), report.height.clamp(1, LARGEST.1));
        let now_us = report.begun_at_us;
        let mut stage = Self {
            state: State::new(width, height, now_us, zone, look.lines, look.rows),
            rows: report.rows.clone(),
            keys: report.keys.iter().cloned().collect(),
            all: report.keys.len(),
            followed: BTreeSet::new(),
            now_us,
            made_at_us: report.made_at_us,
            is_over: false,
        };
        let (build, proxy) = (report.daemon.clone(), report.proxy.clone());
        stage.tell(Event::Daemon(DaemonEvent::Connected { build, proxy, started_ms: None }));
        stage.tell(Event::Held {
            name: report.name.clone(),
            saved: true,
            state: Some(report.state.bytes()),
        });
        stage.tell_rows();
        stage.tell(Event::Daemon(DaemonEvent::SnapshotEnd));
        stage
    }

    /// The key that is pressed next.
    pub fn next(&self) -> Option<&Pressed> {
        self.keys.front()
    }

    /// How many keys were pressed, of how many.
    pub fn progress(&self) -> (usize, usize) {
        (self.all - self.keys.len(), self.all)
    }

    /// The screen is the one at which the report was made.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Presses the next key; after the last one, goes to the time when the report was made.
    pub async fn step(&mut self, source: &mut Source) -> Result<(), LinkError> {
        let Some(Pressed { at_us, key }) = self.keys.pop_front() else {
            self.is_over = true;
            let until = self.made_at_us.max(self.now_us);
            return self.wait(until, source).await;
        };
        let at_us = at_us.max(self.now_us);
        self.wait(at_us, source).await?;
        // A key of a version that knew others is passed over.
        if let Some(key) = Key::parse(&key) {
            let effects = self.state.update(at_us, Event::Key(key));
            self.work(effects, source).await?;
        }
        Ok(())
    }

    /// Fetches all that is on the screen.
    pub async fn settle(&mut self, source: &mut Source) -> Result<(), LinkError> {
        self.work(Vec::new(), source).await
    }

    async fn wait(&mut self, until_us: i64, source: &mut Source) -> Result<(), LinkError> {
        self.now_us = until_us;
        self.tell(Event::Tick);
        self.tell_rows();
        self.settle(source).await
    }

    /// The index as it was.
    fn tell_rows(&mut self) {
        let now_us = self.now_us;
        let row =
            |row: &Exchange| if self.is_over { Some(row.clone()) } else { as_of(row, now_us) };
        let rows = self.rows.iter().filter_map(row).collect();
        self.tell(Event::Daemon(DaemonEvent::Rows(rows)));
    }

    fn tell(&mut self, event: Event) {
        // What is to be fetched is asked for when the screen is arranged.
        let _ = self.state.update(self.now_us, event);
    }

    async fn work(
        &mut self,
        mut effects: Vec<Effect>,
        source: &mut Source,
    ) -> Result<(), LinkError> {
        for _ in 0..ROUNDS {
            effects.extend(self.state.arrange());
            let mut news = Vec::new();
            for effect in std::mem::take(&mut effects) {
                match effect {
                    Effect::Follow(exchanges) => self.follow(exchanges, source, &mut news).await?,
                    effect => news.extend(source.answer(effect).await?),
                }
            }
            if news.is_empty() {
                return Ok(());
            }
            for event in news {
                effects.extend(self.state.update(self.now_us, event));
            }
        }
        Ok(())
    }

    /// Of an exchange that was under way, but is not any more, it is not known what had streamed
    /// when.
    async fn follow(
        &mut self,
        exchanges: BTreeSet<u64>,
        source: &mut Source,
        news: &mut Vec<Event>,
    ) -> Result<(), LinkError> {
        let is_open = |row: &Exchange| row.end_state.is_none();
        for exchange in exchanges.difference(&self.followed) {
            if self.rows.iter().any(|row| row.id == *exchange && is_open(row)) {
                news.push(source.stream(*exchange).await?);
            } else {
                news.push(one(*exchange, Detail::Unknown(String::new())));
            }
        }
        for exchange in self.followed.difference(&exchanges) {
            if !self.state.roster.row(*exchange).is_some_and(is_open) {
                news.push(one(*exchange, Detail::Ended(Ended::by(ClosedBy::Finished))));
            }
        }
        self.followed = exchanges;
        Ok(())
    }
}

fn one(exchange: u64, detail: Detail) -> Event {
    Event::Live { exchange, events: vec![LogEvent::of(exchange, detail)] }
}
