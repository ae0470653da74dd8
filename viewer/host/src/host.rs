//! The host itself: one loop over one ordered channel of events. It decides nothing that [`Life`]
//! decides, and draws nothing while a viewer lives.

mod builds;
mod standby;
mod viewers;

use std::{
    collections::VecDeque,
    path::PathBuf,
    rc::Rc,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender},
    time::{Duration, Instant},
};

use super::{
    DevError, Event, Signal,
    binary::{Binaries, Binary},
    build::Build,
    child::{Setting, Viewer},
    compiler::Tools,
    display::Display,
    input::{CTRL_C, Hold, Insistence},
    life::{LEAVE_WITHIN, Life, Step, Why},
    log::Log,
    news::News,
    protocol::{ToViewer, ViewState},
};
use standby::Standby;

/// When a viewer's terminal has no room for what was typed, it is tried again after this time.
const TYPE_AGAIN: Duration = Duration::from_millis(10);

/// Who builds.
#[derive(Debug)]
pub(super) enum Builder {
    /// The host.
    Own(Tools),
    /// Somebody else, who replaces this binary.
    External(PathBuf),
}

#[derive(Debug)]
pub(super) struct Host {
    builder: Builder,
    setting: Setting,
    display: Display,
    binaries: Binaries,
    log: Log,
    life: Life,
    events: SyncSender<Event>,
    hold: Hold,
    insistence: Insistence,
    news: News,
    build: Option<Build>,
    builds: u64,
    /// Whether the build is known to fail.
    fails: bool,
    viewer: Option<Viewer>,
    standby: Option<Standby>,
    /// What came of the current viewer while it stood by: comes before all else.
    kept: VecDeque<Event>,
    viewers: u64,
    /// Whether the viewer is given what is typed.
    reads: bool,
    /// Why the viewer was started, until it is ready.
    why: Why,
    /// The person is in an editor on the viewer's terminal: what is built meanwhile waits.
    busy: bool,
    deferred: Option<Rc<Binary>>,
    /// When the one before it was asked to leave.
    asked: Option<Instant>,
    /// When it was known that a viewer had failed that was not replaced yet.
    failed: Option<Instant>,
    /// The view-state name to pass on.
    view: Option<String>,
    state: Option<ViewState>,
}

/// Whether the host goes on.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Event,
    End,
}

impl Host {
    #[expect(
        clippy::too_many_arguments,
        reason = "these are its parts, and they are put together in one place"
    )]
    pub(super) fn new(
        builder: Builder,
        setting: Setting,
        display: Display,
        binaries: Binaries,
        log: Log,
        life: Life,
        view: Option<String>,
        events: SyncSender<Event>,
    ) -> Self {
        Self {
            builder,
            setting,
            display,
            binaries,
            log,
            life,
            events,
            hold: Hold::default(),
            insistence: Insistence::default(),
            news: News::default(),
            build: None,
            builds: 0,
            fails: false,
            viewer: None,
            standby: None,
            kept: VecDeque::new(),
            viewers: 0,
            reads: false,
            why: Why::First,
            busy: false,
            deferred: None,
            asked: None,
            failed: None,
            view,
            state: None,
        }
    }

    /// Runs until the user, the terminal or a signal ends it. Then no viewer and no cargo is left.
    pub(super) fn run(mut self, inbox: &Receiver<Event>) -> Result<(), DevError> {
        self.begin()?;
        loop {
            let event = match (self.kept.pop_front(), self.deadline()) {
                (Some(event), _) => Ok(event),
                (None, None) => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                (None, Some(at)) => {
                    inbox.recv_timeout(at.saturating_duration_since(Instant::now()))
                }
            };
            let now = Instant::now();
            let next = match event {
                Ok(event) => self.event(event, now)?,
                Err(RecvTimeoutError::Timeout) => Next::Event,
                Err(RecvTimeoutError::Disconnected) => Next::End,
            };
            if next == Next::End || self.tick(now)? == Next::End {
                break;
            }
        }
        self.end(inbox);
        Ok(())
    }

    fn begin(&mut self) -> Result<(), DevError> {
        self.log.line("a session begins");
        match &self.builder {
            Builder::Own(_) => {
                self.display.draw(
                    "ccdump-view is being built".to_owned(),
                    String::new(),
                    "q quit",
                )?;
                self.start_build()
            }
            Builder::External(binary) => {
                let title = format!("waiting for {}", binary.display());
                self.display.draw(title, String::new(), "q quit")?;
                // If it is there already; otherwise the watch finds it.
                if binary.exists() { self.replaced(Instant::now()).map(drop) } else { Ok(()) }
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let typing = (self.reads && !self.hold.is_empty()).then(|| Instant::now() + TYPE_AGAIN);
        [self.life.deadline(), self.display.deadline(), typing].into_iter().flatten().min()
    }

    fn tick(&mut self, now: Instant) -> Result<Next, DevError> {
        self.display.tick(now)?;
        self.give_input();
        let step = self.life.tick(now);
        self.carry_out(step, now)
    }

    fn event(&mut self, event: Event, now: Instant) -> Result<Next, DevError> {
        if let Some(standby) = self.standby.as_mut().filter(|standby| standby.concerns(&event)) {
            if !standby.keep(event) {
                self.standby = None;
            }
            return Ok(Next::Event);
        }
        match event {
            Event::Typed(bytes) => return self.typed(&bytes, now),
            Event::Wrote(id, bytes) => self.display.write(id, &bytes, now)?,
            Event::Heard(id, heard) if self.is_current(id) => return self.heard(heard, now),
            Event::Ended(id) if self.is_current(id) => return self.ended(now),
            // Of a viewer that is gone.
            Event::Heard(..) | Event::Ended(_) => {}
            Event::Changed(changes) => self.changed(changes)?,
            Event::Fails(number, error, took) => self.fails(number, error, took),
            Event::Built(number, outcome) => return self.built(number, outcome, now),
            Event::Replaced(at) => return self.replaced(at),
            Event::Signal(Signal::Resized) => {
                let size = self.display.resize()?;
                // One that is gone needs no size.
                let _ = self.viewer.as_ref().map(|viewer| viewer.pty.resize(size));
                let _ = self.standby.as_ref().map(|standby| standby.resize(size));
            }
            Event::Signal(Signal::End) | Event::TerminalGone => return Ok(Next::End),
        }
        Ok(Next::Event)
    }

    fn is_current(&self, id: u64) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| viewer.id == id)
    }

    // Keys.

    fn typed(&mut self, bytes: &[u8], now: Instant) -> Result<Next, DevError> {
        if self.life.has_viewer() {
            if self.insistence.ends(bytes, now) {
                self.log.line("the user insists on leaving");
                return Ok(Next::End);
            }
            if !self.hold.add(bytes) {
                self.log.line(&format!(
                    "{} bytes of input are lost: the viewer does not read, and no more can be held",
                    bytes.len()
                ));
            }
            self.give_input();
            return Ok(Next::Event);
        }
        if bytes.iter().any(|byte| matches!(*byte, b'q' | CTRL_C)) {
            return Ok(Next::End);
        }
        if bytes.contains(&b'r') {
            let step = self.life.retry(now);
            if step == Step::Nothing && self.build.is_none() {
                self.start_build()?;
            }
            return self.carry_out(step, now);
        }
        Ok(Next::Event)
    }

    fn give_input(&mut self) {
        if let Some(viewer) = self.viewer.as_ref().filter(|_| self.reads) {
            // One that is gone does not read; what it was given is had back when it is reaped.
            let _ = self.hold.give(|bytes| viewer.pty.write(bytes));
        }
    }

    /// Does what was decided, and what follows from it.
    fn carry_out(&mut self, mut step: Step, now: Instant) -> Result<Next, DevError> {
        loop {
            step = match step {
                Step::Nothing => return Ok(Next::Event),
                Step::Quit => return Ok(Next::End),
                Step::Start(binary, why) => self.start(&binary, why, now),
                Step::AskToLeave => {
                    self.reads = false;
                    self.asked = Some(now);
                    self.failed = None;
                    if let Some(viewer) = &mut self.viewer {
                        viewer.tell(&ToViewer::HandOver);
                    }
                    self.stand_by();
                    Step::Nothing
                }
                Step::Kill => {
                    self.log.line("the viewer hangs, and is killed");
                    self.failed.get_or_insert(now);
                    if let Some(viewer) = &self.viewer {
                        viewer.kill();
                    }
                    Step::Nothing
                }
                Step::Proven(binary) => {
                    if let Err(error) = self.binaries.set_good(&binary) {
                        self.log.line(&format!("cannot keep the good binary: {error}"));
                    }
                    Step::Nothing
                }
                Step::GiveUp(reason) => {
                    // Nobody is there for whom it was meant.
                    self.hold.clear();
                    self.failed = None;
                    self.display.draw(
                        "The viewer cannot run. The next change that builds starts it again."
                            .to_owned(),
                        reason,
                        "r retry  q quit",
                    )?;
                    Step::Nothing
                }
            };
        }
    }

    /// Tells the viewer, if one is there and ready. A later one hears of it from [`News::again`].
    fn tell(&mut self, message: &ToViewer) {
        if let Some(viewer) = self.viewer.as_mut().filter(|_| self.reads) {
            viewer.tell(message);
        }
    }

    // The end.

    /// Lets the viewer save its state; ends it if that takes long.
    fn end(&mut self, inbox: &Receiver<Event>) {
        self.build = None;
        self.standby = None;
        if let Some(mut viewer) = self.viewer.take() {
            viewer.tell(&ToViewer::HandOver);
            let until = Instant::now() + LEAVE_WITHIN;
            // Events must be taken off the channel, or the viewer's output would stop it.
            while let Ok(event) =
                inbox.recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                if matches!(event, Event::Ended(id) if id == viewer.id) {
                    break;
                }
            }
        }
        self.log.line("the session ends");
    }
}
