//! Which daemon to talk to: flags beat the environment, which beats the configuration file, which
//! beats the default.

use std::path::PathBuf;

use ccdump_wire::{
    config::Config,
    endpoint::{self, EndpointError},
};

/// What one source says. A socket beats a data folder: that only tells where the socket would be.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Source {
    pub socket: Option<PathBuf>,
    pub data_dir: Option<PathBuf>,
}

impl Source {
    /// From `CCDUMP_SOCKET` and `CCDUMP_DATA_DIR`; an empty variable says nothing.
    pub fn environment() -> Self {
        let path =
            |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self { socket: path("CCDUMP_SOCKET"), data_dir: path("CCDUMP_DATA_DIR") }
    }

    pub fn file(config: Config) -> Self {
        Self { socket: config.socket, data_dir: config.data_dir }
    }

    fn socket(self) -> Option<PathBuf> {
        self.socket.or_else(|| self.data_dir.map(|data_dir| endpoint::find_socket(&data_dir)))
    }
}

/// The socket that the first of `sources` with an opinion names.
pub fn socket(sources: impl IntoIterator<Item = Source>) -> Result<PathBuf, EndpointError> {
    let socket = match sources.into_iter().find_map(Source::socket) {
        Some(socket) => socket,
        None => endpoint::find_socket(&endpoint::default_data_dir()?),
    };
    endpoint::check_socket(&socket)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_sources_win_and_a_socket_beats_a_folder() {
        let source = |socket: &str, data_dir: &str| {
            let path = |text: &str| (!text.is_empty()).then(|| PathBuf::from(text));
            Source { socket: path(socket), data_dir: path(data_dir) }
        };
        for (sources, wanted) in [
            (vec![source("/a", ""), source("/b", "")], "/a"),
            (vec![source("", ""), source("/b", "")], "/b"),
            (vec![source("/a", "/d")], "/a"),
            (vec![source("", "/d"), source("/b", "")], "/d/run/ccdumpd.sock"),
        ] {
            assert_eq!(socket(sources).expect("short enough"), PathBuf::from(wanted));
        }
        assert!(matches!(socket([source(&"/x".repeat(80), "")]), Err(EndpointError::TooLong(_))));
    }
}
