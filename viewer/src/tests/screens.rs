//! What is seen, as text and as styles.

use std::fmt::Write as _;

use ccdump_record::{Detail, EndState, Event as LogEvent, Exchange, StartedBy};
use ccdump_state::{
    DaemonEvent, Event, Moment,
    at::At,
    config::Config,
    mouse::{Action, Mouse},
};
use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::Buffer,
    style::{Color, Style},
};

use super::rig::{Rig, row};
use crate::view::draw;

fn drawn(rig: &Rig, width: u16, height: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a screen of memory");
    terminal
        .draw(|frame| draw(frame, &rig.state, rig.state.theme()))
        .expect("memory can be written");
    terminal.backend().buffer().clone()
}

/// The text, and below it each line's styled runs.
fn picture(buffer: &Buffer) -> String {
    let mut text = String::new();
    let mut styles = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut runs: Vec<(Style, String)> = Vec::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            // The second cell of a wide character holds nothing of its own.
            if skip > 0 {
                skip -= 1;
                continue;
            }
            skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
            line.push_str(cell.symbol());
            match runs.last_mut() {
                Some((style, run)) if *style == cell.style() => run.push_str(cell.symbol()),
                _ => runs.push((cell.style(), cell.symbol().to_owned())),
            }
        }
        let _ = writeln!(text, "{}", line.trim_end());
        for (style, run) in
            runs.iter().filter(|(style, run)| *style != Style::reset() && !run.trim().is_empty())
        {
            let modifiers = format!("{:?}", style.add_modifier);
            let ground = style
                .bg
                .filter(|bg| *bg != Color::Reset)
                .map(|bg| format!(" on {bg}"))
                .unwrap_or_default();
            let _ = writeln!(
                styles,
                "{y:>3} {:?}{ground} {modifiers} {:?}",
                style.fg.unwrap_or_default(),
                run.trim()
            );
        }
    }
    format!("{text}---\n{styles}")
}

/// The same at each of the three widths.
pub(super) fn pictures(name: &str, make: impl Fn(u16, u16) -> Rig) {
    for (width, height) in [(60, 15), (80, 24), (120, 36)] {
        let rig = make(width, height);
        insta::assert_snapshot!(format!("{name}@{width}"), picture(&drawn(&rig, width, height)));
    }
}

/// The same on a very large screen.
fn large(name: &str, make: impl Fn(u16, u16) -> Rig) {
    let rig = make(300, 100);
    insta::assert_snapshot!(format!("{name}@300"), picture(&drawn(&rig, 300, 100)));
}

pub(super) fn sized(mut rig: Rig, width: u16, height: u16) -> Rig {
    rig.event(Event::Resize { width, height });
    rig
}

#[test]
fn nothing_recorded_yet() {
    pictures("welcome", |width, height| {
        let mut rig = sized(Rig::empty(), width, height);
        rig.key("j");
        rig
    });
}

#[test]
fn a_conversation() {
    let make = |width, height| sized(Rig::with(40), width, height);
    pictures("conversation", |width, height| sized(Rig::with(9), width, height));
    large("conversation", make);
}

#[test]
fn agents_and_how_they_stand() {
    pictures("agents", |width, height| {
        let mut rig = sized(Rig::with(3), width, height);
        let mut open = row(1002, "sub");
        open.end_state = None;
        let mut failed = row(1003, "other");
        failed.end_state = Some(EndState::UpstreamError);
        let mut cancelled = row(1004, "漢字 agent");
        cancelled.end_state = Some(EndState::ClientCancelled);
        rig.event(Event::Daemon(DaemonEvent::Rows(vec![open, failed, cancelled])));
        rig.keys(&["tab", "j"]);
        rig
    });
}

#[test]
fn a_moment_of_the_past() {
    pictures("moment", |width, height| {
        let mut rig = sized(Rig::empty(), width, height);
        let row = Exchange {
            started_at_us: 1_793_871_667_250_000,
            duration_us: Some(9_000_000),
            ..row(2, "main")
        };
        let at = At { exchange: 2, after_us: Some(1_500_000) };
        rig.state.show_moment(Moment::new(at, false, Some(row.clone())));
        rig.event(Event::Daemon(DaemonEvent::Rows(vec![row])));
        rig.event(Event::Daemon(DaemonEvent::SnapshotEnd));
        rig.event(Event::Live {
            exchange: 2,
            events: vec![LogEvent { seq: 1, ..LogEvent::of(0, Detail::Unknown(String::new())) }],
        });
        rig.keys(&["+", ">"]);
        rig
    });
}

#[test]
fn the_help() {
    pictures("help", |width, height| {
        let mut rig = sized(Rig::with(3), width, height);
        rig.key("?");
        rig
    });
}

#[test]
fn the_daemon_went_away() {
    pictures("lost", |width, height| {
        let mut rig = sized(Rig::with(3), width, height);
        rig.event(Event::Daemon(DaemonEvent::Lost("it ended the stream".to_owned())));
        rig.now += 7_000_000;
        rig.event(Event::Tick);
        rig
    });
}

#[test]
fn recording_is_paused_and_something_is_missing() {
    pictures("paused", |width, height| {
        let mut rig = sized(Rig::with(3), width, height);
        rig.event(Event::Daemon(DaemonEvent::Gap { bytes: 12_345, exchanges: 2 }));
        rig.event(Event::Daemon(DaemonEvent::Paused(Some("the disk is full".to_owned()))));
        rig
    });
}

#[test]
fn scrolled_up_with_a_marked_block() {
    pictures("scrolled", |width, height| {
        let mut rig = sized(Rig::with(9), width, height);
        rig.keys(&["pgup", "J", "3"]);
        rig
    });
}

#[test]
fn a_search_that_is_typed() {
    let make = |width, height| {
        let mut rig = sized(Rig::with(40), width, height);
        rig.keys(&["pgup", "/", "alt-c"]);
        rig.type_text("question 2");
        (0..20).for_each(|_| rig.event(Event::Tick));
        rig
    };
    pictures("search", make);
    large("search", make);
}

#[test]
fn what_was_found() {
    pictures("found", |width, height| {
        let mut rig = sized(Rig::with(9), width, height);
        rig.keys(&["3", "/"]);
        rig.type_text("line 1");
        rig.keys(&["enter", "N"]);
        rig
    });
}

#[test]
fn the_palette() {
    let make = |width, height| {
        let mut rig = sized(Rig::with(9), width, height);
        rig.key("ctrl-p");
        rig.type_text("tool");
        rig.key("down");
        rig
    };
    pictures("palette", make);
    large("palette", make);
}

/// Several, one of them with a name of wide characters and news.
#[test]
fn tabs() {
    let make = |width, height| {
        let mut rig = sized(Rig::with(9), width, height);
        let started_by = StartedBy {
            description: Some("漢字の長い名前のエージェント 👩‍🚀".to_owned()),
            ..StartedBy::default()
        };
        let other = |id| Exchange {
            session: None,
            started_by: Some(started_by.clone()),
            ..row(id, "other")
        };
        rig.event(Event::Daemon(DaemonEvent::Rows(vec![other(1003)])));
        rig.keys(&["alt-t", ".", "alt-t", ",", ",", "`", "2"]);
        rig.event(Event::Daemon(DaemonEvent::Rows(vec![other(1004)])));
        rig
    };
    pictures("tabs", make);
    large("tabs", make);
    pictures("tab", |width, height| {
        let mut rig = make(width, height);
        rig.key("`");
        rig
    });
}

#[test]
fn a_request_that_is_inspected() {
    pictures("inspect-request", |width, height| {
        let mut rig = sized(Rig::with(9), width, height);
        rig.keys(&["i", "j", "l", "j"]);
        rig
    });
    pictures("inspect-found", |width, height| {
        let mut rig = sized(Rig::with(9), width, height);
        rig.keys(&["i", "/"]);
        rig.type_text("line 12");
        rig.key("enter");
        rig
    });
}

#[test]
fn a_response_its_events_and_its_times_that_are_inspected() {
    for (name, keys) in [
        ("response", &["i", "2"][..]),
        ("events", &["i", "4", "j", "j", "j", "enter"]),
        ("timing", &["i", "5"]),
    ] {
        pictures(&format!("inspect-{name}"), |width, height| {
            let mut rig = sized(Rig::with(9), width, height);
            rig.keys(keys);
            rig
        });
    }
}

#[test]
fn headers_that_are_inspected() {
    pictures("inspect-headers", |width, height| {
        let mut rig = sized(Rig::with(9), width, height);
        rig.keys(&["i", "3"]);
        rig
    });
}

#[test]
fn lines_that_are_being_selected() {
    pictures("selected", |width, height| {
        let mut rig = sized(Rig::with(9), width, height);
        for (action, y) in [(Action::Press, 4), (Action::Drag, 7)] {
            rig.event(Event::Mouse(Mouse { action, x: 40, y }));
        }
        rig
    });
}

#[test]
fn a_number_and_a_mark() {
    pictures("number", |width, height| {
        let mut rig = sized(Rig::with(9), width, height);
        rig.keys(&["m", "a", "#", "1", "2"]);
        rig
    });
    pictures("mark", |width, height| {
        let mut rig = sized(Rig::with(9), width, height);
        rig.keys(&["m", "a", "m", "b", "'"]);
        rig
    });
}

/// Each style of it once, with the first character that has it.
#[test]
fn one_screen_in_every_theme() {
    let mut rig = sized(Rig::with(3), 80, 12);
    rig.key("tab");
    let names: Vec<String> =
        rig.state.config.themes.iter().map(|theme| theme.name().to_owned()).collect();
    let mut pictures = String::new();
    for name in names {
        rig.event(Event::Config(Ok(Box::new(Config {
            theme: Some(name.clone()),
            ..Config::default()
        }))));
        // Without what is said of the change.
        rig.now += 60_000_000;
        rig.event(Event::Tick);
        let _ = writeln!(pictures, "{name}");
        let mut seen = Vec::new();
        for cell in &drawn(&rig, 80, 12).content {
            if cell.symbol() != " " && !seen.contains(&cell.style()) {
                let _ = writeln!(
                    pictures,
                    "  {} {} on {} {:?}",
                    cell.symbol(),
                    cell.fg,
                    cell.bg,
                    cell.modifier
                );
                seen.push(cell.style());
            }
        }
    }
    insta::assert_snapshot!("themes", pictures);
}

#[test]
fn every_size_can_be_drawn() {
    for (width, height) in
        [(1, 1), (19, 4), (20, 5), (60, 15), (75, 24), (76, 24), (300, 100), (300, 5), (20, 100)]
    {
        let mut rig = sized(Rig::with(9), width, height);
        drawn(&rig, width, height);
        rig.key("?");
        drawn(&rig, width, height);
    }
}
