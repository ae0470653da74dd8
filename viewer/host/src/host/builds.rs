//! What changed sources and finished builds lead to.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use ccdump_client::text::units::plural;

use super::{
    super::{
        DevError,
        binary::Written,
        build::{Build, Outcome},
        life::Step,
        log::What,
        news::millis,
        protocol::BuildError,
        watch::Changes,
    },
    Builder, Host, Next,
};

impl Host {
    pub(super) fn changed(&mut self, changes: Changes) -> Result<(), DevError> {
        if !changes.daemon.is_empty() {
            self.log.line(&format!(
                "the daemon is older than its source: {}",
                changes.daemon.join(", ")
            ));
            let message = self.news.daemon_changed(changes.daemon, SystemTime::now());
            self.tell(&message);
        }
        if changes.viewer.is_empty() {
            return Ok(());
        }
        self.log.line(&format!("changed: {}", changes.viewer.join(", ")));
        if let Builder::Own(tools) = &mut self.builder {
            tools.changed(&changes.viewer);
        }
        self.news.changed(changes.viewer, changes.at);
        self.start_build()
    }

    pub(super) fn start_build(&mut self) -> Result<(), DevError> {
        let Builder::Own(tools) = &self.builder else { return Ok(()) };
        // One that is on its way builds yesterday's sources: it is ended, and gives the folder
        // free.
        self.build = None;
        self.fails = false;
        self.builds = self.builds.saturating_add(1);
        self.build = Some(
            Build::start(self.builds, &tools.command(), self.events.clone())
                .map_err(DevError::Cargo)?,
        );
        let message = self.news.build_started();
        self.tell(&message);
        Ok(())
    }

    /// The first error is shown at once; the compiler takes as long again to find and write the
    /// others.
    pub(super) fn fails(&mut self, number: u64, error: BuildError, took: Duration) {
        if self.is_building(number) && !self.fails {
            self.fails = true;
            let build_ms = millis(took.as_millis());
            self.log.record(What::Failed { build_ms });
            let message = self.news.build_failed(vec![error], build_ms);
            self.tell(&message);
        }
    }

    fn is_building(&self, number: u64) -> bool {
        self.build.as_ref().is_some_and(|build| build.number == number)
    }

    pub(super) fn built(
        &mut self,
        number: u64,
        outcome: Outcome,
        now: Instant,
    ) -> Result<Next, DevError> {
        if !self.is_building(number) {
            return Ok(Next::Event);
        }
        self.build = None;
        match outcome {
            Outcome::Made { executable, took } => {
                let Builder::Own(tools) = &mut self.builder else { return Ok(Next::Event) };
                tools.built();
                let libraries = tools.libraries(&executable);
                self.made(&executable, &libraries, Written::Anew, took, now)
            }
            Outcome::Failed { errors, took } => {
                let odd = errors.iter().all(|error| error.file.is_none());
                if let Builder::Own(tools) = &mut self.builder
                    && odd
                    && tools.failed_oddly()
                {
                    return self.start_build().map(|()| Next::Event);
                }
                self.not_made(errors, took, now)
            }
        }
    }

    pub(super) fn replaced(&mut self, at: Instant) -> Result<Next, DevError> {
        let Builder::External(binary) = &self.builder else { return Ok(Next::Event) };
        let took =
            self.news.waiting_since().map_or(Duration::ZERO, |since| at.duration_since(since));
        self.made(&binary.clone(), &[], Written::Unknown, took, Instant::now())
    }

    fn made(
        &mut self,
        executable: &Path,
        libraries: &[PathBuf],
        written: Written,
        took: Duration,
        now: Instant,
    ) -> Result<Next, DevError> {
        let build_ms = millis(took.as_millis());
        match self.binaries.take(executable, libraries, written) {
            Ok(binary) => {
                let message = self.news.build_succeeded(build_ms);
                self.tell(&message);
                let Some(binary) = binary else {
                    self.log.line(&format!("built in {build_ms} ms: the same program as before"));
                    self.news.forget_built();
                    return Ok(Next::Event);
                };
                self.log.line(&format!("built in {build_ms} ms"));
                if self.busy {
                    self.log.line("the swap waits until the editor is closed");
                    self.deferred = Some(binary);
                    return Ok(Next::Event);
                }
                let step = self.life.built(binary, now);
                self.carry_out(step, now)
            }
            Err(error) => {
                let message = format!("cannot keep {}: {error}", executable.display());
                self.not_made(
                    vec![BuildError {
                        rendered: message.clone(),
                        message,
                        ..BuildError::default()
                    }],
                    took,
                    now,
                )
            }
        }
    }

    /// The viewer does not hold up a swap any more.
    pub(super) fn free(&mut self, now: Instant) -> Result<Next, DevError> {
        self.busy = false;
        let step =
            self.deferred.take().map_or(Step::Nothing, |binary| self.life.built(binary, now));
        self.carry_out(step, now)
    }

    fn not_made(
        &mut self,
        errors: Vec<BuildError>,
        took: Duration,
        now: Instant,
    ) -> Result<Next, DevError> {
        let build_ms = millis(took.as_millis());
        self.log.line(&format!(
            "the build failed after {build_ms} ms, with {}",
            plural(errors.len(), "error")
        ));
        for error in &errors {
            let place = error
                .file
                .iter()
                .zip(error.line)
                .map(|(file, line)| format!("{file}:{line}: "))
                .next();
            self.log.line(&format!(
                "  {}{}",
                place.unwrap_or_default(),
                error.message.lines().next().unwrap_or_default()
            ));
        }
        if !self.fails {
            self.log.record(What::Failed { build_ms });
        }
        let rendered: Vec<&str> = errors.iter().map(|error| error.rendered.as_str()).collect();
        let rendered = rendered.join("\n");
        let message = self.news.build_failed(errors, build_ms);
        self.tell(&message);
        if self.life.has_viewer() {
            return Ok(Next::Event);
        }
        // What ran well when this workspace was last worked on can at least show the errors.
        if let Some(good) = self.binaries.good() {
            let step = self.life.fall_back(good, now);
            return self.carry_out(step, now);
        }
        self.display.draw(
            "ccdump-view does not build. The next change starts another build.".to_owned(),
            rendered,
            "r retry  q quit",
        )?;
        Ok(Next::Event)
    }
}
