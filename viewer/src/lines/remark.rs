//! Items of a line or two: how it ended, what is not there, what went wrong.

use ccdump_client::{text::units, words};
use ccdump_model::{
    blocks::{Pending, Voice},
    theme::Role,
};
use ccdump_provider::content::Content;

use super::{
    Span, content,
    page::{Fold, Page},
    plain::{self, Flow},
};

pub(super) fn error(words: &str, page: &mut Page) {
    page.mark(Role::Error, "✗");
    plain::text(page, Role::Error, words, Flow::Words);
}

pub(super) fn notice(words: &str, page: &mut Page) {
    page.mark(Role::Warning, "!");
    plain::text(page, Role::Warning, words, Flow::Words);
}

pub(super) fn stop(reason: &str, page: &mut Page) {
    page.mark(Role::Warning, "■");
    page.head(vec![], vec![Span::new(Role::Warning, content::short(reason))], vec![], Fold::None);
}

pub(super) fn rewritten(changed: usize, removed: usize, page: &mut Page) {
    page.mark(Role::Changed, "≠");
    let words = words::rewritten(changed, removed).unwrap_or_else(|| "history rewritten".to_owned());
    let consequence = "; the prompt cache ends where it was";
    page.words(vec![Span::new(Role::Changed, &words), Span::new(Role::Dim, consequence)], 0);
}

pub(super) fn earlier(blocks: usize, bytes: u64, page: &mut Page) {
    page.mark(Role::Frame, "…");
    page.words(vec![Span::new(Role::Dim, &words::earlier(blocks, bytes))], 0);
}

pub(super) fn redacted(bytes: u64, page: &mut Page) {
    page.mark(Role::Thinking, "✻");
    page.words(vec![Span::new(Role::Thinking, &format!("redacted thinking · {}", units::bytes(bytes)))], 0);
}

pub(super) fn attachment(content: &Content, voice: Voice, page: &mut Page) {
    let role = match voice {
        Voice::User => Role::User,
        Voice::Injected => Role::Injected,
        Voice::Assistant => Role::Assistant,
        Voice::System => Role::System,
    };
    page.mark(role, "@");
    page.words(vec![Span::new(role, &content::gist(content))], 0);
}

pub(super) fn absent(what: &str, bytes: u64, pending: &Pending, page: &mut Page) {
    page.mark(Role::Frame, "…");
    let lead = vec![Span::new(Role::Dim, &format!("{what} · "))];
    page.head(lead, awaited(bytes, pending), vec![], fold(pending));
}

/// Why something is not here, in words.
pub(super) fn awaited(bytes: u64, pending: &Pending) -> Vec<Span> {
    let size = units::bytes(bytes);
    match pending {
        Pending::NotAsked => vec![Span::new(Role::Dim, &format!("{size}, not loaded"))],
        Pending::Loading => vec![Span::new(Role::Dim, &format!("{size}, loading"))],
        Pending::Failed(reason) => vec![Span::new(Role::Error, &format!("cannot be had: {reason}"))],
    }
}

/// Unfolding loads what nobody has asked for.
fn fold(pending: &Pending) -> Fold {
    if *pending == Pending::NotAsked { Fold::Closed } else { Fold::None }
}
