//! What can be wrong with a report, in one line for people.

use std::{io, path::PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} is no ccdump report: {reason}", path.display())]
    Broken { path: PathBuf, reason: String },
    #[error("{} was written by a newer version (format {format}; this one reads up to {}); update ccdump-view", path.display(), super::FORMAT)]
    Newer { path: PathBuf, format: u64 },
    #[error("{} exists already; name another file with --out", path.display())]
    Exists { path: PathBuf },
    #[error("cannot write {}: {source}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error(
        "nothing is kept of a viewer named {0}; pass the name that stands at the top of its screen: --name NAME"
    )]
    NoView(String),
}
