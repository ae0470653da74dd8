//! The keys that matter here, from the map of keys. Help and the way out have the right of way.

use ccdump_client::text::cut_line;
use ccdump_model::{
    line::{Span, harmless},
    theme::{Role, Theme},
};
use ccdump_state::{
    State,
    keymap::{Command, Key},
};
use ratatui::{Frame, layout::Rect};

use super::{
    paint::{self, both_ends, word},
    prompt::{count, count_in_sheet},
};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, theme: &Theme) {
    let (last, first): (Vec<_>, Vec<_>) = state
        .contexts()
        .into_iter()
        .flat_map(|context| state.config.keymap.footer(context))
        .filter(|(command, ..)| state.offers(*command))
        .partition(|(command, ..)| matches!(command, Command::Help | Command::Detach | Command::Back));
    let right: Vec<Span> = last.into_iter().flat_map(|(_, key, what)| hint(key, what)).collect();
    let room = usize::from(area.width).saturating_sub(paint::width(&right));
    let mut left = searched(state);
    for (_, key, what) in first {
        let next = hint(key, what);
        if paint::width(&left) + paint::width(&next) >= room {
            break;
        }
        left.extend(next);
    }
    both_ends(frame, area, theme, &left, &right);
}

/// What is being looked for, while its matches are shown.
fn searched(state: &State) -> Vec<Span> {
    let (search, find) = (&state.search, &state.sheet.find);
    let (pattern, input, count) = match state.sheet.is_open() {
        true => (find.pattern(), &find.input, count_in_sheet(find)),
        false => (search.pattern(), &search.input, count(search)),
    };
    if pattern.is_none() {
        return Vec::new();
    }
    let text = cut_line(&harmless(input.text()), 20);
    vec![word(Role::BarStrong, format!(" /{text} ")), word(Role::Live, format!("{count} "))]
}

fn hint(key: Key, what: &str) -> [Span; 2] {
    [word(Role::Key, format!(" {key}")), word(Role::Bar, format!(" {what} "))]
}
