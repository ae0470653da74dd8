//! All keys, from the map of keys.

use ccdump_model::{
    line::Span,
    theme::{Role, Theme},
};
use ccdump_state::{State, keymap::HelpLine};
use ratatui::{
    Frame,
    layout::{Constraint, Rect},
    widgets::{Block, Clear},
};
use unicode_width::UnicodeWidthStr as _;

use super::paint::{self, word};

const WIDTH: u16 = 74;
const KEYS: usize = 20;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, theme: &Theme) {
    let Some(first) = state.help else { return };
    let lines: Vec<Vec<Span>> = state.config.keymap.help().map(line).collect();
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2).min(area.height.saturating_sub(2));
    let place = area.centered(Constraint::Length(WIDTH.min(area.width)), Constraint::Length(height));
    frame.render_widget(Clear, place);
    let block = Block::bordered().border_style(theme.style(Role::Frame)).title(" Keys ").title_style(theme.style(Role::Heading));
    let inner: Rect = block.inner(place);
    frame.render_widget(block, place);
    for (number, spans) in lines.iter().skip(usize::from(first)).enumerate() {
        let Some(row) = paint::row(inner, number) else { break };
        paint::text(frame, row, theme, spans);
    }
}

fn line(line: HelpLine) -> Vec<Span> {
    match line {
        HelpLine::Title(title) => vec![word(Role::Heading, format!(" {title}"))],
        HelpLine::Blank => Vec::new(),
        HelpLine::Keys { keys, what } => {
            let keys = keys.iter().map(ToString::to_string).collect::<Vec<_>>().join("  ");
            let padding = " ".repeat(KEYS.saturating_sub(keys.width()));
            vec![word(Role::Key, format!("  {keys}")), word(Role::Text, format!("{padding} {what}"))]
        }
    }
}
