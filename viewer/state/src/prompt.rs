//! Something is asked for in the last line of the screen, and keys go there: a search, the number
//! of an exchange, the letter of a mark.

use serde::{Deserialize, Serialize};

use super::{
    State, Weight, component::Component, conversation::Spot, input::Input, sheet::Subject,
};
use crate::keymap::{Code, Context, Key};
use ccdump_model::{blocks::ItemKey, record::AgentKey};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prompt {
    Search,
    /// A search in a sheet.
    Find,
    /// The number of an exchange.
    Number,
    /// The number of the exchange to compare with.
    CompareWith,
    SetMark,
    GoToMark,
    /// The number of a tab.
    Tab,
    Palette,
}

impl Prompt {
    pub fn context(self) -> Context {
        match self {
            Self::Search | Self::Find => Context::Search,
            Self::Number | Self::CompareWith => Context::Number,
            Self::SetMark | Self::GoToMark | Self::Tab => Context::Mark,
            Self::Palette => Context::Palette,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prompts {
    pub open: Option<Prompt>,
    /// What was typed of a number.
    pub number: Input,
}

impl State {
    pub(super) fn ask(&mut self, prompt: Prompt) {
        self.prompt.number.clear();
        self.prompt.open = Some(prompt);
    }

    /// A key that is no command, where something is typed. Says whether it did anything.
    pub(super) fn type_key(&mut self, key: Key) -> bool {
        match self.prompt.open {
            Some(Prompt::Search) => {
                let before = self.search.input.clone();
                if self.search.input.press(key) {
                    self.search_changed();
                }
                self.search.input != before
            }
            Some(Prompt::Find) => self.type_find(key),
            Some(Prompt::Number | Prompt::CompareWith) => {
                let is_letter = matches!(key, Key { code: Code::Char(c), ctrl: false, .. } if !c.is_ascii_digit());
                !is_letter && self.prompt.number.press(key)
            }
            Some(prompt @ (Prompt::SetMark | Prompt::GoToMark | Prompt::Tab)) => {
                self.prompt.open = None;
                if let Key { code: Code::Char(letter), ctrl: false, alt: false } = key {
                    match prompt {
                        Prompt::SetMark => self.set_mark(letter),
                        Prompt::Tab => self.go_to_tab(letter),
                        _ => self.go_to_mark(letter),
                    }
                }
                true
            }
            Some(Prompt::Palette) => self.palette.press(key),
            None => false,
        }
    }

    pub(super) fn accept(&mut self) {
        match self.prompt.open {
            Some(Prompt::Search) => self.accept_search(),
            Some(Prompt::Find) => self.accept_find(),
            Some(prompt @ (Prompt::Number | Prompt::CompareWith)) => {
                self.prompt.open = None;
                match self.prompt.number.text().parse() {
                    Ok(exchange) if prompt == Prompt::CompareWith => self.compare_with(exchange),
                    Ok(exchange) => self.go_to_exchange(exchange),
                    Err(_) => {}
                }
            }
            _ => self.prompt.open = None,
        }
    }

    pub(super) fn cancel(&mut self) {
        match self.prompt.open {
            Some(Prompt::Search) => self.cancel_search(),
            Some(Prompt::Find) => self.cancel_find(),
            Some(_) => self.prompt.open = None,
            None => self.put_search_away(),
        }
    }

    fn go_to_exchange(&mut self, exchange: u64) {
        let Some(row) = self.roster.row(exchange) else {
            return self.notices.say(
                self.now_us,
                Weight::Warning,
                format!("there is no exchange #{exchange}"),
            );
        };
        let agent = AgentKey::of(row);
        if let Some(Subject::Inspect { part, .. }) = self.sheet.subject {
            return self.sheet.open(Subject::Inspect { exchange, part });
        }
        self.go(agent, Spot { exchange, item: ItemKey::new(ItemKey::HEAD) });
    }

    /// To a place in any agent's conversation. Where one was is kept as a mark.
    pub(super) fn go(&mut self, agent: AgentKey, spot: Spot) {
        self.marks.leave(&self.conversation);
        self.choose(Some(agent));
        self.conversation.go(spot);
    }
}

impl Component for Prompts {
    const KEY: &'static str = "prompt";
    const SCHEMA: u32 = 1;
    type Saved = Self;

    /// Versions that know no tabs would take none of it where one was being chosen.
    fn extract(&self) -> Self {
        Self { open: self.open.filter(|prompt| *prompt != Prompt::Tab), ..self.clone() }
    }

    fn restore(&mut self, saved: Self) {
        *self = saved;
    }
}
