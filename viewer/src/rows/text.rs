//! A text as rows: one for each of its lines, and more for those that do not fit.

use ccdump_client::text::clean;
use ccdump_model::{
    line::{Span, expand_tabs},
    theme::Role,
};

use super::page::Page;
use crate::lines::wrap;

pub(super) fn text(page: &mut Page, depth: u16, role: Role, text: &str) {
    for (number, line) in clean(text).split('\n').enumerate() {
        if page.is_full() {
            return;
        }
        let span = Span::new(role, &expand_tabs(line.trim_end()));
        for (piece, spans) in wrap::words(vec![span], page.room(depth), 0).into_iter().enumerate() {
            let name = if piece == 0 { number.to_string() } else { format!("{number}.{piece}") };
            let row = page.push(depth, &name, spans);
            page.row(row).into_iter().for_each(|row| row.goes_on = piece > 0);
        }
    }
}
