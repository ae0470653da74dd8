//! The viewer under its hot-reload host (`ccdump-view dev`), with the test as the builder: it puts
//! viewers in place, real ones and ones that fail.

use std::{
    env,
    ffi::OsString,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    binaries, process,
    terminal::{Screen, Terminal},
    view::{self, View},
    wait,
};

/// A viewer that is pressed this key panics.
pub const PANIC_KEY: &str = "\x1b[24~";

/// A host in a terminal, and the folder of the binary that it watches. Both end when this is
/// dropped.
pub struct Dev {
    pub terminal: Terminal,
    folder: tempfile::TempDir,
    state: PathBuf,
    builds: usize,
}

/// A host that builds by itself what is in `workspace`, in a terminal.
pub fn own_builder(view: View<'_>, workspace: &Path, rows: u16, cols: u16) -> Terminal {
    let mut command = view.command(&["dev", "--ready-within", "20000", "--workspace"]);
    command.arg(workspace).env("CARGO_NET_OFFLINE", "true");
    // Cargo and the compiler are those that built this test; they are found below the home of
    // whoever runs it.
    for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        let default =
            env::var_os("HOME").map(|home| Path::new(&home).join(folder).into_os_string());
        if let Some(path) = env::var_os(name).or(default).filter(|path| Path::new(path).is_dir()) {
            command.env(name, path);
        }
    }
    // A compiler that rustup chooses is another one in the folder of a package that names its own.
    for name in ["CARGO", "RUSTUP_TOOLCHAIN"] {
        if let Some(value) = env::var_os(name) {
            command.env(name, value);
        }
    }
    let log = log_path(&view.state_dir());
    view::in_terminal(command, rows, cols).with_log_file(log)
}

/// How a host is to be started.
pub struct Setup<'a> {
    view: View<'a>,
    size: (u16, u16),
    ready_within_ms: u64,
    folder: tempfile::TempDir,
}

impl<'a> Setup<'a> {
    /// A host for viewers of the daemon that `view` is of.
    pub fn new(view: View<'a>, rows: u16, cols: u16) -> Self {
        let folder = tempfile::Builder::new().prefix("dev").tempdir().expect("a temporary folder");
        // What the host takes for a workspace.
        fs::create_dir_all(folder.path().join("viewer/src")).expect("writable");
        fs::write(folder.path().join("Cargo.toml"), "[workspace]\n").expect("writable");
        // So much that no viewer that works is ever taken for one that hangs.
        Self { view, size: (rows, cols), ready_within_ms: 20_000, folder }
    }

    /// A viewer that has no first frame after this time hangs.
    pub fn ready_within_ms(mut self, millis: u64) -> Self {
        self.ready_within_ms = millis;
        self
    }

    /// Starts the host on the real viewer.
    pub fn start(self) -> Dev {
        let (rows, cols) = self.size;
        put(&self.folder.path().join("built"), &real(0));
        let mut command = self.view.command(&["dev", "--builder", "external", "--binary"]);
        command.arg(self.folder.path().join("built")).arg("--workspace").arg(self.folder.path());
        command.args(["--ready-within", &self.ready_within_ms.to_string()]);
        command.env("CCDUMP_TEST_PANIC_KEY", "f12");
        let state = self.view.state_dir();
        let terminal = view::in_terminal(command, rows, cols).with_log_file(log_path(&state));
        Dev { terminal, folder: self.folder, state, builds: 0 }
    }
}

impl Dev {
    /// Puts another real viewer in place.
    pub fn build(&mut self) {
        self.builds += 1;
        self.build_script(&real(self.builds));
    }

    /// Puts a viewer in place that does what the shell script says; `$REAL` is the real one.
    pub fn build_script(&self, script: &str) {
        put(
            &self.folder.path().join("built"),
            &script.replace("$REAL", &quoted(binaries::ccdump_view())),
        );
    }

    /// Puts a real viewer in place that starts only when the gate is opened.
    pub fn build_behind_gate(&mut self) -> FileGate {
        self.builds += 1;
        let path = self.folder.path().join(format!("gate-{}", self.builds));
        let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
        assert!(made.success());
        self.build_script(&format!(
            "#!/bin/sh\nread -r _ < {}\nexec $REAL \"$@\"\n",
            quoted(&path)
        ));
        FileGate { path }
    }

    /// The viewer that runs, if there is just one.
    pub fn viewer(&self) -> Option<u32> {
        match process::children(self.terminal.pid()).as_slice() {
            [viewer] => Some(*viewer),
            _ => None,
        }
    }

    /// The program of the last viewer that had proven itself.
    pub fn good(&self) -> PathBuf {
        self.folder.path().join("target/hot/ccdump/good/ccdump-view")
    }

    /// The host's log.
    pub fn log(&self) -> String {
        fs::read_to_string(log_path(&self.state)).unwrap_or_default()
    }

    /// Waits until the log says `words` so many times.
    pub async fn logged(&self, words: &str, times: usize) {
        wait::until(&format!("{words:?} is logged {times} times"), async || {
            let log = self.log();
            if log.matches(words).count() >= times { Ok(()) } else { Err(log) }
        })
        .await;
    }
}

/// A file that the test opens for a viewer.
#[derive(Debug)]
pub struct FileGate {
    path: PathBuf,
}

impl FileGate {
    /// Waits until a viewer stands before the gate; it starts when what this gives is dropped.
    pub async fn reached(self) -> fs::File {
        let opened =
            tokio::task::spawn_blocking(move || fs::OpenOptions::new().write(true).open(self.path));
        wait::soon("a viewer stands before the gate", opened)
            .await
            .expect("no panic")
            .expect("a pipe")
    }
}

/// What is shown of a conversation, below the top line and right of the sidebar, down to where
/// notices come.
pub fn place(screen: &Screen) -> Vec<String> {
    let (rows, _) = screen.size();
    let row =
        |row| screen.row(row).split_once('│').map(|(_, line)| line.to_owned()).unwrap_or_default();
    (1..rows - 5).map(row).collect()
}

/// The real viewer, as another file for each number.
fn real(number: usize) -> String {
    format!("#!/bin/sh\n# build {number}\nexec {} \"$@\"\n", quoted(binaries::ccdump_view()))
}

/// In one step, as builders do.
fn put(path: &Path, script: &str) {
    let new = path.with_extension("new");
    fs::write(&new, script).expect("writable");
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).expect("ours");
    fs::rename(new, path).expect("renamed");
}

fn quoted(path: &Path) -> String {
    format!("'{}'", OsString::from(path).into_string().expect("a plain path"))
}

fn log_path(state: &Path) -> PathBuf {
    state.join("ccdump/hot-reload.log")
}
