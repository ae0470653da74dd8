//! What is said about an exchange, apart from what it says itself.

use ccdump_provider::provider::Provider;
use ccdump_wire::v1::{EndState, Exchange};

use crate::text::{clean_line, cut_line, units};

/// Who speaks: agent, session, model and number of the exchange.
pub(super) fn speaker(id: u64, row: Option<&Exchange>, provider: Provider) -> String {
    let mut words = Vec::new();
    let of_row = |field: fn(&Exchange) -> &Option<String>| row.and_then(|row| field(row).as_deref()).map(clean_line);
    words.push(match of_row(|row| &row.agent) {
        Some(agent) => cut_line(&agent, 16),
        None => provider.as_str().to_owned(),
    });
    words.extend(of_row(|row| &row.session).map(|session| session.chars().take(8).collect()));
    words.extend(of_row(|row| &row.model).map(|model| cut_line(&model, 40)));
    words.push(format!("#{id}"));
    format!("● {}", words.join(" · "))
}

/// Tokens, cost, time and why it stopped: `↑ 12.3k in (11.9k cached) ↓ 310 out · $0.0123 · 2.4 s · end_turn`.
pub(super) fn numbers(row: &Exchange) -> String {
    let mut words: Vec<String> = Vec::new();
    if let Some(usage) = &row.usage {
        let parts = [usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h];
        let input = parts.into_iter().flatten().reduce(i64::saturating_add);
        let mut tokens = Vec::new();
        tokens.extend(input.map(|input| match usage.cache_read {
            Some(cached) if cached != 0 => format!("↑ {} in ({} cached)", units::count(input), units::count(cached)),
            _ => format!("↑ {} in", units::count(input)),
        }));
        tokens.extend(usage.output.map(|output| format!("↓ {} out", units::count(output))));
        if !tokens.is_empty() {
            words.push(tokens.join(" "));
            words.push(row.cost_usd.map_or("unpriced".to_owned(), units::dollars));
        }
    }
    words.extend(row.duration_us.map(units::duration));
    words.extend(row.stop_reason.as_deref().map(clean_line));
    words.join(" · ")
}

/// How it ended, where that was not as it should; with the error there was.
pub(super) fn trouble(row: &Exchange) -> Option<String> {
    let ended = match row.end_state() {
        EndState::Complete | EndState::Unspecified => None,
        EndState::Truncated => Some("cut off: the upstream ended early".to_owned()),
        EndState::ClientCancelled => Some("cancelled: the client left before the end".to_owned()),
        EndState::DaemonStopped => Some("cut off: the daemon stopped".to_owned()),
        EndState::UpstreamError => Some(match row.status {
            Some(status @ ..400) => format!("failed: the upstream answered {status}, and then an error"),
            Some(status) => format!("failed: the upstream answered {status}"),
            None => "failed: the upstream was not reached".to_owned(),
        }),
    };
    let error = row.error.as_deref().map(clean_line);
    match (ended, error) {
        (Some(ended), Some(error)) => Some(format!("{ended} ({error})")),
        (ended, error) => ended.or(error),
    }
}

/// One line for what is no turn of a conversation: token counts, titles, model lists.
pub(super) fn aside(row: &Exchange) -> String {
    let agent = row.agent.as_deref().map_or("–".to_owned(), |agent| cut_line(&clean_line(agent), 16));
    let mut words = vec![format!("○ {agent}"), what(row), format!("#{}", row.id)];
    let trouble = trouble(row);
    words.extend(row.status.filter(|status| *status != 200 && trouble.is_none()).map(|status| status.to_string()));
    words.push(numbers(row));
    words.extend(trouble);
    words.retain(|word| !word.is_empty());
    words.join(" · ")
}

/// What such a request was for.
fn what(row: &Exchange) -> String {
    let path = row.path.split(['?', '#']).next().unwrap_or_default();
    match (path.rsplit('/').next(), row.role.as_str()) {
        (Some("count_tokens"), _) => "token count".to_owned(),
        (_, "auxiliary") => format!("auxiliary request to {}", row.model.as_deref().map_or("a model".to_owned(), clean_line)),
        _ => cut_line(&clean_line(&format!("{} {path}", row.method)), 60),
    }
}

/// What is not in the record: `12 kB and 2 whole exchanges missing`.
pub(super) fn missing(bytes: u64, exchanges: u64) -> String {
    let exchanges = usize::try_from(exchanges).unwrap_or(usize::MAX);
    match exchanges {
        0 => format!("{} missing", units::bytes(bytes)),
        _ => format!("{} and {} missing", units::bytes(bytes), units::plural(exchanges, "whole exchange")),
    }
}
