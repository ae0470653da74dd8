//! One exchange → its items.

use ccdump_client::text::time;
use ccdump_record::{EndState, Exchange};
use jiff::tz::TimeZone;

use super::{
    Category, Item, ItemBody, ItemKey, Numbers, Speaker, TurnHead, TurnState, aside, list::List,
    request, response, tries,
};
use crate::record::{AgentName, Callee, Loaded, Sections, is_turn};

/// What the items of an exchange are made of.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    pub row: &'a Exchange,
    pub loaded: &'a Loaded,
    /// The exchange before in the thread, if it is here: what it said is not repeated.
    pub before: Option<&'a Loaded>,
    /// The exchanges before that one, the newest first, as far as they are here without a gap: what
    /// was changed stood in one of them.
    pub earlier: &'a [&'a Loaded],
    /// The same request as it was sent before, and failed: oldest first.
    pub tries: &'a [&'a Exchange],
    /// It failed, and the next one is the same request.
    pub is_tried_again: bool,
    /// The agent's turn before, of whatever thread.
    pub last: Option<&'a Exchange>,
    /// Numbers of the sections of system prompts.
    pub sections: Option<&'a Sections>,
    /// The exchange after in the thread, if it is here: it brings the results of tool calls.
    pub after: Option<&'a Loaded>,
    /// What the agent is called; its id, where nobody knows.
    pub name: Option<&'a AgentName>,
    /// The agents that its calls have started.
    pub callees: &'a [Callee],
    /// The viewer's place, for times of day.
    pub zone: &'a TimeZone,
}

/// The items of an exchange in display order. The first one's key is `turn` or `aside`; those of
/// blocks are `request` or `response` with the block's pointer.
pub fn items(turn: Turn<'_>) -> Vec<Item> {
    let mut list = List::default();
    // Between the first try, which shows the request, and the last one, which shows the answer,
    // there is nothing to be shown.
    if turn.is_tried_again && !turn.tries.is_empty() {
        return Vec::new();
    }
    if is_turn(turn.row) {
        list.add(ItemKey::HEAD, Category::Metadata, ItemBody::Turn(head(turn)));
        tries::add(turn, &mut list);
        request::add(turn, &mut list);
        response::add(turn, &mut list);
    } else {
        aside::add(turn, &mut list);
    }
    list.finish()
}

fn head(turn: Turn<'_>) -> TurnHead {
    let row = turn.row;
    TurnHead {
        id: row.id,
        speaker: speaker(turn),
        model: row.model.clone(),
        time: time::time_of_day(row.started_at_us, turn.zone),
        state: state(turn),
        stop: row.stop_reason.clone(),
    }
}

pub(super) fn speaker(turn: Turn<'_>) -> Speaker {
    match turn.row.agent.as_deref() {
        Some("main") => Speaker::Main,
        Some(agent) => {
            Speaker::Agent(turn.name.cloned().unwrap_or_else(|| AgentName::plain(agent)))
        }
        None => Speaker::Provider(turn.row.provider.clone()),
    }
}

pub(super) fn state(turn: Turn<'_>) -> TurnState {
    if turn.is_tried_again {
        return TurnState::TriedAgain;
    }
    match turn.row.end_state {
        Some(EndState::Complete) => TurnState::Complete,
        Some(EndState::Truncated) => TurnState::Truncated,
        Some(EndState::ClientCancelled) => TurnState::Cancelled,
        Some(EndState::UpstreamError) => TurnState::Failed,
        Some(EndState::DaemonStopped) => TurnState::DaemonStopped,
        None => {
            let answers = turn.row.status.is_some()
                || turn.loaded.response.here().is_some_and(|side| !side.pieces.is_empty());
            if answers { TurnState::Streaming } else { TurnState::Waiting }
        }
    }
}

pub(super) fn numbers(row: &Exchange) -> Numbers {
    Numbers {
        cost_usd: row.cost_usd,
        duration_us: row.duration_us,
        ttft_us: row.ttft_us,
        request_bytes: row.request_bytes,
        response_bytes: row.response_bytes,
    }
}
