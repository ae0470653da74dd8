//! Builds without cargo: a quarter of a second of an edit's way to the screen is cargo finding out
//! that nothing but the viewer's own source has changed. The host knows that already.
//!
//! Cargo is told to call the compiler through a copy of this program, which notes how the viewer
//! was compiled. While only files below `viewer/src` change, the host repeats that; the next build
//! by cargo sees changed files and builds again, so nothing is hidden from it.

use std::{
    env, fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use serde::{Deserialize, Serialize};

use super::{
    binary::replace,
    libraries::{self, Libraries},
    sources,
};

/// Set for the copy: the file to write the note to.
const NOTE: &str = "CCDUMP_COMPILER_NOTE";

/// Cargo's word for the program that calls the compiler for packages of the workspace.
const WRAPPER: &str = "RUSTC_WORKSPACE_WRAPPER";

/// What cargo tells the compiler by its environment. Nothing else of it is written down: it may
/// hold keys.
const TOLD: [&str; 10] = [
    "CARGO",
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_PKG_",
    "CARGO_PRIMARY_PACKAGE",
    "LD_LIBRARY_PATH",
    "OUT_DIR",
    "RUSTUP_TOOLCHAIN",
];

/// Cargo's way of sharing its job slots, which end with it.
const SLOTS: [&str; 3] = ["CARGO_MAKEFLAGS", "MAKEFLAGS", "MFLAGS"];

/// How the viewer was compiled.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    program: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    folder: PathBuf,
}

/// Cargo, and the compiler as cargo calls it.
#[derive(Debug)]
pub(super) struct Tools {
    workspace: PathBuf,
    target: &'static str,
    /// The copy of this program, if it could be made, and where it writes.
    wrapper: Option<(PathBuf, PathBuf)>,
    /// Known since a build by cargo has worked, and as long as nothing else has changed.
    note: Option<Note>,
    libraries: Option<Libraries>,
}

impl Tools {
    /// For a workspace and the target folder below it; the copy is kept in `folder`.
    pub(super) fn new(workspace: PathBuf, target: &'static str, folder: &Path) -> Self {
        let wrapper = folder.join("compiler");
        // At a path that does not change from session to session, since cargo would build all anew.
        let made = env::current_exe().and_then(|own| replace(&own, &wrapper)).is_ok();
        let libraries = Libraries::find(&workspace);
        Self {
            workspace,
            target,
            wrapper: made.then(|| (wrapper, folder.join("compiler.json"))),
            note: None,
            libraries,
        }
    }

    /// What builds the sources as they are now, in the shortest time.
    pub(super) fn command(&self) -> Command {
        self.note.as_ref().map_or_else(|| self.cargo(), Note::command)
    }

    fn cargo(&self) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .args(["build", "--package", "ccdump-view", "--bin", "ccdump-view", "--profile", "hot"])
            .args(["--target-dir", self.target, "--message-format", "json"])
            .current_dir(&self.workspace);
        if self.libraries.is_some() {
            cargo.args(["--features", libraries::FEATURE]);
        }
        if let Some((wrapper, note)) = &self.wrapper {
            cargo.env(WRAPPER, wrapper).env(NOTE, note);
        }
        cargo
    }

    /// What `program`, which was built just now, needs beside it.
    pub(super) fn libraries(&self, program: &Path) -> Vec<PathBuf> {
        self.libraries.as_ref().map(|libraries| libraries.of(program)).unwrap_or_default()
    }

    /// Sources have changed.
    pub(super) fn changed(&mut self, files: &[String]) {
        if !files.iter().all(|file| Path::new(file).starts_with(sources::VIEWER)) {
            self.note = None;
        }
    }

    /// A build has worked.
    pub(super) fn built(&mut self) {
        if self.note.is_none() {
            self.note = self.wrapper.as_ref().and_then(|(_, note)| Note::read(note));
        }
    }

    /// A build has failed without naming a file: if that was the compiler alone, something is gone
    /// that only cargo can bring back. Says whether it is worth to build again.
    pub(super) fn failed_oddly(&mut self) -> bool {
        self.note.take().is_some()
    }
}

impl Note {
    fn read(path: &Path) -> Option<Self> {
        let note: Self = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        // A build script would have to be looked after, too.
        let has_script = note.environment.iter().any(|(name, _)| name == "OUT_DIR");
        (!has_script).then_some(note)
    }

    fn command(&self) -> Command {
        let mut compiler = Command::new(&self.program);
        compiler.args(&self.arguments).current_dir(&self.folder);
        for slots in SLOTS {
            compiler.env_remove(slots);
        }
        compiler.envs(self.environment.iter().map(|(name, value)| (name, value)));
        compiler
    }

    /// `None` for another crate than the viewer, and for what is not text.
    fn of(
        program: &str,
        arguments: Vec<String>,
        environment: impl Iterator<Item = (String, String)>,
        folder: PathBuf,
    ) -> Option<Self> {
        let has = |name: &str, value: &str| arguments.windows(2).any(|pair| *pair == [name, value]);
        if !has("--crate-name", "ccdump_view") || !has("--crate-type", "bin") {
            return None;
        }
        let told = |name: &str| {
            TOLD.iter().any(|told| name == *told || told.ends_with('_') && name.starts_with(told))
        };
        let environment = environment.filter(|(name, _)| told(name)).collect();
        Some(Self { program: program.to_owned(), arguments, environment, folder })
    }
}

/// When this program runs as that copy, called by cargo with a compiler and its arguments: notes
/// them down if it is the viewer's, and becomes the compiler.
pub(super) fn stand_in() -> Option<ExitCode> {
    let path = env::var_os(NOTE)?;
    let mut arguments = env::args_os().skip(1);
    let program = arguments.next()?;
    let arguments: Vec<_> = arguments.collect();
    let text: Option<Vec<String>> =
        arguments.iter().map(|argument| argument.to_str().map(str::to_owned)).collect();
    let environment = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let note = text.zip(program.to_str()).zip(env::current_dir().ok());
    if let Some(note) =
        note.and_then(|((text, program), folder)| Note::of(program, text, environment, folder))
    {
        // Without it, every build is cargo's.
        let _ = fs::write(&path, serde_json::to_vec(&note).unwrap_or_default());
    }
    let error = Command::new(program).args(arguments).exec();
    ccdump_client::output::say(&format!("cannot start the compiler: {error}"));
    Some(ExitCode::FAILURE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(arguments: &[&str], environment: &[(&str, &str)]) -> Option<Note> {
        let owned = |text: &str| text.to_owned();
        let environment = environment.iter().map(|(name, value)| (owned(name), owned(value)));
        Note::of(
            "rustc",
            arguments.iter().map(|text| owned(text)).collect(),
            environment,
            "/ws".into(),
        )
    }

    const VIEWER: [&str; 4] = ["--crate-name", "ccdump_view", "--crate-type", "bin"];

    #[test]
    fn only_the_viewer_is_noted_and_no_secret_with_it() {
        assert_eq!(note(&["--crate-name", "ccdump_wire", "--crate-type", "lib"], &[]), None);
        assert_eq!(note(&["-vV"], &[]), None);
        let environment = [
            ("CARGO_PKG_VERSION", "1"),
            ("LD_LIBRARY_PATH", "/lib"),
            ("ANTHROPIC_API_KEY", "sk"),
            ("CARGO_REGISTRY_TOKEN", "t"),
            ("CARGO_MAKEFLAGS", "-j"),
        ];
        let names: Vec<String> = note(&VIEWER, &environment)
            .expect("the viewer")
            .environment
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["CARGO_PKG_VERSION", "LD_LIBRARY_PATH"]);
    }

    #[test]
    fn cargo_builds_unless_only_the_viewers_own_source_has_changed_since_it_did() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut tools = Tools::new(folder.path().to_owned(), "target/hot", folder.path());
        let by = |tools: &Tools| tools.command().get_program().to_string_lossy().into_owned();
        let cargo = by(&tools);
        let write = |environment: &[(&str, &str)]| {
            let note = serde_json::to_vec(&note(&VIEWER, environment)).expect("JSON");
            fs::write(folder.path().join("compiler.json"), note).expect("writable");
        };
        write(&[]);
        assert_eq!(by(&tools), cargo, "a note of an earlier session");
        tools.built();
        tools.changed(&["viewer/src/main.rs".to_owned()]);
        assert_eq!(by(&tools), "rustc");
        tools.built();
        tools.changed(&["viewer/src/main.rs".to_owned(), "shared/wire/src/lib.rs".to_owned()]);
        assert_eq!(by(&tools), cargo);
        tools.changed(&["viewer/src/main.rs".to_owned()]);
        assert_eq!(by(&tools), cargo, "the other change is not built yet");
        tools.built();
        assert!(tools.failed_oddly());
        assert_eq!(by(&tools), cargo);
        assert!(!tools.failed_oddly(), "then cargo is right");
        write(&[("OUT_DIR", "/out")]);
        tools.built();
        assert_eq!(by(&tools), cargo, "there is a build script");
    }
}
