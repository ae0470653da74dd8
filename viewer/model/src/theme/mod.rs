//! Colours. Lines and widgets speak of roles; a theme says how each looks. Themes are TOML files,
//! those that are built in as well as people's own.

mod brought;
mod builtin;
mod colour;
mod contrast;
mod depth;
mod layer;
mod nearest;
mod role;
mod themes;

#[cfg(test)]
mod tests;

use ratatui::style::Style;

use self::colour::Palette;

pub use self::{depth::Depth, layer::Layer, role::Role, themes::Themes};

/// How each role looks, with the colours that the terminal has.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    name: String,
    ground: Style,
    /// By role.
    styles: Vec<Style>,
    /// What the names of colours mean in it: texts bring such colours along.
    palette: Palette,
    depth: Depth,
}

impl Theme {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the screen has where no role says otherwise: a foreground and a background, or neither,
    /// for the terminal's own.
    pub fn ground(&self) -> Style {
        self.ground
    }

    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }
}
