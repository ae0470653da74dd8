//! How well a colour can be read on another.

use ratatui::style::Color;

use super::nearest;

/// Red, green and blue, as light: 0 to 1. `None`: it looks different in every terminal.
pub(super) fn light(colour: Color) -> Option<[f64; 3]> {
    let (red, green, blue) = match colour {
        Color::Rgb(red, green, blue) => (red, green, blue),
        Color::Indexed(index @ 16..) => nearest::rgb(index),
        _ => return None,
    };
    Some([red, green, blue].map(|value| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    }))
}

/// How bright it is: 0 to 1.
pub(super) fn luminance(colour: Color) -> Option<f64> {
    light(colour).map(|[red, green, blue]| 0.2126 * red + 0.7152 * green + 0.0722 * blue)
}

/// The contrast ratio of WCAG 2: 1 to 21.
pub(super) fn contrast(one: Color, other: Color) -> Option<f64> {
    let (a, b) = (luminance(one)?, luminance(other)?);
    Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
}
