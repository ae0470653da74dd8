//! What the benchmarks are told on their command lines.

use std::path::PathBuf;

/// The words after `cargo bench … --`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// `--against FOLDER`: where `ccdumpd` and `ccdump-view` of another build are, to be measured
    /// in turn with those of this one.
    pub against: Option<PathBuf>,
    /// `--rounds N`
    pub rounds: Option<usize>,
    /// The rest, without the flags that cargo adds.
    pub words: Vec<String>,
}

impl Arguments {
    /// # Panics
    /// When a flag lacks its value.
    pub fn of(arguments: impl IntoIterator<Item = String>) -> Self {
        let mut parsed = Self::default();
        let mut left = arguments.into_iter();
        while let Some(argument) = left.next() {
            match argument.as_str() {
                "--against" => {
                    parsed.against = Some(left.next().expect("--against needs a folder").into())
                }
                "--rounds" => {
                    let rounds = left
                        .next()
                        .and_then(|number| number.parse().ok())
                        .filter(|rounds| *rounds > 0);
                    parsed.rounds = Some(rounds.expect("--rounds needs a number"));
                }
                flag if flag.starts_with("--") => {}
                _ => parsed.words.push(argument),
            }
        }
        parsed
    }

    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|other| other == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_flags_and_words() {
        let parse = |line: &str| Arguments::of(line.split_whitespace().map(str::to_owned));
        let wanted = Arguments {
            against: Some("a/b".into()),
            rounds: Some(11),
            words: vec!["keys".into(), "quick".into()],
        };
        assert_eq!(parse("keys --against a/b --bench --rounds 11 quick"), wanted);
        assert_eq!(parse("--bench"), Arguments::default());
        assert!(wanted.has("quick") && !wanted.has("full"));
    }
}
