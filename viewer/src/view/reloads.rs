//! What the compiler says, over the lower part of the screen; and the log of reloads.

use ccdump_client::text::{clean, cut_line};
use ccdump_host::protocol::BuildError;
use ccdump_model::{
    line::Span,
    theme::{Role, Theme},
};
use ccdump_state::{State, keymap::Command};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    widgets::{Block, Clear},
};

use super::paint::{self, word};

/// Rows of an error at most, with its frame.
const TALLEST: u16 = 16;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, theme: &Theme) {
    if let Some(error) = state.reloads.error() {
        errors(frame, area, state, theme, error);
    }
    if let Some(first) = state.reloads.panel {
        log(frame, area, state, theme, usize::from(first));
    }
}

fn errors(frame: &mut Frame<'_>, area: Rect, state: &State, theme: &Theme, error: &BuildError) {
    let text = if error.rendered.is_empty() { &error.message } else { &error.rendered };
    let lines: Vec<Span> =
        clean(text).lines().map(|line| word(role(line), line.replace('\t', "    "))).collect();
    let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let height = wanted.min(TALLEST).min(area.height);
    let [_, place] = Layout::vertical([Constraint::Min(0), Constraint::Length(height)]).areas(area);
    frame.render_widget(Clear, place);
    let place_of = match (&error.file, error.line) {
        (Some(file), Some(line)) => format!(" {}:{line} ", cut_line(&clean(file), 60)),
        _ => String::new(),
    };
    let number =
        format!(" error {}/{}{}", state.reloads.chosen + 1, state.reloads.errors.len(), place_of);
    let block = Block::bordered()
        .border_style(theme.style(Role::Error))
        .title(number)
        .title_style(theme.style(Role::Error))
        .title_bottom(hints(state));
    let inner = block.inner(place);
    frame.render_widget(block, place);
    for (number, line) in lines.iter().enumerate() {
        let Some(row) = paint::row(inner, number) else { break };
        paint::text(frame, row, theme, std::slice::from_ref(line));
    }
}

/// The keys for errors.
fn hints(state: &State) -> String {
    let hint = |(command, what)| {
        let key = state.config.keymap.key(state.context(), command);
        key.map(|key| format!(" {key} {what} ")).unwrap_or_default()
    };
    [
        (Command::NextError, "next"),
        (Command::PreviousError, "previous"),
        (Command::EditError, "editor"),
        (Command::PutErrorsAway, "put away"),
    ]
    .map(hint)
    .concat()
}

/// As the compiler means it: the message, where it is, and the rest.
fn role(line: &str) -> Role {
    match line.trim_start() {
        rest if line.starts_with("error") || rest.starts_with('^') => Role::Error,
        rest if rest.starts_with("-->") => Role::Link,
        rest if rest.starts_with('=') => Role::Dim,
        _ => Role::Text,
    }
}

fn log(frame: &mut Frame<'_>, area: Rect, state: &State, theme: &Theme, first: usize) {
    let height = area.height.saturating_sub(2).min(20);
    let place =
        area.centered(Constraint::Length(area.width.saturating_sub(4)), Constraint::Length(height));
    frame.render_widget(Clear, place);
    let block = Block::bordered()
        .border_style(theme.style(Role::Frame))
        .title(" Reloads ")
        .title_style(theme.style(Role::Heading));
    let inner = block.inner(place);
    frame.render_widget(block, place);
    let log = &state.reloads.log;
    if log.is_empty() {
        let words = if state.reloads.hosted {
            "nothing was reloaded yet"
        } else {
            "this viewer has no host: ccdump-view dev"
        };
        return paint::text(frame, inner, theme, &[word(Role::Dim, words)]);
    }
    for (number, line) in log.iter().rev().skip(first).enumerate() {
        let Some(row) = paint::row(inner, number) else { break };
        paint::text(frame, row, theme, &[word(Role::Text, line)]);
    }
}
