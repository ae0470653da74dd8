//! What host and viewer say to each other: a line of JSON for each message, over the socket pair
//! that the viewer inherits as its stderr.
//!
//! The host is a program that started this morning, the viewer is an hour, or a second, younger:
//! both sides pass over types and fields that they do not know, and a field that is missing has its
//! default. [`VERSION`] only grows when that is not enough.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Set to `1` in a viewer's environment: its stderr is a socket, and at the other end is a host.
pub const HOSTED: &str = "CCDUMP_HOST";

/// In a viewer's environment: the folder that names of source files are relative to.
pub const WORKSPACE: &str = "CCDUMP_WORKSPACE";

/// Version of the protocol that this program speaks.
pub const VERSION: u32 = 1;

/// No line is longer, in bytes. A longer one is passed over.
pub const LONGEST_LINE: u64 = 1024 * 1024;

/// Viewer → host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromViewer {
    /// The viewer's first message. The host answers with its own hello.
    Hello {
        #[serde(default)]
        version: u32,
        #[serde(default)]
        build: String,
    },
    /// The first frame has been written. From here on the viewer gets input, also what was typed
    /// since the one before it left.
    Ready {
        /// From the start of the process.
        #[serde(default)]
        first_frame_ms: u64,
        /// Keys of the components that came back as they were.
        #[serde(default)]
        restored: Vec<String>,
        /// What did not, in words for people.
        #[serde(default)]
        notices: Vec<String>,
    },
    /// The view state, as often as it changes. The host keeps the last one for the next viewer.
    State(ViewState),
    /// The person is in an editor that this viewer started, or back from it: until then it is not
    /// replaced.
    Busy {
        #[serde(default)]
        busy: bool,
    },
    /// The last message before exit code 0.
    Leaving {
        #[serde(default)]
        why: Leaving,
    },
    /// A panic or an error that ends the viewer, in its own words.
    Failed {
        #[serde(default)]
        message: String,
    },
    #[serde(other)]
    Unknown,
}

/// Why a viewer leaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leaving {
    /// It was asked to hand over.
    HandOver,
    /// The user is done, and so is the host.
    Quit,
    #[default]
    #[serde(other)]
    Unknown,
}

/// A view state, which the host keeps and does not look into.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ViewState {
    /// The view-state name that this viewer holds.
    pub name: String,
    pub schema: u32,
    pub data: Value,
}

/// Host → viewer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToViewer {
    /// The answer to the viewer's hello.
    Hello {
        #[serde(default)]
        version: u32,
        /// The view-state name to take, if one was held or asked for before.
        #[serde(default)]
        view: Option<String>,
        /// The last state that a viewer of this host had. The daemon's is the better one where
        /// there is a daemon.
        #[serde(default)]
        state: Option<ViewState>,
    },
    /// How the build of changed sources goes. Errors stay on the screen until a build that did not
    /// fail.
    Build(Build),
    /// To a new viewer after its `ready`: it replaced another one.
    Swapped(Swapped),
    /// To an older viewer after its `ready`: the newer one failed.
    RolledBack {
        #[serde(default)]
        reason: String,
    },
    /// To a viewer after its `ready`: the same program had died.
    Restarted {
        #[serde(default)]
        reason: String,
    },
    /// Save the state and leave, with exit code 0 and without giving the terminal back.
    HandOver,
    /// Sources that the daemon is made of have changed.
    DaemonStale {
        #[serde(default)]
        files: Vec<String>,
        /// Of the last change, in milliseconds since 1970: a daemon that started later is not
        /// stale.
        #[serde(default)]
        changed_at_ms: u64,
    },
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Build {
    pub phase: Phase,
    /// What has changed, as paths from the workspace's folder.
    pub files: Vec<String>,
    /// Of a failed build.
    pub errors: Vec<BuildError>,
    /// How long it took; 0 when it has only started.
    pub millis: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Started,
    Failed,
    Succeeded,
    #[default]
    #[serde(other)]
    Unknown,
}

/// What the compiler says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BuildError {
    /// From the workspace's folder. Errors of cargo itself have no place.
    pub file: Option<String>,
    /// From 1.
    pub line: Option<u32>,
    /// From 1, in characters.
    pub column: Option<u32>,
    pub message: String,
    /// As the compiler prints it, over several lines, without colours.
    pub rendered: String,
}

/// What a swap was about, and where its time went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Swapped {
    pub files: Vec<String>,
    pub build_ms: u64,
    /// From the word to hand over until the old viewer was gone.
    pub handover_ms: u64,
    /// From the start of the new viewer to its `ready`.
    pub first_frame_ms: u64,
    /// From the first change of a file since the last build to `ready`.
    pub total_ms: u64,
}

/// A message as its line, with the end of line.
pub fn line<M: Serialize>(message: &M) -> Vec<u8> {
    // None of the messages has a map with keys that are not strings, or a number that JSON does not
    // know.
    let mut line = serde_json::to_vec(message).unwrap_or_default();
    line.push(b'\n');
    line
}

/// What stood on a line.
#[derive(Debug, PartialEq)]
pub enum Heard<M> {
    Message(M),
    /// Not one of ours: what a dying program wrote on its stderr.
    Words(String),
}

/// Reads one line. A message of a known type that does not fit is words, too: they end up in the
/// log.
pub fn read<M: serde::de::DeserializeOwned>(line: &[u8]) -> Heard<M> {
    serde_json::from_slice(line).map_or_else(
        |_| Heard::Words(String::from_utf8_lossy(line).trim_end().to_owned()),
        Heard::Message,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_newer_side_adds_is_passed_over() {
        for (line, expected) in [
            (
                r#"{"type":"hello","version":9,"build":"x","colour":"red"}"#,
                FromViewer::Hello { version: 9, build: "x".to_owned() },
            ),
            (
                r#"{"type":"ready"}"#,
                FromViewer::Ready { first_frame_ms: 0, restored: vec![], notices: vec![] },
            ),
            (r#"{"type":"leaving","why":"bored"}"#, FromViewer::Leaving { why: Leaving::Unknown }),
            (r#"{"type":"sings","song":[1,2]}"#, FromViewer::Unknown),
        ] {
            assert_eq!(read(line.as_bytes()), Heard::Message(expected), "{line}");
        }
        assert_eq!(read(br#"{"type":"sings","song":[1,2]}"#), Heard::Message(ToViewer::Unknown));
        let build = Build { phase: Phase::Unknown, ..Build::default() };
        assert_eq!(
            read(br#"{"type":"build","phase":"paused"}"#),
            Heard::Message(ToViewer::Build(build))
        );
    }

    #[test]
    fn what_is_no_message_is_words() {
        for line in [
            "thread 'main' panicked at src/main.rs:1:1:",
            "{",
            "",
            "[1]",
            "{\"no\":\"type\"}",
            "{\"type\":\"ready\",\"first_frame_ms\":\"soon\"}",
        ] {
            assert_eq!(read::<FromViewer>(line.as_bytes()), Heard::Words(line.to_owned()));
        }
        assert_eq!(read::<FromViewer>(b"\xff\r\n"), Heard::Words("\u{fffd}".to_owned()));
    }

    #[test]
    fn a_message_is_one_line_and_comes_back() {
        let state = ViewState {
            name: "main".to_owned(),
            schema: 3,
            data: serde_json::json!({"text": "a\nb"}),
        };
        for message in [
            FromViewer::State(state.clone()),
            FromViewer::Failed { message: "one\ntwo".to_owned() },
        ] {
            let line = line(&message);
            assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            assert_eq!(read(&line), Heard::Message(message));
        }
        let message =
            ToViewer::Hello { version: VERSION, view: Some("main".to_owned()), state: Some(state) };
        assert_eq!(read(&line(&message)), Heard::Message(message));
    }

    #[test]
    fn nesting_has_a_limit() {
        let deep = format!("{}{}", r#"{"type":"state","data":"#, "[".repeat(100_000));
        assert!(matches!(read::<FromViewer>(deep.as_bytes()), Heard::Words(_)));
    }
}
