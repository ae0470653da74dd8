//! Spans: where text from the wire becomes text for the screen.

use std::borrow::Cow;

use ccdump_client::text::{clean_line, is_clean_line};

use super::{Look, Span, clusters, width};

/// A cluster (what a reader takes for one character) that is longer or wider than people's scripts
/// and emoji have them is a trick: it would overflow any line. Bytes and columns.
const LONGEST_CLUSTER: usize = 64;
const WIDEST_CLUSTER: usize = 8;

impl Span {
    /// `text` made harmless, on one line.
    pub fn new(look: impl Into<Look>, text: &str) -> Self {
        let Look { role, paint } = look.into();
        Self { role, text: harmless(text).into_owned(), paint }
    }

    pub fn look(&self) -> Look {
        Look { role: self.role, paint: self.paint }
    }
}

/// Text that is safe to be put on a line, and to be broken between clusters.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let line = if is_clean_line(text) { Cow::Borrowed(text) } else { Cow::Owned(clean_line(text)) };
    let is_trick =
        |cluster: &str, width: usize| cluster.len() > LONGEST_CLUSTER || width > WIDEST_CLUSTER;
    if clusters(&line).any(|(cluster, width)| is_trick(cluster, width)) {
        return clusters(&line)
            .map(|(cluster, width)| if is_trick(cluster, width) { "\u{fffd}" } else { cluster })
            .collect();
    }
    line
}

/// Tabs of one line as spaces, to stops every four columns.
pub fn expand_tabs(line: &str) -> Cow<'_, str> {
    expand_tabs_from(0, line)
}

/// Of a piece of a line that begins in this column.
pub fn expand_tabs_from(mut column: usize, line: &str) -> Cow<'_, str> {
    if !line.contains('\t') {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len() + 16);
    for (at, piece) in line.split('\t').enumerate() {
        if at > 0 {
            let spaces = 4 - column % 4;
            column += spaces;
            (0..spaces).for_each(|_| out.push(' '));
        }
        column += width(piece);
        out.push_str(piece);
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Role;

    #[test]
    fn tabs_go_to_the_next_stop() {
        for (line, wanted) in [
            ("none", "none"),
            ("\tx", "    x"),
            ("ab\tc\td", "ab  c   d"),
            ("漢\tx", "漢  x"),
            ("abcd\te", "abcd    e"),
        ] {
            assert_eq!(expand_tabs(line), wanted);
        }
    }

    #[test]
    fn a_character_that_is_none_is_replaced() {
        let piled = format!("a{}b", "\u{301}".repeat(500));
        let chained = "\u{1100}".repeat(50);
        for (text, wanted) in [
            ("plain", "plain"),
            ("two\nlines\tand \u{1b}[1mmore", "two lines and more"),
            ("👩\u{200d}🚀", "👩\u{200d}🚀"),
            (piled.as_str(), "\u{fffd}b"),
            (chained.as_str(), "\u{fffd}"),
        ] {
            assert_eq!(Span::new(Role::Text, text).text, wanted);
        }
    }
}
