//! How things look and which keys there are: what was configured, and what was chosen by key.

use ccdump_client::text::clean_line;
use ccdump_model::theme::{Depth, Theme};
use serde::{Deserialize, Serialize};

use super::{State, Weight, component::Component};
use crate::config::Config;

#[derive(Debug, Default)]
pub struct Appearance {
    chosen: SavedAppearance,
    /// The configuration was read before, with whatever success.
    is_configured: bool,
}

/// A theme that was chosen by key. Whoever writes another one into the configuration after that
/// wants to see that one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedAppearance {
    theme: Option<String>,
    /// The theme that was configured when it was chosen.
    instead_of: Option<String>,
}

impl Component for Appearance {
    const KEY: &'static str = "appearance";
    const SCHEMA: u32 = 1;
    type Saved = SavedAppearance;

    fn extract(&self) -> SavedAppearance {
        self.chosen.clone()
    }

    fn restore(&mut self, saved: SavedAppearance) {
        self.chosen = saved;
    }
}

impl State {
    pub fn theme(&self) -> &Theme {
        let themes = &self.config.themes;
        self.wanted_theme().and_then(|name| themes.get(name)).unwrap_or_else(|| themes.default())
    }

    /// The name of the theme that was asked for, if there is such a one or not.
    fn wanted_theme(&self) -> Option<&str> {
        let chosen = &self.appearance.chosen;
        let holds = chosen.instead_of == self.config.theme;
        chosen.theme.as_deref().filter(|_| holds).or(self.config.theme.as_deref())
    }

    pub(super) fn next_theme(&mut self) {
        let next = self.config.themes.after(self.theme().name());
        let name = next.name().to_owned();
        let colours = if self.config.themes.depth() == Depth::None {
            ", but colours are turned off"
        } else {
            ""
        };
        self.notices.say(
            self.now_us,
            Weight::Plain,
            format!("theme {}{colours}", clean_line(&name)),
        );
        self.appearance.chosen =
            SavedAppearance { theme: Some(name), instead_of: self.config.theme.clone() };
    }

    /// The configuration was read. Nothing is said of the first time, if all is well.
    pub(super) fn configure(&mut self, read: Result<Box<Config>, String>) {
        let is_first = !std::mem::replace(&mut self.appearance.is_configured, true);
        match read {
            Ok(config) => {
                self.config = *config;
                if !is_first {
                    self.notices.say(self.now_us, Weight::Good, "keys and theme read again");
                }
                self.check_theme();
            }
            Err(why) => {
                let text = format!("{} · the old settings stay", clean_line(&why));
                self.notices.say(self.now_us, Weight::Warning, text);
            }
        }
    }

    /// Says so when the theme that is wanted does not exist.
    pub(super) fn check_theme(&mut self) {
        let missing = self.wanted_theme().filter(|name| self.config.themes.get(name).is_none());
        if let Some(name) = missing {
            let text = format!(
                "{}; the colours are the terminal's",
                clean_line(&self.config.themes.missing(name))
            );
            self.notices.say(self.now_us, Weight::Warning, text);
        }
    }
}
