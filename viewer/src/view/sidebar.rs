//! Sessions and agents, with how each of them stands.

use ccdump_client::text::{clean_line, time};
use ccdump_model::{
    line::Span,
    record::{AgentKey, Node},
    theme::{Role, Theme},
};
use ccdump_state::State;
use ccdump_wire::v1::EndState;
use ratatui::{
    Frame,
    layout::Rect,
    widgets::{Block, Borders},
};

use super::paint::{self, both_ends, word};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, theme: &Theme) {
    if area.width < 4 {
        return;
    }
    frame.render_widget(Block::new().borders(Borders::RIGHT).border_style(theme.style(Role::Frame)), area);
    let area = Rect { width: area.width - 1, ..area };
    let nodes = state.roster.nodes().iter().skip(state.sidebar.first);
    for (number, node) in nodes.enumerate() {
        let Some(row) = paint::row(area, number) else { break };
        match node {
            Node::Session { name, provider, started_at_us } => {
                let title = match name {
                    Some(_) => session_title(state, node).unwrap_or_else(|| "…".to_owned()),
                    None => format!("{}, no session", clean_line(provider)),
                };
                let time = time::minute(*started_at_us, &state.zone);
                paint::text(frame, row, theme, &[word(Role::Dim, format!(" {time} ")), word(Role::Heading, title)]);
            }
            Node::Agent { key, depth } => agent(frame, row, state, theme, key, usize::from(*depth)),
        }
    }
}

/// What the session's main agent was asked to do first.
fn session_title(state: &State, session: &Node) -> Option<String> {
    let Node::Session { name, .. } = session else { return None };
    let of_session = |node: &&Node| matches!(node, Node::Agent { key, .. } if key.session == *name);
    let Some(Node::Agent { key, .. }) = state.roster.nodes().iter().find(of_session) else { return None };
    state.labels.get(key).map(str::to_owned)
}

fn agent(frame: &mut Frame<'_>, row: Rect, state: &State, theme: &Theme, key: &AgentKey, depth: usize) {
    let is_chosen = state.conversation.agent.as_ref() == Some(key);
    let Some(agent) = state.roster.agent(key) else { return };
    let name = match (key.agent.as_deref(), state.labels.get(key)) {
        (Some("main"), _) => "main".to_owned(),
        (_, Some(label)) => label.to_owned(),
        (Some(id), None) => clean_line(id),
        (None, None) => clean_line(&key.provider),
    };
    let (mark, role) = standing(state, key);
    let name_role = if is_chosen { Role::Strong } else { Role::Text };
    let indent = "  ".repeat(depth.saturating_sub(1));
    let left =
        [word(Role::Focus, if is_chosen { "▌" } else { " " }), word(role, format!("{indent}{mark} ")), word(name_role, name)];
    let right: Vec<Span> = vec![word(Role::Dim, format!("{} ", agent.turns))];
    if is_chosen && state.sidebar.focused {
        frame.buffer_mut().set_style(row, theme.style(Role::Selected));
    }
    both_ends(frame, row, theme, &left, &right);
}

/// What an agent is doing, by its newest exchange.
fn standing(state: &State, key: &AgentKey) -> (&'static str, Role) {
    let Some(agent) = state.roster.agent(key) else { return ("○", Role::Dim) };
    if !agent.open.is_empty() {
        return ("●", Role::Live);
    }
    let newest = agent.exchanges.last().and_then(|id| state.roster.row(*id));
    match newest.map(|row| row.end_state()) {
        Some(EndState::Complete) => ("✓", Role::Dim),
        Some(EndState::UpstreamError) => ("✗", Role::Error),
        Some(EndState::Truncated | EndState::ClientCancelled | EndState::DaemonStopped) => ("◌", Role::Warning),
        Some(EndState::Unspecified) | None => ("○", Role::Dim),
    }
}
