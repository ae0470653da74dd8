//! The versions of a session's system prompt, and two of them side by side.

use ccdump_client::text::{time, units};
use ccdump_model::{line::Span, record::Held, theme::Role};
use ccdump_record::SystemSection;
use ccdump_state::{
    State,
    sheet::{section, section_need},
};

use super::{compare, page::Page, text};
use crate::lines::difference::{self, Budget};

/// How Claude Code begins a section that says nothing to the model and is another one every now and
/// then.
const STAMP: &str = "x-anthropic-billing-header:";

pub(super) fn versions(page: &mut Page, state: &State, session: Option<&str>) {
    let sections = &state.sections;
    if let Some(why) = sections.lacking() {
        return page.remark(Role::Warning, why);
    }
    let told = sections.of(session);
    if told.is_empty() {
        let words = if sections.is_awaited(session) {
            "…"
        } else {
            "this session has sent no system prompt"
        };
        return page.remark(Role::Dim, words);
    }
    let chosen = state.chosen.section_of(session);
    // At a moment of the past nothing is shown that came after it.
    let has_come = |section: &&SystemSection| {
        state.moment.is_none() || state.roster.row(section.first_exchange).is_some()
    };
    for section in told.iter().filter(has_come) {
        let words = words(state, session, section.number);
        let is_chosen = chosen == Some(section.number);
        let at = page.push(
            0,
            &format!("sp-{}", section.number),
            head(state, section, words.as_deref().ok(), is_chosen),
        );
        match words {
            Ok(words) => {
                page.gist(at, vec![Span::new(Role::Dim, &format!("  {}", first_line(&words)))]);
                text::text(page, 1, Role::Text, &words);
            }
            Err(why) => {
                page.push(1, "why", vec![Span::new(Role::Dim, &why)]);
            }
        }
    }
}

/// `sp-3 §2  #12 – #40 · 28× · 12:04 – 12:31 · 13.2 kB · main`; the size is that of its text,
/// `said`, where that is here.
fn head(state: &State, section: &SystemSection, said: Option<&str>, is_chosen: bool) -> Vec<Span> {
    let number = usize::try_from(section.number).unwrap_or(usize::MAX);
    let mut words = Vec::new();
    let range = |first: String, last: String| {
        if first == last { first } else { format!("{first} – {last}") }
    };
    words
        .push(range(format!("#{}", section.first_exchange), format!("#{}", section.last_exchange)));
    words.push(format!("{}×", section.exchanges));
    let minute = |at_us| time::minute(at_us, &state.zone);
    words.push(range(minute(section.first_at_us), minute(section.last_at_us)));
    words.push(units::bytes(said.map_or(section.block.length(), |said| said.len() as u64)));
    words.extend(section.agent.clone());
    let is_stamp = said.is_some_and(|said| said.starts_with(STAMP));
    let role = |role| if is_stamp { Role::Dim } else { role };
    vec![
        Span::new(role(Role::tag(number)), &format!("{:<6}", format!("sp-{number}"))),
        Span::new(role(Role::System), &format!("§{} ", section.position.saturating_add(1))),
        Span::new(Role::Focus, if is_chosen { "● " } else { "" }),
        Span::new(role(Role::Text), &words.join(" · ")),
    ]
}

pub(super) fn compare_sections(
    page: &mut Page,
    state: &State,
    session: Option<&str>,
    [left, right]: [u64; 2],
) {
    let sections = &state.sections;
    if let Some(why) = sections.lacking() {
        return page.remark(Role::Warning, why);
    }
    let told = sections.of(session);
    let texts = [left, right].map(|number| words(state, session, number));
    for (number, said) in [left, right].into_iter().zip(&texts) {
        match section(told, number) {
            Some(section) => {
                page.push(
                    0,
                    &format!("sp-{number}"),
                    head(state, section, said.as_deref().ok(), false),
                );
            }
            None if sections.is_awaited(session) => return page.remark(Role::Dim, "…"),
            None => {
                return page
                    .remark(Role::Warning, &format!("there is no sp-{number} in this session"));
            }
        }
    }
    let [was, is] = texts;
    match (was, is) {
        (Ok(was), Ok(is)) => {
            let at = page.push(0, "difference", vec![Span::new(Role::Changed, "~ changed")]);
            page.row(at).into_iter().for_each(|row| row.is_open = true);
            compare::changed(page, at, &was, &is, &mut Budget::default());
        }
        (Err(why), _) | (_, Err(why)) => page.remark(Role::Dim, &why),
    }
}

/// What a section says. `Err`: why that is not known here.
fn words(state: &State, session: Option<&str>, number: u64) -> Result<String, String> {
    let need = section_need(state.sections.of(session), number)
        .ok_or("too long to be shown here; see: ccdump-view body")?;
    match state.sheet.material.section(need) {
        None => Err("…".to_owned()),
        Some(Err(why)) => Err(why.to_owned()),
        Some(Ok(Held::Here(content))) => Ok(difference::text(content)),
        Some(Ok(Held::Failed(why))) => Err(why.clone()),
        Some(Ok(Held::NotAsked | Held::Loading | Held::Opening(_))) => Err("…".to_owned()),
    }
}

fn first_line(words: &str) -> &str {
    let line = words.trim_start().lines().next().unwrap_or_default();
    line.get(..line.floor_char_boundary(400)).unwrap_or(line)
}
