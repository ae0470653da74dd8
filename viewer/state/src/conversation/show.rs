//! What is shown of the items: levels of categories, and single ones that were folded or unfolded.

use std::collections::{BTreeMap, BTreeSet};

use ccdump_model::{
    blocks::{Category, Item, ItemKey},
    line::Detail,
};
use serde::{Deserialize, Serialize};

use super::Spot;

/// Exchanges whose folds are kept; those of the oldest exchanges go first.
const MOST: usize = 500;

/// In the order of their keys.
pub const CATEGORIES: [Category; 7] = [
    Category::User,
    Category::Assistant,
    Category::Tools,
    Category::System,
    Category::Budget,
    Category::Metadata,
    Category::Headers,
];

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Show {
    hidden: BTreeSet<Category>,
    /// How categories are shown that are not shown as they are as a rule.
    levels: BTreeMap<Category, Detail>,
    folds: BTreeMap<u64, BTreeMap<ItemKey, Detail>>,
    /// Grows when what is shown everywhere changes.
    #[serde(skip)]
    pub(super) generation: u64,
    /// Shown in full whatever is folded and hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    raised: Option<Spot>,
}

/// Levels for all categories at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Preset {
    /// As it is as a rule.
    Conversation,
    All,
    Tools,
    Quiet,
}

impl Preset {
    pub const ALL: [Self; 4] = [Self::Conversation, Self::All, Self::Tools, Self::Quiet];

    pub fn name(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::All => "all",
            Self::Tools => "tools",
            Self::Quiet => "quiet",
        }
    }

    fn level(self, category: Category) -> Detail {
        match (self, category) {
            (Self::Conversation, _) => category.default_detail(),
            (Self::All, _)
            | (Self::Quiet, Category::User | Category::Assistant)
            | (Self::Tools, Category::Tools) => Detail::Full,
            (Self::Tools, Category::User | Category::Assistant) => Detail::Summary,
            (Self::Tools | Self::Quiet, _) => Detail::Hidden,
        }
    }
}

impl Show {
    pub fn is_hidden(&self, category: Category) -> bool {
        // What is not shown as a rule is shown when it was asked for: the set then says the
        // opposite.
        (category.default_detail() == Detail::Hidden) != self.hidden.contains(&category)
    }

    pub(super) fn toggle(&mut self, category: Category) {
        if !self.hidden.remove(&category) {
            self.hidden.insert(category);
        }
        self.generation += 1;
    }

    /// How much is shown of what nobody folded or unfolded.
    pub fn level(&self, category: Category) -> Detail {
        match self.is_hidden(category) {
            true => Detail::Hidden,
            false => {
                self.levels.get(&category).copied().unwrap_or_else(|| unfolded_as_a_rule(category))
            }
        }
    }

    pub(super) fn set_level(&mut self, category: Category, level: Detail) {
        if self.is_hidden(category) != (level == Detail::Hidden) {
            self.toggle(category);
        }
        if level == unfolded_as_a_rule(category) {
            self.levels.remove(&category);
        } else if level != Detail::Hidden {
            self.levels.insert(category, level);
        }
        self.generation += 1;
    }

    /// The preset whose levels these are.
    pub fn preset(&self) -> Option<Preset> {
        let is_it = |preset: &Preset| {
            CATEGORIES.into_iter().all(|category| self.level(category) == preset.level(category))
        };
        Preset::ALL.into_iter().find(is_it)
    }

    pub(super) fn set(&mut self, preset: Preset) {
        for category in CATEGORIES {
            self.set_level(category, preset.level(category));
        }
    }

    pub(super) fn raise(&mut self, spot: Option<Spot>) {
        self.raised = spot;
    }

    pub(super) fn raised(&self) -> Option<&Spot> {
        self.raised.as_ref()
    }

    /// How much of an item is shown. An exchange's head always is.
    pub(super) fn detail(&self, exchange: u64, item: &Item) -> Detail {
        let is_it = |spot: &Spot| {
            spot.exchange == exchange && (spot.item == item.key || item.key.holds(&spot.item))
        };
        if self.raised.as_ref().is_some_and(is_it) {
            return Detail::Full;
        }
        if self.is_hidden(item.category) && !item.is_head() {
            return Detail::Hidden;
        }
        let fold = self.folds.get(&exchange).and_then(|folds| folds.get(&item.key)).copied();
        let fold = fold.or(item.is_unfolded_as_a_rule().then_some(Detail::Full));
        let level = || {
            self.levels
                .get(&item.category)
                .copied()
                .unwrap_or_else(|| unfolded_as_a_rule(item.category))
        };
        fold.unwrap_or_else(level)
    }

    pub(super) fn fold(&mut self, exchange: u64, key: &ItemKey, detail: Detail) {
        self.folds.entry(exchange).or_default().insert(key.clone(), detail);
        if self.folds.len() > MOST {
            self.folds.pop_first();
        }
    }

    /// All items of an exchange as they are as a rule.
    pub(super) fn unfold_none(&mut self, exchange: u64) {
        self.folds.remove(&exchange);
    }

    /// The folds of an exchange, to compare.
    pub(super) fn folds(&self, exchange: u64) -> BTreeMap<ItemKey, Detail> {
        self.folds.get(&exchange).cloned().unwrap_or_default()
    }
}

fn unfolded_as_a_rule(category: Category) -> Detail {
    match category.default_detail() {
        Detail::Hidden => Detail::Summary,
        detail => detail,
    }
}
