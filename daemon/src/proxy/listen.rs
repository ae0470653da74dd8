//! Accepting connections.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpSocket, lookup_host},
    task::JoinSet,
};
use tracing::warn;

use super::{Proxy, connection};
use crate::stop::Stop;

/// Connections that the kernel holds for us until they are accepted: a client may open hundreds at
/// once.
const BACKLOG: u32 = 4096;

pub struct Listener {
    listener: TcpListener,
}

#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error(
        "cannot listen on {address}: {source}; choose another --listen address or end the program that uses it"
    )]
    Bind { address: String, source: io::Error },
    #[error(
        "{address} is not an address to listen on; write it as HOST:PORT, such as 127.0.0.1:3344"
    )]
    Address { address: String },
    #[error(
        "{address} can be reached from other machines: set a token that they have to know (--token, CCDUMP_TOKEN, or token in \
         config.toml), or pass --insecure-listen to let in whoever comes"
    )]
    Exposed { address: String },
}

impl Listener {
    /// Binds `HOST:PORT`; port 0 is the system's choice. Beyond loopback only where that
    /// `may_be_exposed`.
    pub async fn bind(address: &str, may_be_exposed: bool) -> Result<Self, ListenError> {
        let resolved = lookup_host(address).await.ok().and_then(|mut found| found.next());
        let resolved =
            resolved.ok_or_else(|| ListenError::Address { address: address.to_owned() })?;
        if !may_be_exposed && !is_loopback(resolved) {
            return Err(ListenError::Exposed { address: address.to_owned() });
        }
        let listener = bind(resolved)
            .map_err(|source| ListenError::Bind { address: address.to_owned(), source })?;
        Ok(Self { listener })
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Accepts until `stop` says so, then lets the exchanges that are under way end. Dropping the
    /// future cuts them off.
    pub async fn run(self, proxy: Arc<Proxy>, stop: Stop) {
        let mut stopped = stop.clone();
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        let task = connection::serve(proxy.clone(), stream, stop.clone());
                        connections.spawn(async move {
                            if let Err(error) = task.await {
                                tracing::debug!(%peer, %error, "connection ended");
                            }
                        });
                    }
                    Err(error) => {
                        // Out of file descriptors, mostly: some will be free again soon.
                        warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
                // Ended tasks are collected as they end.
                Some(_) = connections.join_next() => {}
                () = stopped.wait() => break,
            }
        }
        drop(self.listener);
        while connections.join_next().await.is_some() {}
    }
}

/// Whether only this machine can connect to an address.
pub fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
