//! `ccdump-view dev` on a pseudo terminal, with scripts as viewers that another builder replaces.

use std::{
    fs,
    io::Read as _,
    os::{fd::OwnedFd, unix::fs::PermissionsExt as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{Mode, OFlags},
    process::{Pid, Signal, kill_process, test_kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A viewer that writes `name`, the keys that it gets and what the host tells it.
fn viewer(name: &str) -> String {
    let script = r#"#!/bin/sh
say() { printf '%s\n' "$1" >&2; }
leave() { say "{\"type\":\"leaving\",\"why\":\"$1\"}"; kill -USR1 $$; }
say '{"type":"hello","version":1,"build":"NAME","something":"new"}'
read -r hello <&2
exec 3<&0
while key=$(dd bs=1 count=1 <&3 2>/dev/null) && [ -n "$key" ]; do
    printf '[NAME got %s]' "$key"
    [ "$key" = q ] && leave quit
done &
keys=$!
while read -r line <&2; do
    case "$line" in
        *'"hand_over"'*) kill $keys; printf '[NAME leaves]'; leave hand_over ;;
        *) printf '(%s)' "$line" ;;
    esac
done &
host=$!
trap 'exit 0' USR1
trap 'kill $keys $host 2>/dev/null' EXIT
printf '\033[?1049h\033[?1000h[NAME %s pid=%s.]' "$hello" $$
say '{"type":"ready"}'
say '{"type":"state","name":"main-7","schema":1,"data":{"by":"NAME"}}'
wait $host
"#;
    script.replace("NAME", name)
}

/// The host, and what it has written on its terminal.
struct Host {
    folder: tempfile::TempDir,
    process: Child,
    master: Arc<OwnedFd>,
    slave: OwnedFd,
    screen: Arc<(Mutex<String>, Condvar)>,
}

impl Host {
    fn start(first: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir_all(folder.path().join("viewer/src")).expect("writable");
        fs::write(folder.path().join("Cargo.toml"), "[workspace]").expect("writable");
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a pseudo terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        tcsetwinsize(&master, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 })
            .expect("a size");
        let path = ptsname(&master, Vec::new()).expect("a name");
        let slave =
            rustix::fs::open(path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
                .expect("its other end");
        let clone = || Stdio::from(slave.try_clone().expect("a clone"));
        put(&folder.path().join("built"), first);
        let process = Command::new(env!("CARGO_BIN_EXE_ccdump-view"))
            .args(["dev", "--builder", "external", "--ready-within", "1000", "--binary"])
            .arg(folder.path().join("built"))
            .current_dir(folder.path().join("viewer/src"))
            .env("XDG_STATE_HOME", folder.path().join("state"))
            .stdin(clone())
            .stdout(clone())
            .stderr(clone())
            .spawn()
            .expect("the viewer was built");
        let screen = Arc::new((Mutex::new(String::new()), Condvar::new()));
        let master = Arc::new(master);
        read(&master, &screen);
        Self { folder, process, master, slave, screen }
    }

    fn build(&self, script: &str) {
        put(&self.folder.path().join("built"), script);
    }

    fn press(&self, keys: &str) {
        rustix::io::write(&*self.master, keys.as_bytes()).expect("the terminal takes it");
    }

    /// Waits for `text` behind what `after` bytes hold; gives the place behind it.
    fn sees(&self, text: &str, after: usize) -> usize {
        let (screen, changed) = &*self.screen;
        let mut screen = screen.lock().expect("not poisoned");
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = screen[after..].find(text) {
                return after + at + text.len();
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "never saw {text:?} after {after} in {screen:?}\n{}",
                self.log()
            );
            screen = changed.wait_timeout(screen, left).expect("not poisoned").0;
        }
    }

    fn written(&self) -> String {
        self.screen.0.lock().expect("not poisoned").clone()
    }

    /// The viewer that has drawn last.
    fn viewer_pid(&self) -> Pid {
        let from = self.written().rfind("pid=").expect("a viewer") + 4;
        let to = self.sees(".", from);
        self.written()[from..to - 1].parse().ok().and_then(Pid::from_raw).expect("a number")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("state/ccdump/hot-reload.log"))
            .unwrap_or_default()
    }

    /// Waits for the host's end, and for the terminal to be as it was.
    fn ends(&mut self) {
        let until = Instant::now() + PATIENCE;
        while self.process.try_wait().expect("a child").is_none() {
            assert!(Instant::now() < until, "the host does not end\n{}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
        self.sees("\x1b[?1049l", 0);
        let written = self.written();
        assert_eq!(
            (written.matches("?1049h").count(), written.matches("?1049l").count()),
            (1, 1),
            "{written:?}"
        );
        assert!(
            written.rfind("\x1b[?1000h") < written.rfind("\x1b[?1000l"),
            "the mouse is given back: {written:?}"
        );
        let modes = tcgetattr(&self.slave).expect("a terminal").local_modes;
        assert!(modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG));
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// In one step, as builders do.
fn put(path: &PathBuf, script: &str) {
    let new = path.with_extension("new");
    fs::write(&new, script).expect("writable");
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).expect("ours");
    fs::rename(new, path).expect("renamed");
}

fn read(master: &Arc<OwnedFd>, screen: &Arc<(Mutex<String>, Condvar)>) {
    let (mut master, screen) =
        (fs::File::from(master.try_clone().expect("a clone")), Arc::clone(screen));
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = master.read(&mut buffer) {
            screen
                .0
                .lock()
                .expect("not poisoned")
                .push_str(&String::from_utf8_lossy(&buffer[..read]));
            screen.1.notify_all();
        }
    });
}

#[test]
fn a_swap_keeps_the_screen_the_state_and_the_keys() {
    let mut host = Host::start(&viewer("one"));
    let at = host.sees("[one ", 0);
    host.press("a");
    host.sees("[one got a]", at);
    fs::write(host.folder.path().join("viewer/src/new.rs"), "").expect("writable");
    // It takes its time, so that keys come when nobody is there to read them.
    host.build(
        &viewer("two")
            .replace("say '{\"type\":\"ready\"}'", "sleep 0.3; say '{\"type\":\"ready\"}'"),
    );
    host.sees("[one leaves]", at);
    for key in "bcdefgh".chars() {
        host.press(&key.to_string());
    }
    let at = host.sees("[two ", 0);
    host.sees("\"view\":\"main-7\"", at);
    host.sees("{\"name\":\"main-7\",\"schema\":1,\"data\":{\"by\":\"one\"}}", at);
    host.sees("viewer/src/new.rs", host.sees("{\"type\":\"swapped\"", at));
    host.sees("got h]", at);
    let written = host.written();
    let got: String =
        written.split(" got ").skip(1).filter_map(|rest| rest.chars().next()).collect();
    assert_eq!(got, "abcdefgh", "each key once, in order");
    host.press("q");
    host.ends();
    assert!(host.process.wait().expect("a child").success());
}

#[test]
fn one_that_dies_or_hangs_before_its_first_frame_is_never_seen() {
    let host = Host::start(&viewer("good"));
    host.sees("[good ", 0);
    host.build(
        "#!/bin/sh\nprintf 'half a frame'\necho thread main panicked at the disco >&2\nexit 101\n",
    );
    let at = host.sees("{\"type\":\"rolled_back\"", 0);
    host.sees("exit status: 101\\nthread main panicked at the disco", at);
    host.build("#!/bin/sh\nprintf 'half a frame'\nexec sleep 100\n");
    let at = host.sees("{\"type\":\"rolled_back\"", at);
    host.sees("no first frame within 1000 ms", at);
    assert!(!host.written().contains("half a frame"));
}

#[test]
fn a_viewer_that_is_killed_comes_back() {
    let host = Host::start(&viewer("good"));
    let at = host.sees("[good ", 0);
    kill_process(host.viewer_pid(), Signal::KILL).expect("it runs");
    host.press("j");
    let at = host.sees("{\"type\":\"restarted\"", at);
    host.sees("SIGKILL", at);
    host.sees("[good got j]", 0);
}

#[test]
fn when_no_viewer_works_the_host_says_why_until_one_does() {
    let mut host = Host::start("#!/bin/sh\nexit 3\n");
    host.build("#!/bin/sh\necho 'cannot \x1b]0;open\x07 the door' >&2\nexit 3\n");
    let at = host.sees("The viewer cannot run", 0);
    let at = host.sees("cannot  the door", at);
    host.press("r");
    let at = host.sees("cannot  the door", at);
    host.build(&viewer("good"));
    host.sees("[good ", at);
    host.press("q");
    host.ends();
}

#[test]
fn a_signal_ends_host_and_viewer_and_gives_the_terminal_back() {
    // This one does not listen when it is asked to leave.
    let deaf = viewer("deaf").replace("leave hand_over", ":");
    let mut host = Host::start(&deaf);
    host.sees("[deaf ", 0);
    let viewer = host.viewer_pid();
    kill_process(Pid::from_child(&host.process), Signal::TERM).expect("it runs");
    host.ends();
    assert!(test_kill_process(viewer).is_err(), "the viewer is gone, too");
}

#[test]
fn three_times_ctrl_c_ends_a_host_whose_viewer_does_not_leave() {
    let mut host = Host::start(&viewer("stubborn"));
    host.sees("[stubborn ", 0);
    host.press("\x03\x03\x03");
    host.ends();
}

#[test]
fn without_a_terminal_or_a_workspace_it_says_so() {
    let home = tempfile::tempdir().expect("a temporary folder");
    for (arguments, word) in
        [(&["dev"][..], "--workspace DIR"), (&["dev", "--workspace", "ws"], "must be a terminal")]
    {
        fs::create_dir_all(home.path().join("ws/viewer")).expect("writable");
        fs::write(home.path().join("ws/Cargo.toml"), "").expect("writable");
        let output = Command::new(env!("CARGO_BIN_EXE_ccdump-view"))
            .args(arguments)
            .current_dir(home.path())
            .env("HOME", home.path())
            .env_remove("XDG_STATE_HOME")
            .stdin(Stdio::null())
            .output()
            .expect("the viewer was built");
        let line = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), line.lines().count()), (Some(1), 1), "{line}");
        assert!(line.contains(word), "{line}");
    }
}
