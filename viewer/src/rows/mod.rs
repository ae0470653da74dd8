//! What a sheet is of → rows that fold. Made once for a width; all text is made harmless here.

mod answer;
mod body;
mod compare;
mod events;
mod figures;
mod headers;
mod json;
mod page;
mod text;
mod timeline;
mod timing;
mod versions;

use ccdump_model::{record::has_ended, rows::Rows, theme::Role};
use ccdump_record::Side;
use ccdump_state::{
    State,
    sheet::{Part, Subject},
};

use self::page::Page;

/// What stands in the place of a figure that is not known.
const UNKNOWN: &str = "unknown";

pub(crate) fn rows(state: &State, width: u16) -> Rows {
    let mut page = Page::new(width);
    match state.sheet.subject.as_ref() {
        None => {}
        Some(Subject::Compare { left, right }) => compare::compare(&mut page, state, *left, *right),
        Some(Subject::Versions { session }) => {
            versions::versions(&mut page, state, session.as_deref())
        }
        Some(Subject::CompareSections { session, left, right }) => {
            versions::compare_sections(&mut page, state, session.as_deref(), [*left, *right]);
        }
        Some(&Subject::Inspect { exchange, part }) => inspect(&mut page, state, exchange, part),
    }
    page.finish()
}

fn inspect(page: &mut Page, state: &State, exchange: u64, part: Part) {
    let goes_on = |row| !has_ended(row);
    if state.moment.is_some()
        && part != Part::Request
        && state.roster.row(exchange).is_some_and(goes_on)
    {
        page.remark(Role::Dim, "it went on at this moment: here is what has come since, too");
    }
    match part {
        Part::Request => body::body(page, state, exchange, Side::Request),
        Part::Response => body::body(page, state, exchange, Side::Response),
        Part::Headers => headers::headers(page, state, exchange),
        Part::Events => events::events(page, state, exchange),
        Part::Timing => timing::timing(page, state, exchange),
    }
}

/// What was fetched; where it is not here, the page says so.
fn here<'a, T: ?Sized>(page: &mut Page, material: Option<Result<&'a T, &str>>) -> Option<&'a T> {
    match material {
        Some(Ok(here)) => return Some(here),
        Some(Err(why)) => page.remark(Role::Warning, why),
        None => page.remark(Role::Dim, "…"),
    }
    None
}
