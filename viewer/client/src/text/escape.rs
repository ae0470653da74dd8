//! Finds terminal escape sequences in a stream of characters, so that they can be left out whole:
//! without its introducer the rest of a sequence (`]52;c;…`, `[31m`) would stay behind as litter.

/// Characters of a device control, operating system or similar string after which its terminator is
/// no longer waited for. Without a limit an unterminated one would hide all that follows it.
const LONGEST_STRING: u32 = 64 * 1024;

const ESC: char = '\u{1b}';

/// Where in a sequence the stream stands. Sequences are recognised in their 7-bit form (`ESC [`)
/// and as C1 characters.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    #[default]
    Outside,
    /// After ESC.
    Started,
    /// After ESC and intermediate characters: one final character follows.
    Intermediate,
    /// In a control sequence (CSI): parameters, then one final character.
    Control,
    /// In a string (OSC, DCS, APC, PM, SOS) of that many characters so far.
    String(u32),
    /// After an ESC inside a string: its terminator, or another sequence.
    Terminator,
}

impl Escape {
    /// Takes the next character; gives it back if it is text and no part of a sequence.
    pub(super) fn feed(&mut self, c: char) -> Option<char> {
        let next = match (*self, c) {
            (Self::Outside | Self::Started, ESC) => Self::Started,
            (Self::Outside, '\u{9b}') | (Self::Started, '[') => Self::Control,
            (Self::Outside, '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}')
            | (Self::Started, 'P' | 'X' | ']' | '^' | '_') => Self::String(0),
            (Self::Started | Self::Intermediate, ' '..='/') => Self::Intermediate,
            (Self::Started | Self::Intermediate, '0'..='~')
            | (Self::Control, '@'..='~')
            | (Self::Terminator, '\\') => Self::Outside,
            (Self::Control, ' '..='?') => Self::Control,
            (Self::String(_), '\u{7}' | '\u{18}' | '\u{1a}' | '\u{9c}') => Self::Outside,
            (Self::String(_), ESC) => Self::Terminator,
            (Self::String(length), _) if length < LONGEST_STRING => Self::String(length + 1),
            (Self::Terminator, _) => {
                *self = Self::Started;
                return self.feed(c);
            }
            (Self::Outside, _) => return Some(c),
            // The sequence broke off: what follows stands for itself.
            _ => {
                *self = Self::Outside;
                return self.feed(c);
            }
        };
        *self = next;
        None
    }
}
