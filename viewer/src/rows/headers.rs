//! Headers and trailers of both sides, in columns.

use ccdump_model::{
    line::{Span, width},
    theme::Role,
};
use ccdump_record::Header;
use ccdump_state::State;

use super::{here, page::Page};
use crate::lines::wrap;

/// Names wider than this do not widen the column.
const WIDEST: usize = 32;
/// Columns between names and values.
const GAP: usize = 2;

pub(super) fn headers(page: &mut Page, state: &State, exchange: u64) {
    let Some((row, heads)) = here(page, state.sheet.material.heads(exchange)) else { return };
    let all = [&heads.request, &heads.response, &heads.request_trailers, &heads.response_trailers];
    let names = all.iter().flat_map(|headers| headers.iter()).map(|header| width(&header.name));
    let column = names.max().unwrap_or(0).min(WIDEST).min((page.room(1) / 2).saturating_sub(GAP));
    let answer =
        row.status.map_or_else(|| "no response".to_owned(), |status| format!("response {status}"));
    let request = format!("{} {}{}", row.method, heads.upstream, row.path);
    section(page, "request", &request, &heads.request, column);
    section(page, "response", &answer, &heads.response, column);
    for (name, trailers) in [
        ("request trailers", &heads.request_trailers),
        ("response trailers", &heads.response_trailers),
    ] {
        if !trailers.is_empty() {
            section(page, name, name, trailers, column);
        }
    }
}

fn section(page: &mut Page, name: &str, title: &str, headers: &[Header], column: usize) {
    let row = page.push(0, name, vec![Span::new(Role::Heading, title)]);
    page.row(row).into_iter().for_each(|row| row.is_open = true);
    page.gist(row, vec![Span::new(Role::Dim, &format!("  {} headers", headers.len()))]);
    for (number, header) in headers.iter().enumerate() {
        let mut name = Span::new(Role::Header, &header.name);
        let padding = column.saturating_sub(width(&name.text)) + GAP;
        name.text.extend(std::iter::repeat_n(' ', padding));
        // A value without a break that is too long for its column has the whole width.
        let is_narrow = header
            .value
            .split(' ')
            .any(|word| width(word) > page.room(1).saturating_sub(column + GAP));
        let hang = if is_narrow { GAP } else { column + GAP };
        let lines =
            wrap::words(vec![name, Span::new(Role::Text, &header.value)], page.room(1), hang);
        for (piece, spans) in lines.into_iter().enumerate() {
            let row = page.push(1, &format!("{number}.{piece}"), spans);
            page.row(row).into_iter().for_each(|row| row.goes_on = piece > 0);
        }
    }
}
