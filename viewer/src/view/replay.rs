//! A report's screen as it was, and below it which key was pressed next.

use ccdump_client::text::{clean_line, time};
use ccdump_model::{line::Span, theme::Role};
use ccdump_shell::{picture::picture, report::Stage};
use ccdump_state::keymap::Key;
use ratatui::{
    Frame,
    layout::{Position, Rect},
    widgets::Clear,
};

use super::paint::{both_ends, word};

pub(crate) fn draw(frame: &mut Frame<'_>, stage: &Stage) {
    let theme = stage.state.theme();
    let area = frame.area();
    let picture = picture(&stage.state, super::draw);
    // Of its own size: what has no room is cut off.
    let seen = picture.area.intersection(Rect { height: area.height.saturating_sub(1), ..area });
    for place in seen.positions() {
        let Position { x, y } = place;
        if let (Some(cell), Some(copy)) =
            (picture.cell((x, y)), frame.buffer_mut().cell_mut((x, y)))
        {
            copy.clone_from(cell);
        }
    }
    let line = Rect { y: area.bottom().saturating_sub(1), height: area.height.min(1), ..area };
    frame.render_widget(Clear, line);
    let keys = [("space", "next"), ("a", "all"), ("q", "quit")];
    let right: Vec<Span> = keys
        .iter()
        .flat_map(|(key, what)| {
            [word(Role::Key, format!(" {key}")), word(Role::Bar, format!(" {what} "))]
        })
        .collect();
    both_ends(frame, line, theme, &next(stage), &right);
}

/// ` report 3/12  next: J at 09:41:07`
fn next(stage: &Stage) -> Vec<Span> {
    let (pressed, all) = stage.progress();
    let mut spans =
        vec![word(Role::BarStrong, " report "), word(Role::Bar, format!("{pressed}/{all}  "))];
    match stage.next() {
        Some(pressed) => {
            let key = Key::parse(&pressed.key)
                .map_or_else(|| clean_line(&pressed.key), |key| key.to_string());
            let at = time::time_of_day(pressed.at_us, &stage.state.zone);
            spans.extend([
                word(Role::Bar, "next: "),
                word(Role::Key, key),
                word(Role::Dim, format!(" at {at}")),
            ]);
        }
        None if stage.is_over() => spans.push(word(Role::Bar, "this is what was reported")),
        None => spans.push(word(Role::Bar, "next: what was on the screen when it was reported")),
    }
    spans
}
