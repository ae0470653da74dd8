//! Names and addresses of hosts: which mean this machine, and patterns for sets of them.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
};

/// Under these names containers and virtual machines reach the machine that they run on. They are
/// below `.internal`, which no public name server ever answers for, so no page of the web can have
/// come from one.
const CONTAINER_NAMES: [&str; 12] = [
    "host.docker.internal",
    "gateway.docker.internal",
    "kubernetes.docker.internal",
    "docker.for.mac.host.internal",
    "docker.for.win.host.internal",
    "host.containers.internal",
    "host.lima.internal",
    "host.orb.internal",
    "host.rancher-desktop.internal",
    "host.minikube.internal",
    "host.k3d.internal",
    "host.internal",
];

/// A host without brackets and the dot at its end, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    Name(String),
    /// Never an IPv4 address in IPv6's clothes.
    Address(IpAddr),
}

impl Host {
    /// `host` without a port.
    pub fn of(host: &str) -> Self {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let bare = bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase();
        match bare.parse::<IpAddr>().ok().or_else(|| short_address(&bare).map(IpAddr::V4)) {
            Some(address) => Self::Address(address.to_canonical()),
            None => Self::Name(bare),
        }
    }

    /// Whether nothing but the machine that asks can be meant.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => address.is_loopback(),
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        }
    }

    /// Whether this is the machine that we run on, which the client reached at `local`, in a way
    /// that DNS rebinding cannot make use of: an address cannot be rebound, and these names are not
    /// the web's to give.
    pub fn is_this_machine(&self, local: IpAddr) -> bool {
        self.is_loopback()
            || match self {
                // The system takes it for loopback.
                Self::Address(address) => {
                    address.is_unspecified() || *address == local.to_canonical()
                }
                Self::Name(name) => {
                    CONTAINER_NAMES.contains(&name.as_str()) || is_own_name(name, &own_name())
                }
            }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// The machine's own name, asked for each time: it changes with the network that a laptop is in.
fn own_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase()
}

/// Whole, or its first part, as machines of one network call each other.
fn is_own_name(name: &str, own: &str) -> bool {
    let own = own.strip_suffix('.').unwrap_or(own);
    !name.is_empty() && (name == own || own.split('.').next() == Some(name))
}

/// IPv4 as `inet_aton` reads it and browsers do, too: `127.1`, `0x7f000001`, `0177.0.0.1`. A name
/// never ends in a number.
fn short_address(text: &str) -> Option<Ipv4Addr> {
    let number = |part: &str| {
        if let Some(hex) = part.strip_prefix("0x") {
            return if hex.is_empty() { Some(0) } else { u32::from_str_radix(hex, 16).ok() };
        }
        match part.strip_prefix('0') {
            Some(octal) if !octal.is_empty() => u32::from_str_radix(octal, 8).ok(),
            _ => {
                part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten()
            }
        }
    };
    let parts = text.split('.').map(number).collect::<Option<Vec<u32>>>()?;
    let (last, leading) = parts.split_last().filter(|(_, leading)| leading.len() < 4)?;
    // The last part fills what the others leave.
    let room = 8 * (4 - leading.len());
    if leading.iter().any(|part| *part > 255) || u64::from(*last) >= 1 << room {
        return None;
    }
    let above = leading.iter().enumerate().fold(0, |sum, (at, part)| sum | part << (24 - 8 * at));
    Some(Ipv4Addr::from_bits(above | last))
}

/// `host[:port]` in two; `None` where the port is no number.
pub fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => Some((host, Some(port.parse().ok()?))),
        _ => Some((authority, None)),
    }
}

/// A set of hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    Any,
    /// That host alone.
    One(Host),
    /// All names below that one (`a.example.com`, not `example.com`).
    Below(String),
    /// All addresses that share the first bits.
    Network(IpAddr, u32),
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{0:?} is no host; write a name, an address, *.NAME for all names below one, ADDRESS/BITS for a network, or * for all"
)]
pub struct PatternError(String);

impl Pattern {
    pub fn matches(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::One(one), _) => one == host,
            (Self::Below(parent), Host::Name(name)) => name
                .strip_suffix(parent.as_str())
                .is_some_and(|child| child.len() > 1 && child.ends_with('.')),
            (Self::Network(network, bits), Host::Address(address)) => {
                in_network(*network, *bits, *address)
            }
            (Self::Below(_), Host::Address(_)) | (Self::Network(..), Host::Name(_)) => false,
        }
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let invalid = || PatternError(text.to_owned());
        if text == "*" {
            return Ok(Self::Any);
        }
        if let Some((network, bits)) = text.split_once('/') {
            let Host::Address(network) = Host::of(network) else { return Err(invalid()) };
            let most = if network.is_ipv4() { 32 } else { 128 };
            return bits
                .parse()
                .ok()
                .filter(|bits| *bits <= most)
                .map(|bits| Self::Network(network, bits))
                .ok_or_else(invalid);
        }
        let below = text.strip_prefix("*.").or_else(|| text.strip_prefix('.'));
        match Host::of(below.unwrap_or(text)) {
            Host::Name(name) if !is_name(&name) => Err(invalid()),
            Host::Name(name) if below.is_some() => Ok(Self::Below(name)),
            Host::Address(_) if below.is_some() => Err(invalid()),
            host => Ok(Self::One(host)),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::One(host) => host.fmt(f),
            Self::Below(parent) => write!(f, "*.{parent}"),
            Self::Network(network, bits) => write!(f, "{network}/{bits}"),
        }
    }
}

fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    name.split('.').all(is_part)
}

fn in_network(network: IpAddr, bits: u32, address: IpAddr) -> bool {
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (network.to_bits() ^ address.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            (network.to_bits() ^ address.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 5));

    #[test]
    fn this_machine_has_many_names_and_the_web_none_of_them() {
        for own in [
            "127.0.0.1",
            "127.8.9.1",
            "127.1",
            "0x7f.1",
            "0x7f000001",
            "017700000001",
            "2130706433",
            "localhost",
            "LOCALHOST.",
            "a.b.localhost",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "0.0.0.0",
            "0",
            "[::]",
            "192.168.1.5",
            "[::ffff:192.168.1.5]",
            "192.168.261",
            "host.docker.internal",
            "Host.Containers.Internal.",
            "127.0.0.",
        ] {
            assert!(Host::of(own).is_this_machine(LOCAL), "{own}");
        }
        for foreign in [
            "",
            ".",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "xlocalhost",
            "10.0.0.1",
            "128.1",
            "[fe80::1]",
            "docker.internal",
            "evil.host.docker.internal",
            "host.docker.internal.evil.example",
            "metadata.google.internal",
            "localhost..",
            "256.0.0.1",
            "127.0.0.0.1",
            "-127.0.0.1",
            "+127.1",
            "printer.local",
            "[127.0.0.1",
            "com",
        ] {
            assert!(!Host::of(foreign).is_this_machine(LOCAL), "{foreign}");
        }
        assert!(Host::of(&own_name()).is_this_machine(LOCAL));
    }

    #[test]
    fn the_own_name_is_known_whole_and_by_its_first_part() {
        for (name, own, is_own) in [
            ("devbox", "devbox", true),
            ("devbox", "devbox.corp.example", true),
            ("devbox.corp.example", "devbox.corp.example", true),
            ("corp.example", "devbox.corp.example", false),
            ("devbox.evil.example", "devbox", false),
            ("", "", false),
        ] {
            assert_eq!(is_own_name(name, own), is_own, "{name} on {own}");
        }
    }

    #[test]
    fn patterns_match_what_they_say() {
        for (pattern, host, matches) in [
            ("devbox", "DEVBOX.", true),
            ("devbox", "a.devbox", false),
            ("*.example.com", "a.b.example.com", true),
            (".example.com", "a.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "evilexample.com", false),
            ("*.example.com", ".example.com", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "[::ffff:10.0.0.1]", true),
            ("[fd00::1]", "[fd00:0::1]", true),
            ("fd00::1", "[fd00::1]", true),
            ("172.16.0.0/12", "172.31.255.255", true),
            ("172.16.0.0/12", "172.32.0.0", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("10.1.2.3/32", "10.1.2.4", false),
            ("fd00::/8", "fdff::1", true),
            ("fd00::/8", "10.0.0.1", false),
            ("10.0.0.0/8", "10.evil.example", false),
            ("*", "anything.at.all", true),
        ] {
            let parsed: Pattern = pattern.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(parsed.matches(&Host::of(host)), matches, "{pattern} and {host}");
            assert_eq!(
                parsed.to_string().parse(),
                Ok(parsed),
                "{pattern} is read as it is written"
            );
        }
        for nonsense in [
            "",
            "a b",
            "http://a",
            "a:80",
            "*.10.0.0.1",
            "a/8",
            "10.0.0.0/33",
            "10.0.0.0/x",
            "a..b",
            "*.",
            "a*",
            "*a.b",
            "ä",
        ] {
            assert!(nonsense.parse::<Pattern>().is_err(), "{nonsense}");
        }
    }

    proptest! {
        #[test]
        fn every_way_to_write_an_address_is_that_address(address: u32) {
            let wanted = Host::Address(Ipv4Addr::from_bits(address).into());
            let [a, b, c, d] = address.to_be_bytes();
            for text in [
                format!("{a}.{b}.{c}.{d}"), format!("{a}.{b}.{}", address & 0xffff), format!("{a}.{}", address & 0xff_ffff), address.to_string(),
                format!("0x{address:x}"), format!("0{address:o}"), format!("[::ffff:{a}.{b}.{c}.{d}]"), format!("{a}.{b}.{c}.{d}."),
            ] {
                prop_assert_eq!(Host::of(&text), wanted.clone(), "{}", text);
            }
        }

        #[test]
        fn no_name_that_can_be_registered_is_this_machine(name in "[a-z0-9-]{1,20}\\.(com|example|dev|internal\\.net|localhost\\.org)") {
            prop_assert!(!Host::of(&name).is_this_machine(LOCAL));
        }
    }
}
