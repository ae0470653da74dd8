//! Colours as theme files name them.

use ratatui::style::Color;

/// A colour as it stands in a theme's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// One of [`SLOTS`]: what the theme's palette says, else the terminal's own.
    Slot(usize),
    Fixed(Color),
}

/// The names of colours. A palette may give each another value; without one they are the
/// terminal's.
pub(super) const SLOTS: [(&str, Color); 18] = [
    ("foreground", Color::Reset),
    ("background", Color::Reset),
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("gray", Color::Gray),
    ("dark-gray", Color::DarkGray),
    ("light-red", Color::LightRed),
    ("light-green", Color::LightGreen),
    ("light-yellow", Color::LightYellow),
    ("light-blue", Color::LightBlue),
    ("light-magenta", Color::LightMagenta),
    ("light-cyan", Color::LightCyan),
    ("white", Color::White),
];

pub(super) const FOREGROUND: usize = 0;
pub(super) const BACKGROUND: usize = 1;
/// The terminal's own sixteen begin here.
const FIRST_NUMBERED: usize = 2;

pub(super) fn slot(name: &str) -> Option<usize> {
    SLOTS.iter().position(|(known, _)| *known == name)
}

/// What the names mean in a theme.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Palette {
    slots: [Option<Color>; SLOTS.len()],
}

impl Palette {
    pub(super) fn set(&mut self, slot: usize, colour: Color) {
        if let Some(place) = self.slots.get_mut(slot) {
            *place = Some(colour);
        }
    }

    /// Takes from `other` what it does not have itself.
    pub(super) fn fill(&mut self, other: &Self) {
        for (own, other) in self.slots.iter_mut().zip(other.slots) {
            *own = own.or(other);
        }
    }

    /// What one of the terminal's own sixteen, by number, is here. Themes name the dark ones: the
    /// light ones are those then.
    pub(super) fn numbered(&self, number: u8) -> Option<Color> {
        let slot =
            |number: u8| self.slots.get(usize::from(number) + FIRST_NUMBERED).copied().flatten();
        slot(number)
            .or_else(|| number.checked_sub(8).filter(|dark| (1..7).contains(dark)).and_then(slot))
    }

    pub(super) fn colour(&self, ink: Ink) -> Color {
        match ink {
            Ink::Fixed(colour) => colour,
            Ink::Slot(slot) => {
                let own = SLOTS.get(slot).map_or(Color::Reset, |(_, colour)| *colour);
                self.slots.get(slot).copied().flatten().unwrap_or(own)
            }
        }
    }
}

/// Reads `#rrggbb`.
pub(super) fn hex(text: &str) -> Option<Color> {
    let digits = text.strip_prefix('#').filter(|digits| {
        digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })?;
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some(Color::Rgb(red, green, blue))
}
