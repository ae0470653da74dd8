//! All themes there are: those that are built in, and people's own.

use std::{collections::BTreeMap, sync::OnceLock};

use super::{
    Depth, Layer, Role, Theme,
    builtin::{self, PLAIN, TERMINAL},
    colour::{BACKGROUND, FOREGROUND, Ink, Palette},
    layer::Paint,
};
use crate::toml_file::{Fault, unknown};

/// Every theme, with the colours that the terminal has. What a theme looks like is found out when
/// it is first asked for.
#[derive(Debug, Clone)]
pub struct Themes {
    own: BTreeMap<String, Layer>,
    depth: Depth,
    /// By name; first the terminal's own colours: what is shown when nobody asks for anything else.
    resolved: Vec<(String, OnceLock<Theme>)>,
}

impl PartialEq for Themes {
    fn eq(&self, other: &Self) -> bool {
        self.depth == other.depth && self.own == other.own
    }
}

impl Themes {
    pub fn built_in(depth: Depth) -> Self {
        Self::new(depth, BTreeMap::new())
    }

    /// Those that are built in, and people's own by name. `Err`: one extends a theme that does not
    /// exist, or itself.
    pub fn with(depth: Depth, own: BTreeMap<String, Layer>) -> Result<Self, Fault> {
        own.keys().try_for_each(|name| resolve(name, &own).map(drop))?;
        Ok(Self::new(depth, own))
    }

    fn new(depth: Depth, own: BTreeMap<String, Layer>) -> Self {
        let resolved = names(&own).map(|name| (name.to_owned(), OnceLock::new())).collect();
        Self { own, depth, resolved }
    }

    pub fn is_built_in(name: &str) -> bool {
        builtin::names().any(|built_in| built_in == name)
    }

    pub fn depth(&self) -> Depth {
        self.depth
    }

    /// The one that is shown when nobody asks for another.
    pub fn default(&self) -> &Theme {
        self.get(TERMINAL).expect("it is built in")
    }

    pub fn iter(&self) -> impl Iterator<Item = &Theme> {
        self.resolved.iter().map(|(name, theme)| self.resolve(name, theme))
    }

    pub fn get(&self, name: &str) -> Option<&Theme> {
        let (name, theme) = self.resolved.iter().find(|(known, _)| known == name)?;
        Some(self.resolve(name, theme))
    }

    /// The one after it; after the last one the first.
    pub fn after(&self, name: &str) -> &Theme {
        let mut rest = self.resolved.iter().skip_while(|(known, _)| known != name).skip(1);
        rest.next().map_or_else(|| self.default(), |(name, theme)| self.resolve(name, theme))
    }

    /// That there is no theme of this name, in words.
    pub fn missing(&self, name: &str) -> String {
        unknown(name, "a theme", &names(&self.own).collect::<Vec<_>>())
    }

    fn resolve<'t>(&self, name: &str, theme: &'t OnceLock<Theme>) -> &'t Theme {
        // People's own were resolved once when they were read.
        let resolve =
            |name| resolve(name, &self.own).expect("what is built in, or was tried, is sound");
        theme.get_or_init(|| match self.depth {
            Depth::None => Theme { name: name.to_owned(), depth: self.depth, ..resolve(PLAIN) },
            depth => depth.theme(resolve(name)),
        })
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
    let find = |name: &str| {
        own.get_key_value(name)
            .map(|(name, layer)| (name.as_str(), layer))
            .or_else(|| builtin::layer(name))
    };
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
                let missing =
                    || place.fault(unknown(below, "a theme", &names(own).collect::<Vec<_>>()));
                Some(find(below).ok_or_else(missing)?)
            }
            None if at == TERMINAL => None,
            None => builtin::layer(TERMINAL),
        };
    }
    let ground = Paint::of(Ink::Slot(FOREGROUND), Ink::Slot(BACKGROUND)).style(&palette);
    let styles =
        paints.into_iter().map(|paint| paint.unwrap_or_default().style(&palette)).collect();
    Ok(Theme { name: name.to_owned(), ground, styles, palette, depth: Depth::True })
}
