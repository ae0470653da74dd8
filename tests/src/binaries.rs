//! Finds the two programs under test, and refuses stale ones: a test of yesterday's daemon says
//! nothing.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::SystemTime,
};

/// The two programs under test.
#[derive(Debug, Clone, Default)]
pub struct Programs {
    /// Where those of another build are.
    folder: Option<PathBuf>,
}

impl Programs {
    /// Those of another build: `ccdumpd` and `ccdump-view` in `folder`.
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()) }
    }

    /// # Panics
    /// As [`ccdumpd`].
    pub fn ccdumpd(&self) -> PathBuf {
        self.folder.as_ref().map_or_else(|| ccdumpd().to_owned(), |folder| folder.join("ccdumpd"))
    }

    /// # Panics
    /// As [`ccdump_view`].
    pub fn ccdump_view(&self) -> PathBuf {
        self.folder
            .as_ref()
            .map_or_else(|| ccdump_view().to_owned(), |folder| folder.join("ccdump-view"))
    }
}

/// The daemon: `$CCDUMPD_BIN`, else the one beside this test executable.
///
/// # Panics
/// When it is missing, or older than the sources it was made of.
pub fn ccdumpd() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| find("ccdumpd", "CCDUMPD_BIN"))
}

/// The viewer: `$CCDUMP_VIEW_BIN`, else the one beside this test executable.
///
/// # Panics
/// As [`ccdumpd`].
pub fn ccdump_view() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| find("ccdump-view", "CCDUMP_VIEW_BIN"))
}

fn find(name: &str, variable: &str) -> PathBuf {
    if let Some(path) = env::var_os(variable).map(PathBuf::from) {
        assert!(path.is_file(), "${variable} names {}, which is no file", path.display());
        return path;
    }
    let own = env::current_exe().expect("the path of this executable");
    let found =
        own.ancestors().skip(1).take(3).map(|folder| folder.join(name)).find(|path| path.is_file());
    let Some(binary) = found else {
        panic!("no {name} beside {}: {}", own.display(), advice());
    };
    if let Some(newer) = newer_source(&binary) {
        panic!("{} is older than {}: {}", binary.display(), newer.display(), advice());
    }
    binary
}

fn advice() -> &'static str {
    if cfg!(debug_assertions) {
        "run `cargo build`, or `cargo test --workspace`, which builds it"
    } else {
        "run `cargo build --release`"
    }
}

/// A source of `binary` that has changed since it was built.
fn newer_source(binary: &Path) -> Option<PathBuf> {
    let built = modified(binary)?;
    let own = if binary.ends_with("ccdumpd") { "daemon/src" } else { "viewer" };
    [own, "shared", "proto"].iter().find_map(|folder| newer_below(&root().join(folder), built))
}

fn newer_below(folder: &Path, built: SystemTime) -> Option<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", folder.display()));
    entries.filter_map(Result::ok).map(|entry| entry.path()).find_map(|path| {
        if path.is_dir() {
            // Tests and snapshots are not part of the program.
            let is_source = !path.ends_with("tests") && !path.ends_with("snapshots");
            return if is_source { newer_below(&path, built) } else { None };
        }
        let is_source = path.extension().is_some_and(|extension| {
            ["rs", "proto", "json", "toml"].iter().any(|source| extension == *source)
        });
        (is_source && modified(&path).is_none_or(|changed| changed > built)).then_some(path)
    })
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// The workspace.
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().expect("the crate lies in a workspace").to_owned()
}
