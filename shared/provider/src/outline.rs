//! What a request adds to the one before it in its thread, and what it changes of it.

use std::collections::{HashMap, HashSet};

use ccdump_record::{Block, BlockKind, BlockState, Role};

/// Sets the state of each block in `current` against `previous`, and returns the blocks of
/// `previous` that are gone.
///
/// A block is the same when the same content stands in its place, or stood elsewhere and was moved:
/// agents give tool results in the order they come in, and put messages between others. It is
/// changed when other content stood in its place, and else new.
pub fn compare(previous: &[Block], current: &mut [Block]) -> Vec<Block> {
    let places: HashMap<_, _> =
        previous.iter().enumerate().map(|(at, block)| (place(block), at)).collect();
    let in_place =
        |block: &Block| places.get(&place(block)).and_then(|at| Some((*at, previous.get(*at)?)));
    let mut pairs =
        Pairs { unmatched: vec![true; previous.len()], states: vec![None; current.len()] };

    for (at, block) in current.iter().enumerate() {
        if let Some((before, twin)) = in_place(block)
            && twin.hash == block.hash
            && pairs.is_unmatched(before)
        {
            pairs.settle(at, before, BlockState::Same);
        }
    }

    let mut elsewhere: HashMap<_, Vec<usize>> = HashMap::new();
    for (before, block) in previous.iter().enumerate().rev() {
        if pairs.is_unmatched(before) {
            elsewhere.entry((section(block), block.hash)).or_default().push(before);
        }
    }
    for (at, block) in current.iter().enumerate() {
        // Parameters do not move: two of them may well have the same value.
        if pairs.is_open(at)
            && block.kind != BlockKind::Parameter
            && let Some(before) =
                elsewhere.get_mut(&(section(block), block.hash)).and_then(Vec::pop)
        {
            pairs.settle(at, before, BlockState::Same);
        }
    }

    for (at, block) in current.iter().enumerate() {
        if pairs.is_open(at)
            && let Some((before, _)) =
                in_place(block).filter(|(before, _)| pairs.is_unmatched(*before))
        {
            pairs.settle(at, before, BlockState::Changed);
        }
    }

    for (block, state) in current.iter_mut().zip(pairs.states) {
        block.state = state.unwrap_or(BlockState::New);
    }
    previous
        .iter()
        .zip(pairs.unmatched)
        .filter(|(_, unmatched)| *unmatched)
        .map(|(block, _)| block.clone())
        .collect()
}

/// The same for a request that continues none, as after a compaction, against the agent's request
/// before it: what stands before the messages is compared, and of that those that are gone are
/// returned. Of the messages all is new but what the agent has kept: answers and results of tools
/// that stood in the other history too. A person may well say the same words again.
pub fn compare_setting(previous: &[Block], current: &mut [Block]) -> Vec<Block> {
    let setting: Vec<Block> =
        previous.iter().filter(|block| section(block) != Section::Messages).cloned().collect();
    let gone = compare(&setting, current);
    let kept: HashSet<_> = previous.iter().filter_map(by_agent).collect();
    for block in current {
        if by_agent(block).is_some_and(|by_agent| kept.contains(&by_agent)) {
            block.state = BlockState::Same;
        }
    }
    gone
}

/// Leading blocks of the messages that both requests have; the tool results of one message may be
/// in any order.
pub fn common_prefix(previous: &[Block], current: &[Block]) -> usize {
    let (previous, current) = (messages(previous), messages(current));
    let mut length = 0;
    for (before, now) in previous.chunk_by(one_unit).zip(current.chunk_by(one_unit)) {
        let shared = shared(before, now);
        length += shared;
        if shared < before.len().max(now.len()) {
            break;
        }
    }
    length
}

/// What the agent itself has put into the history, to be told apart.
fn by_agent(block: &Block) -> Option<(BlockKind, u64, Option<&str>)> {
    let is_by_agent = block.role == Some(Role::Assistant) || block.kind == BlockKind::ToolResult;
    (is_by_agent && section(block) == Section::Messages).then_some((
        block.kind,
        block.hash,
        block.tool_use_id.as_deref(),
    ))
}

fn messages(blocks: &[Block]) -> Vec<&Block> {
    blocks.iter().filter(|block| block.pointer.starts_with("/messages/")).collect()
}

/// Whether two neighbours count together: tool results of one message.
fn one_unit(one: &&Block, next: &&Block) -> bool {
    let is_result = |block: &Block| block.kind == BlockKind::ToolResult;
    is_result(one) && is_result(next) && message(one) == message(next)
}

/// The number of the message that a block is in.
fn message(block: &Block) -> Option<&str> {
    block.pointer.strip_prefix("/messages/")?.split('/').next()
}

/// Blocks that two units have in common, in whatever order.
fn shared(before: &[&Block], now: &[&Block]) -> usize {
    let mut left: HashMap<u64, usize> = HashMap::new();
    for block in before {
        *left.entry(block.hash).or_default() += 1;
    }
    let takes = |block: &&&Block| match left.get_mut(&block.hash) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    };
    now.iter().filter(takes).count()
}

/// Which blocks of the two requests belong together.
struct Pairs {
    /// Of each block before: nothing now belongs to it yet.
    unmatched: Vec<bool>,
    /// Of each block now, once it is known.
    states: Vec<Option<BlockState>>,
}

impl Pairs {
    fn settle(&mut self, at: usize, before: usize, state: BlockState) {
        if let (Some(known), Some(unmatched)) =
            (self.states.get_mut(at), self.unmatched.get_mut(before))
        {
            *known = Some(state);
            *unmatched = false;
        }
    }

    fn is_open(&self, at: usize) -> bool {
        self.states.get(at).is_some_and(Option::is_none)
    }

    fn is_unmatched(&self, before: usize) -> bool {
        self.unmatched.get(before).copied().unwrap_or(false)
    }
}

/// Where a block stands, for comparison: tools by name, the rest by pointer, with a string standing
/// where the first of an array would.
#[derive(PartialEq, Eq, Hash)]
enum Place<'a> {
    Tool(&'a str),
    At(BlockKind, &'a str),
}

fn place(block: &Block) -> Place<'_> {
    match (block.kind, &block.name) {
        (BlockKind::ToolDefinition, Some(name)) => Place::Tool(name),
        (kind, _) => Place::At(kind, block.pointer.strip_suffix("/0").unwrap_or(&block.pointer)),
    }
}

/// Content moves only within its part of a request.
#[derive(PartialEq, Eq, Hash)]
enum Section {
    Parameters,
    System,
    Tools,
    Messages,
}

fn section(block: &Block) -> Section {
    match block.kind {
        BlockKind::Parameter => Section::Parameters,
        BlockKind::System => Section::System,
        BlockKind::ToolDefinition => Section::Tools,
        _ => Section::Messages,
    }
}
