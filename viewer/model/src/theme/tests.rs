//! That themes can be read: by the eye, too.

use ratatui::style::{Color, Modifier, Style};

use super::{Depth, Role, Theme, Themes, contrast};

const COLOURFUL: [&str; 7] =
    ["dark", "light", "dusk", "paper", "clear-dark", "clear-light", "high-contrast"];

type Rgb = [f64; 3];

fn light(colour: Color) -> Rgb {
    contrast::light(colour)
        .unwrap_or_else(|| panic!("{colour:?} looks different in every terminal"))
}

fn contrast(one: Color, other: Color) -> f64 {
    contrast::contrast(one, other).expect("both are fixed")
}

/// What a role's text is written with, and on.
fn colours(theme: &Theme, role: Role) -> (Color, Color) {
    let (style, ground) = (theme.style(role), theme.ground());
    let fg = style.fg.or(ground.fg).expect("a theme with colours has a foreground");
    (fg, style.bg.or(ground.bg).expect("a theme with colours has a background"))
}

#[test]
fn every_text_can_be_read_on_its_ground() {
    for (depth, least) in [(Depth::True, 4.5), (Depth::Indexed, 4.0)] {
        let themes = Themes::built_in(depth);
        for name in COLOURFUL {
            let theme = themes.get(name).expect("it is built in");
            let least = if name == "high-contrast" { 7.0 } else { least };
            for role in Role::ALL {
                // Frames are no text.
                let least = if *role == Role::Frame { 2.5 } else { least };
                let (fg, bg) = colours(theme, *role);
                let ratio = contrast(fg, bg);
                assert!(ratio >= least, "{name}, {depth:?}: {} has {ratio:.2}", role.name());
            }
            // What stands in a row that is chosen.
            let (_, chosen) = colours(theme, Role::Selected);
            let texts = [Role::Text, Role::Strong, Role::Dim].map(|role| (role, least));
            let marks =
                [Role::Focus, Role::Live, Role::Warning, Role::Error].map(|role| (role, 3.0));
            for (role, least) in texts.into_iter().chain(marks) {
                let ratio = contrast(colours(theme, role).0, chosen);
                assert!(
                    ratio >= least,
                    "{name}, {depth:?}: {} in a chosen row has {ratio:.2}",
                    role.name()
                );
            }
        }
    }
}

#[test]
fn every_theme_says_how_each_role_looks_and_nothing_gets_lost_on_the_way_to_fewer_colours() {
    let of_terminal = super::builtin::layer("terminal").expect("it is built in").1;
    let of_plain = super::builtin::layer("plain").expect("it is built in").1;
    for role in Role::ALL {
        for layer in [of_terminal, of_plain] {
            assert_eq!(
                layer.roles.iter().filter(|(known, _)| known == role).count(),
                1,
                "{}",
                role.name()
            );
        }
    }
    for depth in [Depth::True, Depth::Indexed, Depth::Sixteen] {
        for theme in Themes::built_in(depth).iter() {
            for role in Role::ALL {
                let style = theme.style(*role);
                let (fg, bg) = (style.fg.or(theme.ground().fg), style.bg.or(theme.ground().bg));
                let is_default =
                    |colour: Option<Color>| colour.is_none_or(|colour| colour == Color::Reset);
                assert!(
                    fg != bg || is_default(fg) && is_default(bg),
                    "{} {depth:?}: {} is not seen",
                    theme.name(),
                    role.name()
                );
            }
            let chosen = theme.style(Role::Selected);
            let is_seen = chosen.bg.is_some_and(|bg| Some(bg) != theme.ground().bg);
            assert!(
                is_seen || chosen.add_modifier.contains(Modifier::REVERSED),
                "{} {depth:?}",
                theme.name()
            );
        }
    }
}

#[test]
fn without_colours_all_themes_are_plain() {
    let themes = Themes::built_in(Depth::None);
    let plain = themes.get("plain").expect("it is built in");
    let coloured =
        |style: Style| style.fg.or(style.bg).is_some_and(|colour| colour != Color::Reset);
    for theme in themes.iter() {
        for role in Role::ALL {
            assert_eq!(theme.style(*role), plain.style(*role), "{} {}", theme.name(), role.name());
            assert!(!coloured(theme.style(*role)) && !coloured(theme.ground()));
        }
    }
    assert!(themes.iter().count() >= 9 && themes.get("clear-light").is_some());
}

/// How colours look to eyes that lack one kind of cones (Machado, Oliveira and Fernandes, 2009), to
/// be applied to light.
const EYES: [(&str, [Rgb; 3]); 3] = [
    (
        "protanopia",
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ),
];

/// CIE L*a*b*, in which distances are as the eye sees them: 2 is just seen.
fn lab([red, green, blue]: Rgb) -> Rgb {
    let x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505;
    let y = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    let z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089;
    let [x, y, z] =
        [x, y, z].map(|t: f64| if t > 0.008856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn distance(one: Color, other: Color, eye: &[Rgb; 3]) -> f64 {
    let seen = |colour| {
        let light = light(colour);
        lab(eye.map(|row| row.iter().zip(light).map(|(a, b)| a * b).sum::<f64>().clamp(0.0, 1.0)))
    };
    seen(one).iter().zip(seen(other)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn the_clear_themes_are_clear_to_every_kind_of_eye() {
    let themes = Themes::built_in(Depth::True);
    let pairs = [
        (Role::Added, Role::Removed),
        (Role::AddedWord, Role::RemovedWord),
        (Role::Good, Role::Error),
        (Role::Good, Role::Warning),
        (Role::Warning, Role::Error),
        (Role::User, Role::ToolCall),
        (Role::User, Role::Thinking),
        (Role::Live, Role::Warning),
    ];
    for name in ["clear-dark", "clear-light"] {
        let theme = themes.get(name).expect("it is built in");
        for (one, other) in pairs {
            for (eye, matrix) in &EYES {
                // Words are told apart by their grounds.
                let of = |role| theme.style(role).bg.unwrap_or(colours(theme, role).0);
                let distance = distance(of(one), of(other), matrix);
                assert!(
                    distance >= 15.0,
                    "{name}, {eye}: {} and {} are {distance:.1} apart",
                    one.name(),
                    other.name()
                );
            }
        }
    }
}
