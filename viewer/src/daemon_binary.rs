//! Where the daemon's program is.

use std::{env, path::PathBuf};

use crate::failure::Failure;

const NAME: &str = "ccdumpd";

/// `$CCDUMPD`, else beside this program, else on the `PATH`.
pub(crate) fn find() -> Result<PathBuf, Failure> {
    if let Some(named) = env::var_os("CCDUMPD").filter(|path| !path.is_empty()) {
        return Ok(named.into());
    }
    let beside = env::current_exe().ok().map(|own| own.with_file_name(NAME));
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).map(|folder| folder.join(NAME));
    beside.into_iter().chain(on_path).find(|candidate| candidate.is_file()).ok_or(Failure::NoDaemonProgram)
}
