//! Where a pattern is found on lines.

use ccdump_model::line::Line;
use ccdump_provider::pattern::Pattern;

/// Where it is found on lines that follow each other. What was broken between two words is found,
/// too.
pub fn find<'a>(pattern: &Pattern, lines: impl Iterator<Item = &'a Line>) -> Vec<Found> {
    let flow = Flow::of(lines);
    pattern.ranges(&flow.text).map(|(from, to)| flow.found(from, to)).collect()
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
    /// Of each line: where it begins in the text, and how many bytes of its own were left out
    /// before that.
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
        let lines = self
            .starts
            .iter()
            .zip(ends)
            .enumerate()
            .skip(first)
            .take_while(|(_, ((start, _), _))| *start < to);
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
    use ccdump_provider::pattern::Switches;

    use super::*;

    #[test]
    fn what_a_line_ends_in_the_middle_of_is_found_on_both() {
        let line = |text: &str| Line { spans: vec![Span::new(Role::Text, text)] };
        let lines = [line("❯ one two"), line("  three"), line(""), line("  漢 four")];
        let find = |typed: &str| {
            super::find(&Pattern::new(typed, Switches::default()).expect("a pattern"), lines.iter())
        };
        let pieces = |typed: &str| -> Vec<(usize, usize, usize)> {
            find(typed)
                .iter()
                .flat_map(|found| &found.pieces)
                .map(|piece| (piece.line, piece.from, piece.to))
                .collect()
        };
        assert_eq!(pieces("two three"), [(0, 8, 11), (1, 2, 7)]);
        assert_eq!(pieces("four"), [(3, 6, 10)]);
        assert_eq!(find("e").len(), 3);
        assert_eq!(find("two three")[0].start(), Some((0, 8)));
        assert_eq!(find("five"), []);
    }
}
