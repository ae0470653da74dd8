//! Items of a line or two: how it ended, what is not there, what went wrong.

use ccdump_client::{text::units, words};
use ccdump_model::{
    blocks::{Gone, Pending, Try, Voice},
    line::width,
    theme::Role,
};
use ccdump_provider::content::Content;

use super::{
    Span, content,
    page::{Fold, Page},
    plain::{self, Flow},
};

/// Blocks that are gone of which each is named.
const MOST_GONE: usize = 50;

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

pub(super) fn rewritten(
    (changed, moved): (usize, usize),
    removed: &[Gone],
    full: bool,
    page: &mut Page,
) {
    page.mark(Role::Changed, "≠");
    let words = words::rewritten(changed, moved, removed.len())
        .unwrap_or_else(|| "history rewritten".to_owned());
    let consequence = "; the prompt cache ends where it was";
    if !full || removed.is_empty() {
        return page.head(
            vec![Span::new(Role::Changed, &words)],
            vec![Span::new(Role::Dim, consequence)],
            vec![],
            if removed.is_empty() { Fold::None } else { Fold::Closed },
        );
    }
    page.head(
        vec![Span::new(Role::Changed, &words)],
        vec![Span::new(Role::Dim, consequence)],
        vec![],
        Fold::Open,
    );
    for gone in removed.iter().take(MOST_GONE) {
        let lead = vec![
            Span::new(Role::Removed, "- "),
            Span::new(Role::Dim, &format!("{} · {}", gone.what, units::bytes(gone.bytes))),
        ];
        let words =
            gone.content.as_deref().map(|content| content::words(content)).unwrap_or_default();
        let gist = format!("  {}", content::short(words.trim_start()));
        page.head(lead, vec![Span::new(Role::Removed, &gist)], vec![], Fold::None);
    }
    if let Some(more) = removed.len().checked_sub(MOST_GONE).filter(|more| *more > 0) {
        page.words(vec![Span::new(Role::Dim, &format!("… and {more} more"))], 2);
    }
}

/// A rule across the screen: what is above is not in the request any more.
pub(super) fn compacted(blocks: Option<usize>, bytes: Option<u64>, summary: u64, page: &mut Page) {
    let was = match (blocks, bytes) {
        (Some(blocks), Some(bytes)) => {
            format!("{} ({}) became", units::plural(blocks, "block"), units::bytes(bytes))
        }
        (Some(blocks), None) => format!("{} became", units::plural(blocks, "block")),
        (None, Some(bytes)) => format!("a request of {} became", units::bytes(bytes)),
        (None, None) => "it became".to_owned(),
    };
    let words = format!(" history compacted: {was} a summary of {} ", units::bytes(summary));
    let mut line = vec![Span::new(Role::Frame, "══"), Span::new(Role::Changed, &words)];
    let dashes = page.room().saturating_sub(width(&words) + 2);
    line.push(Span::new(Role::Frame, &"═".repeat(dashes)));
    page.blank();
    page.words(line, 3);
}

/// `↻ tried 3 times: 529 (#12), 529 (#13), 200 (#14)`, and in full what was said of each.
pub(super) fn tries(tries: &[Try], full: bool, page: &mut Page) {
    page.mark(Role::Warning, "↻");
    let outcome = |one: &Try| format!("{} (#{})", one.outcome, one.id);
    let outcomes = Span::new(Role::Dim, &tries.iter().map(outcome).collect::<Vec<_>>().join(", "));
    let times =
        Span::new(Role::Warning, &format!("tried {}: ", units::plural(tries.len(), "time")));
    if tries.iter().all(|one| one.error.is_none()) {
        return page.words(vec![times, outcomes], 2);
    }
    page.head(vec![times], vec![outcomes], vec![], if full { Fold::Open } else { Fold::Closed });
    for one in tries.iter().filter(|_| full) {
        match &one.error {
            Some(error) => {
                plain::text(page, Role::Error, &format!("{}: {error}", outcome(one)), Flow::Words)
            }
            None => page.words(vec![Span::new(Role::Dim, &outcome(one))], 2),
        }
    }
}

pub(super) fn earlier(blocks: usize, bytes: u64, page: &mut Page) {
    page.mark(Role::Frame, "…");
    page.words(vec![Span::new(Role::Dim, &words::earlier(blocks, bytes))], 0);
}

pub(super) fn redacted(bytes: u64, page: &mut Page) {
    page.mark(Role::Thinking, "✻");
    page.words(
        vec![Span::new(Role::Thinking, &format!("redacted thinking · {}", units::bytes(bytes)))],
        0,
    );
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
        Pending::Failed(reason) => {
            vec![Span::new(Role::Error, &format!("cannot be had: {reason}"))]
        }
    }
}

/// Unfolding loads what nobody has asked for.
fn fold(pending: &Pending) -> Fold {
    if *pending == Pending::NotAsked { Fold::Closed } else { Fold::None }
}
