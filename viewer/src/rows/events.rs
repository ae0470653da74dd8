//! The events of a stream, each with its time, the time since the one before, and what it brings in
//! short.

use ccdump_client::text::units;
use ccdump_model::{
    line::{Span, width, width_of},
    theme::Role,
};
use ccdump_state::State;
use serde_json::Value;

use super::{
    here,
    json::{self, Origin},
    page::Page,
    text,
    timeline::{self, Arrival, What},
};

/// Microseconds without anything that are worth a word.
const SILENCE: u64 = 1_000_000;
/// Names wider than this do not widen the column.
const WIDEST: usize = 26;
/// Data of so few bytes that none of the places below is in it.
const SHORT: usize = 60;
/// Narrower pages have no sizes.
const WIDE: usize = 72;
/// Where events of several APIs say what they bring.
const BRINGS: [&str; 16] = [
    "/delta/text",
    "/delta/thinking",
    "/delta/partial_json",
    "/delta/stop_reason",
    "/choices/0/delta/content",
    "/choices/0/finish_reason",
    "/candidates/0/content/parts/0/text",
    "/delta",
    "/error/message",
    "/content_block/name",
    "/content_block/type",
    "/item/name",
    "/item/type",
    "/message/model",
    "/response/status",
    "/delta/type",
];

pub(super) fn events(page: &mut Page, state: &State, exchange: u64) {
    let Some(log) = here(page, state.sheet.material.log(exchange)) else { return };
    let line = timeline::read(log);
    if line.is_coarse {
        page.remark(
            Role::Dim,
            "the stream was compressed: times are those of what was written down together",
        );
    }
    if line.arrivals.is_empty() {
        let words =
            if line.ended.is_some() { "the response has no body" } else { "nothing has come yet" };
        return page.remark(Role::Dim, words);
    }
    if !line.is_stream {
        page.remark(Role::Dim, "no stream of events: these are the pieces as they came");
    }
    let names = line.arrivals.iter().map(|arrival| width(name(&arrival.what)));
    let column = names.max().unwrap_or(0).min(WIDEST);
    let mut before = line.head;
    for (number, arrival) in line.arrivals.iter().enumerate() {
        if page.is_full() {
            break;
        }
        let gap = before.map(|before| arrival.after_us.saturating_sub(before));
        before = Some(arrival.after_us);
        if let Some(gap) = gap.filter(|gap| *gap >= SILENCE) {
            let words = format!("… {} of silence", units::duration(gap));
            page.push(
                0,
                &format!("silence before {number}"),
                vec![Span::new(Role::Warning, &words)],
            );
        }
        event(page, &number.to_string(), arrival, gap, column);
    }
    if line.ended.is_none() {
        page.remark(Role::Live, "it goes on");
    }
}

fn event(page: &mut Page, number: &str, arrival: &Arrival, gap: Option<u64>, column: usize) {
    let since = gap.map_or_else(String::new, |gap| format!("+{}", clock(gap)));
    let mut spans = vec![
        Span::new(Role::Text, &format!("{:>8}", clock(arrival.after_us))),
        Span::new(Role::Dim, &format!(" {since:>8}  ")),
    ];
    let (role, bytes) = match &arrival.what {
        What::Event { name, bytes, .. } if name == "ping" => (Role::Dim, Some(*bytes)),
        What::Event { name, bytes, .. } if name == "error" => (Role::Error, Some(*bytes)),
        What::Event { bytes, .. } => (Role::Heading, Some(*bytes)),
        What::Piece { bytes } => (Role::Text, Some(*bytes)),
        What::Gap { .. } | What::Undecodable(_) => (Role::Warning, None),
    };
    let mut name = Span::new(role, name(&arrival.what));
    name.text.extend(std::iter::repeat_n(' ', column.saturating_sub(width(&name.text))));
    spans.push(name);
    if let Some(bytes) = bytes.filter(|_| page.room(0) >= WIDE) {
        spans.push(Span::new(Role::Dim, &format!("  {:>7}", units::bytes(bytes))));
    }
    spans.push(Span::new(Role::Text, "  "));
    match &arrival.what {
        What::Event { data, .. } => unfolding(page, number, spans, data),
        What::Gap { bytes } => {
            spans.push(Span::new(Role::Warning, &format!("{} not recorded", units::bytes(*bytes))));
            page.push(0, number, spans);
        }
        What::Undecodable(why) => {
            spans.push(Span::new(Role::Warning, why));
            page.push(0, number, spans);
        }
        What::Piece { .. } => drop(page.push(0, number, spans)),
    }
}

/// An event with its data below it.
fn unfolding(page: &mut Page, number: &str, mut spans: Vec<Span>, data: &str) {
    let room = page.room(0).saturating_sub(width_of(&spans));
    let is_json = ccdump_model::json::is_json(data);
    let brings = is_json.then(|| brings(data)).flatten();
    // Such an event has its name, and says nothing else.
    let brings = brings.unwrap_or_else(|| {
        if is_json && data.len() < SHORT { String::new() } else { data.to_owned() }
    });
    let start =
        brings.get(..brings.floor_char_boundary(room.saturating_mul(4))).unwrap_or_default();
    spans.push(Span::new(Role::Text, &start.replace(['\n', '\r', '\t'], " ")));
    let row = page.push(0, number, spans);
    let source = page.keep(data.into());
    page.whole_source(row, source);
    match is_json && page.has_much_room() {
        true => json::members(page, 1, data, Origin { text: source, from: 0 }),
        false => text::text(page, 1, Role::Text, data),
    }
    page.row(row).into_iter().for_each(|row| row.is_open = false);
}

/// What an event brings, in short.
fn brings(data: &str) -> Option<String> {
    let value: Value = serde_json::from_str(data).ok()?;
    let at = |pointer: &&str| {
        value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
    };
    let words = BRINGS.iter().find_map(at)?;
    let tokens = value.pointer("/usage/output_tokens").and_then(Value::as_i64);
    Some(tokens.map_or_else(
        || words.to_owned(),
        |tokens| format!("{words}, {} out", units::count(tokens)),
    ))
}

fn name(what: &What) -> &str {
    match what {
        What::Event { name, .. } => name,
        What::Piece { .. } => "piece",
        What::Gap { .. } => "gap",
        What::Undecodable(_) => "undecodable",
    }
}

/// Seconds to the millisecond: `12.345`.
fn clock(us: u64) -> String {
    let ms = us / 1_000;
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}
