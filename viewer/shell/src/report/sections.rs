//! The sections of a session's system prompts, as reports keep them.

use std::collections::BTreeMap;

use ccdump_record::SystemSection;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SectionsHad {
    pub(super) session: Option<String>,
    /// By number.
    sections: BTreeMap<u64, SystemSection>,
}

impl SectionsHad {
    pub(super) fn of(session: Option<String>) -> Self {
        Self { session, sections: BTreeMap::new() }
    }

    /// Takes in what the daemon told: what it told before of the same ones was older.
    pub(super) fn take(&mut self, told: &[SystemSection]) {
        self.sections.extend(told.iter().map(|section| (section.number, section.clone())));
    }

    /// Those with a greater number.
    pub(super) fn after(&self, number: u64) -> Vec<SystemSection> {
        self.sections.values().filter(|had| had.number > number).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_told_again() {
        let told = |number, exchanges| SystemSection {
            number,
            block: ccdump_record::Block { hash: u64::MAX - number, ..Default::default() },
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
