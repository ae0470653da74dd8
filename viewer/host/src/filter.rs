//! What of the viewer's output reaches the real terminal: all of it but switches of the alternate
//! screen, which is the host's.
//!
//! Escape sequences pass whole or not at all, so that one that a killed viewer had begun does not
//! swallow what comes next. Modes that a viewer sets are remembered, to be put right when it is
//! replaced by one that does not want them, and at the end.

use std::collections::BTreeMap;

const ESC: u8 = 0x1b;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;
const BEL: u8 = 0x07;

/// The private modes that switch screens. They belong to the host.
const SCREENS: [u16; 3] = [47, 1047, 1049];

/// Synchronised output: the terminal shows nothing between its set and its reset.
const SYNCHRONISED: u16 = 2026;

/// Sequences with parameters are short; a longer one is dropped.
const LONGEST: usize = 256;

/// So many modes are remembered; there are about forty.
const MOST_MODES: usize = 256;

#[derive(Debug, Default)]
pub struct Filter {
    state: State,
    /// The sequence so far, in every state but text and string.
    held: Vec<u8>,
    /// Modes that were set or reset, as they are now.
    modes: BTreeMap<u16, Mode>,
    /// How many sets of keyboard flags the viewer has pushed on the terminal's stack.
    keyboard: u32,
    cursor_shape: bool,
    scroll_region: bool,
}

#[derive(Debug, Clone, Copy)]
struct Mode {
    on: bool,
    /// Set by the viewer before this one.
    inherited: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After ESC, and intermediate bytes if any.
    Escape,
    /// After ESC [.
    Control,
    /// In a string (OSC, DCS, SOS, PM, APC): it may be long, so it passes as it comes.
    String { bell_ends: bool },
    /// After an ESC in a string, which ends it; what follows says how.
    StringEscape,
}

impl Filter {
    /// Adds to `out` what may pass of `bytes`.
    pub fn pass(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            if self.state == State::Text {
                // Most of it is text.
                let text = rest.iter().position(|byte| *byte == ESC).unwrap_or(rest.len());
                let (passed, others) = rest.split_at(text);
                out.extend_from_slice(passed);
                rest = others;
                if !rest.is_empty() {
                    self.state = State::Escape;
                    self.held = vec![ESC];
                    rest = rest.split_first().map_or(&[], |(_, after)| after);
                }
                continue;
            }
            self.step(byte, out);
            rest = after;
        }
    }

    fn step(&mut self, byte: u8, out: &mut Vec<u8>) {
        match self.state {
            State::Text => out.push(byte),
            State::Escape => self.escape(byte, out),
            State::Control => self.control(byte, out),
            State::String { bell_ends } => match byte {
                ESC => self.state = State::StringEscape,
                CAN | SUB => self.pass_as_text(byte, out),
                BEL if bell_ends => self.pass_as_text(byte, out),
                _ => out.push(byte),
            },
            State::StringEscape => {
                // ESC \ ends the string; any other sequence ends it, too, and begins here.
                self.state = State::Escape;
                self.held = vec![ESC];
                if byte == b'\\' {
                    out.push(ESC);
                    self.held.clear();
                    self.pass_as_text(byte, out);
                } else {
                    // The string must not stay open if that sequence is dropped.
                    out.extend_from_slice(b"\x1b\\");
                    self.escape(byte, out);
                }
            }
        }
    }

    fn pass_as_text(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.state = State::Text;
        out.push(byte);
    }

    fn escape(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            CAN | SUB => self.drop_held(),
            // Another ESC begins again.
            ESC => self.held = vec![ESC],
            0x20..=0x2f if self.held.len() < LONGEST => self.held.push(byte),
            b'[' if self.held.len() == 1 => self.go_on(byte, State::Control),
            b']' | b'P' | b'X' | b'^' | b'_' if self.held.len() == 1 => {
                self.go_on(byte, State::String { bell_ends: byte == b']' });
                out.append(&mut self.held);
            }
            // A full reset would leave the alternate screen.
            b'c' if self.held.len() == 1 => self.drop_held(),
            _ => {
                self.held.push(byte);
                out.append(&mut self.held);
                self.state = State::Text;
            }
        }
    }

    fn control(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            CAN | SUB => self.drop_held(),
            ESC => self.go_on_from_start(),
            // Terminals carry other control characters out at once, in the middle of a sequence.
            0x00..=0x1f => out.push(byte),
            0x40..=0x7e => {
                self.held.push(byte);
                let sequence = std::mem::take(&mut self.held);
                self.state = State::Text;
                if sequence.len() <= LONGEST {
                    self.finish(&sequence, out);
                }
            }
            _ if self.held.len() <= LONGEST => self.held.push(byte),
            _ => {}
        }
    }

    fn go_on(&mut self, byte: u8, state: State) {
        self.held.push(byte);
        self.state = state;
    }

    fn go_on_from_start(&mut self) {
        self.held = vec![ESC];
        self.state = State::Escape;
    }

    fn drop_held(&mut self) {
        self.held.clear();
        self.state = State::Text;
    }

    /// Passes a whole control sequence, or what may pass of it, and remembers what it changed.
    fn finish(&mut self, sequence: &[u8], out: &mut Vec<u8>) {
        let Some((&last, parameters)) = sequence.get(2..).and_then(<[u8]>::split_last) else {
            return;
        };
        match (parameters.first(), last) {
            (Some(b'?'), b'h' | b'l' | b's' | b'r') => {
                return self.finish_modes(
                    sequence,
                    parameters.get(1..).unwrap_or_default(),
                    last,
                    out,
                );
            }
            (Some(b'>'), b'u') => self.keyboard = self.keyboard.saturating_add(1),
            (Some(b'<'), b'u') => {
                let count = number(parameters.get(1..).unwrap_or_default()).unwrap_or(1);
                self.keyboard = self.keyboard.saturating_sub(count.max(1).into());
            }
            (_, b'q') if parameters.last() == Some(&b' ') => self.cursor_shape = true,
            (Some(b'0'..=b'9' | b';'), b'r') => self.scroll_region = true,
            _ => {}
        }
        out.extend_from_slice(sequence);
    }

    fn finish_modes(&mut self, sequence: &[u8], parameters: &[u8], last: u8, out: &mut Vec<u8>) {
        let is_screen =
            |parameter: &&[u8]| number(parameter).is_some_and(|mode| SCREENS.contains(&mode));
        let parts = || parameters.split(|byte| *byte == b';');
        if matches!(last, b'h' | b'l') {
            for mode in parts().filter_map(number).filter(|mode| !SCREENS.contains(mode)) {
                if self.modes.len() < MOST_MODES || self.modes.contains_key(&mode) {
                    self.modes.insert(mode, Mode { on: last == b'h', inherited: false });
                }
            }
        }
        if !parts().any(|part| is_screen(&part)) {
            return out.extend_from_slice(sequence);
        }
        let kept: Vec<&[u8]> = parts().filter(|part| !is_screen(part)).collect();
        if !kept.is_empty() {
            out.extend_from_slice(b"\x1b[?");
            out.extend_from_slice(&kept.join(&b';'));
            out.push(last);
        }
    }

    /// Ends what a viewer that is gone may have left open: a string, a synchronised update,
    /// colours, the scroll region. Its modes stay for the next one, until [`Self::settle`].
    pub fn cut(&mut self, out: &mut Vec<u8>) {
        if matches!(self.state, State::String { .. } | State::StringEscape) {
            out.extend_from_slice(b"\x1b\\");
        }
        self.drop_held();
        if self.modes.remove(&SYNCHRONISED).is_some_and(|mode| mode.on) {
            reset(SYNCHRONISED, false, out);
        }
        if self.keyboard > 0 {
            out.extend_from_slice(format!("\x1b[<{}u", self.keyboard).as_bytes());
            self.keyboard = 0;
        }
        if std::mem::take(&mut self.cursor_shape) {
            out.extend_from_slice(b"\x1b[0 q");
        }
        if std::mem::take(&mut self.scroll_region) {
            out.extend_from_slice(b"\x1b[r");
        }
        out.extend_from_slice(b"\x1b[0m");
        self.modes.values_mut().for_each(|mode| mode.inherited = true);
    }

    /// Puts the modes back that the viewer before had set and the one after has not.
    pub fn settle(&mut self, out: &mut Vec<u8>) {
        self.modes.retain(|number, mode| {
            if mode.inherited && mode.on != default(*number) {
                reset(*number, default(*number), out);
            }
            !mode.inherited
        });
    }
}

/// How a terminal comes up: with a visible cursor and with wrapping, and no other mode that matters
/// here.
fn default(mode: u16) -> bool {
    matches!(mode, 7 | 25)
}

fn reset(mode: u16, on: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("\x1b[?{mode}{}", if on { 'h' } else { 'l' }).as_bytes());
}

fn number(digits: &[u8]) -> Option<u16> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
