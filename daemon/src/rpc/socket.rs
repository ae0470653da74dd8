//! The Unix socket that viewers connect to: bound where only this user can put one, over nothing
//! but a leftover of its own kind.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use ccdump_wire::endpoint;
use rustix::process::geteuid;
use tokio::net::UnixListener;
use tracing::warn;

/// Write permission of the group and of all others.
const WRITE_OF_OTHERS: u32 = 0o022;
/// In such a folder nobody can remove or replace what is another's.
const STICKY: u32 = 0o1000;

/// A bound socket.
pub struct Socket {
    pub listener: UnixListener,
    pub file: SocketFile,
}

/// The file of a bound socket; goes when it is dropped.
pub struct SocketFile {
    pub path: PathBuf,
    /// Device and inode: another file that stands there by then is not ours to remove.
    id: (u64, u64),
}

#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    #[error("cannot make the folder {path} for the socket: {source}; pass --socket")]
    Folder { path: PathBuf, source: io::Error },
    #[error("cannot listen on {path}: {source}; pass another --socket")]
    Bind { path: PathBuf, source: io::Error },
    #[error("another program listens on {0}; pass another --socket")]
    Taken(PathBuf),
    #[error("{0} is no socket, and is left alone; pass another --socket")]
    NoSocket(PathBuf),
    #[error("{path} belongs to another user ({owner}); pass another --socket")]
    Foreign { path: PathBuf, owner: u32 },
    #[error(
        "others can write in {0}, and could put a socket of theirs in the place of ours; `chmod go-w` it, or pass another --socket"
    )]
    Open(PathBuf),
    #[error(transparent)]
    Path(#[from] endpoint::EndpointError),
}

impl Socket {
    /// Binds the first of `paths` that can be used, readable for this user only. The caller holds
    /// the lock of the data folder, so a socket that nobody answers on is a leftover and is
    /// replaced.
    pub fn bind(paths: &[PathBuf]) -> Result<Self, SocketError> {
        let (last, before) = paths.split_last().ok_or(endpoint::EndpointError::NoHome)?;
        for path in before {
            match bind(path) {
                // A program that listens there is no reason to go elsewhere: it might be what
                // viewers would find.
                Err(error) if !matches!(error, SocketError::Taken(_)) => {
                    warn!(%error, "the socket has another place")
                }
                done => return done,
            }
        }
        bind(last)
    }
}

fn bind(path: &Path) -> Result<Socket, SocketError> {
    endpoint::check_socket(path)?;
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    clear(path)?;
    let failed = |source| SocketError::Bind { path: path.to_owned(), source };
    let listener = UnixListener::bind(path).map_err(failed)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
    let bound = fs::symlink_metadata(path).map_err(failed)?;
    Ok(Socket {
        listener,
        file: SocketFile { path: path.to_owned(), id: (bound.dev(), bound.ino()) },
    })
}

/// Makes the folder (0700), or sees that nobody else can exchange what is in it.
fn make_folder(folder: &Path) -> Result<(), SocketError> {
    let failed = |source| SocketError::Folder { path: folder.to_owned(), source };
    if !folder.exists() {
        return fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed);
    }
    let found = fs::metadata(folder).map_err(failed)?;
    if !found.is_dir() {
        return Err(failed(io::ErrorKind::NotADirectory.into()));
    }
    // What is root's is nobody's in particular: /tmp, /run.
    if ![0, geteuid().as_raw()].contains(&found.uid()) {
        return Err(SocketError::Foreign { path: folder.to_owned(), owner: found.uid() });
    }
    if found.mode() & WRITE_OF_OTHERS != 0 && found.mode() & STICKY == 0 {
        return Err(SocketError::Open(folder.to_owned()));
    }
    Ok(())
}

/// Removes a socket that nobody listens on any more, and nothing else.
fn clear(path: &Path) -> Result<(), SocketError> {
    let failed = |source| SocketError::Bind { path: path.to_owned(), source };
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(failed)?,
    };
    if !found.file_type().is_socket() {
        return Err(SocketError::NoSocket(path.to_owned()));
    }
    if found.uid() != geteuid().as_raw() {
        return Err(SocketError::Foreign { path: path.to_owned(), owner: found.uid() });
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(failed)
        }
        // Anything else comes of somebody who listens, if only for datagrams.
        _ => Err(SocketError::Taken(path.to_owned())),
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| (found.dev(), found.ino()) == self.id)
        {
            fs::remove_file(&self.path).ok();
        }
    }
}
