//! Where lines are broken. Clusters are counted span by span, as ratatui does.

use ccdump_model::{
    line::{Look, Span, clusters, width, width_of},
    theme::Role,
};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Breaks a line between words into lines of at most `room` columns; those after the first are
/// indented by `hang`. Spaces at a break are dropped, spaces at the beginning are kept. There is
/// always at least one line.
pub(crate) fn words(spans: Vec<Span>, room: usize, hang: usize) -> Vec<Vec<Span>> {
    if width_of(&spans) <= room && spans.last().is_none_or(|span| !span.text.ends_with(' ')) {
        return vec![spans];
    }
    let hang = hang.min(room / 2);
    let mut wrapper = Wrapper { room, hang, ..Wrapper::default() };
    for span in &spans {
        tokens(&span.text, room - hang, &mut |kind, text, width| {
            wrapper.take(kind, span.look(), text, width)
        });
    }
    wrapper.finish()
}

/// Breaks a line wherever it is full. For code: nothing is dropped or moved.
pub(super) fn columns(spans: Vec<Span>, room: usize) -> Vec<Vec<Span>> {
    if width_of(&spans) <= room {
        return vec![spans];
    }
    let mut lines = Vec::new();
    let mut line = Vec::new();
    let mut column = 0;
    for span in &spans {
        let (look, text) = (span.look(), &span.text);
        // What is on the line already, and what is looked at.
        let (mut from, mut at) = (0, 0);
        for (cluster, width) in clusters(text) {
            if column + width > room {
                append(&mut line, look, text.get(from..at).unwrap_or_default());
                lines.push(std::mem::take(&mut line));
                (from, column) = (at, 0);
            }
            column += width;
            at += cluster.len();
        }
        append(&mut line, look, text.get(from..).unwrap_or_default());
    }
    lines.push(line);
    lines
}

/// What fits into `room` columns, with an ellipsis where something does not.
pub(crate) fn cut(spans: Vec<Span>, room: usize) -> Vec<Span> {
    if width_of(&spans) <= room {
        return spans;
    }
    let mut line = Vec::new();
    let mut left = room.saturating_sub(1);
    for span in spans {
        for (cluster, width) in clusters(&span.text) {
            if width > left {
                append(&mut line, span.look(), if room > 0 { "…" } else { "" });
                return line;
            }
            left -= width;
            append(&mut line, span.look(), cluster);
        }
    }
    line
}

/// The end of `text`, with an ellipsis before it if that is not all: paths say most at their end.
pub(super) fn cut_start(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut left = room.saturating_sub(1);
    let mut from = text.len();
    for (at, cluster) in text.grapheme_indices(true).rev() {
        let width = cluster.width();
        if width > left {
            break;
        }
        left -= width;
        from = at;
    }
    format!("…{}", text.get(from..).unwrap_or_default())
}

/// Adds to the last span if that looks the same.
pub(super) fn append(line: &mut Vec<Span>, look: impl Into<Look>, text: &str) {
    let look @ Look { role, paint } = look.into();
    match line.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if last.look() == look => last.text.push_str(text),
        _ => line.push(Span { role, text: text.to_owned(), paint }),
    }
}

fn append_spaces(line: &mut Vec<Span>, look: Look, count: usize) {
    match line.last_mut() {
        Some(last) if last.look() == look => last.text.extend(std::iter::repeat_n(' ', count)),
        _ => append(line, look, &" ".repeat(count)),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Space,
    Word,
    /// May be parted from its neighbours: scripts that are written without spaces.
    Wide,
}

/// Hands on the words of `text`, each at most `room` columns wide, and what is between them.
fn tokens<'a>(text: &'a str, room: usize, each: &mut dyn FnMut(Kind, &'a str, usize)) {
    if text.is_ascii() {
        return ascii_tokens(text, room, each);
    }
    // Where the token under way began, and how wide it is so far.
    let (mut start, mut wide, mut last) = (0, 0, Kind::Word);
    let mut end = 0;
    for (cluster, width) in clusters(text) {
        let at = end;
        end += cluster.len();
        let kind = match cluster {
            " " => Kind::Space,
            _ if width >= 2 => Kind::Wide,
            _ => Kind::Word,
        };
        if kind != last || kind == Kind::Wide || wide + width > room {
            if at > start {
                each(last, text.get(start..at).unwrap_or_default(), wide);
            }
            (start, wide, last) = (at, 0, kind);
        }
        wide += width;
    }
    if start < text.len() {
        each(last, text.get(start..).unwrap_or_default(), wide);
    }
}

fn ascii_tokens<'a>(text: &'a str, room: usize, each: &mut dyn FnMut(Kind, &'a str, usize)) {
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        let is_space = first == b' ';
        // Only what has room is looked at: a word may be megabytes long.
        let most = rest.len().min(room.max(1));
        let length =
            rest.bytes().take(most).position(|byte| (byte == b' ') != is_space).unwrap_or(most);
        let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        each(if is_space { Kind::Space } else { Kind::Word }, token, length);
        rest = after;
    }
}

#[derive(Debug, Default)]
struct Wrapper<'a> {
    room: usize,
    hang: usize,
    lines: Vec<Vec<Span>>,
    line: Vec<Span>,
    column: usize,
    /// Spaces before the word under way: they are dropped if the word goes to the next line.
    spaces: Vec<(Look, usize)>,
    /// A word may have several roles.
    word: Vec<(Look, &'a str)>,
    word_width: usize,
}

impl<'a> Wrapper<'a> {
    fn take(&mut self, kind: Kind, look: Look, text: &'a str, width: usize) {
        if kind == Kind::Space {
            self.place();
            self.spaces.push((look, width));
            return;
        }
        if kind == Kind::Wide || self.word_width + width > self.room - self.hang {
            self.place();
        }
        self.word.push((look, text));
        self.word_width += width;
        if kind == Kind::Wide {
            self.place();
        }
    }

    /// Puts the word under way on the line, or on the next one if it finds no room.
    fn place(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let spaces: usize = self.spaces.iter().map(|(_, width)| width).sum();
        let is_first = self.lines.is_empty() && self.line.is_empty();
        if self.column + spaces + self.word_width > self.room && !is_first {
            self.break_line();
        }
        let mut room = self.room.saturating_sub(self.column + self.word_width);
        for (look, width) in self.spaces.drain(..) {
            let width = width.min(room);
            append_spaces(&mut self.line, look, width);
            room -= width;
            self.column += width;
        }
        for (look, text) in self.word.drain(..) {
            append(&mut self.line, look, text);
        }
        self.column += std::mem::take(&mut self.word_width);
    }

    fn break_line(&mut self) {
        self.lines.push(std::mem::take(&mut self.line));
        self.spaces.clear();
        append_spaces(&mut self.line, Role::Text.into(), self.hang);
        self.column = self.hang;
    }

    fn finish(mut self) -> Vec<Vec<Span>> {
        self.place();
        self.lines.push(self.line);
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(spans: &[(Role, &str)], room: usize, hang: usize) -> Vec<String> {
        let spans: Vec<Span> = spans.iter().map(|(role, text)| Span::new(*role, text)).collect();
        let text = |line: Vec<Span>| line.into_iter().map(|span| span.text).collect();
        words(spans, room, hang).into_iter().map(text).collect()
    }

    #[test]
    fn lines_are_broken_between_words_and_long_words_anywhere() {
        let plain = |text| [(Role::Text, text)];
        for (spans, room, hang, wanted) in [
            (&plain("the quick brown fox")[..], 10, 0, vec!["the quick", "brown fox"]),
            (&plain("  indented text here"), 10, 2, vec!["  indented", "  text", "  here"]),
            (&plain("a 0123456789abcdef z"), 10, 0, vec!["a", "0123456789", "abcdef z"]),
            (&plain("漢字仮名交じり文"), 7, 0, vec!["漢字仮", "名交じ", "り文"]),
            (&plain("ä 漢字 b"), 6, 0, vec!["ä 漢字", "b"]),
            (
                &plain("👩\u{200d}🚀👩\u{200d}🚀👩\u{200d}🚀"),
                5,
                0,
                vec!["👩\u{200d}🚀👩\u{200d}🚀", "👩\u{200d}🚀"],
            ),
            (&plain(""), 10, 0, vec![""]),
            (&plain("trailing    "), 10, 0, vec!["trailing"]),
            (
                &[(Role::Text, "one "), (Role::Strong, "bo"), (Role::Text, "ld, two")],
                8,
                0,
                vec!["one", "bold,", "two"],
            ),
        ] {
            assert_eq!(wrapped(spans, room, hang), wanted, "{spans:?}");
        }
    }

    #[test]
    fn code_is_broken_at_the_edge_and_cuts_say_that_they_are() {
        let spans = |text| vec![Span::new(Role::Text, text)];
        let text = |line: &Vec<Span>| line.iter().map(|span| span.text.clone()).collect::<String>();
        let lines = columns(spans("let a  = \"ä漢\";"), 6);
        assert_eq!(lines.iter().map(text).collect::<Vec<_>>(), ["let a ", " = \"ä", "漢\";"]);
        for (whole, room, start, end) in [
            ("abcdef", 6, "abcdef", "abcdef"),
            ("abcdef", 4, "abc…", "…def"),
            ("漢字", 3, "漢…", "…字"),
            ("漢字", 2, "…", "…"),
            ("ab", 1, "…", "…"),
        ] {
            assert_eq!(
                (text(&cut(spans(whole), room)).as_str(), cut_start(whole, room).as_str()),
                (start, end),
                "{whole} {room}"
            );
        }
    }
}
