//! Flags beat the environment (both through clap), which beats the configuration file, which beats the defaults.

use std::path::PathBuf;

use ccdump_wire::{
    config::{self, Config},
    endpoint,
};

use crate::{
    Failure,
    cli::{PlaceOptions, ServeOptions},
    proxy::Upstreams,
};

const DEFAULT_LISTEN: &str = "127.0.0.1:3344";

/// Which daemon.
#[derive(Debug, Clone)]
pub struct Place {
    pub data_dir: PathBuf,
    pub socket: PathBuf,
}

impl Place {
    pub fn log_file(&self) -> PathBuf {
        self.data_dir.join("ccdumpd.log")
    }
}

/// How to serve.
#[derive(Debug, Clone)]
pub struct Settings {
    pub place: Place,
    pub listen: String,
    /// `[PROVIDER=]URL` words, already found valid.
    pub upstream: Vec<String>,
    pub upstreams: Upstreams,
}

impl PlaceOptions {
    pub fn resolve(self) -> Result<Place, Failure> {
        let config = config::load()?;
        place(self, &config)
    }
}

impl ServeOptions {
    pub fn resolve(self) -> Result<Settings, Failure> {
        let config = config::load()?;
        let place = place(self.place, &config)?;
        let listen = self.listen.or(config.listen).unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
        let upstream = if self.upstream.is_empty() { config_upstreams(config.upstream) } else { self.upstream };
        let upstreams = Upstreams::new(upstream.iter().map(String::as_str)).map_err(Failure::usage)?;
        Ok(Settings { place, listen, upstream, upstreams })
    }
}

fn place(options: PlaceOptions, config: &Config) -> Result<Place, Failure> {
    let data_dir = match options.data_dir.or_else(|| config.data_dir.clone()) {
        Some(dir) => std::path::absolute(dir)?,
        None => endpoint::default_data_dir()?,
    };
    let socket = match options.socket.or_else(|| config.socket.clone()) {
        Some(socket) => std::path::absolute(socket)?,
        None => endpoint::default_socket(&data_dir),
    };
    Ok(Place { data_dir, socket })
}

fn config_upstreams(upstream: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    upstream.into_iter().map(|(name, url)| if name == "default" { url } else { format!("{name}={url}") }).collect()
}
