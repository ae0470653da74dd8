//! What the upstream sends for one request.

use bytes::Bytes;
use serde_json::{Value, json};

/// How long an answer that is no stream takes. Milliseconds.
const AT_ONCE: u64 = 160;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub request_id: String,
    pub body: Content,
}

#[derive(Debug)]
pub enum Content {
    Json {
        /// Milliseconds before it is sent.
        after: u64,
        bytes: Bytes,
    },
    /// Server-sent events.
    Stream {
        pieces: Vec<Piece>,
        /// After the last piece nothing more comes and nothing ends, until the client leaves.
        hangs: bool,
    },
}

#[derive(Debug)]
pub struct Piece {
    /// Milliseconds after the piece before.
    pub after: u64,
    pub bytes: Bytes,
}

impl Answer {
    /// Events as they are, to their end.
    pub fn stream(pieces: Vec<Piece>, request_id: &str) -> Self {
        Self {
            status: 200,
            request_id: request_id.to_owned(),
            body: Content::Stream { pieces, hangs: false },
        }
    }

    /// The first three fifths of the events, and then silence. The client is told how many bytes
    /// will come.
    pub fn stalled_stream(mut pieces: Vec<Piece>, request_id: &str) -> (Self, usize) {
        pieces.truncate(pieces.len() * 3 / 5);
        let bytes = pieces.iter().map(|piece| piece.bytes.len()).sum();
        let body = Content::Stream { pieces, hangs: true };
        (Self { status: 200, request_id: request_id.to_owned(), body }, bytes)
    }

    pub fn json(value: &Value, request_id: &str) -> Self {
        Self::whole(200, value, request_id)
    }

    /// The API has too much to do.
    pub fn overloaded(request_id: &str) -> Self {
        let error = json!({"type": "overloaded_error", "message": "Overloaded"});
        Self::whole(
            529,
            &json!({"type": "error", "error": error, "request_id": request_id}),
            request_id,
        )
    }

    pub fn not_found() -> Self {
        let error = json!({"type": "not_found_error", "message": "The demo's API knows the demo's requests only"});
        Self::whole(404, &json!({"type": "error", "error": error}), "req_demo_unknown")
    }

    fn whole(status: u16, value: &Value, request_id: &str) -> Self {
        let bytes = Bytes::from(value.to_string());
        Self {
            status,
            request_id: request_id.to_owned(),
            body: Content::Json { after: AT_ONCE, bytes },
        }
    }
}
