//! What a build says: messages as JSON, cargo's or the compiler's own, and words for people.

use std::{collections::VecDeque, path::PathBuf, time::Duration};

use serde::Deserialize;

use super::{BuildError, Outcome};

/// So many errors are kept: nobody reads more of them before the first is mended.
const MOST_ERRORS: usize = 50;

/// What is kept of an error as the compiler prints it, in characters.
const LONGEST_ERROR: usize = 8 * 1024;

/// So many lines are kept of what cargo says itself.
const MOST_WORDS: usize = 20;

#[derive(Debug, Default)]
pub(super) struct Output {
    errors: Vec<BuildError>,
    executable: Option<PathBuf>,
    words: VecDeque<String>,
}

/// From cargo.
#[derive(Deserialize)]
#[serde(tag = "reason")]
enum OfCargo {
    #[serde(rename = "compiler-message")]
    Diagnostic { message: Diagnostic },
    #[serde(rename = "compiler-artifact")]
    Artifact { executable: Option<PathBuf> },
    #[serde(other)]
    Other,
}

/// From the compiler.
#[derive(Deserialize)]
#[serde(tag = "$message_type", rename_all = "snake_case")]
enum OfCompiler {
    Diagnostic(Diagnostic),
    Artifact {
        artifact: PathBuf,
        emit: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Diagnostic {
    message: String,
    level: String,
    #[serde(default)]
    spans: Vec<Place>,
    #[serde(default)]
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct Place {
    file_name: String,
    line_start: u32,
    column_start: u32,
    is_primary: bool,
}

impl Output {
    /// One line of what it says.
    pub(super) fn line(&mut self, line: &[u8]) {
        if let Ok(message) = serde_json::from_slice(line) {
            match message {
                OfCargo::Diagnostic { message } => self.diagnostic(message),
                OfCargo::Artifact { executable } => {
                    self.executable = executable.or(self.executable.take())
                }
                OfCargo::Other => {}
            }
        } else if let Ok(message) = serde_json::from_slice(line) {
            match message {
                OfCompiler::Diagnostic(message) => self.diagnostic(message),
                OfCompiler::Artifact { artifact, emit } if emit == "link" => {
                    self.executable = Some(artifact)
                }
                OfCompiler::Artifact { .. } | OfCompiler::Other => {}
            }
        } else {
            self.words(line);
        }
    }

    fn diagnostic(&mut self, message: Diagnostic) {
        // Lints and warnings are for another time.
        if message.level.starts_with("error") {
            self.error(message);
        }
    }

    fn error(&mut self, message: Diagnostic) {
        // "Aborting due to 2 previous errors" has no place in the source, and says nothing.
        let is_summary = message.spans.is_empty() && message.message.starts_with("aborting due to");
        if is_summary || self.errors.len() >= MOST_ERRORS {
            return;
        }
        let place = message.spans.iter().find(|span| span.is_primary).or(message.spans.first());
        self.errors.push(BuildError {
            file: place.map(|place| place.file_name.clone()),
            line: place.map(|place| place.line_start),
            column: place.map(|place| place.column_start),
            rendered: message
                .rendered
                .unwrap_or_else(|| message.message.clone())
                .chars()
                .take(LONGEST_ERROR)
                .collect(),
            message: message.message,
        });
    }

    fn words(&mut self, line: &[u8]) {
        if self.words.len() >= MOST_WORDS {
            self.words.pop_front();
        }
        self.words.push_back(String::from_utf8_lossy(line).trim_end().to_owned());
    }

    /// The first error that has a place.
    pub(super) fn first_error(&self) -> Option<&BuildError> {
        self.errors.iter().find(|error| error.file.is_some())
    }

    /// What was said on one output, and then what was said on the `other`.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.errors.extend(other.errors);
        self.words.extend(other.words);
        self.executable = other.executable.or(self.executable);
        self
    }

    /// It has ended after `took`.
    pub(super) fn outcome(self, took: Duration) -> Outcome {
        match self.executable {
            Some(executable) if self.errors.is_empty() => Outcome::Made { executable, took },
            _ => Outcome::Failed { errors: self.errors_or_words(), took },
        }
    }

    /// A broken Cargo.toml, a build script that failed, a linker: cargo says it in words only.
    fn errors_or_words(self) -> Vec<BuildError> {
        if !self.errors.is_empty() {
            return self.errors;
        }
        let from = self.words.iter().position(|line| line.starts_with("error")).unwrap_or(0);
        let words: Vec<String> = self.words.into_iter().skip(from).collect();
        let message = words
            .first()
            .map_or("the build ended without a word", |line| line.trim_start_matches("error: "))
            .to_owned();
        vec![BuildError { message, rendered: words.join("\n"), ..BuildError::default() }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(stdout: &[&str], stderr: &[&str]) -> Result<PathBuf, Vec<BuildError>> {
        let (mut output, mut said) = (Output::default(), Output::default());
        stdout.iter().for_each(|line| output.line(line.as_bytes()));
        stderr.iter().for_each(|line| said.line(line.as_bytes()));
        match output.and(said).outcome(Duration::ZERO) {
            Outcome::Made { executable, .. } => Ok(executable),
            Outcome::Failed { errors, .. } => Err(errors),
        }
    }

    const LIBRARY: &str = r#"{"reason":"compiler-artifact","target":{"kind":["lib"]},"executable":null,"fresh":true}"#;
    const PROGRAM: &str = r#"{"reason":"compiler-artifact","target":{"kind":["bin"]},"executable":"/t/hot/ccdump-view","fresh":false}"#;
    const WARNING: &str = r#"{"reason":"compiler-message","message":{"message":"unused","level":"warning","spans":[],"rendered":"w"}}"#;
    const ERROR: &str = r#"{"reason":"compiler-message","message":{"message":"mismatched types","level":"error","code":{"code":"E0308"},
        "spans":[{"file_name":"viewer/src/a.rs","line_start":1,"column_start":2,"is_primary":false},
                 {"file_name":"viewer/src/b.rs","line_start":30,"column_start":4,"is_primary":true}],"rendered":"error[E0308]…\n"}}"#;
    const SUMMARY: &str = r#"{"reason":"compiler-message","message":{"message":"aborting due to 1 previous error","level":"error","spans":[]}}"#;

    #[test]
    fn a_build_that_worked_names_its_program() {
        assert_eq!(
            outcome(
                &[
                    LIBRARY,
                    WARNING,
                    "not JSON",
                    PROGRAM,
                    r#"{"reason":"build-finished","success":true}"#
                ],
                &[]
            ),
            Ok("/t/hot/ccdump-view".into())
        );
    }

    #[test]
    fn errors_have_their_place() {
        let errors = outcome(
            &[LIBRARY, ERROR, SUMMARY, r#"{"reason":"build-finished","success":false}"#],
            &["error: could not compile"],
        );
        let expected = BuildError {
            file: Some("viewer/src/b.rs".to_owned()),
            line: Some(30),
            column: Some(4),
            message: "mismatched types".to_owned(),
            rendered: "error[E0308]…\n".to_owned(),
        };
        assert_eq!(errors, Err(vec![expected]));
    }

    #[test]
    fn the_compiler_alone_says_the_same() {
        let made =
            r#"{"$message_type":"artifact","artifact":"/t/hot/deps/ccdump_view-1","emit":"link"}"#;
        let notes = r#"{"$message_type":"artifact","artifact":"/t/hot/deps/ccdump_view-1.d","emit":"dep-info"}"#;
        assert_eq!(outcome(&[], &[notes, made]), Ok("/t/hot/deps/ccdump_view-1".into()));
        let error = r#"{"$message_type":"diagnostic","message":"no","level":"error","spans":[{"file_name":"viewer/src/a.rs","line_start":3,"column_start":1,"is_primary":true}]}"#;
        let errors =
            outcome(&[], &[error, r#"{"$message_type":"future","x":1}"#]).expect_err("an error");
        assert_eq!((errors.len(), errors[0].line), (1, Some(3)));
    }

    #[test]
    fn what_cargo_says_itself_is_an_error_without_a_place() {
        let errors = outcome(
            &[],
            &[
                "    Blocking waiting for file lock",
                "error: failed to parse manifest",
                "",
                "Caused by: x",
            ],
        )
        .expect_err("no program");
        assert_eq!(errors.len(), 1);
        assert_eq!(
            (errors[0].file.as_deref(), errors[0].message.as_str()),
            (None, "failed to parse manifest")
        );
        assert_eq!(errors[0].rendered, "error: failed to parse manifest\n\nCaused by: x");
        let silent = outcome(&[LIBRARY], &[]).expect_err("no program");
        assert_eq!(silent[0].message, "the build ended without a word");
    }

    #[test]
    fn a_flood_of_errors_is_bounded() {
        let long = format!(
            r#"{{"reason":"compiler-message","message":{{"message":"m","level":"error","rendered":"{}"}}}}"#,
            "x".repeat(100_000)
        );
        let errors = outcome(&vec![long.as_str(); 500], &[]).expect_err("errors");
        assert!(
            errors.iter().map(|error| error.rendered.len()).sum::<usize>()
                <= MOST_ERRORS * LONGEST_ERROR
        );
    }
}
