//! The client's socket as hyper sees it.

use std::{
    fs, io,
    net::{IpAddr, SocketAddr},
    os::fd::AsFd as _,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::{
    io::AsyncWrite as _,
    net::TcpStream,
    runtime::Handle,
    time::{sleep, timeout},
};

use super::{
    delivery::Delivery,
    requests::{HEAD_LIMIT, RequestHeads, Requests},
};

/// How long a connection that is to be reset waits for the other side to take what was sent, and
/// how soon that is looked at again.
const SENT_WITHIN: Duration = Duration::from_secs(10);
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LAST_LOOK: Duration = Duration::from_millis(64);

/// A TCP stream whose requests are read by [`Requests`], and that tells [`Delivery`] what was
/// written.
pub struct ClientSocket {
    requests: Requests<TcpStream>,
    delivery: Delivery,
    /// What is left of an informational response.
    informational: Vec<u8>,
}

impl ClientSocket {
    pub fn new(stream: TcpStream, heads: RequestHeads, delivery: Delivery) -> Self {
        let requests = Requests::new(stream, heads, HEAD_LIMIT);
        Self { requests, delivery, informational: Vec::new() }
    }

    fn poll_informational(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.informational.is_empty() {
            self.informational = self.delivery.take_informational();
        }
        while !self.informational.is_empty() {
            let written = Pin::new(self.requests.stream_mut()).poll_write(cx, &self.informational);
            let written = ready!(self.noticed(written))?;
            self.informational.drain(..written);
        }
        Poll::Ready(Ok(()))
    }

    /// A client that takes no more has left.
    fn noticed<T>(&self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(_)) = &result {
            self.delivery.client_left();
        }
        result
    }
}

impl Read for ClientSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.requests.poll_read(cx, buffer);
        let read = ready!(self.noticed(read))?;
        if read == 0 {
            // A FIN counts as leaving.
            self.delivery.client_left();
        }
        Poll::Ready(Ok(()))
    }
}

impl Write for ClientSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_informational(cx))?;
        let written = Pin::new(self.requests.stream_mut()).poll_write(cx, bytes);
        self.noticed(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_informational(cx))?;
        let written = Pin::new(self.requests.stream_mut()).poll_write_vectored(cx, bytes);
        self.noticed(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.requests.stream().is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_informational(cx))?;
        ready!(Pin::new(self.requests.stream_mut()).poll_flush(cx))?;
        self.delivery.flushed(cx);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.requests.stream_mut()).poll_shutdown(cx)
    }
}

impl Drop for ClientSocket {
    fn drop(&mut self) {
        self.delivery.abandon();
        if self.delivery.is_reset_on_close() {
            reset(self.requests.stream());
        }
    }
}

/// Has a connection end in a reset when it is closed. A reset throws away what the kernel has not
/// sent yet, so that is waited for; where it does not come to an end, or cannot be told, closing
/// without a reset is the fallback.
fn reset(stream: &TcpStream) {
    let Some(queue) = SendQueue::of(stream) else { return };
    match queue.is_empty() {
        Some(true) => drop(stream.set_zero_linger()),
        Some(false) => {
            let (Ok(kept), Ok(runtime)) =
                (stream.as_fd().try_clone_to_owned(), Handle::try_current())
            else {
                return;
            };
            runtime.spawn(async move {
                let emptied = timeout(SENT_WITHIN, async {
                    let mut pause = FIRST_LOOK;
                    while queue.is_empty() == Some(false) {
                        sleep(pause).await;
                        pause = LAST_LOOK.min(pause * 2);
                    }
                });
                if emptied.await.is_ok() {
                    rustix::net::sockopt::set_socket_linger(&kept, Some(Duration::ZERO)).ok();
                }
            });
        }
        None => {}
    }
}

/// What the kernel has of a connection that the other side has not acknowledged. Linux tells in
/// `/proc/net/tcp`; elsewhere it is not known.
struct SendQueue {
    table: &'static str,
    local: String,
    peer: String,
}

impl SendQueue {
    fn of(stream: &TcpStream) -> Option<Self> {
        let (local, peer) = (stream.local_addr().ok()?, stream.peer_addr().ok()?);
        let table = if local.is_ipv4() { "/proc/net/tcp" } else { "/proc/net/tcp6" };
        Some(Self { table, local: kernel_address(local), peer: kernel_address(peer) })
    }

    fn is_empty(&self) -> Option<bool> {
        let table = fs::read_to_string(self.table).ok()?;
        send_queue(&table, &self.local, &self.peer).map(|length| length == 0)
    }
}

/// `tx_queue` of a connection in a table such as `/proc/net/tcp`.
fn send_queue(table: &str, local: &str, peer: &str) -> Option<u64> {
    table.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        if fields.next() != Some(local) || fields.next() != Some(peer) {
            return None;
        }
        let queues = fields.nth(1)?;
        u64::from_str_radix(queues.split(':').next()?, 16).ok()
    })
}

/// An address as the kernel prints it: words in the machine's byte order, in hexadecimal.
fn kernel_address(address: SocketAddr) -> String {
    let octets = match address.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let words: String = octets
        .as_chunks::<4>()
        .0
        .iter()
        .map(|word| format!("{:08X}", u32::from_ne_bytes(*word)))
        .collect();
    format!("{words}:{:04X}", address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_send_queue_is_found_in_the_kernels_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
                     0: 0100007F:0D10 0100007F:C350 01 0000002A:00000000 00:00000000 00000000     0        0 1 1\n";
        let (local, peer) = (
            "127.0.0.1:3344".parse().expect("address"),
            "127.0.0.1:50000".parse().expect("address"),
        );
        if cfg!(target_endian = "little") {
            assert_eq!(send_queue(table, &kernel_address(local), &kernel_address(peer)), Some(42));
        }
        assert_eq!(send_queue(table, &kernel_address(peer), &kernel_address(local)), None);
    }
}
