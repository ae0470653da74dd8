//! Where the time of an exchange went, and what lay between it and its neighbours. What is not
//! known is said to be unknown.

use ccdump_client::text::units;
use ccdump_model::{
    line::{Span, width},
    theme::Role,
};
use ccdump_record::{EndState, Exchange};
use ccdump_state::State;

use super::{
    UNKNOWN, here,
    page::Page,
    timeline::{self, Timeline},
};
use crate::lines::wrap;

/// Columns of what a row is about, and of a time.
const LABEL: usize = 20;
const TIME: usize = 9;
/// Columns of a bar, at most.
const LONGEST: usize = 60;

pub(super) fn timing(page: &mut Page, state: &State, exchange: u64) {
    let Some(log) = here(page, state.sheet.material.log(exchange)) else { return };
    let Some(row) = state.row_of(exchange) else { return };
    let line = timeline::read(log);
    phases(page, row, &line);
    numbers(page, row, &line);
    neighbours(page, state, row);
}

/// One below the other, with bars: the bars together are the exchange.
fn phases(page: &mut Page, row: &Exchange, line: &Timeline) {
    section(page, "where the time went");
    let sent = line.sent.map(|(_, end)| end);
    let first_token = row.ttft_us;
    let last = line.body.map(|(_, last)| last);
    let total = line.ended.or(last).or(line.head).or(sent).unwrap_or(0);
    let answered = line.head.map(|head| (sent.unwrap_or(0).min(head), head));
    let thinking = line.head.zip(first_token).map(|(head, token)| (head, token.max(head)));
    let streaming = first_token
        .or(line.body.map(|(first, _)| first))
        .zip(last)
        .map(|(from, to)| (from.min(to), to));
    let ending = last.zip(line.ended).map(|(last, end)| (last.min(end), end));
    // It is opened as soon as the request's head is here.
    let connecting = line.connect.filter(|us| *us > 0).map(|us| (0, us));
    for (label, role, phase) in [
        ("connecting", Role::Dim, connecting),
        ("request sent", Role::User, line.sent),
        ("waiting for head", Role::Budget, answered),
        ("until first token", Role::Budget, thinking),
        ("until last byte", Role::Live, streaming),
        ("until its end", Role::Dim, ending),
    ] {
        let mut spans = vec![label_of(label)];
        if label == "connecting" && phase.is_none() {
            continue;
        }
        match phase {
            Some((from, to)) => {
                spans.push(Span::new(
                    Role::Strong,
                    &format!("{:>TIME$}", units::duration(to.saturating_sub(from))),
                ));
                spans.push(Span::new(
                    Role::Dim,
                    &format!("{:>w$}  ", format!("at {}", units::duration(to)), w = TIME + 3),
                ));
                spans.extend(bar(page.room(1), role, (from, to), total));
            }
            None => spans.push(Span::new(Role::Dim, &format!("{UNKNOWN:>TIME$}"))),
        }
        page.push(1, label, spans);
    }
}

fn bar(room: usize, role: Role, (from, to): (u64, u64), total: u64) -> Vec<Span> {
    let columns = room.saturating_sub(LABEL + 2 * TIME + 5).min(LONGEST);
    if columns < 8 || total == 0 {
        return Vec::new();
    }
    let column = |us: u64| {
        let share = us.min(total) as f64 / total as f64;
        ((share * columns as f64).round() as usize).min(columns)
    };
    let start = column(from).min(columns - 1);
    let length = column(to).saturating_sub(start).max(1);
    vec![Span::new(Role::Dim, &" ".repeat(start)), Span::new(role, &"━".repeat(length))]
}

fn numbers(page: &mut Page, row: &Exchange, line: &Timeline) {
    section(page, "in numbers");
    let known = |us: Option<u64>| us.map_or_else(|| UNKNOWN.to_owned(), units::duration);
    let output = row.usage.and_then(|usage| usage.output).filter(|output| *output >= 0);
    let streamed = row
        .ttft_us
        .zip(line.body)
        .map(|(token, (_, last))| last.saturating_sub(token))
        .filter(|us| *us > 0);
    let speed = output.zip(streamed).map_or_else(
        || UNKNOWN.to_owned(),
        |(tokens, us)| {
            let per_second = tokens as f64 * 1e6 / us as f64;
            format!(
                "{per_second:.1} tokens/s: {} in {} from the first one on",
                units::count(tokens),
                units::duration(us)
            )
        },
    );
    let coarse = if line.is_coarse { " (compressed: not to the event)" } else { "" };
    let silence = longest_silence(line).map_or_else(
        || UNKNOWN.to_owned(),
        |(at, us)| {
            format!("{}, {} after the request{coarse}", units::duration(us), units::duration(at))
        },
    );
    let connect = match line.connect {
        None => UNKNOWN.to_owned(),
        Some(0) => "nothing: a connection was open".to_owned(),
        Some(us) => format!("{} for a new connection", units::duration(us)),
    };
    let end = match row.end_state {
        None => "it goes on",
        Some(EndState::Complete) => "complete",
        Some(EndState::Truncated) => "the upstream ended early",
        Some(EndState::ClientCancelled) => "the client left",
        Some(EndState::UpstreamError) => "error",
        Some(EndState::DaemonStopped) => "the daemon stopped",
    };
    for (label, words) in [
        ("connect", connect),
        ("first byte", known(line.head)),
        ("first token", known(row.ttft_us)),
        ("whole exchange", known(line.ended.or(row.duration_us))),
        ("end", end.to_owned()),
        ("speed", speed),
        ("longest silence", silence),
        ("request", units::bytes(row.request_bytes)),
        ("response", units::bytes(row.response_bytes)),
    ] {
        fact(page, label, &words);
    }
}

/// When the longest time without anything ended, and how long it was. Microseconds.
fn longest_silence(line: &Timeline) -> Option<(u64, u64)> {
    let times = line.head.into_iter().chain(line.arrivals.iter().map(|arrival| arrival.after_us));
    let pairs = times.clone().zip(times.skip(1));
    pairs.map(|(before, after)| (after, after.saturating_sub(before))).max_by_key(|(_, us)| *us)
}

fn neighbours(page: &mut Page, state: &State, row: &Exchange) {
    section(page, "before and after, in its thread");
    let end_of =
        |row: &Exchange| row.duration_us.map(|us| row.started_at_us.saturating_add_unsigned(us));
    let between = |from: Option<i64>, to: i64| {
        from.and_then(|from| u64::try_from(to.saturating_sub(from)).ok()).map(units::duration)
    };
    match row.previous {
        None => fact(page, "before", "nothing: it begins its thread"),
        Some(id) => {
            let time = between(state.roster.row(id).and_then(end_of), row.started_at_us);
            let time = time.unwrap_or_else(|| UNKNOWN.to_owned());
            fact(page, "before", &format!("{time} for tools and client, since #{id} ended"));
        }
    }
    match state.roster.after(row) {
        None => fact(page, "after", "nothing yet"),
        Some(next) => {
            let time =
                between(end_of(row), next.started_at_us).unwrap_or_else(|| UNKNOWN.to_owned());
            fact(page, "after", &format!("{time} for tools and client, until #{} began", next.id));
        }
    }
}

fn section(page: &mut Page, title: &str) {
    let row = page.push(0, title, vec![Span::new(Role::Heading, title)]);
    page.row(row).into_iter().for_each(|row| row.is_open = true);
}

fn fact(page: &mut Page, label: &str, words: &str) {
    let spans = vec![label_of(label), Span::new(Role::Text, words)];
    for (piece, spans) in wrap::words(spans, page.room(1), LABEL).into_iter().enumerate() {
        let row = page.push(1, &format!("{label}.{piece}"), spans);
        page.row(row).into_iter().for_each(|row| row.goes_on = piece > 0);
    }
}

fn label_of(label: &str) -> Span {
    let mut span = Span::new(Role::Dim, label);
    span.text.extend(std::iter::repeat_n(' ', LABEL.saturating_sub(width(label))));
    span
}
