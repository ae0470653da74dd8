//! What an answer says, whoever says it: the one place that knows the providers' response formats.

mod anthropic;
mod gemini;
mod openai;

use std::borrow::Cow;

use ccdump_record::{BlockKind, Usage};
use serde_json::Value;

pub(crate) use gemini::parts as gemini_parts;

use crate::{json, provider::Provider, sse::SseEvent};

/// Error messages are kept up to this length.
const MESSAGE_LIMIT: usize = 2000;
/// Error bodies of something that is no API, such as a load balancer, are quoted up to this length.
const QUOTE_LIMIT: usize = 200;
/// Tool calls of one answer that are told apart.
const MOST_CALLS: usize = 1000;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Signal<'a> {
    /// Which message this is, by which model.
    Message {
        id: Option<String>,
        model: Option<String>,
    },
    BlockStart {
        index: u64,
        start: BlockStart,
    },
    Delta {
        index: u64,
        kind: DeltaKind,
        text: Cow<'a, str>,
    },
    BlockStop {
        index: u64,
    },
    Usage(Usage),
    /// Anthropic's cumulative usage, laid over the one before.
    UsageUpdate(Value),
    StopReason(String),
    /// "type: message"
    Error(String),
    /// Nothing comes after this event.
    End,
}

/// Whom signals are told.
pub(crate) type Listener<'l, 'a> = &'l mut dyn FnMut(Signal<'a>);

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BlockStart {
    pub(crate) kind: BlockKind,
    /// The provider's word for the kind.
    pub(crate) wire_type: String,
    pub(crate) name: Option<String>,
    pub(crate) tool_use_id: Option<String>,
    /// The block as far as it stands in its first event: some come whole.
    pub(crate) json: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeltaKind {
    Text,
    Thinking,
    ToolInput,
    /// Signatures and the like: content that is not shown as it streams.
    Other,
}

impl DeltaKind {
    /// It is content for people.
    pub(crate) fn is_shown(self) -> bool {
        self != Self::Other
    }
}

/// Reads the events of one answer.
pub(crate) struct Signals {
    provider: Provider,
    progress: Progress,
}

impl Signals {
    pub(crate) fn new(provider: Provider) -> Self {
        Self { provider, progress: Progress::default() }
    }

    /// Tells what an event says. An event that is not understood says nothing.
    pub(crate) fn read<'a>(&mut self, event: &SseEvent<'a>, on: Listener<'_, 'a>) {
        match self.provider {
            Provider::Anthropic => anthropic::read(event.event, event.data, on),
            Provider::OpenAi => openai::read(event.event, event.data, &mut self.progress, on),
            Provider::Gemini => gemini::read(event.data, &mut self.progress, on),
            Provider::Unknown => {}
        }
    }
}

/// Tells what an answer says that came whole, but for its blocks.
pub(crate) fn read_whole(provider: Provider, answer: &Value, on: Listener<'_, '_>) {
    match provider {
        Provider::Anthropic => anthropic::read_message(answer, on),
        Provider::OpenAi => openai::read_whole(answer, on),
        Provider::Gemini => gemini::read_facts(answer, on),
        Provider::Unknown => {}
    }
}

/// "type: message" of an answer or an event that has an error in it.
pub(crate) fn error_in(answer: &Value) -> Option<String> {
    let error = match answer.get("error") {
        Some(error) if !error.is_null() => error,
        _ if answer.get("type")? == "error" => answer,
        _ => return None,
    };
    let message = error.get("message").unwrap_or(error);
    let message = message.as_str().map_or_else(|| Cow::Owned(message.to_string()), Cow::Borrowed);
    let message = json::clip(&message, MESSAGE_LIMIT);
    let kind = ["type", "status", "code"]
        .into_iter()
        .filter_map(|name| json::name_at(error, &format!("/{name}")));
    // OpenAI's error events are their own error: their type says no more than that.
    let kind = kind.into_iter().find(|kind| kind != "error");
    Some(kind.map_or_else(|| message.to_owned(), |kind| format!("{kind}: {message}")))
}

/// The first line of an error body that is no JSON. Markup says nothing in a line.
pub(crate) fn error_in_text(body: &[u8]) -> Option<String> {
    let start = String::from_utf8_lossy(body.get(..QUOTE_LIMIT * 4).unwrap_or(body)).into_owned();
    let line = start.lines().map(str::trim).find(|line| !line.is_empty())?;
    (!line.starts_with('<')).then(|| json::clip(line, QUOTE_LIMIT).to_owned())
}

/// Where an answer has got to whose events do not say it all: chat completions and Gemini do not
/// number their blocks. They are counted as they begin; text goes on in the block of text, thinking
/// in that of thinking.
#[derive(Default)]
struct Progress {
    named: bool,
    begun: u64,
    text: Option<u64>,
    thinking: Option<u64>,
    /// Chat completions number tool calls among themselves: that number, and the block's.
    calls: Vec<(u64, u64)>,
}

impl Progress {
    fn begin(&mut self, start: BlockStart, on: Listener<'_, '_>) -> u64 {
        let index = self.begun;
        self.begun = self.begun.saturating_add(1);
        on(Signal::BlockStart { index, start });
        index
    }

    fn text<'a>(&mut self, text: Cow<'a, str>, on: Listener<'_, 'a>) {
        if !text.is_empty() {
            let index = self
                .text
                .unwrap_or_else(|| self.begin(BlockStart::bare(BlockKind::Text, "text"), on));
            self.text = Some(index);
            on(Signal::Delta { index, kind: DeltaKind::Text, text });
        }
    }

    fn thinking<'a>(&mut self, text: Cow<'a, str>, on: Listener<'_, 'a>) {
        if !text.is_empty() {
            let index = self.thinking.unwrap_or_else(|| {
                self.begin(BlockStart::bare(BlockKind::Thinking, "thinking"), on)
            });
            self.thinking = Some(index);
            on(Signal::Delta { index, kind: DeltaKind::Thinking, text });
        }
    }

    /// The block of the tool call with this number, begun by its first piece.
    fn call(&mut self, number: u64, start: BlockStart, on: Listener<'_, '_>) -> Option<u64> {
        if let Some((_, index)) = self.calls.iter().find(|(known, _)| *known == number) {
            return Some(*index);
        }
        if self.calls.len() >= MOST_CALLS {
            return None;
        }
        let index = self.begin(start, on);
        self.calls.push((number, index));
        Some(index)
    }
}

impl BlockStart {
    fn bare(kind: BlockKind, wire_type: &str) -> Self {
        Self {
            kind,
            wire_type: wire_type.to_owned(),
            name: None,
            tool_use_id: None,
            json: Value::Null,
        }
    }

    fn call(wire_type: &str, name: Option<String>, id: Option<String>) -> Self {
        Self { name, tool_use_id: id, ..Self::bare(BlockKind::ToolUse, wire_type) }
    }
}
