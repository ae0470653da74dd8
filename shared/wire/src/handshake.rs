//! The first message of each side.

use crate::v1::Peer;

/// Peers with another major cannot talk to each other.
pub const CONTRACT_MAJOR: u32 = 1;

/// What a daemon of this build can do; viewers ask before they rely on it.
pub const DAEMON_CAPABILITIES: &[&str] =
    &["watch", "payload", "index", "outline", "body", "views", SYSTEM_SECTIONS, SEARCH];

/// The call of that name.
pub const SYSTEM_SECTIONS: &str = "system-sections";

/// The call of that name.
pub const SEARCH: &str = "search";

/// What a viewer of this build can do.
pub const VIEWER_CAPABILITIES: &[&str] = &["reset", "log-gap", "index"];

/// The peers do not share a contract.
#[derive(Debug, thiserror::Error)]
#[error(
    "the other side speaks contract {theirs}, this one {CONTRACT_MAJOR} (it is {build}); update the older of the two"
)]
pub struct ContractMismatch {
    pub theirs: u32,
    pub build: String,
}

/// Describes this program. `provider_version` is that of the provider crate it was built with.
pub fn peer(program: &str, version: &str, capabilities: &[&str], provider_version: u32) -> Peer {
    Peer {
        contract_major: CONTRACT_MAJOR,
        capabilities: capabilities.iter().map(ToString::to_string).collect(),
        build: format!("{program} {version}"),
        provider_version,
    }
}

/// Accepts a peer of the same contract. One that does not introduce itself (grpcurl) is taken at
/// its word.
pub fn check(peer: Option<&Peer>) -> Result<(), ContractMismatch> {
    match peer {
        Some(peer) if peer.contract_major != CONTRACT_MAJOR => {
            Err(ContractMismatch { theirs: peer.contract_major, build: peer.build.clone() })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_major_is_refused() {
        let mut peer = peer("x", "1", &[], 1);
        assert!(check(Some(&peer)).is_ok());
        assert!(check(None).is_ok());
        peer.contract_major = 9;
        let error = check(Some(&peer)).expect_err("another major").to_string();
        assert!(error.contains("contract 9") && error.contains("x 1"), "{error}");
    }
}
