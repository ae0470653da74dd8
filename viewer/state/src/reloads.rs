//! Hot reload, as the host tells of it: builds, errors, swaps, a daemon that is older than its
//! source.

use std::collections::VecDeque;

use ccdump_client::text::{clean_line, units};
use ccdump_host::protocol::{Build, BuildError, Phase, Swapped, ToViewer};

use super::Weight;

/// Lines of the log that are kept for the panel.
const LINES: usize = 200;

#[derive(Debug, Default)]
pub struct Reloads {
    /// A host runs this viewer.
    pub hosted: bool,
    /// A build is on its way.
    pub building: bool,
    /// Of the last build, until one works.
    pub errors: Vec<BuildError>,
    /// The one that is shown.
    pub chosen: usize,
    /// The person does not want to see them now.
    pub put_away: bool,
    /// The daemon's sources that have changed since it started.
    pub stale: Vec<String>,
    stale_at_ms: u64,
    /// What has happened, oldest first.
    pub log: VecDeque<String>,
    /// The log is open: its first line on the screen, counted from the newest.
    pub panel: Option<u16>,
}

impl Reloads {
    /// Takes in what the host says; gives what is worth a notice.
    pub fn hear(
        &mut self,
        message: ToViewer,
        daemon_started_ms: Option<u64>,
    ) -> Option<(Weight, String)> {
        let (weight, words) = match message {
            ToViewer::Build(build) => return self.build(build),
            ToViewer::Swapped(swapped) => (Weight::Good, swap(&swapped)),
            ToViewer::RolledBack { reason } => {
                (Weight::Warning, format!("back to the last good viewer: {}", gist(&reason)))
            }
            ToViewer::Restarted { reason } => {
                (Weight::Warning, format!("started again: {}", gist(&reason)))
            }
            ToViewer::DaemonStale { files, changed_at_ms } => {
                self.stale_at_ms = changed_at_ms;
                self.stale = files.iter().map(|file| clean_line(file)).collect();
                self.daemon_started(daemon_started_ms);
                if self.stale.is_empty() {
                    return None;
                }
                (
                    Weight::Warning,
                    format!("the daemon is older than the source ({})", names(&self.stale)),
                )
            }
            ToViewer::Hello { .. } | ToViewer::HandOver | ToViewer::Unknown => return None,
        };
        self.note(&words);
        Some((weight, words))
    }

    /// A daemon that started after the change is made of it.
    pub fn daemon_started(&mut self, started_ms: Option<u64>) {
        if started_ms.is_some_and(|started| started > self.stale_at_ms) {
            self.stale.clear();
        }
    }

    /// The error that is shown.
    pub fn error(&self) -> Option<&BuildError> {
        self.errors.get(self.chosen).filter(|_| !self.put_away)
    }

    pub fn step(&mut self, forward: bool) {
        self.put_away = false;
        let last = self.errors.len().saturating_sub(1);
        self.chosen =
            if forward { (self.chosen + 1).min(last) } else { self.chosen.saturating_sub(1) };
    }

    fn build(&mut self, build: Build) -> Option<(Weight, String)> {
        let files = names(&build.files);
        self.building = build.phase == Phase::Started;
        match build.phase {
            Phase::Started => {
                self.note(&format!("building: {files}"));
                None
            }
            Phase::Succeeded => {
                self.errors.clear();
                self.note(&format!("built in {}: {files}", milliseconds(build.millis)));
                None
            }
            Phase::Failed => {
                let count = units::plural(build.errors.len(), "error");
                self.note(&format!(
                    "the build failed after {}, {count}: {files}",
                    milliseconds(build.millis)
                ));
                self.errors = build.errors;
                self.chosen = 0;
                self.put_away = false;
                None
            }
            Phase::Unknown => None,
        }
    }

    fn note(&mut self, words: &str) {
        if self.log.len() >= LINES {
            self.log.pop_front();
        }
        self.log.push_back(format!("[hot-reload] {words}"));
    }
}

/// `reloaded viewer/src/view/top.rs · build 830 ms · hand-over 20 ms · first frame 35 ms`
fn swap(swapped: &Swapped) -> String {
    let Swapped { files, build_ms, handover_ms, first_frame_ms, total_ms } = swapped;
    format!(
        "reloaded {} in {} · build {} · hand-over {} · first frame {}",
        names(files),
        milliseconds(*total_ms),
        milliseconds(*build_ms),
        milliseconds(*handover_ms),
        milliseconds(*first_frame_ms)
    )
}

fn milliseconds(millis: u64) -> String {
    units::duration(millis.saturating_mul(1000))
}

/// The first file, and how many more.
fn names(files: &[String]) -> String {
    match files {
        [] => "nothing".to_owned(),
        [only] => clean_line(only),
        [first, rest @ ..] => format!("{} and {} more", clean_line(first), rest.len()),
    }
}

/// What a viewer said when it died; where it said nothing, how it ended, which is the first line.
fn gist(reason: &str) -> String {
    let mut lines = reason.lines().map(str::trim).filter(|line| !line.is_empty());
    let how = lines.next().unwrap_or("no reason given");
    let words: Vec<&str> = lines.collect();
    clean_line(&if words.is_empty() { how.to_owned() } else { words.join(" ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(phase: Phase, errors: &[&str]) -> ToViewer {
        let errors = errors
            .iter()
            .map(|message| BuildError { message: (*message).to_owned(), ..BuildError::default() })
            .collect();
        ToViewer::Build(Build {
            phase,
            files: vec!["viewer/src/a.rs".to_owned()],
            errors,
            millis: 830,
        })
    }

    #[test]
    fn errors_stay_until_a_build_works_and_can_be_stepped_through() {
        let mut reloads = Reloads::default();
        reloads.hear(build(Phase::Started, &[]), None);
        assert!(reloads.building && reloads.error().is_none());
        reloads.hear(build(Phase::Failed, &["one", "two"]), None);
        assert_eq!(
            (reloads.building, reloads.error().map(|error| error.message.as_str())),
            (false, Some("one"))
        );
        reloads.step(true);
        reloads.step(true);
        assert_eq!(reloads.error().map(|error| error.message.as_str()), Some("two"));
        reloads.put_away = true;
        assert!(reloads.error().is_none());
        reloads.hear(build(Phase::Started, &[]), None);
        assert_eq!(reloads.errors.len(), 2, "they are still true");
        reloads.hear(build(Phase::Succeeded, &[]), None);
        assert!(reloads.errors.is_empty());
        assert!(
            reloads.log.iter().all(|line| line.starts_with("[hot-reload] "))
                && reloads.log.len() == 4
        );
    }

    #[test]
    fn why_a_viewer_failed_comes_before_all_that_may_be_cut_off() {
        let mut reloads = Reloads::default();
        let mut told = |reason: &str| {
            let reason = reason.to_owned();
            reloads
                .hear(ToViewer::RolledBack { reason }, None)
                .map(|(_, words)| words)
                .unwrap_or_default()
        };
        assert_eq!(
            told("no first frame within 2000 ms"),
            "back to the last good viewer: no first frame within 2000 ms"
        );
        let panic = "exit status: 1\npanicked at viewer/src/main.rs:7:1:\n  no \u{1b}[2Jway\n";
        assert_eq!(
            told(panic),
            "back to the last good viewer: panicked at viewer/src/main.rs:7:1: no way"
        );
        assert_eq!(told(""), "back to the last good viewer: no reason given");
    }

    #[test]
    fn a_swap_is_told_with_its_times_and_a_daemon_that_is_younger_than_the_change_is_not_stale() {
        let mut reloads = Reloads::default();
        let files = vec!["viewer/src/a.rs".to_owned(), "b".to_owned()];
        let swapped =
            Swapped { files, build_ms: 830, handover_ms: 20, first_frame_ms: 35, total_ms: 900 };
        let told = reloads.hear(ToViewer::Swapped(swapped), None).map(|(_, words)| words);
        let wanted = "reloaded viewer/src/a.rs and 1 more in 900 ms · build 830 ms · hand-over 20 ms · first frame 35 ms";
        assert_eq!(told.as_deref(), Some(wanted));
        let stale = || ToViewer::DaemonStale {
            files: vec!["daemon/src/x.rs".to_owned()],
            changed_at_ms: 1000,
        };
        assert!(reloads.hear(stale(), Some(2000)).is_none() && reloads.stale.is_empty());
        assert!(reloads.hear(stale(), Some(500)).is_some());
        reloads.daemon_started(Some(3000));
        assert!(reloads.stale.is_empty());
    }
}
