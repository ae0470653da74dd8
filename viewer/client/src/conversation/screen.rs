//! The end of the way: pieces become spans of text in the order they are printed.

use super::piece::{Piece, Tone};

/// Text of one tone, with its line feeds and indents; nothing is left to do but to colour it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub tone: Tone,
    pub text: String,
}

/// What a speaker says is indented: no text of the wire can look like a speaker's line.
const INDENT: &str = "  ";

/// Knows where on the line the next text goes.
#[derive(Debug, Default)]
pub(super) struct Screen {
    spans: Vec<Span>,
    in_line: bool,
    used: bool,
}

impl Screen {
    /// Who speaks from here on.
    pub(super) fn speaker(&mut self, text: &str) {
        self.fresh_line();
        if self.used {
            self.push(Tone::Speaker, "\n");
        }
        self.push(Tone::Speaker, text);
        self.push(Tone::Speaker, "\n");
        self.used = true;
    }

    pub(super) fn piece(&mut self, piece: &Piece) {
        match piece {
            Piece::FreshLine => self.fresh_line(),
            Piece::Text(tone, text) => self.text(*tone, text),
        }
    }

    /// Something about the record as a whole.
    pub(super) fn notice(&mut self, text: &str) {
        self.outer_line(Tone::Error, text);
    }

    /// An exchange that is told in a line.
    pub(super) fn aside(&mut self, text: &str) {
        self.outer_line(Tone::Remark, text);
    }

    /// A line that belongs to no speaker.
    fn outer_line(&mut self, tone: Tone, text: &str) {
        self.fresh_line();
        self.push(tone, text);
        self.push(tone, "\n");
        self.used = true;
    }

    /// What is to be printed now.
    pub(super) fn take(&mut self) -> Vec<Span> {
        std::mem::take(&mut self.spans)
    }

    fn fresh_line(&mut self) {
        if std::mem::take(&mut self.in_line) {
            self.push(Tone::Remark, "\n");
        }
    }

    fn text(&mut self, tone: Tone, text: &str) {
        for line in text.split_inclusive('\n') {
            if !self.in_line && line != "\n" {
                self.push(tone, INDENT);
            }
            self.push(tone, line);
            self.in_line = !line.ends_with('\n');
        }
    }

    fn push(&mut self, tone: Tone, text: &str) {
        match self.spans.last_mut() {
            Some(last) if last.tone == tone => last.text.push_str(text),
            _ => self.spans.push(Span { tone, text: text.to_owned() }),
        }
    }
}
