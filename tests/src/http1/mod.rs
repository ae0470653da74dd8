//! HTTP/1.1 by hand, so that tests see and send what libraries would tidy up: the bytes of a head,
//! the case of names, chunks, interim answers, and how a connection ended.

mod body;
mod build;
mod head;
mod wire;

pub use body::{Body, Framing};
pub use build::{chunk, chunked, get, post, request, response, sse_head};
pub use head::{Field, Head};
pub use wire::Wire;

/// The end of a chunked body without trailers.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
