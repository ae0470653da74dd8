//! Built viewers, each kept in a folder of its own with the libraries it needs: the builder may
//! replace its output at any time, and what ran well must stay.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    process,
    rc::Rc,
};

use rustix::process::{Pid, test_kill_process};

/// Tells whether a file is the same one as before, without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    file: u64,
    length: u64,
    modified: (i64, i64),
}

impl Identity {
    /// Errors when there is no such file, or an empty one.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        if !metadata.is_file() || metadata.len() == 0 {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Self {
            device: metadata.dev(),
            file: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        })
    }
}

/// The name of the program in its folder.
const PROGRAM: &str = "ccdump-view";

/// A viewer to run. Its folder goes when nobody refers to it any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Binary {
    folder: PathBuf,
}

impl Binary {
    pub(super) fn new(folder: PathBuf) -> Rc<Self> {
        Rc::new(Self { folder })
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(PROGRAM)
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// How the builder writes its output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// As a new file each time, as cargo does: a hard link keeps the old one.
    Anew,
    /// Perhaps over the old one.
    Unknown,
}

/// The folder of kept binaries.
#[derive(Debug)]
pub(super) struct Binaries {
    /// Of all hosts on this workspace.
    folder: PathBuf,
    /// Of this one.
    own: PathBuf,
    count: u64,
    /// What was taken last.
    taken: Option<Identity>,
}

impl Binaries {
    /// Below `folder`, which is made; what hosts that are gone have left there is removed.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let own = folder.join(format!("host-{}", process::id()));
        remove_left_over(folder);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&own)?;
        Ok(Self { folder: folder.to_owned(), own, count: 0, taken: None })
    }

    /// Keeps what was built, and the libraries it was built for. `None` when it is what was taken
    /// before.
    pub(super) fn take(
        &mut self,
        built: &Path,
        libraries: &[PathBuf],
        written: Written,
    ) -> io::Result<Option<Rc<Binary>>> {
        let identity = Identity::of(built)?;
        if self.taken == Some(identity) {
            return Ok(None);
        }
        let binary = self.place()?;
        match written {
            Written::Anew => link_or_copy(built, &binary.path())?,
            Written::Unknown => drop(fs::copy(built, binary.path())?),
        }
        link_into(libraries, &binary.folder)?;
        self.taken = Some(identity);
        Ok(Some(binary))
    }

    /// Makes `binary` the one that is run first when the next host finds sources that do not build.
    pub(super) fn set_good(&self, binary: &Binary) -> io::Result<()> {
        let (good, new, old) =
            (self.good_folder(), self.own.join("good"), self.own.join("not-good-any-more"));
        remove(&new);
        fs::create_dir(&new)?;
        link_into(&files(&binary.folder)?, &new)?;
        // A host that is killed in between leaves none, which the next good one mends.
        remove(&old);
        let _ = fs::rename(&good, &old);
        fs::rename(&new, &good)?;
        remove(&old);
        Ok(())
    }

    /// The last good one, of this host or of one before.
    pub(super) fn good(&mut self) -> Option<Rc<Binary>> {
        let files = files(&self.good_folder()).ok()?;
        let binary = self.place().ok()?;
        link_into(&files, &binary.folder).ok()?;
        Some(binary)
    }

    fn good_folder(&self) -> PathBuf {
        self.folder.join("good")
    }

    /// An empty folder for the next one.
    fn place(&mut self) -> io::Result<Rc<Binary>> {
        self.count = self.count.saturating_add(1);
        let folder = self.own.join(format!("view-{}", self.count));
        fs::create_dir(&folder)?;
        Ok(Binary::new(folder))
    }
}

impl Drop for Binaries {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.own);
    }
}

/// Makes `to` the same file as `from`, in one step.
pub(super) fn replace(from: &Path, to: &Path) -> io::Result<()> {
    let new = to.with_extension("new");
    let _ = fs::remove_file(&new);
    link_or_copy(from, &new)?;
    fs::rename(&new, to)?;
    // Renaming a file onto itself leaves both names.
    let _ = fs::remove_file(&new);
    Ok(())
}

/// A copy where the file system knows no links.
fn link_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop))
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
}

fn link_into(files: &[PathBuf], folder: &Path) -> io::Result<()> {
    files
        .iter()
        .try_for_each(|file| link_or_copy(file, &folder.join(file.file_name().unwrap_or_default())))
}

/// Whatever is there, if anything is.
fn remove(path: &Path) {
    let _ = fs::remove_dir_all(path).or_else(|_| fs::remove_file(path));
}

fn remove_left_over(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let host = name
            .to_str()
            .and_then(|name| name.strip_prefix("host-"))
            .and_then(|pid| pid.parse().ok())
            .and_then(Pid::from_raw);
        if host.is_some_and(|host| test_kill_process(host).is_err()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_stays_as_it_was_and_goes_with_its_last_user() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (built, library) =
            (folder.path().join("ccdump-view"), folder.path().join("library.so"));
        let libraries = [library.clone()];
        let mut binaries = Binaries::open(&folder.path().join("kept")).expect("writable");
        assert!(binaries.take(&built, &[], Written::Unknown).is_err(), "nothing was built");

        fs::write(&built, "one").expect("writable");
        assert!(
            binaries.take(&built, &libraries, Written::Unknown).is_err(),
            "a library is missing"
        );
        fs::write(&library, "first").expect("writable");
        let one =
            binaries.take(&built, &libraries, Written::Unknown).expect("readable").expect("new");
        assert!(
            binaries.take(&built, &libraries, Written::Unknown).expect("readable").is_none(),
            "the same again"
        );
        fs::write(&built, "number two").expect("writable");
        // As linkers do.
        fs::remove_file(&library).expect("there");
        fs::write(&library, "second").expect("writable");
        let two =
            binaries.take(&built, &libraries, Written::Unknown).expect("readable").expect("new");
        let kept = |binary: &Binary, name| {
            fs::read_to_string(binary.path().with_file_name(name)).expect("kept")
        };
        assert_eq!(
            (kept(&one, PROGRAM), kept(&one, "library.so")),
            ("one".to_owned(), "first".to_owned())
        );
        assert_eq!(
            (kept(&two, PROGRAM), kept(&two, "library.so")),
            ("number two".to_owned(), "second".to_owned())
        );

        let path = one.path();
        drop(one);
        assert!(!path.exists());
    }

    #[test]
    fn the_good_one_outlives_its_host_and_a_host_that_was_killed_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (built, library, kept) = (
            folder.path().join("ccdump-view"),
            folder.path().join("library.so"),
            folder.path().join("kept"),
        );
        // No process has the highest number that there can be.
        let killed = kept.join(format!("host-{}", i32::MAX));
        fs::create_dir_all(&killed).expect("writable");
        {
            let mut binaries = Binaries::open(&kept).expect("writable");
            assert!(binaries.good().is_none());
            fs::write(&built, "one").expect("writable");
            fs::write(&library, "its own").expect("writable");
            let one = binaries
                .take(&built, std::slice::from_ref(&library), Written::Anew)
                .expect("readable")
                .expect("new");
            binaries.set_good(&one).expect("writable");
            binaries.set_good(&one).expect("again");
        }
        assert!(!killed.exists());
        assert_eq!(fs::read_dir(&kept).expect("a folder").count(), 1, "only the good one");
        let mut binaries = Binaries::open(&kept).expect("writable");
        let good = binaries.good().expect("kept");
        assert_eq!(fs::read(good.path()).expect("the program"), b"one");
        assert_eq!(
            fs::read(good.path().with_file_name("library.so")).expect("its library"),
            b"its own"
        );
        drop(good);
        assert!(kept.join("good").exists());
    }
}
