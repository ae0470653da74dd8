//! The demo: a private daemon on a folder of its own, between a scripted API and scripted agents.
//! Both are `ccdumpd`: the viewer holds no HTTP server.

mod child;
mod summary;

use std::{
    fs::Permissions,
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use ccdump_client::{link::Link, text::clean_line};
use ccdump_record::Exchange;
use ccdump_wire::v1::ExchangesRequest;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use self::child::Child;
pub use self::summary::Summary;
use crate::{daemon_binary, failure::Failure};

/// How long each of the two may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// How long it may take until all that was said is derived.
const DERIVED_WITHIN: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("cannot make a temporary folder: {0}; set TMPDIR to one that can be written to")]
    Folder(io::Error),
    #[error("cannot run {}: {source}", program.display())]
    Start { program: PathBuf, source: io::Error },
    #[error("{name} has ended: {reason}")]
    Ended { name: &'static str, reason: String },
    #[error("{name} is not ready after {} s", READY_WITHIN.as_secs())]
    NotReady { name: &'static str },
    #[error(
        "{name} said what this viewer does not understand: {line}; it may be of another version"
    )]
    Strange { name: &'static str, line: String },
    #[error("the record is not complete {} s after the end: {ended} of {expected} exchanges have ended", DERIVED_WITHIN.as_secs())]
    NotDerived { ended: usize, expected: u64 },
    #[error("cannot remove {}: {source}", folder.display())]
    Remove { folder: PathBuf, source: io::Error },
}

const DAEMON: &str = "the demo's daemon";
const TRAFFIC: &str = "the demo's traffic";

/// Both programs while they run. Dropping it kills them and removes the folder; [`Demo::finish`] is
/// gentler.
#[derive(Debug)]
pub struct Demo {
    // Fields are dropped in this order: the folder goes when nobody writes to it any more.
    traffic: Child,
    daemon: Child,
    folder: TempDir,
    socket: PathBuf,
}

impl Demo {
    /// Starts both, and the story with them. `pace`: how long it takes, in percent of half a
    /// minute; 0 is at once.
    pub async fn start(pace: u32) -> Result<Self, Failure> {
        let program = daemon_binary::find()?;
        let private = Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new()
            .prefix("ccdump-demo-")
            .permissions(private)
            .tempdir()
            .map_err(DemoError::Folder)?;

        let mut command = Command::new(&program);
        command.args(["demo-traffic", "--pace", &pace.to_string()]);
        let mut traffic = Child::spawn(TRAFFIC, command, folder.path().join("demo-traffic.log"))?;
        let upstream = ready(TRAFFIC, &mut traffic, "upstream", "url").await?;

        let socket = folder.path().join("run/ccdumpd.sock");
        let mut command = Command::new(&program);
        command.args([
            "serve",
            "--until-stdin-closes",
            "--listen",
            "127.0.0.1:0",
            "--upstream",
            &upstream,
        ]);
        command.arg("--data-dir").arg(folder.path()).arg("--socket").arg(&socket);
        let mut daemon = Child::spawn(DAEMON, command, folder.path().join("ccdumpd.start.log"))?;
        let proxy = ready(DAEMON, &mut daemon, "ready", "proxy").await?;

        traffic.tell(&proxy)?;
        Ok(Self { traffic, daemon, folder, socket })
    }

    pub fn socket(&self) -> &Path {
        &self.socket
    }

    pub fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    /// Waits until the story is over and all of it is recorded and derived. To be called once.
    pub async fn played(&mut self) -> Result<Summary, Failure> {
        let done = self.traffic.event("done").await?;
        let expected = done["exchanges"].as_u64().unwrap_or_default();
        let mut link = Link::connect(&self.socket).await?;
        let mut ended = 0;
        let waiting = async {
            loop {
                let rows = link.exchanges(ExchangesRequest::default()).await?.exchanges;
                ended = rows.iter().filter(|row| has_ended(row)).count();
                if ended as u64 == expected && rows.len() == ended {
                    return Ok::<_, Failure>(rows);
                }
                sleep(POLL).await;
            }
        };
        match timeout(DERIVED_WITHIN, waiting).await {
            // A new greeting tells how many events there are by now.
            Ok(rows) => {
                Ok(Summary::of(&rows?, Link::connect(&self.socket).await?.hello().head_seq))
            }
            Err(_) => Err(DemoError::NotDerived { ended, expected }.into()),
        }
    }

    /// Lets both end. The folder stays with `keep`, and is removed without.
    pub async fn finish(self, keep: bool) -> Result<(), Failure> {
        let Self { traffic, daemon, mut folder, .. } = self;
        traffic.end().await;
        daemon.end().await;
        if keep {
            folder.disable_cleanup(true);
            return Ok(());
        }
        let path = folder.path().to_owned();
        folder.close().map_err(|source| DemoError::Remove { folder: path, source }.into())
    }
}

fn has_ended(row: &Exchange) -> bool {
    row.end_state.is_some()
}

/// Waits for the line that a program begins with, and gives one of its fields.
async fn ready(
    name: &'static str,
    child: &mut Child,
    event: &str,
    field: &str,
) -> Result<String, DemoError> {
    let line = timeout(READY_WITHIN, child.event(event))
        .await
        .map_err(|_| DemoError::NotReady { name })??;
    line[field]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| DemoError::Strange { name, line: clean_line(&line.to_string()) })
}
