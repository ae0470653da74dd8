//! The conversation of one agent: where the screen stands in it, and what of it is shown.

mod fetches;
mod layout;
mod place;
mod reach;
mod saved;
mod seek;
mod show;
mod window;

use std::collections::{BTreeMap, BTreeSet};

use ccdump_model::{
    blocks::{Category, ItemKey},
    line::Detail,
    record::{AgentKey, Contents, Roster, Sections},
};
use ccdump_provider::pattern::Pattern;
use jiff::tz::TimeZone;

pub(crate) use self::fetches::{SOURCES, had_from};
use self::{
    fetches::followed,
    layout::{Layout, Making},
    window::Walk,
};
pub use self::{
    layout::LaidItem,
    place::{Place, Spot},
    reach::{Reached, Stand},
    saved::SavedConversation,
    seek::{Seek, Target},
    show::{CATEGORIES, Preset, Show},
    window::{Row, Window},
};
use super::{Effect, MakeLines};

#[derive(Default)]
pub struct Conversation {
    /// Whose it is.
    pub agent: Option<AgentKey>,
    /// The person chose the agent; else the liveliest one is shown, and whoever begins a new
    /// session.
    pub by_hand: bool,
    /// The end is kept on the screen as it grows.
    pub follow: bool,
    pub show: Show,
    /// The marked block.
    pub focus: Option<Spot>,
    pub window: Window,
    /// The block that was marked by itself: as long as it is the marked one, nobody has chosen
    /// another one.
    unchosen: Option<Spot>,
    /// The marked block is the one that was kept: it is waited for until it is here.
    is_restored: bool,
    place: Option<Place>,
    /// Where the screen stood in the conversations of other agents; `None` at their end.
    places: BTreeMap<AgentKey, Option<Place>>,
    /// A jump whose target is not known yet.
    seek: Option<Seek>,
    /// The match of a search that is to be gone to, within the item that is raised for it; and
    /// where it was found.
    reach: Option<usize>,
    pub reached: Option<Reached>,
    /// The marked block's height changed: as much of it as fits is to be seen.
    reveal: bool,
    /// The screen was moved: where it comes to the end, it follows again.
    moved: Option<Move>,
    layout: Layout,
}

/// How the screen was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    /// What was at the end stays there.
    Kept,
    /// By hand.
    Begun,
    /// By hand, to what is still to come: whether that is the end is known when it is here.
    Arriving,
}

/// What a conversation is made of.
pub struct Sources<'a> {
    pub roster: &'a Roster,
    pub contents: &'a mut Contents,
    /// Those of system prompts: what is seen of them is told to it.
    pub sections: &'a mut Sections,
    pub zone: &'a TimeZone,
    pub lines: MakeLines,
    pub width: u16,
    pub height: u16,
    /// Whether the roster has all that was recorded.
    pub is_complete: bool,
    /// What is looked for.
    pub pattern: Option<&'a Pattern>,
}

impl Conversation {
    /// At the end, of whoever will be chosen.
    pub fn new() -> Self {
        Self { follow: true, ..Self::default() }
    }

    /// Shows another agent's conversation, at the place where it was left, or at its end.
    pub fn choose(&mut self, agent: AgentKey) {
        if self.agent.as_ref() == Some(&agent) {
            return;
        }
        if let Some(left) = self.agent.take() {
            let place = if self.follow { None } else { self.place.take() };
            self.places.insert(left, place);
            if self.places.len() > saved::PLACES {
                self.places.pop_first();
            }
        }
        self.place = self.places.get(&agent).cloned().flatten();
        self.follow = self.place.is_none();
        self.moved = None;
        self.agent = Some(agent);
        self.focus = None;
        self.seek = None;
        self.raise(None);
        self.layout.clear();
    }

    /// Moves the screen by so many lines, down if positive.
    pub fn scroll(&mut self, lines: i32) {
        if let Some(place) = &mut self.place {
            place.row = place.row.saturating_sub(lines);
            self.follow = false;
            self.moved = Some(Move::Begun);
        }
    }

    pub fn top(&mut self, roster: &Roster) {
        let first = self.exchanges(roster).first().copied();
        self.place = first.map(|exchange| Place {
            exchange,
            item: ItemKey::new(ItemKey::HEAD),
            line: 0,
            row: 0,
        });
        self.follow = false;
        self.moved = Some(Move::Begun);
        self.focus = None;
    }

    pub fn bottom(&mut self) {
        self.moved = None;
        self.follow = true;
        self.focus = None;
    }

    pub fn toggle_follow(&mut self) {
        self.moved = None;
        self.follow = !self.follow;
    }

    /// Where the screen stands.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// It is not shown for a while: what can be made again is forgotten, and what was jumped to is
    /// given up.
    pub fn rest(&mut self) {
        self.stop_seeking();
        self.layout.clear();
        self.window = Window::default();
        self.is_restored = self.focus.is_some();
    }

    /// The record is another one: nothing that was seen is part of it.
    pub fn forget(&mut self) {
        *self = Self { show: std::mem::take(&mut self.show), ..Self::new() };
    }

    pub fn toggle(&mut self, category: Category) {
        self.show.toggle(category);
    }

    /// To the next level of a category: hidden, summary, full.
    pub fn next_level(&mut self, category: Category) {
        let next = match self.show.level(category) {
            Detail::Hidden => Detail::Summary,
            Detail::Summary => Detail::Full,
            Detail::Full => Detail::Hidden,
        };
        self.show.set_level(category, next);
    }

    pub fn show_preset(&mut self, preset: Preset) {
        self.show.set(preset);
    }

    /// Marks another block; the screen goes along.
    pub fn seek(&mut self, seek: Seek) {
        self.seek = Some(seek);
    }

    /// Whatever else is done, a jump that still waits for its target is given up.
    pub fn stop_seeking(&mut self) {
        self.seek = None;
        self.reach = None;
    }

    /// Unfolds the marked block, or folds it.
    pub fn fold(&mut self) {
        let Some(exchange) = self.focus.as_ref().map(|spot| spot.exchange) else { return };
        let Some((row, detail, item)) =
            self.focused().map(|(row, item)| (row, item.detail, item.item.folds().clone()))
        else {
            return;
        };
        let turned = if detail == Detail::Full { Detail::Summary } else { Detail::Full };
        let spot = Spot { exchange, item };
        if self.raised().is_some_and(|raised| {
            raised == &spot || (raised.exchange == exchange && spot.item.holds(&raised.item))
        }) {
            self.raise(None);
        }
        self.show.fold(exchange, &spot.item, turned);
        // What is folded may begin above the screen.
        let row = if self.focus.as_ref() == Some(&spot) {
            row
        } else {
            self.window.row_of(&spot).unwrap_or(0)
        };
        self.focus = Some(spot.clone());
        self.hold(spot, row);
    }

    /// Unfolds all blocks of the marked block's exchange; or puts them back if all are unfolded.
    pub fn fold_all(&mut self) {
        let Some(spot) = self.focus.clone() else { return };
        let Some(row) = self.window.row_of(&spot) else { return };
        let Some(turn) = self.window.rows.get(row).map(|row| row.turn.clone()) else { return };
        if turn.folded.is_empty() && turn.items.iter().all(|item| item.detail == Detail::Full) {
            self.show.unfold_none(spot.exchange);
        } else {
            let parts = turn.items.iter().map(|item| &item.item.key).chain(&turn.folded);
            parts.for_each(|key| self.show.fold(spot.exchange, key, Detail::Full));
        }
        self.hold(spot, row);
    }

    /// The marked block, and the row on which it begins.
    pub fn focused(&self) -> Option<(usize, &LaidItem)> {
        let row = self.window.row_of(self.focus.as_ref()?)?;
        let Row { turn, line } = self.window.rows.get(row)?;
        Some((row, turn.item_at(*line)?))
    }

    /// The exchanges of the chosen agent.
    pub fn exchanges<'a>(&self, roster: &'a Roster) -> &'a [u64] {
        self.agent
            .as_ref()
            .and_then(|agent| roster.agent(agent))
            .map_or(&[], |agent| agent.exchanges.as_slice())
    }

    /// The first line of an item stays on its row when the item's height changes.
    fn hold(&mut self, spot: Spot, row: usize) {
        let follows = self.follow;
        self.place = Some(Place {
            exchange: spot.exchange,
            item: spot.item,
            line: 0,
            row: i32::try_from(row).unwrap_or(0),
        });
        self.follow = false;
        self.unchosen = None;
        // At the end the screen goes on following if it can.
        self.moved = follows.then_some(Move::Kept);
        self.reveal = true;
    }

    /// Finds the lines that are on the screen; gives what has to be fetched and followed for that.
    pub fn arrange(&mut self, sources: Sources<'_>) -> Vec<Effect> {
        let Sources {
            roster,
            contents,
            sections,
            zone,
            lines,
            width,
            height,
            is_complete,
            pattern,
        } = sources;
        let exchanges = self.exchanges(roster);
        // Out of the way while the rest changes; put back below.
        let show = std::mem::take(&mut self.show);
        let mut layout = std::mem::take(&mut self.layout);
        layout.sections = std::mem::take(sections);
        let making = Making { roster, contents, show: &show, zone, lines, width };
        let mut walk = Walk::new(making, &mut layout, exchanges, is_complete);
        let mut sought: BTreeSet<usize> = BTreeSet::new();
        if exchanges.is_empty() {
            self.window = Window { at_end: true, ..Window::default() };
        } else {
            self.settle_reach(&mut walk, pattern, height);
            let is_settled = self.lay_window(&mut walk, height);
            if let Some(seek) = self.seek.take() {
                self.go_on_seeking(seek, &mut walk, height, &mut sought);
            }
            // The marked block may be among what is still to come.
            if is_settled || self.focus.is_none() {
                self.mark();
            }
        }
        *sections = std::mem::take(&mut layout.sections);
        self.layout = layout;
        self.show = show;
        let mut effects = self.fetches(roster, contents, exchanges, &sought);
        effects.extend(self.block_fetches(roster, contents));
        effects.push(Effect::Follow(followed(roster, exchanges)));
        effects
    }

    /// False while the screen waits for something, and what is kept of the place is older than the
    /// window.
    fn lay_window(&mut self, walk: &mut Walk<'_>, height: u16) -> bool {
        let anchor = self.place.as_ref().filter(|_| !self.follow);
        self.window = match anchor {
            Some(place) => {
                let position = walk.find(place);
                let mut row = place.row;
                if std::mem::take(&mut self.reveal) {
                    let lines = walk
                        .turn(position.turn)
                        .item_at(position.line)
                        .map_or(0, |item| item.lines.len());
                    let lines = i32::try_from(lines).unwrap_or(i32::MAX);
                    row = row.min(i32::from(height).saturating_sub(lines)).max(0);
                }
                walk.window(position, row, height)
            }
            None => {
                let end = walk.end();
                walk.window(end, i32::from(height) - 1, height)
            }
        };
        if self.place.as_ref().is_some_and(|place| !self.follow && !walk.knows(place)) {
            // What it speaks of is still to come: until then it is kept as it is.
            return false;
        }
        let is_whole = self.window.rows.iter().all(|row| row.turn.is_loaded);
        let stands = matches!(self.moved, None | Some(Move::Arriving))
            && !self.follow
            && self.place.is_some();
        if !is_whole && stands {
            // What is below may still grow: that it ends early now must not pull the place down.
            return false;
        }
        self.moved = match self.moved {
            Some(Move::Begun) if !is_whole => Some(Move::Arriving),
            None => None,
            Some(_) => {
                self.follow = self.window.at_end;
                None
            }
        };
        self.place = self.window.place();
        true
    }

    /// A block on the screen is always marked; while following, the newest one unless another one
    /// was chosen.
    fn mark(&mut self) {
        let is_seen = |spot: &Spot| self.window.row_of(spot).is_some();
        let is_awaited = |spot: &Spot| {
            let mut rows = self.window.rows.iter().map(|row| &row.turn);
            self.is_restored && rows.any(|turn| turn.exchange == spot.exchange && !turn.is_loaded)
        };
        let is_chosen = self.focus.is_some() && self.focus != self.unchosen;
        if self.follow && !is_chosen {
            self.focus = self.window.last_spot();
            self.unchosen.clone_from(&self.focus);
        } else if !self.focus.as_ref().is_some_and(|spot| is_seen(spot) || is_awaited(spot)) {
            let holder = self.focus.as_ref().and_then(|spot| self.window.holder(spot));
            let other =
                if self.follow { self.window.last_spot() } else { self.window.first_spot() };
            self.unchosen = if holder.is_none() { other.clone() } else { None };
            self.focus = holder.or(other);
            self.is_restored = false;
        }
    }
}
