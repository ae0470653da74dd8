//! The files that people configure the viewer with, read when it starts and whenever they change.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use ccdump_model::theme::Depth;
use ccdump_state::{
    Event,
    config::{self, Config, Wish},
};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use super::{effects::Incoming, log};

/// The theme, unless a flag names one.
const THEME: &str = "CCDUMP_THEME";
/// Editors write a file in several steps; it is read when nothing has happened for so long.
const QUIET: Duration = Duration::from_millis(20);
/// But not later than this, in a folder where things happen all the time.
const LATEST: Duration = Duration::from_millis(200);
/// Of the files that are links, so many are followed.
const MOST_LINKS: usize = 500;

type Read = Result<Box<Config>, String>;

/// What the flag and the environment wish for.
pub(super) fn wish(theme: Option<String>) -> Wish {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    Wish { theme: theme.or_else(|| variable(THEME)), depth: Depth::of(variable) }
}

/// Gives what is in the files of `folder` now. What they become is sent by a thread, which ends
/// with the process.
pub(super) fn listen(folder: PathBuf, wish: Wish, events: mpsc::Sender<Incoming>) -> Event {
    // What changes from here on is seen, so what is read now need not be read again.
    let watch = Watch::begin(&folder);
    let first = read(&folder, &wish);
    let last = first.clone();
    let started = thread::Builder::new().name("config".to_owned()).spawn(move || {
        if let Err(error) = watch.and_then(|watch| watch.follow(&folder, &wish, last, &events)) {
            log::line(&format!("changes in {} are not seen any more: {error}", folder.display()));
        }
    });
    if let Err(error) = started {
        log::line(&format!("changes of the configuration are not seen: {error}"));
    }
    Event::Config(first)
}

fn read(folder: &Path, wish: &Wish) -> Read {
    config::read(folder, wish).map(Box::new).map_err(|fault| fault.to_string())
}

/// Sees what happens to the files.
struct Watch {
    watcher: RecommendedWatcher,
    wake: SyncSender<()>,
    wakes: Receiver<()>,
}

impl Watch {
    fn begin(folder: &Path) -> notify::Result<Self> {
        // One that waits says all there is to say.
        let (wake, wakes) = sync_channel(1);
        Ok(Self { watcher: watch(folder, &wake)?, wake, wakes })
    }

    /// Until nobody listens any more.
    fn follow(
        mut self,
        folder: &Path,
        wish: &Wish,
        mut last: Read,
        events: &mpsc::Sender<Incoming>,
    ) -> notify::Result<()> {
        loop {
            settle(&self.wakes);
            // Which folders there are may have changed, too. What changes from here on is seen;
            // then what is there is read.
            self.watcher = watch(folder, &self.wake)?;
            let read = read(folder, wish);
            if read != last {
                last = read.clone();
                if events.blocking_send(Event::Config(read).into()).is_err() {
                    return Ok(());
                }
            }
        }
    }
}

/// Waits for a change, and until it is over.
fn settle(wakes: &Receiver<()>) {
    // The other end is held by who calls this.
    let _ = wakes.recv();
    let latest = Instant::now() + LATEST;
    while Instant::now() < latest && wakes.recv_timeout(QUIET).is_ok() {}
}

fn watch(folder: &Path, wake: &SyncSender<()>) -> notify::Result<RecommendedWatcher> {
    loop {
        let wake = wake.clone();
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                // Reading a file is no change, and we do it ourselves.
                if !event.is_ok_and(|event| event.kind.is_access()) {
                    let _ = wake.try_send(());
                }
            })?;
        let folders = folders(folder);
        for folder in &folders {
            match watcher.watch(folder, RecursiveMode::NonRecursive) {
                Err(error) if folder.is_dir() => return Err(error),
                _ => {}
            }
        }
        // One that was made just now would not be watched.
        if folders == self::folders(folder) {
            return Ok(watcher);
        }
    }
}

/// What has to be watched to see all that may happen to the files: the folders that are there, for
/// those that are not the nearest one above, and the folders of what links lead to.
fn folders(folder: &Path) -> BTreeSet<PathBuf> {
    let own = [folder.to_owned(), folder.join(config::THEMES)];
    let nearest =
        own.iter().filter_map(|own| own.ancestors().find(|path| path.is_dir()).map(Path::to_owned));
    let entries = own.iter().filter_map(|own| fs::read_dir(own).ok()).flatten().flatten();
    let links = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_symlink()))
        .take(MOST_LINKS);
    let targets =
        links.filter_map(|link| Some(fs::canonicalize(link.path()).ok()?.parent()?.to_owned()));
    nearest.chain(targets).collect()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use tokio::time::timeout;

    use super::*;

    struct Listener {
        home: TempDir,
        events: mpsc::Receiver<Incoming>,
    }

    /// Long, as the machine may be busy; nobody waits for it if all is well.
    const PATIENCE: Duration = Duration::from_secs(30);

    impl Listener {
        /// Of a folder `config/ccdump`, which may not be there.
        fn start(home: TempDir) -> (Self, Read) {
            let (sender, events) = mpsc::channel(8);
            let first = listen(
                home.path().join("config/ccdump"),
                Wish { theme: None, depth: Depth::True },
                sender,
            );
            let Event::Config(first) = first else { panic!("{first:?}") };
            (Self { home, events }, first)
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.home.path().join("config/ccdump").join(name);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a folder can be made");
            fs::write(path, text).expect("a file can be written");
        }

        /// Waits for a reading that is as it should be: several writes may be seen one by one.
        async fn read(&mut self, is_it: impl Fn(&Read) -> bool) -> Read {
            let wanted = async {
                loop {
                    match self.events.recv().await {
                        Some(Incoming::Event(Event::Config(read))) if is_it(&read) => return read,
                        Some(_) => {}
                        None => panic!("nobody watches any more"),
                    }
                }
            };
            timeout(PATIENCE, wanted).await.expect("the change is seen")
        }

        async fn good(&mut self) -> Box<Config> {
            self.read(Result::is_ok).await.expect("it is good")
        }

        async fn fault(&mut self) -> String {
            self.read(Result::is_err).await.expect_err("it is broken")
        }
    }

    #[tokio::test]
    async fn a_folder_that_is_made_later_is_seen_and_a_broken_file_said() {
        let (mut listener, first) = Listener::start(tempfile::tempdir().expect("a folder"));
        assert_eq!(first, Ok(Box::default()));

        listener.write("view.toml", "theme = \"light\"\n");
        listener
            .read(|read| read.as_ref().is_ok_and(|config| config.theme.as_deref() == Some("light")))
            .await
            .expect("good");

        listener.write("view.toml", "theme = \"light\"\n[keys]\nfold = [\"nonsense\"]\n");
        let why = listener.fault().await;
        assert!(why.starts_with("view.toml:3: “nonsense” is not a key"), "{why}");

        listener.write("view.toml", "theme = \"paper\"\n");
        assert_eq!(listener.good().await.theme.as_deref(), Some("paper"));

        listener.write("themes/mine.toml", "extends = \"dark\"\n");
        assert!(listener.good().await.themes.get("mine").is_some());

        listener.write("themes/mine.toml", "[roles]\nusr = {}\n");
        let why = listener.fault().await;
        assert!(why.starts_with("themes/mine.toml:2: “usr” is not a role"), "{why}");

        fs::remove_dir_all(listener.home.path().join("config")).expect("it can be removed");
        let config = listener.read(|read| read == &Ok(Box::default())).await;
        assert!(config.is_ok());
        listener.write("view.toml", "theme = \"dusk\"\n");
        listener
            .read(|read| read.as_ref().is_ok_and(|config| config.theme.as_deref() == Some("dusk")))
            .await
            .expect("good");
    }

    #[tokio::test]
    async fn a_file_is_seen_that_is_put_in_place_of_the_old_one_or_behind_a_link() {
        let home = tempfile::tempdir().expect("a folder");
        let (config, kept) = (home.path().join("config/ccdump"), home.path().join("kept"));
        fs::create_dir_all(&config)
            .and_then(|()| fs::create_dir(&kept))
            .expect("folders can be made");
        fs::write(kept.join("view.toml"), "theme = \"dark\"").expect("it can be written");
        std::os::unix::fs::symlink(kept.join("view.toml"), config.join("view.toml"))
            .expect("a link can be made");
        let (mut listener, first) = Listener::start(home);
        assert_eq!(first.expect("it is good").theme.as_deref(), Some("dark"));

        fs::write(kept.join("next"), "theme = \"dusk\"").expect("it can be written");
        fs::rename(kept.join("next"), kept.join("view.toml")).expect("it can be renamed");
        assert_eq!(listener.good().await.theme.as_deref(), Some("dusk"));

        listener.write("next", "theme = \"light\"");
        fs::rename(config.join("next"), config.join("view.toml")).expect("it can be renamed");
        assert_eq!(listener.good().await.theme.as_deref(), Some("light"));
    }
}
