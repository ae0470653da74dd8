//! What is looked for in texts, ready to be found: by the viewer on what it shows, by the daemon in
//! what is recorded.

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// What a pattern may take when it is made ready, and while it runs. Bytes.
const LARGEST: usize = 1 << 20;
/// How deep a regular expression may be nested.
const DEEPEST: u32 = 50;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Switches {
    /// Capitals are told from small letters.
    pub case: bool,
    /// Whole words only.
    pub word: bool,
    /// What is typed is a regular expression.
    pub regex: bool,
}

/// Takes time in proportion to the text it is looked for in, whatever it is.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

/// Why a text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPattern {
    #[error("it is too large")]
    TooLarge,
    #[error("it is no regular expression")]
    NoExpression,
}

impl Pattern {
    pub fn new(text: &str, switches: Switches) -> Result<Self, NoPattern> {
        let mut pattern = if switches.regex { text.to_owned() } else { regex::escape(text) };
        if switches.word {
            pattern = format!(r"\b{{start-half}}(?:{pattern})\b{{end-half}}");
        }
        let regex = RegexBuilder::new(&pattern)
            .case_insensitive(!switches.case)
            .multi_line(true)
            .size_limit(LARGEST)
            .dfa_size_limit(LARGEST)
            .nest_limit(DEEPEST)
            .build();
        regex.map(Self).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => NoPattern::TooLarge,
            _ => NoPattern::NoExpression,
        })
    }

    /// How often it is found, at most `most` times.
    pub fn count(&self, text: &str, most: usize) -> usize {
        self.ranges(text).take(most).count()
    }

    /// Whether it is found at all.
    pub fn is_in(&self, text: &str) -> bool {
        self.ranges(text).next().is_some()
    }

    /// Where it is found: bytes. What is found but has no letters in it is nothing to be seen.
    pub fn ranges<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
        self.0
            .find_iter(text)
            .map(|found| (found.start(), found.end()))
            .filter(|(from, to)| from < to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Switches = Switches { case: false, word: false, regex: false };
    const REGEX: Switches = Switches { regex: true, ..PLAIN };

    #[test]
    fn what_is_typed_is_found_as_the_switches_say() {
        let text = "Foo.bar food\nfoo (x)";
        for (typed, switches, count) in [
            ("foo", PLAIN, 3),
            ("foo", Switches { case: true, ..PLAIN }, 2),
            ("foo", Switches { word: true, ..PLAIN }, 2),
            ("o.b", PLAIN, 1),
            ("o.", REGEX, 3),
            ("^foo$|x", REGEX, 1),
            ("^foo", REGEX, 2),
            ("(x)", PLAIN, 1),
            ("(x)", Switches { word: true, ..PLAIN }, 1),
            ("FOO|X", Switches { case: true, ..REGEX }, 0),
            ("z*", REGEX, 0),
            ("d\nf", PLAIN, 1),
        ] {
            let pattern = Pattern::new(typed, switches).expect("a pattern");
            assert_eq!(pattern.count(text, 10), count, "{typed:?} {switches:?}");
            assert_eq!(pattern.is_in(text), count > 0, "{typed:?} {switches:?}");
            assert!(pattern.count(text, 1) <= 1);
        }
    }

    #[test]
    fn letters_of_all_alphabets_have_capitals_and_make_words() {
        for (typed, switches, text, is_in) in [
            ("straße", PLAIN, "STRAßE", true),
            ("ЖУК", PLAIN, "один жук", true),
            ("жук", Switches { word: true, ..PLAIN }, "жуки", false),
            ("漢", PLAIN, "a漢b", true),
        ] {
            let pattern = Pattern::new(typed, switches).expect("a pattern");
            assert_eq!(pattern.is_in(text), is_in, "{typed} {text}");
        }
    }

    #[test]
    fn what_is_no_pattern_says_why_and_takes_no_room() {
        let deep = "(".repeat(200);
        for (typed, why) in [
            ("(", NoPattern::NoExpression),
            (r"\p{L}{999}{999}", NoPattern::TooLarge),
            (&deep, NoPattern::NoExpression),
            ("a{2,1}", NoPattern::NoExpression),
        ] {
            assert_eq!(Pattern::new(typed, REGEX).expect_err("not a pattern"), why, "{typed}");
        }
    }

    #[test]
    fn expressions_that_others_take_for_ever_for_end() {
        let text = "a".repeat(50_000);
        assert!(!Pattern::new("(a*)*b", REGEX).expect("a pattern").is_in(&text));
    }
}
