//! What the conversation makes of several exchanges together.

use ccdump_record::{EndState, Exchange};
use ccdump_state::{DaemonEvent, Event};

use super::rig::{Rig, row};

/// Exchange `id`, which goes on from the one before with a request of that size.
fn turn(id: u64, status: u16, bytes: u64) -> Exchange {
    let end_state = if status < 400 { EndState::Complete } else { EndState::UpstreamError };
    Exchange {
        previous: id.checked_sub(1).filter(|previous| *previous > 0),
        status: Some(status),
        request_bytes: bytes,
        end_state: Some(end_state),
        ..row(id, "main")
    }
}

fn shown(rig: &Rig) -> Vec<String> {
    rig.text()
        .into_iter()
        .filter(|line| ["──", "↻", "✗"].iter().any(|mark| line.contains(mark)))
        .collect()
}

#[test]
fn a_request_that_is_sent_again_is_one_turn_and_the_screen_goes_on_from_where_it_was() {
    let mut rig = Rig::empty();
    rig.event(Event::Held { name: "main".to_owned(), saved: true, state: None });
    rig.event(Event::Daemon(DaemonEvent::Rows(vec![turn(1, 200, 100), turn(2, 529, 200)])));
    rig.event(Event::Daemon(DaemonEvent::SnapshotEnd));
    assert!(
        rig.shows("✗ failed: the upstream answered 529") && rig.shows("failed"),
        "{:#?}",
        rig.text()
    );
    for next in [turn(3, 529, 200), turn(4, 200, 200)] {
        rig.event(Event::Daemon(DaemonEvent::Rows(vec![next])));
    }
    let lines = shown(&rig);
    assert!(
        lines.iter().any(|line| line.contains("#2") && line.contains("tried again")),
        "{lines:#?}"
    );
    assert!(
        lines.iter().any(|line| line.contains("↻ tried 3 times: 529 (#2), 529 (#3), 200 (#4)")),
        "{lines:#?}"
    );
    assert!(
        !lines.iter().any(|line| line.contains('✗') || line.contains("── main · #3")),
        "{lines:#?}"
    );
    assert!(
        rig.shows("question 2")
            && rig.shows("answer 4 line 0")
            && !rig.text().iter().any(|line| line.contains("answer 3"))
    );
    // There and back over the try that has no lines.
    let before = rig.text();
    rig.keys(&["{", "{", "}", "}"]);
    assert!(rig.shows("#2") && rig.shows("#4"), "{:#?} {before:#?}", rig.text());
}
