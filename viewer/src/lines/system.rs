//! Sections of the system prompt.

use ccdump_client::text::units;

use super::{
    Span,
    changed::Changed,
    content,
    page::{Fold, Page},
    remark,
};
use ccdump_model::{blocks::Part, theme::Role};

pub(super) fn section(
    tag: Option<usize>,
    (number, of): (usize, Option<usize>),
    (text, own): (&Part, Option<usize>),
    changed: Changed<'_>,
    full: bool,
    page: &mut Page,
) {
    page.mark(Role::System, "§");
    let number = match of {
        Some(of) => format!("{number}/{of}"),
        None => number.to_string(),
    };
    let mut lead: Vec<Span> =
        tag.map(|tag| Span::new(Role::tag(tag), &format!("sp-{tag} "))).into_iter().collect();
    lead.push(Span::new(Role::System, &number));
    let size = match text {
        // The same in every request, wherever marks for the cache stand.
        Part::Here { content, .. } => content::words(content).len() as u64,
        Part::Absent { bytes, .. } => *bytes,
    };
    let mut tail = vec![Span::new(Role::Dim, &format!(" · {}", units::bytes(size)))];
    let now = match text {
        Part::Here { content, .. } => Some(content.as_ref()),
        Part::Absent { .. } => None,
    };
    let change = changed.word(now);
    tail.extend(change.clone());
    match text {
        Part::Absent { bytes, pending } => {
            let mut gist = vec![Span::new(Role::Dim, "  ")];
            gist.extend(remark::awaited(*bytes, pending));
            page.head(lead, gist, change.into_iter().collect(), Fold::Closed);
        }
        Part::Here { content, .. } if full => {
            page.head(lead, vec![], tail, Fold::Open);
            if !changed.diff(content, page) {
                content::most(page, Role::Text, content, own);
            }
        }
        Part::Here { content, .. } => {
            let words = content::words(content);
            let gist = format!("  {}", content::short(words.trim_start()));
            page.head(lead, vec![Span::new(Role::Dim, &gist)], tail, Fold::Closed);
        }
    }
}
