//! A file in the person's editor.

use std::{
    env, io,
    path::{Path, PathBuf},
    process::Command,
};

use ccdump_host::protocol::WORKSPACE;

/// Opens `file` at `line` (from 1) in `$VISUAL`, else `$EDITOR`, else vi, and waits until it is closed.
pub(super) fn open(file: &str, line: u32) -> io::Result<()> {
    let named = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let editor = named("VISUAL").or_else(|| named("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let path = env::var_os(WORKSPACE).map(PathBuf::from).unwrap_or_default().join(file);
    let status = Command::new(program).args(words).args(place(program, &path, line)).status();
    let status = status.map_err(|error| io::Error::other(format!("cannot start {program}: {error}; set EDITOR")))?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{program} ended with {status}"))) }
}

/// How an editor is told where to go. Most follow vi.
fn place(program: &str, path: &Path, line: u32) -> Vec<String> {
    let path = path.to_string_lossy();
    match Path::new(program).file_name().and_then(|name| name.to_str()) {
        Some("hx" | "helix" | "zed" | "subl") => vec![format!("{path}:{line}")],
        Some("code" | "codium" | "cursor") => vec!["--wait".to_owned(), "--goto".to_owned(), format!("{path}:{line}")],
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
