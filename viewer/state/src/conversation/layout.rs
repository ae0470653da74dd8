//! Exchanges laid out in lines. Only what is looked at is laid out; what was laid out is kept for a
//! while.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use ccdump_model::{
    blocks::{self, Item, ItemKey, Turn},
    line::{Detail, Line},
    record::{AgentKey, AgentName, Callee, Contents, Loaded, Roster, Sections},
};
use ccdump_record::{BlockKind, Exchange};
use jiff::tz::TimeZone;

use super::show::Show;
use crate::MakeLines;

/// Exchanges that stay laid out, and lines of all of them together, a few hundred bytes each.
const KEPT: usize = 64;
const KEPT_LINES: usize = 120_000;
/// Exchanges in which is looked for what was changed later.
const LOOKED_BACK: usize = 64;

/// An exchange as lines.
#[derive(Debug, Default)]
pub struct LaidTurn {
    pub exchange: u64,
    /// Those that are shown.
    pub items: Vec<LaidItem>,
    /// All their lines.
    pub height: usize,
    /// Parts that are not shown because what they stand in is folded.
    pub folded: Vec<ItemKey>,
    /// All that it takes was there: it will not grow by being fetched.
    pub is_loaded: bool,
}

#[derive(Debug)]
pub struct LaidItem {
    pub item: Item,
    pub detail: Detail,
    pub lines: Arc<Vec<Line>>,
    /// Its first line within the exchange.
    pub first: usize,
}

impl LaidTurn {
    /// The item that line `line` belongs to.
    pub fn item_at(&self, line: usize) -> Option<&LaidItem> {
        let after = self.items.partition_point(|item| item.first <= line);
        self.items.get(after.checked_sub(1)?)
    }

    pub fn line(&self, line: usize) -> Option<&Line> {
        let item = self.item_at(line)?;
        item.lines.get(line - item.first)
    }

    pub fn item(&self, key: &ItemKey) -> Option<&LaidItem> {
        self.items.iter().find(|item| item.item.key == *key)
    }

    /// The innermost item that is shown of those that a part stands in.
    pub fn holder(&self, part: &ItemKey) -> Option<&LaidItem> {
        self.items.iter().rfind(|item| item.item.key.holds(part))
    }
}

/// What a layout was made of: if all of it is the same, so is the layout.
#[derive(Debug, Clone, PartialEq)]
struct Stamp {
    width: u16,
    is_first: bool,
    show: u64,
    folds: BTreeMap<ItemKey, Detail>,
    raised: Option<ItemKey>,
    row: u64,
    versions: [u64; 3],
    /// How many of the exchanges before were here.
    earlier: usize,
    /// Of the numbers of system sections.
    sections: u64,
    /// What the agent is called.
    name: AgentName,
    callees: Vec<Callee>,
    is_tried_again: bool,
}

#[derive(Debug, Default)]
pub struct Layout {
    laid: HashMap<u64, (Stamp, Arc<LaidTurn>, u64)>,
    clock: u64,
    /// Those of system prompts, with their numbers; lent to it while the screen is arranged.
    pub(super) sections: Sections,
}

/// All that layouts are made from.
#[derive(Clone, Copy)]
pub(super) struct Making<'a> {
    pub(super) roster: &'a Roster,
    pub(super) contents: &'a Contents,
    pub(super) show: &'a Show,
    pub(super) zone: &'a TimeZone,
    pub(super) lines: MakeLines,
    pub(super) width: u16,
}

impl Layout {
    /// The layout of an exchange. `is_first`: nothing stands above it.
    pub(super) fn turn(
        &mut self,
        making: Making<'_>,
        exchange: u64,
        is_first: bool,
    ) -> Arc<LaidTurn> {
        self.clock += 1;
        let Some(row) = making.roster.row(exchange) else {
            return Arc::new(LaidTurn { exchange, ..LaidTurn::default() });
        };
        let empty = Loaded::default();
        let here = making.contents.get(exchange);
        let before = row.previous.and_then(|previous| making.contents.get(previous));
        let after_row = making.roster.after(row);
        let after = after_row.and_then(|after| making.contents.get(after.id));
        let earlier = earlier(making, row);
        let is_tried_again = making.roster.is_tried_again(row);
        let name = making
            .roster
            .agent(&AgentKey::of(row))
            .map(|agent| agent.name.clone())
            .unwrap_or_default();
        let callees = making.roster.callees(row);
        let stamp = Stamp {
            name: name.clone(),
            callees: callees.clone(),
            earlier: earlier.len(),
            sections: self.sections.version(),
            is_tried_again,
            width: making.width,
            is_first,
            show: making.show.generation,
            folds: making.show.folds(exchange),
            raised: making
                .show
                .raised()
                .filter(|spot| spot.exchange == exchange)
                .map(|spot| spot.item.clone()),
            row: row.through_seq,
            versions: [here, before, after]
                .map(|loaded| loaded.map_or(u64::MAX, |loaded| loaded.version)),
        };
        let old = self.laid.get_mut(&exchange);
        if let Some((known, laid, used)) = old
            && *known == stamp
        {
            *used = self.clock;
            return Arc::clone(laid);
        }
        // Its neighbours are waited for, so that it does not change when they come. But what is on
        // the screen stays there when a new one follows it.
        let was_here = self.laid.get(&exchange).is_some_and(|(_, laid, _)| laid.is_loaded);
        let has_before = row.previous.is_none_or(|previous| making.roster.row(previous).is_none())
            || before.is_some_and(Loaded::is_settled);
        let has_after =
            after_row.is_none() || after.is_some_and(|after| after.request.is_settled());
        let is_here =
            here.is_some_and(Loaded::is_settled) && (was_here || (has_before && has_after));
        let loaded = if is_here { here.unwrap_or(&empty) } else { &empty };
        let sections = loaded
            .request
            .here()
            .into_iter()
            .flat_map(|side| &side.pieces)
            .map(|piece| &piece.block);
        for section in sections.filter(|block| block.kind == BlockKind::System) {
            self.sections.see(row.session.as_deref(), section.hash);
        }
        let tries = making.roster.tries_before(row);
        let turn = Turn {
            row,
            loaded,
            before,
            earlier: &earlier,
            tries: &tries,
            is_tried_again,
            last: making.roster.turn_before(row),
            sections: Some(&self.sections),
            after,
            name: Some(&name),
            callees: &callees,
            zone: making.zone,
        };
        let former = self
            .laid
            .get(&exchange)
            .filter(|(known, _, _)| known.width == stamp.width && known.is_first == is_first);
        let laid = Arc::new(lay_out(
            exchange,
            turn,
            making,
            is_first,
            is_here,
            former.map(|(_, laid, _)| laid.as_ref()),
        ));
        self.laid.insert(exchange, (stamp, Arc::clone(&laid), self.clock));
        self.forget_oldest();
        laid
    }

    pub(super) fn clear(&mut self) {
        self.laid.clear();
    }

    fn forget_oldest(&mut self) {
        let mut lines: usize = self.laid.values().map(|(_, laid, _)| laid.height).sum();
        while self.laid.len() > KEPT || (lines > KEPT_LINES && self.laid.len() > 1) {
            let oldest = self.laid.iter().min_by_key(|(_, (_, _, used))| *used).map(|(id, _)| *id);
            let Some((_, laid, _)) = oldest.and_then(|id| self.laid.remove(&id)) else { return };
            lines -= laid.height;
        }
    }
}

/// What is here of the exchanges before the one before `row`.
fn earlier<'a>(making: Making<'a>, row: &Exchange) -> Vec<&'a Loaded> {
    let row_of = |id: u64| making.roster.row(id);
    let previous = |row: &Exchange| row.previous.filter(|previous| *previous < row.id);
    let ids =
        std::iter::successors(previous(row), |id| previous(row_of(*id)?)).skip(1).take(LOOKED_BACK);
    ids.map_while(|id| making.contents.get(id).filter(|loaded| loaded.request.is_settled()))
        .collect()
}

/// `former`: the layout before, at the same width: what did not change is taken over from it.
fn lay_out(
    exchange: u64,
    turn: Turn<'_>,
    making: Making<'_>,
    is_first: bool,
    is_loaded: bool,
    former: Option<&LaidTurn>,
) -> LaidTurn {
    let mut laid = LaidTurn { exchange, is_loaded, ..LaidTurn::default() };
    let mut former_items: HashMap<&ItemKey, &LaidItem> = former
        .into_iter()
        .flat_map(|former| &former.items)
        .map(|item| (&item.item.key, item))
        .collect();
    let mut unfolded: HashSet<ItemKey> = HashSet::new();
    for item in blocks::items(turn) {
        let detail = making.show.detail(exchange, &item);
        if detail == Detail::Hidden {
            continue;
        }
        if item.parent.as_ref().is_some_and(|parent| !unfolded.contains(parent)) {
            laid.folded.push(item.key);
            continue;
        }
        if item.own.is_some() && detail == Detail::Full {
            unfolded.insert(item.key.clone());
        }
        let known = former_items
            .remove(&item.key)
            .filter(|known| known.detail == detail && known.item == item);
        let lines = match known {
            Some(known) => Arc::clone(&known.lines),
            None => {
                let mut lines = (making.lines)(&item, detail, making.width);
                if is_first
                    && laid.items.is_empty()
                    && lines.first().is_some_and(|line| line.spans.is_empty())
                {
                    lines.remove(0);
                }
                Arc::new(lines)
            }
        };
        if !lines.is_empty() {
            let first = laid.height;
            laid.height += lines.len();
            laid.items.push(LaidItem { item, detail, lines, first });
        }
    }
    laid
}
