//! What the log is made of: facts, as rows of the table `event`.

use ccdump_wire::v1;
use serde::{Deserialize, Serialize};

/// Header fields in order, names in lower case, values already free of credentials.
pub type Headers = Vec<(String, String)>;

/// Which body of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    Request,
    Response,
}

impl Side {
    /// As it stands in the tables `part` and `body`.
    pub fn column(self) -> i64 {
        match self {
            Self::Request => 0,
            Self::Response => 1,
        }
    }
}

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

#[derive(Debug, Clone, PartialEq)]
pub enum Detail {
    Opened(Opened),
    RequestData(Data),
    RequestEnd(RequestEnd),
    ResponseHead(ResponseHead),
    ResponseData(Data),
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

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
pub struct Data {
    pub offset: u64,
    /// As they came off the wire: microseconds after the event's time, and length.
    pub pieces: Vec<(u32, u32)>,
}

impl Data {
    pub fn length(&self) -> u64 {
        self.pieces.iter().map(|&(_, length)| u64::from(length)).sum()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestEnd {
    pub length: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trailers: Headers,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

/// Who ended the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedBy {
    Finished,
    Upstream,
    Client,
    Unreachable,
    Daemon,
    /// We answered in the upstream's place, and sent nothing on.
    Refused,
    /// We failed in the middle, through no fault of the two sides.
    Proxy,
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

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

/// Bytes that were forwarded but not recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<bool>,
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
    /// The file that the other one was put aside as, in the data folder. What can be read of it is brought over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_as: Option<String>,
    /// Events that are gone, from … to, where that is known at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<(u64, u64)>,
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
    /// Which: from … to. The first ones, where there are very many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<(u64, u64)>,
}

impl Salvaged {
    /// Events `from..to` are gone; they are told one by one as long as there are fewer than `most` such stretches.
    pub fn lose(&mut self, from: u64, to: u64, most: usize) {
        if from >= to {
            return;
        }
        self.lost_events += to - from;
        if self.lost.len() < most {
            self.lost.push((from, to - 1));
        }
    }
}

/// A row's `detail` cannot be read: the file was changed by something else.
#[derive(Debug, thiserror::Error)]
#[error("ccdump.db: event {seq} ({kind}) is damaged; `ccdumpd verify` tells what else is")]
pub struct Damaged {
    pub seq: u64,
    pub kind: String,
}

impl Detail {
    /// The column `kind`.
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

    /// The column `detail`: JSON that the sqlite3 shell can read; for body data, of which there is far more, varints.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Opened(detail) => json(detail),
            Self::RequestEnd(detail) => json(detail),
            Self::ResponseHead(detail) => json(detail),
            Self::Ended(detail) => json(detail),
            Self::Gap(detail) => json(detail),
            Self::Paused(detail) => json(detail),
            Self::Resumed(detail) => json(detail),
            Self::ClockJumped(detail) => json(detail),
            Self::Replaced(detail) => json(detail),
            Self::Salvaged(detail) => json(detail),
            Self::RequestData(data) | Self::ResponseData(data) => {
                let mut out = Vec::with_capacity(4 + data.pieces.len() * 4);
                varint::put(&mut out, data.offset);
                for &(after_us, length) in &data.pieces {
                    varint::put(&mut out, u64::from(after_us));
                    varint::put(&mut out, u64::from(length));
                }
                out
            }
            Self::Unknown(_) => Vec::new(),
        }
    }

    /// Undoes [`Detail::encode`].
    pub fn decode(seq: u64, kind: &str, detail: &[u8]) -> Result<Self, Damaged> {
        let read = match kind {
            "opened" => from_json(detail).map(Self::Opened),
            "request_data" => data(detail).map(Self::RequestData),
            "request_end" => from_json(detail).map(Self::RequestEnd),
            "response_head" => from_json(detail).map(Self::ResponseHead),
            "response_data" => data(detail).map(Self::ResponseData),
            "ended" => from_json(detail).map(Self::Ended),
            "gap" => from_json(detail).map(Self::Gap),
            "recording_paused" => from_json(detail).map(Self::Paused),
            "recording_resumed" => from_json(detail).map(Self::Resumed),
            "clock_jumped" => from_json(detail).map(Self::ClockJumped),
            "record_replaced" => from_json(detail).map(Self::Replaced),
            "record_salvaged" => from_json(detail).map(Self::Salvaged),
            other => Some(Self::Unknown(other.to_owned())),
        };
        read.ok_or_else(|| Damaged { seq, kind: kind.to_owned() })
    }
}

fn json<T: Serialize>(detail: &T) -> Vec<u8> {
    // Strings and numbers only: there is nothing in a detail that JSON cannot hold.
    serde_json::to_vec(detail).unwrap_or_default()
}

fn from_json<'a, T: Deserialize<'a>>(detail: &'a [u8]) -> Option<T> {
    serde_json::from_slice(detail).ok()
}

fn data(mut detail: &[u8]) -> Option<Data> {
    let offset = varint::take(&mut detail)?;
    let mut pieces = Vec::new();
    while !detail.is_empty() {
        let after_us = u32::try_from(varint::take(&mut detail)?).ok()?;
        let length = u32::try_from(varint::take(&mut detail)?).ok()?;
        pieces.push((after_us, length));
    }
    Some(Data { offset, pieces })
}

/// Little-endian base-128 numbers, as protobuf has them.
pub(super) mod varint {
    pub(crate) fn put(out: &mut Vec<u8>, mut value: u64) {
        while value >= 0x80 {
            out.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }

    /// Takes one number off the front; `None` when there is none.
    pub(crate) fn take(bytes: &mut &[u8]) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = bytes.split_first()?;
            *bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn body_data_survives(offset: u64, pieces in prop::collection::vec((any::<u32>(), any::<u32>()), 0..50)) {
            let detail = Detail::ResponseData(Data { offset, pieces });
            prop_assert_eq!(&Detail::decode(1, "response_data", &detail.encode()).expect("own encoding"), &detail);
        }

        #[test]
        fn any_bytes_are_an_event_or_an_error(kind in "[a-z_]{0,20}", detail: Vec<u8>) {
            if let Ok(read) = Detail::decode(1, &kind, &detail) {
                prop_assert_eq!(read.kind(), kind);
            }
        }
    }

    #[test]
    fn what_older_daemons_wrote_is_read() {
        let head = br#"{"status":200,"headers":[["a","b"]],"request_bytes":0}"#;
        let Ok(Detail::ResponseHead(head)) = Detail::decode(1, "response_head", head) else { panic!("a head") };
        assert_eq!((head.mended.len(), head.connect_us), (0, None));
        let opened = br#"{"method":"GET","path":"/","provider":"unknown","upstream":"http://a","headers":[]}"#;
        assert!(matches!(Detail::decode(1, "opened", opened), Ok(Detail::Opened(opened)) if opened.mended.is_empty()));
        let ended = br#"{"closed_by":"unreachable","delivered":0,"request_bytes":1,"response_bytes":0}"#;
        let Ok(Detail::Ended(ended)) = Detail::decode(1, "ended", ended) else { panic!("an end") };
        assert_eq!((ended.closed_by, ended.own_status, ended.exact), (ClosedBy::Unreachable, None, true));
    }

    #[test]
    fn heads_are_json_for_the_shell() {
        let detail = Detail::RequestEnd(RequestEnd { length: 7, trailers: vec![] });
        assert_eq!(detail.encode(), br#"{"length":7}"#);
        assert_eq!(Detail::decode(1, "request_end", br#"{"length":7}"#).expect("own encoding"), detail);
        assert!(Detail::decode(1, "request_end", b"{").is_err());
    }
}
