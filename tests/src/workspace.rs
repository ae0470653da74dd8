//! A copy of a workspace's sources, for tests that edit them.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
};

/// What is not copied: what was built, and what is no source.
const LEFT_OUT: [&str; 3] = ["target", ".git", "docs"];

/// Kept from run to run with what was built in it, so that only the first one builds everything.
/// One test at a time has it.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
    _lock: File,
}

impl Workspace {
    /// Brings the copy in `folder` to what the sources in `tree` are now, and waits for whoever has
    /// it.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn copy(tree: &Path, folder: &Path) -> Self {
        fs::create_dir_all(folder).expect("writable");
        let lock = File::create(folder.join("lock")).expect("writable");
        lock.lock().expect("nobody keeps it for ever");
        let root = folder.join("sources");
        mirror(tree, &root);
        Self { root, _lock: lock }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The one source of the viewer that holds `text` outside of its tests, as a path from the
    /// root.
    ///
    /// # Panics
    /// When there is none, or more than one.
    pub fn source_with(&self, text: &str) -> PathBuf {
        let mut found = Vec::new();
        let mut left = vec![self.root.join("viewer")];
        while let Some(folder) = left.pop() {
            for path in entries(&folder) {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if path.is_dir() {
                    left.extend((name != "tests" && name != "snapshots").then_some(path));
                } else if name.ends_with(".rs") && name != "tests.rs" && read(&path).contains(text)
                {
                    found.push(path);
                }
            }
        }
        let [only] = found.as_slice() else {
            panic!("{text:?} is in {found:?}, and should be in one file")
        };
        only.strip_prefix(&self.root).expect("below the root").to_owned()
    }

    /// Replaces `old` by `new` wherever it stands in that file, and saves it.
    ///
    /// # Panics
    /// When it is not in there.
    pub fn edit(&self, file: &Path, old: &str, new: &str) {
        let before = read(&self.root.join(file));
        assert!(before.contains(old), "no {old:?} in {}", file.display());
        self.save(file, &before.replace(old, new));
    }

    /// Writes that file, as an editor saves: in one step.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn save(&self, file: &Path, source: &str) {
        let path = self.root.join(file);
        let saved = path.with_extension("rs~");
        fs::write(&saved, source).expect("writable");
        fs::rename(saved, path).expect("renamed");
    }
}

/// Files that are the same stay as they are: a builder would take them for changed.
fn mirror(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("writable");
    let mut names = BTreeSet::new();
    for path in entries(from) {
        let name = path.file_name().unwrap_or_default().to_owned();
        if LEFT_OUT.iter().any(|left_out| name == *left_out) {
            continue;
        }
        let copy = to.join(&name);
        if path.is_dir() {
            mirror(&path, &copy);
        } else {
            let content = fs::read(&path).expect("readable");
            if fs::read(&copy).ok().as_ref() != Some(&content) {
                fs::write(&copy, content).expect("writable");
            }
        }
        names.insert(name);
    }
    for gone in entries(to) {
        let name = gone.file_name().unwrap_or_default().to_owned();
        if !names.contains(&name) && name != "target" {
            let removed =
                if gone.is_dir() { fs::remove_dir_all(&gone) } else { fs::remove_file(&gone) };
            removed.expect("ours");
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", folder.display()));
    entries.flatten().map(|entry| entry.path()).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}
