//! What of a conversation is kept for the next start.

use ccdump_model::record::AgentKey;
use serde::{Deserialize, Serialize};

use super::{Conversation, Place, Show, Spot};
use crate::component::Component;

/// Other agents' conversations whose places are kept.
pub(super) const PLACES: usize = 100;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedConversation {
    agent: Option<AgentKey>,
    by_hand: bool,
    follow: bool,
    place: Option<Place>,
    focus: Option<Spot>,
    /// Nobody has chosen the marked block.
    is_unchosen: bool,
    show: Show,
    /// Of other agents.
    places: Vec<(AgentKey, Option<Place>)>,
}

impl Component for Conversation {
    const KEY: &'static str = "conversation";
    const SCHEMA: u32 = 1;
    type Saved = SavedConversation;

    fn extract(&self) -> SavedConversation {
        SavedConversation {
            agent: self.agent.clone(),
            by_hand: self.by_hand,
            follow: self.follow,
            place: self.place.clone(),
            focus: self.focus.clone(),
            is_unchosen: self.focus == self.unchosen,
            show: self.show.clone(),
            places: self
                .places
                .iter()
                .map(|(agent, place)| (agent.clone(), place.clone()))
                .collect(),
        }
    }

    fn restore(&mut self, saved: SavedConversation) {
        let SavedConversation { agent, by_hand, follow, place, focus, is_unchosen, show, places } =
            saved;
        *self = Self {
            agent,
            by_hand,
            follow: follow || place.is_none(),
            place,
            unchosen: focus.clone().filter(|_| is_unchosen),
            is_restored: focus.is_some(),
            focus,
            show,
            places: places.into_iter().take(PLACES).collect(),
            ..Self::default()
        };
    }
}
