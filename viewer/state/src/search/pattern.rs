//! What is looked for, ready to be found.

use ccdump_model::line::Line;
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// What a pattern may take when it is made ready, and while it runs. Bytes.
const LARGEST: usize = 1 << 20;

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

#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// `Err`: why what was typed is no pattern.
    pub fn new(text: &str, switches: Switches) -> Result<Self, String> {
        let mut pattern = if switches.regex { text.to_owned() } else { regex::escape(text) };
        if switches.word {
            pattern = format!(r"\b{{start-half}}(?:{pattern})\b{{end-half}}");
        }
        let regex = RegexBuilder::new(&pattern)
            .case_insensitive(!switches.case)
            .multi_line(true)
            .size_limit(LARGEST)
            .dfa_size_limit(LARGEST)
            .nest_limit(50)
            .build();
        regex.map(Self).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
            _ => "it is no regular expression".to_owned(),
        })
    }

    /// How often it is found, at most `most` times.
    pub fn count(&self, text: &str, most: usize) -> usize {
        self.ranges(text).take(most).count()
    }

    /// Where it is found: bytes. What is found but has no letters in it is nothing to be seen.
    fn ranges<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
        self.0.find_iter(text).map(|found| (found.start(), found.end())).filter(|(from, to)| from < to)
    }

    /// Where it is found on lines that follow each other. What was broken between two words is found, too.
    pub fn find<'a>(&self, lines: impl Iterator<Item = &'a Line>) -> Vec<Found> {
        let flow = Flow::of(lines);
        self.ranges(&flow.text).map(|(from, to)| flow.found(from, to)).collect()
    }
}

/// A place where a pattern was found: pieces of lines, in bytes of their text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub pieces: Vec<Piece>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Counted from the first of the lines.
    pub line: usize,
    pub from: usize,
    pub to: usize,
}

impl Found {
    /// The line and the byte where it begins.
    pub fn start(&self) -> Option<(usize, usize)> {
        self.pieces.first().map(|piece| (piece.line, piece.from))
    }
}

/// Lines as one text.
struct Flow {
    text: String,
    /// Of each line: where it begins in the text, and how many bytes of its own were left out before that.
    starts: Vec<(usize, usize)>,
}

impl Flow {
    fn of<'a>(lines: impl Iterator<Item = &'a Line>) -> Self {
        let mut flow = Self { text: String::new(), starts: Vec::new() };
        for line in lines {
            let text: String = line.spans.iter().map(|span| span.text.as_str()).collect();
            let kept = text.trim_start();
            if !flow.starts.is_empty() {
                flow.text.push(' ');
            }
            flow.starts.push((flow.text.len(), text.len() - kept.len()));
            flow.text.push_str(kept.trim_end());
        }
        flow
    }

    fn found(&self, from: usize, to: usize) -> Found {
        let first = self.starts.partition_point(|(start, _)| *start <= from).saturating_sub(1);
        let ends = self.starts.iter().skip(1).map(|(start, _)| start - 1).chain([self.text.len()]);
        let lines = self.starts.iter().zip(ends).enumerate().skip(first).take_while(|(_, ((start, _), _))| *start < to);
        let pieces = lines.map(|(line, ((start, left_out), end))| Piece {
            line,
            from: from.max(*start) - start + left_out,
            to: to.min(end).max(*start) - start + left_out,
        });
        Found { pieces: pieces.filter(|piece| piece.from < piece.to).collect() }
    }
}

#[cfg(test)]
mod tests {
    use ccdump_model::{line::Span, theme::Role};

    use super::*;

    const PLAIN: Switches = Switches { case: false, word: false, regex: false };

    #[test]
    fn what_is_typed_is_found_as_the_switches_say() {
        let text = "Foo.bar food\nfoo (x)";
        for (typed, switches, count) in [
            ("foo", PLAIN, 3),
            ("foo", Switches { case: true, ..PLAIN }, 2),
            ("foo", Switches { word: true, ..PLAIN }, 2),
            ("o.b", PLAIN, 1),
            ("o.", Switches { regex: true, ..PLAIN }, 3),
            ("^foo$|x", Switches { regex: true, ..PLAIN }, 1),
            ("(x)", PLAIN, 1),
            ("(x)", Switches { word: true, ..PLAIN }, 1),
            ("z*", Switches { regex: true, ..PLAIN }, 0),
            ("d\nf", PLAIN, 1),
        ] {
            let pattern = Pattern::new(typed, switches).expect("a pattern");
            assert_eq!(pattern.count(text, 10), count, "{typed:?} {switches:?}");
            assert!(pattern.count(text, 1) <= 1);
        }
    }

    #[test]
    fn what_is_no_pattern_says_why_and_takes_no_room() {
        let regex = Switches { regex: true, ..PLAIN };
        for (typed, why) in [("(", "no regular"), (r"\p{L}{999}{999}", "too large"), (&"(".repeat(200), "no regular")] {
            assert!(Pattern::new(typed, regex).expect_err("not a pattern").contains(why), "{typed}");
        }
    }

    #[test]
    fn what_a_line_ends_in_the_middle_of_is_found_on_both() {
        let line = |text: &str| Line { spans: vec![Span::new(Role::Text, text)] };
        let lines = [line("❯ one two"), line("  three"), line(""), line("  漢 four")];
        let find = |typed: &str| Pattern::new(typed, PLAIN).expect("a pattern").find(lines.iter());
        let pieces = |typed: &str| -> Vec<(usize, usize, usize)> {
            find(typed).iter().flat_map(|found| &found.pieces).map(|piece| (piece.line, piece.from, piece.to)).collect()
        };
        assert_eq!(pieces("two three"), [(0, 8, 11), (1, 2, 7)]);
        assert_eq!(pieces("four"), [(3, 6, 10)]);
        assert_eq!(find("e").len(), 3);
        assert_eq!(find("two three")[0].start(), Some((0, 8)));
        assert_eq!(find("five"), []);
    }
}
