//! The sources of viewer and daemon: which files they are, and which have changed.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Component, Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Below the workspace's folder.
pub(super) const FOLDERS: [&str; 4] = ["viewer", "daemon", "shared", "proto"];

/// Where the viewer's own source is.
pub(super) const VIEWER: &str = "viewer/src";

/// No part of a program, or not written by people.
const OTHER_FOLDERS: [&str; 5] = ["target", "tests", "benches", "examples", "snapshots"];

/// What editors leave beside a file while they write it.
const EDITOR_ENDINGS: [&str; 6] = ["~", "#", ".swp", ".swo", ".swx", ".tmp"];

/// A file that changed later than this before it was read may have changed again without a new
/// time.
const CLOCK_STEP: Duration = Duration::from_secs(1);

/// Deeper folders are not looked into.
const DEEPEST: usize = 32;

/// Which programs a source is built into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) viewer: bool,
    pub(super) daemon: bool,
}

/// What a path below the workspace's folder is a source of; `None` for anything else.
pub(super) fn parts(path: &Path) -> Option<Parts> {
    let names: Option<Vec<&str>> = path
        .components()
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    let names = names?;
    let (last, folders) = names.split_last()?;
    let other = |name: &&&str| name.starts_with('.') || OTHER_FOLDERS.contains(*name);
    // Vim tries whether it may write by a file of this name.
    let editor = *last == "4913" || EDITOR_ENDINGS.iter().any(|ending| last.ends_with(ending));
    if editor || names.iter().any(|name| other(&name)) {
        return None;
    }
    match (folders.first(), *last) {
        (None, "Cargo.toml" | "Cargo.lock" | "viewer") | (Some(&"viewer"), _) => {
            Some(Parts { viewer: true, daemon: false })
        }
        (None, "daemon") | (Some(&"daemon"), _) => Some(Parts { viewer: false, daemon: true }),
        (None, "shared" | "proto") | (Some(&"shared"), _) => {
            Some(Parts { viewer: true, daemon: true })
        }
        (Some(&"proto"), name) if !name.contains('.') || name.ends_with(".proto") => {
            Some(Parts { viewer: true, daemon: true })
        }
        _ => None,
    }
}

/// All sources as they were last read.
#[derive(Debug)]
pub(super) struct Sources {
    root: PathBuf,
    files: BTreeMap<PathBuf, Seen>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    length: u64,
    modified: SystemTime,
    /// The time cannot hide a change after it was read.
    settled: bool,
    hash: blake3::Hash,
}

impl Sources {
    /// Reads them all.
    pub(super) fn read(root: &Path) -> Self {
        let mut sources = Self { root: root.to_owned(), files: BTreeMap::new() };
        sources.changes();
        sources
    }

    /// Files that came, went or have another content than last time, as paths below the workspace's
    /// folder, in order.
    pub(super) fn changes(&mut self) -> Vec<PathBuf> {
        let mut found = BTreeMap::new();
        for name in ["Cargo.toml", "Cargo.lock"] {
            self.look_at(Path::new(name), &mut found);
        }
        for name in FOLDERS {
            self.look_into(Path::new(name), DEEPEST, &mut found);
        }
        let before = std::mem::replace(&mut self.files, found);
        let hash = |files: &BTreeMap<PathBuf, Seen>, path| files.get(path).map(|seen| seen.hash);
        let mut changed: Vec<PathBuf> = before
            .keys()
            .chain(self.files.keys())
            .filter(|path| hash(&before, *path) != hash(&self.files, *path))
            .cloned()
            .collect();
        changed.sort();
        changed.dedup();
        changed
    }

    fn look_into(&self, folder: &Path, depth: usize, found: &mut BTreeMap<PathBuf, Seen>) {
        let Ok(entries) = fs::read_dir(self.root.join(folder)) else { return };
        for entry in entries.filter_map(Result::ok) {
            let path = folder.join(entry.file_name());
            if parts(&path).is_none() {
                continue;
            }
            // Of the entry itself: links are not followed.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth > 0 => {
                    self.look_into(&path, depth.saturating_sub(1), found)
                }
                Ok(kind) if kind.is_file() => self.look_at(&path, found),
                _ => {}
            }
        }
    }

    fn look_at(&self, path: &Path, found: &mut BTreeMap<PathBuf, Seen>) {
        // One that cannot be read is one that is not there: it may be about to be replaced.
        if let Ok(seen) = look(&self.root.join(path), self.files.get(path)) {
            found.insert(path.to_owned(), seen);
        }
    }
}

fn look(path: &Path, before: Option<&Seen>) -> io::Result<Seen> {
    let metadata = fs::metadata(path)?;
    let (length, modified) = (metadata.len(), metadata.modified()?);
    if let Some(before) =
        before.filter(|seen| seen.settled && seen.length == length && seen.modified == modified)
    {
        return Ok(*before);
    }
    let settled = SystemTime::now().duration_since(modified).is_ok_and(|age| age > CLOCK_STEP);
    Ok(Seen { length, modified, settled, hash: blake3::hash(&fs::read(path)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_from_everything_else() {
        for (path, viewer, daemon) in [
            ("viewer/src/main.rs", true, false),
            ("viewer/Cargo.toml", true, false),
            ("viewer/src/prices.json", true, false),
            ("viewer/src/new_folder", true, false),
            ("Cargo.lock", true, false),
            ("daemon/src/proxy/mod.rs", false, true),
            ("shared/wire/src/lib.rs", true, true),
            ("proto/ccdump/v1/ccdump.proto", true, true),
        ] {
            assert_eq!(parts(Path::new(path)), Some(Parts { viewer, daemon }), "{path}");
        }
        for path in [
            "",
            "README.md",
            "target/debug/viewer",
            "tests/src/lib.rs",
            "viewer/tests/cli.rs",
            "viewer/src/conversation/tests/mod.rs",
            "viewer/src/view/snapshots/a.snap",
            "viewer/src/.main.rs.swp",
            "viewer/src/main.rs~",
            "viewer/src/#main.rs#",
            "viewer/src/.#main.rs",
            "viewer/src/4913",
            "viewer/.git/index",
            "proto/image.binpb",
            "/etc/passwd",
            "../viewer/src/main.rs",
        ] {
            assert_eq!(parts(Path::new(path)), None, "{path}");
        }
    }

    #[test]
    fn only_another_content_is_a_change() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let file = root.path().join("viewer/src/a.rs");
        fs::create_dir_all(file.parent().expect("a folder")).expect("writable");
        fs::write(&file, "one").expect("writable");
        let mut sources = Sources::read(root.path());
        assert!(sources.changes().is_empty());

        fs::write(&file, "two").expect("writable");
        assert_eq!(
            sources.changes(),
            [Path::new("viewer/src/a.rs")],
            "the same length, and likely the same time"
        );
        fs::write(&file, "two").expect("writable");
        assert!(sources.changes().is_empty(), "saved without a change");

        fs::rename(&file, file.with_file_name("b.rs")).expect("renamed");
        assert_eq!(sources.changes(), [Path::new("viewer/src/a.rs"), Path::new("viewer/src/b.rs")]);
        fs::create_dir_all(root.path().join("daemon/src/proxy")).expect("writable");
        fs::write(root.path().join("daemon/src/proxy/mod.rs"), "").expect("writable");
        fs::write(root.path().join("Cargo.toml"), "").expect("writable");
        assert_eq!(
            sources.changes(),
            [Path::new("Cargo.toml"), Path::new("daemon/src/proxy/mod.rs")]
        );
    }
}
