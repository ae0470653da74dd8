//! A moment of the record instead of what is going on now. The rows are kept in full; the state is
//! given those of the moment, and of what streams the events up to it. The clock may be played.

mod clock;
mod saved;
mod stream;
mod turn;

use std::collections::{BTreeMap, BTreeSet};

use ccdump_model::record::{AgentKey, Stage, answered_at, ended_at, stage};
use ccdump_record::{Event as LogEvent, Exchange};

use self::clock::Clock;
pub(crate) use self::stream::{LONGEST, Stream};
use crate::at::At;

/// While it plays, this much time goes by between two pictures. Microseconds.
const TICK: i64 = 33_000;
/// In a loop, the end is shown for this long before it begins anew. Microseconds.
const REST: i64 = 1_000_000;

/// Under this name the view states of moments are kept.
pub const NAME: &str = "moment";

/// The name for the view state of a viewer that was told to use `name`: a look at the past leaves
/// the place alone where one watches what goes on.
pub fn name(name: Option<String>) -> String {
    match name {
        None => NAME.to_owned(),
        // A viewer that is replaced is told the name that it had.
        Some(name) if name.ends_with(NAME) => name,
        Some(name) => format!("{name}-{NAME}"),
    }
}

pub struct Moment {
    at: At,
    is_looped: bool,
    /// The row of the exchange, until the state takes it.
    first: Option<Exchange>,
    /// Whose exchange it is. Until that is known nothing is shown.
    agent: Option<AgentKey>,
    clock: Clock,
    /// The moment that the state is of. Microseconds since the Unix epoch.
    shown_us: i64,
    /// From where to where the loop goes.
    begin_us: i64,
    end_us: i64,
    /// As they are now.
    rows: BTreeMap<u64, Exchange>,
    /// Of exchanges that are, or may soon be, in the middle of their response.
    streams: BTreeMap<u64, Stream>,
    /// What was saved is of this moment.
    is_restored: bool,
    /// The person is leaving: the next viewer begins where it is told to.
    is_left: bool,
}

impl Moment {
    /// `first`: the row of the exchange, if it is known already.
    pub fn new(at: At, is_looped: bool, first: Option<Exchange>) -> Self {
        Self {
            at,
            is_looped,
            first,
            agent: None,
            clock: Clock::new(i64::MIN, is_looped),
            shown_us: i64::MIN,
            begin_us: i64::MIN,
            end_us: i64::MIN,
            rows: BTreeMap::new(),
            streams: BTreeMap::new(),
            is_restored: false,
            is_left: false,
        }
    }

    /// The exchange is known now. One that goes on is taken to end `now_us`.
    fn know(&mut self, row: &Exchange, now_us: i64) {
        self.agent = Some(AgentKey::of(row));
        self.end_us = ended_at(row).unwrap_or(now_us);
        let asked = self
            .at
            .after_us
            .map_or(self.end_us, |after_us| row.started_at_us.saturating_add(after_us));
        // A loop needs something to play.
        let from_start = self.is_looped && (self.at.after_us.is_none() || asked >= self.end_us);
        self.begin_us = if from_start { row.started_at_us } else { asked };
        if !self.is_restored {
            self.clock.set(self.begin_us);
        }
    }

    /// Microseconds since the Unix epoch.
    pub fn shown_us(&self) -> i64 {
        self.shown_us
    }

    /// The exchange that it is told from.
    pub fn exchange(&self) -> u64 {
        self.at.exchange
    }

    /// The exchange that it is told from, and the microseconds since that began.
    pub fn since(&self) -> (u64, i64) {
        let begun = self.rows.get(&self.at.exchange).map_or(self.shown_us, |row| row.started_at_us);
        (self.at.exchange, self.shown_us.saturating_sub(begun))
    }

    pub fn is_playing(&self) -> bool {
        self.clock.is_playing()
    }

    pub fn is_looped(&self) -> bool {
        self.is_looped
    }

    /// Two to the power of this is how many times faster than recorded it plays.
    pub fn speed(&self) -> i8 {
        self.clock.speed()
    }

    /// When the next picture is due.
    pub(super) fn deadline(&self, now_us: i64) -> Option<i64> {
        self.is_playing().then(|| now_us.saturating_add(TICK))
    }

    /// It is `now_us` where the person is. Gives the moment to show.
    fn advance(&mut self, now_us: i64) -> i64 {
        if self.agent.is_none() {
            return self.shown_us;
        }
        self.clock.advance(now_us);
        let at_us = self.clock.at_us();
        if !self.is_playing() {
            return at_us;
        }
        let last_us = if self.is_looped { self.end_us } else { self.last_us() };
        if self.is_looped && at_us >= last_us.saturating_add(REST) {
            self.clock.set(self.begin_us);
            self.clock.advance(now_us);
            return self.begin_us;
        }
        if !self.is_looped && at_us >= last_us {
            self.clock.set(last_us);
            self.clock.play(false);
        }
        at_us.min(last_us)
    }

    /// To another moment, as far as the record goes.
    fn go(&mut self, at_us: i64) {
        let first_us = self.rows.values().map(|row| row.started_at_us).min().unwrap_or(at_us);
        self.clock.set(at_us.min(self.last_us()).max(first_us));
    }

    /// The last moment of which something is known.
    fn last_us(&self) -> i64 {
        let ends = self
            .rows
            .values()
            .map(|row| ended_at(row).or(answered_at(row)).unwrap_or(row.started_at_us));
        let streams = self.streams.values().filter_map(|stream| stream.times().next_back());
        ends.chain(streams).fold(self.end_us, i64::max)
    }

    /// When something happened next after `shown_us` in the conversation of `exchanges`, or last
    /// before it.
    fn event(&self, forward: bool, exchanges: &[u64]) -> Option<i64> {
        let shown = self.shown_us;
        let wanted = |time: &i64| if forward { *time > shown } else { *time < shown };
        let of_row = |row: &Exchange| [Some(row.started_at_us), answered_at(row), ended_at(row)];
        let rows = exchanges.iter().filter_map(|id| self.rows.get(id)).flat_map(of_row).flatten();
        let times = rows.chain(self.streams.values().flat_map(Stream::times)).filter(wanted);
        if forward { times.min() } else { times.max() }
    }

    /// All exchanges of the agent whose conversation is shown, those that had not begun as well.
    fn exchanges_of(&self, agent: Option<&AgentKey>) -> Vec<u64> {
        self.rows
            .values()
            .filter(|row| agent == Some(&AgentKey::of(row)))
            .map(|row| row.id)
            .collect()
    }

    /// The exchanges to follow: `open` ones, the one that the moment is told from, and `newest`, so
    /// that one can go back into it. Streams of others are dropped, but not before all of them is
    /// here: what is still on its way would be taken for the beginning.
    pub(super) fn follow(&mut self, open: &mut BTreeSet<u64>, newest: Option<u64>) {
        open.insert(self.at.exchange);
        open.extend(newest);
        self.streams.retain(|exchange, stream| open.contains(exchange) || !stream.is_complete);
        open.extend(self.streams.keys());
    }

    /// Events of an exchange that is followed.
    pub(super) fn take(&mut self, exchange: u64, events: Vec<LogEvent>) {
        let stream = self.streams.entry(exchange).or_default();
        events.into_iter().for_each(|event| stream.take(event));
    }

    /// The record is another one.
    pub(super) fn forget(&mut self) {
        *self = Self::new(self.at, self.is_looped, None);
    }

    /// The next viewer is not to go on where this one was.
    pub(super) fn leave(&mut self) {
        self.is_left = true;
    }

    /// How far an exchange has come.
    fn stage(&self, exchange: u64) -> Stage {
        self.rows.get(&exchange).map_or(Stage::NotBegun, |row| stage(row, self.shown_us))
    }
}
