//! Colours that a text brings along, on the ground of a theme. They are kept as far as the text can
//! be read in them.

use ratatui::style::{Color, Modifier, Style};

use super::{
    Depth, Theme,
    contrast::{contrast, luminance},
    nearest,
};
use crate::line::Look;

/// Less than WCAG asks of text that is to be read for long: these colours are somebody's choice.
const LEAST_CONTRAST: f64 = 2.5;
/// How bright a colour is that is seen on a ground which may be black or white.
const SEEN_ANYWHERE: std::ops::Range<f64> = 0.03..0.6;

impl Theme {
    /// How a span is drawn: as its role says, with what its text brought along.
    pub fn look(&self, look: Look) -> Style {
        let style = self.style(look.role);
        look.paint.map_or(style, |paint| style.patch(self.readable(paint)))
    }

    /// The paint with colours that there are, and in which its text is seen. It never has a
    /// background alone.
    fn readable(&self, paint: Style) -> Style {
        let plain = Style { fg: None, bg: None, ..paint };
        if self.depth == Depth::None
            || self.styles.iter().all(|style| style.fg.is_none() && style.bg.is_none())
        {
            return plain;
        }
        let fg = paint.fg.and_then(|colour| self.of_theme(colour));
        let Some(bg) = paint.bg.and_then(|colour| self.of_theme(colour)) else {
            return Style { fg: fg.filter(|fg| self.is_seen(*fg)), ..plain };
        };
        let inks = [fg, self.ground.fg, self.ground.bg].into_iter().flatten();
        match inks.into_iter().find(|ink| is_read(*ink, bg)) {
            Some(ink) => Style { fg: Some(ink), bg: Some(bg), ..plain },
            // Turned round, the text has the colour that is the terminal's ground.
            None => Style { fg: Some(bg).filter(|bg| self.is_seen(*bg)), ..plain }
                .add_modifier(Modifier::REVERSED),
        }
    }

    /// The nearest colour that there is.
    fn of_theme(&self, colour: Color) -> Option<Color> {
        let has_ground = self.ground.bg.is_some_and(|bg| bg != Color::Reset);
        let own = match colour {
            Color::Indexed(number @ ..16) => match (self.palette.numbered(number), number) {
                (Some(own), _) => own,
                // Where black is the ground, white is what is written on it: in a light theme it is
                // the other way round.
                (None, 0) if has_ground => self.ground.bg?,
                (None, 7 | 15) if has_ground => self.ground.fg?,
                (None, _) => nearest::named(number),
            },
            colour => colour,
        };
        self.depth.colour(own).map(|own| match own {
            Color::Rgb(red, green, blue) if !has_ground && !is_seen_anywhere(own) => {
                nearest::of_sixteen(red, green, blue)
            }
            Color::Indexed(number) if !has_ground && !is_seen_anywhere(own) => {
                nearest::named(number)
            }
            own => own,
        })
    }

    /// Whether text of this colour is seen on the theme's ground.
    fn is_seen(&self, fg: Color) -> bool {
        let on_ground = self.ground.bg.and_then(|bg| contrast(fg, bg));
        match (on_ground, fg) {
            (Some(contrast), _) => contrast >= LEAST_CONTRAST,
            // Nobody knows what the terminal's own ground is.
            (None, Color::Black | Color::Gray | Color::White) => false,
            (None, fg) => Some(fg) != self.ground.bg,
        }
    }
}

fn is_seen_anywhere(colour: Color) -> bool {
    luminance(colour).is_none_or(|luminance| SEEN_ANYWHERE.contains(&luminance))
}

/// Whether `fg` can be read on `bg`, as far as that is known: of the terminal's own colours it is,
/// where they are not alike.
fn is_read(fg: Color, bg: Color) -> bool {
    let (dark, light) = ([Color::Black, Color::DarkGray], [Color::Gray, Color::White]);
    let alike = |shades: [Color; 2]| shades.contains(&fg) && shades.contains(&bg);
    match contrast(fg, bg) {
        Some(contrast) => contrast >= LEAST_CONTRAST,
        None => {
            fg != bg && fg != Color::Reset && bg != Color::Reset && !alike(dark) && !alike(light)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{Role, Themes};

    fn drawn(theme: &str, depth: Depth, paint: Style) -> Style {
        let themes = Themes::built_in(depth);
        themes
            .get(theme)
            .expect("it is built in")
            .look(Look { role: Role::Text, paint: Some(paint) })
    }

    #[test]
    fn the_sixteen_are_those_of_the_theme_and_plain_has_none() {
        let red = Style::new().fg(Color::Indexed(1)).add_modifier(Modifier::BOLD);
        let bold = Style::new().add_modifier(Modifier::BOLD);
        for (theme, depth, wanted) in [
            ("terminal", Depth::True, bold.fg(Color::Red)),
            ("dark", Depth::True, bold.fg(Color::Rgb(0xf4, 0x7c, 0x7c))),
            ("dark", Depth::Indexed, bold.fg(Color::Indexed(210))),
            ("dark", Depth::Sixteen, bold.fg(Color::LightRed)),
            ("dark", Depth::None, bold),
            ("plain", Depth::True, bold),
        ] {
            assert_eq!(drawn(theme, depth, red), wanted, "{theme} {depth:?}");
        }
        let bright = Style::new().fg(Color::Indexed(9));
        assert_eq!(
            drawn("light", Depth::True, bright),
            Style::new().fg(Color::Rgb(0xb3, 0x26, 0x1e))
        );
    }

    /// All numbers, and colours all over the cube, on each other and alone.
    fn paints() -> impl Iterator<Item = Style> {
        let numbers = (0..=255).map(Color::Indexed);
        let cube = (0..216).map(|at| {
            Color::Rgb((at / 36 * 51) as u8, (at / 6 % 6 * 51) as u8, (at % 6 * 51) as u8)
        });
        let colours: Vec<Option<Color>> = numbers.chain(cube).map(Some).collect();
        let few: Vec<Option<Color>> = colours.iter().copied().step_by(17).chain([None]).collect();
        colours.into_iter().flat_map(move |one| {
            let pairs: Vec<Style> = few
                .iter()
                .flat_map(|two| [(one, *two), (*two, one)])
                .map(|(fg, bg)| Style { fg, bg, ..Style::new() })
                .collect();
            pairs
        })
    }

    #[test]
    fn whatever_is_asked_for_text_is_seen() {
        for depth in [Depth::True, Depth::Indexed, Depth::Sixteen, Depth::None] {
            for theme in Themes::built_in(depth).iter() {
                for paint in paints() {
                    let style = theme.look(Look { role: Role::Text, paint: Some(paint) });
                    let what = || format!("{} {depth:?}: {paint:?} became {style:?}", theme.name());
                    assert!(style.bg.is_none() || style.fg.is_some(), "{}", what());
                    let fg = style.fg.or(theme.ground().fg).unwrap_or(Color::Reset);
                    let bg = style.bg.or(theme.ground().bg).unwrap_or(Color::Reset);
                    let is_own = style.fg.is_none();
                    match contrast(fg, bg) {
                        Some(contrast) => {
                            assert!(contrast >= LEAST_CONTRAST, "{contrast}: {}", what())
                        }
                        None => assert!(fg != bg || is_own, "{}", what()),
                    }
                    if bg == Color::Reset {
                        assert!(
                            !matches!(fg, Color::Black | Color::White) && is_seen_anywhere(fg),
                            "{}",
                            what()
                        );
                    }
                    let coloured = style.fg.is_some() || style.bg.is_some();
                    assert!(depth != Depth::None || !coloured, "{}", what());
                }
            }
        }
    }
}
