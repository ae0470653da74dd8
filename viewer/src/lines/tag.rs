//! A tag in a text, and what stands beside it.

use ccdump_client::text::{clean, clean_line, units};

use super::{
    Span, content,
    markdown::markdown,
    page::{Fold, Page},
    plain::{self, Flow},
};
use ccdump_model::{
    blocks::{Segment, Voice, segments},
    theme::Role,
};

/// What is known of a tag.
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    pub(super) attributes: &'a str,
    /// With the tags at both ends.
    pub(super) whole: &'a str,
    /// What it shows of what stands in it.
    pub(super) own: &'a str,
    /// All of that.
    pub(super) inside: &'a str,
    pub(super) voice: Option<Voice>,
    pub(super) depth: usize,
}

pub(super) fn tag(tag: &Tag<'_>, full: bool, page: &mut Page) {
    indent(tag.depth, page);
    page.mark(if tag.voice == Some(Voice::Injected) { Role::Injected } else { Role::Frame }, "◇");
    let attributes = if tag.attributes.is_empty() {
        String::new()
    } else {
        format!(" {}", content::short(tag.attributes))
    };
    let name = |text: &str| Span::new(Role::Dim, text);
    if !full {
        let lead = vec![name(&format!("{}{attributes}  ", tag.name))];
        let first = content::short(tag.inside.trim_start());
        let size = format!(" · {}", units::bytes(tag.whole.len() as u64));
        return page.head(
            lead,
            vec![Span::new(role(tag.voice), first)],
            vec![Span::new(Role::Dim, &size)],
            Fold::Closed,
        );
    }
    if tag.own.len() == tag.inside.len() && !tag.whole.contains('\n') {
        let ends = (format!("<{}{attributes}>", tag.name), format!("</{}>", tag.name));
        let words = clean_line(tag.inside);
        return page
            .words(vec![name(&ends.0), Span::new(role(tag.voice), &words), name(&ends.1)], 2);
    }
    page.head(vec![name(&format!("<{}{attributes}>", tag.name))], vec![], vec![], Fold::Open);
    text(tag.voice, tag.own, page);
}

pub(super) fn beside(words: &str, voice: Option<Voice>, depth: usize, page: &mut Page) {
    indent(depth, page);
    text(voice, words, page);
}

/// The names of the parts that a text begins with, where it has no line of its own before them.
pub(super) fn parts(whole: &str, page: &mut Page) {
    let size = Span::new(Role::Dim, &format!("with tags · {}", units::bytes(whole.len() as u64)));
    page.head(vec![size], vec![], vec![], Fold::Open);
}

fn indent(depth: usize, page: &mut Page) {
    for _ in 0..depth {
        page.indent(Span::new(Role::Text, "  "), Span::new(Role::Text, "  "));
    }
}

fn text(voice: Option<Voice>, words: &str, page: &mut Page) {
    match voice {
        Some(Voice::Assistant) => markdown(page, role(voice), &clean(words)),
        Some(Voice::User) => {
            for segment in segments(words) {
                match segment {
                    Segment::Own(own) => markdown(page, role(voice), &clean(own)),
                    Segment::Injected { text, .. } => {
                        plain::text(page, Role::Injected, text, Flow::Words)
                    }
                }
            }
        }
        Some(Voice::Injected | Voice::System) => plain::text(page, role(voice), words, Flow::Words),
        None => plain::output(page, Role::ToolResult, words),
    }
}

fn role(voice: Option<Voice>) -> Role {
    match voice {
        Some(Voice::User) => Role::User,
        Some(Voice::Injected) => Role::Injected,
        Some(Voice::Assistant) => Role::Assistant,
        Some(Voice::System) => Role::Text,
        None => Role::ToolResult,
    }
}
