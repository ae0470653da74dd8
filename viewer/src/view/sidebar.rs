//! Sessions and agents, with how each of them stands.

use ccdump_client::text::{clean_line, time};
use ccdump_model::{
    line::Span,
    record::{AgentKey, Node},
    theme::{Role, Theme},
};
use ccdump_state::State;
use ratatui::{
    Frame,
    layout::Rect,
    widgets::{Block, Borders},
};

use super::paint::{self, both_ends, width, word};
use crate::lines::agent::standing;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, theme: &Theme) {
    if area.width < 4 {
        return;
    }
    frame.render_widget(
        Block::new().borders(Borders::RIGHT).border_style(theme.style(Role::Frame)),
        area,
    );
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
                paint::text(
                    frame,
                    row,
                    theme,
                    &[word(Role::Dim, format!(" {time} ")), word(Role::Heading, title)],
                );
            }
            Node::Agent { key, depth } => agent(frame, row, state, theme, key, usize::from(*depth)),
        }
    }
}

/// What the session's main agent was asked to do first.
fn session_title(state: &State, session: &Node) -> Option<String> {
    let Node::Session { name, .. } = session else { return None };
    let of_session = |node: &&Node| matches!(node, Node::Agent { key, .. } if key.session == *name);
    let Some(Node::Agent { key, .. }) = state.roster.nodes().iter().find(of_session) else {
        return None;
    };
    state.labels.get(key).map(str::to_owned)
}

fn agent(
    frame: &mut Frame<'_>,
    row: Rect,
    state: &State,
    theme: &Theme,
    key: &AgentKey,
    depth: usize,
) {
    let is_chosen = state.conversation.agent.as_ref() == Some(key);
    let Some(agent) = state.roster.agent(key) else { return };
    let (mark, _, role) = standing(state.roster.standing(agent));
    let name_role = if is_chosen { Role::Strong } else { Role::Text };
    let indent = "  ".repeat(depth.saturating_sub(1));
    let right: Vec<Span> = vec![word(Role::Dim, format!("{} ", agent.turns))];
    let mut left = vec![
        word(Role::Focus, if is_chosen { "▌" } else { " " }),
        word(role, format!("{indent}{mark} ")),
    ];
    let room = usize::from(row.width).saturating_sub(width(&left) + width(&right) + 1);
    left.push(word(name_role, agent.name.fit(room)));
    if is_chosen && state.sidebar.focused {
        frame.buffer_mut().set_style(row, theme.style(Role::Selected));
    }
    both_ends(frame, row, theme, &left, &right);
}
