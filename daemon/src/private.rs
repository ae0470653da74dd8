//! Files of the data folder: opened never through a link, and never where they are somebody else's
//! or no file at all.
//!
//! The folder itself may be a link. What is in it may not: whoever could put one there would have
//! the daemon write, truncate or give away another file.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Access, AtFlags, CWD, OFlags, accessat},
    process::geteuid,
};

/// How the names of files begin that are ours.
const FILES: [&str; 6] =
    ["ccdump.db", "index.db", "views.db", "numbers.json", "ccdumpd.", "fingerprint.key"];
/// Folders of ours.
const FOLDERS: [&str; 2] = ["spool", "run"];

#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    #[error("{0} is a link to nothing; make the folder that it leads to, or remove it")]
    Dangling(PathBuf),
    #[error(
        "{0} is a link; the data folder may be one, but nothing in it: put what it leads to in its place"
    )]
    Link(PathBuf),
    #[error("{path} is no {wanted}; move it away")]
    Kind { path: PathBuf, wanted: &'static str },
    #[error(
        "{path} belongs to another user ({owner}); run as that user, or pass another --data-dir"
    )]
    Owner { path: PathBuf, owner: u32 },
    #[error("cannot use {path}: {source}; check its permissions")]
    Access { path: PathBuf, source: io::Error },
}

/// Checks a data folder and all that is in it, before anything of it is opened. Gives the folder
/// without links.
pub fn check(dir: &Path) -> Result<PathBuf, PrivateError> {
    let real = check_folder(dir)?;
    for path in entries(&real)? {
        let found = look(&path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if FOLDERS.contains(&&*name) {
            check_owner(&path, &found)?;
            is_kind(found.is_dir(), &path, "folder")?;
            for path in entries(&path)? {
                check_owner(&path, &look(&path)?)?;
            }
        } else if FILES.iter().any(|file| name.starts_with(file)) {
            check_file(&path, &found)?;
            accessat(CWD, &path, Access::READ_OK | Access::WRITE_OK, AtFlags::EACCESS).map_err(
                |error| PrivateError::Access { path: path.clone(), source: error.into() },
            )?;
        }
    }
    Ok(real)
}

/// Checks the folder alone, and gives it without links.
pub fn check_folder(dir: &Path) -> Result<PathBuf, PrivateError> {
    let failed = |source| PrivateError::Access { path: dir.to_owned(), source };
    let real = fs::canonicalize(dir).map_err(|source| match fs::symlink_metadata(dir) {
        Ok(found) if found.is_symlink() => PrivateError::Dangling(dir.to_owned()),
        _ => failed(source),
    })?;
    let found = fs::metadata(&real).map_err(failed)?;
    is_kind(found.is_dir(), dir, "folder")?;
    check_owner(dir, &found)?;
    Ok(real)
}

/// Opens a file of the data folder.
pub fn open(options: &OpenOptions, path: &Path) -> Result<File, PrivateError> {
    // A FIFO would be waited for, were it not for the second flag. It means nothing for files.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let opened = options.clone().mode(0o600).custom_flags(flags).open(path);
    let failed = |source| PrivateError::Access { path: path.to_owned(), source };
    let file = opened.map_err(|source| match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => PrivateError::Link(path.to_owned()),
        Ok(found) if !found.is_file() => {
            PrivateError::Kind { path: path.to_owned(), wanted: "file" }
        }
        _ => failed(source),
    })?;
    check_file(path, &file.metadata().map_err(failed)?)?;
    Ok(file)
}

impl From<PrivateError> for io::Error {
    fn from(error: PrivateError) -> Self {
        let kind = match &error {
            PrivateError::Access { source, .. } => source.kind(),
            _ => io::ErrorKind::InvalidInput,
        };
        Self::new(kind, error)
    }
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, PrivateError> {
    let read = || fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>();
    read().map_err(|source| PrivateError::Access { path: dir.to_owned(), source })
}

/// What stands there; a link is refused whatever its name is.
fn look(path: &Path) -> Result<Metadata, PrivateError> {
    let found = fs::symlink_metadata(path)
        .map_err(|source| PrivateError::Access { path: path.to_owned(), source })?;
    if found.is_symlink() {
        return Err(PrivateError::Link(path.to_owned()));
    }
    Ok(found)
}

fn check_file(path: &Path, found: &Metadata) -> Result<(), PrivateError> {
    is_kind(found.is_file(), path, "file")?;
    check_owner(path, found)
}

fn check_owner(path: &Path, found: &Metadata) -> Result<(), PrivateError> {
    if found.uid() == geteuid().as_raw() {
        return Ok(());
    }
    Err(PrivateError::Owner { path: path.to_owned(), owner: found.uid() })
}

fn is_kind(is_wanted: bool, path: &Path, wanted: &'static str) -> Result<(), PrivateError> {
    if is_wanted { Ok(()) } else { Err(PrivateError::Kind { path: path.to_owned(), wanted }) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn refusal(dir: &Path) -> Option<String> {
        check(dir).err().map(|error| error.to_string())
    }

    #[test]
    fn a_link_is_refused_under_every_name_and_a_linked_folder_is_not() {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let (data, elsewhere) = (temporary.path().join("data"), temporary.path().join("elsewhere"));
        fs::create_dir_all(data.join("spool")).expect("made");
        fs::write(&elsewhere, "precious").expect("written");
        let through = temporary.path().join("through");
        symlink(&data, &through).expect("linked");
        assert_eq!(check(&through).expect("sound"), fs::canonicalize(&data).expect("there"));
        for name in [
            "ccdump.db",
            "ccdump.db-wal",
            "index.db-shm",
            "ccdumpd.log.1",
            "fingerprint.key",
            "spool/7-request",
            "anything",
        ] {
            symlink(&elsewhere, data.join(name)).expect("linked");
            let error = refusal(&through).unwrap_or_else(|| panic!("{name} is accepted"));
            assert!(error.contains(name) && error.contains("is a link"), "{error}");
            for options in [
                OpenOptions::new().read(true),
                OpenOptions::new().write(true).create(true).truncate(true),
            ] {
                assert!(
                    matches!(open(options, &data.join(name)), Err(PrivateError::Link(_))),
                    "{name}"
                );
            }
            fs::remove_file(data.join(name)).expect("removed");
        }
        assert_eq!(fs::read_to_string(&elsewhere).expect("still there"), "precious");
        assert_eq!(refusal(&data), None);
    }

    #[test]
    fn what_is_no_file_is_refused_without_waiting_for_it() {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let fifo = temporary.path().join("ccdumpd.log");
        rustix::fs::mknodat(CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("made");
        for options in [OpenOptions::new().read(true), OpenOptions::new().append(true).create(true)]
        {
            assert!(matches!(open(options, &fifo), Err(PrivateError::Kind { .. })));
        }
        assert!(
            refusal(temporary.path()).is_some_and(|error| error.contains("ccdumpd.log is no file"))
        );
        fs::remove_file(&fifo).expect("removed");
        fs::create_dir(temporary.path().join("ccdump.db")).expect("made");
        assert!(
            refusal(temporary.path()).is_some_and(|error| error.contains("ccdump.db is no file"))
        );
    }

    #[test]
    fn files_that_are_not_ours_may_stand_beside() {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(temporary.path().join("backup")).expect("made");
        fs::write(temporary.path().join("notes.txt"), "").expect("written");
        assert_eq!(refusal(temporary.path()), None);
        let dangling = temporary.path().join("dangling");
        symlink(temporary.path().join("nowhere"), &dangling).expect("linked");
        assert!(matches!(check_folder(&dangling), Err(PrivateError::Dangling(_))));
    }
}
