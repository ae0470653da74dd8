//! The proxy: it forwards, and does nothing else to the traffic.
//!
//! From the client's socket to the upstream's and back, top to bottom:
//!
//! | step | file | why |
//! | --- | --- | --- |
//! | accept | `listen` | a backlog that takes a burst of 256 connections, TCP_NODELAY |
//! | client socket | `socket` | knows what the kernel took (`delivery`), passes 1xx, resets where the upstream did |
//! | HTTP/1.1 | hyper, set up in `connection` | header case kept, no `date` of ours, large heads |
//! | refuse | `guard` | a foreign `Host` or `Origin` (DNS rebinding) |
//! | route | `route` | which provider, and where that one is |
//! | record | `body`, with `capture` | beside the stream, never in its way |
//! | forward | `forward`, `headers` | hop-by-hop fields out, `Host` exchanged |
//! | connect | `upstream`, `connect` | addresses raced, TLS; one upstream connection per client connection, so that what happens to one happens to the other |
//! | move | `driver` | both connections in one task: no thread is woken between reading and writing |
//! | upgrade | `upgrade` | WebSockets pass as bytes |

mod body;
mod connect;
mod connection;
mod delivery;
mod driver;
mod forward;
mod guard;
mod headers;
mod listen;
mod route;
mod socket;
mod tls;
mod upgrade;
mod upstream;

pub use listen::{ListenError, Listener};
pub use route::Upstreams;

use crate::capture::Recorder;

/// What all connections share.
pub struct Proxy {
    pub upstreams: Upstreams,
    pub recorder: Recorder,
    pub guard: guard::Guard,
    pub connector: upstream::Connector,
}

impl Proxy {
    /// `listen_host` is the host that `--listen` names: requests may name it too.
    pub fn new(upstreams: Upstreams, recorder: Recorder, listen_host: &str) -> Self {
        Self { upstreams, recorder, guard: guard::Guard::new(listen_host), connector: upstream::Connector::new() }
    }
}
