//! What was fetched of one exchange.

use ccdump_model::{
    blocks::Source,
    record::{Fetch, Fetched, Held, RequestSide, ResponseSide, Wanted},
};
use ccdump_provider::header;
use ccdump_record::{
    Block, BodyData, Detail, Event as LogEvent, Header, Heads, Opened, Payload, ResponseHead, Side,
};
use serde::{Deserialize, Serialize};

use super::content::{ContentHad, PieceHad};

/// What is said of what a report does not have.
const LEFT_OUT: &str = "not in the report";

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Had {
    pub(super) exchange: u64,
    heads: Option<Heads>,
    request: Got<Request>,
    response: Got<Response>,
    /// Blocks of the request before.
    former: Vec<FormerHad>,
    /// What had streamed of a response that goes on.
    stream: Option<Streamed>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Got<T> {
    #[default]
    NotYet,
    Here(T),
    Failed(String),
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Request {
    pieces: Vec<PieceHad>,
    removed: Vec<Block>,
    previous: Option<u64>,
    setting_of: Option<u64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Response {
    pieces: Vec<PieceHad>,
    error: Option<String>,
    broken: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Streamed {
    status: Option<u16>,
    content_type: Option<String>,
    /// Decoded; what is no UTF-8 replaced.
    text: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct FormerHad {
    source: Source,
    pointer: String,
    content: ContentHad,
}

impl Had {
    /// Nothing yet.
    pub fn of(exchange: u64) -> Self {
        Self { exchange, ..Self::default() }
    }

    /// Takes in what was fetched.
    pub fn take(&mut self, fetch: &Fetch) {
        self.heads = fetch.heads.clone().or(self.heads.take());
        match &fetch.request {
            Fetched::NotYet => {}
            Fetched::Failed(why) => self.request = Got::Failed(why.clone()),
            Fetched::Here(side) => {
                self.request = Got::Here(Request {
                    pieces: side.pieces.iter().map(PieceHad::from).collect(),
                    removed: side.removed.clone(),
                    previous: side.previous,
                    setting_of: side.setting_of,
                });
            }
        }
        match &fetch.response {
            Fetched::NotYet => {}
            Fetched::Failed(why) => self.response = Got::Failed(why.clone()),
            Fetched::Here(side) => {
                self.response = Got::Here(Response {
                    pieces: side.pieces.iter().map(PieceHad::from).collect(),
                    error: side.error.clone(),
                    broken: side.broken.clone(),
                });
            }
        }
    }

    /// Takes in the content of blocks.
    pub fn take_blocks(&mut self, side: Side, contents: &[(String, Held)]) {
        for (pointer, held) in contents {
            for piece in
                self.pieces_mut(side).iter_mut().filter(|piece| piece.block.pointer == *pointer)
            {
                piece.content = ContentHad::of(held);
                piece.is_late = true;
            }
        }
    }

    /// Takes in blocks of the request before.
    pub fn take_former(&mut self, contents: &[(Source, String, Held)]) {
        for (source, pointer, held) in contents {
            let had = ContentHad::of(held).map(|content| FormerHad {
                source: *source,
                pointer: pointer.clone(),
                content,
            });
            self.former.extend(had);
        }
    }

    pub(super) fn former(&self, blocks: &[(Source, Block)]) -> Vec<(Source, String, Held)> {
        let held = |(source, block): &(Source, Block)| {
            let had = self
                .former
                .iter()
                .find(|had| had.source == *source && had.pointer == block.pointer);
            let held =
                had.map_or_else(|| Held::Failed(LEFT_OUT.to_owned()), |had| had.content.held());
            (*source, block.pointer.clone(), held)
        };
        blocks.iter().map(held).collect()
    }

    pub fn take_stream(&mut self, events: &[LogEvent]) {
        let mut stream = Streamed::default();
        let mut bytes: Vec<u8> = Vec::new();
        for event in events {
            match &event.detail {
                Detail::ResponseHead(head) => {
                    stream.status = Some(head.status);
                    stream.content_type =
                        header::find(&head.headers, "content-type").map(str::to_owned);
                }
                Detail::ResponseData(data) => bytes.extend_from_slice(&data.payload.bytes),
                _ => {}
            }
        }
        stream.text = String::from_utf8_lossy(&bytes).into_owned();
        self.stream = Some(stream);
    }

    /// The same again.
    pub fn fetch(&self, wanted: Wanted) -> Fetch {
        let left_out = || LEFT_OUT.to_owned();
        let request = match &self.request {
            _ if !wanted.request => Fetched::NotYet,
            Got::NotYet if !wanted.has_ended => Fetched::NotYet,
            Got::NotYet => Fetched::Failed(left_out()),
            Got::Failed(why) => Fetched::Failed(why.clone()),
            Got::Here(side) => Fetched::Here(RequestSide {
                pieces: side.pieces.iter().map(Into::into).collect(),
                removed: side.removed.clone(),
                previous: side.previous,
                setting_of: side.setting_of,
            }),
        };
        let response = match &self.response {
            _ if !wanted.response => Fetched::NotYet,
            Got::NotYet => Fetched::Failed(left_out()),
            Got::Failed(why) => Fetched::Failed(why.clone()),
            Got::Here(side) => Fetched::Here(ResponseSide {
                pieces: side.pieces.iter().map(Into::into).collect(),
                open: false,
                error: side.error.clone(),
                broken: side.broken.clone(),
            }),
        };
        Fetch { heads: self.heads.clone(), heads_are_final: wanted.has_ended, request, response }
    }

    pub(super) fn blocks(&self, side: Side, blocks: &[Block]) -> Vec<(String, Held)> {
        let held = |block: &Block| {
            let piece = self.pieces(side).iter().find(|piece| piece.block.pointer == block.pointer);
            let held = piece.and_then(|piece| piece.content.as_ref()).map(ContentHad::held);
            (block.pointer.clone(), held.unwrap_or_else(|| Held::Failed(LEFT_OUT.to_owned())))
        };
        blocks.iter().map(held).collect()
    }

    pub(super) fn stream(&self) -> Vec<LogEvent> {
        let mut details = vec![Detail::Opened(Opened::default())];
        if let Some(Streamed { status, content_type, text }) = &self.stream {
            let named =
                |value: &String| Header { name: "content-type".to_owned(), value: value.clone() };
            let headers = content_type.iter().map(named).collect();
            details.extend(status.map(|status| {
                Detail::ResponseHead(ResponseHead { status, headers, ..ResponseHead::default() })
            }));
            details.push(Detail::ResponseData(BodyData {
                payload: Payload { bytes: text.clone().into(), ..Payload::default() },
                ..BodyData::default()
            }));
        }
        details.into_iter().map(|detail| LogEvent::of(0, detail)).collect()
    }

    fn pieces(&self, side: Side) -> &[PieceHad] {
        match (side, &self.request, &self.response) {
            (Side::Request, Got::Here(side), _) => &side.pieces,
            (Side::Response, _, Got::Here(side)) => &side.pieces,
            _ => &[],
        }
    }

    fn pieces_mut(&mut self, side: Side) -> &mut [PieceHad] {
        match (side, &mut self.request, &mut self.response) {
            (Side::Request, Got::Here(side), _) => &mut side.pieces,
            (Side::Response, _, Got::Here(side)) => &mut side.pieces,
            _ => &mut [],
        }
    }
}
