//! Colours in the output of programs. Of all escape sequences only SGR means something here, and it
//! only becomes a style: what is shown is what the sanitiser leaves of the text.

use ccdump_client::text::Sanitiser;
use ratatui::style::{Color, Modifier, Style};

use super::plain::Run;
use ccdump_model::{line::Look, theme::Role};

/// Parameters of one sequence that are read.
const MOST_PARAMETERS: usize = 32;

/// The text made harmless, and how its stretches look: as `role` says, with the paint that the text
/// asks for.
pub(super) fn read(role: Role, text: &str) -> (String, Vec<Run>) {
    let mut sanitiser = Sanitiser::default();
    let mut clean = String::with_capacity(text.len());
    let mut runs: Vec<Run> = Vec::new();
    let mut style = Style::new();
    let mut rest = text;
    while let Some((before, parameters, after)) = next(rest) {
        sanitiser.push(before.as_bytes(), &mut clean);
        close(&mut runs, clean.len(), role, style);
        apply(&mut style, parameters);
        rest = after;
    }
    sanitiser.push(rest.as_bytes(), &mut clean);
    close(&mut runs, clean.len(), role, style);
    (clean, runs)
}

/// A stretch in this style ends here.
fn close(runs: &mut Vec<Run>, end: usize, role: Role, style: Style) {
    if runs.last().map_or(0, |run| run.end) < end {
        let paint = (style != Style::new()).then_some(style);
        runs.push(Run { end, look: Look { role, paint } });
    }
}

/// The text up to the end of the next SGR sequence, its parameters, and the text after it. The
/// sequence goes to the sanitiser, too: what it is part of (or breaks off) only that knows.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find("\u{1b}[")? + 2;
        let inside = text.get(start..)?;
        let length =
            inside.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b';' | b':')).count();
        let end = start + length + 1;
        if inside.as_bytes().get(length) == Some(&b'm') {
            return Some((text.get(..end)?, inside.get(..length)?, text.get(end..)?));
        }
        from = start;
    }
}

fn apply(style: &mut Style, parameters: &str) {
    // A colour may be given in parts of one parameter, `38:2::r:g:b`, where an empty one names the
    // colour space.
    let mut parameters = parameters.split(';').take(MOST_PARAMETERS);
    while let Some(parameter) = parameters.next() {
        let mut parts = parameter.split(':');
        let code = number(parts.next().unwrap_or_default());
        match code {
            38 | 48 => {
                let parts: Vec<&str> = parts.collect();
                let colour =
                    if parts.is_empty() { colour(&mut parameters) } else { packed(&parts) };
                match (code, colour) {
                    (38, Some(colour)) => style.fg = Some(colour),
                    (48, Some(colour)) => style.bg = Some(colour),
                    _ => {}
                }
            }
            // `4:0` is no underline.
            4 => set(style, Modifier::UNDERLINED, parts.next() != Some("0")),
            _ => simple(style, code),
        }
    }
}

fn simple(style: &mut Style, code: u16) {
    match code {
        0 => *style = Style::new(),
        1 => set(style, Modifier::BOLD, true),
        2 => set(style, Modifier::DIM, true),
        3 => set(style, Modifier::ITALIC, true),
        7 => set(style, Modifier::REVERSED, true),
        9 => set(style, Modifier::CROSSED_OUT, true),
        21 => set(style, Modifier::UNDERLINED, true),
        22 => set(style, Modifier::BOLD | Modifier::DIM, false),
        23 => set(style, Modifier::ITALIC, false),
        24 => set(style, Modifier::UNDERLINED, false),
        27 => set(style, Modifier::REVERSED, false),
        29 => set(style, Modifier::CROSSED_OUT, false),
        30..=37 => style.fg = named(code - 30),
        39 => style.fg = None,
        40..=47 => style.bg = named(code - 40),
        49 => style.bg = None,
        90..=97 => style.fg = named(code - 90 + 8),
        100..=107 => style.bg = named(code - 100 + 8),
        _ => {}
    }
}

/// What stands for nothing is zero; what is no number, or a great one, means nothing.
fn number(text: &str) -> u16 {
    if text.is_empty() { 0 } else { text.parse().unwrap_or(u16::MAX) }
}

/// One of the sixteen colours that have names. All of them are given as numbers: themes know their
/// names.
fn named(index: u16) -> Option<Color> {
    u8::try_from(index).ok().map(Color::Indexed)
}

/// `5;n` or `2;r;g;b`.
fn colour<'a>(parameters: &mut impl Iterator<Item = &'a str>) -> Option<Color> {
    let mut byte = || u8::try_from(number(parameters.next()?)).ok();
    match byte()? {
        5 => Some(Color::Indexed(byte()?)),
        2 => Some(Color::Rgb(byte()?, byte()?, byte()?)),
        _ => None,
    }
}

/// `5:n`, `2:r:g:b` or `2:space:r:g:b`.
fn packed(parts: &[&str]) -> Option<Color> {
    match parts {
        ["2", _, colours @ ..] if colours.len() >= 3 => {
            colour(&mut ["2"].into_iter().chain(colours.iter().copied()))
        }
        parts => colour(&mut parts.iter().copied()),
    }
}

fn set(style: &mut Style, modifier: Modifier, on: bool) {
    style.add_modifier.set(modifier, on);
}

#[cfg(test)]
mod tests {
    use ccdump_client::text::clean;
    use proptest::prelude::*;

    use super::*;

    fn shape(text: &str) -> Vec<(String, Option<Style>)> {
        let (clean, runs) = read(Role::Text, text);
        let mut from = 0;
        let stretch = |run: &Run| {
            (clean[std::mem::replace(&mut from, run.end)..run.end].to_owned(), run.look.paint)
        };
        runs.iter().map(stretch).collect()
    }

    #[test]
    fn what_the_sequences_mean() {
        let fg = |index| Style::new().fg(Color::Indexed(index));
        for (text, wanted) in [
            ("plain", vec![("plain", None)]),
            ("\u{1b}[31mred\u{1b}[0m not", vec![("red", Some(fg(1))), (" not", None)]),
            ("\u{1b}[31mred\u{1b}[m not", vec![("red", Some(fg(1))), (" not", None)]),
            ("\u{1b}[1;92mok", vec![("ok", Some(fg(10).add_modifier(Modifier::BOLD)))]),
            ("\u{1b}[38;5;208mx\u{1b}[39my", vec![("x", Some(fg(208))), ("y", None)]),
            ("\u{1b}[38;2;1;2;3mx", vec![("x", Some(Style::new().fg(Color::Rgb(1, 2, 3))))]),
            ("\u{1b}[38:2::1:2:3mx", vec![("x", Some(Style::new().fg(Color::Rgb(1, 2, 3))))]),
            ("\u{1b}[48:5:7mx", vec![("x", Some(Style::new().bg(Color::Indexed(7))))]),
            (
                "\u{1b}[4:3mx\u{1b}[4:0my",
                vec![("x", Some(Style::new().add_modifier(Modifier::UNDERLINED))), ("y", None)],
            ),
            (
                "\u{1b}[7mx\u{1b}[27my",
                vec![("x", Some(Style::new().add_modifier(Modifier::REVERSED))), ("y", None)],
            ),
            // What is no colour changes nothing, and what is no SGR leaves nothing.
            ("\u{1b}[38;5;999mx\u{1b}[2Jy\u{1b}]0;t\u{7}z", vec![("xyz", None)]),
            ("\u{1b}[31\nm", vec![("\nm", None)]),
            ("\u{1b}[31m", vec![]),
        ] {
            let wanted: Vec<_> =
                wanted.into_iter().map(|(text, paint)| (text.to_owned(), paint)).collect();
            assert_eq!(shape(text), wanted, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_text_is_what_the_sanitiser_leaves(
            pieces in proptest::collection::vec(
                prop_oneof![
                    any::<String>(),
                    "\u{1b}\\[[0-9;:]{0,12}m",
                    proptest::sample::select(vec!["\u{1b}", "[", "]", "m", "\u{1b}]8;;", "\u{7}", "\u{9b}", "漢", "\u{200d}", "38;2;"])
                        .prop_map(str::to_owned),
                ],
                0..20,
            )
        ) {
            let text = pieces.concat();
            let (shown, runs) = read(Role::Text, &text);
            prop_assert_eq!(&shown, &clean(&text));
            let ends: Vec<usize> = runs.iter().map(|run| run.end).collect();
            prop_assert!(ends.is_sorted() && ends.iter().all(|end| shown.is_char_boundary(*end)));
            prop_assert_eq!(ends.last().copied().unwrap_or_default(), shown.len());
        }
    }
}
