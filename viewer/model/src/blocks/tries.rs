//! A request that was sent more than once.

use ccdump_record::{EndState, Exchange};

use super::{Category, ItemBody, Try, list::List, turn::Turn};

pub(super) fn add(turn: Turn<'_>, list: &mut List) {
    if turn.tries.is_empty() {
        return;
    }
    let tried =
        |row: &Exchange| Try { id: row.id, outcome: outcome(row), error: row.error.clone() };
    let tries = turn.tries.iter().copied().chain([turn.row]).map(tried).collect();
    list.add("tries", Category::Metadata, ItemBody::Tries(tries));
}

fn outcome(row: &Exchange) -> String {
    match (row.status, row.end_state) {
        (Some(status), Some(EndState::Truncated)) => format!("{status}, cut off"),
        (Some(status @ ..400), Some(EndState::UpstreamError)) => format!("{status}, then an error"),
        (Some(status), _) => status.to_string(),
        (None, None) => "waiting".to_owned(),
        (None, _) => "no answer".to_owned(),
    }
}
