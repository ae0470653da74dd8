//! What a request changed of the history: what it was and what it is, word by word where the two
//! have much in common.

use ccdump_client::text::units;
use ccdump_provider::content::Content;

use super::{
    Span,
    edit::{self, Edit},
    page::Page,
    plain::Flow,
};
use ccdump_model::{blocks::Change, theme::Role};

/// Longer texts are not compared.
const LONGEST: usize = 256 * 1024;

/// Whether a content was changed, and what it was before if that is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Changed<'a> {
    pub(super) change: Change,
    pub(super) was: Option<&'a Content>,
}

impl Changed<'_> {
    /// ` · new`, ` · changed: 3 words added, 1 removed`
    pub(super) fn word(self, now: Option<&Content>) -> Option<Span> {
        match self.change {
            Change::New | Change::Same | Change::Moved => word(self.change),
            Change::Changed => {
                let gist = now.and_then(|now| self.gist(now));
                gist.map(|gist| Span::new(Role::Changed, &format!(" · changed: {gist}")))
                    .or(word(self.change))
            }
        }
    }

    /// It is worth to be said where new things are not said to be new.
    pub(super) fn is_told(self) -> bool {
        matches!(self.change, Change::Changed | Change::Moved)
    }

    /// What came and what went, in words.
    fn gist(self, now: &Content) -> Option<String> {
        edit::words_changed(&self.pair(now)?).map(counted)
    }

    /// Lays out what is different. `false`: that cannot be told.
    pub(super) fn diff(self, now: &Content, page: &mut Page) -> bool {
        let Some(pair) = self.pair(now).filter(|pair| edit::words_changed(pair).is_some()) else {
            return false;
        };
        let flow =
            if matches!(now, Content::ToolResult { .. }) { Flow::Columns } else { Flow::Words };
        edit::diff(pair, flow, page);
        true
    }

    fn pair<'c>(&'c self, now: &'c Content) -> Option<Edit<'c>> {
        let (old, new) = (text(self.was?)?, text(now)?);
        (self.change == Change::Changed && old.len().max(new.len()) <= LONGEST)
            .then_some(Edit { old, new })
    }
}

/// `3 words added, 1 removed`
pub(super) fn counted(counts: edit::Counts) -> String {
    let came = (counts.added > 0).then(|| format!("{} added", units::plural(counts.added, "word")));
    let went = (counts.removed > 0).then(|| match &came {
        Some(_) => {
            format!("{} removed", units::grouped(i64::try_from(counts.removed).unwrap_or(i64::MAX)))
        }
        None => format!("{} removed", units::plural(counts.removed, "word")),
    });
    let words: Vec<String> = [came, went].into_iter().flatten().collect();
    if words.is_empty() { "white space".to_owned() } else { words.join(", ") }
}

/// As much as is to be said without what was there before.
pub(super) fn word(change: Change) -> Option<Span> {
    match change {
        Change::New => Some(Span::new(Role::Dim, " · new")),
        Change::Changed => Some(Span::new(Role::Changed, " · changed")),
        Change::Moved => Some(Span::new(Role::Changed, " · moved")),
        Change::Same => None,
    }
}

fn text(content: &Content) -> Option<&str> {
    match content {
        Content::Text(text) | Content::Thinking(text) | Content::ToolResult { text, .. } => {
            Some(text)
        }
        _ => None,
    }
}
