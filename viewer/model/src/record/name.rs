//! What agents are called.

use std::{fmt, sync::Arc};

use ccdump_client::text::{clean_line, cut_line};
use ccdump_record::StartedBy;

use crate::line::width;

/// Characters of a name.
const LONGEST: usize = 60;

/// Fit for a terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentName {
    /// `Explore: find the tests`.
    whole: Arc<str>,
    /// Without the kind, for where there is little room.
    short: Arc<str>,
    /// Which one it is of those that are called the same, from 2.
    number: Option<usize>,
}

impl AgentName {
    /// Of an agent of which nothing else is known.
    pub fn plain(name: &str) -> Self {
        let name: Arc<str> = cut_line(&clean_line(name), LONGEST).into();
        Self { whole: name.clone(), short: name, number: None }
    }

    /// As the call that started it says; `None` where that says nothing of the sort.
    pub(super) fn of_call(call: &StartedBy) -> Option<Self> {
        let words = [&call.kind, &call.description].into_iter().flatten();
        let words: Vec<String> = words
            .map(|words| clean_line(words).trim().to_owned())
            .filter(|words| !words.is_empty())
            .collect();
        let [whole, short] =
            [&words.join(": "), words.last()?].map(|words| cut_line(words, LONGEST).into());
        Some(Self { whole, short, number: None })
    }

    pub(super) fn numbered(self, number: usize) -> Self {
        Self { number: (number > 1).then_some(number), ..self }
    }

    /// As much of it as tells it from others, in so many columns.
    pub fn fit(&self, columns: usize) -> String {
        let number = self.number.map(|number| format!(" ({number})")).unwrap_or_default();
        let room = columns.saturating_sub(number.len());
        let name = if width(&self.whole) <= room { &self.whole } else { &self.short };
        let mut cuts = (1..=room).rev().map(|chars| cut_line(name, chars));
        format!("{}{number}", cuts.find(|cut| width(cut) <= room).unwrap_or_default())
    }
}

impl fmt::Display for AgentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(f, "{} ({number})", self.whole),
            None => f.write_str(&self.whole),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_agents_apart_is_left_out_last() {
        let call = StartedBy {
            kind: Some("Explore".to_owned()),
            description: Some(" Find \u{1b}[31mthe tests".to_owned()),
            ..StartedBy::default()
        };
        let name = AgentName::of_call(&call).expect("it says what it is for");
        let second = name.clone().numbered(2);
        for (name, columns, expected) in [
            (&name, 60, "Explore: Find the tests"),
            (&name, 22, "Find the tests"),
            (&name, 9, "Find the…"),
            (&name, 0, ""),
            (&second, 60, "Explore: Find the tests (2)"),
            (&second, 26, "Find the tests (2)"),
            (&second, 12, "Find th… (2)"),
        ] {
            assert_eq!(name.fit(columns), expected, "{columns}");
        }
        assert_eq!((name.to_string(), second.to_string()), (name.fit(60), second.fit(60)));
        for silent in
            [StartedBy::default(), StartedBy { kind: Some(" ".to_owned()), ..StartedBy::default() }]
        {
            assert_eq!(AgentName::of_call(&silent), None);
        }
    }
}
