//! What a test that failed at a terminal prints.

use std::{fs, path::Path};

use super::{modes::Modes, recording::Recording};

const TAIL_BYTES: usize = 800;
const TAIL_LINES: usize = 40;

/// The last screen, the modes, the end of the output and of the log file.
pub(super) fn of(recording: &Recording, log_file: Option<&Path>) -> String {
    let program = match (recording.pid(), recording.ended()) {
        (None, _) => "has not started".to_owned(),
        (Some(pid), None) => format!("runs, pid {pid}"),
        (Some(pid), Some(status)) => format!("pid {pid} ended with {status}"),
    };
    let bytes = recording.bytes();
    let tail = &bytes[bytes.len().saturating_sub(TAIL_BYTES)..];
    let screen = recording.screen();
    let mut report = format!(
        "{screen}\ncursor {:?}\nprogram: {program}\n{:?}\n{} bytes in {} frames; the last: {}",
        screen.cursor(),
        Modes::of(bytes),
        bytes.len(),
        recording.frames().len(),
        tail.escape_ascii()
    );
    if let Some(path) = log_file {
        report.push_str(&format!("\n--- {}:\n{}", path.display(), end_of(path)));
    }
    report
}

fn end_of(file: &Path) -> String {
    match fs::read(file) {
        Ok(content) => {
            let content = String::from_utf8_lossy(&content);
            let lines: Vec<&str> = content.lines().collect();
            lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
        }
        Err(error) => format!("cannot be read: {error}"),
    }
}
