//! Nothing was recorded yet: how to connect each agent.

use ccdump_model::{
    line::Span,
    theme::{Role, Theme},
};
use ccdump_state::{Connection, State, welcome::ways};
use ratatui::{Frame, layout::Rect};

use super::paint::{self, word};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, theme: &Theme) {
    let lines = if state.daemon.proxy.is_empty() { waiting(state) } else { connect(state) };
    let top = usize::from(area.height).saturating_sub(lines.len()) / 3;
    for (number, line) in lines.iter().enumerate() {
        let Some(row) = paint::row(area, top + number) else { break };
        paint::text(frame, row, theme, line);
    }
}

fn waiting(state: &State) -> Vec<Vec<Span>> {
    let text = match state.daemon.connection {
        Connection::Connecting => "waiting for the daemon…",
        _ => "nothing to show yet",
    };
    vec![vec![word(Role::Dim, format!("  {text}"))]]
}

fn connect(state: &State) -> Vec<Vec<Span>> {
    let mut lines = vec![
        vec![word(Role::Strong, "  Nothing has been recorded yet.")],
        vec![
            word(Role::Text, "  Point an agent at "),
            word(Role::Live, &state.daemon.proxy),
            word(Role::Text, " and it appears here:"),
        ],
        Vec::new(),
    ];
    for (number, way) in ways(&state.daemon.proxy).into_iter().enumerate() {
        let is_chosen = number == state.welcome.chosen;
        let mark = if is_chosen { "▌ " } else { "  " };
        let role = if is_chosen { Role::Strong } else { Role::Code };
        lines.push(vec![
            word(Role::Focus, mark),
            word(Role::Dim, format!("{:<15}", way.agent)),
            word(role, way.command),
        ]);
    }
    lines.push(Vec::new());
    lines.push(vec![
        word(Role::Dim, "  To see it at work without an agent: "),
        word(Role::Code, "ccdump-view demo"),
    ]);
    lines
}
