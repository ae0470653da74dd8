//! Collects the items of an exchange.

use std::collections::HashSet;

use ccdump_record::Block;

use super::{Category, Change, Item, ItemBody, ItemKey, Source, Wanted, former::Former, parts};

/// Items in display order; their keys are unique, whatever the wire says.
#[derive(Debug, Default)]
pub(super) struct List {
    items: Vec<Item>,
    names: HashSet<ItemKey>,
}

impl List {
    /// Adds an item with a name of our own.
    pub(super) fn add(&mut self, name: &str, category: Category, body: ItemBody) {
        self.add_wanting(name, category, body, Vec::new());
    }

    /// Adds the item of a block.
    pub(super) fn add_block(
        &mut self,
        source: Source,
        block: &Block,
        category: Category,
        body: ItemBody,
        wants: Vec<Wanted>,
    ) {
        let side = if source == Source::Response { ItemKey::RESPONSE } else { "request" };
        self.add_wanting(&format!("{side}{}", block.pointer), category, body, wants);
    }

    pub(super) fn add_wanting(
        &mut self,
        name: &str,
        category: Category,
        body: ItemBody,
        wants: Vec<Wanted>,
    ) {
        let mut key = ItemKey::new(name);
        let mut count = 1;
        // A stream may begin a block of the same index twice.
        while !self.names.insert(key.clone()) {
            count += 1;
            key = ItemKey::new(&format!("{name}#{count}"));
        }
        self.items.push(Item { key, category, body, wants, was: None, parent: None, own: None });
    }

    /// Of the item that was added last, which is a block's: what stood in its place, or that it
    /// stood elsewhere.
    pub(super) fn was(&mut self, block: &Block, former: &Former<'_>, is_moved: bool) {
        let Some(item) = self.items.last_mut() else { return };
        item.was = former.of_changed(block);
        item.wants.extend(former.wanted(Source::Former, block));
        if let ItemBody::Text { change, .. }
        | ItemBody::ToolResult { change, .. }
        | ItemBody::System { change, .. } = &mut item.body
            && is_moved
        {
            *change = Change::Moved;
        }
    }

    /// All items, and the parts of their texts.
    pub(super) fn finish(self) -> Vec<Item> {
        let mut items = Vec::with_capacity(self.items.len());
        self.items.into_iter().for_each(|item| parts::add(item, &mut items));
        items
    }
}
