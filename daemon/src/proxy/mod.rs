//! The proxy: it forwards, and does nothing else to the traffic.
//!
//! From the client's socket to the upstream's and back, top to bottom:
//!
//! | step | file | why |
//! | --- | --- | --- |
//! | accept | `listen` | a backlog that takes a burst of 256 connections, TCP_NODELAY |
//! | client socket | `socket`, `requests` | knows what the kernel took (`delivery`), passes 1xx, resets where the upstream did; knows where each request ends |
//! | heads | `head` | read as leniently as agents do, both ways, before hyper sees them |
//! | HTTP/1.1 | hyper, set up in `connection` | header case kept, no `date` of ours, large heads |
//! | refuse | `guard`, `hosts`, `origins`, `token` | a foreign `Host` or `Origin` (DNS rebinding), a missing token |
//! | record refusals | `refusals` | also of what is no request; not without limit |
//! | take off | `prefix` | what a request says to us: `/~t=TOKEN/…` |
//! | route | `route` | which provider, and where that one is |
//! | record | `body`, with `capture` | beside the stream, never in its way |
//! | forward | `forward`, `headers` | hop-by-hop fields out, `Host` exchanged |
//! | connect | `upstream`, `connect`, `outbound`, `http_proxy` | addresses raced, TLS, an HTTP proxy on the way; one upstream connection per client connection, so that what happens to one happens to the other |
//! | upstream socket | `upstream_socket` | response heads mended, 1xx handed to the client, targets written as they were sent |
//! | move | `driver` | both connections in one task: no thread is woken between reading and writing |
//! | upgrade | `upgrade` | WebSockets pass as bytes |

mod body;
mod connect;
mod connection;
mod delivery;
mod driver;
mod forward;
mod guard;
mod head;
mod headers;
mod hosts;
mod http_proxy;
mod listen;
mod origins;
mod outbound;
mod prefix;
mod refusals;
mod requests;
mod route;
mod socket;
mod tls;
mod token;
mod upgrade;
mod upstream;
mod upstream_socket;

pub use guard::Access;
pub use hosts::Pattern;
pub use listen::{ListenError, Listener, is_loopback};
pub use origins::OriginPattern;
pub use outbound::{Outbound, Wanted};
pub use route::Upstreams;
pub use token::Token;

use crate::capture::Recorder;

/// What all connections share.
pub struct Proxy {
    pub upstreams: Upstreams,
    pub recorder: Recorder,
    pub guard: guard::Guard,
    pub connector: upstream::Connector,
    pub refusals: refusals::Refusals,
}

impl Proxy {
    /// `listen_host` is the host that `--listen` names: requests may name it too.
    pub fn new(
        upstreams: Upstreams,
        recorder: Recorder,
        listen_host: &str,
        access: Access,
        outbound: Outbound,
    ) -> Self {
        let guard = guard::Guard::new(listen_host, access);
        let connector = upstream::Connector::new(outbound);
        Self { upstreams, recorder, guard, connector, refusals: refusals::Refusals::new() }
    }
}
