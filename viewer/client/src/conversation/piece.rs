//! What the conversation is made of on its way to the screen, and how much of it may wait.

use crate::text::units;

/// What a text is; colours follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Who speaks.
    Speaker,
    User,
    Assistant,
    Thinking,
    ToolCall,
    ToolResult,
    Error,
    /// Numbers and remarks of our own.
    Remark,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text follows on a line of its own.
    FreshLine,
    /// May hold line feeds. Sanitised.
    Text(Tone, String),
}

/// Bytes that one exchange may have waiting while another one speaks; what goes beyond is left out,
/// and said to be.
const LIMIT: usize = 256 * 1024;

/// What an exchange has to say that is not on the screen yet.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    pieces: Vec<Piece>,
    bytes: usize,
    left_out: u64,
}

impl Backlog {
    /// Text that continues the line.
    pub(super) fn text(&mut self, tone: Tone, text: &str) {
        let room = if self.left_out > 0 { 0 } else { LIMIT.saturating_sub(self.bytes) };
        let (fits, rest) = text.split_at(text.floor_char_boundary(room));
        if !fits.is_empty() {
            self.push(tone, fits);
        }
        self.left_out = self.left_out.saturating_add(rest.len() as u64);
    }

    /// Text on lines of its own.
    pub(super) fn line(&mut self, tone: Tone, text: &str) {
        self.fresh_line();
        self.text(tone, text);
        self.fresh_line();
    }

    /// As [`Backlog::line`], and never left out: for what comes a few times in an exchange at most.
    pub(super) fn last_line(&mut self, tone: Tone, text: &str) {
        self.say_what_is_missing();
        self.fresh_line();
        self.push(tone, text);
        self.fresh_line();
    }

    pub(super) fn fresh_line(&mut self) {
        if self.pieces.last() != Some(&Piece::FreshLine) {
            self.pieces.push(Piece::FreshLine);
        }
    }

    /// Gives all that waits, and is empty then.
    pub(super) fn take(&mut self) -> Vec<Piece> {
        self.say_what_is_missing();
        self.bytes = 0;
        std::mem::take(&mut self.pieces)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.left_out == 0
    }

    fn say_what_is_missing(&mut self) {
        if self.left_out > 0 {
            let left_out = std::mem::take(&mut self.left_out);
            self.fresh_line();
            self.push(Tone::Remark, &format!("… {} left out", units::bytes(left_out)));
            self.fresh_line();
        }
    }

    fn push(&mut self, tone: Tone, text: &str) {
        self.bytes = self.bytes.saturating_add(text.len());
        match self.pieces.last_mut() {
            Some(Piece::Text(last, before)) if *last == tone => before.push_str(text),
            _ => self.pieces.push(Piece::Text(tone, text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_bounded_and_what_was_left_out_is_said() {
        let mut backlog = Backlog::default();
        for _ in 0..300 {
            backlog.text(Tone::Assistant, &"x".repeat(1024));
        }
        backlog.last_line(Tone::Remark, "the end");
        let pieces = backlog.take();
        let size: usize = pieces
            .iter()
            .map(|piece| if let Piece::Text(_, text) = piece { text.len() } else { 0 })
            .sum();
        assert!((LIMIT..LIMIT + 100).contains(&size), "{size}");
        let text = |text: &str| Piece::Text(Tone::Remark, text.to_owned());
        assert_eq!(
            pieces[1..],
            [
                Piece::FreshLine,
                text("… 45.1 kB left out"),
                Piece::FreshLine,
                text("the end"),
                Piece::FreshLine
            ]
        );
        assert!(backlog.is_empty());
        backlog.text(Tone::Assistant, "again");
        assert_eq!(backlog.take(), [Piece::Text(Tone::Assistant, "again".to_owned())]);
    }
}
