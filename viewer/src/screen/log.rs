//! The viewer's own log file: its screen belongs to the conversation.

use std::{
    env,
    fs::{self, DirBuilder, OpenOptions},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::PathBuf,
};

use jiff::Timestamp;

/// A file that has grown beyond this is put aside when a viewer starts; one older file is kept.
const LARGEST: u64 = 1 << 20;

/// `$XDG_STATE_HOME/ccdump/view.log`, else below `~/.local/state`.
pub(crate) fn path() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")))?;
    Some(state.join("ccdump/view.log"))
}

/// Makes room for what is to come.
pub(crate) fn begin() {
    let Some(path) = path() else { return };
    if fs::metadata(&path).is_ok_and(|file| file.len() > LARGEST) {
        let _ = fs::rename(&path, path.with_extension("log.old"));
    }
}

/// Appends a line (or several). A log that cannot be written is no reason to stop.
pub(crate) fn line(text: &str) {
    let Some(path) = path() else { return };
    if let Some(folder) = path.parent() {
        let _ = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    }
    if let Ok(mut file) = OpenOptions::new().append(true).create(true).mode(0o600).open(path) {
        let _ = writeln!(file, "{:.3} {} {text}", Timestamp::now(), std::process::id());
    }
}
