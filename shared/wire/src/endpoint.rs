//! Where a daemon keeps its data and where its socket is.

use std::{
    env, fs,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use rustix::process::geteuid;

use crate::config::xdg_home;

#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    #[error("no home directory is known; set HOME or pass --data-dir")]
    NoHome,
    #[error(
        "socket path {0} is longer than the {LONGEST} bytes a Unix socket may have; pass a shorter --socket"
    )]
    TooLong(PathBuf),
}

/// Bytes of a socket's path at most: what the system's `sockaddr_un` holds, less its final NUL.
const LONGEST: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// `$XDG_DATA_HOME/ccdump`, else `~/.local/share/ccdump`.
pub fn default_data_dir() -> Result<PathBuf, EndpointError> {
    xdg_home("XDG_DATA_HOME", ".local/share")
        .map(|home| home.join("ccdump"))
        .ok_or(EndpointError::NoHome)
}

/// Logs and the like, which are not data: `$XDG_STATE_HOME/ccdump`, else `~/.local/state/ccdump`.
pub fn default_state_dir() -> Result<PathBuf, EndpointError> {
    xdg_home("XDG_STATE_HOME", ".local/state")
        .map(|home| home.join("ccdump"))
        .ok_or(EndpointError::NoHome)
}

/// Where the socket of the daemon on `data_dir` may be, best first. The daemon takes the first that
/// can be used.
///
/// 1. Below `$XDG_RUNTIME_DIR`, for the default data folder only: daemons on two folders never
///    meet.
/// 2. Below the data folder.
/// 3. Below `/tmp`, in a folder of this user, under a name that follows from the data folder: for
///    folders whose path is too long, or that lie where no socket can.
///
/// Paths that are too long for a socket are left out; so is a runtime folder that is somebody
/// else's (`sudo` keeps the variable).
pub fn sockets(data_dir: &Path) -> Vec<PathBuf> {
    let runtime =
        env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    let runtime = runtime
        .filter(|path| fs::metadata(path).map_or(true, |found| found.uid() == geteuid().as_raw()));
    let is_default = default_data_dir().is_ok_and(|default| default == data_dir);
    let in_runtime =
        runtime.filter(|_| is_default).map(|runtime| runtime.join("ccdump/ccdumpd.sock"));
    let in_temporary =
        format!("/tmp/ccdump-{}/{:016x}.sock", geteuid().as_raw(), fingerprint(data_dir));
    let all =
        in_runtime.into_iter().chain([data_dir.join("run/ccdumpd.sock"), in_temporary.into()]);
    all.filter(|path| check_socket(path).is_ok()).collect()
}

/// The socket of the daemon on `data_dir`: the first of [`sockets`] that is there, else the first
/// that a daemon would try.
pub fn find_socket(data_dir: &Path) -> PathBuf {
    let sockets = sockets(data_dir);
    let found = sockets.iter().find(|path| is_own_socket(path)).or(sockets.first());
    found.cloned().unwrap_or_else(|| data_dir.join("run/ccdumpd.sock"))
}

/// One of another user's is no socket of our daemon: anybody may put one into /tmp.
fn is_own_socket(path: &Path) -> bool {
    fs::symlink_metadata(path)
        .is_ok_and(|found| found.file_type().is_socket() && found.uid() == geteuid().as_raw())
}

/// Refuses a path that the system cannot bind or connect to.
pub fn check_socket(path: &Path) -> Result<(), EndpointError> {
    if path.as_os_str().len() > LONGEST {
        return Err(EndpointError::TooLong(path.to_owned()));
    }
    Ok(())
}

/// A number for a folder, the same through every link to it and before and after it is made.
/// FNV-1a: it must be the same in every build, which the standard library's hashers do not promise.
fn fingerprint(folder: &Path) -> u64 {
    let mut real = folder.to_owned();
    for existing in folder.ancestors() {
        if let (Ok(canonical), Ok(rest)) =
            (fs::canonicalize(existing), folder.strip_prefix(existing))
        {
            // `join("")` would add a slash.
            real = if rest.as_os_str().is_empty() { canonical } else { canonical.join(rest) };
            break;
        }
    }
    let bytes = real.as_os_str().as_encoded_bytes();
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::{fs::symlink, net::UnixListener};

    use super::*;

    #[test]
    fn a_long_folder_has_a_short_socket_that_every_link_leads_to() {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let long = temporary.path().join("d".repeat(60)).join("e".repeat(60));
        let before = sockets(&long);
        assert_eq!(before.len(), 1, "{before:?}");
        assert!(before[0].starts_with(format!("/tmp/ccdump-{}", geteuid().as_raw())), "{before:?}");
        fs::create_dir_all(&long).expect("made");
        assert_eq!(sockets(&long), before, "making the folder changes nothing");
        let link = temporary.path().join("link");
        symlink(&long, &link).expect("linked");
        assert_eq!(sockets(&link).last(), before.last());
        assert_ne!(sockets(temporary.path()).last(), before.last());
    }

    #[test]
    fn the_socket_that_is_there_is_found_and_else_the_first_is_named() {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let data_dir = temporary.path().join("data");
        let below = data_dir.join("run/ccdumpd.sock");
        assert_eq!(find_socket(&data_dir), below);
        fs::create_dir_all(data_dir.join("run")).expect("made");
        fs::write(&below, "no socket").expect("written");
        assert_eq!(find_socket(&data_dir), below, "there is nothing better");
        fs::remove_file(&below).expect("removed");
        let _listener = UnixListener::bind(&below).expect("bound");
        assert_eq!(find_socket(&data_dir), below);
    }
}
