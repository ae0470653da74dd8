//! What the crate promises, tested from outside: one module for each of its own.

mod content;
mod decode;
mod outline;
mod request;
mod response;
mod sse;
mod stream;
mod streams;
