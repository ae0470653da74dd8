//! All that a terminal was sent, and what it shows.

use std::{num::NonZeroU16, ops::Range, time::Instant};

use super::screen::Screen;

/// The brackets of synchronized output, but for their last byte: `h` opens, `l` closes.
const BRACKET: &[u8] = b"\x1b[?2026";

/// What came between two brackets of synchronized output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Where in the output, brackets included.
    pub bytes: Range<usize>,
    /// When its opening bracket arrived.
    pub began: Instant,
    /// When its closing bracket arrived.
    pub ended: Instant,
    /// Whether any cell looks other than before.
    pub changes: bool,
}

/// What there is to see after a piece of output.
pub(super) struct Moment {
    pub(super) screen: Screen,
    /// When that piece arrived.
    pub(super) at: Instant,
    /// How many there were.
    pub(super) pieces: u64,
}

pub(super) struct Recording {
    /// Begins the messages of the session's leader: `…pid;N`, `…suspended;N`, `…ended;N`, each up
    /// to a BEL. They are no output.
    token: Vec<u8>,
    /// Arrived, and perhaps the beginning of such a message.
    held: Vec<u8>,
    bytes: Vec<u8>,
    pieces: u64,
    changed_at: Instant,
    parser: vt100::Parser,
    /// How many of the bytes the parser has had.
    parsed: usize,
    /// Inside of brackets: where they began, and what is shown meanwhile.
    open: Option<(usize, Instant, Screen)>,
    frames: Vec<Frame>,
    pid: Option<u32>,
    suspended: usize,
    ended: Option<i32>,
}

impl Recording {
    pub(super) fn new(rows: u16, cols: u16, token: &str) -> Self {
        Self {
            token: token.as_bytes().to_vec(),
            held: Vec::new(),
            bytes: Vec::new(),
            // The empty screen before any output is the first thing to see.
            pieces: 1,
            changed_at: Instant::now(),
            parser: vt100::Parser::new(length(rows), length(cols), 0),
            parsed: 0,
            open: None,
            frames: Vec::new(),
            pid: None,
            suspended: 0,
            ended: None,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// When the newest output arrived.
    pub(super) fn changed_at(&self) -> Instant {
        self.changed_at
    }

    pub(super) fn screen(&self) -> Screen {
        match &self.open {
            Some((_, _, before)) => before.clone(),
            None => Screen::of(self.parser.screen()),
        }
    }

    pub(super) fn pieces(&self) -> u64 {
        self.pieces
    }

    pub(super) fn moment(&self) -> Moment {
        Moment { screen: self.screen(), at: self.changed_at, pieces: self.pieces }
    }

    pub(super) fn application_cursor(&self) -> bool {
        self.parser.screen().application_cursor()
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// The program's pid, unless it has ended.
    pub(super) fn running(&self) -> Option<u32> {
        self.pid.filter(|_| self.ended.is_none())
    }

    pub(super) fn suspended(&self) -> usize {
        self.suspended
    }

    pub(super) fn ended(&self) -> Option<i32> {
        self.ended
    }

    pub(super) fn resize(&mut self, rows: u16, cols: u16) {
        self.parser.set_size(length(rows), length(cols));
    }

    /// Takes what the terminal was sent.
    pub(super) fn take(&mut self, arrived: &[u8], at: Instant) {
        self.pieces += 1;
        self.held.extend_from_slice(arrived);
        loop {
            let Some(begin) = find(&self.held, &self.token) else {
                let decided = self.held.len() - begun(&self.held, &self.token);
                self.output(decided, at);
                return;
            };
            self.output(begin, at);
            let Some(end) = self.held.iter().position(|byte| *byte == b'\x07') else { return };
            let message: Vec<u8> = self
                .held
                .drain(..=end)
                .skip(self.token.len())
                .take(end - self.token.len())
                .collect();
            self.message(&String::from_utf8_lossy(&message));
        }
    }

    /// The first of the held bytes are output.
    fn output(&mut self, length: usize, at: Instant) {
        if length == 0 {
            return;
        }
        self.bytes.extend(self.held.drain(..length));
        self.changed_at = at;
        while let Some(found) = find_bracket(&self.bytes[self.parsed..]) {
            let bracket = self.parsed + found;
            let after = bracket + BRACKET.len() + 1;
            self.parse_through(bracket);
            let opens = self.bytes[after - 1] == b'h';
            match self.open.take() {
                None if opens => self.open = Some((bracket, at, Screen::of(self.parser.screen()))),
                Some((begin, began, before)) if !opens => {
                    let changes = before != Screen::of(self.parser.screen());
                    self.frames.push(Frame { bytes: begin..after, began, ended: at, changes });
                }
                unchanged => self.open = unchanged,
            }
            self.parse_through(after);
        }
        // What may be the beginning of a bracket waits for its rest: the screen before it must be
        // had.
        self.parse_through(self.bytes.len() - begun(&self.bytes[self.parsed..], BRACKET));
    }

    fn parse_through(&mut self, end: usize) {
        self.parser.process(&self.bytes[self.parsed..end]);
        self.parsed = end;
    }

    fn message(&mut self, message: &str) {
        match message.split_once(';') {
            Some(("pid", pid)) => self.pid = pid.parse().ok(),
            Some(("suspended", _)) => self.suspended += 1,
            Some(("ended", status)) => self.ended = status.parse().ok(),
            _ => panic!("no message of the session's leader: {message:?}"),
        }
    }
}

fn length(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).expect("a terminal has a size")
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn find_bracket(bytes: &[u8]) -> Option<usize> {
    bytes.windows(BRACKET.len() + 1).position(|window| {
        window.starts_with(BRACKET) && matches!(window.last(), Some(b'h' | b'l'))
    })
}

/// How many of the last bytes may be the beginning of `needle`, all of it included.
fn begun(bytes: &[u8], needle: &[u8]) -> usize {
    let longest = needle.len().min(bytes.len());
    (1..=longest).rev().find(|length| bytes.ends_with(&needle[..*length])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "\x1b]own;";
    const SENT: &[u8] = b"\x1b]own;pid;12\x07one\x1b[?2026htwo\x1b[?1mthree\x1b[?2026l\x1b]8;;x\x07\x1b]own;ended;3\x07";

    /// However the output is cut into pieces, the same is seen.
    #[test]
    fn messages_and_frames_are_found_wherever_pieces_end() {
        for first in 0..=SENT.len() {
            for second in first..=SENT.len() {
                let mut recording = Recording::new(2, 20, TOKEN);
                for piece in [&SENT[..first], &SENT[first..second], &SENT[second..]] {
                    recording.take(piece, Instant::now());
                }
                assert_eq!((recording.pid, recording.ended), (Some(12), Some(3)));
                assert_eq!(
                    recording.bytes,
                    b"one\x1b[?2026htwo\x1b[?1mthree\x1b[?2026l\x1b]8;;x\x07"
                );
                let frames: Vec<Range<usize>> =
                    recording.frames.iter().map(|frame| frame.bytes.clone()).collect();
                assert_eq!(frames, std::iter::once(3..32).collect::<Vec<_>>());
                assert_eq!(recording.screen().row(0), "onetwothree");
            }
        }
    }

    #[test]
    fn a_frame_that_is_not_complete_is_not_shown() {
        let mut recording = Recording::new(2, 20, TOKEN);
        recording.take(b"before\x1b[?2026h\x1b[1;1Hafter!", Instant::now());
        assert_eq!(recording.screen().row(0), "before");
        recording.take(b"\x1b[?2026", Instant::now());
        assert_eq!(recording.screen().row(0), "before");
        recording.take(b"l", Instant::now());
        assert_eq!(recording.screen().row(0), "after!");
        recording.take(b"\x1b[?2026h\x1b[1;1Hafter!\x1b[0m\x1b[?2026l", Instant::now());
        recording.take(b"\x1b[?2026h\x1b[1;1H\x1b[1ma\x1b[?2026l", Instant::now());
        assert_eq!(
            recording.frames.iter().map(|frame| frame.changes).collect::<Vec<_>>(),
            [true, false, true]
        );
    }
}
