//! The inspector: one exchange as it was sent.

use ccdump_record::Exchange;

use super::{Part, Subject};
use crate::{Effect, State, keymap::Command};

/// Columns before the names of the parts in the bar, and around each.
const BEFORE: u16 = 1;
const AROUND: u16 = 2;

/// The part whose name stands in this column of the bar.
pub fn part_at(column: u16) -> Option<Part> {
    let mut from = BEFORE;
    Part::ALL.into_iter().find(|part| {
        let width = u16::try_from(part.name().len()).unwrap_or(0) + AROUND;
        let is_in = (from..from + width).contains(&column);
        from += width;
        is_in
    })
}

impl State {
    /// What is known of an exchange, whether it came with the index or for a sheet.
    pub fn row_of(&self, exchange: u64) -> Option<&Exchange> {
        let fetched = self.sheet.material.heads(exchange).and_then(Result::ok).map(|(row, _)| row);
        self.roster.row(exchange).into_iter().chain(fetched).max_by_key(|row| row.through_seq)
    }

    /// Opens the inspector on the marked block's exchange, or the first one on the screen.
    pub(crate) fn inspect(&mut self) {
        if let Some(exchange) = self.exchange_at_hand() {
            self.sheet.open(Subject::Inspect { exchange, part: Part::Request });
        }
    }

    pub(super) fn inspect_command(
        &mut self,
        exchange: u64,
        part: Part,
        command: Command,
    ) -> Vec<Effect> {
        let subject = match command {
            Command::NextPart => Subject::Inspect { exchange, part: part.step(true) },
            Command::PreviousPart => Subject::Inspect { exchange, part: part.step(false) },
            Command::Part(part) => Subject::Inspect { exchange, part },
            Command::NextExchange | Command::PreviousExchange => {
                let Some(exchange) = self.beside(exchange, command == Command::NextExchange) else {
                    return Vec::new();
                };
                Subject::Inspect { exchange, part }
            }
            other => return self.common_command(other),
        };
        self.sheet.open(subject);
        Vec::new()
    }

    /// The same agent's exchange after another one, or before it.
    pub(super) fn beside(&self, exchange: u64, forward: bool) -> Option<u64> {
        let all = self.conversation.exchanges(&self.roster);
        let from = all.partition_point(|id| *id < exchange);
        let is_there = all.get(from) == Some(&exchange);
        let next = if forward { Some(from + usize::from(is_there)) } else { from.checked_sub(1) };
        next.and_then(|next| all.get(next)).copied()
    }
}
