//! Goes through the exchanges of a conversation, first those that the daemon named, then all others
//! outwards from where one is, a few at a time: between two steps keys are answered, and what is
//! needed next is fetched. It keeps nothing of what it reads: contents stay in the bounded cache of
//! what was fetched.

use std::collections::BTreeSet;

use ccdump_model::record::{AgentKey, has_ended, is_turn};
use ccdump_provider::pattern::Pattern;

use super::{hints::Hints, hits::Hits, text::Text};
use crate::Effect;

/// One step: so many exchanges, and so many bytes of text, at most (but for the last exchange,
/// which is searched as a whole).
const EXCHANGES: usize = 8;
const TEXT: usize = 128 * 1024;
/// Exchanges that are fetched ahead in each direction.
const AHEAD: usize = 12;
/// An exchange that was forgotten so often before it could be searched is searched as far as it is
/// here.
const TRIES: u8 = 8;

#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Whose exchanges they are.
    pub(super) agent: Option<AgentKey>,
    /// The first and the last one that was searched, and how many there were between them.
    searched: Option<(u64, u64, usize)>,
    /// They were under way when they were looked at.
    open: BTreeSet<u64>,
    /// They had none after them in their thread: what their tools will answer is still to come.
    tails: BTreeSet<u64>,
    /// To be searched anew.
    again: BTreeSet<u64>,
    tried: (u64, u8),
    pub(super) waits: bool,
    pub(super) is_done: bool,
}

/// Why an exchange is searched now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// There is more in it than when it was searched.
    Again,
    /// The daemon named it.
    Hinted,
    /// It is the next one after those that were searched.
    Outward,
}

impl Scan {
    pub(super) fn of(agent: Option<AgentKey>) -> Self {
        Self { agent, ..Self::default() }
    }

    /// One step. `around`: the exchange where it begins, and whether one direction comes before the
    /// other. Gives what has to be fetched for the next steps.
    pub(super) fn step(
        &mut self,
        text: &mut Text<'_>,
        pattern: &Pattern,
        hits: &mut Hits,
        hints: &mut Hints,
        around: (u64, Option<bool>),
    ) -> Vec<Effect> {
        self.check(text, hits, hints);
        self.waits = false;
        let mut effects = Vec::new();
        let mut bytes = 0;
        for _ in 0..EXCHANGES {
            let Some((exchange, reason)) = self.next(text.exchanges, hints, around) else { break };
            if reason == Reason::Outward && hints.has_had(exchange) {
                self.extend(exchange);
                continue;
            }
            // Who is about to be told where it stands does not fetch all that lies before it.
            if reason == Reason::Outward && hints.are_coming && !text.is_here(exchange) {
                self.waits = true;
                break;
            }
            let wanted = text.wants(exchange);
            if self.is_to_wait_for(exchange, &wanted, text) {
                effects.extend(wanted);
                self.waits = true;
                break;
            }
            hits.put(exchange, text.find(exchange, pattern, hits.room(), &mut bytes));
            self.took(exchange, reason, text);
            hints.took(exchange, reason == Reason::Hinted);
            if bytes >= TEXT || hits.is_full() {
                break;
            }
        }
        self.is_done = hits.is_full() || self.next(text.exchanges, hints, around).is_none();
        if !self.is_done {
            let (origin, forward) = around;
            let mut ahead: Vec<u64> =
                hints.nearest(text.exchanges, origin, forward).take(AHEAD).collect();
            // Where it stands comes first; what lies between is not fetched at the same time.
            if !hints.are_coming && ahead.is_empty() {
                ahead.extend(self.ahead(text.exchanges, forward));
            }
            effects.extend(ahead.into_iter().flat_map(|exchange| text.fetches(exchange)));
        }
        effects
    }

    /// Begins anew if others came between those that were searched, or some of them are gone.
    fn check(&mut self, text: &Text<'_>, hits: &mut Hits, hints: &mut Hints) {
        let mut is_another = !hints.are_of(text.exchanges);
        if let Some((first, last, count)) = self.searched {
            let number = |id: u64| text.exchanges.partition_point(|other| *other < id);
            let after = text.exchanges.partition_point(|other| *other <= last);
            is_another |= after - number(first).min(after) != count;
        }
        if is_another {
            *self = Self::of(self.agent.take());
            hits.clear();
            hints.reopen();
        }
        let has_ended = |id: &u64| text.roster.row(*id).is_none_or(has_ended);
        let ended: Vec<u64> = self.open.iter().copied().filter(has_ended).collect();
        for exchange in ended {
            self.open.remove(&exchange);
            self.again.insert(exchange);
        }
    }

    /// The exchange to be searched next.
    fn next(
        &self,
        exchanges: &[u64],
        hints: &Hints,
        (origin, forward): (u64, Option<bool>),
    ) -> Option<(u64, Reason)> {
        if let Some(again) = self.again.first() {
            return Some((*again, Reason::Again));
        }
        let number = |id: u64| exchanges.partition_point(|other| *other < id);
        let start = number(origin).min(exchanges.len().checked_sub(1)?);
        let Some((first, last, _)) = self.searched else {
            return exchanges.get(start).map(|id| (*id, Reason::Outward));
        };
        let hinted = |forward| {
            hints.nearest(exchanges, origin, forward).next().map(|id| (id, Reason::Hinted))
        };
        let (first, last) = (number(first), number(last));
        let up =
            first.checked_sub(1).and_then(|up| exchanges.get(up)).map(|id| (*id, Reason::Outward));
        let down = exchanges.get(last + 1).map(|id| (*id, Reason::Outward));
        match forward {
            None if last.saturating_sub(start) <= start.saturating_sub(first) => {
                hinted(None).or(down).or(up)
            }
            None => hinted(None).or(up).or(down),
            Some(true) => hinted(forward).or(down).or_else(|| hinted(None)).or(up),
            Some(false) => hinted(forward).or(up).or_else(|| hinted(None)).or(down),
        }
    }

    /// Those after the next one, the nearest first.
    fn ahead(&self, exchanges: &[u64], forward: Option<bool>) -> Vec<u64> {
        let Some((first, last, _)) = self.searched else { return Vec::new() };
        let before = exchanges.partition_point(|id| *id < first);
        let after = exchanges.partition_point(|id| *id <= last);
        let up = exchanges.get(..before).unwrap_or_default().iter().rev().take(AHEAD).copied();
        let down = exchanges.get(after..).unwrap_or_default().iter().take(AHEAD).copied();
        match forward {
            Some(true) if after < exchanges.len() => down.collect(),
            Some(false) if before > 0 => up.collect(),
            _ => up.chain(down).collect(),
        }
    }

    fn is_to_wait_for(&mut self, exchange: u64, wanted: &[Effect], text: &Text<'_>) -> bool {
        if text.is_here(exchange) && wanted.is_empty() {
            return false;
        }
        if self.tried.0 != exchange {
            self.tried = (exchange, 0);
        }
        self.tried.1 += u8::from(!wanted.is_empty());
        self.tried.1 <= TRIES
    }

    /// Those that were searched without a hole between them.
    fn extend(&mut self, exchange: u64) {
        self.searched = match self.searched {
            Some((first, last, count)) => {
                Some((first.min(exchange), last.max(exchange), count + 1))
            }
            None => Some((exchange, exchange, 1)),
        };
    }

    fn took(&mut self, exchange: u64, reason: Reason, text: &Text<'_>) {
        self.again.remove(&exchange);
        if reason == Reason::Outward {
            self.extend(exchange);
        }
        let Some(row) = text.roster.row(exchange).filter(|row| is_turn(row)) else { return };
        if !has_ended(row) {
            self.open.insert(exchange);
            return;
        }
        if text.after(row).is_none() {
            self.tails.insert(exchange);
        }
        // The results of its tools have come.
        if let Some(previous) = row.previous.filter(|previous| self.tails.remove(previous)) {
            self.again.insert(previous);
        }
    }
}
