//! The configuration file, `$XDG_CONFIG_HOME/ccdump/config.toml`. Flags beat the environment, which beats this file.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

/// All keys are optional.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address agents send their requests to.
    pub listen: Option<String>,
    pub data_dir: Option<PathBuf>,
    pub socket: Option<PathBuf>,
    /// Base URL per provider (`anthropic`, `openai`, `gemini`), or under `default` for all others.
    pub upstream: BTreeMap<String, String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {path}: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} is not valid: {reason}; fix or remove it")]
    Parse { path: PathBuf, reason: String },
}

/// Where the file is looked for: `$CCDUMP_CONFIG`, else `$XDG_CONFIG_HOME/ccdump/config.toml`, else under `~/.config`.
pub fn path() -> Option<PathBuf> {
    if let Some(path) = env::var_os("CCDUMP_CONFIG").filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    folder().map(|folder| folder.join("config.toml"))
}

/// The folder of all files that people configure ccdump with: `$XDG_CONFIG_HOME/ccdump`, else under `~/.config`.
pub fn folder() -> Option<PathBuf> {
    xdg_home("XDG_CONFIG_HOME", ".config").map(|home| home.join("ccdump"))
}

/// Reads the file at [`path`]; one that is not there is an empty one.
pub fn load() -> Result<Config, ConfigError> {
    path().map_or_else(|| Ok(Config::default()), |path| read(&path))
}

fn read(path: &Path) -> Result<Config, ConfigError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(Config::default()),
        Err(source) => {
            return Err(ConfigError::Read { path: path.to_owned(), source });
        }
    };
    toml::from_str(&text).map_err(|error| ConfigError::Parse { path: path.to_owned(), reason: error.message().replace('\n', " ") })
}

/// `$variable` if it is set to an absolute path, else `~/fallback`. The XDG specification has relative ones ignored.
pub(crate) fn xdg_home(variable: &str, fallback: &str) -> Option<PathBuf> {
    match env::var_os(variable).map(PathBuf::from) {
        Some(path) if path.is_absolute() => Some(path),
        _ => env::var_os("HOME").filter(|home| !home.is_empty()).map(|home| PathBuf::from(home).join(fallback)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_unknown_ones_refused_by_name() {
        let config: Config = toml::from_str("listen = \"127.0.0.1:0\"\n[upstream]\nanthropic = \"http://a\"").expect("valid");
        assert_eq!(config.listen.as_deref(), Some("127.0.0.1:0"));
        assert_eq!(config.upstream["anthropic"], "http://a");
        let error = toml::from_str::<Config>("lisen = 1").expect_err("misspelt");
        assert!(error.message().contains("lisen"), "{error}");
    }
}
