//! The daemon's side of `ccdump.v1`: translates between the store and the wire, and knows nothing
//! of the proxy.

mod accept;
mod body;
mod exchanges;
mod limits;
mod listen;
mod numbers;
mod outline;
mod payload;
mod reading;
mod search;
mod sections;
mod service;
mod socket;
mod status;
mod views;
mod watch;

pub use listen::serve;
pub use service::Service;
pub use socket::Socket;
pub use status::About;
