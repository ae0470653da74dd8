//! The nearest of 256 or of sixteen colours.

use ratatui::style::Color;

/// The levels of the cube of 6 × 6 × 6 colours, from 16 on.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
/// Twenty-four grays, from 232 on.
const FIRST_GRAY: u8 = 232;

/// The terminal's own sixteen, by number.
const NAMED: [Color; 16] = [
    Color::Black,
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Gray,
    Color::DarkGray,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::White,
];

/// The nearest of the colours that have a number and are the same in all terminals: 16 to 255.
pub(super) fn of_256(red: u8, green: u8, blue: u8) -> u8 {
    let level =
        |value: u8| (0..6).min_by_key(|level| value.abs_diff(at(*level))).unwrap_or_default();
    let cube = 16 + 36 * level(red) + 6 * level(green) + level(blue);
    let distance = |index: u8| {
        let (r, g, b) = rgb(index);
        [(red, r), (green, g), (blue, b)]
            .iter()
            .map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2))
            .sum::<u32>()
    };
    (FIRST_GRAY..=255).chain([cube]).min_by_key(|index| distance(*index)).unwrap_or(cube)
}

/// What a number from 16 on is made of.
pub(super) fn rgb(index: u8) -> (u8, u8, u8) {
    if index >= FIRST_GRAY {
        let gray = 8 + 10 * (index - FIRST_GRAY);
        return (gray, gray, gray);
    }
    let index = index.saturating_sub(16);
    (at(index / 36), at(index / 6 % 6), at(index % 6))
}

fn at(level: u8) -> u8 {
    LEVELS.get(usize::from(level)).copied().unwrap_or(u8::MAX)
}

/// The name of a number below 16; else the nearest of those.
pub(super) fn named(index: u8) -> Color {
    NAMED.get(usize::from(index)).copied().unwrap_or_else(|| {
        let (red, green, blue) = rgb(index);
        of_sixteen(red, green, blue)
    })
}

/// The one of the terminal's own colours that has the hue. What they look like is not known; a soft
/// blue is to stay a blue.
pub(super) fn of_sixteen(red: u8, green: u8, blue: u8) -> Color {
    let [r, g, b] = [red, green, blue].map(i32::from);
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    // How bright it is to the eye, 0 to 255.
    let luma = (r * 299 + g * 587 + b * 114) / 1000;
    let chroma = most - least;
    if chroma * 6 < most.max(96) {
        return match luma {
            ..48 => Color::Black,
            48..150 => Color::DarkGray,
            150..210 => Color::Gray,
            _ => Color::White,
        };
    }
    let hue = match most {
        most if most == r => (60 * (g - b) / chroma + 360) % 360,
        most if most == g => 60 * (b - r) / chroma + 120,
        _ => 60 * (r - g) / chroma + 240,
    };
    let (dark, light) = match hue {
        ..30 | 330.. => (Color::Red, Color::LightRed),
        30..75 => (Color::Yellow, Color::LightYellow),
        75..165 => (Color::Green, Color::LightGreen),
        165..195 => (Color::Cyan, Color::LightCyan),
        195..265 => (Color::Blue, Color::LightBlue),
        _ => (Color::Magenta, Color::LightMagenta),
    };
    if luma < 128 { dark } else { light }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_256_by_distance() {
        for ((red, green, blue), index) in [
            ((0, 0, 0), 16),
            ((255, 255, 255), 231),
            ((255, 0, 0), 196),
            ((8, 8, 8), 232),
            ((128, 128, 128), 244),
            ((0x5f, 0x87, 0xaf), 67),
            ((0x88, 0xc0, 0xd0), 110),
            ((0x1a, 0x1b, 0x26), 234),
        ] {
            assert_eq!(of_256(red, green, blue), index, "{red} {green} {blue}");
        }
        for index in 16..=255 {
            let (red, green, blue) = rgb(index);
            assert_eq!(rgb(of_256(red, green, blue)), (red, green, blue), "{index}");
        }
    }

    #[test]
    fn of_sixteen_by_hue() {
        for ((red, green, blue), colour) in [
            ((0, 0, 0), Color::Black),
            ((0x10, 0x14, 0x18), Color::Black),
            ((0x80, 0x80, 0x80), Color::DarkGray),
            ((0xc0, 0xc0, 0xc0), Color::Gray),
            ((255, 255, 255), Color::White),
            ((0xf4, 0xec, 0xd8), Color::White),
            ((0xd5, 0x5e, 0x00), Color::Red),
            ((0xff, 0x87, 0x87), Color::LightRed),
            ((0xe6, 0x9f, 0x00), Color::LightYellow),
            ((0x00, 0x9e, 0x73), Color::Green),
            ((0x88, 0xc0, 0xd0), Color::LightCyan),
            ((0x00, 0x72, 0xb2), Color::Blue),
            ((0x56, 0xb4, 0xe9), Color::LightBlue),
            ((0xcc, 0x79, 0xa7), Color::LightMagenta),
            ((0x7b, 0x2f, 0xa8), Color::Magenta),
        ] {
            assert_eq!(of_sixteen(red, green, blue), colour, "{red:x} {green:x} {blue:x}");
        }
        assert_eq!(named(3), Color::Yellow);
        assert_eq!(named(196), Color::Red);
    }
}
