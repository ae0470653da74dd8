//! Files of others: what a daemon did not make itself it neither deletes nor writes through; and
//! where its socket is, whatever the folders are like.

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt as _, symlink},
        net::{UnixDatagram, UnixListener},
        process::CommandExt as _,
    },
    path::Path,
};

use ccdump_tests::{
    daemon::{Setup, run},
    home::Home,
    process::Process,
    view::Outcome,
    wait,
};

/// A user who is not the one that runs the tests.
const NOBODY: u32 = 65534;

/// What `ccdumpd serve` says instead of serving.
fn refusal(setup: &Setup<'_>) -> String {
    let mut process = setup.spawn();
    let status = process.wait();
    let said = process.stderr().text();
    assert_eq!(status.code(), Some(1), "{said}");
    assert_eq!(process.stdout().text(), "", "nothing is ready");
    said.lines().last().unwrap_or_default().to_owned()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}

#[test]
fn what_is_no_socket_of_ours_is_left_alone() {
    let home = Home::new();
    let folder = home.path().join("s");
    fs::create_dir(&folder).expect("made");
    set_mode(&folder, 0o700);
    let socket = home.socket();
    let precious = home.path().join("precious");
    fs::write(&precious, "precious").expect("written");
    let setup = || home.daemon("http://127.0.0.1:9");

    fs::write(&socket, "precious").expect("written");
    assert!(refusal(&setup()).contains("is no socket"));
    assert_eq!(fs::read_to_string(&socket).expect("still there"), "precious");
    fs::remove_file(&socket).expect("removed");

    for target in [precious.clone(), home.path().join("nowhere")] {
        symlink(&target, &socket).expect("linked");
        assert!(refusal(&setup()).contains("is no socket"));
        assert_eq!(fs::read_link(&socket).expect("still there"), target);
        fs::remove_file(&socket).expect("removed");
    }
    assert_eq!(fs::read_to_string(&precious).expect("still there"), "precious");

    fs::create_dir(&socket).expect("made");
    assert!(refusal(&setup()).contains("is no socket"));
    fs::remove_dir(&socket).expect("still there");

    // Somebody listens, if only for datagrams.
    let datagrams = UnixDatagram::bind(&socket).expect("bound");
    assert!(refusal(&setup()).contains("another program listens"));
    drop(datagrams);
    fs::remove_file(&socket).expect("still there");
    let listener = UnixListener::bind(&socket).expect("bound");
    assert!(refusal(&setup()).contains("another program listens"));
    drop(listener);

    // Now nobody does: it is a leftover. And at its end a daemon removes its own socket, not what
    // has taken its place.
    let mut daemon = setup().start();
    fs::remove_file(&socket).expect("removed");
    fs::write(&socket, "precious").expect("written");
    daemon.stop();
    assert_eq!(fs::read_to_string(&socket).expect("still there"), "precious");
}

#[test]
fn a_folder_that_others_can_write_holds_no_socket() {
    let home = Home::new();
    let folder = home.path().join("s");
    fs::create_dir(&folder).expect("made");
    for (mode, works) in
        [(0o777, false), (0o770, false), (0o702, false), (0o1777, true), (0o755, true)]
    {
        set_mode(&folder, mode);
        if works {
            home.daemon("http://127.0.0.1:9").start().stop();
        } else {
            let said = refusal(&home.daemon("http://127.0.0.1:9"));
            assert!(
                said.contains("others can write") && said.contains("chmod go-w"),
                "{mode:o}: {said}"
            );
        }
        assert!(!home.socket().exists());
    }
}

#[test]
fn the_data_folder_may_be_a_link_and_nothing_in_it() {
    let home = Home::new();
    let real = home.path().join("real");
    fs::create_dir(&real).expect("made");
    symlink(&real, home.data_dir()).expect("linked");
    home.daemon("http://127.0.0.1:9").start().stop();
    let precious = home.path().join("precious");
    fs::write(&precious, "precious").expect("written");
    for name in [
        "ccdump.db",
        "ccdump.db-wal",
        "index.db",
        "index.db-shm",
        "views.db",
        "fingerprint.key",
        "ccdumpd.lock",
        "ccdumpd.log",
        "ccdumpd.log.1",
        "spool",
        "run",
    ] {
        let path = real.join(name);
        let aside = real.join("aside");
        let was_there = fs::rename(&path, &aside).is_ok();
        for target in [precious.clone(), home.path().join("nowhere")] {
            symlink(&target, &path).expect("linked");
            let said = refusal(&home.daemon("http://127.0.0.1:9"));
            assert!(said.contains(name) && said.contains("is a link"), "{name}: {said}");
            assert_eq!(fs::read_link(&path).expect("still a link"), target);
            fs::remove_file(&path).expect("removed");
        }
        if was_there {
            fs::rename(&aside, &path).expect("back");
        }
        assert_eq!(fs::read_to_string(&precious).expect("still there"), "precious", "{name}");
        assert!(!home.path().join("nowhere").exists(), "{name}");
    }
    let log = real.join("ccdumpd.start.log");
    symlink(&precious, &log).expect("linked");
    let started =
        run(home.ccdumpd().arg("start").args(home.daemon("http://127.0.0.1:9").arguments()));
    assert_eq!(started.code, Some(1));
    assert!(started.stderr.contains("ccdumpd.start.log is a link"), "{}", started.stderr);
    assert_eq!(fs::read_to_string(&precious).expect("still there"), "precious");
    fs::remove_file(&log).expect("removed");
    home.daemon("http://127.0.0.1:9").start().stop();
}

#[test]
fn what_is_no_file_is_no_record() {
    let home = Home::new();
    home.daemon("http://127.0.0.1:9").start().stop();
    for name in ["ccdump.db", "index.db-wal", "ccdumpd.log", "fingerprint.key"] {
        let path = home.data_dir().join(name);
        let aside = home.data_dir().join("aside");
        let was_there = fs::rename(&path, &aside).is_ok();
        // Nobody is at the other end of it: whoever opens it would wait for ever.
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0)
            .expect("made");
        let said = refusal(&home.daemon("http://127.0.0.1:9"));
        assert!(said.contains(name) && said.contains("is no file"), "{said}");
        fs::remove_file(&path).expect("still there");
        if was_there {
            fs::rename(&aside, &path).expect("back");
        }
    }
    home.daemon("http://127.0.0.1:9").start().stop();
}

/// Root may read everything, so this is somebody else's daemon there.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_read_are_named() {
    let home = Home::new();
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        std::os::unix::fs::chown(home.path(), Some(NOBODY), Some(NOBODY)).expect("given away");
    }
    let spawn = || {
        let mut command = home.ccdumpd();
        command.arg("serve").args(home.daemon("http://127.0.0.1:9").arguments());
        if is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        Process::spawn(command)
    };
    let mut first = spawn();
    wait::until("it is ready", async || {
        first.stdout().first().ok_or_else(|| first.stderr().text())
    })
    .await;
    assert!(first.terminate().success(), "{}", first.stderr().text());
    let config = home.path().join(".config/ccdump/config.toml");
    fs::create_dir_all(config.parent().expect("a folder")).expect("made");
    fs::write(&config, "").expect("written");
    for name in [
        "ccdump.db",
        "index.db",
        "views.db",
        "fingerprint.key",
        "ccdumpd.log",
        "ccdumpd.lock",
        "../.config/ccdump/config.toml",
    ] {
        let path = home.data_dir().join(name);
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        set_mode(&path, 0);
        let mut process = spawn();
        let (status, said) = (process.wait(), process.stderr().text());
        let line = said.lines().last().unwrap_or_default();
        let name = name.rsplit('/').next().unwrap_or(name);
        assert_eq!(status.code(), Some(1), "{name}: {said}");
        assert!(
            line.contains(name)
                && line.contains("Permission denied")
                && line.contains("permissions"),
            "{name}: {said}"
        );
        set_mode(&path, mode);
    }
    let mut last = spawn();
    wait::until("it is ready", async || last.stdout().first().ok_or_else(|| last.stderr().text()))
        .await;
    assert!(last.terminate().success(), "{}", last.stderr().text());
}

/// Only root can give files away.
#[test]
fn what_belongs_to_somebody_else_is_refused() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let home = Home::new();
    home.daemon("http://127.0.0.1:9").start().stop();
    let nobody = Some(NOBODY);
    for (path, what) in [
        (home.data_dir().join("views.db"), "views.db"),
        (home.data_dir(), "data"),
        (home.path().join("s"), "/s"),
    ] {
        std::os::unix::fs::chown(&path, nobody, None).expect("given away");
        let said = refusal(&home.daemon("http://127.0.0.1:9"));
        assert!(said.contains(what) && said.contains("belongs to another user (65534)"), "{said}");
        std::os::unix::fs::chown(&path, Some(0), None).expect("taken back");
    }
    home.daemon("http://127.0.0.1:9").start().stop();
}

/// A daemon in the background, which ends with the test, at the place that the environment makes.
struct Background<'a> {
    home: &'a Home,
    variables: Vec<(&'static str, String)>,
    data_dir: Option<String>,
}

impl Background<'_> {
    fn run(&self, program: &str, arguments: &[&str]) -> Outcome {
        let program = match program {
            "ccdumpd" => ccdump_tests::binaries::ccdumpd(),
            _ => ccdump_tests::binaries::ccdump_view(),
        };
        let mut command = self.home.command(program);
        command.envs(self.variables.clone()).args(arguments);
        if let Some(dir) = &self.data_dir {
            command.args(["--data-dir", dir]);
        }
        Outcome::of(&mut command)
    }

    fn assert_found(&self) -> String {
        self.run(
            "ccdumpd",
            &["start", "--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:9"],
        )
        .expect_success();
        self.run("ccdump-view", &["ls", "--json"]).expect_success();
        let status = self.run("ccdumpd", &["status", "--json"]).expect_success().json_lines();
        status[0]["socket"].as_str().expect("a path").to_owned()
    }
}

impl Drop for Background<'_> {
    fn drop(&mut self) {
        self.run("ccdumpd", &["stop"]);
    }
}

#[test]
fn a_socket_that_fits_nowhere_else_has_a_place_that_both_sides_find() {
    let home = Home::new();
    let deep = home.path().join("d".repeat(60)).join("e".repeat(60));
    fs::create_dir_all(&deep).expect("made");
    let file = home.path().join("file");
    fs::write(&file, "").expect("written");
    let of = |variables: &[(&'static str, &Path)], data_dir: Option<&Path>| Background {
        home: &home,
        variables: variables
            .iter()
            .map(|(name, value)| (*name, value.display().to_string()))
            .collect(),
        data_dir: data_dir.map(|dir| dir.display().to_string()),
    };
    let temporary = format!("/tmp/ccdump-{}/", rustix::process::geteuid().as_raw());
    let [one, two] = ["one", "two"].map(|name| deep.join(name));
    {
        let (one, two) = (of(&[], Some(&one)), of(&[], Some(&two)));
        let sockets = [one.assert_found(), two.assert_found()];
        assert!(sockets.iter().all(|socket| socket.starts_with(&temporary)), "{sockets:?}");
        assert_ne!(sockets[0], sockets[1], "two folders never meet");
    }
    // Through a link that is short enough for a socket of its own.
    {
        let background = of(&[], Some(&one));
        background.assert_found();
        let link = home.path().join("link");
        symlink(&one, &link).expect("linked");
        of(&[], Some(&link)).run("ccdump-view", &["ls"]).expect_success();
    }
    // The runtime folder is no folder, or is as long as the home.
    for runtime in [&file, &deep] {
        let background = of(&[("XDG_RUNTIME_DIR", runtime), ("HOME", home.path())], None);
        let socket = background.assert_found();
        assert!(
            socket.starts_with(home.path().to_str().expect("a plain path"))
                && socket.ends_with("/run/ccdumpd.sock"),
            "{socket}"
        );
    }
    let background = of(&[("XDG_RUNTIME_DIR", &deep), ("HOME", &deep)], None);
    assert!(background.assert_found().starts_with(&temporary));
}

#[test]
fn a_runtime_folder_of_somebody_else_is_not_used() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let home = Home::new();
    let runtime = home.path().join("theirs");
    fs::create_dir(&runtime).expect("made");
    std::os::unix::fs::chown(&runtime, Some(NOBODY), None).expect("given away");
    let background = Background {
        home: &home,
        variables: vec![("XDG_RUNTIME_DIR", runtime.display().to_string())],
        data_dir: None,
    };
    assert!(!background.assert_found().starts_with(runtime.to_str().expect("a plain path")));
    assert_eq!(fs::read_dir(&runtime).expect("there").count(), 0, "nothing is left in it");
}
