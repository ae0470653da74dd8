//! Accepting viewers: so many at once, and a word for those who are one too many.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{UnixListener, UnixStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Sleep, sleep},
};
use tonic::transport::server::Connected;
use tracing::warn;

use super::limits::Caller;

/// Connections that are served. A viewer has one.
const SERVED: usize = 256;
/// Connections beyond them that are told so at once; more are closed without a word.
const TOLD: usize = 64;
/// How long one that is told so may take to ask.
const TELLING: Duration = Duration::from_secs(2);
/// After a failure to accept: mostly too few file descriptors, and some will be free again soon.
const RETRY: Duration = Duration::from_millis(50);

/// Hands connections to the server for as long as it takes them.
pub async fn accept(
    listener: UnixListener,
    connections: mpsc::Sender<io::Result<Connection>>,
) -> Infallible {
    let (served, told) = (Arc::new(Semaphore::new(SERVED)), Arc::new(Semaphore::new(TOLD)));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if let Some(connection) = Connection::new(stream, &served, &told) {
                    // The server ends with this task.
                    connections.send(Ok(connection)).await.ok();
                }
            }
            Err(error) => {
                warn!(%error, "cannot accept a viewer's connection");
                sleep(RETRY).await;
            }
        }
    }
}

/// A viewer's connection, which counts until it is dropped.
pub struct Connection {
    stream: UnixStream,
    caller: Caller,
    /// When it is closed, if it is one too many.
    closes: Option<Pin<Box<Sleep>>>,
    _counted: OwnedSemaphorePermit,
}

impl Connection {
    fn new(stream: UnixStream, served: &Arc<Semaphore>, told: &Arc<Semaphore>) -> Option<Self> {
        if let Ok(counted) = served.clone().try_acquire_owned() {
            return Some(Self { stream, caller: Caller::new(), closes: None, _counted: counted });
        }
        let counted = told.clone().try_acquire_owned().ok()?;
        let why = format!(
            "{SERVED} viewers and scripts are connected, as many as the daemon serves; close some and try again"
        );
        Some(Self {
            stream,
            caller: Caller::refused(&why),
            closes: Some(Box::pin(sleep(TELLING))),
            _counted: counted,
        })
    }
}

impl Connected for Connection {
    type ConnectInfo = Caller;

    fn connect_info(&self) -> Caller {
        self.caller.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(closes) = &mut self.closes
            && closes.as_mut().poll(cx).is_ready()
        {
            // Nothing read is the end of what the other side says: the connection closes.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
