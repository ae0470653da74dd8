//! What a response says, read as it streams.

mod tracker;
mod whole;

use blake3::Hasher;
use ccdump_record::{Block, BlockKind, Usage};

use crate::{
    agent_call::AgentCall,
    blocks,
    endpoint::Endpoint,
    fingerprint,
    provider::Provider,
    signal::{Signal, Signals},
    sse::{SseEvent, SseParser},
    usage,
};

use tracker::Tracker;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseFacts {
    pub model: Option<String>,
    pub message_id: Option<String>,
    pub stop_reason: Option<String>,
    pub usage: Option<Usage>,
    /// When the first piece of content came: text, thinking, a tool's input, or the start of a
    /// block that comes without pieces.
    pub first_token_at_us: Option<i64>,
    /// Decoded offset just past the terminal event.
    pub terminal: Option<u64>,
    /// The body is a stream that says itself where it ends: without `terminal` it was cut off.
    pub is_stream: bool,
    /// "overloaded_error: Overloaded", from an error body or an error event.
    pub error: Option<String>,
    /// Of a stream, hashes and ends are those of what has come so far only once a block has ended.
    pub blocks: Vec<Block>,
    /// Those of its calls that start another agent and have come whole.
    pub agent_calls: Vec<AgentCall>,
}

/// Reads one response. Memory stays small while it streams; an answer that comes whole is held up
/// to 32 MiB.
pub struct ResponseReader {
    facts: ResponseFacts,
    provider: Provider,
    status: u16,
    body: Body,
    /// Of all bytes, for as long as they may turn out to be one raw block.
    raw: Hasher,
    length: u64,
    last_at_us: i64,
    finished: bool,
}

enum Body {
    Events {
        parser: SseParser,
        signals: Signals,
        tracker: Tracker,
    },
    Whole(Vec<u8>),
    /// Not read: it belongs to no model call, or is too large.
    Opaque,
}

/// Calls of agents in one answer that are told of.
const MOST_AGENT_CALLS: usize = 1000;
/// Answers larger than this are not read.
const LARGEST_WHOLE: usize = 32 << 20;

impl ResponseReader {
    /// `method` and `path` are the request's; `content_type` is the response's.
    pub fn new(
        provider: Provider,
        method: &str,
        path: &str,
        status: u16,
        content_type: Option<&str>,
    ) -> Self {
        let is_call = Endpoint::of(provider, method, path) != Endpoint::Other;
        let is_error = status >= 400;
        let has_events = is_call && is_event_stream(content_type);
        let body = if has_events {
            Body::Events {
                parser: SseParser::new(),
                signals: Signals::new(provider),
                tracker: Tracker::default(),
            }
        } else if is_call || (is_error && provider != Provider::Unknown) {
            Body::Whole(Vec::new())
        } else {
            Body::Opaque
        };
        // Gemini's streams have no terminal event.
        let is_stream = has_events && !is_error && provider != Provider::Gemini;
        Self {
            facts: ResponseFacts { is_stream, ..ResponseFacts::default() },
            provider,
            status,
            body,
            raw: Hasher::new(),
            length: 0,
            last_at_us: 0,
            finished: false,
        }
    }

    /// Decoded bytes as they came, and when (microseconds since the Unix epoch).
    pub fn push(&mut self, decoded: &[u8], at_us: i64) {
        if self.finished {
            return;
        }
        self.length = self.length.saturating_add(decoded.len() as u64);
        self.last_at_us = at_us;
        if self.facts.blocks.is_empty() {
            self.raw.update(decoded);
        }
        let Self { facts, provider, body, .. } = self;
        match body {
            Body::Events { parser, signals, tracker } => {
                parser.push(decoded, &mut |event| {
                    read_event(&event, at_us, *provider, signals, tracker, facts)
                });
            }
            Body::Whole(held) if held.len() + decoded.len() > LARGEST_WHOLE => *body = Body::Opaque,
            Body::Whole(held) => held.extend_from_slice(decoded),
            Body::Opaque => {}
        }
    }

    /// The body has ended, in whatever way.
    pub fn finish(&mut self) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        let Self { facts, provider, status, body, last_at_us, .. } = self;
        match body {
            Body::Events { parser, signals, tracker } => {
                parser.finish(&mut |event| {
                    read_event(&event, *last_at_us, *provider, signals, tracker, facts)
                });
                tracker.close_all(facts);
            }
            Body::Whole(held) => whole::read(*provider, held, *status >= 400, facts),
            Body::Opaque => {}
        }
        if self.facts.blocks.is_empty() && self.length > 0 {
            let mut block = blocks::raw(&[], 0..self.length);
            block.hash = fingerprint::finish(&self.raw);
            self.facts.blocks.push(block);
        }
        self.body = Body::Opaque;
    }

    /// What is known so far; all of it after `finish`.
    pub fn facts(&self) -> &ResponseFacts {
        &self.facts
    }
}

fn read_event(
    event: &SseEvent<'_>,
    at_us: i64,
    provider: Provider,
    signals: &mut Signals,
    tracker: &mut Tracker,
    facts: &mut ResponseFacts,
) {
    let range = &event.range;
    // Other providers' answers are recorded raw.
    let has_blocks = provider == Provider::Anthropic;
    signals.read(event, &mut |signal| {
        match &signal {
            Signal::BlockStart { start, .. }
                if !matches!(start.kind, BlockKind::Text | BlockKind::Thinking) =>
            {
                facts.first_token_at_us.get_or_insert(at_us);
            }
            Signal::Delta { kind, text, .. } if kind.is_shown() && !text.is_empty() => {
                facts.first_token_at_us.get_or_insert(at_us);
            }
            Signal::End => {
                facts.terminal.get_or_insert(range.end);
            }
            _ => {}
        }
        if has_blocks {
            tracker.follow(&signal, range, facts);
        }
        note(signal, facts);
    });
}

/// Keeps what a signal says about the answer as a whole.
fn note(signal: Signal<'_>, facts: &mut ResponseFacts) {
    match signal {
        Signal::Message { id, model } => {
            facts.message_id = id.or(facts.message_id.take());
            facts.model = model.or(facts.model.take());
        }
        Signal::Usage(usage) => facts.usage = Some(usage),
        Signal::UsageUpdate(update) => usage::update(facts.usage.get_or_insert_default(), &update),
        Signal::StopReason(reason) => facts.stop_reason = Some(reason),
        Signal::Error(error) => {
            facts.error.get_or_insert(error);
        }
        Signal::BlockStart { .. }
        | Signal::Delta { .. }
        | Signal::BlockStop { .. }
        | Signal::End => {}
    }
}

/// Whether a `Content-Type` is that of server-sent events.
pub(crate) fn is_event_stream(content_type: Option<&str>) -> bool {
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("text/event-stream")
}
