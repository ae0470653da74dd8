//! What is asked for, in the last line instead of the keys: a search, a number, the letter of a
//! mark.

use ccdump_model::{
    line::{Span, harmless},
    theme::{Role, Theme},
};
use ccdump_provider::pattern::{NoPattern, Switches};
use ccdump_state::{
    Input, Prompt, State,
    keymap::{Command, Context},
};
use ratatui::{Frame, layout::Rect};

use super::paint::{self, both_ends, word};

/// Draws it, if something is asked for. Says whether it did.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, theme: &Theme) -> bool {
    let Some(prompt) = state.prompt.open.filter(|_| state.help.is_none()) else { return false };
    let (left, right) = match prompt {
        Prompt::Search => (typed("/", &state.search.input), search(state)),
        Prompt::Find => (typed("/", &state.sheet.find.input), find(state)),
        Prompt::CompareWith => {
            let exchange = state.exchange_at_hand().unwrap_or_default();
            (
                typed(&format!(" compare #{exchange} with #"), &state.prompt.number),
                vec![word(Role::Dim, "a number, then Enter ")],
            )
        }
        Prompt::Number => (
            typed(" exchange #", &state.prompt.number),
            vec![word(Role::Dim, "a number, then Enter ")],
        ),
        Prompt::SetMark => (vec![word(Role::BarStrong, " mark with which letter? ")], Vec::new()),
        Prompt::GoToMark => (vec![word(Role::BarStrong, " to which mark? ")], letters(state)),
        Prompt::Tab => (vec![word(Role::BarStrong, " to which tab? ")], tabs(state)),
        Prompt::Palette => return false,
    };
    both_ends(
        frame,
        area,
        theme,
        &end_of(left, usize::from(area.width).saturating_sub(paint::width(&right) + 1)),
        &right,
    );
    true
}

/// What was typed, with a cursor.
pub(super) fn typed(before: &str, input: &Input) -> Vec<Span> {
    let (left, right) = input.parts();
    vec![
        word(Role::BarStrong, before),
        word(Role::Text, harmless(left)),
        word(Role::Live, "▏"),
        word(Role::Text, harmless(right)),
    ]
}

/// Of what is longer than there is room, the end is shown: there one types.
fn end_of(mut spans: Vec<Span>, room: usize) -> Vec<Span> {
    while paint::width(&spans) > room {
        let Some(span) = spans.get_mut(1).filter(|span| !span.text.is_empty()) else { break };
        span.text.remove(0);
    }
    spans
}

fn search(state: &State) -> Vec<Span> {
    let search = &state.search;
    how(state, search.trouble(), &search.counted(), search.switches)
}

fn find(state: &State) -> Vec<Span> {
    let find = &state.sheet.find;
    how(state, find.trouble(), &find.counted(), find.switches)
}

/// How often it was found, and how it is looked for.
fn how(state: &State, trouble: Option<NoPattern>, count: &str, switches: Switches) -> Vec<Span> {
    let mut spans = match trouble {
        Some(why) => vec![word(Role::Error, format!("{why} "))],
        None => vec![word(Role::BarStrong, format!("{count} "))],
    };
    let is_narrow = state.width < 76;
    for (command, on, what) in [
        (Command::MatchCase, switches.case, "case"),
        (Command::MatchWord, switches.word, "word"),
        (Command::MatchRegex, switches.regex, "regex"),
    ] {
        let key = state.config.keymap.key(Context::Search, command).filter(|_| !is_narrow);
        spans.extend(key.map(|key| word(Role::Key, format!(" {key}"))));
        spans.push(if on {
            word(Role::Selected, format!(" {what} "))
        } else {
            word(Role::Dim, format!(" {what} "))
        });
    }
    spans
}

fn tabs(state: &State) -> Vec<Span> {
    let numbers: String = (1..=state.tabs.count()).map(|number| format!("{number} ")).collect();
    vec![word(Role::Key, numbers)]
}

fn letters(state: &State) -> Vec<Span> {
    let letters: String = state.marks.letters().flat_map(|letter| [letter, ' ']).collect();
    vec![word(Role::Key, letters)]
}
