//! Folds the events of one exchange into its index row and outlines.

use std::sync::Arc;

use ccdump_provider::{
    VERSION,
    decode::Decoder,
    end_state::{EndFacts, end_state},
    header, identity,
    outline::{compare, compare_setting},
    price,
    provider::Provider,
    request::{self, RequestFacts},
};
use ccdump_record::{
    Block, BlockKind, BlockState, ClosedBy, Detail, Ended, Event, Exchange, Header, Opened,
    Outline, RequestRole, Side,
};

use super::{
    calls,
    response::ResponseFold,
    threads::{Before, Place, Threads},
};
use crate::capture::redact::Redactor;
use crate::store::{
    StoreError,
    body::{BodyCursor, Piece},
    index::{BodyOutline, Derived},
    reader::Reader,
    sections::SystemPrompt,
};

/// Request bodies over this size are not analysed.
const LARGEST: u64 = 32 << 20;

/// An exchange as far as its events tell.
pub struct OpenExchange {
    row: Exchange,
    provider: Provider,
    headers: Vec<Header>,
    /// The request body was read, or never will be.
    is_requested: bool,
    response: Option<ResponseFold>,
    /// Calls of agents that were told of.
    calls_told: usize,
    has_ended: bool,
    /// When the newest of what is on record of it happened.
    newest_at_us: i64,
}

impl OpenExchange {
    pub fn new(event: &Event, opened: &Opened) -> Self {
        let headers = opened.headers.clone();
        let provider = opened.provider.parse().unwrap_or(Provider::Unknown);
        let identity = identity::identify(provider, &headers, None);
        let row = Exchange {
            id: event.exchange,
            session: identity.session,
            agent: identity.agent,
            parent_agent: identity.parent_agent,
            provider: opened.provider.clone(),
            method: opened.method.clone(),
            path: opened.path.clone(),
            started_at_us: event.at_us,
            role: RequestRole::Other,
            through_seq: event.seq,
            ..Exchange::default()
        };
        Self {
            row,
            provider,
            headers,
            is_requested: false,
            response: None,
            calls_told: 0,
            has_ended: false,
            newest_at_us: event.at_us,
        }
    }

    /// As it may be kept.
    pub fn row(&self, redactor: &Redactor) -> Exchange {
        let path = redactor.target(&self.row.path);
        let error = self.row.error.as_deref().map(|error| redactor.text(error));
        Exchange { path, error, ..self.row.clone() }
    }

    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Folds one event in; what it completes besides the row is added to `derived`. Data of a
    /// response is only noted, unless there is much of it: [`Self::read_noted`] comes before any
    /// event of another kind, and before the row is taken.
    pub fn add(
        &mut self,
        reader: &Reader,
        event: &Event,
        threads: &mut Threads,
        derived: &mut Derived,
    ) -> Result<(), StoreError> {
        self.row.through_seq = event.seq;
        match &event.detail {
            Detail::RequestData(data) => self.row.request_bytes = data.offset + data.length(),
            Detail::RequestEnd(end) => {
                self.row.request_bytes = end.length;
                self.read_request(reader, threads, derived)?;
            }
            Detail::ResponseHead(head) => {
                self.row.status = Some(head.status);
                self.response = Some(ResponseFold::new(
                    event.exchange,
                    self.provider,
                    &self.row.method,
                    &self.row.path,
                    head.status,
                    &head.headers,
                ));
            }
            Detail::ResponseData(data) => {
                self.row.response_bytes = data.offset + data.length();
                if let Some(response) = &mut self.response {
                    response.note(event.at_us, data);
                    if response.is_full() {
                        self.read_noted(reader, derived)?;
                    }
                }
            }
            Detail::Gap(gap) => self.row.gap_bytes += gap.bytes,
            Detail::Ended(ended) => self.end(reader, event, ended, threads, derived)?,
            // The first one, and what is about no exchange.
            Detail::Opened(_)
            | Detail::Paused(_)
            | Detail::Resumed(_)
            | Detail::Replaced(_)
            | Detail::Salvaged(_)
            | Detail::ClockJumped(_)
            | Detail::Unknown(_) => {}
        }
        self.newest_at_us = self.newest_at_us.max(last_at_us(event));
        Ok(())
    }

    /// Reads the response as far as it is noted.
    pub fn read_noted(&mut self, reader: &Reader, derived: &mut Derived) -> Result<(), StoreError> {
        if let Some(response) = &mut self.response {
            response.read_noted(reader)?;
            self.take_response_facts();
            self.tell_calls(derived);
        }
        Ok(())
    }

    fn read_request(
        &mut self,
        reader: &Reader,
        threads: &mut Threads,
        derived: &mut Derived,
    ) -> Result<(), StoreError> {
        self.is_requested = true;
        let mut facts = self.request_facts(reader)?;
        let identity = identity::identify(self.provider, &self.headers, facts.session.as_deref());
        self.row.session = identity.session;
        self.row.agent = identity.agent;
        self.row.parent_agent = identity.parent_agent;
        self.row.model = facts.model;
        let role = match identity::role_hint(&self.headers) {
            Some(hinted) if facts.role == RequestRole::Turn => hinted,
            _ => facts.role,
        };
        self.row.role = role;

        let (mut removed, mut setting_of) = (Vec::new(), None);
        if role == RequestRole::Turn && facts.malformed.is_none() {
            let blocks = Arc::new(facts.blocks.clone());
            let (session, agent) = (self.row.session.as_deref(), self.row.agent.as_deref());
            let Place { thread, before } =
                threads.place(reader, session, agent, self.row.id, blocks)?;
            self.row.thread = Some(thread);
            match before {
                Before::Continued(exchange, blocks) => {
                    self.row.previous = Some(exchange);
                    removed = compare(&blocks, &mut facts.blocks);
                }
                Before::Anew(exchange, blocks) => {
                    setting_of = Some(exchange);
                    removed = compare_setting(&blocks, &mut facts.blocks);
                }
                Before::Nothing => {}
            }
            self.row.started_by = calls::starter(reader, derived, &self.row, &facts.openings)?;
        }
        derived.prompts.extend(SystemPrompt::of(&self.row, &facts.blocks));
        let outline = Outline {
            blocks: facts.blocks,
            previous: self.row.previous,
            removed,
            setting_of,
            version: VERSION,
        };
        derived.outlines.push(BodyOutline { exchange: self.row.id, side: Side::Request, outline });
        Ok(())
    }

    fn request_facts(&self, reader: &Reader) -> Result<RequestFacts, StoreError> {
        let (method, path) = (self.row.method.as_str(), self.row.path.as_str());
        let why_not = if self.row.request_bytes > LARGEST {
            "too large to be analysed".to_owned()
        } else {
            match self.request_body(reader)? {
                Ok(body) => return Ok(request::read(self.provider, method, path, &body)),
                Err(reason) => reason,
            }
        };
        let mut facts = request::read(self.provider, method, path, &[]);
        facts.malformed = Some(why_not);
        facts.blocks = vec![raw_block(self.row.request_bytes)];
        Ok(facts)
    }

    /// The decoded body, or why it cannot be had.
    fn request_body(&self, reader: &Reader) -> Result<Result<Vec<u8>, String>, StoreError> {
        let mut decoder = match Decoder::new(header::find(&self.headers, "content-encoding")) {
            Ok(decoder) => decoder,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let mut body = Vec::with_capacity(usize::try_from(self.row.request_bytes).unwrap_or(0));
        let mut cursor = BodyCursor::new(self.row.id, Side::Request, 0);
        while let Some(piece) = cursor.next(&reader.log)? {
            let pushed = match piece {
                Piece::Bytes(bytes) => decoder.push(&bytes, &mut body),
                Piece::Missing(_) => return Ok(Err("a part of it was not recorded".to_owned())),
            };
            if let Err(error) = pushed {
                return Ok(Err(error.to_string()));
            }
        }
        Ok(decoder.finish(&mut body).map(|()| body).map_err(|error| error.to_string()))
    }

    fn take_response_facts(&mut self) {
        let Some(response) = &self.response else { return };
        let facts = response.facts();
        let row = &mut self.row;
        if facts.model.is_some() {
            row.model.clone_from(&facts.model);
        }
        row.stop_reason.clone_from(&facts.stop_reason);
        row.error.clone_from(&facts.error);
        row.ttft_us = facts.first_token_at_us.map(|at_us| between(row.started_at_us, at_us));
        if let Some(usage) = &facts.usage {
            row.usage = Some(*usage);
            row.cost_usd = row.model.as_deref().and_then(|model| price::cost_usd(model, usage));
        }
    }

    /// Calls that start another agent, as soon as they have come whole: it may speak before this
    /// answer has ended.
    fn tell_calls(&mut self, derived: &mut Derived) {
        let Some(response) = &self.response else { return };
        let calls = &response.facts().agent_calls;
        derived.calls.extend(
            calls.iter().skip(self.calls_told).filter_map(|call| calls::call_of(&self.row, call)),
        );
        self.calls_told = calls.len();
    }

    fn end(
        &mut self,
        reader: &Reader,
        event: &Event,
        ended: &Ended,
        threads: &mut Threads,
        derived: &mut Derived,
    ) -> Result<(), StoreError> {
        self.has_ended = true;
        self.row.request_bytes = ended.request_bytes;
        self.row.response_bytes = ended.response_bytes;
        // Of one that a kill cut off the end was written by the next daemon, whenever that was.
        let ended_at_us = if ended.exact { event.at_us } else { self.newest_at_us };
        self.row.duration_us = Some(between(self.row.started_at_us, ended_at_us));
        if !self.is_requested {
            self.read_request(reader, threads, derived)?;
        }
        let blocks = match &mut self.response {
            Some(response) => {
                response.finish();
                response.facts().blocks.clone()
            }
            // No answer came: then that is what there is to know.
            None => Vec::new(),
        };
        let outline = Outline { blocks, version: VERSION, ..Outline::default() };
        derived.outlines.push(BodyOutline { exchange: self.row.id, side: Side::Response, outline });
        self.take_response_facts();
        self.tell_calls(derived);
        // Of an answer of our own it is what the client saw; before it was recorded, there was only
        // the 502.
        let own = ended.own_status.or((ended.closed_by == ClosedBy::Unreachable).then_some(502));
        self.row.status = own.or(self.row.status);
        self.row.closed_by = Some(ended.closed_by);
        if self.row.error.is_none() {
            self.row.error.clone_from(&ended.error);
        }
        let facts = self.response.as_ref().map(ResponseFold::facts);
        let end_facts = EndFacts {
            closed_by: ended.closed_by,
            status: self.row.status,
            all_delivered: ended.delivered >= ended.response_bytes,
            terminal_expected: facts.is_some_and(|facts| facts.is_stream),
            terminal_delivered: self
                .response
                .as_ref()
                .is_some_and(|response| response.terminal_delivered(ended.delivered)),
            api_error: facts.is_some_and(|facts| facts.error.is_some()),
        };
        self.row.end_state = Some(end_state(&end_facts));
        Ok(())
    }
}

/// Never less than nothing, whatever a clock was set to. Microseconds.
fn between(from_us: i64, to_us: i64) -> u64 {
    u64::try_from(to_us.saturating_sub(from_us)).unwrap_or(0)
}

/// When the last of what an event tells of happened.
fn last_at_us(event: &Event) -> i64 {
    let pieces = match &event.detail {
        Detail::RequestData(data) | Detail::ResponseData(data) => data.pieces.last(),
        _ => None,
    };
    event.at_us.saturating_add(pieces.map_or(0, |piece| i64::from(piece.after_us)))
}

fn raw_block(length: u64) -> Block {
    Block {
        pointer: String::new(),
        kind: BlockKind::Raw,
        role: None,
        wire_type: String::new(),
        name: None,
        tool_use_id: None,
        range: 0..length,
        hash: 0,
        state: BlockState::New,
    }
}
