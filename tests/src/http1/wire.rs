//! A byte stream with a read buffer.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::Head;

/// Larger than any head a test sends.
const LONGEST_HEAD: usize = 4 << 20;

#[derive(Debug)]
pub struct Wire<S> {
    stream: S,
    buffer: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, buffer: BytesMut::with_capacity(64 << 10) }
    }

    pub fn stream(&self) -> &S {
        &self.stream
    }

    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Ends the sending direction (FIN); reading goes on.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }

    /// Reads more into the buffer. 0: the peer ended its direction.
    async fn fill(&mut self) -> io::Result<usize> {
        self.buffer.reserve(64 << 10);
        self.stream.read_buf(&mut self.buffer).await
    }

    /// The next head, or `None` when the peer ended before its first byte.
    ///
    /// # Errors
    /// `UnexpectedEof` when it ended within it, `ConnectionReset` on an RST.
    pub async fn read_head(&mut self) -> io::Result<Option<Head>> {
        let mut searched = 0;
        loop {
            if let Some(at) = find(&self.buffer[searched..], b"\r\n\r\n") {
                let raw = self.buffer.split_to(searched + at + 4);
                return Head::parse(&raw).map(Some);
            }
            searched = self.buffer.len().saturating_sub(3);
            if self.buffer.len() > LONGEST_HEAD {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "endless head"));
            }
            if self.fill().await? == 0 {
                return if self.buffer.is_empty() {
                    Ok(None)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        }
    }

    /// A line without its end.
    pub async fn read_line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(at + 1);
                return Ok(line.trim_ascii_end().to_vec());
            }
            if self.fill().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// What has arrived, `most` bytes at most; waits for the first. Empty when the peer ended its
    /// direction.
    pub async fn read_some(&mut self, most: usize) -> io::Result<Bytes> {
        if self.buffer.is_empty() && self.fill().await? == 0 {
            return Ok(Bytes::new());
        }
        let length = self.buffer.len().min(most);
        Ok(self.buffer.split_to(length).freeze())
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// `UnexpectedEof` when the peer ended before.
    pub async fn read_exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut read = Vec::new();
        while read.len() < length {
            let piece = self.read_some(length - read.len()).await?;
            if piece.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            read.extend_from_slice(&piece);
        }
        Ok(read)
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
