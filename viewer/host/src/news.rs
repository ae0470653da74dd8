//! What viewers are told about sources and builds, and what of it a new viewer must be told again.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::protocol::{Build, BuildError, Phase, Swapped, ToViewer};

/// So many files are named; more of them change only when a whole tree does.
const MOST_FILES: usize = 100;

#[derive(Debug, Default)]
pub(super) struct News {
    /// Sources that have changed and are not in a binary yet, and since when.
    changed: Change,
    /// Those that are in the binary that is about to run.
    built: Change,
    /// The word on the last build, unless it worked.
    build: Option<Build>,
    stale: Vec<String>,
    stale_at_ms: u64,
}

#[derive(Debug, Default)]
struct Change {
    files: Vec<String>,
    at: Option<Instant>,
    build_ms: u64,
}

impl News {
    /// Sources of the viewer have changed.
    pub(super) fn changed(&mut self, files: Vec<String>, at: Instant) {
        add(&mut self.changed.files, files);
        self.changed.at.get_or_insert(at);
    }

    /// When the first of the sources changed that are not in a binary yet.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        self.changed.at
    }

    /// Sources of the daemon have changed.
    pub(super) fn daemon_changed(&mut self, files: Vec<String>, at: SystemTime) -> ToViewer {
        add(&mut self.stale, files);
        self.stale_at_ms =
            at.duration_since(UNIX_EPOCH).map_or(0, |since| millis(since.as_millis()));
        self.daemon_stale()
    }

    pub(super) fn build_started(&mut self) -> ToViewer {
        // The errors of the last one stay on the screen until this one is done.
        let started = self.word(Phase::Started, 0);
        if self.build.is_none() {
            self.build = Some(started.clone());
        }
        ToViewer::Build(started)
    }

    pub(super) fn build_failed(&mut self, errors: Vec<BuildError>, build_ms: u64) -> ToViewer {
        let failed = Build { errors, ..self.word(Phase::Failed, build_ms) };
        // How long the user thinks about the errors is no part of the swap that follows.
        self.changed.at = None;
        self.build = Some(failed.clone());
        ToViewer::Build(failed)
    }

    /// What has changed is in a binary now.
    pub(super) fn build_succeeded(&mut self, build_ms: u64) -> ToViewer {
        let word = self.word(Phase::Succeeded, build_ms);
        let changed = std::mem::take(&mut self.changed);
        add(&mut self.built.files, changed.files);
        self.built.at = self.built.at.or(changed.at);
        self.built.build_ms = build_ms;
        self.build = None;
        ToViewer::Build(word)
    }

    /// The binary is on the screen, or will never be: what it is made of is no news any more.
    pub(super) fn forget_built(&mut self) {
        self.built = Change::default();
    }

    /// A viewer of what was built last is on the screen. `asked`: when the one before it was told
    /// to leave.
    pub(super) fn swapped(&mut self, asked: Instant, started: Instant, now: Instant) -> Swapped {
        let between = |from: Instant, to: Instant| millis(to.duration_since(from).as_millis());
        let built = std::mem::take(&mut self.built);
        Swapped {
            files: built.files,
            build_ms: built.build_ms,
            handover_ms: between(asked, started),
            first_frame_ms: between(started, now),
            total_ms: between(built.at.unwrap_or(asked), now),
        }
    }

    /// What a new viewer has not heard.
    pub(super) fn again(&self) -> Vec<ToViewer> {
        let stale = (!self.stale.is_empty()).then(|| self.daemon_stale());
        self.build.clone().map(ToViewer::Build).into_iter().chain(stale).collect()
    }

    fn daemon_stale(&self) -> ToViewer {
        ToViewer::DaemonStale { files: self.stale.clone(), changed_at_ms: self.stale_at_ms }
    }

    fn word(&self, phase: Phase, millis: u64) -> Build {
        Build { phase, files: self.changed.files.clone(), errors: Vec::new(), millis }
    }
}

fn add(files: &mut Vec<String>, more: Vec<String>) {
    for file in more {
        if files.len() < MOST_FILES && !files.contains(&file) {
            files.push(file);
        }
    }
}

pub(super) fn millis(millis: u128) -> u64 {
    u64::try_from(millis).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn files(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_swap_names_all_that_changed_since_the_one_before_and_counts_from_the_save_that_built() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut news = News::default();
        news.changed(files(&["a.rs"]), at(0));
        news.build_started();
        news.build_failed(vec![BuildError::default()], 300);
        news.changed(files(&["b.rs", "a.rs"]), at(1000));
        news.build_started();
        news.build_succeeded(800);
        // Saved while the viewer of the build starts: that is for the next one.
        news.changed(files(&["c.rs"]), at(1810));
        let expected = Swapped {
            files: files(&["a.rs", "b.rs"]),
            build_ms: 800,
            handover_ms: 20,
            first_frame_ms: 35,
            total_ms: 875,
        };
        assert_eq!(news.swapped(at(1820), at(1840), at(1875)), expected);
        news.build_succeeded(700);
        assert_eq!(news.swapped(at(2600), at(2610), at(2650)).files, ["c.rs"]);
    }

    #[test]
    fn a_new_viewer_hears_of_errors_that_are_still_there_and_of_a_stale_daemon() {
        let mut news = News::default();
        assert_eq!(news.again(), []);
        let failed = news.build_failed(
            vec![BuildError { message: "no".to_owned(), ..BuildError::default() }],
            300,
        );
        let stale = news
            .daemon_changed(files(&["daemon/src/main.rs"]), UNIX_EPOCH + Duration::from_millis(5));
        assert_eq!(
            stale,
            ToViewer::DaemonStale { files: files(&["daemon/src/main.rs"]), changed_at_ms: 5 }
        );
        news.build_started();
        assert_eq!(news.again(), [failed, stale.clone()]);
        news.build_succeeded(800);
        assert_eq!(news.again(), [stale]);
    }

    #[test]
    fn a_whole_tree_that_changes_is_not_named_file_by_file() {
        let mut news = News::default();
        news.changed((0..10_000).map(|number| number.to_string()).collect(), Instant::now());
        let ToViewer::Build(word) = news.build_started() else { panic!("no word on a build") };
        assert_eq!(word.files.len(), MOST_FILES);
    }
}
