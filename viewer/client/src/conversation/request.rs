//! What a request adds to the one before it.

use ccdump_provider::content::Content;
use ccdump_record::{Block, BlockKind, BlockState, Outline, Role};

use super::piece::{Backlog, Tone};
use crate::{
    brief::{Limit, brief},
    link::BlockContent,
    text::{clean_line, cut_line, units},
    words,
};

/// Message blocks of one request that are shown; of a long history that is new here only the end
/// is.
pub const SHOWN: usize = 40;

const USER: Limit = Limit { lines: 12, chars: 1_200 };
const EARLIER_ANSWER: Limit = Limit { lines: 4, chars: 400 };
/// What the agent adds for itself: long, and much the same each time.
const CONTEXT: Limit = Limit { lines: 2, chars: 160 };
const RESULT: Limit = Limit { lines: 3, chars: 300 };

/// Writes the new and changed blocks of a request. `outline` holds those; `messages` are the last
/// message blocks of it. `answer_shown`: what the assistant says in it was on the screen when it
/// was said.
pub(super) fn write(
    outline: &Outline,
    messages: &[BlockContent],
    answer_shown: bool,
    out: &mut Backlog,
) {
    if let Some(setting) = setting(outline) {
        out.line(Tone::Remark, &setting);
    }
    if let Some(rewritten) = rewritten(outline) {
        out.line(Tone::Error, &rewritten);
    }
    let new = || outline.blocks.iter().filter(|block| is_new_message(block));
    let earlier = new().count().saturating_sub(messages.len());
    if earlier > 0 {
        let bytes =
            new().take(earlier).fold(0_u64, |sum, block| sum.saturating_add(block.length()));
        out.line(Tone::Remark, &format!("… {}", words::earlier(earlier, bytes)));
    }
    for message in messages {
        if !(answer_shown && message.block.role == Some(Role::Assistant)) {
            block(message, outline, out);
        }
    }
}

/// Whether `block` is something that was said, and not said before.
pub fn is_new_message(block: &Block) -> bool {
    block.state == BlockState::New && is_message(block)
}

fn is_message(block: &Block) -> bool {
    !matches!(block.kind, BlockKind::System | BlockKind::ToolDefinition | BlockKind::Parameter)
}

/// Tools and system sections, in a line: they are long and rarely change.
fn setting(outline: &Outline) -> Option<String> {
    let is_setting =
        |block: &&Block| matches!(block.kind, BlockKind::System | BlockKind::ToolDefinition);
    let changed: Vec<&Block> = outline
        .blocks
        .iter()
        .filter(is_setting)
        .filter(|block| block.state != BlockState::Same)
        .collect();
    let count =
        |blocks: &[&Block], wanted| blocks.iter().filter(|block| block.kind == wanted).count();
    let parts = |blocks: &[&Block]| {
        [(BlockKind::ToolDefinition, "tool"), (BlockKind::System, "system section")]
            .map(|(wanted, noun)| (count(blocks, wanted), noun))
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, noun)| units::plural(count, noun))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let removed: Vec<&Block> = outline.removed.iter().filter(is_setting).collect();
    let mut words = Vec::new();
    if !changed.is_empty() {
        let bytes = changed.iter().fold(0_u64, |sum, block| sum.saturating_add(block.length()));
        let new =
            if outline.previous.or(outline.setting_of).is_some() { "new or changed: " } else { "" };
        words.push(format!("{new}{} ({})", parts(&changed), units::bytes(bytes)));
    }
    if !removed.is_empty() {
        words.push(format!("gone: {}", parts(&removed)));
    }
    (!words.is_empty()).then(|| words.join(" · "))
}

/// That the history is not what it was: it breaks the prompt cache.
fn rewritten(outline: &Outline) -> Option<String> {
    let changed = outline
        .blocks
        .iter()
        .filter(|block| is_message(block) && block.state == BlockState::Changed)
        .count();
    let removed = outline.removed.iter().filter(|block| is_message(block)).count();
    words::rewritten(changed, 0, removed)
}

fn block(message: &BlockContent, outline: &Outline, out: &mut Backlog) {
    let BlockContent { block, content } = message;
    let by_assistant = block.role == Some(Role::Assistant);
    let (tone, mark, limit) = match block.kind {
        BlockKind::ToolResult | BlockKind::ServerToolResult => (Tone::ToolResult, "⎿ ", RESULT),
        BlockKind::ToolUse | BlockKind::ServerToolUse => (Tone::ToolCall, "→ ", RESULT),
        BlockKind::Thinking | BlockKind::RedactedThinking => {
            (Tone::Thinking, "thinking: ", EARLIER_ANSWER)
        }
        BlockKind::Error => (Tone::Error, "error: ", RESULT),
        BlockKind::Raw => (Tone::Remark, "body: ", EARLIER_ANSWER),
        _ if by_assistant => (Tone::Assistant, "", EARLIER_ANSWER),
        _ if block.role == Some(Role::System) => (Tone::Remark, "system: ", CONTEXT),
        // Agents wrap in tags what they add to a user's words: reminders, command output.
        _ if matches!(content, Some(Content::Text(text)) if text.trim_start().starts_with('<')) => {
            (Tone::Remark, "context: ", CONTEXT)
        }
        _ => (Tone::User, "› ", USER),
    };
    let mut text = mark.to_owned();
    if let Some(tool) = tool_name(block, outline) {
        text.push_str(&cut_line(&clean_line(tool), 60));
        text.push_str("  ");
    }
    match content {
        Some(content) => text.push_str(&brief(content, limit)),
        None => text.push_str(&format!(
            "{}, {}",
            block.kind.as_str().replace('_', " "),
            units::bytes(block.length())
        )),
    }
    // Further lines stand below the first one's text, not below its mark.
    let text = if mark.is_empty() { text } else { text.replace('\n', "\n  ") };
    out.line(tone, &text);
}

/// The tool that a result is from: its call stands before it in the same request.
fn tool_name<'a>(result: &Block, outline: &'a Outline) -> Option<&'a str> {
    if !matches!(result.kind, BlockKind::ToolResult | BlockKind::ServerToolResult) {
        return None;
    }
    let id = result.tool_use_id.as_ref()?;
    let call = outline
        .blocks
        .iter()
        .rev()
        .find(|block| block.name.is_some() && block.tool_use_id.as_ref() == Some(id))?;
    call.name.as_deref()
}
