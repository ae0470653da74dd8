//! Flags beat the environment, which beats the configuration file, which beats the defaults.

use std::{env, ffi::OsString, fmt::Display, path::PathBuf, slice::from_ref, str::FromStr};

use ccdump_wire::{
    config::{self, Config},
    endpoint, v1,
};

use crate::{
    Failure,
    cli::{PlaceOptions, ServeOptions},
    proxy::{Access, OriginPattern, Outbound, Pattern, Token, Upstreams, Wanted},
};

const DEFAULT_LISTEN: &str = "127.0.0.1:3344";
/// A token that is shorter can be guessed.
const SHORTEST_GOOD_TOKEN: usize = 16;

/// Which daemon.
#[derive(Debug, Clone)]
pub struct Place {
    pub data_dir: PathBuf,
    /// Where it was named.
    pub socket: Option<PathBuf>,
}

impl Place {
    pub fn log_file(&self) -> PathBuf {
        self.data_dir.join("ccdumpd.log")
    }

    /// Where a daemon tries to have its socket, best first.
    pub fn sockets(&self) -> Vec<PathBuf> {
        self.socket.clone().map_or_else(|| endpoint::sockets(&self.data_dir), |named| vec![named])
    }

    /// The socket of the daemon that runs.
    pub fn find_socket(&self) -> PathBuf {
        self.socket.clone().unwrap_or_else(|| endpoint::find_socket(&self.data_dir))
    }
}

/// How to serve.
pub struct Settings {
    pub place: Place,
    pub listen: String,
    /// `[PROVIDER=]URL` words, already found valid.
    pub upstream: Vec<String>,
    pub upstreams: Upstreams,
    pub allow_hosts: Vec<Pattern>,
    pub allow_origins: Vec<OriginPattern>,
    /// Never shown, and not to stand among the arguments of a process.
    pub token: Option<String>,
    pub insecure_listen: bool,
    /// The setting's own words, which may hold a password.
    pub proxy: Option<String>,
    pub no_proxy: Option<Vec<String>>,
    pub outbound: Outbound,
    /// What somebody should know of these settings, a line each.
    pub warnings: Vec<String>,
    /// Whether somebody has said anything of it, as opposed to the defaults.
    pub given: Given,
}

/// Settings that a flag, a variable or the configuration file names.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    pub listen: bool,
    pub upstream: bool,
    pub allow_hosts: bool,
    pub allow_origins: bool,
    pub token: bool,
    pub insecure_listen: bool,
    pub proxy: bool,
    pub no_proxy: bool,
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
        let mut warnings = Vec::new();
        let listen =
            self.listen.filter(|listen| !listen.is_empty()).or_else(|| config.listen.clone());
        let upstream = upstream(self.upstream, &config)?;
        let (allow_hosts, hosts_given) = list::<Pattern>(
            "--allow-host",
            self.allow_host,
            "allow_hosts",
            config.allow_hosts.as_deref(),
            &config,
        )?;
        let (allow_origins, origins_given) = list::<OriginPattern>(
            "--allow-origin",
            self.allow_origin,
            "allow_origins",
            config.allow_origins.as_deref(),
            &config,
        )?;
        if allow_hosts.contains(&Pattern::Any) {
            warnings
                .push("--allow-host * lets any web page reach this daemon through a name of its own (DNS rebinding)".to_owned());
        }
        if allow_origins.contains(&OriginPattern::Any) {
            warnings.push(
                "--allow-origin * lets every web page send requests through this daemon".to_owned(),
            );
        }
        if let Some(path) = config.open_secrets() {
            warnings.push(format!(
                "{} holds a secret and others can read it; `chmod 600` it",
                path.display()
            ));
        }
        let token = token(self.token, &config, &mut warnings)?;
        let proxy = named_proxy(self.proxy, &config, &mut warnings);
        let no_proxy =
            strings("--no-proxy", self.no_proxy, "no_proxy", config.no_proxy.as_deref(), &config);
        let wanted = Wanted { proxy: proxy.clone(), exempt: no_proxy.clone() };
        let (outbound, unusable) =
            Outbound::new(wanted, |name| env::var(name).ok()).map_err(Failure::usage)?;
        warnings.extend(unusable);
        let insecure_listen = self.insecure_listen || config.insecure_listen.unwrap_or_default();
        let given = Given {
            listen: listen.is_some(),
            upstream: !upstream.is_empty(),
            allow_hosts: hosts_given,
            allow_origins: origins_given,
            token: token.is_some(),
            insecure_listen,
            proxy: proxy.is_some(),
            no_proxy: no_proxy.is_some(),
        };
        Ok(Settings {
            place,
            listen: listen.unwrap_or_else(|| DEFAULT_LISTEN.to_owned()),
            upstreams: Upstreams::new(upstream.iter().map(String::as_str))
                .map_err(Failure::usage)?,
            upstream,
            allow_hosts,
            allow_origins,
            token,
            insecure_listen,
            proxy: proxy.map(|(_, proxy)| proxy),
            no_proxy: no_proxy.map(|(_, hosts)| hosts),
            outbound,
            warnings,
            given,
        })
    }
}

impl Settings {
    /// Who is let in.
    pub fn access(&self) -> Result<Access, Failure> {
        let token = self.token.as_deref().map(Token::new).transpose().map_err(Failure::usage)?;
        Ok(Access { hosts: self.allow_hosts.clone(), origins: self.allow_origins.clone(), token })
    }

    /// What a daemon in the background is given as arguments, which all users can read.
    pub fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["--listen".into(), self.listen.clone().into()];
        arguments.extend(["--data-dir".into(), self.place.data_dir.clone().into()]);
        if let Some(socket) = &self.place.socket {
            arguments.extend(["--socket".into(), socket.into()]);
        }
        arguments.extend(self.insecure_listen.then(|| "--insecure-listen".into()));
        arguments
    }

    /// What it is given as variables, which only this user can read: an address may hold a key. An
    /// empty one says nothing.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let shown = self.shown(&self.outbound);
        let lists = [
            ("CCDUMP_UPSTREAM", Some(self.upstream.join(","))),
            ("CCDUMP_ALLOW_HOST", Some(shown.allow_hosts.join(","))),
            ("CCDUMP_ALLOW_ORIGIN", Some(shown.allow_origins.join(","))),
            ("CCDUMP_TOKEN", self.token.clone()),
            ("CCDUMP_PROXY", self.proxy.clone()),
            ("CCDUMP_NO_PROXY", self.no_proxy.as_ref().map(|hosts| hosts.join(","))),
        ];
        lists.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// What somebody wants of these settings and a running daemon has not, in words.
    pub fn differences(&self, running: &v1::StatusResponse) -> Vec<String> {
        // Older daemons do not tell.
        let Some(theirs) = &running.settings else { return Vec::new() };
        let (ours, given) = (self.shown(&self.outbound), self.given);
        let mut differences = Vec::new();
        let mut compare = |is_given: bool, what: &str, theirs: &[String], ours: &[String]| {
            if is_given && theirs != ours {
                let or_none = |words: &[String]| {
                    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
                };
                differences.push(format!("{what} {}, not {}", or_none(theirs), or_none(ours)));
            }
        };
        let is_its_port = running.proxy.strip_prefix("http://") == Some(ours.listen.as_str());
        compare(
            given.listen && !is_its_port,
            "it listens on",
            from_ref(&theirs.listen),
            from_ref(&ours.listen),
        );
        compare(given.upstream, "its upstreams are", &theirs.upstreams, &ours.upstreams);
        compare(given.allow_hosts, "its allowed hosts are", &theirs.allow_hosts, &ours.allow_hosts);
        compare(
            given.allow_origins,
            "its allowed origins are",
            &theirs.allow_origins,
            &ours.allow_origins,
        );
        // Without the name of the setting: in the background it is always the variable.
        let bare = |words: &[String]| {
            words
                .iter()
                .map(|word| word.split(" (").next().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        };
        compare(
            given.proxy,
            "its proxy is",
            &bare(&theirs.outbound_proxies),
            &bare(&ours.outbound_proxies),
        );
        compare(
            given.no_proxy,
            "its exemptions from the proxy are",
            &theirs.no_proxy,
            &ours.no_proxy,
        );
        if given.token && running.is_same_token == Some(false) {
            differences.push(
                if theirs.token_required {
                    "its token is another one"
                } else {
                    "it asks for no token"
                }
                .to_owned(),
            );
        }
        if given.insecure_listen && !theirs.insecure_listen {
            differences.push("it does not listen beyond loopback without a token".to_owned());
        }
        differences
    }

    /// As `status` shows them. `outbound` is what is left of the proxies.
    pub fn shown(&self, outbound: &Outbound) -> v1::Settings {
        v1::Settings {
            listen: self.listen.clone(),
            upstreams: self.upstreams.table(),
            allow_hosts: self.allow_hosts.iter().map(ToString::to_string).collect(),
            allow_origins: self.allow_origins.iter().map(ToString::to_string).collect(),
            token_required: self.token.is_some(),
            insecure_listen: self.insecure_listen,
            outbound_proxies: outbound.describe(),
            no_proxy: outbound.exemptions(),
        }
    }
}

fn place(options: PlaceOptions, config: &Config) -> Result<Place, Failure> {
    let data_dir = match options.data_dir.or_else(|| config.data_dir.clone()) {
        Some(dir) => std::path::absolute(dir)?,
        None => endpoint::default_data_dir()?,
    };
    let socket =
        options.socket.or_else(|| config.socket.clone()).map(std::path::absolute).transpose()?;
    Ok(Place { data_dir, socket })
}

/// Flags and variable, which say nothing where they are empty; else the file's. With the name of
/// the one that says it.
fn strings(
    flag: &str,
    said: Vec<String>,
    key: &str,
    file: Option<&[String]>,
    config: &Config,
) -> Option<(String, Vec<String>)> {
    let trimmed: Vec<String> =
        said.iter().map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect();
    match (trimmed.is_empty(), file) {
        (false, _) => Some((flag.to_owned(), trimmed)),
        (true, Some(file)) => Some((config.place(key), file.to_vec())),
        (true, None) => None,
    }
}

/// The same as values; and whether anything was said.
fn list<T: FromStr<Err: Display>>(
    flag: &str,
    said: Vec<String>,
    key: &str,
    file: Option<&[String]>,
    config: &Config,
) -> Result<(Vec<T>, bool), Failure> {
    let Some((name, words)) = strings(flag, said, key, file, config) else {
        return Ok((Vec::new(), false));
    };
    let parse =
        |word: &String| word.parse().map_err(|error| Failure::usage(format!("{name}: {error}")));
    Ok((words.iter().map(parse).collect::<Result<_, _>>()?, true))
}

fn upstream(said: Vec<String>, config: &Config) -> Result<Vec<String>, Failure> {
    let said: Vec<String> = said.into_iter().filter(|word| !word.is_empty()).collect();
    if !said.is_empty() {
        return Ok(said);
    }
    let word = |(name, url): (&String, &String)| {
        let word = if name == "default" { url.clone() } else { format!("{name}={url}") };
        // By itself, so that an error can say where it stands.
        let place = config.place(&format!("upstream.{name}"));
        Upstreams::new([word.as_str()])
            .map_err(|error| Failure::usage(format!("{place}: {error}")))?;
        Ok(word)
    };
    config.upstream.iter().map(word).collect()
}

fn token(
    flag: Option<String>,
    config: &Config,
    warnings: &mut Vec<String>,
) -> Result<Option<String>, Failure> {
    let variable = env::var("CCDUMP_TOKEN").ok().filter(|token| !token.is_empty());
    let (name, token) = match (flag, variable, &config.token) {
        (Some(flag), _, _) => {
            warnings.push(
                "others can see --token in the list of processes; put it into CCDUMP_TOKEN, or `token` in config.toml".to_owned(),
            );
            ("--token".to_owned(), flag)
        }
        (None, Some(variable), _) => ("CCDUMP_TOKEN".to_owned(), variable),
        (None, None, Some(file)) => (config.place("token"), file.clone()),
        (None, None, None) => return Ok(None),
    };
    Token::new(&token).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    if token.len() < SHORTEST_GOOD_TOKEN {
        warnings.push(
            "the token is short enough to be guessed; `openssl rand -hex 20` makes a good one"
                .to_owned(),
        );
    }
    Ok(Some(token))
}

/// With the name of the setting.
fn named_proxy(
    flag: Option<String>,
    config: &Config,
    warnings: &mut Vec<String>,
) -> Option<(String, String)> {
    if let Some(flag) = flag {
        if flag.contains('@') {
            warnings.push(
                "others can see the password of --proxy in the list of processes; put it into CCDUMP_PROXY, or `proxy` in config.toml"
                    .to_owned(),
            );
        }
        return Some(("--proxy".to_owned(), flag));
    }
    let variable = env::var("CCDUMP_PROXY").ok().filter(|proxy| !proxy.is_empty());
    variable
        .map(|proxy| ("CCDUMP_PROXY".to_owned(), proxy))
        .or_else(|| Some((config.place("proxy"), config.proxy.clone()?)))
}
