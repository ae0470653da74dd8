//! A file in the person's editor, a text in their editor or pager.

use std::{
    env,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use ccdump_host::protocol::WORKSPACE;
use ccdump_state::Program;

/// Opens `file` at `line` (from 1) in `$VISUAL`, else `$EDITOR`, else vi, and waits until it is
/// closed.
pub(super) fn open(file: &str, line: u32) -> io::Result<()> {
    let path = env::var_os(WORKSPACE).map(PathBuf::from).unwrap_or_default().join(file);
    run(&["VISUAL", "EDITOR"], "vi", |program| place(program, &path, line))
}

/// Shows a text in another program. It stands in a file that only this user can read, and is gone
/// when the program has ended.
pub(super) fn show(text: &str, suffix: &str, program: Program) -> io::Result<()> {
    let folder = env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(|folder| folder.is_dir())
        .unwrap_or_else(env::temp_dir);
    // Such files are of mode 0600.
    let mut file = tempfile::Builder::new().prefix("ccdump-").suffix(suffix).tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.flush()?;
    let path = file.path().to_string_lossy().into_owned();
    match program {
        Program::Pager => run(&["PAGER"], "less", |_| vec![path]),
        Program::Editor => run(&["VISUAL", "EDITOR"], "vi", |_| vec![path]),
    }
}

/// Runs the program that one of these variables names, and waits until it ends.
fn run(
    variables: &[&str],
    otherwise: &str,
    arguments: impl FnOnce(&str) -> Vec<String>,
) -> io::Result<()> {
    let named = variables
        .iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.trim().is_empty()));
    let command = named.unwrap_or_else(|| otherwise.to_owned());
    let mut words = command.split_whitespace();
    let program = words.next().unwrap_or(otherwise);
    let set = variables.last().copied().unwrap_or_default();
    let status = Command::new(program).args(words).args(arguments(program)).status();
    let status = status
        .map_err(|error| io::Error::other(format!("cannot start {program}: {error}; set {set}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("{program} ended with {status}")))
    }
}

/// How an editor is told where to go. Most follow vi.
fn place(program: &str, path: &Path, line: u32) -> Vec<String> {
    let path = path.to_string_lossy();
    match Path::new(program).file_name().and_then(|name| name.to_str()) {
        Some("hx" | "helix" | "zed" | "subl") => vec![format!("{path}:{line}")],
        Some("code" | "codium" | "cursor") => {
            vec!["--wait".to_owned(), "--goto".to_owned(), format!("{path}:{line}")]
        }
        _ => vec![format!("+{line}"), path.into_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_are_told_the_line_in_their_own_way() {
        for (program, wanted) in [
            ("vim", vec!["+7", "/w/a.rs"]),
            ("/usr/bin/nano", vec!["+7", "/w/a.rs"]),
            ("hx", vec!["/w/a.rs:7"]),
            ("code", vec!["--wait", "--goto", "/w/a.rs:7"]),
        ] {
            assert_eq!(place(program, Path::new("/w/a.rs"), 7), wanted, "{program}");
        }
    }
}
