//! The sections of a session's system prompts, as reports keep them.

use std::collections::BTreeMap;

use ccdump_wire::v1::SystemSection;
use serde::{Deserialize, Serialize};

use super::content::BlockHad;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SectionsHad {
    pub(super) session: Option<String>,
    /// By number.
    sections: BTreeMap<u64, SectionHad>,
}

/// Names and units are those of the contract's `SystemSection`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct SectionHad {
    number: u64,
    block: BlockHad,
    first_exchange: u64,
    first_at_us: i64,
    last_exchange: u64,
    last_at_us: i64,
    exchanges: u64,
    agent: Option<String>,
    position: u32,
}

impl SectionsHad {
    pub(super) fn of(session: Option<String>) -> Self {
        Self { session, sections: BTreeMap::new() }
    }

    /// Takes in what the daemon told: what it told before of the same ones was older.
    pub(super) fn take(&mut self, told: &[SystemSection]) {
        self.sections.extend(told.iter().map(|section| (section.number, section.into())));
    }

    /// Those with a greater number.
    pub(super) fn after(&self, number: u64) -> Vec<SystemSection> {
        self.sections.values().filter(|had| had.number > number).map(Into::into).collect()
    }
}

impl From<&SystemSection> for SectionHad {
    fn from(section: &SystemSection) -> Self {
        Self {
            number: section.number,
            block: section.block.as_ref().map(Into::into).unwrap_or_default(),
            first_exchange: section.first_exchange,
            first_at_us: section.first_at_us,
            last_exchange: section.last_exchange,
            last_at_us: section.last_at_us,
            exchanges: section.exchanges,
            agent: section.agent.clone(),
            position: section.position,
        }
    }
}

impl From<&SectionHad> for SystemSection {
    fn from(had: &SectionHad) -> Self {
        Self {
            number: had.number,
            block: Some((&had.block).into()),
            first_exchange: had.first_exchange,
            first_at_us: had.first_at_us,
            last_exchange: had.last_exchange,
            last_at_us: had.last_at_us,
            exchanges: had.exchanges,
            agent: had.agent.clone(),
            position: had.position,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_told_again() {
        let told = |number, exchanges| SystemSection {
            number,
            block: Some(ccdump_wire::v1::Block { hash: u64::MAX - number, ..Default::default() }),
            exchanges,
            agent: Some("main".to_owned()),
            ..SystemSection::default()
        };
        let mut had = SectionsHad::of(Some("s".to_owned()));
        had.take(&[told(1, 1), told(2, 1)]);
        had.take(&[told(2, 5), told(3, 1)]);
        let json = serde_json::to_string(&had).expect("JSON");
        let had: SectionsHad = serde_json::from_str(&json).expect("the same");
        assert_eq!(had.after(0), [told(1, 1), told(2, 5), told(3, 1)]);
        assert_eq!(had.after(2), [told(3, 1)]);
    }
}
