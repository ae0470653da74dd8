//! The folders of one daemon under test, apart from those of the person who runs the tests.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{binaries::Programs, daemon::Setup, default_place::DefaultPlace, view::View};

/// Removed when dropped. Short paths: that of a Unix socket may have 107 bytes.
#[derive(Debug)]
pub struct Home {
    folder: tempfile::TempDir,
    programs: Programs,
}

impl Default for Home {
    fn default() -> Self {
        let folder = tempfile::Builder::new().prefix("ccd").tempdir().expect("a temporary folder");
        Self { folder, programs: Programs::default() }
    }
}

impl Home {
    pub fn new() -> Self {
        Self::default()
    }

    /// For the programs of another build.
    pub fn of(programs: Programs) -> Self {
        Self { programs, ..Self::default() }
    }

    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What the daemon is given as `--data-dir`. It is not there before a daemon made it.
    pub fn data_dir(&self) -> PathBuf {
        self.path().join("data")
    }

    pub fn socket(&self) -> PathBuf {
        self.path().join("s/d.sock")
    }

    /// A daemon on these folders that sends all requests to `upstream`.
    pub fn daemon(&self, upstream: &str) -> Setup<'_> {
        Setup::new(self, upstream)
    }

    /// The viewer's commands on the daemon of these folders.
    pub fn view(&self) -> View<'_> {
        View::new(self)
    }

    /// The places where a daemon and its viewers meet when nothing is told them.
    pub fn default_place(&self) -> DefaultPlace<'_> {
        DefaultPlace::new(self)
    }

    /// `ccdumpd` with this home, and nothing of the caller's configuration.
    pub fn ccdumpd(&self) -> Command {
        self.command(&self.programs.ccdumpd())
    }

    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let inherited = std::env::vars_os().filter(|(name, _)| {
            let name = name.to_string_lossy();
            name.starts_with("CCDUMP")
                || name.starts_with("XDG_")
                || name.to_ascii_lowercase().ends_with("_proxy")
        });
        for (name, _) in inherited {
            command.env_remove(name);
        }
        command
            .env("HOME", self.path())
            .env("XDG_RUNTIME_DIR", self.path().join("r"))
            .env("NO_COLOR", "1")
            .env("RUST_BACKTRACE", "1")
            .current_dir(self.path());
        command
    }

    /// The view state that the daemon keeps under a name; empty when there is none.
    pub fn kept_view(&self, name: &str) -> String {
        let Ok(views) = rusqlite::Connection::open(self.data_dir().join("views.db")) else {
            return String::new();
        };
        let data = views.query_row("SELECT data FROM view_state WHERE name = ?", [name], |row| {
            row.get::<_, Vec<u8>>(0)
        });
        String::from_utf8_lossy(&data.unwrap_or_default()).into_owned()
    }

    /// Every file and folder below the data folder.
    pub fn data_entries(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut left = vec![self.data_dir()];
        while let Some(folder) = left.pop() {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries.flatten() {
                found.push(entry.path());
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    left.push(entry.path());
                }
            }
        }
        found
    }

    /// Bytes of the data folder's files whose name starts so.
    pub fn disk_bytes(&self, prefix: &str) -> u64 {
        self.data_entries()
            .iter()
            .filter(|path| {
                path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))
            })
            .map(|path| fs::metadata(path).map_or(0, |metadata| metadata.len()))
            .sum()
    }
}
