//! The agent that a call has started.

use ccdump_client::text::units;
use ccdump_model::{
    record::{Callee, Standing},
    theme::Role,
};

use super::{
    Span,
    page::{Fold, Page},
};

/// What an agent is doing, as a sign and in a word.
pub(crate) fn standing(standing: Standing) -> (&'static str, &'static str, Role) {
    match standing {
        Standing::Live => ("●", "running", Role::Live),
        Standing::Complete => ("✓", "", Role::Dim),
        Standing::Failed => ("✗", "failed", Role::Error),
        Standing::Broken => ("◌", "cut off", Role::Warning),
        Standing::Unknown => ("○", "", Role::Dim),
    }
}

/// `↳ ● running · 3 turns · ↓ 1.2k out`, below its call. Its name is told where it is not certain
/// that it is this agent.
pub(super) fn below(callee: &Callee, page: &mut Page) {
    page.indent(Span::new(Role::Frame, "↳ "), Span::new(Role::Text, "  "));
    let (sign, word, role) = standing(callee.standing);
    let mut lead = vec![Span::new(role, &format!("{sign} "))];
    let mut gist = Vec::new();
    if callee.is_probable {
        lead.push(Span::new(Role::Warning, "probably "));
        gist.push(Span::new(Role::Text, &format!("{} · ", callee.name)));
    }
    if !word.is_empty() {
        gist.push(Span::new(role, word));
        gist.push(Span::new(Role::Dim, " · "));
    }
    let mut facts = units::plural(callee.turns, "turn");
    if callee.output > 0 {
        facts.push_str(&format!(" · ↓ {} out", units::count(callee.output)));
    }
    gist.push(Span::new(Role::Dim, &facts));
    page.head(lead, gist, vec![], Fold::None);
    page.outdent();
}
