//! One request as the handler of a test sees it.

use std::{io, sync::Arc};

use bytes::Bytes;

use super::{Log, tls::Socket};
use crate::{
    client::Ending,
    http1::{self, Body, Head, Wire},
};

/// A request whose head has arrived.
#[derive(Debug)]
pub struct Call {
    pub head: Head,
    /// Which connection it came on, counted from 0.
    pub connection: usize,
    wire: Wire<Socket>,
    body: Body,
    log: Arc<Log>,
    number: usize,
    keep: bool,
}

impl Call {
    pub(super) fn new(head: Head, wire: Wire<Socket>, connection: usize, log: Arc<Log>) -> Self {
        Self {
            body: Body::of_request(&head),
            number: log.arrived(connection, &head),
            head,
            connection,
            wire,
            log,
            keep: true,
        }
    }

    /// Which request this is, over all connections, counted from 0.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The next piece of the body as it came off the socket; `None` at its end.
    pub async fn piece(&mut self) -> io::Result<Option<Bytes>> {
        let piece = self.body.next(&mut self.wire).await?;
        match &piece {
            Some(piece) => self.log.body_piece(self.number, piece),
            None => self.log.body_ended(self.number, &self.body.trailers),
        }
        Ok(piece)
    }

    /// The rest of the body.
    pub async fn read_body(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        while let Some(piece) = self.piece().await? {
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    /// Reads the rest of the body, keeping only its length and hash in the log.
    pub async fn drain(&mut self) -> io::Result<()> {
        while self.piece().await?.is_some() {}
        Ok(())
    }

    /// The next bytes after the request, where the protocol has changed.
    pub async fn read_exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        self.wire.read_exactly(length).await
    }

    /// Sends exactly these bytes, at once.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.wire.write(bytes).await
    }

    /// Sends one chunk, at once.
    pub async fn chunk(&mut self, data: &[u8]) -> io::Result<()> {
        self.send(&http1::chunk(data)).await
    }

    /// Ends a chunked body.
    pub async fn last_chunk(&mut self) -> io::Result<()> {
        self.send(http1::LAST_CHUNK).await
    }

    /// Reads the body, then answers with a content length.
    pub async fn reply(
        &mut self,
        status: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<()> {
        self.drain().await?;
        self.send(&http1::response(status, headers, body)).await
    }

    /// Reads the body, then sends an event stream whole, in one write.
    pub async fn reply_sse(&mut self, events: &[u8]) -> io::Result<()> {
        self.drain().await?;
        self.send(&[&http1::sse_head(), &http1::chunk(events), http1::LAST_CHUNK].concat()).await
    }

    /// Waits until the peer leaves, and logs how. Panics on more bytes.
    pub async fn left(&mut self) -> Ending {
        let ending = match self.wire.read_some(1 << 20).await {
            Ok(bytes) if bytes.is_empty() => Ending::Fin,
            Ok(bytes) => panic!("bytes where the end was due: {}", String::from_utf8_lossy(&bytes)),
            Err(error) => Ending::of(&error),
        };
        self.log.left(self.number, ending);
        self.keep = false;
        ending
    }

    /// Ends the sending direction with a FIN; the connection is dropped when the handler returns.
    pub async fn fin(&mut self) -> io::Result<()> {
        self.keep = false;
        self.wire.shutdown().await
    }

    /// The connection is closed when the handler returns.
    pub fn close(&mut self) {
        self.keep = false;
    }

    /// The connection is reset (RST) when the handler returns.
    pub fn reset(&mut self) -> io::Result<()> {
        self.keep = false;
        self.wire.stream().tcp().set_zero_linger()
    }

    /// The connection, if it goes on to another request.
    pub(super) async fn finish(mut self) -> io::Result<Option<Wire<Socket>>> {
        if !self.keep {
            return Ok(None);
        }
        self.drain().await?;
        Ok(Some(self.wire))
    }
}
