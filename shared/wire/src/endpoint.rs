//! Where a daemon keeps its data and where its socket is.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::config::xdg_home;

#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    #[error("no home directory is known; set HOME or pass --data-dir")]
    NoHome,
    #[error("socket path {0} is longer than the 107 bytes a Unix socket may have; pass a shorter --socket")]
    TooLong(PathBuf),
}

/// `$XDG_DATA_HOME/ccdump`, else `~/.local/share/ccdump`.
pub fn default_data_dir() -> Result<PathBuf, EndpointError> {
    xdg_home("XDG_DATA_HOME", ".local/share").map(|home| home.join("ccdump")).ok_or(EndpointError::NoHome)
}

/// Logs and the like, which are not data: `$XDG_STATE_HOME/ccdump`, else `~/.local/state/ccdump`.
pub fn default_state_dir() -> Result<PathBuf, EndpointError> {
    xdg_home("XDG_STATE_HOME", ".local/state").map(|home| home.join("ccdump")).ok_or(EndpointError::NoHome)
}

/// The socket of the daemon on `data_dir`. The default folder's is under `$XDG_RUNTIME_DIR` where there is one; any other folder
/// has its own below itself, so that daemons on two folders never meet.
pub fn default_socket(data_dir: &Path) -> PathBuf {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    match runtime {
        Some(runtime) if default_data_dir().is_ok_and(|default| default == data_dir) => runtime.join("ccdump/ccdumpd.sock"),
        _ => data_dir.join("run/ccdumpd.sock"),
    }
}

/// Refuses a path that the system cannot bind or connect to.
pub fn check_socket(path: &Path) -> Result<(), EndpointError> {
    const LONGEST: usize = 107;
    if path.as_os_str().len() > LONGEST {
        return Err(EndpointError::TooLong(path.to_owned()));
    }
    Ok(())
}
