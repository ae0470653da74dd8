//! One daemon per data folder.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// Held until dropped, also through a kill: the kernel gives it back.
pub struct FolderLock {
    _file: File,
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("cannot use {dir} as data folder: {source}; check its permissions or pass --data-dir")]
    Folder { dir: PathBuf, source: io::Error },
    #[error("a daemon{} uses {dir} already; `ccdumpd status` shows it, `ccdumpd stop` ends it", pid.as_ref().map(|pid| format!(" (pid {pid})")).unwrap_or_default())]
    Taken { dir: PathBuf, pid: Option<u32> },
}

impl FolderLock {
    /// Makes the folder (0700) if need be, and takes it.
    pub fn take(dir: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::Folder { dir: dir.to_owned(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
        // A folder that was there already may be open to others; what is in it from now on is not theirs.
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        let mut file = open(dir).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Taken { dir: dir.to_owned(), pid: read_pid(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// The process that holds the folder, if one does.
pub fn holder(dir: &Path) -> Option<u32> {
    let mut file = OpenOptions::new().read(true).open(lock_file(dir)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => read_pid(&mut file),
        _ => None,
    }
}

fn open(dir: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(lock_file(dir))
}

fn lock_file(dir: &Path) -> PathBuf {
    dir.join("ccdumpd.lock")
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
