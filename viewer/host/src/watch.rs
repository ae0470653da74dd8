//! Watches for what a swap begins with: a changed source, or, with a builder of one's own, a
//! replaced binary.

use std::{
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use notify::{
    EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode},
};

use super::{
    Event,
    binary::Identity,
    sources::{FOLDERS, Sources, parts},
};

/// An editor writes, renames and sets times in one go: what follows within this time belongs
/// together…
const QUIET: Duration = Duration::from_millis(20);

/// … but something that never stops writing must not keep everything else from being seen.
const LONGEST: Duration = Duration::from_millis(200);

/// How often the binary of another builder is looked at.
const LOOK: Duration = Duration::from_millis(25);

/// Sources that have changed together, as paths below the workspace's folder.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) viewer: Vec<String>,
    pub(super) daemon: Vec<String>,
    /// When the first of them was seen to change.
    pub(super) at: Instant,
}

/// Sends [`Event::Changed`] from now on.
pub(super) fn sources(root: &Path, events: SyncSender<Event>) -> notify::Result<()> {
    // One place is enough: a wake-up that finds another one waiting adds nothing to it.
    let (wake, awake) = sync_channel(1);
    let below = root.to_owned();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if matters(&below, &event) {
            let _ = wake.try_send(());
        }
    })?;
    watcher.watch(root, RecursiveMode::NonRecursive)?;
    for folder in FOLDERS.map(|folder| root.join(folder)).iter().filter(|folder| folder.is_dir()) {
        watcher.watch(folder, RecursiveMode::Recursive)?;
    }
    let sources = Sources::read(root);
    thread::Builder::new()
        .name("watch".to_owned())
        .spawn(move || watch(&watcher, &awake, sources, &events))?;
    Ok(())
}

/// Events only say that it is worth looking: what has changed is seen by reading, so that none can
/// be missed or mistaken.
fn matters(root: &Path, event: &notify::Result<notify::Event>) -> bool {
    let Ok(event) = event else { return true };
    match event.kind {
        // Reading is no change; the compiler reads all of it.
        EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write) => false,
        _ => {
            event.need_rescan()
                || event
                    .paths
                    .iter()
                    .any(|path| path.strip_prefix(root).is_ok_and(|path| parts(path).is_some()))
        }
    }
}

/// `_watcher` is what makes wake-ups come.
fn watch(
    _watcher: &RecommendedWatcher,
    awake: &Receiver<()>,
    mut sources: Sources,
    events: &SyncSender<Event>,
) {
    while awake.recv().is_ok() {
        let at = Instant::now();
        while at.elapsed() < LONGEST {
            match awake.recv_timeout(QUIET) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        let changed = sources.changes();
        if !changed.is_empty() && events.send(Event::Changed(sort(&changed, at))).is_err() {
            return;
        }
    }
}

fn sort(changed: &[PathBuf], at: Instant) -> Changes {
    let of = |wanted: fn(super::sources::Parts) -> bool| {
        changed
            .iter()
            .filter(|path| parts(path).is_some_and(wanted))
            .map(|path| path.display().to_string())
            .collect()
    };
    Changes { viewer: of(|parts| parts.viewer), daemon: of(|parts| parts.daemon), at }
}

/// Sends [`Event::Replaced`] whenever the file is another one and nobody is writing it any more. It
/// is looked at again and again: its folder may come and go (`cargo clean`), and a watch with it.
pub(super) fn binary(path: &Path, events: SyncSender<Event>) -> std::io::Result<()> {
    let path = path.to_owned();
    thread::Builder::new().name("watch".to_owned()).spawn(move || {
        let mut told = Identity::of(&path).ok();
        let mut last = told;
        loop {
            thread::sleep(LOOK);
            let now = Identity::of(&path).ok();
            if now.is_some() && now == last && now != told {
                told = now;
                if events.send(Event::Replaced(Instant::now())).is_err() {
                    return;
                }
            }
            last = now;
        }
    })?;
    Ok(())
}
