//! Events and headers as they go over the wire.

use ccdump_wire::v1::{self, event::Detail as WireDetail};

use crate::store::event::{Data, Detail, Event, Headers, Side};

pub fn event(event: Event) -> v1::Event {
    let kind = event.detail.kind().to_owned();
    v1::Event { seq: event.seq, exchange: event.exchange, at_us: event.at_us, kind, detail: detail(event.detail) }
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
        Detail::RequestData(body) => WireDetail::RequestData(data(&body)),
        Detail::RequestEnd(end) => WireDetail::RequestEnd(v1::RequestEnd { length: end.length, trailers: headers(end.trailers) }),
        Detail::ResponseHead(head) => WireDetail::ResponseHead(v1::ResponseHead {
            status: u32::from(head.status),
            headers: headers(head.headers),
            request_bytes: head.request_bytes,
            connect_us: head.connect_us,
            mended: head.mended,
        }),
        Detail::ResponseData(body) => WireDetail::ResponseData(data(&body)),
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
            let side = match gap.request {
                Some(true) => v1::Side::Request,
                Some(false) => v1::Side::Response,
                None => v1::Side::Unspecified,
            };
            WireDetail::Gap(v1::Gap { side: side.into(), offset: gap.offset, bytes: gap.bytes, exchanges: gap.exchanges })
        }
        Detail::Paused(paused) => WireDetail::RecordingPaused(v1::Paused { reason: paused.reason }),
        Detail::Resumed(resumed) => WireDetail::RecordingResumed(v1::Resumed {
            paused_at_us: resumed.paused_at_us,
            gap_bytes: resumed.gap_bytes,
            lost_exchanges: resumed.lost_exchanges,
        }),
        Detail::ClockJumped(jumped) => WireDetail::ClockJumped(v1::ClockJumped { from_us: jumped.from_us, to_us: jumped.to_us }),
        Detail::Replaced(replaced) => WireDetail::RecordReplaced(v1::Replaced {
            reason: replaced.reason,
            kept_as: replaced.kept_as,
            lost: replaced.lost.map(seq_range),
        }),
        Detail::Salvaged(salvaged) => WireDetail::RecordSalvaged(v1::Salvaged {
            files: salvaged.files,
            events: salvaged.events,
            exchanges: salvaged.exchanges,
            damaged_exchanges: salvaged.damaged_exchanges,
            lost_bytes: salvaged.lost_bytes,
            lost_events: salvaged.lost_events,
            lost: salvaged.lost.into_iter().map(seq_range).collect(),
        }),
        Detail::Unknown(_) => return None,
    })
}

fn seq_range((from_seq, to_seq): (u64, u64)) -> v1::SeqRange {
    v1::SeqRange { from_seq, to_seq }
}

fn data(data: &Data) -> v1::BodyData {
    v1::BodyData {
        offset: data.offset,
        length: data.length(),
        pieces: data.pieces.iter().map(|&(after_us, length)| v1::Piece { after_us, length }).collect(),
        ..v1::BodyData::default()
    }
}

pub fn headers(fields: Headers) -> Vec<v1::Header> {
    fields.into_iter().map(|(name, value)| v1::Header { name, value }).collect()
}

/// Which side a request names; `None` if neither.
pub fn side(side: v1::Side) -> Option<Side> {
    match side {
        v1::Side::Request => Some(Side::Request),
        v1::Side::Response => Some(Side::Response),
        v1::Side::Unspecified => None,
    }
}
