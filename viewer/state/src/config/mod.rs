//! What people set up: `view.toml` and the themes beside it. It is read as a whole, and holds as a
//! whole or not at all.

mod files;
mod keys;

#[cfg(test)]
mod tests;

pub use self::files::{THEMES, read};

use ccdump_model::theme::{Depth, Themes};

use crate::keymap::Keymap;

/// What is wished for from outside the files.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The theme, by a flag or by the environment. It beats the file.
    pub theme: Option<String>,
    pub depth: Depth,
}

/// Themes, keys and the mouse.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub themes: Themes,
    /// The theme to be shown where nobody chose one by key. It need not exist when it is wished for
    /// by a flag.
    pub theme: Option<String>,
    pub keymap: Keymap,
    /// The mouse scrolls and chooses, instead of selecting as the terminal does.
    pub mouse: bool,
}

impl Config {
    /// As it is without files.
    pub fn built_in(wish: &Wish) -> Self {
        Self {
            themes: Themes::built_in(wish.depth),
            theme: wish.theme.clone(),
            keymap: Keymap::default(),
            mouse: true,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::built_in(&Wish { theme: None, depth: Depth::True })
    }
}
