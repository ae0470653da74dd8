//! The answers of two exchanges in numbers, side by side.

use ccdump_client::text::units;
use ccdump_model::{
    line::{Span, width},
    theme::Role,
};
use ccdump_record::{EndState, Exchange};
use ccdump_state::State;

use super::{UNKNOWN, page::Page};

pub(super) fn figures(page: &mut Page, state: &State, left: u64, right: u64) {
    let rows = [left, right].map(|exchange| state.roster.row(exchange));
    let table = table(rows);
    let column =
        |of: fn(&Line) -> &String| table.iter().map(|line| width(of(line))).max().unwrap_or(0);
    let widths = [column(|line| &line.0), column(|line| &line.1).max(left.to_string().len() + 1)];
    let pad =
        |text: &str, to: usize| format!("{text}{}", " ".repeat(to.saturating_sub(width(text)) + 2));
    let at = page.push(0, "answer", vec![Span::new(Role::Heading, "answer")]);
    page.row(at).into_iter().for_each(|row| row.is_open = true);
    let heads = [pad("", widths[0]), pad(&format!("#{left}"), widths[1]), format!("#{right}")];
    page.push(1, "exchange", vec![Span::new(Role::Strong, &format!("  {}", heads.concat()))]);
    for (name, was, is) in &table {
        let differs = was != is;
        let role = |text: &str| match text {
            UNKNOWN => Role::Dim,
            _ if differs => Role::Changed,
            _ => Role::Text,
        };
        let spans = vec![
            Span::new(Role::Changed, if differs { "~ " } else { "  " }),
            Span::new(Role::Dim, &pad(name, widths[0])),
            Span::new(role(was), &pad(was, widths[1])),
            Span::new(role(is), is),
        ];
        page.push(1, name, spans);
    }
}

/// What there is to say of an exchange; `None`: that is not known.
type Figure<'a> = &'a dyn Fn(&Exchange) -> Option<String>;

/// Name, left, right.
type Line = (String, String, String);

fn table([left, right]: [Option<&Exchange>; 2]) -> Vec<Line> {
    let usage = |row: &Exchange| row.usage.unwrap_or_default();
    let tokens = |count: Option<i64>| count.map(units::grouped);
    let of: [(&str, Figure<'_>); 13] = [
        ("model", &|row| row.model.clone()),
        ("state", &|row| Some(state(row.end_state).to_owned())),
        ("status", &|row| row.status.map(|status| status.to_string())),
        ("stop reason", &|row| row.stop_reason.clone()),
        ("input tokens", &|row| tokens(usage(row).input)),
        ("cache read", &|row| tokens(usage(row).cache_read)),
        ("cache write 5m", &|row| tokens(usage(row).cache_write_5m)),
        ("cache write 1h", &|row| tokens(usage(row).cache_write_1h)),
        ("output tokens", &|row| tokens(usage(row).output)),
        ("cost", &|row| row.cost_usd.map(units::dollars)),
        ("first token", &|row| row.ttft_us.map(units::duration)),
        ("duration", &|row| row.duration_us.map(units::duration)),
        ("answer size", &|row| Some(units::bytes(row.response_bytes))),
    ];
    let value = |row: Option<&Exchange>, of: Figure<'_>| {
        row.and_then(of).unwrap_or_else(|| UNKNOWN.to_owned())
    };
    of.into_iter().map(|(name, of)| (name.to_owned(), value(left, of), value(right, of))).collect()
}

fn state(state: Option<EndState>) -> &'static str {
    match state {
        None => "open",
        Some(EndState::Complete) => "complete",
        Some(EndState::Truncated) => "truncated",
        Some(EndState::ClientCancelled) => "cancelled",
        Some(EndState::UpstreamError) => "failed",
        Some(EndState::DaemonStopped) => "daemon stopped",
    }
}
