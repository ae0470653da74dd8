//! Signals that ask to leave, and the one that says that we were away.

use ccdump_state::Event;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

use super::effects::Incoming;

pub(super) fn listen(events: mpsc::Sender<Incoming>) {
    for kind in [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()] {
        let events = events.clone();
        // A system that has no such signal sends none.
        let Ok(mut signal) = signal(kind) else { continue };
        tokio::spawn(async move {
            while signal.recv().await.is_some() {
                if events.send(Event::Leave.into()).await.is_err() {
                    return;
                }
            }
        });
    }
    // After a stop the shell has had the terminal.
    let Ok(mut signal) = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))
    else {
        return;
    };
    tokio::spawn(async move {
        while signal.recv().await.is_some() {
            if events.send(Event::Redraw.into()).await.is_err() {
                return;
            }
        }
    });
}
