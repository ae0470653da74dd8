//! How the daemon is doing.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use ccdump_wire::v1;
use tonic::Status;

use super::Service;
use crate::{
    steady::Steady,
    store::{Files, index},
};

/// What does not change while the daemon runs.
pub struct About {
    pub started: Steady,
    pub proxy: String,
    pub socket: PathBuf,
    pub data_dir: PathBuf,
    pub settings: v1::Settings,
    /// Compared with, and never told.
    pub token: Option<String>,
    pub warnings: Vec<String>,
}

/// Counts watch streams.
#[derive(Clone, Default)]
pub struct Viewers(Arc<AtomicU32>);

/// One open watch stream.
pub struct Viewing(Arc<AtomicU32>);

impl Viewers {
    pub fn enter(&self) -> Viewing {
        self.0.fetch_add(1, Ordering::Relaxed);
        Viewing(self.0.clone())
    }

    pub fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Viewing {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

pub async fn status(
    service: &Service,
    request: v1::StatusRequest,
) -> Result<v1::StatusResponse, Status> {
    let about = &service.about;
    let files = service.readers.files();
    let (canonical_bytes, derived_bytes) = (files.canonical_size(), Files::size(&files.derived()));
    Ok(v1::StatusResponse {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        uptime_us: u64::try_from(about.started.elapsed().as_micros()).unwrap_or(u64::MAX),
        proxy: about.proxy.clone(),
        socket: about.socket.display().to_string(),
        data_dir: about.data_dir.display().to_string(),
        store_bytes: canonical_bytes + derived_bytes,
        canonical_bytes,
        derived_bytes,
        exchanges: exchanges(service).await,
        head_seq: *service.recording.head.borrow(),
        viewers: service.viewers.count(),
        rss_bytes: rss_bytes(),
        paused: service.recording.paused(),
        gap_bytes: service.recording.lost().bytes,
        derived_seq: *service.derived_through.borrow(),
        settings: Some(about.settings.clone()),
        warnings: about.warnings.clone(),
        is_same_token: request.token.map(|token| about.token.as_deref() == Some(token.as_str())),
        notice: service.recording.health.work().notice(),
    })
}

/// How many there are rows of. The answer must come whatever the state of the index: `notice` says
/// then what is done about it.
async fn exchanges(service: &Service) -> u64 {
    service.read_again(|reader| Ok(index::count(&reader.index)?)).await.unwrap_or(0)
}

/// Resident memory, where the system tells (Linux).
fn rss_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
