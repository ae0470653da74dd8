//! Builds a revision of this repository beside the present one.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use ccdump_tests::binaries;

/// A revision that was built.
pub(crate) struct Built {
    /// Its `ccdumpd` and `ccdump-view`, its `sources` (a link), and what benchmarks keep of it.
    pub(crate) folder: PathBuf,
    pub(crate) description: String,
}

/// The commit that a revision names.
pub(crate) fn resolve(revision: &str) -> Option<String> {
    let mut command = git(&binaries::root());
    let asked = command
        .args([
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &format!("{revision}^{{commit}}"),
        ])
        .output();
    let told = asked.ok().filter(|asked| asked.status.success())?;
    Some(String::from_utf8_lossy(&told.stdout).trim_end().to_owned())
}

/// Builds `commit` unless it has been, in a worktree and a target folder that are kept: the next
/// one builds only what differs.
///
/// # Panics
/// When it does not build.
pub(crate) fn build(commit: &str) -> Built {
    let root = binaries::root();
    let against = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("it lies in the target folder")
        .join("against");
    let (tree, target, folder) =
        (against.join("tree"), against.join("target"), against.join(commit));
    if tree.join("Cargo.toml").is_file() {
        run(git(&tree).args(["checkout", "--quiet", "--force", "--detach", commit]));
    } else {
        // One that was removed by hand is still registered.
        run(git(&root).args(["worktree", "prune"]));
        run(git(&root).args(["worktree", "add", "--quiet", "--detach"]).arg(&tree).arg(commit));
    }
    fs::create_dir_all(&folder).expect("writable");
    let programs = ["ccdumpd", "ccdump-view"];
    if !programs.iter().all(|program| folder.join(program).is_file()) {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["build", "--release", "-p", "ccdumpd", "-p", "ccdump-view", "--target-dir"])
            .arg(&target)
            .current_dir(&tree);
        run(&mut cargo);
        for program in programs {
            fs::copy(target.join("release").join(program), folder.join(program)).expect("writable");
        }
    }
    let sources = folder.join("sources");
    if !sources.exists() {
        std::os::unix::fs::symlink(&tree, &sources).expect("writable");
    }
    Built { folder, description: describe(&tree) }
}

/// The present tree in words.
pub(crate) fn present() -> String {
    let root = binaries::root();
    let changed = output(git(&root).args(["status", "--porcelain", "--untracked-files=no"]));
    let note = if changed.is_empty() { "" } else { ", with changes" };
    format!("{}{note}", describe(&root))
}

fn describe(tree: &Path) -> String {
    output(git(tree).args(["log", "-1", "--format=%h %cs %s"]))
}

fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(folder);
    git
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    assert!(status.success(), "{command:?} failed");
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}
