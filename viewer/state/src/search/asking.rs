//! What the daemon is asked while a search goes on: where it stands, so that one need not go there
//! step by step.

use ccdump_model::record::{AgentKey, Roster};
use ccdump_provider::pattern::Switches;
use ccdump_wire::v1::{SearchHit, Side};

use super::Search;

/// So long all that is far away is left to the daemon. Microseconds.
const PATIENCE: i64 = 1_000_000;

/// In which exchanges of an agent a text stands, from one of them outwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Each has its own; answers to earlier ones are of no use any more.
    pub number: u64,
    pub text: String,
    pub switches: Switches,
    pub agent: AgentKey,
    pub origin: u64,
}

#[derive(Debug, Default)]
pub(super) struct Asking {
    /// That of the last question.
    number: u64,
    /// Who was asked about, for what is looked for now.
    about: Option<AgentKey>,
    /// The question stands: it is to be taken back when nothing is looked for any more.
    stands: bool,
    /// Until then more of its answer may come. Microseconds since the Unix epoch.
    comes_until_us: Option<i64>,
    /// This daemon cannot tell.
    is_refused: bool,
}

impl Asking {
    /// What was asked is asked no more; something else may be.
    pub(super) fn forget(&mut self) {
        self.about = None;
        self.comes_until_us = None;
    }
}

impl Search {
    /// The question that is to be asked now, if it was not.
    pub(super) fn question(
        &mut self,
        agent: &AgentKey,
        origin: u64,
        now_us: i64,
    ) -> Option<Question> {
        let Asking { number, about, stands, is_refused, comes_until_us } = &mut self.asking;
        if *is_refused || self.scan.is_done || about.as_ref() == Some(agent) {
            return None;
        }
        *number += 1;
        *about = Some(agent.clone());
        *stands = true;
        *comes_until_us = Some(now_us.saturating_add(PATIENCE));
        let text = self.input.text().to_owned();
        Some(Question {
            number: *number,
            text,
            switches: self.switches,
            agent: agent.clone(),
            origin,
        })
    }

    /// Whether the daemon is still looking, and until when that is waited for.
    pub(crate) fn comes_until_us(&self) -> Option<i64> {
        self.asking.comes_until_us.filter(|_| self.pattern().is_some() && !self.scan.is_done)
    }

    /// There is no more to come of the answer to this question.
    pub(crate) fn told_all(&mut self, number: u64) {
        self.asking.comes_until_us =
            self.asking.comes_until_us.filter(|_| number != self.asking.number);
    }

    /// Whether a question is to be taken back.
    pub(super) fn takes_back(&mut self) -> bool {
        std::mem::take(&mut self.asking.stands)
    }

    /// The daemon is another one, or there again.
    pub(crate) fn ask_again(&mut self) {
        self.asking.is_refused = false;
        self.asking.forget();
    }

    /// Exchanges in which it stands, as the daemon has it; or why it cannot tell, which is given
    /// back when it is news.
    pub(crate) fn told(
        &mut self,
        number: u64,
        answer: Result<Vec<SearchHit>, String>,
        roster: &Roster,
    ) -> Option<String> {
        if number != self.asking.number || self.asking.about.is_none() {
            return None;
        }
        let hits = match answer {
            Ok(hits) => hits,
            Err(why) => {
                return (!std::mem::replace(&mut self.asking.is_refused, true)).then_some(why);
            }
        };
        for hit in hits {
            self.hints.add(hit.exchange);
            // What a tool answered comes with the request after the one whose answer called it, and
            // is shown below the call.
            let previous = roster.row(hit.exchange).and_then(|row| row.previous);
            previous
                .filter(|_| hit.sides().any(|side| side == Side::Request))
                .into_iter()
                .for_each(|id| self.hints.add(id));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use ccdump_record::Exchange;

    use super::*;

    #[test]
    fn what_a_request_brings_is_looked_for_where_its_tool_was_called_too() {
        let mut roster = Roster::default();
        roster.upsert(Exchange { id: 7, previous: Some(5), through_seq: 1, ..Exchange::default() });
        let agent = AgentKey { session: None, agent: None, provider: String::new() };
        for (sides, named) in
            [(vec![Side::Request], vec![7, 5]), (vec![Side::Response], vec![7]), (vec![], vec![7])]
        {
            let mut search = Search::default();
            let number = search.question(&agent, 9, 0).expect("a question").number;
            let hit = SearchHit { exchange: 7, sides: sides.into_iter().map(i32::from).collect() };
            assert_eq!(search.told(number, Ok(vec![hit]), &roster), None);
            assert_eq!(
                search.hints.nearest(&[5, 6, 7, 8, 9], 9, None).collect::<Vec<u64>>(),
                named
            );
        }
    }
}
