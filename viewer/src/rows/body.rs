//! The body of a request or a response: JSON folded, other text as lines.

use ccdump_client::text::units;
use ccdump_model::{record::Body, theme::Role};
use ccdump_provider::{header, provider::Provider};
use ccdump_record::Side;
use ccdump_state::State;

use super::{
    answer, here,
    json::{self, Origin},
    page::Page,
    text,
};

pub(super) fn body(page: &mut Page, state: &State, exchange: u64, side: Side) {
    let Some(body) = here(page, state.sheet.material.body(exchange, side)) else { return };
    let side = side.as_str();
    if let Some(why) = &body.undecodable {
        page.remark(Role::Warning, &format!("it cannot be decoded any further: {why}"));
    }
    if body.is_cut {
        let words = format!(
            "these are the first {}; all of it: ccdump-view body {exchange} --{side}",
            units::bytes(body.bytes.len() as u64)
        );
        page.remark(Role::Warning, &words);
    } else if !body.is_complete {
        page.remark(Role::Live, &format!("the {side} has not ended: this is what came so far"));
    }
    if body.bytes.is_empty() && body.gaps.is_empty() {
        return page.remark(Role::Dim, &format!("the {side} has no body"));
    }
    if side == "response"
        && let Some(answer) = streamed(state, exchange, body)
    {
        page.remark(Role::Dim, "put together from the events of the stream");
        let number = page.keep(answer.as_str().into());
        json::members(page, 0, &answer, Origin { text: number, from: 0 });
        return page.unfold_few();
    }
    content(page, body);
    page.unfold_few();
}

/// A streamed answer as one piece of JSON.
fn streamed(state: &State, exchange: u64, body: &Body) -> Option<String> {
    let (row, heads) = state.sheet.material.heads(exchange)?.ok()?;
    let is_stream = header::find(&heads.response, "content-type")
        .is_some_and(|kind| kind.contains("event-stream"));
    let is_here = is_stream && body.gaps.is_empty();
    is_here
        .then(|| answer::json(row.provider.parse().unwrap_or(Provider::Unknown), &body.bytes))
        .flatten()
}

fn content(page: &mut Page, body: &Body) {
    // Where something is missing JSON is none any more.
    if !body.gaps.is_empty() {
        return pieces(page, body);
    }
    let Some(text) = readable(&body.bytes, body.is_cut || !body.is_complete) else {
        let words = format!("binary, {}", units::bytes(body.bytes.len() as u64));
        return page.remark(Role::Dim, &words);
    };
    if !ccdump_model::json::is_json(text) {
        page.keep(text.into());
        return text::text(page, 0, Role::Text, text);
    }
    let number = page.keep(text.into());
    json::members(page, 0, text, Origin { text: number, from: 0 });
}

/// A text with holes in it.
fn pieces(page: &mut Page, body: &Body) {
    let mut from = 0;
    for (at, missing) in body.gaps.iter().copied().chain([(body.bytes.len(), 0)]) {
        let piece = body.bytes.get(from..at).unwrap_or_default();
        text::text(page, 0, Role::Text, &String::from_utf8_lossy(piece));
        if missing > 0 {
            page.remark(Role::Warning, &format!("… {} were not recorded …", units::bytes(missing)));
        }
        from = at;
    }
}

/// Bytes as text, if they are one. `is_cut`: the last character may not be whole.
fn readable(bytes: &[u8], is_cut: bool) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if is_cut && error.error_len().is_none() => {
            bytes.get(..error.valid_up_to()).and_then(|whole| std::str::from_utf8(whole).ok())
        }
        Err(_) => None,
    }
}
