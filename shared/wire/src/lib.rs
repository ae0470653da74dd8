//! What the daemon and its viewers both know: the wire contract ([`v1`], generated from `proto/`),
//! where a daemon is found ([`endpoint`]), the configuration file ([`config`]), the first message
//! of each side ([`handshake`]), the JSON that both print ([`json`]), and the record as it goes
//! over the wire ([`record`]).

pub mod config;
pub mod connect;
pub mod endpoint;
pub mod handshake;
pub mod json;
pub mod record;

/// Messages and services of package `ccdump.v1`; `proto/ccdump/v1/ccdump.proto` is their manual.
pub mod v1 {
    #![expect(clippy::all, reason = "generated code")]
    #![cfg_attr(feature = "server", expect(clippy::allow_attributes, reason = "generated code"))]
    tonic::include_proto!("ccdump.v1");
}

/// The compiled contract, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ccdump.binpb"));
