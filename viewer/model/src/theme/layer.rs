//! One theme's file: what it adds to the theme that it extends.

use std::ops::Range;

use ratatui::style::{Color, Modifier, Style};
use toml::de::DeValue;

use super::{
    Role,
    colour::{self, Ink, Palette},
};
use crate::toml_file::{Fault, Place, Table, TomlFile, Value};

const ENTRIES: &[&str] = &["extends", "palette", "roles"];

const MODIFIERS: [(&str, Modifier); 6] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("crossed-out", Modifier::CROSSED_OUT),
    ("reversed", Modifier::REVERSED),
];

/// What a file says of a role. It says all of it: nothing is taken from the theme that is extended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Paint {
    fg: Option<Ink>,
    bg: Option<Ink>,
    modifiers: Modifier,
}

impl Paint {
    pub(super) fn of(fg: Ink, bg: Ink) -> Self {
        Self { fg: Some(fg), bg: Some(bg), modifiers: Modifier::empty() }
    }

    pub(super) fn style(self, palette: &Palette) -> Style {
        let colour = |ink| palette.colour(ink);
        Style {
            fg: self.fg.map(colour),
            bg: self.bg.map(colour),
            add_modifier: self.modifiers,
            ..Style::new()
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layer {
    /// The theme below, and where the file says so.
    pub(super) extends: Option<(String, Place)>,
    pub(super) palette: Palette,
    pub(super) roles: Vec<(Role, Paint)>,
}

impl Layer {
    pub fn read(file: TomlFile<'_>) -> Result<Self, Fault> {
        let mut layer = Self::default();
        for (name, value) in &file.table()? {
            match name.get_ref().as_ref() {
                "extends" => {
                    let below = file.string(value, "the name of a theme")?;
                    layer.extends = Some((below.to_owned(), file.place(&value.span())));
                }
                "palette" => {
                    layer.read_palette(file, file.sub_table(value, "a table of colours")?)?
                }
                "roles" => layer.read_roles(file, file.sub_table(value, "a table of roles")?)?,
                other => {
                    return Err(file.unknown(&name.span(), other, "an entry of a theme", ENTRIES));
                }
            }
        }
        Ok(layer)
    }

    fn read_palette(&mut self, file: TomlFile<'_>, table: &Table<'_>) -> Result<(), Fault> {
        for (name, value) in table {
            let slot = colour::slot(name.get_ref())
                .ok_or_else(|| unknown_colour(file, &name.span(), name.get_ref()))?;
            match ink(file, value)? {
                Ink::Fixed(fixed) => self.palette.set(slot, fixed),
                // One name that stands for another would need an order between them.
                Ink::Slot(_) => {
                    return Err(file.fault(
                        &value.span(),
                        "a palette takes colours such as \"#88c0d0\" or 110",
                    ));
                }
            }
        }
        Ok(())
    }

    fn read_roles(&mut self, file: TomlFile<'_>, table: &Table<'_>) -> Result<(), Fault> {
        for (name, value) in table {
            let role =
                Role::ALL.iter().find(|role| role.name() == name.get_ref()).ok_or_else(|| {
                    let known: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
                    file.unknown(&name.span(), name.get_ref(), "a role", &known)
                })?;
            let looks = file.sub_table(value, "a style such as { fg = \"blue\", bold = true }")?;
            self.roles.push((*role, paint(file, looks)?));
        }
        Ok(())
    }
}

fn paint(file: TomlFile<'_>, table: &Table<'_>) -> Result<Paint, Fault> {
    let mut paint = Paint::default();
    for (name, value) in table {
        match name.get_ref().as_ref() {
            "fg" => paint.fg = Some(ink(file, value)?),
            "bg" => paint.bg = Some(ink(file, value)?),
            other => {
                let (_, modifier) =
                    MODIFIERS.iter().find(|(known, _)| *known == other).ok_or_else(|| {
                        let known: Vec<&str> = ["fg", "bg"]
                            .into_iter()
                            .chain(MODIFIERS.map(|(known, _)| known))
                            .collect();
                        file.unknown(&name.span(), other, "part of a style", &known)
                    })?;
                let wanted = value
                    .get_ref()
                    .as_bool()
                    .ok_or_else(|| file.fault(&value.span(), "true or false is expected"))?;
                paint.modifiers.set(*modifier, wanted);
            }
        }
    }
    Ok(paint)
}

fn ink(file: TomlFile<'_>, value: &Value<'_>) -> Result<Ink, Fault> {
    match value.get_ref() {
        DeValue::String(text) if text.starts_with('#') => {
            colour::hex(text).map(Ink::Fixed).ok_or_else(|| {
                file.fault(&value.span(), "a colour has six digits, such as \"#88c0d0\"")
            })
        }
        DeValue::String(text) => colour::slot(text)
            .map(Ink::Slot)
            .ok_or_else(|| unknown_colour(file, &value.span(), text)),
        DeValue::Integer(number) => match u8::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Ok(Ink::Fixed(Color::Indexed(number))),
            Err(_) => Err(file.fault(&value.span(), "colours have numbers from 0 to 255")),
        },
        _ => {
            Err(file
                .fault(&value.span(), "a colour is a name, \"#rrggbb\", or a number from 0 to 255"))
        }
    }
}

fn unknown_colour(file: TomlFile<'_>, span: &Range<usize>, word: &str) -> Fault {
    file.unknown(span, word, "a colour", &colour::SLOTS.map(|(known, _)| known))
}
