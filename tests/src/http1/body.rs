//! Reading a body, piece by piece as it arrives.

use std::io;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Field, Head, Wire};

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Length(u64),
    Chunked,
    /// By the end of the connection.
    Close,
}

/// The reading state of one body.
#[derive(Debug)]
pub struct Body {
    framing: Framing,
    /// Of the length, or of the chunk.
    left: u64,
    in_chunk: bool,
    ended: bool,
    pub trailers: Vec<Field>,
}

impl Body {
    pub fn of_request(head: &Head) -> Self {
        Self::new(told(head).unwrap_or(Framing::Length(0)))
    }

    /// `method`: that of the request it answers.
    pub fn of_response(head: &Head, method: &str) -> Self {
        let none = method == "HEAD" || matches!(head.status(), 100..=199 | 204 | 304);
        Self::new(if none { Framing::Length(0) } else { told(head).unwrap_or(Framing::Close) })
    }

    fn new(framing: Framing) -> Self {
        let left = if let Framing::Length(length) = framing { length } else { 0 };
        Self {
            framing,
            left,
            in_chunk: false,
            ended: framing == Framing::Length(0),
            trailers: Vec::new(),
        }
    }

    pub fn framing(&self) -> Framing {
        self.framing
    }

    pub fn ended(&self) -> bool {
        self.ended
    }

    /// The next piece, `None` at the end.
    ///
    /// # Errors
    /// `UnexpectedEof` when the peer ended within the body (FIN), `ConnectionReset` on an RST,
    /// `InvalidData` on a bad chunk.
    pub async fn next<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        wire: &mut Wire<S>,
    ) -> io::Result<Option<Bytes>> {
        if self.ended {
            return Ok(None);
        }
        if self.framing == Framing::Chunked && self.left == 0 && !self.next_chunk(wire).await? {
            return Ok(None);
        }
        let most = if self.framing == Framing::Close { u64::MAX } else { self.left };
        let piece = wire.read_some(usize::try_from(most).unwrap_or(usize::MAX)).await?;
        if piece.is_empty() {
            self.ended = self.framing == Framing::Close;
            return if self.ended { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        if self.framing != Framing::Close {
            self.left -= piece.len() as u64;
            self.ended = self.left == 0 && self.framing != Framing::Chunked;
        }
        Ok(Some(piece))
    }

    /// Reads the head of the next chunk; `false` after the last one and its trailers.
    async fn next_chunk<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        wire: &mut Wire<S>,
    ) -> io::Result<bool> {
        if self.in_chunk && !wire.read_line().await?.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "chunk longer than it says"));
        }
        let line = wire.read_line().await?;
        let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
        self.left = std::str::from_utf8(size)
            .ok()
            .and_then(|size| u64::from_str_radix(size.trim(), 16).ok())
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "bad chunk size"))?;
        self.in_chunk = true;
        if self.left > 0 {
            return Ok(true);
        }
        loop {
            let mut line = wire.read_line().await?;
            if line.is_empty() {
                self.ended = true;
                return Ok(false);
            }
            line.extend_from_slice(b"\r\n\r\n");
            self.trailers.extend(Head::parse(&[b"\r\n", line.as_slice()].concat())?.fields);
        }
    }
}

fn told(head: &Head) -> Option<Framing> {
    if head
        .all("transfer-encoding")
        .iter()
        .any(|value| value.to_ascii_lowercase().ends_with("chunked"))
    {
        return Some(Framing::Chunked);
    }
    let length = head.get("content-length")?;
    Some(Framing::Length(length.parse().expect("content-length is a number")))
}
