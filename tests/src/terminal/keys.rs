//! What keys send.

/// A key that is no letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    Insert,
    Delete,
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    /// With Ctrl held: a letter.
    Ctrl(char),
    /// With Alt held: any character.
    Alt(char),
}

impl Key {
    /// As xterm encodes it; `application`: cursor keys in application mode (DECCKM).
    pub(super) fn sequence(self, application: bool) -> String {
        let cursor = |last: char| format!("\x1b{}{last}", if application { 'O' } else { '[' });
        match self {
            Self::Up => cursor('A'),
            Self::Down => cursor('B'),
            Self::Right => cursor('C'),
            Self::Left => cursor('D'),
            Self::Home => cursor('H'),
            Self::End => cursor('F'),
            Self::PageUp => "\x1b[5~".to_owned(),
            Self::PageDown => "\x1b[6~".to_owned(),
            Self::Insert => "\x1b[2~".to_owned(),
            Self::Delete => "\x1b[3~".to_owned(),
            Self::Enter => "\r".to_owned(),
            Self::Esc => "\x1b".to_owned(),
            Self::Tab => "\t".to_owned(),
            Self::BackTab => "\x1b[Z".to_owned(),
            Self::Backspace => "\x7f".to_owned(),
            Self::Ctrl(letter) => char::from(letter.to_ascii_uppercase() as u8 & 0x1f).to_string(),
            Self::Alt(character) => format!("\x1b{character}"),
        }
    }
}
