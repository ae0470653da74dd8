//! The record as it goes over the wire: the one place where the two meet.

use ccdump_record::{
    Block, BlockKind, BlockState, BodyData, ClockJumped, ClosedBy, Detail, EndState, Ended, Event,
    Exchange, Gap, Header, Heads, Opened, Paused, Payload, Piece, Replaced, RequestEnd,
    RequestRole, ResponseHead, Resumed, Role, Salvaged, SeqRange, Side, StartedBy, SystemSection,
    Usage,
};

use crate::v1::{self, event::Detail as WireDetail};

/// Enums whose values have the same names on both sides. On the wire there is one more, the first, which
/// says nothing; where the record has a value for that it stands in brackets.
macro_rules! same_values {
    ($($vis:vis $name:ident, read by $read:ident $([$unknown:ident])? { $($value:ident)+ })+) => {$(
        impl From<$name> for v1::$name {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$unknown => Self::Unspecified,)?
                    $($name::$value => Self::$value,)+
                }
            }
        }

        /// `None`: it says nothing.
        $vis fn $read(value: v1::$name) -> Option<$name> {
            match value {
                v1::$name::Unspecified => None,
                $(v1::$name::$value => Some($name::$value),)+
            }
        }
    )+};
}

same_values! {
    pub Side, read by side { Request Response }
    ClosedBy, read by closed_by { Finished Upstream Client Unreachable Daemon Refused Proxy }
    EndState, read by end_state { Complete Truncated ClientCancelled UpstreamError DaemonStopped }
    BlockState, read by block_state { New Changed Same }
    BlockKind, read by block_kind [Unknown] {
        Text Thinking RedactedThinking ToolUse ToolResult System ToolDefinition Parameter Image
        Document ServerToolUse ServerToolResult Error Raw
    }
}

/// Structs whose fields are the same on both sides.
macro_rules! same_fields {
    ($($name:ident { $($field:ident)+ })+) => {$(
        impl From<$name> for v1::$name {
            fn from(it: $name) -> Self {
                Self { $($field: it.$field),+ }
            }
        }

        impl From<v1::$name> for $name {
            fn from(it: v1::$name) -> Self {
                Self { $($field: it.$field),+ }
            }
        }
    )+};
}

same_fields! {
    Header { name value }
    Piece { after_us length }
    Paused { reason }
    Resumed { paused_at_us gap_bytes lost_exchanges }
    ClockJumped { from_us to_us }
    Usage { input output cache_read cache_write_5m cache_write_1h }
    StartedBy { exchange pointer tool_use_id kind description is_probable }
}

fn each<A, B: From<A>>(all: Vec<A>) -> Vec<B> {
    all.into_iter().map(B::from).collect()
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
            headers: each(opened.headers),
            upstream: opened.upstream,
            mended: opened.mended,
        }),
        Detail::RequestData(body) => WireDetail::RequestData(data(body)),
        Detail::RequestEnd(end) => WireDetail::RequestEnd(v1::RequestEnd {
            length: end.length,
            trailers: each(end.trailers),
        }),
        Detail::ResponseHead(head) => WireDetail::ResponseHead(v1::ResponseHead {
            status: u32::from(head.status),
            headers: each(head.headers),
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
            trailers: each(ended.trailers),
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
        Detail::Paused(paused) => WireDetail::RecordingPaused(paused.into()),
        Detail::Resumed(resumed) => WireDetail::RecordingResumed(resumed.into()),
        Detail::ClockJumped(jumped) => WireDetail::ClockJumped(jumped.into()),
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
            lost: each(salvaged.lost),
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
        pieces: each(data.pieces),
        payload_offset: data.payload.offset,
        payload: data.payload.bytes,
        undecodable: data.payload.undecodable,
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

impl From<Heads> for v1::ExchangeResponse {
    fn from(heads: Heads) -> Self {
        Self {
            exchange: None,
            request_headers: each(heads.request),
            response_headers: each(heads.response),
            upstream: heads.upstream,
            request_trailers: each(heads.request_trailers),
            response_trailers: each(heads.response_trailers),
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

impl From<v1::ExchangeResponse> for Heads {
    fn from(answer: v1::ExchangeResponse) -> Self {
        Self {
            request: each(answer.request_headers),
            response: each(answer.response_headers),
            request_trailers: each(answer.request_trailers),
            response_trailers: each(answer.response_trailers),
            upstream: answer.upstream,
        }
    }
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
            pieces: each(data.pieces),
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
                headers: each(opened.headers),
                mended: opened.mended,
            }),
            WireDetail::RequestData(data) => Self::RequestData(data.into()),
            WireDetail::RequestEnd(end) => {
                Self::RequestEnd(RequestEnd { length: end.length, trailers: each(end.trailers) })
            }
            WireDetail::ResponseHead(head) => Self::ResponseHead(ResponseHead {
                status: status(head.status).unwrap_or_default(),
                headers: each(head.headers),
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
                    trailers: each(ended.trailers),
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
            WireDetail::RecordingPaused(paused) => Self::Paused(paused.into()),
            WireDetail::RecordingResumed(resumed) => Self::Resumed(resumed.into()),
            WireDetail::ClockJumped(jumped) => Self::ClockJumped(jumped.into()),
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
                lost: each(salvaged.lost),
            }),
        }
    }
}

impl From<v1::Exchange> for Exchange {
    fn from(row: v1::Exchange) -> Self {
        Self {
            end_state: end_state(row.end_state()),
            closed_by: row.closed_by.and_then(|_| closed_by(row.closed_by())),
            role: RequestRole::of_name(&row.role),
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
        Self {
            kind: block_kind(block.kind()).unwrap_or_default(),
            state: block_state(block.state()).unwrap_or_default(),
            pointer: block.pointer,
            role: Role::of_name(&block.role),
            wire_type: block.wire_type,
            name: block.name,
            tool_use_id: block.tool_use_id,
            range: block.offset..block.offset.saturating_add(block.length),
            hash: block.hash,
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
