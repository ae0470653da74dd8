//! From the last letter that is typed after `/` to the match on the screen, over the whole of the
//! newest session.

use std::time::Instant;

use ccdump_tests::terminal::Key;

use crate::{
    Size, screen,
    stage::{LIMIT, Stage, quit, strike},
    table::{Bar, Table},
};

/// What every answer has, and so the nearest one.
const COMMON: &str = "mark";

pub(crate) fn measure(table: &mut Table, stage: &Stage, size: &Size) {
    let turn = |turn| screen::mark(stage.session, 0, turn);
    for (what, text, bar) in [
        ("near (in every answer)", COMMON.to_owned(), Bar::Max(200.0)),
        ("half way", turn(stage.turns / 2), Bar::P50(200.0)),
        ("far (in the first answer)", turn(0), Bar::P50(200.0)),
    ] {
        let took = (0..size.attaches).map(|_| first_match(stage, &text)).collect();
        table.add(stage.name, &format!("found first match, {what}, ms"), bar, took);
        let told = (0..size.attaches).map(|_| stage.told(&text)).collect();
        table.add(stage.name, &format!("  of it, the daemon's word, {what}, ms"), Bar::None, told);
    }
}

/// By a viewer that has fetched no more than the end.
fn first_match(stage: &Stage, text: &str) -> f64 {
    let viewer = stage.attached();
    strike(&viewer, screen::SEARCH);
    let (before, last) = text.split_at(text.len() - 1);
    viewer.keys(before);
    viewer.wait_until_quiet(std::time::Duration::from_millis(100));
    let typed = Instant::now();
    viewer.keys(last);
    let mut found_at = typed;
    let found = viewer.watch(LIMIT, |screen, at| {
        found_at = at;
        screen::shows_match(screen, text)
    });
    assert!(found.is_some(), "{text} is not found:\n{}", viewer.screen());
    viewer.key(Key::Enter);
    quit(&viewer);
    (found_at - typed).as_secs_f64() * 1e3
}
