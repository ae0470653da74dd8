//! The configuration file, `$XDG_CONFIG_HOME/ccdump/config.toml`. Flags beat the environment, which
//! beats this file.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::de::DeTable;

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
    /// More names under which agents reach the proxy.
    pub allow_hosts: Option<Vec<String>>,
    /// More origins whose requests are served.
    pub allow_origins: Option<Vec<String>>,
    /// What every request has to bring along.
    pub token: Option<String>,
    /// Listen beyond loopback without a token.
    pub insecure_listen: Option<bool>,
    /// HTTP proxy on the way to upstreams, or `none`.
    pub proxy: Option<String>,
    /// Upstreams that are connected to without it.
    pub no_proxy: Option<Vec<String>>,
    /// Where it was read, and the line of each key (`listen`, `upstream.openai`).
    #[serde(skip)]
    source: Source,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Source {
    path: PathBuf,
    lines: BTreeMap<String, usize>,
    /// Others than its owner may read the file.
    is_open_to_others: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {path}: {source}; fix its permissions or remove it")]
    Read { path: PathBuf, source: io::Error },
    #[error("{place}: {reason}; fix or remove it")]
    Parse { place: String, reason: String },
}

impl Config {
    /// The file, line and name of a key, for errors about its value: `~/.config/ccdump/config.toml,
    /// line 3 (listen)`.
    pub fn place(&self, key: &str) -> String {
        place(&self.source.path, self.source.lines.get(key).copied(), Some(key))
    }

    /// The file, where it holds a token that other users can read.
    pub fn open_secrets(&self) -> Option<&Path> {
        let has_secret =
            self.token.is_some() || self.proxy.as_ref().is_some_and(|proxy| proxy.contains('@'));
        (has_secret && self.source.is_open_to_others).then_some(self.source.path.as_path())
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        // Also of a text that is no TOML as a whole: what could be read of it tells where one is.
        let (table, _) = DeTable::parse_recoverable(text);
        let mut keys = Vec::new();
        collect_keys(table.get_ref(), "", &mut keys);
        let line = |offset: usize| text.get(..offset).unwrap_or(text).matches('\n').count() + 1;
        let mut config: Self = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or_default();
            // A value that is not closed is missed at its end.
            let key = keys
                .iter()
                .find(|(_, key)| (key.start..=key.end).contains(&span.start))
                .map(|(name, _)| name.as_str());
            // One that is there twice was read once, somewhere else.
            let named =
                text.get(span.clone()).filter(|named| keys.iter().any(|(name, _)| name == named));
            let key = key.or(named);
            let reason = match key {
                // The parser's words repeat the value.
                Some("token" | "proxy") => "it is not a string in quotes".to_owned(),
                _ => error.message().trim().replace('\n', ", "),
            };
            ConfigError::Parse { place: place(path, Some(line(span.start)), key), reason }
        })?;
        config.source.path = path.to_owned();
        config.source.lines =
            keys.into_iter().map(|(name, span)| (name, line(span.start))).collect();
        Ok(config)
    }
}

fn place(path: &Path, line: Option<usize>, key: Option<&str>) -> String {
    let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
    let key = key.map(|key| format!(" ({key})")).unwrap_or_default();
    format!("{}{line}{key}", path.display())
}

/// The dotted names of all keys, each with where it and its value stand in the text.
fn collect_keys(
    table: &DeTable<'_>,
    above: &str,
    keys: &mut Vec<(String, std::ops::Range<usize>)>,
) {
    for (key, value) in table {
        let name = format!("{above}{}", key.get_ref());
        match value.get_ref().as_table() {
            Some(table) => collect_keys(table, &format!("{name}."), keys),
            None => keys.push((name, key.span().start..value.span().end)),
        }
    }
}

/// Where the file is looked for: `$CCDUMP_CONFIG`, else `$XDG_CONFIG_HOME/ccdump/config.toml`, else
/// under `~/.config`.
pub fn path() -> Option<PathBuf> {
    if let Some(path) = env::var_os("CCDUMP_CONFIG").filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    folder().map(|folder| folder.join("config.toml"))
}

/// The folder of all files that people configure ccdump with: `$XDG_CONFIG_HOME/ccdump`, else under
/// `~/.config`.
pub fn folder() -> Option<PathBuf> {
    xdg_home("XDG_CONFIG_HOME", ".config").map(|home| home.join("ccdump"))
}

/// Reads the file at [`path`]; one that is not there is an empty one.
pub fn load() -> Result<Config, ConfigError> {
    path().map_or_else(|| Ok(Config::default()), |path| read(&path))
}

fn read(path: &Path) -> Result<Config, ConfigError> {
    use std::os::unix::fs::PermissionsExt as _;
    let failed = |source| ConfigError::Read { path: path.to_owned(), source };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(Config::default()),
        Err(source) => return Err(failed(source)),
    };
    let mut config = Config::parse(path, &text)?;
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
    config.source.is_open_to_others = mode & 0o044 != 0;
    Ok(config)
}

/// `$variable` if it is set to an absolute path, else `~/fallback`. The XDG specification has
/// relative ones ignored.
pub(crate) fn xdg_home(variable: &str, fallback: &str) -> Option<PathBuf> {
    match env::var_os(variable).map(PathBuf::from) {
        Some(path) if path.is_absolute() => Some(path),
        _ => env::var_os("HOME")
            .filter(|home| !home.is_empty())
            .map(|home| PathBuf::from(home).join(fallback)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Path::new("/c.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_are_read_and_their_lines_known() {
        let config = parse("listen = \"127.0.0.1:0\"\n\n[upstream]\nanthropic = \"http://a\"")
            .expect("valid");
        assert_eq!(config.listen.as_deref(), Some("127.0.0.1:0"));
        assert_eq!(config.upstream["anthropic"], "http://a");
        assert_eq!(config.place("listen"), "/c.toml, line 1 (listen)");
        assert_eq!(config.place("upstream.anthropic"), "/c.toml, line 4 (upstream.anthropic)");
    }

    #[test]
    fn errors_name_file_line_and_key() {
        for (text, wanted) in [
            ("lisen = 1", "/c.toml, line 1 (lisen): unknown field `lisen`"),
            ("# a\n\nlisten = 5", "/c.toml, line 3 (listen): invalid type: integer `5`"),
            (
                "[upstream]\nopenai = true",
                "/c.toml, line 2 (upstream.openai): invalid type: boolean",
            ),
            ("listen = \"a\"\n[upstream.openai]\nurl = \"http://a\"", "/c.toml, line 2"),
            (
                "allow_hosts = [\n  \"a\",\n  7,\n]",
                "/c.toml, line 3 (allow_hosts): invalid type: integer `7`",
            ),
            ("listen = \"a\"\nlisten = \"b\"", "/c.toml, line 2 (listen): duplicate key"),
            ("listen = \"a\"\ntoken = \"never closed", "/c.toml, line 2 (token): "),
            ("\n\nnonsense", "/c.toml, line 3"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.starts_with(wanted), "{text:?}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn a_broken_file_tells_no_token() {
        for value in ["[\"4242\"]", "\"4242", "a4242b", "4242", "{ x = 4242 }", "4242-01-01"] {
            for key in ["token", "proxy"] {
                let error = parse(&format!("{key} = {value}")).expect_err(value);
                assert!(!error.contains("4242") && error.contains(", line 1"), "{error}");
            }
        }
    }
}
