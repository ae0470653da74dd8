//! Where the daemon's program is.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use crate::failure::Failure;

const NAME: &str = "ccdumpd";

/// `$CCDUMPD`, else beside this program, else on the `PATH`.
pub fn find() -> Result<PathBuf, Failure> {
    let own = env::current_exe().ok();
    let beside = own.as_deref().and_then(Path::parent);
    look(env::var_os("CCDUMPD"), beside, &env::var_os("PATH").unwrap_or_default())
        .ok_or(Failure::NoDaemonProgram)
}

/// What is `named` is taken at its word: to start another one than the user chose would be worse
/// than to fail.
fn look(named: Option<OsString>, beside: Option<&Path>, path: &OsStr) -> Option<PathBuf> {
    if let Some(named) = named.filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    let folders = beside.map(Path::to_owned).into_iter().chain(env::split_paths(path));
    folders.map(|folder| folder.join(NAME)).find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_variable_wins_then_the_neighbour_then_the_path() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [with, without] = ["with", "without"].map(|name| folder.path().join(name));
        for folder in [&with, &without] {
            fs::create_dir(folder).expect("writable");
        }
        let program = with.join(NAME);
        fs::write(&program, "").expect("writable");
        let path = env::join_paths([&without, &with]).expect("plain names");
        let named = || Some(OsString::from("/chosen/ccdumpd"));
        for (named, beside, path, wanted) in [
            (named(), Some(&*with), path.as_os_str(), Some("/chosen/ccdumpd".into())),
            (Some(OsString::new()), Some(&*with), OsStr::new(""), Some(program.clone())),
            (None, Some(&*without), &path, Some(program.clone())),
            (None, None, &path, Some(program.clone())),
            (None, Some(&*without), without.as_os_str(), None),
        ] {
            assert_eq!(look(named, beside, path), wanted);
        }
    }
}
