//! All themes there are: those that are built in, and people's own.

use std::{collections::BTreeMap, iter};

use super::{
    Depth, Layer, Role, Theme,
    builtin::{self, PLAIN, TERMINAL},
    colour::{BACKGROUND, FOREGROUND, Ink, Palette},
    layer::Paint,
};
use crate::toml_file::{Fault, unknown};

/// Every theme, with the colours that the terminal has.
#[derive(Debug, Clone, PartialEq)]
pub struct Themes {
    /// The terminal's own colours: what is shown when nobody asks for anything else.
    terminal: Theme,
    others: Vec<Theme>,
    depth: Depth,
}

impl Themes {
    pub fn built_in(depth: Depth) -> Self {
        Self::with(depth, &BTreeMap::new()).expect("the themes that are built in are valid")
    }

    /// Those that are built in, and people's own by name. `Err`: one extends a theme that does not exist, or itself.
    pub fn with(depth: Depth, own: &BTreeMap<String, Layer>) -> Result<Self, Fault> {
        let plain = resolve(PLAIN, own)?;
        let shown = |name: &str| {
            let theme = resolve(name, own)?;
            Ok(match depth {
                Depth::None => Theme { name: theme.name, depth, ..plain.clone() },
                _ => depth.theme(theme),
            })
        };
        let others = names(own).filter(|name| *name != TERMINAL);
        Ok(Self { terminal: shown(TERMINAL)?, others: others.map(shown).collect::<Result<_, _>>()?, depth })
    }

    pub fn is_built_in(name: &str) -> bool {
        builtin::layer(name).is_some()
    }

    pub fn depth(&self) -> Depth {
        self.depth
    }

    /// The one that is shown when nobody asks for another.
    pub fn default(&self) -> &Theme {
        &self.terminal
    }

    pub fn iter(&self) -> impl Iterator<Item = &Theme> {
        iter::once(&self.terminal).chain(&self.others)
    }

    pub fn get(&self, name: &str) -> Option<&Theme> {
        self.iter().find(|theme| theme.name == name)
    }

    /// The one after it; after the last one the first.
    pub fn after(&self, name: &str) -> &Theme {
        let mut rest = self.iter().skip_while(|theme| theme.name != name).skip(1);
        rest.next().unwrap_or(&self.terminal)
    }

    /// That there is no theme of this name, in words.
    pub fn missing(&self, name: &str) -> String {
        unknown(name, "a theme", &self.iter().map(Theme::name).collect::<Vec<_>>())
    }
}

fn names(own: &BTreeMap<String, Layer>) -> impl Iterator<Item = &str> {
    builtin::names().chain(own.keys().map(String::as_str))
}

/// A theme of its own file and all those that it extends, down to the terminal's own colours.
fn resolve(name: &str, own: &BTreeMap<String, Layer>) -> Result<Theme, Fault> {
    let mut palette = Palette::default();
    let mut paints: Vec<Option<Paint>> = vec![None; Role::ALL.len()];
    let mut chain: Vec<&str> = Vec::new();
    let find = |name: &str| own.get_key_value(name).map(|(name, layer)| (name.as_str(), layer)).or_else(|| builtin::layer(name));
    let mut next = find(name);
    while let Some((at, layer)) = next {
        chain.push(at);
        palette.fill(&layer.palette);
        for (role, paint) in &layer.roles {
            if let Some(place) = paints.get_mut(*role as usize) {
                place.get_or_insert(*paint);
            }
        }
        next = match &layer.extends {
            Some((below, place)) if chain.contains(&below.as_str()) => {
                return Err(place.fault(format!("“{below}” extends itself")));
            }
            Some((below, place)) => {
                let missing = || place.fault(unknown(below, "a theme", &names(own).collect::<Vec<_>>()));
                Some(find(below).ok_or_else(missing)?)
            }
            None if at == TERMINAL => None,
            None => builtin::layer(TERMINAL),
        };
    }
    let ground = Paint::of(Ink::Slot(FOREGROUND), Ink::Slot(BACKGROUND)).style(&palette);
    let styles = paints.into_iter().map(|paint| paint.unwrap_or_default().style(&palette)).collect();
    Ok(Theme { name: name.to_owned(), ground, styles, palette, depth: Depth::True })
}
