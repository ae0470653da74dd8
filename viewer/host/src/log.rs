//! The host's log, for people, and its record of swaps, for `--report`: two files in
//! `$XDG_STATE_HOME/ccdump`.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process,
};

use ccdump_client::text::clean_line;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::protocol::Swapped;

/// A file that has grown beyond this, in bytes, is put aside when the next host starts.
const LONGEST: u64 = 1024 * 1024;

/// What a session's record is made of: a line of JSON each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Of the host: when it started, and its process.
    pub(super) session: String,
    #[serde(flatten)]
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(super) enum What {
    Swap(Swapped),
    /// The sources did not build.
    Failed {
        build_ms: u64,
    },
    /// A viewer failed; so long after that was known another one was on the screen.
    Recovered {
        took_ms: u64,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug)]
pub(super) struct Log {
    session: String,
    text: File,
    record: File,
}

impl Log {
    /// In `folder`, which is made.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Ok(Self {
            session: format!("{}-{}", Timestamp::now().as_millisecond(), process::id()),
            text: append(&text_path(folder))?,
            record: append(&record_path(folder))?,
        })
    }

    /// One line for people, or several. That it cannot be written (a full disk) stops nothing.
    pub(super) fn line(&mut self, text: &str) {
        let at = Timestamp::now();
        for line in text.lines() {
            // It may be what a viewer said when it died, and it is read with cat.
            let _ = writeln!(self.text, "{at:.3} [hot-reload] {}", clean_line(line));
        }
    }

    /// One line for `--report`.
    pub(super) fn record(&mut self, what: What) {
        let entry = Entry { session: self.session.clone(), what };
        let _ = self.record.write_all(&super::protocol::line(&entry));
    }
}

pub(super) fn text_path(folder: &Path) -> PathBuf {
    folder.join("hot-reload.log")
}

pub(super) fn record_path(folder: &Path) -> PathBuf {
    folder.join("hot-reload.jsonl")
}

fn append(path: &Path) -> io::Result<File> {
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() > LONGEST) {
        let mut old = path.as_os_str().to_owned();
        old.push(".old");
        fs::rename(path, old)?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn nobody_else_can_read_it_and_it_does_not_grow_for_ever() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let folder = folder.path().join("state/ccdump");
        Log::open(&folder).expect("writable").line("one\n\x1b]0;title\x07two");
        let text = fs::read_to_string(text_path(&folder)).expect("readable");
        assert_eq!(text.matches("Z [hot-reload] ").count(), 2, "{text}");
        assert!(text.ends_with("] two\n"), "{text:?}");
        for path in [text_path(&folder), record_path(&folder)] {
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        }

        fs::write(text_path(&folder), vec![b'x'; LONGEST as usize + 1]).expect("writable");
        Log::open(&folder).expect("writable").line("three");
        assert!(fs::metadata(text_path(&folder)).expect("there").len() < 100);
        assert!(folder.join("hot-reload.log.old").exists());
    }
}
