//! What lines are written on: knows its width, the marks at the left edge, and how deep the text is
//! indented.

use super::{Line, Span, wrap};
use ccdump_model::line::{width, width_of};
use ccdump_model::theme::Role;

/// Lines are laid out for at least this width, and then cut to what there is.
const NARROWEST: usize = 20;
/// Lines of one item: what a person would never read to its end is not laid out.
const MOST_LINES: usize = 50_000;
/// Indentation that leaves less room than this for the text is left out.
const LEAST_ROOM: usize = 10;

#[derive(Debug)]
pub(super) struct Page {
    /// Columns that there really are.
    screen: usize,
    width: usize,
    prefixes: Vec<Prefix>,
    /// Columns that they take.
    taken: usize,
    /// Prefixes for which there was no room, within all others.
    skipped: usize,
    lines: Vec<Line>,
    /// There were more than [`MOST_LINES`].
    overfull: bool,
}

/// What stands before each line of a part.
#[derive(Debug)]
struct Prefix {
    /// Before the next line only.
    first: Option<Span>,
    rest: Span,
    width: usize,
}

/// The sign at the end of an item's first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fold {
    /// There is no more and no less to be shown.
    None,
    /// There is more.
    Closed,
    /// This is all; there is a shorter form.
    Open,
}

impl Page {
    pub(super) fn new(width: u16) -> Self {
        let screen = usize::from(width);
        Self {
            screen,
            width: screen.max(NARROWEST),
            prefixes: Vec::new(),
            taken: 0,
            skipped: 0,
            lines: Vec::new(),
            overfull: false,
        }
    }

    /// Columns for text.
    pub(super) fn room(&self) -> usize {
        self.width.saturating_sub(self.taken)
    }

    /// Lines so far.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The item's mark: before its first line; the others are indented as far.
    pub(super) fn mark(&mut self, role: Role, mark: &str) {
        self.indent(Span::new(role, &format!("{mark} ")), Span::new(Role::Text, "  "));
    }

    /// Text that follows stands behind `first`, and after its first line behind `rest`, until
    /// [`Page::outdent`].
    pub(super) fn indent(&mut self, first: Span, mut rest: Span) {
        let first_width = width(&first.text);
        let missing = first_width.saturating_sub(width(&rest.text));
        rest.text.push_str(&" ".repeat(missing));
        if self.skipped > 0 || self.room().saturating_sub(first_width) < LEAST_ROOM {
            self.skipped += 1;
        } else {
            self.taken += first_width;
            self.prefixes.push(Prefix { first: Some(first), rest, width: first_width });
        }
    }

    /// Text that follows stands two columns further in, until [`Page::outdent`].
    pub(super) fn inset(&mut self) {
        self.indent(Span::new(Role::Text, "  "), Span::new(Role::Text, "  "));
        if let Some(prefix) = self.prefixes.last_mut().filter(|_| self.skipped == 0) {
            prefix.first = None;
        }
    }

    /// Undoes the last [`Page::indent`]; what should have stood before a first line that never came
    /// stands on a line of its own.
    pub(super) fn outdent(&mut self) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        if self.prefixes.last().is_some_and(|prefix| prefix.first.is_some()) {
            self.row(Vec::new());
        }
        self.taken -= self.prefixes.pop().map_or(0, |prefix| prefix.width);
    }

    /// A line that is not wider than [`Page::room`].
    pub(super) fn row(&mut self, content: Vec<Span>) {
        if self.lines.len() >= MOST_LINES {
            self.overfull = true;
            return;
        }
        let mut spans = Vec::with_capacity(self.prefixes.len() + content.len());
        for prefix in &mut self.prefixes {
            let first = prefix.first.take();
            let span = first.as_ref().unwrap_or(&prefix.rest);
            wrap::append(&mut spans, span.look(), &span.text);
        }
        if content.iter().all(|span| span.text.is_empty()) {
            trim_end(&mut spans);
        }
        for span in content {
            match spans.last_mut() {
                _ if span.text.is_empty() => {}
                Some(last) if last.look() == span.look() => last.text.push_str(&span.text),
                _ => spans.push(span),
            }
        }
        self.lines.push(Line { spans });
    }

    /// An empty line, not even a mark on it.
    pub(super) fn blank(&mut self) {
        let firsts: Vec<Option<Span>> =
            self.prefixes.iter_mut().map(|prefix| prefix.first.take()).collect();
        self.row(Vec::new());
        for (prefix, first) in self.prefixes.iter_mut().zip(firsts) {
            prefix.first = first;
        }
    }

    /// As many lines as it takes, broken between words; those after the first are indented by
    /// `hang`.
    pub(super) fn words(&mut self, spans: Vec<Span>, hang: usize) {
        for line in wrap::words(spans, self.room(), hang) {
            self.row(line);
        }
    }

    /// As many lines as it takes, broken at the edge.
    pub(super) fn columns(&mut self, spans: Vec<Span>) {
        for line in wrap::columns(spans, self.room()) {
            self.row(line);
        }
    }

    /// One line: `lead` and `tail` whole where they find room, `gist` between them cut to what is
    /// left.
    pub(super) fn head(&mut self, lead: Vec<Span>, gist: Vec<Span>, tail: Vec<Span>, fold: Fold) {
        let sign = match fold {
            Fold::None => "",
            Fold::Closed => " ▸",
            Fold::Open => " ▾",
        };
        let room = self.room().saturating_sub(width(sign));
        let gist_room = room.saturating_sub(width_of(&lead) + width_of(&tail));
        let mut line = lead;
        line.extend(wrap::cut(gist, gist_room));
        line.extend(tail);
        trim_end(&mut line);
        let mut line = wrap::cut(line, room);
        line.push(Span::new(Role::Frame, sign));
        self.row(line);
    }

    /// Marks the end of a text that is still coming.
    pub(super) fn cursor(&mut self) {
        let cursor = Span::new(Role::Live, "▌");
        match self.lines.last_mut() {
            Some(line)
                if self.prefixes.iter().all(|prefix| prefix.first.is_none())
                    && width_of(&line.spans) < self.width =>
            {
                line.spans.push(cursor);
            }
            _ => self.row(vec![cursor]),
        }
    }

    pub(super) fn finish(mut self) -> Vec<Line> {
        if self.overfull {
            self.lines.push(Line { spans: vec![Span::new(Role::Dim, "… and more")] });
        }
        if self.screen < self.width {
            for line in &mut self.lines {
                line.spans = wrap::cut(std::mem::take(&mut line.spans), self.screen);
            }
        }
        self.lines
    }
}

/// Takes spaces from the end.
fn trim_end(spans: &mut Vec<Span>) {
    while let Some(last) = spans.last_mut() {
        last.text.truncate(last.text.trim_end().len());
        if !last.text.is_empty() {
            return;
        }
        spans.pop();
    }
}
