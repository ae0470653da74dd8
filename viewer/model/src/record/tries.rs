//! Requests that were sent again because they failed.

use ccdump_record::{EndState, Exchange};

use super::{Roster, is_turn};

/// Tries that are looked back at.
const MOST: usize = 32;

impl Roster {
    /// The tries of the same request before this one, oldest first.
    pub fn tries_before<'a>(&'a self, row: &'a Exchange) -> Vec<&'a Exchange> {
        let mut tries = Vec::new();
        let mut at = row;
        while let Some(before) = at
            .previous
            .and_then(|previous| self.row(previous))
            .filter(|before| is_tried_again(before, at))
            && tries.len() < MOST
        {
            tries.push(before);
            at = before;
        }
        tries.reverse();
        tries
    }

    /// Whether the request failed and was sent again.
    pub fn is_tried_again(&self, row: &Exchange) -> bool {
        has_failed(row) && self.after(row).is_some_and(|after| is_tried_again(row, after))
    }

    /// The turn of the same agent before this one, in whatever thread.
    pub fn turn_before(&self, row: &Exchange) -> Option<&Exchange> {
        let agent = self.agent(&super::AgentKey::of(row))?;
        let to = agent.exchanges.partition_point(|id| *id < row.id);
        let rows =
            agent.exchanges.get(..to)?.iter().rev().take(MOST).filter_map(|id| self.row(*id));
        rows.into_iter().find(|row| is_turn(row))
    }
}

/// Clients send a request again byte for byte.
fn is_tried_again(row: &Exchange, after: &Exchange) -> bool {
    let is_same = row.request_bytes > 0
        && row.request_bytes == after.request_bytes
        && row.model == after.model;
    // An id is greater than that of the exchange before, or the chain would not end.
    is_same && row.id < after.id && has_failed(row)
}

fn has_failed(row: &Exchange) -> bool {
    let by_status = row.status.is_some_and(|status| status == 429 || status >= 500);
    by_status
        || matches!(row.end_state, Some(EndState::UpstreamError | EndState::Truncated))
            && row.status.is_none_or(|status| status < 400)
}

#[cfg(test)]
mod tests {
    use ccdump_record::RequestRole;

    use super::*;

    fn row(id: u64, previous: Option<u64>, status: u16, bytes: u64) -> Exchange {
        let end_state = if status < 400 { EndState::Complete } else { EndState::UpstreamError };
        Exchange {
            id,
            previous,
            status: Some(status),
            request_bytes: bytes,
            end_state: Some(end_state),
            role: RequestRole::Turn,
            ..Exchange::default()
        }
    }

    #[test]
    fn the_same_request_after_a_failure_is_another_try() {
        let mut roster = Roster::default();
        let rows = [
            row(1, None, 200, 10),
            row(2, Some(1), 529, 20),
            row(3, Some(2), 529, 20),
            row(4, Some(3), 200, 20),
            // Another request, one that was refused for good, and one that was answered.
            row(5, Some(4), 529, 30),
            row(6, Some(5), 401, 31),
            row(7, Some(6), 200, 31),
            row(8, Some(7), 200, 31),
        ];
        rows.iter().for_each(|row| roster.upsert(row.clone()));
        let tries: Vec<Vec<u64>> = rows
            .iter()
            .map(|row| roster.tries_before(row).iter().map(|row| row.id).collect())
            .collect();
        assert_eq!(tries, [vec![], vec![], vec![2], vec![2, 3], vec![], vec![], vec![], vec![]]);
        let again: Vec<u64> =
            rows.iter().filter(|row| roster.is_tried_again(row)).map(|row| row.id).collect();
        assert_eq!(again, [2, 3]);
        assert_eq!(roster.turn_before(&rows[3]).map(|row| row.id), Some(3));
    }

    #[test]
    fn a_ring_of_tries_comes_to_an_end() {
        let mut roster = Roster::default();
        roster.upsert(row(1, Some(2), 500, 5));
        roster.upsert(row(2, Some(1), 500, 5));
        let tries: Vec<u64> =
            roster.tries_before(&row(2, Some(1), 500, 5)).iter().map(|row| row.id).collect();
        assert_eq!(tries, [1]);
    }
}
