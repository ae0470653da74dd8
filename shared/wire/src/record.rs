//! The record as it goes over the wire: the one place where the two meet.

use ccdump_record::{
    Block, BlockKind, BlockState, BodyData, ClockJumped, ClosedBy, Detail, EndState, Ended, Event,
    Exchange, Gap, Header, Headers, Heads, Opened, Outline, Paused, Payload, Piece, Replaced,
    RequestEnd, RequestRole, ResponseHead, Resumed, Role, Salvaged, SeqRange, Side, StartedBy,
    SystemSection, Usage,
};

use crate::v1::{self, event::Detail as WireDetail};

impl From<Side> for v1::Side {
    fn from(side: Side) -> Self {
        match side {
            Side::Request => Self::Request,
            Side::Response => Self::Response,
        }
    }
}

/// Which side a message names; `None` if neither.
pub fn side(side: v1::Side) -> Option<Side> {
    match side {
        v1::Side::Request => Some(Side::Request),
        v1::Side::Response => Some(Side::Response),
        v1::Side::Unspecified => None,
    }
}

pub fn headers(fields: Headers) -> Vec<v1::Header> {
    fields.into_iter().map(|header| v1::Header { name: header.name, value: header.value }).collect()
}

impl From<Event> for v1::Event {
    fn from(event: Event) -> Self {
        let kind = event.detail.kind().to_owned();
        Self {
            seq: event.seq,
            exchange: event.exchange,
            at_us: event.at_us,
            kind,
            detail: detail(event.detail),
        }
    }
}

fn detail(detail: Detail) -> Option<WireDetail> {
    Some(match detail {
        Detail::Opened(opened) => WireDetail::Opened(v1::Opened {
            method: opened.method,
            path: opened.path,
            provider: opened.provider,
            headers: headers(opened.headers),
            upstream: opened.upstream,
            mended: opened.mended,
        }),
        Detail::RequestData(body) => WireDetail::RequestData(data(body)),
        Detail::RequestEnd(end) => WireDetail::RequestEnd(v1::RequestEnd {
            length: end.length,
            trailers: headers(end.trailers),
        }),
        Detail::ResponseHead(head) => WireDetail::ResponseHead(v1::ResponseHead {
            status: u32::from(head.status),
            headers: headers(head.headers),
            request_bytes: head.request_bytes,
            connect_us: head.connect_us,
            mended: head.mended,
        }),
        Detail::ResponseData(body) => WireDetail::ResponseData(data(body)),
        Detail::Ended(ended) => WireDetail::Ended(v1::Ended {
            closed_by: v1::ClosedBy::from(ended.closed_by).into(),
            delivered: ended.delivered,
            request_bytes: ended.request_bytes,
            response_bytes: ended.response_bytes,
            error: ended.error,
            trailers: headers(ended.trailers),
            exact: Some(ended.exact),
            own_status: ended.own_status.map(u32::from),
        }),
        Detail::Gap(gap) => {
            let side = gap.side.map_or(v1::Side::Unspecified, v1::Side::from);
            WireDetail::Gap(v1::Gap {
                side: side.into(),
                offset: gap.offset,
                bytes: gap.bytes,
                exchanges: gap.exchanges,
            })
        }
        Detail::Paused(paused) => WireDetail::RecordingPaused(v1::Paused { reason: paused.reason }),
        Detail::Resumed(resumed) => WireDetail::RecordingResumed(v1::Resumed {
            paused_at_us: resumed.paused_at_us,
            gap_bytes: resumed.gap_bytes,
            lost_exchanges: resumed.lost_exchanges,
        }),
        Detail::ClockJumped(jumped) => WireDetail::ClockJumped(v1::ClockJumped {
            from_us: jumped.from_us,
            to_us: jumped.to_us,
        }),
        Detail::Replaced(replaced) => WireDetail::RecordReplaced(v1::Replaced {
            reason: replaced.reason,
            kept_as: replaced.kept_as,
            lost: replaced.lost.map(v1::SeqRange::from),
        }),
        Detail::Salvaged(salvaged) => WireDetail::RecordSalvaged(v1::Salvaged {
            files: salvaged.files,
            events: salvaged.events,
            exchanges: salvaged.exchanges,
            damaged_exchanges: salvaged.damaged_exchanges,
            lost_bytes: salvaged.lost_bytes,
            lost_events: salvaged.lost_events,
            lost: salvaged.lost.into_iter().map(v1::SeqRange::from).collect(),
        }),
        Detail::Unknown(_) => return None,
    })
}

impl From<SeqRange> for v1::SeqRange {
    fn from(range: SeqRange) -> Self {
        Self { from_seq: range.from, to_seq: range.to }
    }
}

fn data(data: BodyData) -> v1::BodyData {
    v1::BodyData {
        offset: data.offset,
        length: data.length(),
        pieces: data
            .pieces
            .iter()
            .map(|piece| v1::Piece { after_us: piece.after_us, length: piece.length })
            .collect(),
        payload_offset: data.payload.offset,
        payload: data.payload.bytes,
        undecodable: data.payload.undecodable,
    }
}

impl From<ClosedBy> for v1::ClosedBy {
    fn from(closed_by: ClosedBy) -> Self {
        match closed_by {
            ClosedBy::Finished => Self::Finished,
            ClosedBy::Upstream => Self::Upstream,
            ClosedBy::Client => Self::Client,
            ClosedBy::Unreachable => Self::Unreachable,
            ClosedBy::Daemon => Self::Daemon,
            ClosedBy::Refused => Self::Refused,
            ClosedBy::Proxy => Self::Proxy,
        }
    }
}

impl From<EndState> for v1::EndState {
    fn from(state: EndState) -> Self {
        match state {
            EndState::Complete => Self::Complete,
            EndState::Truncated => Self::Truncated,
            EndState::ClientCancelled => Self::ClientCancelled,
            EndState::UpstreamError => Self::UpstreamError,
            EndState::DaemonStopped => Self::DaemonStopped,
        }
    }
}

impl From<Usage> for v1::Usage {
    fn from(usage: Usage) -> Self {
        Self {
            input: usage.input,
            output: usage.output,
            cache_read: usage.cache_read,
            cache_write_5m: usage.cache_write_5m,
            cache_write_1h: usage.cache_write_1h,
        }
    }
}

impl From<StartedBy> for v1::StartedBy {
    fn from(call: StartedBy) -> Self {
        Self {
            exchange: call.exchange,
            pointer: call.pointer,
            tool_use_id: call.tool_use_id,
            kind: call.kind,
            description: call.description,
            is_probable: call.is_probable,
        }
    }
}

impl From<Exchange> for v1::Exchange {
    fn from(row: Exchange) -> Self {
        Self {
            id: row.id,
            session: row.session,
            agent: row.agent,
            parent_agent: row.parent_agent,
            provider: row.provider,
            method: row.method,
            path: row.path,
            status: row.status.map(u32::from),
            end_state: row.end_state.map_or(v1::EndState::Unspecified, v1::EndState::from).into(),
            model: row.model,
            started_at_us: row.started_at_us,
            duration_us: row.duration_us,
            ttft_us: row.ttft_us,
            request_bytes: row.request_bytes,
            response_bytes: row.response_bytes,
            usage: row.usage.map(v1::Usage::from),
            cost_usd: row.cost_usd,
            stop_reason: row.stop_reason,
            gap_bytes: row.gap_bytes,
            thread: row.thread,
            previous: row.previous,
            role: row.role.as_str().to_owned(),
            through_seq: row.through_seq,
            error: row.error,
            started_by: row.started_by.map(v1::StartedBy::from),
            closed_by: row.closed_by.map(|closed_by| v1::ClosedBy::from(closed_by).into()),
        }
    }
}

impl From<BlockKind> for v1::BlockKind {
    fn from(kind: BlockKind) -> Self {
        match kind {
            BlockKind::Unknown => Self::Unspecified,
            BlockKind::Text => Self::Text,
            BlockKind::Thinking => Self::Thinking,
            BlockKind::RedactedThinking => Self::RedactedThinking,
            BlockKind::ToolUse => Self::ToolUse,
            BlockKind::ToolResult => Self::ToolResult,
            BlockKind::System => Self::System,
            BlockKind::ToolDefinition => Self::ToolDefinition,
            BlockKind::Parameter => Self::Parameter,
            BlockKind::Image => Self::Image,
            BlockKind::Document => Self::Document,
            BlockKind::ServerToolUse => Self::ServerToolUse,
            BlockKind::ServerToolResult => Self::ServerToolResult,
            BlockKind::Error => Self::Error,
            BlockKind::Raw => Self::Raw,
        }
    }
}

impl From<BlockState> for v1::BlockState {
    fn from(state: BlockState) -> Self {
        match state {
            BlockState::New => Self::New,
            BlockState::Changed => Self::Changed,
            BlockState::Same => Self::Same,
        }
    }
}

impl From<Block> for v1::Block {
    fn from(block: Block) -> Self {
        Self {
            length: block.length(),
            pointer: block.pointer,
            kind: v1::BlockKind::from(block.kind).into(),
            role: block.role.map(|role| role.as_str().to_owned()).unwrap_or_default(),
            wire_type: block.wire_type,
            name: block.name,
            tool_use_id: block.tool_use_id,
            offset: block.range.start,
            hash: block.hash,
            state: v1::BlockState::from(block.state).into(),
        }
    }
}

impl From<Outline> for v1::OutlineResponse {
    fn from(outline: Outline) -> Self {
        Self {
            blocks: outline.blocks.into_iter().map(v1::Block::from).collect(),
            previous: outline.previous,
            removed: outline.removed.into_iter().map(v1::Block::from).collect(),
            provider_version: outline.version,
            setting_of: outline.setting_of,
        }
    }
}

impl From<SystemSection> for v1::SystemSection {
    fn from(section: SystemSection) -> Self {
        // Its state was that of one request.
        let block = v1::Block { state: v1::BlockState::Unspecified.into(), ..section.block.into() };
        Self {
            number: section.number,
            block: Some(block),
            first_exchange: section.first_exchange,
            first_at_us: section.first_at_us,
            last_exchange: section.last_exchange,
            last_at_us: section.last_at_us,
            exchanges: section.exchanges,
            agent: section.agent,
            position: section.position,
        }
    }
}

// What comes over the wire is of another build, maybe a newer one: what it says and this one does
// not know is as if it were not said.

impl From<v1::Header> for Header {
    fn from(header: v1::Header) -> Self {
        Self { name: header.name, value: header.value }
    }
}

/// Header fields that came over the wire.
fn fields(headers: Vec<v1::Header>) -> Headers {
    headers.into_iter().map(Header::from).collect()
}

impl From<v1::ExchangeResponse> for Heads {
    fn from(answer: v1::ExchangeResponse) -> Self {
        Self {
            request: fields(answer.request_headers),
            response: fields(answer.response_headers),
            request_trailers: fields(answer.request_trailers),
            response_trailers: fields(answer.response_trailers),
            upstream: answer.upstream,
        }
    }
}

/// `None`: nothing that is known.
fn closed_by(closed_by: v1::ClosedBy) -> Option<ClosedBy> {
    Some(match closed_by {
        v1::ClosedBy::Unspecified => return None,
        v1::ClosedBy::Finished => ClosedBy::Finished,
        v1::ClosedBy::Upstream => ClosedBy::Upstream,
        v1::ClosedBy::Client => ClosedBy::Client,
        v1::ClosedBy::Unreachable => ClosedBy::Unreachable,
        v1::ClosedBy::Daemon => ClosedBy::Daemon,
        v1::ClosedBy::Refused => ClosedBy::Refused,
        v1::ClosedBy::Proxy => ClosedBy::Proxy,
    })
}

fn end_state(state: v1::EndState) -> Option<EndState> {
    Some(match state {
        v1::EndState::Unspecified => return None,
        v1::EndState::Complete => EndState::Complete,
        v1::EndState::Truncated => EndState::Truncated,
        v1::EndState::ClientCancelled => EndState::ClientCancelled,
        v1::EndState::UpstreamError => EndState::UpstreamError,
        v1::EndState::DaemonStopped => EndState::DaemonStopped,
    })
}

/// A daemon that says nothing about it is taken to speak of a turn: rather too much than too
/// little.
fn role(role: &str) -> RequestRole {
    let known = RequestRole::ALL.into_iter().find(|known| known.as_str() == role);
    known.unwrap_or(if role.is_empty() { RequestRole::Turn } else { RequestRole::Other })
}

fn status(status: u32) -> Option<u16> {
    u16::try_from(status).ok()
}

impl From<v1::SeqRange> for SeqRange {
    fn from(range: v1::SeqRange) -> Self {
        Self { from: range.from_seq, to: range.to_seq }
    }
}

impl From<v1::BodyData> for BodyData {
    fn from(data: v1::BodyData) -> Self {
        Self {
            offset: data.offset,
            pieces: data
                .pieces
                .iter()
                .map(|piece| Piece { after_us: piece.after_us, length: piece.length })
                .collect(),
            payload: Payload {
                offset: data.payload_offset,
                bytes: data.payload,
                undecodable: data.undecodable,
            },
        }
    }
}

impl From<v1::Event> for Event {
    fn from(event: v1::Event) -> Self {
        let detail = event.detail.map_or(Detail::Unknown(event.kind), Detail::from);
        Self { seq: event.seq, exchange: event.exchange, at_us: event.at_us, detail }
    }
}

impl From<WireDetail> for Detail {
    fn from(detail: WireDetail) -> Self {
        match detail {
            WireDetail::Opened(opened) => Self::Opened(Opened {
                method: opened.method,
                path: opened.path,
                provider: opened.provider,
                upstream: opened.upstream,
                headers: fields(opened.headers),
                mended: opened.mended,
            }),
            WireDetail::RequestData(data) => Self::RequestData(data.into()),
            WireDetail::RequestEnd(end) => {
                Self::RequestEnd(RequestEnd { length: end.length, trailers: fields(end.trailers) })
            }
            WireDetail::ResponseHead(head) => Self::ResponseHead(ResponseHead {
                status: status(head.status).unwrap_or_default(),
                headers: fields(head.headers),
                request_bytes: head.request_bytes,
                connect_us: head.connect_us,
                mended: head.mended,
            }),
            WireDetail::ResponseData(data) => Self::ResponseData(data.into()),
            WireDetail::Ended(ended) => match closed_by(ended.closed_by()) {
                Some(closed_by) => Self::Ended(Ended {
                    closed_by,
                    delivered: ended.delivered,
                    request_bytes: ended.request_bytes,
                    response_bytes: ended.response_bytes,
                    error: ended.error,
                    trailers: fields(ended.trailers),
                    exact: ended.exact.unwrap_or(true),
                    own_status: ended.own_status.and_then(status),
                }),
                None => Self::Unknown("ended".to_owned()),
            },
            WireDetail::Gap(gap) => Self::Gap(Gap {
                side: side(gap.side()),
                offset: gap.offset,
                bytes: gap.bytes,
                exchanges: gap.exchanges,
            }),
            WireDetail::RecordingPaused(paused) => Self::Paused(Paused { reason: paused.reason }),
            WireDetail::RecordingResumed(resumed) => Self::Resumed(Resumed {
                paused_at_us: resumed.paused_at_us,
                gap_bytes: resumed.gap_bytes,
                lost_exchanges: resumed.lost_exchanges,
            }),
            WireDetail::ClockJumped(jumped) => {
                Self::ClockJumped(ClockJumped { from_us: jumped.from_us, to_us: jumped.to_us })
            }
            WireDetail::RecordReplaced(replaced) => Self::Replaced(Replaced {
                reason: replaced.reason,
                kept_as: replaced.kept_as,
                lost: replaced.lost.map(SeqRange::from),
            }),
            WireDetail::RecordSalvaged(salvaged) => Self::Salvaged(Salvaged {
                files: salvaged.files,
                events: salvaged.events,
                exchanges: salvaged.exchanges,
                damaged_exchanges: salvaged.damaged_exchanges,
                lost_bytes: salvaged.lost_bytes,
                lost_events: salvaged.lost_events,
                lost: salvaged.lost.into_iter().map(SeqRange::from).collect(),
            }),
        }
    }
}

impl From<v1::Usage> for Usage {
    fn from(usage: v1::Usage) -> Self {
        Self {
            input: usage.input,
            output: usage.output,
            cache_read: usage.cache_read,
            cache_write_5m: usage.cache_write_5m,
            cache_write_1h: usage.cache_write_1h,
        }
    }
}

impl From<v1::StartedBy> for StartedBy {
    fn from(call: v1::StartedBy) -> Self {
        Self {
            exchange: call.exchange,
            pointer: call.pointer,
            tool_use_id: call.tool_use_id,
            kind: call.kind,
            description: call.description,
            is_probable: call.is_probable,
        }
    }
}

impl From<v1::Exchange> for Exchange {
    fn from(row: v1::Exchange) -> Self {
        Self {
            end_state: end_state(row.end_state()),
            closed_by: row.closed_by.and_then(|_| closed_by(row.closed_by())),
            role: role(&row.role),
            id: row.id,
            session: row.session,
            agent: row.agent,
            parent_agent: row.parent_agent,
            provider: row.provider,
            method: row.method,
            path: row.path,
            status: row.status.and_then(status),
            model: row.model,
            started_at_us: row.started_at_us,
            duration_us: row.duration_us,
            ttft_us: row.ttft_us,
            request_bytes: row.request_bytes,
            response_bytes: row.response_bytes,
            usage: row.usage.map(Usage::from),
            cost_usd: row.cost_usd,
            stop_reason: row.stop_reason,
            gap_bytes: row.gap_bytes,
            thread: row.thread,
            previous: row.previous,
            through_seq: row.through_seq,
            error: row.error,
            started_by: row.started_by.map(StartedBy::from),
        }
    }
}

impl From<v1::Block> for Block {
    fn from(block: v1::Block) -> Self {
        let kind = match block.kind() {
            v1::BlockKind::Unspecified => BlockKind::Unknown,
            v1::BlockKind::Text => BlockKind::Text,
            v1::BlockKind::Thinking => BlockKind::Thinking,
            v1::BlockKind::RedactedThinking => BlockKind::RedactedThinking,
            v1::BlockKind::ToolUse => BlockKind::ToolUse,
            v1::BlockKind::ToolResult => BlockKind::ToolResult,
            v1::BlockKind::System => BlockKind::System,
            v1::BlockKind::ToolDefinition => BlockKind::ToolDefinition,
            v1::BlockKind::Parameter => BlockKind::Parameter,
            v1::BlockKind::Image => BlockKind::Image,
            v1::BlockKind::Document => BlockKind::Document,
            v1::BlockKind::ServerToolUse => BlockKind::ServerToolUse,
            v1::BlockKind::ServerToolResult => BlockKind::ServerToolResult,
            v1::BlockKind::Error => BlockKind::Error,
            v1::BlockKind::Raw => BlockKind::Raw,
        };
        let state = match block.state() {
            v1::BlockState::New | v1::BlockState::Unspecified => BlockState::New,
            v1::BlockState::Changed => BlockState::Changed,
            v1::BlockState::Same => BlockState::Same,
        };
        Self {
            pointer: block.pointer,
            kind,
            role: Role::of_name(&block.role),
            wire_type: block.wire_type,
            name: block.name,
            tool_use_id: block.tool_use_id,
            range: block.offset..block.offset.saturating_add(block.length),
            hash: block.hash,
            state,
        }
    }
}

/// `None` where it has no block.
pub fn section(section: v1::SystemSection) -> Option<SystemSection> {
    Some(SystemSection {
        number: section.number,
        block: section.block?.into(),
        first_exchange: section.first_exchange,
        first_at_us: section.first_at_us,
        last_exchange: section.last_exchange,
        last_at_us: section.last_at_us,
        exchanges: section.exchanges,
        agent: section.agent,
        position: section.position,
    })
}
