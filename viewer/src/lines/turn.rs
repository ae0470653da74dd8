//! Who speaks: the rule above a turn, and the line of what is no turn.

use ccdump_client::{
    text::{clean_line, cut_line, units},
    words,
};
use ccdump_record::Usage;

use super::{
    Span,
    page::{Fold, Page},
    wrap::append,
};
use ccdump_model::line::width_of;
use ccdump_model::{
    blocks::{Numbers, Speaker, TurnHead, TurnState},
    theme::Role,
};

/// Dashes that a rule begins with, and that it has at least between its words.
const DASHES: usize = 2;

/// `── main · claude-opus-4-8 · #12 · 14:02:11 ───── streaming`, below an empty line.
pub(super) fn head(head: &TurnHead, page: &mut Page) {
    page.row(Vec::new());
    let stop = head
        .stop
        .as_deref()
        .filter(|_| head.state == TurnState::Complete)
        .map(|stop| cut_line(&clean_line(stop), 24));
    let state = state_word(head.state).or(stop.as_deref().map(|stop| (Role::Dim, stop)));
    let model = |most| head.model.as_deref().map(|model| cut_line(&clean_line(model), most));
    let id = Some(format!("#{}", head.id));
    let time = Some(head.time.clone());
    // What matters least goes first where there is little room.
    let words = [
        (60, [model(40), id.clone(), time.clone()]),
        (40, [model(20), id.clone(), time.clone()]),
        (24, [model(20), id.clone(), time]),
        (24, [model(20), id.clone(), None]),
        (24, [None, id, None]),
    ];
    let speaker = |most| speaker_word(&head.speaker, most);
    let mut rules = words.into_iter().map(|(most, words)| {
        rule(&speaker(most), words.into_iter().flatten(), state.as_ref(), page.room())
    });
    let mut narrowest = Vec::new();
    let fitting = rules.find_map(|(line, fits)| {
        narrowest = line;
        fits.then(|| std::mem::take(&mut narrowest))
    });
    page.head(fitting.unwrap_or(narrowest), vec![], vec![], Fold::None);
}

/// The line, and whether it has room.
fn rule(
    speaker: &str,
    words: impl Iterator<Item = String>,
    state: Option<&(Role, &str)>,
    room: usize,
) -> (Vec<Span>, bool) {
    let mut line = Vec::new();
    append(&mut line, Role::Frame, &"─".repeat(DASHES));
    append(&mut line, Role::Strong, &format!(" {speaker}"));
    for word in words {
        append(&mut line, Role::Frame, " · ");
        append(&mut line, Role::Dim, &word);
    }
    let mut tail = vec![];
    if let Some((role, word)) = state {
        append(&mut tail, *role, &format!(" {word}"));
    }
    let dashes =
        room.checked_sub(width_of(&line) + width_of(&tail) + 1).filter(|dashes| *dashes >= DASHES);
    append(&mut line, Role::Frame, &format!(" {}", "─".repeat(dashes.unwrap_or(DASHES))));
    tail.iter().for_each(|span| append(&mut line, span.look(), &span.text));
    (line, dashes.is_some())
}

/// `most`: characters.
fn speaker_word(speaker: &Speaker, most: usize) -> String {
    match speaker {
        Speaker::Main => "main".to_owned(),
        Speaker::Agent(name) => Span::new(Role::Strong, &name.fit(most)).text,
        Speaker::Provider(name) => Span::new(Role::Strong, &cut_line(&clean_line(name), most)).text,
    }
}

fn state_word(state: TurnState) -> Option<(Role, &'static str)> {
    match state {
        TurnState::Waiting => Some((Role::Live, "waiting")),
        TurnState::Streaming => Some((Role::Live, "streaming")),
        TurnState::Complete => None,
        TurnState::Truncated => Some((Role::Warning, "cut off")),
        TurnState::Cancelled => Some((Role::Warning, "cancelled")),
        TurnState::TriedAgain => Some((Role::Warning, "tried again")),
        TurnState::Failed => Some((Role::Error, "failed")),
        TurnState::DaemonStopped => Some((Role::Warning, "daemon stopped")),
    }
}

/// An exchange that is no turn.
pub(super) struct Aside<'a> {
    pub(super) id: u64,
    pub(super) speaker: &'a Speaker,
    pub(super) what: &'a str,
    pub(super) usage: Option<&'a Usage>,
    pub(super) numbers: &'a Numbers,
    pub(super) state: TurnState,
}

/// `○ main · token count · #14 · 310 ms`
pub(super) fn aside(aside: &Aside<'_>, error: Option<&str>, full: bool, page: &mut Page) {
    page.mark(Role::Frame, "○");
    let tokens = aside.usage.and_then(words::tokens);
    let cost = tokens
        .as_ref()
        .map(|_| aside.numbers.cost_usd.map_or("unpriced".to_owned(), units::dollars));
    let mut parts =
        vec![speaker_word(aside.speaker, 24), aside.what.to_owned(), format!("#{}", aside.id)];
    parts.extend(
        [tokens, cost, aside.numbers.duration_us.map(units::duration)].into_iter().flatten(),
    );
    let mut line = vec![Span::new(Role::Dim, &parts.join(" · "))];
    match (error, state_word(aside.state)) {
        (Some(error), _) => line.push(Span::new(Role::Error, &format!(" · {error}"))),
        (None, Some((role, word))) => line.push(Span::new(role, &format!(" · {word}"))),
        (None, None) => {}
    }
    if full {
        page.words(line, 0);
    } else {
        page.head(vec![], line, vec![], Fold::None);
    }
}
