//! A live response, for viewers: what has come, as it comes.

mod whole;

use ccdump_record::{BlockKind, Usage};
use serde_json::Value;

use crate::{
    content::{self, Content},
    json,
    provider::Provider,
    response::is_event_stream,
    signal::{self, BlockStart, DeltaKind, Signal, Signals},
    sse::{SseEvent, SseParser},
    usage,
};

/// A body that is no stream is held up to this size, and shown when it has ended.
const LARGEST_WHOLE: usize = 32 << 20;

#[derive(Debug, Clone, PartialEq)]
pub enum StreamEvent {
    /// `index` is the provider's; where it has none, blocks are counted as they begin.
    BlockStart {
        index: u64,
        kind: BlockKind,
        /// The provider's word for the kind.
        wire_type: String,
        name: Option<String>,
        /// Joins a tool use with its result.
        tool_use_id: Option<String>,
    },
    Text {
        index: u64,
        text: String,
    },
    Thinking {
        index: u64,
        text: String,
    },
    ToolInput {
        index: u64,
        partial_json: String,
    },
    BlockStop {
        index: u64,
    },
    /// What is known of the usage so far: it replaces what was known before.
    Usage(Usage),
    /// The stop reason.
    Stop(String),
    /// "type: message"
    Error(String),
    /// An answer that came whole, when it has ended.
    Whole(Vec<Content>),
    /// A body that is not understood, when it has ended; invalid UTF-8 replaced.
    Raw(String),
}

pub struct StreamReader {
    provider: Provider,
    status: u16,
    body: Body,
    usage: Usage,
}

enum Body {
    Events { parser: SseParser, signals: Signals },
    Whole(Vec<u8>),
}

impl StreamReader {
    pub fn new(provider: Provider, status: u16, content_type: Option<&str>) -> Self {
        let body = if provider != Provider::Unknown && is_event_stream(content_type) {
            Body::Events { parser: SseParser::new(), signals: Signals::new(provider) }
        } else {
            Body::Whole(Vec::new())
        };
        Self { provider, status, body, usage: Usage::default() }
    }

    /// Decoded bytes as they come.
    pub fn push(&mut self, decoded: &[u8], on: &mut dyn FnMut(StreamEvent)) {
        let Self { body, usage, .. } = self;
        match body {
            Body::Events { parser, signals } => {
                parser.push(decoded, &mut |event| read_event(&event, signals, usage, on))
            }
            Body::Whole(held) => {
                let room = LARGEST_WHOLE.saturating_sub(held.len());
                held.extend_from_slice(decoded.get(..room).unwrap_or(decoded));
            }
        }
    }

    /// The body has ended.
    pub fn finish(&mut self, on: &mut dyn FnMut(StreamEvent)) {
        let Self { provider, status, body, usage } = self;
        match body {
            Body::Events { parser, signals } => {
                parser.finish(&mut |event| read_event(&event, signals, usage, on))
            }
            Body::Whole(held) => {
                let held = std::mem::take(held);
                match json::parse(&held) {
                    _ if held.is_empty() => {}
                    Ok(answer) if read_whole(*provider, &answer, usage, on) => {}
                    Err(_)
                        if *status >= 400
                            && let Some(error) = signal::error_in_text(&held) =>
                    {
                        on(StreamEvent::Error(error))
                    }
                    _ => on(StreamEvent::Raw(String::from_utf8_lossy(&held).into_owned())),
                }
            }
        }
    }
}

fn read_event(
    event: &SseEvent<'_>,
    signals: &mut Signals,
    usage: &mut Usage,
    on: &mut dyn FnMut(StreamEvent),
) {
    signals.read(event, &mut |signal| tell(signal, usage, on));
}

fn tell(signal: Signal<'_>, usage: &mut Usage, on: &mut dyn FnMut(StreamEvent)) {
    match signal {
        Signal::BlockStart { index, start } => tell_start(index, start, on),
        Signal::Delta { text, .. } if text.is_empty() => {}
        Signal::Delta { index, kind, text } => {
            let text = text.into_owned();
            match kind {
                DeltaKind::Text => on(StreamEvent::Text { index, text }),
                DeltaKind::Thinking => on(StreamEvent::Thinking { index, text }),
                DeltaKind::ToolInput => on(StreamEvent::ToolInput { index, partial_json: text }),
                DeltaKind::Other => {}
            }
        }
        Signal::BlockStop { index } => on(StreamEvent::BlockStop { index }),
        Signal::Usage(now) => {
            *usage = now;
            on(StreamEvent::Usage(now));
        }
        Signal::UsageUpdate(update) => {
            usage::update(usage, &update);
            on(StreamEvent::Usage(*usage));
        }
        Signal::StopReason(reason) => on(StreamEvent::Stop(reason)),
        Signal::Error(error) => on(StreamEvent::Error(error)),
        Signal::Message { .. } | Signal::End => {}
    }
}

/// A block begins, with what it has from the start: results of the provider's own tools come whole.
fn tell_start(index: u64, start: BlockStart, on: &mut dyn FnMut(StreamEvent)) {
    let BlockStart { kind, wire_type, name, tool_use_id, json } = start;
    on(StreamEvent::BlockStart { index, kind, wire_type, name, tool_use_id });
    match content::of_value(kind, json) {
        Content::Text(text) | Content::ToolResult { text, .. } if !text.is_empty() => {
            on(StreamEvent::Text { index, text })
        }
        Content::Thinking(text) if !text.is_empty() => on(StreamEvent::Thinking { index, text }),
        Content::ToolUse { input, .. }
            if input.as_object().is_some_and(|input| !input.is_empty()) =>
        {
            on(StreamEvent::ToolInput { index, partial_json: input.to_string() });
        }
        _ => {}
    }
}

/// False when the answer is neither a message nor an error.
fn read_whole(
    provider: Provider,
    answer: &Value,
    usage: &mut Usage,
    on: &mut dyn FnMut(StreamEvent),
) -> bool {
    if let Some(error) = signal::error_in(answer) {
        on(StreamEvent::Error(error));
        return true;
    }
    let Some(contents) = whole::contents(provider, answer) else { return false };
    on(StreamEvent::Whole(contents));
    signal::read_whole(provider, answer, &mut |signal| tell(signal, usage, on));
    true
}
