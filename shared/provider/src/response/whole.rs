//! An answer that comes whole, as one JSON document.

use ccdump_record::{Block, BlockKind, Role};
use serde_json::Value;

use crate::{
    agent_call::{AgentCall, is_agent_tool},
    blocks::Blocks,
    json,
    provider::Provider,
    signal,
};

use super::{MOST_AGENT_CALLS, ResponseFacts, note};

pub(super) fn read(
    provider: Provider,
    body: &[u8],
    status_is_error: bool,
    facts: &mut ResponseFacts,
) {
    let Some(text) = json::valid(body) else {
        if status_is_error {
            facts.error = signal::error_in_text(body);
        }
        return;
    };
    // No tree is built of the content: its blocks are slices of the text.
    let small = json::members(&text).into_iter().flatten().filter(|(key, _)| key != "content");
    let answer: Value = small
        .filter_map(|(key, value)| Some((key, serde_json::from_str::<Value>(value).ok()?)))
        .collect();
    signal::read_whole(provider, &answer, &mut |signal| note(signal, facts));
    facts.error = signal::error_in(&answer);
    let mut blocks = Blocks::new(&text);
    if let Some(error) = json::member(&text, "error").filter(|_| facts.error.is_some()) {
        blocks.block(|| "/error".to_owned(), error, Some(BlockKind::Error), None);
    } else if let Some(content) =
        json::member(&text, "content").filter(|_| provider == Provider::Anthropic)
    {
        blocks.each(content, |blocks, index, element| {
            blocks.block(|| format!("/content/{index}"), element, None, Some(Role::Assistant));
        });
    }
    facts.blocks = blocks.finish();
    facts.agent_calls = facts
        .blocks
        .iter()
        .filter_map(|block| agent_call(&text, block))
        .take(MOST_AGENT_CALLS)
        .collect();
}

fn agent_call(text: &str, block: &Block) -> Option<AgentCall> {
    let is_call =
        block.kind == BlockKind::ToolUse && block.name.as_deref().is_some_and(is_agent_tool);
    let range = usize::try_from(block.range.start).ok()?..usize::try_from(block.range.end).ok()?;
    let json: Value = serde_json::from_str(text.get(range).filter(|_| is_call)?).ok()?;
    AgentCall::read(&block.pointer, block.tool_use_id.as_deref()?, json.get("input")?)
}
