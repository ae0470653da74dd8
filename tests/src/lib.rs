//! What the end-to-end tests and the benchmarks are made of: a fake upstream and a client on bare
//! sockets ([`upstream`], [`client`]), the two programs as child processes ([`daemon`], [`view`]),
//! in a pseudo terminal too ([`terminal`]), and a scripted coding agent ([`agent`]).
//!
//! All of it panics on failure, with the reason: it serves tests alone.

pub mod agent;
pub mod bench;
pub mod binaries;
pub mod client;
pub mod compare;
pub mod daemon;
pub mod default_place;
pub mod dev;
pub mod figures;
pub mod grpc;
pub mod home;
pub mod http1;
pub mod machine;
pub mod older;
pub mod older_host;
pub mod output;
pub mod process;
pub mod random;
pub mod talk;
pub mod terminal;
pub mod upstream;
pub mod view;
pub mod wait;
pub mod workspace;

/// The SHA-256 of `bytes` in hex.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    hash.update(bytes);
    hex(&hash.finalize())
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
