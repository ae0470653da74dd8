//! What is shown of the items: levels of categories, and single ones that were folded or unfolded.

use std::collections::{BTreeMap, BTreeSet};

use ccdump_model::{
    blocks::{Category, Item, ItemKey},
    line::Detail,
};
use serde::{Deserialize, Serialize};

/// Exchanges whose folds are kept; those of the oldest exchanges go first.
const MOST: usize = 500;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Show {
    hidden: BTreeSet<Category>,
    folds: BTreeMap<u64, BTreeMap<ItemKey, Detail>>,
    /// Grows when what is shown everywhere changes.
    #[serde(skip)]
    pub(super) generation: u64,
}

impl Show {
    pub fn is_hidden(&self, category: Category) -> bool {
        // What is not shown as a rule is shown when it was asked for: the set then says the opposite.
        (category.default_detail() == Detail::Hidden) != self.hidden.contains(&category)
    }

    pub(super) fn toggle(&mut self, category: Category) {
        if !self.hidden.remove(&category) {
            self.hidden.insert(category);
        }
        self.generation += 1;
    }

    /// How much of an item is shown. An exchange's head always is.
    pub(super) fn detail(&self, exchange: u64, item: &Item) -> Detail {
        if self.is_hidden(item.category) && !item.is_head() {
            return Detail::Hidden;
        }
        let fold = self.folds.get(&exchange).and_then(|folds| folds.get(&item.key));
        fold.copied().unwrap_or_else(|| unfolded_as_a_rule(item.category))
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
