//! Understands what agents and model APIs say to each other: pure functions over bytes. No I/O, no
//! clock, no threads.
//!
//! A request body goes through [`request::read`], a response through [`response::ResponseReader`]
//! as it streams (both after [`decode::Decoder`] undid the content coding). What they derive is
//! compared by [`outline`], attributed by [`identity`], judged by [`end_state`] and priced by
//! [`price`]. Viewers turn blocks into something to draw with [`content`] and [`stream`]; what a
//! person looks for in their texts is a [`pattern`].

pub mod agent_call;
mod blocks;
pub mod content;
pub mod decode;
pub mod end_state;
mod endpoint;
mod fingerprint;
pub mod header;
pub mod identity;
mod json;
mod mend;
pub mod outline;
pub mod pattern;
pub mod price;
pub mod provider;
pub mod request;
pub mod response;
mod signal;
pub mod sse;
pub mod stream;
pub mod usage;

/// Version of the derivation. Raised whenever what is derived from the same bytes changes, so that
/// stored results are known to be old.
pub const VERSION: u32 = 6;
