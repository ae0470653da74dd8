//! Events as rows of the table `event`, and sides as the tables `part` and `body` have them.

use ccdump_record::{BodyData, Detail, Payload, Piece, Side};
use serde::{Deserialize, Serialize};

/// A row's `detail` cannot be read: the file was changed by something else.
#[derive(Debug, thiserror::Error)]
#[error("ccdump.db: event {seq} ({kind}) is damaged; `ccdumpd verify` tells what else is")]
pub struct Damaged {
    pub seq: u64,
    pub kind: String,
}

/// A side, in the tables `part` and `body`.
pub fn column(side: Side) -> i64 {
    match side {
        Side::Request => 0,
        Side::Response => 1,
    }
}

/// Undoes [`column`].
pub fn side_of(column: i64) -> Side {
    if column == 0 { Side::Request } else { Side::Response }
}

/// The column `detail`: JSON that the sqlite3 shell can read; for body data, of which there is far
/// more, varints.
pub fn encode(detail: &Detail) -> Vec<u8> {
    match detail {
        Detail::Opened(detail) => json(detail),
        Detail::RequestEnd(detail) => json(detail),
        Detail::ResponseHead(detail) => json(detail),
        Detail::Ended(detail) => json(detail),
        Detail::Gap(detail) => json(detail),
        Detail::Paused(detail) => json(detail),
        Detail::Resumed(detail) => json(detail),
        Detail::ClockJumped(detail) => json(detail),
        Detail::Replaced(detail) => json(detail),
        Detail::Salvaged(detail) => json(detail),
        Detail::RequestData(data) | Detail::ResponseData(data) => {
            let mut out = Vec::with_capacity(4 + data.pieces.len() * 4);
            varint::put(&mut out, data.offset);
            for &Piece { after_us, length } in &data.pieces {
                varint::put(&mut out, u64::from(after_us));
                varint::put(&mut out, u64::from(length));
            }
            out
        }
        Detail::Unknown(_) => Vec::new(),
    }
}

/// Undoes [`encode`].
pub fn decode(seq: u64, kind: &str, detail: &[u8]) -> Result<Detail, Damaged> {
    let read = match kind {
        "opened" => from_json(detail).map(Detail::Opened),
        "request_data" => data(detail).map(Detail::RequestData),
        "request_end" => from_json(detail).map(Detail::RequestEnd),
        "response_head" => from_json(detail).map(Detail::ResponseHead),
        "response_data" => data(detail).map(Detail::ResponseData),
        "ended" => from_json(detail).map(Detail::Ended),
        "gap" => from_json(detail).map(Detail::Gap),
        "recording_paused" => from_json(detail).map(Detail::Paused),
        "recording_resumed" => from_json(detail).map(Detail::Resumed),
        "clock_jumped" => from_json(detail).map(Detail::ClockJumped),
        "record_replaced" => from_json(detail).map(Detail::Replaced),
        "record_salvaged" => from_json(detail).map(Detail::Salvaged),
        other => Some(Detail::Unknown(other.to_owned())),
    };
    read.ok_or_else(|| Damaged { seq, kind: kind.to_owned() })
}

fn json<T: Serialize>(detail: &T) -> Vec<u8> {
    // Strings and numbers only: there is nothing in a detail that JSON cannot hold.
    serde_json::to_vec(detail).unwrap_or_default()
}

fn from_json<'a, T: Deserialize<'a>>(detail: &'a [u8]) -> Option<T> {
    serde_json::from_slice(detail).ok()
}

fn data(mut detail: &[u8]) -> Option<BodyData> {
    let offset = varint::take(&mut detail)?;
    let mut pieces = Vec::new();
    while !detail.is_empty() {
        let after_us = u32::try_from(varint::take(&mut detail)?).ok()?;
        let length = u32::try_from(varint::take(&mut detail)?).ok()?;
        pieces.push(Piece { after_us, length });
    }
    Some(BodyData { offset, pieces, payload: Payload::default() })
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
    use ccdump_record::{ClosedBy, Gap, RequestEnd, Salvaged, SeqRange};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn body_data_survives(offset: u64, pieces in prop::collection::vec((any::<u32>(), any::<u32>()), 0..50)) {
            let pieces = pieces.into_iter().map(|(after_us, length)| Piece { after_us, length }).collect();
            let detail = Detail::ResponseData(BodyData { offset, pieces, payload: Payload::default() });
            prop_assert_eq!(&decode(1, "response_data", &encode(&detail)).expect("own encoding"), &detail);
        }

        #[test]
        fn any_bytes_are_an_event_or_an_error(kind in "[a-z_]{0,20}", detail: Vec<u8>) {
            if let Ok(read) = decode(1, &kind, &detail) {
                prop_assert_eq!(read.kind(), kind);
            }
        }
    }

    #[test]
    fn what_older_daemons_wrote_is_read() {
        let head = br#"{"status":200,"headers":[["a","b"]],"request_bytes":0}"#;
        let Ok(Detail::ResponseHead(head)) = decode(1, "response_head", head) else {
            panic!("a head")
        };
        assert_eq!((head.mended.len(), head.connect_us), (0, None));
        let opened = br#"{"method":"GET","path":"/","provider":"unknown","upstream":"http://a","headers":[]}"#;
        assert!(
            matches!(decode(1, "opened", opened), Ok(Detail::Opened(opened)) if opened.mended.is_empty())
        );
        let ended =
            br#"{"closed_by":"unreachable","delivered":0,"request_bytes":1,"response_bytes":0}"#;
        let Ok(Detail::Ended(ended)) = decode(1, "ended", ended) else { panic!("an end") };
        assert_eq!(
            (ended.closed_by, ended.own_status, ended.exact),
            (ClosedBy::Unreachable, None, true)
        );
        let gap = br#"{"request":true,"offset":3,"bytes":4}"#;
        let here = Gap { side: Some(Side::Request), offset: 3, bytes: 4, exchanges: 0 };
        assert_eq!(decode(1, "gap", gap).expect("a gap"), Detail::Gap(here));
        let nowhere = br#"{"offset":0,"bytes":4,"exchanges":2}"#;
        assert!(matches!(
            decode(1, "gap", nowhere),
            Ok(Detail::Gap(Gap { side: None, exchanges: 2, .. }))
        ));
    }

    #[test]
    fn heads_are_json_for_the_shell() {
        let detail = Detail::RequestEnd(RequestEnd { length: 7, trailers: vec![] });
        assert_eq!(encode(&detail), br#"{"length":7}"#);
        assert_eq!(decode(1, "request_end", br#"{"length":7}"#).expect("own encoding"), detail);
        assert!(decode(1, "request_end", b"{").is_err());
        let gap = Gap { side: Some(Side::Response), offset: 1, bytes: 2, exchanges: 0 };
        assert_eq!(
            encode(&Detail::Gap(gap)),
            br#"{"request":false,"offset":1,"bytes":2,"exchanges":0}"#
        );
        let lost = vec![SeqRange { from: 3, to: 5 }];
        let salvaged = encode(&Detail::Salvaged(Salvaged { lost, ..Salvaged::default() }));
        assert!(String::from_utf8_lossy(&salvaged).contains(r#""lost":[[3,5]]"#));
    }
}
