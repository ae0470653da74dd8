//! The text of an exchange as it is searched: of its items, as they are shown in full, and what has
//! to be fetched for it.

use std::collections::BTreeSet;

use ccdump_model::{
    blocks::{self, Item, ItemBody, ItemKey, Speaker, Turn, TurnHead},
    record::{AgentKey, AgentName, Contents, Held, Loaded, Piece, Roster, has_ended, is_turn},
};
use ccdump_provider::pattern::Pattern;
use ccdump_record::{Exchange, Side};
use jiff::tz::TimeZone;

use crate::{
    Effect, MakeLines,
    conversation::{SOURCES, had_from},
    copy,
};

/// Blocks that are larger are not fetched to be searched. Bytes.
const LARGEST: u64 = 1 << 20;
/// The exchange after one in its thread is looked for among so many.
const NEAR: usize = 64;

/// What is searched.
pub(crate) struct Text<'a> {
    pub(crate) roster: &'a Roster,
    pub(crate) contents: &'a mut Contents,
    pub(crate) exchanges: &'a [u64],
    pub(crate) zone: &'a TimeZone,
    pub(crate) lines: MakeLines,
}

impl Text<'_> {
    /// The exchange after in the thread, if all of it is known.
    pub(super) fn after(&self, row: &Exchange) -> Option<&Exchange> {
        let from = self.exchanges.partition_point(|id| *id <= row.id);
        let next =
            self.exchanges.iter().skip(from).take(NEAR).filter_map(|id| self.roster.row(*id));
        next.into_iter().find(|next| next.previous == Some(row.id)).filter(|after| has_ended(after))
    }

    /// What its items are made of, itself first.
    fn parts(&self, exchange: u64) -> Vec<u64> {
        let Some(row) = self.roster.row(exchange).filter(|row| is_turn(row) && has_ended(row))
        else {
            return Vec::new();
        };
        let previous =
            row.previous.filter(|previous| self.roster.row(*previous).is_some_and(has_ended));
        [exchange]
            .into_iter()
            .chain(previous)
            .chain(self.after(row).map(|after| after.id))
            .collect()
    }

    pub(super) fn fetches(&mut self, exchange: u64) -> Vec<Effect> {
        let parts = self.parts(exchange);
        let contents = &mut self.contents;
        parts
            .into_iter()
            .filter_map(|exchange| {
                contents.wants(exchange, true).map(|wanted| Effect::Fetch { exchange, wanted })
            })
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
            let wants: Vec<_> = items
                .iter()
                .flat_map(|item| &item.wants)
                .filter(|wanted| wanted.source == source)
                .collect();
            let had = if wants.is_empty() { None } else { had_from(source, exchange, self.roster) };
            let Some((of, side)) = had else { continue };
            let small = self.small(of, side);
            let pointers: Vec<&str> = wants
                .into_iter()
                .map(|wanted| wanted.pointer.as_str())
                .filter(|pointer| small.contains(*pointer))
                .collect();
            let blocks = self.contents.ask(of, side, &pointers);
            if !blocks.is_empty() {
                effects.push(Effect::FetchBlocks { exchange: of, side, blocks });
            }
        }
        effects
    }

    /// Pointers of the blocks that may be fetched.
    fn small(&self, exchange: u64, side: Side) -> BTreeSet<String> {
        let pieces =
            self.contents.get(exchange).into_iter().flat_map(|loaded| pieces(loaded, side));
        pieces
            .filter(|piece| piece.block.length() <= LARGEST)
            .map(|piece| piece.block.pointer.clone())
            .collect()
    }

    pub(crate) fn is_here(&self, exchange: u64) -> bool {
        let is_loading = |loaded: &Loaded| {
            let mut pieces = pieces(loaded, Side::Request).chain(pieces(loaded, Side::Response));
            pieces.any(|piece| piece.content == Held::Loading)
        };
        self.parts(exchange).into_iter().enumerate().all(|(number, part)| {
            let loaded = self.contents.get(part);
            // Only the request of the others is needed.
            let is_settled = |loaded: &Loaded| {
                if number == 0 { loaded.is_settled() } else { loaded.request.is_settled() }
            };
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

    /// The items in which it is found, with how often, at most `most` times in all. Counts the
    /// bytes that were read.
    pub(super) fn find(
        &self,
        exchange: u64,
        pattern: &Pattern,
        most: usize,
        bytes: &mut usize,
    ) -> Vec<(ItemKey, usize)> {
        let mut room = most;
        let mut found = Vec::new();
        for mut item in self.items(exchange) {
            // What an agent is called stands in the head of each of its turns, and may yet become
            // known.
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

fn pieces(loaded: &Loaded, side: Side) -> impl Iterator<Item = &Piece> {
    let request = loaded
        .request
        .here()
        .filter(|_| side == Side::Request)
        .into_iter()
        .flat_map(|side| &side.pieces);
    let response = loaded
        .response
        .here()
        .filter(|_| side == Side::Response)
        .into_iter()
        .flat_map(|side| &side.pieces);
    request.chain(response)
}
