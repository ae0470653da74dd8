//! One viewer after the other: how each is started, what it says, how it ends.

use std::{io, mem, rc::Rc, time::Instant};

use super::{
    super::{
        DevError,
        binary::Binary,
        child::Viewer,
        life::{End, Step, Why},
        log::What,
        news::millis,
        protocol::{FromViewer, Heard, ToViewer, VERSION},
    },
    Host, Next,
    standby::Standby,
};

impl Host {
    pub(super) fn heard(
        &mut self,
        heard: Heard<FromViewer>,
        now: Instant,
    ) -> Result<Next, DevError> {
        let Some(viewer) = &mut self.viewer else { return Ok(Next::Event) };
        match heard {
            Heard::Message(FromViewer::Hello { .. }) => {
                viewer.tell(&ToViewer::Hello {
                    version: VERSION,
                    view: self.view.clone(),
                    state: self.state.clone(),
                });
            }
            Heard::Message(FromViewer::Ready { notices, .. }) => {
                notices
                    .iter()
                    .for_each(|notice| self.log.line(&format!("the viewer says: {notice}")));
                return self.ready(now);
            }
            Heard::Message(FromViewer::State(state)) => {
                if !state.name.is_empty() {
                    self.view = Some(state.name.clone());
                }
                self.state = Some(state);
            }
            Heard::Message(FromViewer::Leaving { why }) => viewer.says_it_leaves(why),
            Heard::Message(FromViewer::Failed { message }) | Heard::Words(message) => {
                viewer.says(&message)
            }
            Heard::Message(FromViewer::Busy { busy: true }) => self.busy = true,
            Heard::Message(FromViewer::Busy { busy: false }) => return self.free(now),
            Heard::Message(FromViewer::Unknown) => {}
        }
        Ok(Next::Event)
    }

    fn ready(&mut self, now: Instant) -> Result<Next, DevError> {
        let Some(viewer) = self.viewer.as_mut().filter(|_| !self.reads && self.life.starts())
        else {
            return Ok(Next::Event);
        };
        self.display.show(viewer.id, now)?;
        let first_frame = millis(now.duration_since(viewer.started).as_millis());
        match mem::replace(&mut self.why, Why::First) {
            Why::First => self.log.line(&format!("the first frame came after {first_frame} ms")),
            Why::Swap => {
                let swapped = self.news.swapped(
                    self.asked.take().unwrap_or(viewer.started),
                    viewer.started,
                    now,
                );
                self.log.line(&format!(
                    "swapped after {} ms (build {}, hand-over {}, first frame {}): {}",
                    swapped.total_ms,
                    swapped.build_ms,
                    swapped.handover_ms,
                    swapped.first_frame_ms,
                    swapped.files.join(", ")
                ));
                self.log.record(What::Swap(swapped.clone()));
                viewer.tell(&ToViewer::Swapped(swapped));
            }
            Why::RolledBack(reason) => viewer.tell(&ToViewer::RolledBack { reason }),
            Why::Restarted(reason) => viewer.tell(&ToViewer::Restarted { reason }),
        }
        if let Some(failed) = self.failed.take() {
            let took_ms = millis(now.duration_since(failed).as_millis());
            self.log.line(&format!("a viewer is back {took_ms} ms after the failure"));
            self.log.record(What::Recovered { took_ms });
        }
        self.news.again().iter().for_each(|message| viewer.tell(message));
        self.reads = true;
        self.give_input();
        let step = self.life.ready(now);
        self.carry_out(step, now)
    }

    pub(super) fn ended(&mut self, now: Instant) -> Result<Next, DevError> {
        let Some(mut viewer) = self.viewer.take() else { return Ok(Next::Event) };
        self.reads = false;
        let end = viewer.reap();
        self.hold.put_first(viewer.pty.unread());
        if let End::Died(reason) = &end {
            self.log.line(&format!("the viewer died: {reason}"));
            self.failed.get_or_insert(now);
        }
        let step = self.life.ended(end, now);
        if self.carry_out(step, now)? == Next::End { Ok(Next::End) } else { self.free(now) }
    }

    pub(super) fn start(&mut self, binary: &Rc<Binary>, why: Why, now: Instant) -> Step {
        match &why {
            Why::First | Why::Swap => {}
            Why::RolledBack(reason) => {
                self.news.forget_built();
                self.log.line(&format!("back to the last good viewer: {}", first_line(reason)));
            }
            Why::Restarted(reason) => {
                self.log.line(&format!("the viewer is started again: {}", first_line(reason)))
            }
        }
        let (viewer, kept) = match self.standby.take().and_then(|standby| standby.come(binary)) {
            Some((viewer, kept)) => (Ok(viewer), kept),
            None => (self.start_viewer(binary), Vec::new()),
        };
        match viewer {
            Ok(mut viewer) => {
                viewer.started = Instant::now();
                self.display.expect(viewer.id);
                self.viewer = Some(viewer);
                self.kept.extend(kept);
                self.why = why;
                Step::Nothing
            }
            Err(error) => self.life.ended(
                End::Died(format!("cannot start {}: {error}", binary.path().display())),
                now,
            ),
        }
    }

    /// Starts the viewer that comes next. One that cannot be started now is tried again when its
    /// time has come.
    pub(super) fn stand_by(&mut self) {
        let Some(next) = self.life.next().cloned() else { return };
        let viewer = self.start_viewer(&next).ok();
        self.standby = viewer.map(|viewer| Standby::new(next, viewer));
    }

    fn start_viewer(&mut self, binary: &Binary) -> io::Result<Viewer> {
        self.viewers = self.viewers.saturating_add(1);
        Viewer::start(
            self.viewers,
            &binary.path(),
            &self.setting,
            self.display.size(),
            &self.events,
        )
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
