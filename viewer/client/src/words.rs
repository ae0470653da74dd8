//! What is said about an exchange, apart from what it says itself. All of it is fit for a terminal.

use ccdump_record::{
    ClosedBy, EndState, Exchange, Replaced, RequestRole, Salvaged, SeqRange, Usage,
};

use crate::text::{clean_line, cut_line, units};

/// All tokens that went in, cached or not; `None` where nothing is known.
pub fn total_input(usage: &Usage) -> Option<i64> {
    let parts = [usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h];
    parts.into_iter().flatten().reduce(i64::saturating_add)
}

/// `↑ 12.3k in (11.9k cached) ↓ 310 out`; `None` where nothing is known.
pub fn tokens(usage: &Usage) -> Option<String> {
    let mut words = Vec::new();
    words.extend(total_input(usage).map(|input| match usage.cache_read {
        Some(cached) if cached != 0 => {
            format!("↑ {} in ({} cached)", units::count(input), units::count(cached))
        }
        _ => format!("↑ {} in", units::count(input)),
    }));
    words.extend(usage.output.map(|output| format!("↓ {} out", units::count(output))));
    (!words.is_empty()).then(|| words.join(" "))
}

/// How it ended, where that was not as it should; with the error there was.
pub fn trouble(row: &Exchange) -> Option<String> {
    let ended = match row.end_state {
        Some(EndState::Complete) | None => None,
        Some(EndState::Truncated) => Some("cut off: the upstream ended early".to_owned()),
        Some(EndState::ClientCancelled) => {
            Some("cancelled: the client left before the end".to_owned())
        }
        Some(EndState::DaemonStopped) => Some("cut off: the daemon stopped".to_owned()),
        Some(EndState::UpstreamError) => Some(match (row.closed_by, row.status) {
            (Some(ClosedBy::Refused), Some(status)) => format!("refused by ccdump: {status}"),
            (Some(ClosedBy::Unreachable), _) => "failed: the upstream was not reached".to_owned(),
            (Some(ClosedBy::Proxy), _) => "failed: ccdump could not pass the answer on".to_owned(),
            (Some(ClosedBy::Client), None) => "failed: the request broke off".to_owned(),
            (_, Some(status @ ..400)) => {
                format!("failed: the upstream answered {status}, and then an error")
            }
            (_, Some(status)) => format!("failed: the upstream answered {status}"),
            (_, None) => "failed: the upstream gave no answer".to_owned(),
        }),
    };
    let error = row.error.as_deref().map(clean_line);
    match (ended, error) {
        (Some(ended), Some(error)) => Some(format!("{ended} ({error})")),
        (ended, error) => ended.or(error),
    }
}

/// What a request was for that is no turn of a conversation.
pub fn purpose(row: &Exchange) -> String {
    let path = row.path.split(['?', '#']).next().unwrap_or_default();
    match (path.rsplit('/').next(), row.role) {
        (Some("count_tokens"), _) => "token count".to_owned(),
        (_, RequestRole::Auxiliary) => {
            format!(
                "auxiliary request to {}",
                row.model.as_deref().map_or("a model".to_owned(), clean_line)
            )
        }
        _ => cut_line(&clean_line(&format!("{} {path}", row.method)), 60),
    }
}

/// That another record has taken the place of one.
pub fn replaced(replaced: &Replaced) -> String {
    let mut words = format!("another record was begun: {}", clean_line(&replaced.reason));
    if let Some(file) = &replaced.kept_as {
        words.push_str(&format!("; the old one is kept as {}", clean_line(file)));
    }
    if let Some(lost) = &replaced.lost {
        words.push_str(&format!("; lost: {}", events(lost)));
    }
    words
}

/// What came of bringing over what could be read of a damaged record.
pub fn salvaged(salvaged: &Salvaged) -> String {
    let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let exchanges = units::plural(number(salvaged.exchanges), "exchange");
    let mut words = format!("{exchanges} brought over from the damaged record");
    if salvaged.damaged_exchanges > 0 {
        words.push_str(&format!(", {} of them not whole", salvaged.damaged_exchanges));
    }
    if salvaged.lost_bytes > 0 {
        words.push_str(&format!("; {} of bodies lost", units::bytes(salvaged.lost_bytes)));
    }
    if salvaged.lost_events > 0 {
        let first: Vec<String> = salvaged.lost.iter().take(3).map(events).collect();
        let more = if salvaged.lost.len() > first.len() { ", …" } else { "" };
        let lost = units::plural(number(salvaged.lost_events), "event");
        words.push_str(&format!("; {lost} lost ({}{more})", first.join(", ")));
    }
    words
}

fn events(range: &SeqRange) -> String {
    if range.from == range.to {
        format!("event {}", range.from)
    } else {
        format!("events {}–{}", range.from, range.to)
    }
}

/// What is not in the record: `12 kB and 2 whole exchanges missing`.
pub fn missing(bytes: u64, exchanges: u64) -> String {
    let exchanges = usize::try_from(exchanges).unwrap_or(usize::MAX);
    match exchanges {
        0 => format!("{} missing", units::bytes(bytes)),
        _ => format!(
            "{} and {} missing",
            units::bytes(bytes),
            units::plural(exchanges, "whole exchange")
        ),
    }
}

/// That the history is not what it was, by the number of its message blocks: `history rewritten: 1
/// block changed, 2 blocks removed`; `None` when it is.
pub fn rewritten(changed: usize, moved: usize, removed: usize) -> Option<String> {
    let words: Vec<String> = [(changed, "changed"), (moved, "moved"), (removed, "removed")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", units::plural(count, "block")))
        .collect();
    (!words.is_empty()).then(|| format!("history rewritten: {}", words.join(", ")))
}

/// Blocks of a long history that are not shown: `60 earlier blocks (120 kB)`.
pub fn earlier(blocks: usize, bytes: u64) -> String {
    format!("{} ({})", units::plural(blocks, "earlier block"), units::bytes(bytes))
}
