//! A text whose tags are parts of their own: each of them is folded and marked by itself, and is
//! shown where the text is shown in full.

use std::sync::Arc;

use ccdump_provider::content::Content;

use super::{
    Category, Change, Item, ItemBody, ItemKey, Part, Voice, injected,
    tags::{Stretch, stretches},
};

/// A tag of so many lines and bytes is shown in full as a rule.
const SHORT: (usize, usize) = (3, 400);

/// Adds an item, and behind it the parts of its text, if it has any.
pub(super) fn add(mut item: Item, items: &mut Vec<Item>) {
    let Some((text, voice)) = text_of(&item.body) else { return items.push(item) };
    let text = Arc::clone(text);
    let Some(text) = words(&text) else { return items.push(item) };
    let all = stretches(text);
    // What is one tag and nothing else is not divided from itself.
    let mut inside = all.as_slice();
    let mut start = 0;
    if let [Stretch::Tag(tag)] = not_blank(inside).as_slice() {
        start = text.len() - text.trim_start().len() + tag.opening.len();
        inside = &tag.inside;
    }
    let Some(first) = inside.iter().position(|stretch| matches!(stretch, Stretch::Tag(_))) else {
        return items.push(item);
    };
    let (before, parts) = inside.split_at(first);
    item.own = Some(before.iter().fold(start, |end, stretch| end + length(stretch)));
    let depth = if matches!(item.body, ItemBody::ToolUse { .. }) { 2 } else { 1 };
    let owner = Owner { key: item.key.clone(), category: item.category, voice, depth };
    items.push(item);
    owner.add(parts, items);
}

/// What parts belong to.
struct Owner {
    key: ItemKey,
    category: Category,
    voice: Option<Voice>,
    depth: usize,
}

impl Owner {
    fn add(&self, parts: &[Stretch<'_>], items: &mut Vec<Item>) {
        for (number, part) in parts.iter().filter(|part| !is_blank(part)).enumerate() {
            let key = self.key.part(number + 1);
            let item = |category, body, own| Item {
                key: key.clone(),
                category,
                body,
                wants: Vec::new(),
                was: None,
                parent: Some(self.key.clone()),
                own,
            };
            let tag = match part {
                Stretch::Text(text) => {
                    let body = ItemBody::Beside {
                        text: (*text).into(),
                        voice: self.voice,
                        depth: self.depth,
                    };
                    items.push(item(self.category, body, None));
                    continue;
                }
                Stretch::Tag(tag) => tag,
            };
            let is_injected = self.voice != Some(Voice::Assistant) && injected::is_agents(tag.name);
            let (category, voice) = match self.voice {
                Some(Voice::User) if is_injected => (Category::System, Some(Voice::Injected)),
                None if is_injected => (Category::System, Some(Voice::Injected)),
                voice => (self.category, voice),
            };
            let first = tag
                .inside
                .iter()
                .position(|inside| matches!(inside, Stretch::Tag(_)))
                .unwrap_or(tag.inside.len());
            let (before, below) = tag.inside.split_at(first);
            let end = before.iter().fold(tag.opening.len(), |end, stretch| end + length(stretch));
            let is_short = tag.whole.lines().count() <= SHORT.0 && tag.whole.len() <= SHORT.1;
            let body = ItemBody::Tag {
                name: tag.name.to_owned(),
                attributes: tag.attributes.to_owned(),
                text: tag.whole.into(),
                inside: tag.opening.len()..tag.whole.len() - tag.closing.len(),
                is_long: category == Category::System && !is_short,
                voice,
                depth: self.depth,
            };
            items.push(item(category, body, (!below.is_empty()).then_some(end)));
            Self { key, category, voice, depth: self.depth + 1 }.add(below, items);
        }
    }
}

/// The text of an item that may be divided, and whose it is: nobody's, if a tool has given it. What
/// was changed is shown as a change, and what is still coming is divided when it is there.
fn text_of(body: &ItemBody) -> Option<(&Arc<Content>, Option<Voice>)> {
    match body {
        ItemBody::Text { voice, text, change, open: false } if *change != Change::Changed => {
            Some((text, Some(*voice)))
        }
        ItemBody::System { text: Part::Here { content, .. }, change, .. }
            if *change != Change::Changed =>
        {
            Some((content, Some(Voice::System)))
        }
        ItemBody::ToolResult { result: Part::Here { content, .. }, change, .. }
            if *change != Change::Changed =>
        {
            Some((content, None))
        }
        ItemBody::ToolUse { result: Some(Part::Here { content, .. }), .. } => Some((content, None)),
        _ => None,
    }
}

fn words(content: &Content) -> Option<&str> {
    match content {
        Content::Text(text) | Content::ToolResult { text, .. } => Some(text),
        _ => None,
    }
}

fn not_blank<'s, 'a>(stretches: &'s [Stretch<'a>]) -> Vec<&'s Stretch<'a>> {
    stretches.iter().filter(|stretch| !is_blank(stretch)).take(2).collect()
}

fn is_blank(stretch: &Stretch<'_>) -> bool {
    matches!(stretch, Stretch::Text(text) if text.trim().is_empty())
}

fn length(stretch: &Stretch<'_>) -> usize {
    match stretch {
        Stretch::Text(text) => text.len(),
        Stretch::Tag(tag) => tag.whole.len(),
    }
}
