//! Two exchanges side by side, and the versions of a session's system prompt.

use ccdump_model::record::{AgentKey, has_ended};
use ccdump_record::{BlockKind, SystemSection};
use serde::{Deserialize, Serialize};

use super::{Brought, Need, Subject, subject::MOST_SECTIONS};
use crate::{Effect, State, Weight, component::Component, keymap::Command, prompt::Prompt};

/// Sections longer than this are not fetched for the list of versions. Bytes.
const LONGEST: u64 = 1 << 20;

/// What was chosen to be compared with what comes next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Chosen {
    exchange: Option<u64>,
    /// A section of a session, by its number.
    section: Option<(Option<String>, u64)>,
}

impl Chosen {
    /// The chosen section of this session.
    pub fn section_of(&self, session: Option<&str>) -> Option<u64> {
        self.section.as_ref().filter(|(of, _)| of.as_deref() == session).map(|(_, number)| *number)
    }
}

impl Component for Chosen {
    const KEY: &'static str = "compare";
    const SCHEMA: u32 = 1;
    type Saved = Self;

    fn extract(&self) -> Self {
        self.clone()
    }

    fn restore(&mut self, saved: Self) {
        *self = saved;
    }
}

impl State {
    /// Compares the exchange at hand with the chosen one, or else with the one before.
    pub(crate) fn compare(&mut self) {
        let Some(exchange) = self.exchange_at_hand() else { return };
        let chosen = self.chosen.exchange.filter(|chosen| *chosen != exchange);
        match chosen.or_else(|| self.before(exchange)) {
            Some(other) => self.compare_two(exchange, other),
            None => {
                let words =
                    format!("nothing came before #{exchange} that it could be compared with");
                self.notices.say(self.now_us, Weight::Plain, words);
            }
        }
    }

    /// The earlier one stands left.
    fn compare_two(&mut self, one: u64, other: u64) {
        self.sheet.open(Subject::Compare { left: one.min(other), right: one.max(other) });
    }

    /// The exchange at hand is what others are compared with; or no longer, if it was.
    pub(crate) fn compare_from(&mut self) {
        let Some(exchange) = self.exchange_at_hand() else { return };
        let is_taken_back = self.chosen.exchange == Some(exchange);
        self.chosen.exchange = (!is_taken_back).then_some(exchange);
        let words = match is_taken_back {
            true => "exchanges are compared with the one before".to_owned(),
            false => format!("exchanges are compared with #{exchange}"),
        };
        self.notices.say(self.now_us, Weight::Plain, words);
    }

    pub(crate) fn ask_compare_with(&mut self) {
        if self.exchange_at_hand().is_some() {
            self.ask(Prompt::CompareWith);
        }
    }

    /// Compares the exchange at hand with the one whose number was typed.
    pub(crate) fn compare_with(&mut self, other: u64) {
        let Some(exchange) = self.exchange_at_hand() else { return };
        if self.roster.row(other).is_none() && self.daemon.caught_up {
            return self.notices.say(
                self.now_us,
                Weight::Warning,
                format!("there is no exchange #{other}"),
            );
        }
        self.compare_two(exchange, other);
    }

    /// The exchange before in the thread; of one that begins a thread, the same agent's before.
    fn before(&self, exchange: u64) -> Option<u64> {
        let row = self.roster.row(exchange)?;
        let beside = || {
            let all = &self.roster.agent(&AgentKey::of(row))?.exchanges;
            all.get(..all.partition_point(|id| *id < exchange))?.last().copied()
        };
        row.previous.or_else(beside)
    }

    pub(super) fn compare_command(&mut self, right: u64, command: Command) -> Vec<Effect> {
        match command {
            Command::NextExchange | Command::PreviousExchange => {
                let next = self.beside(right, command == Command::NextExchange);
                if let Some((right, left)) = next.and_then(|next| Some((next, self.before(next)?)))
                {
                    self.sheet.open(Subject::Compare { left, right });
                }
                Vec::new()
            }
            other => self.common_command(other),
        }
    }

    /// Opens the list of versions of the session's system prompt.
    pub(crate) fn open_versions(&mut self) {
        let row = self.exchange_at_hand().and_then(|exchange| self.roster.row(exchange));
        let of_row = row.map(|row| row.session.clone());
        let of_agent = || self.conversation.agent.as_ref().map(|agent| agent.session.clone());
        let Some(session) = of_row.or_else(of_agent) else { return };
        // How often and when they were sent last has changed.
        self.sections.refresh(session.as_deref());
        self.sheet.open(Subject::Versions { session });
    }

    pub(super) fn versions_command(
        &mut self,
        session: Option<String>,
        command: Command,
    ) -> Vec<Effect> {
        let Some(number) = self.sheet.version_at(self.sheet.cursor) else {
            return self.common_command(command);
        };
        match command {
            Command::Choose => {
                let chosen = Some((session, number));
                self.chosen.section = if self.chosen.section == chosen { None } else { chosen };
            }
            Command::Compare => {
                let chosen =
                    self.chosen.section_of(session.as_deref()).filter(|chosen| *chosen != number);
                let sections = self.sections.of(session.as_deref());
                match chosen.or_else(|| version_before(sections, number)) {
                    Some(other) => {
                        let (left, right) = (number.min(other), number.max(other));
                        self.sheet.open(Subject::CompareSections { session, left, right });
                    }
                    None => {
                        let words = format!(
                            "sp-{number} is the first in its place; choose another one with Space"
                        );
                        self.notices.say(self.now_us, Weight::Plain, words);
                    }
                }
            }
            other => return self.common_command(other),
        }
        Vec::new()
    }

    /// What has to be fetched for the list of versions: what is on the screen, and what is unfolded
    /// as far as that many are kept; and whether something is missing of which it depends where one
    /// is.
    pub(super) fn versions_needs(&self, session: Option<&str>, height: usize) -> (Vec<Need>, bool) {
        let sections = &self.sections;
        let told = sections.of(session);
        let (sheet, rows) = (&self.sheet, &self.sheet.rows);
        let need = |at| section_need(told, sheet.version_at(at)?);
        let unfolded = rows.roots().filter(|at| rows.get(*at).is_some_and(|row| row.is_open));
        let mut needs: Vec<Need> = rows.from(sheet.first).take(height).filter_map(need).collect();
        needs.dedup();
        let unfolded: Vec<Need> =
            unfolded.filter_map(need).take(MOST_SECTIONS.saturating_sub(needs.len())).collect();
        let is_missing =
            sections.is_awaited(session) || unfolded.iter().any(|need| !sheet.material.has(*need));
        needs.extend(unfolded);
        (needs, is_missing)
    }

    pub(super) fn sections_needs(
        &self,
        session: Option<&str>,
        numbers: [u64; 2],
    ) -> (Vec<Need>, bool) {
        let sections = &self.sections;
        let told = sections.of(session);
        (
            numbers.into_iter().filter_map(|number| section_need(told, number)).collect(),
            sections.is_awaited(session),
        )
    }

    /// What was fetched for a sheet. The sections in it want to have their numbers.
    pub(crate) fn brought(&mut self, need: Need, brought: Result<Brought, String>) {
        if let (Need::Compared(left, right), Ok(Brought::Compared(compared))) = (need, &brought) {
            for (exchange, half) in [(left, &compared.left), (right, &compared.right)] {
                let session = self.roster.row(exchange).and_then(|row| row.session.as_deref());
                let sections = half.blocks.iter().filter(|block| block.kind == BlockKind::System);
                sections.for_each(|block| self.sections.see(session, block.hash));
            }
        }
        self.sheet.material.take(need, brought);
    }

    /// Whether a command does anything on what the sheet is of.
    pub fn offers(&self, command: Command) -> bool {
        let is_of_parts =
            matches!(command, Command::NextPart | Command::PreviousPart | Command::Part(_));
        let is_of_exchange = matches!(
            command,
            Command::NextExchange
                | Command::PreviousExchange
                | Command::CompareFrom
                | Command::CompareWith
                | Command::CopyCurl
                | Command::CopyMarkdown
        );
        match self.sheet.subject {
            None => match command {
                Command::Inward => self.callee().is_some(),
                Command::Outward => self.caller().is_some(),
                _ => true,
            },
            Some(Subject::Inspect { .. }) => true,
            Some(Subject::Compare { .. }) => !is_of_parts && command != Command::Compare,
            Some(Subject::Versions { .. }) => {
                !is_of_parts && !is_of_exchange && command != Command::Versions
            }
            Some(Subject::CompareSections { .. }) => {
                !is_of_parts && !is_of_exchange && command != Command::Compare
            }
        }
    }

    /// Whether the exchanges of a comparison have ended: what was fetched of them before is fetched
    /// again then.
    pub(super) fn have_ended(&self, exchanges: &[u64]) -> bool {
        exchanges.iter().all(|exchange| self.roster.row(*exchange).is_some_and(has_ended))
    }
}

impl super::Sheet {
    /// The version that a row of the list belongs to.
    pub fn version_at(&self, row: usize) -> Option<u64> {
        let top = std::iter::successors(Some(row), |at| self.rows.parent(*at)).last()?;
        self.rows.get(top)?.name.strip_prefix("sp-")?.parse().ok()
    }
}

/// What a section says.
pub fn section_need(sections: &[SystemSection], number: u64) -> Option<Need> {
    let section = section(sections, number)?;
    let block = &section.block;
    let (offset, length) = (block.range.start, block.length());
    (length <= LONGEST).then_some(Need::Section {
        exchange: section.first_exchange,
        offset,
        length,
    })
}

/// The section of that number.
pub fn section(sections: &[SystemSection], number: u64) -> Option<&SystemSection> {
    let at = sections.binary_search_by_key(&number, |section| section.number).ok()?;
    sections.get(at)
}

/// The newest section before this one that stood in its place, of the same agent if there is one.
pub fn version_before(sections: &[SystemSection], number: u64) -> Option<u64> {
    let this = section(sections, number)?;
    let before = || {
        sections
            .iter()
            .rev()
            .filter(|other| other.number < number && other.position == this.position)
    };
    before()
        .find(|other| other.agent == this.agent)
        .or_else(|| before().next())
        .map(|other| other.number)
}
