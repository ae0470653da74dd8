//! All keys, from the map of keys.

use ccdump_model::{
    line::Span,
    theme::{Role, Theme},
};
use ccdump_state::{Area, State, keymap::HelpLine};
use ratatui::{
    Frame,
    layout::Rect,
    widgets::{Block, Clear},
};
use unicode_width::UnicodeWidthStr as _;

use super::paint::{self, word};

/// Columns of the keys; where the help is not as wide as this, what they do needs the room.
const KEYS: usize = 20;
const NARROW: u16 = 70;
const NARROW_KEYS: usize = 13;

pub(super) fn draw(frame: &mut Frame<'_>, state: &State, theme: &Theme) {
    let Some(first) = state.help else { return };
    let Area { x, y, width, height } = state.help_area();
    let place = Rect::new(x, y, width, height).intersection(frame.area());
    let column = if width < NARROW { NARROW_KEYS } else { KEYS };
    let contexts = state.contexts_behind_help();
    let lines = state.config.keymap.help(&contexts).map(|help| line(help, column));
    frame.render_widget(Clear, place);
    let block = Block::bordered()
        .border_style(theme.style(Role::Frame))
        .title(" Keys ")
        .title_style(theme.style(Role::Heading));
    let inner: Rect = block.inner(place);
    frame.render_widget(block, place);
    for (number, spans) in lines.skip(usize::from(first)).enumerate() {
        let Some(row) = paint::row(inner, number) else { break };
        paint::text(frame, row, theme, &spans);
    }
}

fn line(line: HelpLine, column: usize) -> Vec<Span> {
    match line {
        HelpLine::Title(title) => vec![word(Role::Heading, format!(" {title}"))],
        HelpLine::Blank => Vec::new(),
        HelpLine::Keys { keys, what } => {
            let keys = keys.iter().map(ToString::to_string).collect::<Vec<_>>().join("  ");
            let padding = " ".repeat(column.saturating_sub(keys.width()));
            vec![
                word(Role::Key, format!("  {keys}")),
                word(Role::Text, format!("{padding} {what}")),
            ]
        }
    }
}
