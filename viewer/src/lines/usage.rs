//! What an exchange took: tokens, money, time, bytes.

use ccdump_client::{text::units, words};
use ccdump_record::Usage;

use super::{
    Span,
    page::{Fold, Page},
};
use ccdump_model::line::width;
use ccdump_model::{blocks::Numbers, theme::Role};

pub(super) fn usage(usage: &Usage, numbers: &Numbers, full: bool, page: &mut Page) {
    page.mark(Role::Budget, "Σ");
    if full {
        page.head(vec![Span::new(Role::Budget, "usage")], vec![], vec![], Fold::Open);
        table(&rows(usage, numbers), page);
    } else {
        let mut words = words(usage, numbers);
        // What matters most stands first.
        while words.len() > 1 && width(&words.join(" · ")) + 2 > page.room() {
            words.pop();
        }
        page.head(vec![], vec![Span::new(Role::Budget, &words.join(" · "))], vec![], Fold::Closed);
    }
}

/// `↑ 12.3k in (11.9k cached) ↓ 310 out · $0.0123 · 2.4 s · first token 0.8 s`
fn words(usage: &Usage, numbers: &Numbers) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(tokens) = words::tokens(usage) {
        words.push(tokens);
        words.push(cost(numbers));
    }
    words.extend(numbers.duration_us.map(units::duration));
    words.extend(numbers.ttft_us.map(|ttft| format!("first token {}", units::duration(ttft))));
    words
}

fn cost(numbers: &Numbers) -> String {
    numbers.cost_usd.map_or("unpriced".to_owned(), units::dollars)
}

/// Name, value and remark of what is known.
type Row = (&'static str, String, String);

fn rows(usage: &Usage, numbers: &Numbers) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let tokens = [
        ("input", usage.input),
        ("cache read", usage.cache_read),
        ("cache write 5m", usage.cache_write_5m),
        ("cache write 1h", usage.cache_write_1h),
    ];
    let total = words::total_input(usage);
    for (name, count) in tokens {
        rows.extend(count.map(|count| (name, units::grouped(count), share(count, total))));
    }
    rows.extend(total.map(|total| ("total input", units::grouped(total), String::new())));
    rows.extend(
        usage.output.map(|output| ("output", units::grouped(output), speed(output, numbers))),
    );
    if total.is_some() || usage.output.is_some() {
        rows.push(("cost", cost(numbers), String::new()));
    }
    rows.extend(
        numbers.duration_us.map(|duration| ("duration", units::duration(duration), String::new())),
    );
    rows.extend(numbers.ttft_us.map(|ttft| ("first token", units::duration(ttft), String::new())));
    rows.push(("request", units::bytes(numbers.request_bytes), String::new()));
    rows.push(("response", units::bytes(numbers.response_bytes), String::new()));
    rows
}

/// `97 %` of all input.
fn share(count: i64, total: Option<i64>) -> String {
    match total {
        Some(total) if count > 0 && total >= count => {
            format!("{:.0} %", count as f64 * 100.0 / total as f64)
        }
        _ => String::new(),
    }
}

/// `193 tokens/s`, from the first token on.
fn speed(output: i64, numbers: &Numbers) -> String {
    let streamed = numbers
        .duration_us
        .zip(numbers.ttft_us)
        .and_then(|(duration, ttft)| duration.checked_sub(ttft));
    match streamed {
        Some(micros) if micros > 0 && output > 0 => {
            format!("{:.0} tokens/s", output as f64 * 1e6 / micros as f64)
        }
        _ => String::new(),
    }
}

fn table(rows: &[Row], page: &mut Page) {
    let names = rows.iter().map(|(name, ..)| width(name)).max().unwrap_or_default();
    let values = rows.iter().map(|(_, value, _)| width(value)).max().unwrap_or_default();
    for (name, value, remark) in rows {
        let value = format!("{}{value}", " ".repeat(values.saturating_sub(width(value))));
        let lead =
            vec![Span::new(Role::Dim, &format!("{name:names$}  ")), Span::new(Role::Text, &value)];
        let remark = if remark.is_empty() { String::new() } else { format!("   {remark}") };
        page.head(lead, vec![Span::new(Role::Dim, &remark)], vec![], Fold::None);
    }
}
