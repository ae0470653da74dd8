//! What a response says, as it streams.

use ccdump_provider::{
    content::Content,
    provider::Provider,
    stream::{StreamEvent, StreamReader},
};
use ccdump_record::BlockKind;

use serde_json::Value;

use super::piece::{Backlog, Tone};
use crate::{
    brief::{Limit, arguments, brief, call, shorten},
    text::{Sanitiser, clean_line, cut_line},
};

/// Arguments of one tool call that are kept until it is over.
const LONGEST_INPUT: usize = 256 * 1024;
const WHOLE: Limit = Limit { lines: 200, chars: 20_000 };
const OTHER: Limit = Limit { lines: 4, chars: 400 };

pub(super) struct Reply {
    reader: StreamReader,
    writer: Writer,
    /// The body is read from its middle on: what comes before the first blank line is the rest of
    /// an event.
    skip_to_event: bool,
    newline: bool,
}

/// Turns what the reader finds into text. Split from [`Reply`], as the reader calls it while it is
/// borrowed.
#[derive(Default)]
struct Writer {
    block: Option<Block>,
    sanitiser: Sanitiser,
    error: Option<String>,
}

/// The block that is being written.
struct Block {
    index: u64,
    tone: Tone,
    /// Arguments of a tool call so far, and how long they really are.
    input: String,
    input_length: usize,
    /// Something stands on the screen of it.
    begun: bool,
}

impl Reply {
    pub(super) fn new(provider: Provider, status: u16, content_type: Option<&str>) -> Self {
        Self {
            reader: StreamReader::new(provider, status, content_type),
            writer: Writer::default(),
            skip_to_event: false,
            newline: false,
        }
    }

    /// The bytes that come next do not follow those before them.
    pub(super) fn broken(&mut self) {
        self.skip_to_event = true;
        self.newline = false;
    }

    /// More of the decoded body.
    pub(super) fn push(&mut self, decoded: &[u8], out: &mut Backlog) {
        let rest = if self.skip_to_event { self.after_blank_line(decoded) } else { decoded };
        let writer = &mut self.writer;
        self.reader.push(rest, &mut |event| writer.event(event, out));
    }

    /// The body is over.
    pub(super) fn finish(&mut self, out: &mut Backlog) {
        let writer = &mut self.writer;
        self.reader.finish(&mut |event| writer.event(event, out));
        writer.stop(out);
    }

    /// The error that the response spoke of.
    pub(super) fn error(&self) -> Option<&str> {
        self.writer.error.as_deref()
    }

    fn after_blank_line<'a>(&mut self, decoded: &'a [u8]) -> &'a [u8] {
        for (at, byte) in decoded.iter().enumerate() {
            match byte {
                b'\n' if self.newline => {
                    self.skip_to_event = false;
                    return decoded.get(at + 1..).unwrap_or_default();
                }
                b'\n' => self.newline = true,
                b'\r' => {}
                _ => self.newline = false,
            }
        }
        &[]
    }
}

impl Writer {
    fn event(&mut self, event: StreamEvent, out: &mut Backlog) {
        match event {
            StreamEvent::BlockStart { index, kind, name, .. } => {
                self.start(index, kind, name.as_deref(), out)
            }
            StreamEvent::Text { index, text } => self.text(index, Tone::Assistant, &text, out),
            StreamEvent::Thinking { index, text } => self.text(index, Tone::Thinking, &text, out),
            StreamEvent::ToolInput { index, partial_json } => {
                self.tool_input(index, &partial_json, out)
            }
            StreamEvent::BlockStop { .. } => self.stop(out),
            StreamEvent::Error(error) => self.error = Some(shorten(&error, OTHER)),
            StreamEvent::Whole(contents) => contents.iter().for_each(|content| whole(content, out)),
            StreamEvent::Raw(text) => {
                self.stop(out);
                out.line(Tone::Remark, &shorten(&text, OTHER));
            }
            // Numbers and stop reason come with the exchange's row, which knows the price as well.
            StreamEvent::Usage(_) | StreamEvent::Stop(_) => {}
        }
    }

    fn start(&mut self, index: u64, kind: BlockKind, name: Option<&str>, out: &mut Backlog) {
        self.stop(out);
        out.fresh_line();
        let name = || cut_line(&clean_line(name.unwrap_or("tool")), 60);
        let (tone, mark) = match kind {
            BlockKind::Text => (Tone::Assistant, String::new()),
            BlockKind::Thinking => (Tone::Thinking, "thinking: ".to_owned()),
            BlockKind::ToolUse | BlockKind::ServerToolUse => {
                (Tone::ToolCall, format!("→ {}  ", name()))
            }
            other => (Tone::Remark, format!("[{}] ", other.as_str().replace('_', " "))),
        };
        let begun = !mark.is_empty();
        out.text(tone, &mark);
        self.block = Some(Block { index, tone, input: String::new(), input_length: 0, begun });
    }

    fn text(&mut self, index: u64, tone: Tone, text: &str, out: &mut Backlog) {
        if self.block.as_ref().is_none_or(|block| block.index != index) {
            // Its start was not seen.
            let kind = if tone == Tone::Thinking { BlockKind::Thinking } else { BlockKind::Text };
            self.start(index, kind, None, out);
        }
        let Some(block) = &mut self.block else { return };
        let mut clean = String::new();
        self.sanitiser.push(text.as_bytes(), &mut clean);
        let clean = if block.begun { clean.as_str() } else { clean.trim_start_matches('\n') };
        block.begun |= !clean.is_empty();
        out.text(block.tone, clean);
    }

    fn tool_input(&mut self, index: u64, partial_json: &str, out: &mut Backlog) {
        if self.block.as_ref().is_none_or(|block| block.index != index) {
            self.start(index, BlockKind::ToolUse, None, out);
        }
        let Some(block) = &mut self.block else { return };
        block.input_length = block.input_length.saturating_add(partial_json.len());
        if block.input_length <= LONGEST_INPUT {
            block.input.push_str(partial_json);
        }
    }

    /// The block is over, or another one begins.
    fn stop(&mut self, out: &mut Backlog) {
        let Some(block) = self.block.take() else { return };
        let mut rest = String::new();
        std::mem::take(&mut self.sanitiser).finish(&mut rest);
        out.text(block.tone, &rest);
        if block.tone == Tone::ToolCall && !block.input.is_empty() {
            // What has not come to its end is no JSON: it is shown as the text that it is.
            let input = serde_json::from_str(&block.input).unwrap_or(Value::String(block.input));
            out.text(Tone::ToolCall, &arguments(&input));
        }
        out.fresh_line();
    }
}

/// A block of an answer that was no stream.
fn whole(content: &Content, out: &mut Backlog) {
    match content {
        Content::ToolUse { name, input } => {
            out.line(Tone::ToolCall, &format!("→ {}", call(name, input)))
        }
        Content::Thinking(_) | Content::RedactedThinking { .. } => {
            out.line(Tone::Thinking, &format!("thinking: {}", brief(content, WHOLE)))
        }
        Content::Text(_) => out.line(Tone::Assistant, &brief(content, WHOLE)),
        _ => out.line(Tone::Remark, &brief(content, OTHER)),
    }
}
