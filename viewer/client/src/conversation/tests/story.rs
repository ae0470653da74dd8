//! Tells a conversation event by event, and keeps what is printed.

use std::collections::BTreeMap;

use ccdump_provider::content::Content;
use ccdump_record::{
    Block, BlockKind, BlockState, BodyData, ClosedBy, Detail, EndState, Ended, Event, Exchange,
    Header, Opened, Outline, Payload, RequestEnd, RequestRole, ResponseHead, Role, Usage,
};
use serde_json::{Value, json};

use crate::{
    conversation::{Answer, Ask, Conversation, is_new_message},
    link::BlockContent,
};

/// A conversation with a log that is written as it goes.
#[derive(Default)]
pub(super) struct Story {
    pub(super) conversation: Conversation,
    seq: u64,
    pub(super) at_ms: i64,
    pub(super) payload: BTreeMap<u64, u64>,
    pub(super) printed: String,
}

impl Story {
    pub(super) fn event(&mut self, exchange: u64, detail: Detail) -> Option<Ask> {
        self.seq += 1;
        let event = Event { seq: self.seq, exchange, at_us: self.at_ms * 1000, detail };
        let ask = self.conversation.event(&event);
        self.print();
        ask
    }

    pub(super) fn answer(&mut self, exchange: u64, answer: Answer) {
        self.conversation.answer(exchange, answer);
        self.print();
    }

    pub(super) fn print(&mut self) {
        self.printed.extend(self.conversation.take().into_iter().map(|span| span.text));
    }

    /// What was printed since the last call.
    pub(super) fn text(&mut self) -> String {
        std::mem::take(&mut self.printed)
    }

    pub(super) fn opens(&mut self, exchange: u64) {
        self.event(
            exchange,
            Detail::Opened(Opened { provider: "anthropic".to_owned(), ..Default::default() }),
        );
    }

    pub(super) fn asks(&mut self, row: Exchange, outline: Outline, contents: Vec<Content>) {
        let exchange = row.id;
        self.opens(exchange);
        assert_eq!(
            self.event(exchange, Detail::RequestEnd(RequestEnd::default())),
            Some(Ask::Request { exchange })
        );
        let messages =
            outline.blocks.iter().filter(|block| is_new_message(block)).cloned().zip(contents);
        let messages = messages
            .map(|(block, content)| BlockContent { block, content: Some(content) })
            .collect();
        self.answer(exchange, Answer::Request { row: Some(row), request: Ok((outline, messages)) });
    }

    pub(super) fn answers(&mut self, exchange: u64) {
        let headers =
            vec![Header { name: "content-type".to_owned(), value: "text/event-stream".to_owned() }];
        self.event(
            exchange,
            Detail::ResponseHead(ResponseHead { status: 200, headers, ..ResponseHead::default() }),
        );
    }

    pub(super) fn streams(&mut self, exchange: u64, payload: &str) -> Option<Ask> {
        let offset = self.payload.entry(exchange).or_default();
        let bytes = payload.as_bytes().to_vec().into();
        let data = BodyData {
            payload: Payload { offset: *offset, bytes, undecodable: None },
            ..Default::default()
        };
        *offset += payload.len() as u64;
        self.event(exchange, Detail::ResponseData(data))
    }

    pub(super) fn says(&mut self, exchange: u64, index: u64, text: &str) {
        self.streams(
            exchange,
            &sse(json!({"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}})),
        );
    }

    pub(super) fn ends(&mut self, row: Exchange) {
        let exchange = row.id;
        let asked = self.event(exchange, Detail::Ended(Ended::by(ClosedBy::Finished)));
        assert_eq!(asked, Some(Ask::Row { exchange, through_seq: self.seq }));
        self.answer(exchange, Answer::Row(Some(row)));
    }
}

pub(super) fn sse(event: Value) -> String {
    format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default())
}

pub(super) fn starts(index: u64, block: Value) -> String {
    sse(json!({"type": "content_block_start", "index": index, "content_block": block}))
}

pub(super) fn stops(index: u64) -> String {
    sse(json!({"type": "content_block_stop", "index": index}))
}

pub(super) fn row(id: u64, agent: &str) -> Exchange {
    Exchange {
        id,
        session: Some("3f2a91c0-aaaa-bbbb".to_owned()),
        agent: Some(agent.to_owned()),
        provider: "anthropic".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/messages?beta=true".to_owned(),
        model: Some("claude-opus-4-6".to_owned()),
        role: RequestRole::Turn,
        ..Default::default()
    }
}

pub(super) fn done(id: u64, agent: &str) -> Exchange {
    Exchange {
        status: Some(200),
        end_state: Some(EndState::Complete),
        usage: Some(Usage {
            input: Some(400),
            output: Some(310),
            cache_read: Some(11_900),
            ..Default::default()
        }),
        cost_usd: Some(0.0123),
        duration_us: Some(2_400_000),
        stop_reason: Some("end_turn".to_owned()),
        ..row(id, agent)
    }
}

pub(super) fn block(kind: BlockKind, role: &str, length: u64) -> Block {
    Block {
        kind,
        role: Role::of_name(role),
        range: 0..length,
        state: BlockState::New,
        ..Default::default()
    }
}

pub(super) fn text(text: &str) -> Content {
    Content::Text(text.to_owned())
}
