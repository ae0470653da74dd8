use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{ClosedBy, Headers, Side};

/// One immutable, numbered record.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub seq: u64,
    /// 0 when it belongs to no exchange.
    pub exchange: u64,
    /// Microseconds since the Unix epoch.
    pub at_us: i64,
    pub detail: Detail,
}

impl Event {
    /// One that has no place in a log.
    pub fn of(exchange: u64, detail: Detail) -> Self {
        Self { seq: 0, exchange, at_us: 0, detail }
    }
}

/// What an event tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Detail {
    Opened(Opened),
    RequestData(BodyData),
    RequestEnd(RequestEnd),
    ResponseHead(ResponseHead),
    ResponseData(BodyData),
    Ended(Ended),
    Gap(Gap),
    Paused(Paused),
    Resumed(Resumed),
    ClockJumped(ClockJumped),
    Replaced(Replaced),
    Salvaged(Salvaged),
    /// A kind that a newer daemon wrote.
    Unknown(String),
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Opened {
    pub method: String,
    pub path: String,
    pub provider: String,
    pub upstream: String,
    pub headers: Headers,
    /// What was left out of the head or changed in it before it was sent on, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mended: Vec<String>,
}

/// Bytes of a body that were committed together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BodyData {
    pub offset: u64,
    /// As they came off the wire.
    pub pieces: Vec<Piece>,
    /// Only where it was asked for.
    pub payload: Payload,
}

/// Decoded bytes of a body. They go on where those of the event before ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Payload {
    /// Their place in the decoded body.
    pub offset: u64,
    pub bytes: Bytes,
    /// Why this piece of the body cannot be decoded, where that is so.
    pub undecodable: Option<String>,
}

/// What one read of a socket gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Microseconds after the event's time.
    pub after_us: u32,
    /// Bytes.
    pub length: u32,
}

impl BodyData {
    pub fn length(&self) -> u64 {
        self.pieces.iter().map(|piece| u64::from(piece.length)).sum()
    }
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RequestEnd {
    pub length: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trailers: Headers,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ResponseHead {
    pub status: u16,
    pub headers: Headers,
    /// Request bytes that had been passed on when it came.
    pub request_bytes: u64,
    /// What it took to connect, 0 on a connection that was there. Older daemons did not record it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_us: Option<u64>,
    /// As that of a request's head.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mended: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    pub closed_by: ClosedBy,
    /// Response body bytes handed to the client's socket.
    pub delivered: u64,
    pub request_bytes: u64,
    pub response_bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trailers: Headers,
    /// False after a kill: the counts are then what was recorded.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub exact: bool,
    /// The status of an answer of our own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_status: Option<u16>,
}

impl Ended {
    /// Nothing but who ended it.
    pub fn by(closed_by: ClosedBy) -> Self {
        Self {
            closed_by,
            delivered: 0,
            request_bytes: 0,
            response_bytes: 0,
            error: None,
            trailers: Headers::new(),
            exact: true,
            own_status: None,
        }
    }
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

/// Bytes that were forwarded but not recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// Of which body; nothing on a gap of no exchange.
    #[serde(
        default,
        rename = "request",
        with = "is_request",
        skip_serializing_if = "Option::is_none"
    )]
    pub side: Option<Side>,
    pub offset: u64,
    pub bytes: u64,
    /// On a gap of no exchange: how many were not recorded at all.
    #[serde(default)]
    pub exchanges: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paused {
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resumed {
    pub paused_at_us: i64,
    pub gap_bytes: u64,
    pub lost_exchanges: u64,
}

/// Somebody set the wall clock. Both are microseconds since the Unix epoch, and of the same moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClockJumped {
    /// What it would have shown.
    pub from_us: i64,
    /// What it showed.
    pub to_us: i64,
}

/// This log has taken the place of another one, or is not surely what the daemon before has left.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Replaced {
    /// In words.
    pub reason: String,
    /// The file that the other one was put aside as, in the data folder. What can be read of it is
    /// brought over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_as: Option<String>,
    /// Events that are gone, where that is known at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<SeqRange>,
}

/// Events that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, u64)", into = "(u64, u64)")]
pub struct SeqRange {
    pub from: u64,
    /// The last one of them.
    pub to: u64,
}

impl From<(u64, u64)> for SeqRange {
    fn from((from, to): (u64, u64)) -> Self {
        Self { from, to }
    }
}

impl From<SeqRange> for (u64, u64) {
    fn from(range: SeqRange) -> Self {
        (range.from, range.to)
    }
}

/// What came of bringing over what could be read of damaged logs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Salvaged {
    /// Where from: names in the data folder.
    pub files: Vec<String>,
    pub events: u64,
    pub exchanges: u64,
    /// Exchanges that are there, but not whole.
    pub damaged_exchanges: u64,
    /// Bytes of their bodies that are gone.
    pub lost_bytes: u64,
    pub lost_events: u64,
    /// Which. The first ones, where there are very many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<SeqRange>,
}

impl Salvaged {
    /// Events `from..to` are gone; they are told one by one as long as there are fewer than `most`
    /// such stretches.
    pub fn lose(&mut self, from: u64, to: u64, most: usize) {
        if from >= to {
            return;
        }
        self.lost_events += to - from;
        if self.lost.len() < most {
            self.lost.push(SeqRange { from, to: to - 1 });
        }
    }
}

impl Detail {
    /// Its name, as scripts know it.
    pub fn kind(&self) -> &str {
        match self {
            Self::Opened(_) => "opened",
            Self::RequestData(_) => "request_data",
            Self::RequestEnd(_) => "request_end",
            Self::ResponseHead(_) => "response_head",
            Self::ResponseData(_) => "response_data",
            Self::Ended(_) => "ended",
            Self::Gap(_) => "gap",
            Self::Paused(_) => "recording_paused",
            Self::Resumed(_) => "recording_resumed",
            Self::ClockJumped(_) => "clock_jumped",
            Self::Replaced(_) => "record_replaced",
            Self::Salvaged(_) => "record_salvaged",
            Self::Unknown(kind) => kind,
        }
    }
}

/// A side, as the first records have it: whether it is the request's.
mod is_request {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use crate::Side;

    #[expect(clippy::ref_option, reason = "the form that serde asks for")]
    pub(super) fn serialize<S: Serializer>(side: &Option<Side>, to: S) -> Result<S::Ok, S::Error> {
        side.map(|side| side == Side::Request).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Side>, D::Error> {
        let is_request = Option::<bool>::deserialize(from)?;
        Ok(is_request.map(|is_request| if is_request { Side::Request } else { Side::Response }))
    }
}
