//! One daemon per data folder.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use crate::private::{self, PrivateError};

/// Held until dropped, also through a kill: the kernel gives it back.
pub struct FolderLock {
    _file: File,
    /// The folder without links.
    pub dir: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("cannot use {dir} as data folder: {source}; check its permissions or pass --data-dir")]
    Folder { dir: PathBuf, source: io::Error },
    #[error(transparent)]
    Private(#[from] PrivateError),
    #[error("a daemon{} uses {dir} already; `ccdumpd status` shows it, `ccdumpd stop` ends it", pid.as_ref().map(|pid| format!(" (pid {pid})")).unwrap_or_default())]
    Taken { dir: PathBuf, pid: Option<u32> },
}

impl FolderLock {
    /// Makes the folder (0700) if need be, takes it, and checks what is in it.
    pub fn take(dir: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::Folder { dir: dir.to_owned(), source };
        make_folder(dir)?;
        // A folder that was there already may be open to others; what is in it from now on is not
        // theirs.
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        let options =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).to_owned();
        let mut file = private::open(&options, &lock_file(dir))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Taken { dir: dir.to_owned(), pid: read_pid(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let real = private::check(dir)?;
        file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(failed)?;
        Ok(Self { _file: file, dir: real })
    }
}

/// Makes a data folder (0700) where there is none, and sees that it is this user's.
pub fn make_folder(dir: &Path) -> Result<(), LockError> {
    // One that is there, a link to one included, is looked at first: what the system says of making
    // it is less clear.
    if fs::symlink_metadata(dir).is_err() {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|source| LockError::Folder { dir: dir.to_owned(), source })?;
    }
    private::check_folder(dir)?;
    Ok(())
}

/// The process that holds the folder, if one does.
pub fn holder(dir: &Path) -> Option<u32> {
    let mut file = private::open(OpenOptions::new().read(true), &lock_file(dir)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => read_pid(&mut file),
        _ => None,
    }
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
