//! The commands that can be run, found by what they do.

use ccdump_model::{
    line::Span,
    theme::{Role, Theme},
};
use ccdump_state::{Area, Prompt, State, palette::Entry};
use ratatui::{
    Frame,
    layout::Rect,
    widgets::{Block, Clear},
};

use super::{
    paint::{self, both_ends, word},
    prompt::typed,
};

pub(super) fn draw(frame: &mut Frame<'_>, state: &State, theme: &Theme) {
    if state.prompt.open != Some(Prompt::Palette) || state.help.is_some() {
        return;
    }
    let entries = state.palette_entries();
    let Area { x, y, width, height } = state.palette_area();
    let place = Rect::new(x, y, width, height).intersection(frame.area());
    frame.render_widget(Clear, place);
    let block = Block::bordered()
        .border_style(theme.style(Role::Frame))
        .title(" Commands ")
        .title_style(theme.style(Role::Heading));
    let inner: Rect = block.inner(place);
    frame.render_widget(block, place);
    if let Some(row) = paint::row(inner, 0) {
        paint::text(frame, row, theme, &typed(" › ", &state.palette.input));
    }
    let room = usize::from(inner.height.saturating_sub(1));
    let chosen = state.palette.chosen.min(entries.len().saturating_sub(1));
    let first = state.palette_first(entries.len());
    for (number, entry) in entries.iter().enumerate().skip(first).take(room) {
        let Some(row) = paint::row(inner, number - first + 1) else { break };
        if number == chosen {
            frame.buffer_mut().set_style(row, theme.style(Role::Selected));
        }
        let mark = word(Role::Focus, if number == chosen { "▌" } else { " " });
        let left: Vec<Span> = [mark].into_iter().chain(what(entry)).collect();
        both_ends(frame, row, theme, &left, &[word(Role::Key, format!("{} ", entry.key))]);
    }
    if entries.is_empty()
        && let Some(row) = paint::row(inner, 1)
    {
        paint::text(frame, row, theme, &[word(Role::Dim, "  no command does that")]);
    }
}

/// What it does, with the letters that were typed.
fn what(entry: &Entry) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (number, c) in entry.what.chars().enumerate() {
        let role = if entry.met.contains(&number) { Role::Strong } else { Role::Text };
        match spans.last_mut() {
            Some(last) if last.role == role => last.text.push(c),
            _ => spans.push(word(role, c)),
        }
    }
    spans
}
