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

use ccdump_model::{rows::Rows, theme::Role};
use ccdump_provider::side::Side;
use ccdump_state::{
    State,
    sheet::{Part, Subject},
};

use self::page::Page;

pub(crate) fn rows(state: &State, width: u16) -> Rows {
    let mut page = Page::new(width);
    match state.sheet.subject.as_ref() {
        None => {}
        Some(Subject::Compare { left, right }) => compare::compare(&mut page, state, *left, *right),
        Some(Subject::Versions { session }) => versions::versions(&mut page, state, session.as_deref()),
        Some(Subject::CompareSections { session, left, right }) => {
            versions::compare_sections(&mut page, state, session.as_deref(), [*left, *right]);
        }
        Some(&Subject::Inspect { exchange, part }) => match part {
            Part::Request => body::body(&mut page, state, exchange, Side::Request),
            Part::Response => body::body(&mut page, state, exchange, Side::Response),
            Part::Headers => headers::headers(&mut page, state, exchange),
            Part::Events => events::events(&mut page, state, exchange),
            Part::Timing => timing::timing(&mut page, state, exchange),
        },
    }
    page.finish()
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
