//! Rows of the index as they were at a moment of the past.

use ccdump_record::Exchange;

use super::has_ended;

/// How far an exchange has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    NotBegun,
    /// Nothing of the answer is known to have come.
    Waiting,
    Answering,
    Ended,
}

/// When the exchange of a row ended; `None` while it is open. Microseconds, as all times here.
pub fn ended_at(row: &Exchange) -> Option<i64> {
    has_ended(row).then(|| after(row, row.duration_us.unwrap_or(0)))
}

/// When its first token came, where that is known.
pub fn answered_at(row: &Exchange) -> Option<i64> {
    row.ttft_us.map(|ttft| after(row, ttft))
}

fn after(row: &Exchange, us: u64) -> i64 {
    row.started_at_us.saturating_add_unsigned(us)
}

/// How far the exchange of a row had come at `at_us`.
pub fn stage(row: &Exchange, at_us: i64) -> Stage {
    let is_past = |time: Option<i64>| time.is_some_and(|time| time <= at_us);
    match () {
        () if row.started_at_us > at_us => Stage::NotBegun,
        () if is_past(ended_at(row)) => Stage::Ended,
        () if is_past(answered_at(row)) => Stage::Answering,
        () => Stage::Waiting,
    }
}

/// The row of an exchange as it was at `at_us`; `None`: it had not begun. What came later is
/// unknown, and so is what may have come later: a row does not say when its numbers came.
pub fn as_of(row: &Exchange, at_us: i64) -> Option<Exchange> {
    let stage = stage(row, at_us);
    match stage {
        Stage::NotBegun => None,
        Stage::Ended => Some(row.clone()),
        Stage::Waiting | Stage::Answering => {
            let answers = stage == Stage::Answering;
            Some(Exchange {
                status: row.status.filter(|_| answers),
                ttft_us: row.ttft_us.filter(|_| answers),
                end_state: None,
                duration_us: None,
                response_bytes: 0,
                usage: None,
                cost_usd: None,
                stop_reason: None,
                error: None,
                // It grows with the stage, so that what was made of one is known to be old at the
                // next.
                through_seq: u64::from(answers),
                ..row.clone()
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use ccdump_record::{EndState, Usage};

    use super::*;

    fn row() -> Exchange {
        Exchange {
            id: 7,
            session: Some("s".to_owned()),
            model: Some("claude-test".to_owned()),
            status: Some(200),
            end_state: Some(EndState::Complete),
            started_at_us: 1_000,
            duration_us: Some(500),
            ttft_us: Some(200),
            request_bytes: 10,
            response_bytes: 99,
            usage: Some(Usage { input: Some(3), ..Usage::default() }),
            cost_usd: Some(0.5),
            stop_reason: Some("end_turn".to_owned()),
            gap_bytes: 4,
            previous: Some(6),
            through_seq: 40,
            error: Some("late".to_owned()),
            ..Exchange::default()
        }
    }

    #[test]
    fn what_came_later_is_not_known() {
        let waiting = Exchange {
            status: None,
            end_state: None,
            duration_us: None,
            ttft_us: None,
            response_bytes: 0,
            usage: None,
            cost_usd: None,
            stop_reason: None,
            error: None,
            through_seq: 0,
            ..row()
        };
        let answering =
            Exchange { status: Some(200), ttft_us: Some(200), through_seq: 1, ..waiting.clone() };
        for (at_us, wanted) in [
            (i64::MIN, None),
            (999, None),
            (1_000, Some(waiting.clone())),
            (1_199, Some(waiting.clone())),
            (1_200, Some(answering.clone())),
            (1_499, Some(answering)),
            (1_500, Some(row())),
            (i64::MAX, Some(row())),
        ] {
            assert_eq!(as_of(&row(), at_us), wanted, "{at_us}");
        }
        assert_eq!(
            (waiting.gap_bytes, waiting.previous, waiting.request_bytes),
            (4, Some(6), 10),
            "what was known is kept"
        );
    }

    #[test]
    fn odd_rows_have_a_stage_too() {
        let open = Exchange { end_state: None, duration_us: None, ..row() };
        let silent = Exchange { ttft_us: None, ..row() };
        let timeless = Exchange { duration_us: None, ..silent.clone() };
        let absurd = Exchange { duration_us: Some(u64::MAX), ttft_us: Some(u64::MAX), ..row() };
        for (row, at_us, wanted) in [
            (&open, i64::MAX, Stage::Answering),
            (&silent, 1_499, Stage::Waiting),
            (&silent, 1_500, Stage::Ended),
            (&timeless, 1_000, Stage::Ended),
            (&absurd, i64::MAX - 1, Stage::Waiting),
            (&absurd, i64::MAX, Stage::Ended),
        ] {
            assert_eq!(stage(row, at_us), wanted, "{row:?} at {at_us}");
        }
    }
}
