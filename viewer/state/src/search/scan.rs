//! Goes through the exchanges of a conversation, outwards from where one is, a few at a time: between two steps keys are answered, and
//! what is needed next is fetched. It keeps nothing of what it reads: contents stay in the bounded cache of what was fetched.

use std::collections::BTreeSet;

use ccdump_model::{
    blocks::{self, Item, ItemBody, ItemKey, Speaker, Turn, TurnHead},
    record::{AgentKey, AgentName, Contents, Held, Loaded, Roster, has_ended, is_turn},
};
use ccdump_provider::side::Side;
use ccdump_wire::v1::Exchange;
use jiff::tz::TimeZone;

use super::{hits::Hits, pattern::Pattern};
use crate::{
    Effect, MakeLines,
    conversation::{SOURCES, had_from},
    copy,
};

/// One step: so many exchanges, and so many bytes of text, at most (but for the last exchange, which is searched as a whole).
const EXCHANGES: usize = 8;
const TEXT: usize = 128 * 1024;
/// Exchanges that are fetched ahead in each direction.
const AHEAD: usize = 12;
/// Blocks that are larger are not fetched to be searched. Bytes.
const LARGEST: u64 = 1 << 20;
/// The exchange after one in its thread is looked for among so many.
const NEAR: usize = 64;
/// An exchange that was forgotten so often before it could be searched is searched as far as it is here.
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

/// What is searched.
pub(crate) struct Text<'a> {
    pub(crate) roster: &'a Roster,
    pub(crate) contents: &'a mut Contents,
    pub(crate) exchanges: &'a [u64],
    pub(crate) zone: &'a TimeZone,
    pub(crate) lines: MakeLines,
}

impl Scan {
    pub(super) fn of(agent: Option<AgentKey>) -> Self {
        Self { agent, ..Self::default() }
    }

    /// One step. It begins at `origin`; `forward`: one direction comes before the other. Gives what has to be fetched for the next steps.
    pub(super) fn step(
        &mut self,
        text: &mut Text<'_>,
        pattern: &Pattern,
        hits: &mut Hits,
        origin: u64,
        forward: Option<bool>,
    ) -> Vec<Effect> {
        self.check(text, hits);
        self.waits = false;
        let mut effects = Vec::new();
        let mut bytes = 0;
        for _ in 0..EXCHANGES {
            let Some(exchange) = self.next(text.exchanges, origin, forward) else { break };
            let wanted = text.wants(exchange);
            if self.is_to_wait_for(exchange, &wanted, text) {
                effects.extend(wanted);
                self.waits = true;
                break;
            }
            hits.put(exchange, text.find(exchange, pattern, hits.room(), &mut bytes));
            self.took(exchange, text);
            if bytes >= TEXT || hits.is_full() {
                break;
            }
        }
        self.is_done = hits.is_full() || self.next(text.exchanges, origin, forward).is_none();
        if !self.is_done {
            let ahead = self.ahead(text.exchanges, forward);
            effects.extend(ahead.into_iter().flat_map(|exchange| text.fetches(exchange)));
        }
        effects
    }

    /// Begins anew if others came between those that were searched, or some of them are gone.
    fn check(&mut self, text: &Text<'_>, hits: &mut Hits) {
        if let Some((first, last, count)) = self.searched {
            let number = |id: u64| text.exchanges.partition_point(|other| *other < id);
            let after = text.exchanges.partition_point(|other| *other <= last);
            if after - number(first).min(after) != count {
                *self = Self::of(self.agent.take());
                hits.clear();
            }
        }
        let has_ended = |id: &u64| text.roster.row(*id).is_none_or(has_ended);
        let ended: Vec<u64> = self.open.iter().copied().filter(has_ended).collect();
        for exchange in ended {
            self.open.remove(&exchange);
            self.again.insert(exchange);
        }
    }

    /// The exchange to be searched next.
    fn next(&self, exchanges: &[u64], origin: u64, forward: Option<bool>) -> Option<u64> {
        if let Some(again) = self.again.first() {
            return Some(*again);
        }
        let number = |id: u64| exchanges.partition_point(|other| *other < id);
        let start = number(origin).min(exchanges.len().checked_sub(1)?);
        let Some((first, last, _)) = self.searched else { return exchanges.get(start).copied() };
        let (first, last) = (number(first), number(last));
        let up = first.checked_sub(1).and_then(|up| exchanges.get(up)).copied();
        let down = exchanges.get(last + 1).copied();
        let down_first = forward.unwrap_or(last.saturating_sub(start) <= start.saturating_sub(first));
        if down_first { down.or(up) } else { up.or(down) }
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

    fn took(&mut self, exchange: u64, text: &Text<'_>) {
        let is_new = !self.again.remove(&exchange);
        self.searched = match self.searched {
            _ if !is_new => self.searched,
            Some((first, last, count)) => Some((first.min(exchange), last.max(exchange), count + 1)),
            None => Some((exchange, exchange, 1)),
        };
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

impl Text<'_> {
    /// The exchange after in the thread, if all of it is known.
    fn after(&self, row: &Exchange) -> Option<&Exchange> {
        let from = self.exchanges.partition_point(|id| *id <= row.id);
        let next = self.exchanges.iter().skip(from).take(NEAR).filter_map(|id| self.roster.row(*id));
        next.into_iter().find(|next| next.previous == Some(row.id)).filter(|after| has_ended(after))
    }

    /// What its items are made of, itself first.
    fn parts(&self, exchange: u64) -> Vec<u64> {
        let Some(row) = self.roster.row(exchange).filter(|row| is_turn(row) && has_ended(row)) else { return Vec::new() };
        let previous = row.previous.filter(|previous| self.roster.row(*previous).is_some_and(has_ended));
        [exchange].into_iter().chain(previous).chain(self.after(row).map(|after| after.id)).collect()
    }

    fn fetches(&mut self, exchange: u64) -> Vec<Effect> {
        let parts = self.parts(exchange);
        let contents = &mut self.contents;
        parts
            .into_iter()
            .filter_map(|exchange| contents.wants(exchange, true).map(|wanted| Effect::Fetch { exchange, wanted }))
            .collect()
    }

    /// What has to be fetched before it can be searched.
    pub(crate) fn wants(&mut self, exchange: u64) -> Vec<Effect> {
        let mut effects = self.fetches(exchange);
        if !effects.is_empty() || !self.is_here(exchange) {
            return effects;
        }
        let items = self.items(exchange);
        for source in SOURCES {
            let wants: Vec<_> = items.iter().flat_map(|item| &item.wants).filter(|wanted| wanted.source == source).collect();
            let had = if wants.is_empty() { None } else { had_from(source, exchange, self.roster) };
            let Some((of, side)) = had else { continue };
            let small = self.small(of, side);
            let pointers: Vec<&str> =
                wants.into_iter().map(|wanted| wanted.pointer.as_str()).filter(|pointer| small.contains(*pointer)).collect();
            let blocks = self.contents.ask(of, side, &pointers);
            if !blocks.is_empty() {
                effects.push(Effect::FetchBlocks { exchange: of, side, blocks });
            }
        }
        effects
    }

    /// Pointers of the blocks that may be fetched.
    fn small(&self, exchange: u64, side: Side) -> BTreeSet<String> {
        let pieces = self.contents.get(exchange).into_iter().flat_map(|loaded| pieces(loaded, side));
        pieces.filter(|piece| piece.block.length <= LARGEST).map(|piece| piece.block.pointer.clone()).collect()
    }

    pub(crate) fn is_here(&self, exchange: u64) -> bool {
        let is_loading = |loaded: &Loaded| {
            let mut pieces = pieces(loaded, Side::Request).chain(pieces(loaded, Side::Response));
            pieces.any(|piece| piece.content == Held::Loading)
        };
        self.parts(exchange).into_iter().enumerate().all(|(number, part)| {
            let loaded = self.contents.get(part);
            // Only the request of the others is needed.
            let is_settled = |loaded: &Loaded| if number == 0 { loaded.is_settled() } else { loaded.request.is_settled() };
            loaded.is_some_and(|loaded| is_settled(loaded) && !is_loading(loaded))
        })
    }

    pub(crate) fn items(&self, exchange: u64) -> Vec<Item> {
        let Some(row) = self.roster.row(exchange) else { return Vec::new() };
        // Of one that is under way there is more to come: it is searched when it has ended.
        if is_turn(row) && !has_ended(row) {
            return Vec::new();
        }
        let empty = Loaded::default();
        let tries = self.roster.tries_before(row);
        let agent = self.roster.agent(&AgentKey::of(row));
        blocks::items(Turn {
            name: agent.map(|agent| &agent.name),
            callees: &self.roster.callees(row),
            row,
            loaded: self.contents.get(exchange).unwrap_or(&empty),
            // The texts before a change, and names of sections, are not searched.
            earlier: &[],
            sections: None,
            tries: &tries,
            is_tried_again: self.roster.is_tried_again(row),
            last: self.roster.turn_before(row),
            before: row.previous.and_then(|previous| self.contents.get(previous)),
            after: self.after(row).and_then(|after| self.contents.get(after.id)),
            zone: self.zone,
        })
    }

    /// The items in which it is found, with how often, at most `most` times in all. Counts the bytes that were read.
    fn find(&self, exchange: u64, pattern: &Pattern, most: usize, bytes: &mut usize) -> Vec<(ItemKey, usize)> {
        let mut room = most;
        let mut found = Vec::new();
        for mut item in self.items(exchange) {
            // What an agent is called stands in the head of each of its turns, and may yet become known.
            if let ItemBody::Turn(TurnHead { speaker: Speaker::Agent(name), .. }) = &mut item.body {
                *name = AgentName::default();
            }
            let text = copy::text(&item, self.lines);
            *bytes += text.len();
            let count = pattern.count(&text, room);
            room -= count;
            if count > 0 {
                found.push((item.key, count));
            }
        }
        found
    }
}

fn pieces(loaded: &Loaded, side: Side) -> impl Iterator<Item = &ccdump_model::record::Piece> {
    let request = loaded.request.here().filter(|_| side == Side::Request).into_iter().flat_map(|side| &side.pieces);
    let response = loaded.response.here().filter(|_| side == Side::Response).into_iter().flat_map(|side| &side.pieces);
    request.chain(response)
}
