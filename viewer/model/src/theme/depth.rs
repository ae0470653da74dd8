//! How many colours the terminal has, and themes made of those.

use ratatui::style::{Color, Modifier, Style};

use super::{Theme, nearest};

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// No colours, or none wanted.
    None,
    Sixteen,
    /// 256 colours.
    Indexed,
    /// 16 million.
    True,
}

impl Depth {
    /// By the environment's variables. `NO_COLOR` wins over all others.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name| variable(name).unwrap_or_default();
        let (colours, terminal) = (value("COLORTERM"), value("TERM"));
        match () {
            () if !value("NO_COLOR").is_empty() || terminal == "dumb" => Self::None,
            () if matches!(colours.as_str(), "truecolor" | "24bit")
                || terminal.ends_with("-direct") =>
            {
                Self::True
            }
            () if terminal.contains("256color") => Self::Indexed,
            () => Self::Sixteen,
        }
    }

    /// The theme in the colours that there are. What is told apart by a ground of its own is so
    /// still, and nothing becomes unseen.
    pub(super) fn theme(self, theme: Theme) -> Theme {
        let ground = self.colours(theme.ground);
        let styles = theme.styles.iter().map(|style| self.style(*style, ground)).collect();
        Theme { ground, styles, depth: self, ..theme }
    }

    fn style(self, style: Style, ground: Style) -> Style {
        let mut nearest = self.colours(style);
        // Sixteen colours are too few for a ground on which all others can be read.
        let is_lost = nearest.bg == ground.bg || self == Self::Sixteen;
        if nearest != style && nearest.bg.is_some() && is_lost {
            nearest = Style { bg: None, ..nearest }.add_modifier(Modifier::REVERSED);
        }
        let bg = nearest.bg.or(ground.bg);
        if nearest != style && nearest.fg.is_some() && nearest.fg == bg {
            nearest.fg = ground.fg;
        }
        nearest
    }

    fn colours(self, style: Style) -> Style {
        let colour = |colour| self.colour(colour);
        Style { fg: style.fg.and_then(colour), bg: style.bg.and_then(colour), ..style }
    }

    /// The nearest colour that there is.
    pub(super) fn colour(self, colour: Color) -> Option<Color> {
        match (self, colour) {
            (Self::None, _) => None,
            (Self::Sixteen, Color::Rgb(red, green, blue)) => {
                Some(nearest::of_sixteen(red, green, blue))
            }
            (Self::Sixteen, Color::Indexed(index)) => Some(nearest::named(index)),
            (Self::Indexed, Color::Rgb(red, green, blue)) => {
                Some(Color::Indexed(nearest::of_256(red, green, blue)))
            }
            _ => Some(colour),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_tells_the_depth() {
        for (variables, depth) in [
            (&[("TERM", "xterm")][..], Depth::Sixteen),
            (&[], Depth::Sixteen),
            (&[("TERM", "xterm-256color")], Depth::Indexed),
            (&[("TERM", "tmux-256color"), ("COLORTERM", "yes")], Depth::Indexed),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], Depth::True),
            (&[("TERM", "screen"), ("COLORTERM", "24bit")], Depth::True),
            (&[("TERM", "xterm-direct")], Depth::True),
            (&[("TERM", "dumb")], Depth::None),
            (&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")], Depth::None),
            (&[("COLORTERM", "truecolor"), ("NO_COLOR", "")], Depth::True),
        ] {
            let variable = |name: &str| {
                variables
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(Depth::of(variable), depth, "{variables:?}");
        }
    }

    #[test]
    fn colours_become_those_that_there_are() {
        let soft = Color::Rgb(0x88, 0xc0, 0xd0);
        for (depth, colour, nearest) in [
            (Depth::True, soft, Some(soft)),
            (Depth::Indexed, soft, Some(Color::Indexed(110))),
            (Depth::Sixteen, soft, Some(Color::LightCyan)),
            (Depth::Sixteen, Color::Indexed(9), Some(Color::LightRed)),
            (Depth::Sixteen, Color::Indexed(22), Some(Color::Green)),
            (Depth::Sixteen, Color::Reset, Some(Color::Reset)),
            (Depth::None, Color::Red, None),
        ] {
            assert_eq!(depth.colour(colour), nearest, "{depth:?} {colour:?}");
        }
    }

    #[test]
    fn a_ground_that_gets_lost_is_reversed_instead() {
        let ground = Style::new().fg(Color::White).bg(Color::Rgb(16, 16, 16));
        let chosen = Style::new().bg(Color::Rgb(18, 18, 18));
        let reversed = Style::new().add_modifier(Modifier::REVERSED);
        for (depth, shown) in
            [(Depth::True, chosen), (Depth::Indexed, reversed), (Depth::Sixteen, reversed)]
        {
            assert_eq!(depth.style(chosen, depth.colours(ground)), shown, "{depth:?}");
        }
    }
}
