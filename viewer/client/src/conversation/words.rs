//! Lines about an exchange: who speaks, what it cost, what it was for.

use ccdump_provider::provider::Provider;
use ccdump_record::Exchange;

use crate::{
    text::{clean_line, cut_line, units},
    words::{purpose, tokens, trouble},
};

/// Who speaks: agent, session, model and number of the exchange.
pub(super) fn speaker(id: u64, row: Option<&Exchange>, provider: Provider) -> String {
    let mut words = Vec::new();
    let of_row = |field: fn(&Exchange) -> &Option<String>| {
        row.and_then(|row| field(row).as_deref()).map(clean_line)
    };
    words.push(match of_row(|row| &row.agent) {
        Some(agent) => cut_line(&agent, 16),
        None => provider.as_str().to_owned(),
    });
    words.extend(of_row(|row| &row.session).map(|session| session.chars().take(8).collect()));
    words.extend(of_row(|row| &row.model).map(|model| cut_line(&model, 40)));
    words.push(format!("#{id}"));
    format!("● {}", words.join(" · "))
}

/// Tokens, cost, time and why it stopped: `↑ 12.3k in (11.9k cached) ↓ 310 out · $0.0123 · 2.4 s ·
/// end_turn`.
pub(super) fn numbers(row: &Exchange) -> String {
    let mut words: Vec<String> = Vec::new();
    if let Some(tokens) = row.usage.as_ref().and_then(tokens) {
        words.push(tokens);
        words.push(row.cost_usd.map_or("unpriced".to_owned(), units::dollars));
    }
    words.extend(row.duration_us.map(units::duration));
    words.extend(row.stop_reason.as_deref().map(clean_line));
    words.join(" · ")
}

/// One line for what is no turn of a conversation: token counts, titles, model lists.
pub(super) fn aside(row: &Exchange) -> String {
    let agent =
        row.agent.as_deref().map_or("–".to_owned(), |agent| cut_line(&clean_line(agent), 16));
    let mut words = vec![format!("○ {agent}"), purpose(row), format!("#{}", row.id)];
    let trouble = trouble(row);
    words.extend(
        row.status
            .filter(|status| *status != 200 && trouble.is_none())
            .map(|status| status.to_string()),
    );
    words.push(numbers(row));
    words.extend(trouble);
    words.retain(|word| !word.is_empty());
    words.join(" · ")
}
