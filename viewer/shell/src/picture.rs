//! A screen of memory: what is seen, without a terminal.

use ccdump_state::State;
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer};
use unicode_width::UnicodeWidthStr as _;

use crate::Draw;

/// The screen of a state, in the size that the state has.
pub fn picture(state: &State, draw: Draw) -> Buffer {
    let Ok(mut terminal) = Terminal::new(TestBackend::new(state.width, state.height));
    let Ok(_) = terminal.draw(|frame| draw(frame, state, state.theme()));
    terminal.backend().buffer().clone()
}

/// Its lines, without the blanks at their ends.
pub fn text(picture: &Buffer) -> String {
    let mut text = String::new();
    for y in picture.area.top()..picture.area.bottom() {
        let mut line = String::new();
        let mut covered = 0;
        for x in picture.area.left()..picture.area.right() {
            let Some(cell) = picture.cell((x, y)).filter(|_| covered == 0) else {
                // A wide character reaches over the cells after its own.
                covered -= 1;
                continue;
            };
            covered = cell.symbol().width().saturating_sub(1);
            line.push_str(cell.symbol());
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
