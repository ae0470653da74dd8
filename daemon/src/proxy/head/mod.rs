//! Heads as they come off the wire, and as hyper takes them.
//!
//! hyper reads less than agents' own parsers do, and tells less than the wire says. So each head is
//! read here first, both ways: what can be put right is put right in the head that hyper gets, and
//! what hyper cannot carry goes beside it. Nothing in here reads or writes.

pub mod chunks;
pub mod framing;
pub mod raw;
pub mod request;
pub mod response;
