//! Viewers that the host builds are a small program and shared libraries: those of all that the
//! looks stand on (`viewer/dylib`), and Rust's own. An edit of the looks links the program alone.

use std::{
    env::{
        self,
        consts::{DLL_PREFIX, DLL_SUFFIX},
    },
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    str,
};

/// What makes such a program of the viewer.
pub(super) const FEATURE: &str = "dylib";

const OURS: [&str; 2] = ["ccdump_dylib_model", "ccdump_dylib_shell"];

/// The libraries that a program of the host's needs beside it.
#[derive(Debug)]
pub(super) struct Libraries {
    standard: PathBuf,
}

impl Libraries {
    /// `None` where the compiler has no shared standard library: there a viewer is one file.
    pub(super) fn find(workspace: &Path) -> Option<Self> {
        let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(compiler)
            .args(["--print", "target-libdir"])
            .current_dir(workspace)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let folder = str::from_utf8(&output.stdout).ok()?.trim_end();
        let mut files = fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path());
        files
            .find(|file| file.file_name().and_then(OsStr::to_str).is_some_and(is_standard))
            .map(|standard| Self { standard })
    }

    /// Those of `program`, which was built just now.
    pub(super) fn of(&self, program: &Path) -> Vec<PathBuf> {
        let ours = OURS
            .iter()
            .map(|name| program.with_file_name(format!("{DLL_PREFIX}{name}{DLL_SUFFIX}")));
        ours.chain([self.standard.clone()]).collect()
    }
}

fn is_standard(name: &str) -> bool {
    name.strip_prefix(DLL_PREFIX).is_some_and(|name| name.starts_with("std-"))
        && name.ends_with(DLL_SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shared_standard_library_is_told_from_the_other_files() {
        assert!(is_standard(&format!("{DLL_PREFIX}std-7e719de9c4abc98f{DLL_SUFFIX}")));
        for other in [
            "libstd-7e719de9c4abc98f.rlib",
            "libstd-7e719de9c4abc98f.rmeta",
            "libstd_detect-ce90372c.so",
            "libtest-1f.so",
        ] {
            assert!(!is_standard(other), "{other}");
        }
    }
}
