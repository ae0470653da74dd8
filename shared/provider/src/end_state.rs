//! How an exchange ended, judged from the facts.

use ccdump_record::{ClosedBy, EndState};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndFacts {
    pub closed_by: ClosedBy,
    /// `None`: no answer had come.
    pub status: Option<u16>,
    /// Every response byte that arrived was delivered.
    pub all_delivered: bool,
    /// The body is a stream that says itself where it ends.
    pub terminal_expected: bool,
    pub terminal_delivered: bool,
    /// The stream held an error event.
    pub api_error: bool,
}

pub fn end_state(facts: &EndFacts) -> EndState {
    let answered_with_error = facts.status.is_some_and(|status| status >= 400);
    match facts.closed_by {
        ClosedBy::Unreachable | ClosedBy::Refused => EndState::UpstreamError,
        _ if facts.api_error || (answered_with_error && facts.all_delivered) => {
            EndState::UpstreamError
        }
        // Agents close as soon as they have read the terminal event.
        _ if facts.terminal_expected && facts.terminal_delivered => EndState::Complete,
        ClosedBy::Proxy => EndState::UpstreamError,
        ClosedBy::Finished if !facts.all_delivered => EndState::ClientCancelled,
        ClosedBy::Finished if facts.terminal_expected => EndState::Truncated,
        ClosedBy::Finished => EndState::Complete,
        ClosedBy::Upstream if facts.status.is_none() => EndState::UpstreamError,
        ClosedBy::Upstream => EndState::Truncated,
        // A WebSocket has no end of its own: agents just close it.
        ClosedBy::Client if facts.status == Some(101) && facts.all_delivered => EndState::Complete,
        ClosedBy::Client => EndState::ClientCancelled,
        ClosedBy::Daemon => EndState::DaemonStopped,
    }
}

#[cfg(test)]
mod tests {
    use ccdump_record::{ClosedBy::*, EndState::*};

    use super::*;

    fn facts(closed_by: ClosedBy, status: Option<u16>) -> EndFacts {
        EndFacts {
            closed_by,
            status,
            all_delivered: true,
            terminal_expected: false,
            terminal_delivered: false,
            api_error: false,
        }
    }

    #[test]
    fn every_way_to_end() {
        let stream =
            |closed_by| EndFacts { terminal_expected: true, ..facts(closed_by, Some(200)) };
        let cut_short = |facts| EndFacts { all_delivered: false, ..facts };
        let terminal = |facts| EndFacts { terminal_delivered: true, ..facts };
        let table = [
            ("a whole body", facts(Finished, Some(200)), Complete),
            ("a stream with its terminal event", terminal(stream(Finished)), Complete),
            ("a stream that ended cleanly without it", stream(Finished), Truncated),
            (
                "finished upstream, but the client had gone",
                cut_short(facts(Finished, Some(200))),
                ClientCancelled,
            ),
            (
                "finished upstream, but the client had gone from the stream",
                cut_short(stream(Finished)),
                ClientCancelled,
            ),
            ("the client closed at the terminal event", terminal(stream(Client)), Complete),
            (
                "the client closed at it, and a byte after it was left",
                cut_short(terminal(stream(Client))),
                Complete,
            ),
            ("the client left in the middle", cut_short(stream(Client)), ClientCancelled),
            ("the client left while all was delivered so far", stream(Client), ClientCancelled),
            ("the client left before any answer", facts(Client, None), ClientCancelled),
            ("the upstream broke before any answer", facts(Upstream, None), UpstreamError),
            ("the upstream broke in a stream", stream(Upstream), Truncated),
            ("the upstream broke in a body", cut_short(facts(Upstream, Some(200))), Truncated),
            ("the upstream broke after the terminal event", terminal(stream(Upstream)), Complete),
            ("the daemon stopped", stream(Daemon), DaemonStopped),
            ("the daemon stopped after the terminal event", terminal(stream(Daemon)), Complete),
            ("the daemon stopped before any answer", facts(Daemon, None), DaemonStopped),
            ("nobody answered", facts(Unreachable, Some(502)), UpstreamError),
            (
                "nobody answered, and the client did not wait",
                cut_short(facts(Unreachable, None)),
                UpstreamError,
            ),
            ("we refused", facts(Refused, Some(403)), UpstreamError),
            ("we failed before any answer", facts(Proxy, None), UpstreamError),
            ("we failed in a stream", cut_short(stream(Proxy)), UpstreamError),
            ("we failed after the terminal event", terminal(stream(Proxy)), Complete),
            ("an error status", facts(Finished, Some(529)), UpstreamError),
            (
                "an error status, and the client closed with it",
                facts(Client, Some(400)),
                UpstreamError,
            ),
            (
                "an error status, and the client left in its body",
                cut_short(facts(Client, Some(500))),
                ClientCancelled,
            ),
            (
                "an error event",
                EndFacts { api_error: true, ..terminal(stream(Finished)) },
                UpstreamError,
            ),
            (
                "an error event, and the client left",
                EndFacts { api_error: true, ..cut_short(stream(Client)) },
                UpstreamError,
            ),
            ("a WebSocket that the client closed", facts(Client, Some(101)), Complete),
            ("a WebSocket that the upstream broke", facts(Upstream, Some(101)), Truncated),
            ("a redirect", facts(Finished, Some(302)), Complete),
        ];
        for (what, facts, expected) in table {
            assert_eq!(end_state(&facts), expected, "{what}");
        }
    }
}
