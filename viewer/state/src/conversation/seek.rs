//! Jumps from block to block: over exchanges that have to be fetched first, too.

use std::collections::BTreeSet;

use ccdump_model::blocks::{Category, ItemBody, ItemKey, Part, Voice};
use ccdump_provider::{agent_call::is_agent_tool, content::Content};

use super::{Conversation, Place, Spot, layout::LaidTurn, window::Walk};

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Block,
    /// The head of an exchange that is a turn.
    Turn,
    Tool,
    /// What a person said.
    User,
    /// Something that went wrong: an exchange, a tool.
    Failure,
    /// The call of a subagent.
    Subagent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seek {
    pub target: Target,
    pub forward: bool,
}

/// Exchanges that are fetched at once while looking.
const AT_ONCE: usize = 8;

impl Target {
    fn is_met_by(self, turn: &LaidTurn, at: usize) -> bool {
        turn.items.get(at).is_some_and(|item| match self {
            Self::Block => true,
            Self::Turn => item.item.is_head(),
            Self::Tool => item.item.category == Category::Tools,
            Self::User => matches!(item.item.body, ItemBody::Text { voice: Voice::User, .. }),
            Self::Failure => is_failure(&item.item.body),
            Self::Subagent => is_subagent(&item.item.body),
        })
    }
}

fn is_failure(body: &ItemBody) -> bool {
    let result = match body {
        ItemBody::Error(_) | ItemBody::Aside { error: Some(_), .. } => return true,
        ItemBody::ToolUse { result: Some(result), .. } | ItemBody::ToolResult { result, .. } => {
            result
        }
        _ => return false,
    };
    matches!(result, Part::Here { content, .. } if matches!(content.as_ref(), Content::ToolResult { is_error: true, .. }))
}

/// Agents' tools for that have a name of their own, or say what kind of agent is wanted.
fn is_subagent(body: &ItemBody) -> bool {
    let ItemBody::ToolUse { name, call, .. } = body else { return false };
    let is_kind = |content: &Content| match content {
        Content::ToolUse { input, .. } => input.get("subagent_type").is_some(),
        _ => false,
    };
    is_agent_tool(name) || matches!(call, Part::Here { content, .. } if is_kind(content))
}

impl Conversation {
    /// Looks on from the marked block. What has to be fetched before it can be looked at goes to
    /// `wanted`, and the search waits.
    pub(super) fn go_on_seeking(
        &mut self,
        seek: Seek,
        walk: &mut Walk<'_>,
        height: u16,
        wanted: &mut BTreeSet<usize>,
    ) {
        let from = self.focus.clone().or_else(|| self.window.first_spot());
        let Some(from) = from else { return };
        let start = walk.number(from.exchange);
        let laid = walk.turn(start);
        let own = laid.items.iter().position(|item| item.item.key == from.item);
        let mut at = own.map(|own| if seek.forward { own + 1 } else { own });
        let mut number = start;
        loop {
            let laid = walk.turn(number);
            // A head is known before its exchange was fetched.
            if !laid.is_loaded && seek.target != Target::Turn {
                self.seek = Some(seek);
                let ahead = if seek.forward {
                    number..=(number + AT_ONCE)
                } else {
                    number.saturating_sub(AT_ONCE)..=number
                };
                wanted.extend(ahead.filter(|number| *number < walk.exchanges.len()));
                return;
            }
            let found = if seek.forward {
                (at.unwrap_or(0)..laid.items.len()).find(|at| seek.target.is_met_by(&laid, *at))
            } else {
                (0..at.unwrap_or(laid.items.len()).min(laid.items.len()))
                    .rev()
                    .find(|at| seek.target.is_met_by(&laid, *at))
            };
            if let Some(item) = found.and_then(|at| laid.items.get(at)) {
                let spot = Spot { exchange: laid.exchange, item: item.item.key.clone() };
                let lines = item.lines.len();
                return self.go_to(spot, lines, seek, walk, height);
            }
            at = None;
            let next = if seek.forward { Some(number + 1) } else { number.checked_sub(1) };
            match next.filter(|next| *next < walk.exchanges.len()) {
                Some(next) => number = next,
                None => return,
            }
        }
    }

    /// Marks an item and brings it onto the screen, moving that as little as makes sense.
    fn go_to(&mut self, spot: Spot, lines: usize, seek: Seek, walk: &mut Walk<'_>, height: u16) {
        let height_rows = usize::from(height);
        let row = self.window.row_of(&spot);
        let begins_here = row.is_some_and(|row| {
            self.window.rows.get(row).is_some_and(|row| self.is_first_line(row, &spot.item))
        });
        let is_whole = begins_here && row.is_some_and(|row| row + lines <= height_rows);
        self.focus = Some(spot.clone());
        if is_whole && seek.target != Target::Turn {
            return;
        }
        let row = match seek.target {
            Target::Turn => 0,
            // From below, as little as shows all of it; from above, or if it is taller than the
            // screen, its start.
            _ if seek.forward && lines < height_rows => height_rows - lines,
            _ => 0,
        };
        self.place = Some(Place {
            exchange: spot.exchange,
            item: spot.item,
            line: 0,
            row: i32::try_from(row).unwrap_or(0),
        });
        self.follow = false;
        self.moved = Some(super::Move::Begun);
        self.lay_window(walk, height);
    }

    fn is_first_line(&self, row: &super::Row, key: &ItemKey) -> bool {
        row.turn
            .item_at(row.line)
            .is_some_and(|item| item.item.key == *key && item.first == row.line)
    }
}
