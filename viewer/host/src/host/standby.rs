//! The viewer that comes next, started while the one before it still leaves: what it needs before
//! its first frame is done by then.
//!
//! It gets no answer to its hello, and nothing of it is seen, before it is the current one.

use std::{io, rc::Rc};

use rustix::termios::Winsize;

use super::super::{Event, binary::Binary, child::Viewer};

/// Until it is answered a viewer has little to say. One that says more is not waited with.
const MOST_EVENTS: usize = 256;

#[derive(Debug)]
pub(super) struct Standby {
    binary: Rc<Binary>,
    viewer: Viewer,
    /// What came of it so far.
    events: Vec<Event>,
}

impl Standby {
    pub(super) fn new(binary: Rc<Binary>, viewer: Viewer) -> Self {
        Self { binary, viewer, events: Vec::new() }
    }

    /// Whether an event is of this viewer.
    pub(super) fn concerns(&self, event: &Event) -> bool {
        matches!(event, Event::Wrote(id, _) | Event::Heard(id, _) | Event::Ended(id) if *id == self.viewer.id)
    }

    /// Keeps an event for when the viewer is the current one. False when there are too many.
    pub(super) fn keep(&mut self, event: Event) -> bool {
        self.events.push(event);
        self.events.len() < MOST_EVENTS
    }

    pub(super) fn resize(&self, size: Winsize) -> io::Result<()> {
        self.viewer.pty.resize(size)
    }

    /// The viewer and what came of it, if it is the one of that binary; else it is ended.
    pub(super) fn come(self, binary: &Rc<Binary>) -> Option<(Viewer, Vec<Event>)> {
        Rc::ptr_eq(&self.binary, binary).then_some((self.viewer, self.events))
    }
}
