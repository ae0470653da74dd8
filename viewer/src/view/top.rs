//! The line at the top: the daemon, the recording, where agents connect, whose conversation this
//! is, and where in it the screen stands.

use ccdump_client::text::{cut_line, units};
use ccdump_model::{
    line::Span,
    theme::{Role, Theme},
};
use ccdump_state::{Connection, State, sheet::Subject};
use ratatui::{Frame, layout::Rect};

use super::{
    moment,
    paint::{self, both_ends, word},
};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, theme: &Theme) {
    let place = place(state);
    let room = usize::from(area.width).saturating_sub(paint::width(&place) + 1);
    both_ends(frame, area, theme, &daemon(state, room), &place);
}

/// `room`: columns. An address that finds no room is left out: half of it is another one.
fn daemon(state: &State, room: usize) -> Vec<Span> {
    let daemon = &state.daemon;
    let mut spans = vec![word(Role::BarStrong, " ccdump ")];
    match &daemon.connection {
        Connection::Connecting => spans.push(word(Role::Dim, "connecting…")),
        Connection::Failed(reason) => spans.push(word(Role::Error, format!("● {reason}"))),
        Connection::Lost { reason, since_us } => {
            let seconds = u64::try_from(state.now_us.saturating_sub(*since_us)).unwrap_or_default()
                / 1_000_000;
            spans.push(word(Role::Warning, format!("● daemon lost {seconds} s ago, reconnecting")));
            spans.push(word(Role::Dim, format!(" ({reason})")));
        }
        Connection::Connected if let Some(moment) = &state.moment => {
            spans.extend(moment::spans(state, moment))
        }
        Connection::Connected => {
            match &daemon.paused {
                Some(reason) => {
                    spans.push(word(Role::Warning, format!("● not recording: {reason}")))
                }
                None => spans.extend([word(Role::Good, "●"), word(Role::Bar, " recording")]),
            }
            if let Some(notice) = &daemon.mending {
                spans.push(word(Role::Warning, format!("  {notice}")));
            }
            let address = word(Role::Bar, format!("  {}", daemon.proxy));
            if paint::width(&spans) + paint::width(std::slice::from_ref(&address)) <= room {
                spans.push(address);
            }
        }
    }
    if !state.reloads.stale.is_empty() {
        spans.push(word(Role::Warning, "  daemon is older than the source"));
    }
    if state.reloads.building {
        spans.push(word(Role::Live, "  building…"));
    } else if !state.reloads.errors.is_empty() {
        spans.push(word(
            Role::Error,
            format!("  {}", units::plural(state.reloads.errors.len(), "error")),
        ));
    }
    if daemon.gap_bytes > 0 && state.moment.is_none() {
        spans.push(word(
            Role::Warning,
            format!("  {} not recorded", units::bytes(daemon.gap_bytes)),
        ));
    }
    spans
}

fn place(state: &State) -> Vec<Span> {
    let mut spans = Vec::new();
    let talk = &state.conversation;
    let usual = if state.moment.is_some() { ccdump_state::moment::NAME } else { "main" };
    if state.view.is_saved && state.view.name != usual {
        spans.push(word(Role::Bar, format!("view {}  ", cut_line(&state.view.name, 20))));
    }
    let exchanges = talk.exchanges(&state.roster);
    if let Some(subject) = &state.sheet.subject {
        spans.extend(of_sheet(subject, exchanges));
    } else if let Some(row) = talk.window.rows.last() {
        let number = talk.window.last_turn + 1;
        spans.push(word(Role::BarStrong, format!("#{}", row.turn.exchange)));
        spans.push(word(Role::Bar, format!(" {number}/{}  ", exchanges.len())));
        spans.push(match talk.follow {
            true => word(Role::Live, "following "),
            false if talk.window.at_end => word(Role::Bar, "end "),
            false => word(Role::Bar, "scrolled up "),
        });
    }
    spans
}

/// The exchanges that a sheet is of; it names sections itself. `exchanges`: those of the
/// conversation below it.
fn of_sheet(subject: &Subject, exchanges: &[u64]) -> Vec<Span> {
    let number = |exchange: &u64| word(Role::BarStrong, format!("#{exchange}"));
    match subject {
        Subject::Inspect { exchange, .. } => {
            let at = exchanges
                .binary_search(exchange)
                .map_or_else(|_| " ".to_owned(), |at| format!(" {}/{} ", at + 1, exchanges.len()));
            vec![number(exchange), word(Role::Bar, at)]
        }
        Subject::Compare { left, right } => {
            vec![number(left), word(Role::Bar, " → "), number(right), word(Role::Bar, " ")]
        }
        Subject::Versions { .. } | Subject::CompareSections { .. } => Vec::new(),
    }
}
