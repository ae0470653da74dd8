//! Places that a person gave a letter.

use std::collections::BTreeMap;

use ccdump_model::record::AgentKey;
use serde::{Deserialize, Serialize};

use super::{
    State, Weight,
    component::Component,
    conversation::{Conversation, Spot},
};

/// The mark of where one was before the last jump.
pub const BEFORE: char = '\'';
/// Nobody has more letters.
const MOST: usize = 100;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    agent: AgentKey,
    spot: Spot,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Marks(BTreeMap<char, Mark>);

impl Marks {
    /// The letters that are in use.
    pub fn letters(&self) -> impl Iterator<Item = char> {
        self.0.keys().copied()
    }

    /// One is about to go away from here.
    pub(super) fn leave(&mut self, conversation: &Conversation) {
        self.set(BEFORE, conversation);
    }

    fn set(&mut self, letter: char, conversation: &Conversation) -> bool {
        let (Some(agent), Some(spot)) = (conversation.agent.clone(), conversation.focus.clone())
        else {
            return false;
        };
        self.0.insert(letter, Mark { agent, spot });
        true
    }
}

impl State {
    pub(super) fn set_mark(&mut self, letter: char) {
        if letter.is_alphanumeric() && self.marks.set(letter, &self.conversation) {
            self.notices.say(self.now_us, Weight::Good, format!("mark {letter} set"));
        } else {
            self.notices.say(self.now_us, Weight::Warning, "a mark is a letter or a digit");
        }
    }

    pub(super) fn go_to_mark(&mut self, letter: char) {
        let Some(Mark { agent, spot }) = self.marks.0.get(&letter).cloned() else {
            let known: String = self.marks.letters().collect();
            let known =
                if known.is_empty() { String::new() } else { format!("; there are {known}") };
            return self.notices.say(
                self.now_us,
                Weight::Warning,
                format!("there is no such mark{known}"),
            );
        };
        self.go(agent, spot);
    }
}

impl Component for Marks {
    const KEY: &'static str = "marks";
    const SCHEMA: u32 = 1;
    type Saved = Self;

    fn extract(&self) -> Self {
        self.clone()
    }

    fn restore(&mut self, mut saved: Self) {
        saved.0.retain(|letter, _| letter.is_alphanumeric() || *letter == BEFORE);
        while saved.0.len() > MOST {
            saved.0.pop_last();
        }
        *self = saved;
    }
}
