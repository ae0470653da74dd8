//! A scripted API and scripted agents, for `ccdump-view demo`: what ccdump does can be seen without
//! a key, a network or a bill.
//!
//! The agents of [`story`] know beforehand what they will be answered. They leave each answer at
//! the [`desk`], and send the request to the proxy; the [`upstream`] at the proxy's other end finds
//! the answer there by the request's exact bytes, and streams it.

mod agent;
mod answer;
mod client;
mod desk;
mod pace;
mod reply;
mod request;
mod stage;
mod story;
mod upstream;
mod usage;

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    sync::Arc,
};

use serde_json::{Value, json};
use tokio::runtime::Builder;

use self::{desk::Desk, stage::Stage, upstream::Upstream};
use crate::{Failure, stdin};

pub use self::pace::Pace;

/// Why the story cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("{line:?} is no proxy's address; write it as http://127.0.0.1:PORT")]
    NoProxy { line: String },
    #[error("the connection to the proxy broke: {0}")]
    Http(#[from] hyper::Error),
    #[error("cannot reach the proxy: {0}")]
    Io(#[from] io::Error),
    #[error("the proxy answered {path} with status {status}")]
    Status { path: &'static str, status: u16 },
    #[error("a request cannot be written: {0}")]
    Request(#[from] http::Error),
    #[error("the script has an error: {0}")]
    Script(#[from] serde_json::Error),
}

/// Plays to the end and then serves on, until standard input ends: that ends it at any moment.
pub fn run(pace: Pace) -> Result<(), Failure> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut lines = stdin::Lines::read()?;
        let desk = Arc::new(Desk::default());
        let upstream = Upstream::bind(desk.clone(), pace).await?;
        say(&json!({"event": "upstream", "url": format!("http://{}", upstream.address()?)}))?;
        let serving = tokio::spawn(upstream.serve());
        if let Some(line) = lines.next().await {
            let stage = Stage::new(address(&line)?, desk, pace);
            let is_over = tokio::select! {
                played = story::play(&stage) => played.map(|()| true)?,
                () = lines.end() => false,
            };
            if is_over {
                say(&json!({"event": "done", "exchanges": stage.exchanges(), "agents": stage.agents()}))?;
                lines.end().await;
            }
        }
        serving.abort();
        Ok(())
    })
}

fn address(line: &str) -> Result<SocketAddr, DemoError> {
    let address = line
        .trim()
        .strip_prefix("http://")
        .and_then(|rest| rest.trim_end_matches('/').parse().ok());
    address.ok_or_else(|| DemoError::NoProxy { line: line.to_owned() })
}

/// A line on stdout. Whoever does not read it any more has closed our stdin, too.
fn say(event: &Value) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{event}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        said => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_named_by_its_url() {
        for line in ["http://127.0.0.1:3344", " http://127.0.0.1:3344/ \n"] {
            assert_eq!(address(line).expect("an address").port(), 3344);
        }
        for line in ["", "127.0.0.1:3344", "https://127.0.0.1:3344", "http://example.org:1"] {
            assert!(matches!(address(line), Err(DemoError::NoProxy { .. })), "{line:?}");
        }
    }
}
