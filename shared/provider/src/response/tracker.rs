//! Follows the blocks of a stream: where each begins and ends, and what it amounts to.

use std::ops::Range;

use blake3::Hasher;
use ccdump_record::{Block, BlockKind, BlockState, Role};
use serde_json::Value;

use crate::{
    agent_call::{AgentCall, is_agent_tool},
    fingerprint,
    signal::{BlockStart, DeltaKind, Signal},
};

use super::{MOST_AGENT_CALLS, ResponseFacts};

/// Blocks that are open at once. The providers have one or two; a stream that opens ever more has
/// the oldest closed.
const MOST_OPEN: usize = 64;
/// Bytes of the arguments of a call of an agent.
const LARGEST_INPUT: usize = 1 << 20;
/// Blocks of one answer.
const MOST_BLOCKS: usize = 100_000;

#[derive(Default)]
pub(super) struct Tracker {
    open: Vec<Open>,
}

struct Open {
    /// The provider's content index.
    index: u64,
    /// Place in the list of blocks.
    place: usize,
    hasher: Hasher,
    last: Option<DeltaKind>,
    /// The arguments of a call that starts an agent, as far as they have come; `None` for anything
    /// else.
    input: Option<String>,
}

impl Tracker {
    /// `range` is that of the event that said `signal`.
    pub(super) fn follow(
        &mut self,
        signal: &Signal<'_>,
        range: &Range<u64>,
        facts: &mut ResponseFacts,
    ) {
        let blocks = &mut facts.blocks;
        match signal {
            Signal::BlockStart { index, start } => self.start(*index, start, range, facts),
            Signal::Delta { index, kind, text } => self.extend(*index, *kind, text, range, blocks),
            Signal::BlockStop { index } => {
                if let Some(at) = self.open.iter().rposition(|open| open.index == *index) {
                    let open = self.open.swap_remove(at);
                    if let Some(block) = blocks.get_mut(open.place) {
                        block.range.end = range.end;
                    }
                    close(&open, facts);
                }
            }
            Signal::Error(error) if blocks.len() < MOST_BLOCKS => blocks.push(Block {
                pointer: "/error".to_owned(),
                kind: BlockKind::Error,
                role: None,
                wire_type: "error".to_owned(),
                name: None,
                tool_use_id: None,
                range: range.clone(),
                hash: fingerprint::of_bytes(error.as_bytes()),
                state: BlockState::New,
            }),
            _ => {}
        }
    }

    /// Blocks that never ended are what has come of them.
    pub(super) fn close_all(&mut self, facts: &mut ResponseFacts) {
        for open in self.open.drain(..) {
            close(&open, facts);
        }
    }

    fn start(
        &mut self,
        index: u64,
        start: &BlockStart,
        range: &Range<u64>,
        facts: &mut ResponseFacts,
    ) {
        if facts.blocks.len() >= MOST_BLOCKS {
            return;
        }
        if self.open.len() >= MOST_OPEN {
            close(&self.open.remove(0), facts);
        }
        let mut hasher = Hasher::new();
        hasher.update(start.json.to_string().as_bytes());
        let is_agent_call =
            start.kind == BlockKind::ToolUse && start.name.as_deref().is_some_and(is_agent_tool);
        // Some come whole; else it is empty here.
        let whole = start
            .json
            .get("input")
            .filter(|input| input.as_object().is_some_and(|fields| !fields.is_empty()));
        let input = is_agent_call.then(|| whole.map(Value::to_string).unwrap_or_default());
        self.open.push(Open { index, place: facts.blocks.len(), hasher, last: None, input });
        facts.blocks.push(Block {
            pointer: format!("/content/{index}"),
            kind: start.kind,
            role: Some(Role::Assistant),
            wire_type: start.wire_type.clone(),
            name: start.name.clone(),
            tool_use_id: start.tool_use_id.clone(),
            range: range.clone(),
            hash: 0,
            state: BlockState::New,
        });
    }

    fn extend(
        &mut self,
        index: u64,
        kind: DeltaKind,
        text: &str,
        range: &Range<u64>,
        blocks: &mut [Block],
    ) {
        let Some(open) = self.open.iter_mut().rev().find(|open| open.index == index) else {
            return;
        };
        // How the text was cut into pieces is nothing; where thinking turns into a signature is.
        if open.last.replace(kind) != Some(kind) {
            open.hasher.update(&[0xff, kind as u8]);
        }
        open.hasher.update(text.as_bytes());
        if kind == DeltaKind::ToolInput
            && let Some(input) = &mut open.input
        {
            if input.len().saturating_add(text.len()) > LARGEST_INPUT {
                open.input = None;
            } else {
                input.push_str(text);
            }
        }
        if let Some(block) = blocks.get_mut(open.place) {
            block.range.end = range.end;
        }
    }
}

fn close(open: &Open, facts: &mut ResponseFacts) {
    let Some(block) = facts.blocks.get_mut(open.place) else { return };
    block.hash = fingerprint::finish(&open.hasher);
    let call = open.input.as_deref().zip(block.tool_use_id.as_deref()).and_then(|(input, id)| {
        let input: Value = serde_json::from_str(input).ok()?;
        AgentCall::read(&block.pointer, id, &input)
    });
    facts.agent_calls.extend(call.filter(|_| facts.agent_calls.len() < MOST_AGENT_CALLS));
}
