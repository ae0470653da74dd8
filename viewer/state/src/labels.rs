//! What agents are called of whose call nothing is known: the first words of what they were asked
//! to do.

use std::collections::HashMap;

use ccdump_client::text::{clean_line, cut_line};
use ccdump_model::record::{Agent, AgentKey, Contents, Held, Loaded, Roster, has_ended, is_turn};
use ccdump_provider::content::Content;
use ccdump_record::{BlockKind, Role};

use super::Effect;

/// Characters of a label.
const LONGEST: usize = 60;

/// `None`: there are no words to call it by.
#[derive(Debug, Default)]
pub struct Labels {
    known: HashMap<AgentKey, Option<String>>,
    /// Those that nobody was told of.
    fresh: Vec<AgentKey>,
}

impl Labels {
    pub fn get(&self, agent: &AgentKey) -> Option<&str> {
        self.known.get(agent)?.as_deref()
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Calls agents by labels that were found since. Says whether there were any.
    pub fn tell(&mut self, roster: &mut Roster) -> bool {
        let fresh = std::mem::take(&mut self.fresh);
        let named =
            fresh.iter().filter(|key| !key.is_main()).filter_map(|key| Some((key, self.get(key)?)));
        named.map(|(key, label)| roster.call(key, label)).count() > 0
    }

    /// Finds the labels of agents that are on the screen; gives what has to be fetched for that.
    pub fn find<'a>(
        &mut self,
        agents: impl Iterator<Item = &'a AgentKey>,
        roster: &Roster,
        contents: &mut Contents,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        for key in agents.filter(|key| key.session.is_some()) {
            if self.known.contains_key(key) {
                continue;
            }
            let agent = roster.agent(key).filter(|agent| !agent.is_described());
            let Some(first) = agent.and_then(|agent| first_turn(agent, roster)) else { continue };
            match contents.get(first).and_then(words) {
                Some(label) => {
                    self.fresh.extend(label.is_some().then(|| key.clone()));
                    self.known.insert(key.clone(), label);
                }
                // What is on the screen goes first.
                None if contents.room() == 0 => {}
                None => {
                    let has_ended = roster.row(first).is_some_and(has_ended);
                    let wanted = contents.wants(first, has_ended);
                    effects.extend(wanted.map(|wanted| Effect::Fetch { exchange: first, wanted }));
                }
            }
        }
        effects
    }
}

fn first_turn(agent: &Agent, roster: &Roster) -> Option<u64> {
    agent.exchanges.iter().copied().find(|id| roster.row(*id).is_some_and(is_turn))
}

/// The first words that are the user's own. The outer `None`: the request is not here yet.
fn words(loaded: &Loaded) -> Option<Option<String>> {
    if !loaded.request.is_settled() {
        return None;
    }
    let pieces = loaded.request.here().map_or(&[][..], |side| side.pieces.as_slice());
    let texts = pieces.iter().filter(|piece| {
        piece.block.role == Some(Role::User) && piece.block.kind == BlockKind::Text
    });
    let label = texts.filter_map(|piece| match &piece.content {
        Held::Here(content) => match content.as_ref() {
            Content::Text(text) => own_words(text),
            _ => None,
        },
        _ => None,
    });
    Some(label.into_iter().next())
}

/// The first line that does not begin with a tag: agents wrap in tags what they add themselves.
fn own_words(text: &str) -> Option<String> {
    let text = text.trim_start();
    if text.starts_with('<') {
        return None;
    }
    let line = text.lines().map(clean_line).find(|line| !line.trim().is_empty())?;
    Some(cut_line(line.trim(), LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_the_first_line_that_a_person_would_have_written() {
        for (text, label) in [
            ("Fix the parser\nplease", Some("Fix the parser")),
            ("\n  \n Look \u{1b}[31mhere", Some("Look here")),
            ("<system-reminder>x</system-reminder>", None),
            ("", None),
        ] {
            assert_eq!(own_words(text).as_deref(), label, "{text:?}");
        }
    }
}
