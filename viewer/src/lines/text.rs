//! What is said, and thought.

use ccdump_client::text::{clean, units};
use ccdump_provider::content::Content;

use super::{
    Span,
    changed::Changed,
    content,
    markdown::markdown,
    page::{Fold, Page},
    plain::{self, Flow},
    tag,
};
use ccdump_model::line::width;
use ccdump_model::{
    blocks::{Change, Segment, Voice, segments},
    theme::Role,
};

/// Bytes of a text that are laid out; of a longer one it is said how much more there is.
const LONGEST: usize = 256 * 1024;

/// `own`: the bytes of the text that are shown in full, where what follows them is shown by itself.
pub(super) fn text(
    voice: Voice,
    (text, own): (&Content, Option<usize>),
    changed: Changed<'_>,
    open: bool,
    full: bool,
    page: &mut Page,
) {
    let words = content::words(text);
    let (mark, role) = match voice {
        Voice::User => ("›", Role::User),
        Voice::Injected => ("◇", Role::Injected),
        Voice::Assistant => ("●", Role::Assistant),
        Voice::System => ("§", Role::System),
    };
    if !full {
        page.mark(role, mark);
        let change = changed.word(Some(text)).filter(|_| changed.is_told());
        return summary(voice, role, &words, change, open, page);
    }
    page.blank();
    page.mark(role, mark);
    if changed.change == Change::Moved {
        page.words(vec![Span::new(Role::Changed, "moved in the history:")], 2);
    }
    if changed.change == Change::Changed {
        page.words(vec![Span::new(Role::Changed, "changed in the history:")], 2);
        if changed.diff(text, page) {
            return;
        }
    }
    let whole = content::own(&words, own).trim();
    if whole.is_empty() && own.is_some() {
        return tag::parts(&words, page);
    }
    let shown = whole.get(..whole.floor_char_boundary(LONGEST)).unwrap_or(whole);
    match voice {
        Voice::User | Voice::Injected => parts(role, shown, page),
        Voice::Assistant => markdown(page, role, &clean(shown)),
        Voice::System => plain::text(page, role, shown, Flow::Words),
    }
    if shown.len() < whole.len() {
        let rest = units::bytes((whole.len() - shown.len()) as u64);
        page.words(vec![Span::new(Role::Dim, &format!("… {rest} more"))], 2);
    }
    end(whole, open, page);
}

pub(super) fn thinking(text: &Content, open: bool, full: bool, page: &mut Page) {
    let words = content::words(text);
    let words = words.trim();
    if full {
        page.blank();
        page.mark(Role::Thinking, "✻");
        plain::text(page, Role::Thinking, words, Flow::Words);
        return end(words, open, page);
    }
    page.mark(Role::Thinking, "✻");
    let sentence = first_sentence(words);
    if words.is_empty() {
        return end(words, open, page);
    }
    let is_all = fits(page, sentence) && sentence.len() == words.len();
    let size = if is_all || open {
        String::new()
    } else {
        format!(" · {}", units::bytes(words.len() as u64))
    };
    let fold = if is_all || open { Fold::None } else { Fold::Closed };
    page.head(
        vec![],
        vec![Span::new(Role::Thinking, sentence)],
        vec![Span::new(Role::Dim, &size)],
        fold,
    );
    if open {
        page.cursor();
    }
}

/// A cursor behind what is still coming; a word in place of nothing.
fn end(words: &str, open: bool, page: &mut Page) {
    if open {
        page.cursor();
    } else if words.is_empty() {
        page.words(vec![Span::new(Role::Dim, "(empty)")], 2);
    }
}

/// What a person wrote, and apart from it what the agent put in.
fn parts(role: Role, text: &str, page: &mut Page) {
    for (at, segment) in segments(text).into_iter().enumerate() {
        if at > 0 {
            page.blank();
        }
        match segment {
            Segment::Own(own) => markdown(page, role, &clean(own)),
            Segment::Injected { text, .. } => plain::text(page, Role::Injected, text, Flow::Words),
        }
    }
}

/// The first line, and how much there is of it: what a person wrote rather than what the agent put
/// before it.
fn summary(
    voice: Voice,
    role: Role,
    words: &str,
    change: Option<Span>,
    open: bool,
    page: &mut Page,
) {
    let whole = words.trim();
    if whole.is_empty() {
        return end(whole, open, page);
    }
    let (tag, body) = match voice {
        Voice::User | Voice::Injected => tag_and_body(whole),
        Voice::Assistant | Voice::System => (None, whole),
    };
    let first = body.lines().next().unwrap_or_default();
    let is_all = tag.is_none() && first.len() == whole.len() && fits(page, first);
    let mut tail = Vec::new();
    if voice == Voice::User {
        tail.extend(tag.map(|tag| Span::new(Role::Injected, &format!(" + {tag}"))));
    }
    if !is_all && !open {
        tail.push(Span::new(Role::Dim, &format!(" · {}", units::bytes(whole.len() as u64))));
    }
    tail.extend(change);
    let lead = tag
        .filter(|_| voice == Voice::Injected)
        .map(|tag| Span::new(Role::Dim, &format!("{tag}  ")));
    let fold = if is_all || open { Fold::None } else { Fold::Closed };
    page.head(lead.into_iter().collect(), vec![Span::new(role, first.trim_end())], tail, fold);
    if open {
        page.cursor();
    }
}

/// The first tag that an agent put in, and the text that says most: the person's own, else what is
/// in the tag.
fn tag_and_body(text: &str) -> (Option<&str>, &str) {
    let segments = segments(text);
    let injected = segments.iter().find_map(|segment| match segment {
        Segment::Injected { tag: Some(tag), text } => Some((*tag, *text)),
        _ => None,
    });
    let own = segments.iter().find_map(|segment| match segment {
        Segment::Own(own) => Some(own.trim_start()),
        Segment::Injected { .. } => None,
    });
    let Some((tag, tagged)) = injected else { return (None, own.unwrap_or(text)) };
    let tagged = tagged.strip_suffix(&format!("</{tag}>")).unwrap_or(tagged);
    let inside = tagged.split_once('>').map_or(tagged, |(_, inside)| inside.trim());
    (Some(tag), own.unwrap_or(inside))
}

/// Whether `text` finds room on one line, with what may follow it.
fn fits(page: &Page, text: &str) -> bool {
    const TAIL: usize = 12;
    text.len() < 2_000 && width(text) + TAIL <= page.room()
}

fn first_sentence(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    let end = line.match_indices(['.', '!', '?', '。']).map(|(at, mark)| at + mark.len());
    let mut ends = end
        .filter(|end| line.get(*end..).is_none_or(|rest| rest.is_empty() || rest.starts_with(' ')));
    ends.next().and_then(|end| line.get(..end)).unwrap_or(line)
}
