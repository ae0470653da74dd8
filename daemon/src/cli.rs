//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, builder::FalseyValueParser};

/// The ccdump daemon: proxies coding agents' API traffic byte for byte, records it, and serves the
/// record to viewers.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: ServeOptions,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run in the foreground (the default)
    Serve {
        #[command(flatten)]
        options: ServeOptions,
        /// Stop when standard input ends: for a program that wants a daemon of its own, which must
        /// not outlive it
        #[arg(long, hide = true)]
        until_stdin_closes: bool,
    },
    /// Start in the background
    Start(ServeOptions),
    /// Stop the daemon, letting exchanges that are under way end
    Stop(PlaceOptions),
    /// Show whether a daemon runs, where it listens and what it holds
    Status {
        #[command(flatten)]
        place: PlaceOptions,
        /// Print one line of JSON
        #[arg(long)]
        json: bool,
    },
    /// Look through the whole record for damage; prints what is found, and exits with 1 if
    /// something is damaged
    Verify {
        #[command(flatten)]
        place: PlaceOptions,
        /// Print one line of JSON
        #[arg(long)]
        json: bool,
    },
    /// Make the index anew from the record
    Reindex(PlaceOptions),
    /// Print the newest lines of the log file
    Logs {
        #[command(flatten)]
        place: PlaceOptions,
        /// How many lines
        #[arg(short = 'n', long, default_value_t = 200)]
        lines: usize,
    },
    /// Play a scripted API and scripted agents that talk to it through a proxy: the traffic of
    /// `ccdump-view demo`. Prints where the API is, reads the proxy's address from standard input,
    /// and serves until that ends
    #[command(hide = true)]
    DemoTraffic {
        /// How long everything takes, in percent of what it would take in earnest; 0: no time at
        /// all
        #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(..=1000))]
        pace: u32,
    },
}

/// Which daemon.
#[derive(Debug, Clone, Args)]
pub struct PlaceOptions {
    /// Folder of the record [default: $XDG_DATA_HOME/ccdump]
    #[arg(long, value_name = "DIR", env = "CCDUMP_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Unix socket for viewers [default: $XDG_RUNTIME_DIR/ccdump/ccdumpd.sock, or below the data
    /// folder]
    #[arg(long, value_name = "PATH", env = "CCDUMP_SOCKET")]
    pub socket: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub struct ServeOptions {
    /// Address that agents send their requests to; port 0 is the system's choice [default:
    /// 127.0.0.1:3344]
    #[arg(long, value_name = "HOST:PORT", env = "CCDUMP_LISTEN")]
    pub listen: Option<String>,
    /// Where requests go: for one provider (anthropic, openai, gemini), or for all that are not
    /// named; may be given several times [default: each provider's own address]
    #[arg(long, value_name = "[PROVIDER=]URL", env = "CCDUMP_UPSTREAM", value_delimiter = ',')]
    pub upstream: Vec<String>,
    /// One more name or address under which agents reach this daemon, from containers and other
    /// machines: NAME, *.NAME for all names below one, ADDRESS[/BITS]; may be given several times
    #[arg(long, value_name = "HOST", env = "CCDUMP_ALLOW_HOST", value_delimiter = ',')]
    pub allow_host: Vec<String>,
    /// One more Origin whose requests are served, of a web page or a browser's extension:
    /// SCHEME://HOST[:PORT], with *.NAME and :* for many, or null; may be given several times
    #[arg(long, value_name = "ORIGIN", env = "CCDUMP_ALLOW_ORIGIN", value_delimiter = ',')]
    pub allow_origin: Vec<String>,
    /// Ask every request for this token, in its path (http://HOST:PORT/~t=TOKEN/…) or in the header
    /// x-ccdump-token. Others can see it here: better CCDUMP_TOKEN, or `token` in config.toml [env:
    /// CCDUMP_TOKEN]
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
    /// Listen beyond loopback without a token: whoever reaches the port can use it
    #[arg(long, env = "CCDUMP_INSECURE_LISTEN", value_parser = FalseyValueParser::new())]
    pub insecure_listen: bool,
    /// HTTP proxy on the way to upstreams: http(s)://[USER:PASSWORD@]HOST:PORT, or none [env:
    /// CCDUMP_PROXY] [default: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY]
    #[arg(long, value_name = "URL")]
    pub proxy: Option<String>,
    /// Upstreams that are connected to without it: NAME (and all below it), ADDRESS[/BITS], each
    /// with :PORT if need be, or *; may be given several times [default: NO_PROXY]
    #[arg(long, value_name = "HOST", env = "CCDUMP_NO_PROXY", value_delimiter = ',')]
    pub no_proxy: Vec<String>,
    #[command(flatten)]
    pub place: PlaceOptions,
}
