//! The viewer's own log file: its screen belongs to the conversation.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::PathBuf,
};

use ccdump_wire::endpoint::default_state_dir;
use jiff::Timestamp;

/// A file that has grown beyond this is put aside when a viewer starts; one older file is kept.
const LARGEST: u64 = 1 << 20;

/// `$XDG_STATE_HOME/ccdump/view.log`, else below `~/.local/state`.
pub fn path() -> Option<PathBuf> {
    default_state_dir().ok().map(|folder| folder.join("view.log"))
}

/// Makes room for what is to come.
pub fn begin() {
    let Some(path) = path() else { return };
    if fs::metadata(&path).is_ok_and(|file| file.len() > LARGEST) {
        let _ = fs::rename(&path, path.with_extension("log.old"));
    }
}

/// The file, to be appended to.
pub fn file() -> Option<fs::File> {
    let path = path()?;
    if let Some(folder) = path.parent() {
        let _ = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).ok()
}

/// Appends a line (or several). A log that cannot be written is no reason to stop.
pub fn line(text: &str) {
    if let Some(mut file) = file() {
        let _ = writeln!(file, "{:.3} {} {text}", Timestamp::now(), std::process::id());
    }
}
