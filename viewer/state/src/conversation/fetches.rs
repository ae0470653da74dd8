//! What has to be fetched, and followed, for what is on the screen.

use std::collections::BTreeSet;

use ccdump_model::{
    blocks::{Source, Wanted},
    line::Detail,
    record::{Contents, Roster, has_ended, is_turn},
};
use ccdump_record::Side;

use super::Conversation;
use crate::Effect;

/// Exchanges that are followed at once, at most: the newest.
const FOLLOWED: usize = 8;
/// Exchanges above and below the screen that are fetched ahead.
const AHEAD: usize = 3;

impl Conversation {
    /// What is looked for, on the screen or near it, and not here yet: first what is looked for,
    /// then what is nearest.
    pub(super) fn fetches(
        &self,
        roster: &Roster,
        contents: &mut Contents,
        exchanges: &[u64],
        sought: &BTreeSet<usize>,
    ) -> Vec<Effect> {
        let (first, last) = (self.window.first_turn, self.window.last_turn);
        let eye = match &self.place {
            Some(place) if !self.follow => exchanges.partition_point(|id| *id < place.exchange),
            _ => last,
        };
        let mut near: Vec<usize> =
            (first.saturating_sub(AHEAD)..=last.saturating_add(AHEAD)).collect();
        near.sort_by_key(|number| (!(first..=last).contains(number), number.abs_diff(eye)));
        let mut room = contents.room();
        let mut effects = Vec::new();
        let mut seen = BTreeSet::new();
        for number in sought.iter().chain(&near) {
            let Some(exchange) = exchanges.get(*number) else { continue };
            let Some(row) = roster.row(*exchange).filter(|row| is_turn(row)) else { continue };
            let previous = row.previous.and_then(|previous| roster.row(previous));
            for row in [Some(row), roster.after(row), previous].into_iter().flatten() {
                if !seen.insert(row.id) {
                    continue;
                }
                if room == 0 && !sought.contains(number) {
                    contents.look_at(row.id);
                } else if let Some(wanted) = contents.wants(row.id, has_ended(row)) {
                    room = room.saturating_sub(usize::from(wanted.has_ended));
                    effects.push(Effect::Fetch { exchange: row.id, wanted });
                }
            }
        }
        effects
    }

    /// Contents of blocks that are shown in full.
    pub(super) fn block_fetches(&self, roster: &Roster, contents: &mut Contents) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut last = 0;
        for turn in self.window.rows.iter().map(|row| &row.turn) {
            if turn.exchange == std::mem::replace(&mut last, turn.exchange) {
                continue;
            }
            for item in turn.items.iter().filter(|item| item.detail == Detail::Full) {
                for source in SOURCES {
                    let pointers: Vec<&str> = item
                        .item
                        .wants
                        .iter()
                        .filter(|wanted| wanted.source == source)
                        .map(|wanted| wanted.pointer.as_str())
                        .collect();
                    let Some((exchange, side)) = had_from(source, turn.exchange, roster) else {
                        continue;
                    };
                    let blocks = contents.ask(exchange, side, &pointers);
                    if !blocks.is_empty() {
                        effects.push(Effect::FetchBlocks { exchange, side, blocks });
                    }
                }
            }
        }
        effects.extend(self.former_fetches(contents));
        effects
    }

    /// What stood in the place of what was changed, and is on the screen.
    fn former_fetches(&self, contents: &mut Contents) -> Vec<Effect> {
        let mut effects = Vec::new();
        for rows in self.window.rows.chunk_by(|one, next| one.turn.exchange == next.turn.exchange) {
            let mut wanted: Vec<&Wanted> = Vec::new();
            let mut items = rows.iter().filter_map(|row| row.turn.item_at(row.line)).peekable();
            while let Some(item) = items.next() {
                let is_last_line = items.peek().is_none_or(|next| next.item.key != item.item.key);
                let is_wanted = |wanted: &&Wanted| match wanted.source {
                    Source::Former => true,
                    Source::Gone => item.detail == Detail::Full,
                    Source::Request | Source::Response | Source::NextRequest => false,
                };
                wanted.extend(item.item.wants.iter().filter(|_| is_last_line).filter(is_wanted));
            }
            let exchange = rows.first().map(|row| row.turn.exchange);
            effects.extend(
                exchange
                    .and_then(|exchange| contents.ask_former(exchange, &wanted))
                    .map(Effect::FetchFormer),
            );
        }
        effects
    }
}

/// Where pieces of an exchange may be had from.
pub(crate) const SOURCES: [Source; 3] = [Source::Request, Source::Response, Source::NextRequest];

/// Where a piece of an exchange is had from.
pub(crate) fn had_from(source: Source, exchange: u64, roster: &Roster) -> Option<(u64, Side)> {
    match source {
        Source::Request => Some((exchange, Side::Request)),
        Source::Response => Some((exchange, Side::Response)),
        Source::NextRequest => Some((roster.after(roster.row(exchange)?)?.id, Side::Request)),
        // Blocks of it are asked for by what stands in their place.
        Source::Former | Source::Gone => None,
    }
}

/// The newest exchanges that are under way.
pub(super) fn followed(roster: &Roster, exchanges: &[u64]) -> BTreeSet<u64> {
    let is_open = |id: &&u64| roster.row(**id).is_some_and(|row| !has_ended(row) && is_turn(row));
    // One that has been forgotten open lies far back: it is not looked for.
    exchanges.iter().rev().take(4 * FOLLOWED).filter(is_open).take(FOLLOWED).copied().collect()
}
