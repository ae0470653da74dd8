//! What the mouse does, by where it is.

use ccdump_state::{
    DaemonEvent, Event,
    config::Config,
    mouse::{Action, Mouse},
};

use super::rig::{Rig, row};

/// A cell of the conversation of the rig's screen, whose sidebar is 25 wide.
const TALK: u16 = 40;
const AGENTS: u16 = 5;

impl Rig {
    fn mouse(&mut self, action: Action, x: u16, y: u16) {
        self.event(Event::Mouse(Mouse { action, x, y }));
    }
}

#[test]
fn the_wheel_scrolls_what_is_under_the_pointer() {
    let mut rig = Rig::with(40);
    let agents = (0..60).map(|id| row(2000 + id, &format!("agent {id}"))).collect();
    rig.event(Event::Daemon(DaemonEvent::Rows(agents)));
    let at_end = rig.text();
    rig.mouse(Action::WheelUp, TALK, 5);
    assert!(!rig.follows());
    assert_eq!(rig.text()[3..], at_end[..at_end.len() - 3]);
    rig.mouse(Action::WheelDown, TALK, 5);
    assert!(rig.follows() && rig.text() == at_end);
    let first = rig.state.sidebar.first;
    rig.mouse(Action::WheelDown, AGENTS, 5);
    assert_eq!(
        (rig.state.sidebar.first, rig.text()),
        (first + 3, at_end),
        "though the chosen one is not to be seen"
    );
    (0..40).for_each(|_| rig.mouse(Action::WheelUp, AGENTS, 5));
    assert_eq!(rig.state.sidebar.first, 0);
    rig.key("?");
    rig.mouse(Action::WheelDown, TALK, 5);
    assert_eq!(rig.state.help, Some(3));
}

#[test]
fn a_click_chooses_an_agent_and_marks_a_block() {
    let mut rig = Rig::with(40);
    rig.mouse(Action::Press, AGENTS, 3);
    rig.mouse(Action::Release, AGENTS, 3);
    assert!(rig.shows("answer 1001"));
    rig.mouse(Action::Press, AGENTS, 2);
    assert!(rig.shows("answer 40"));
    for y in [1, 7, 12, 22] {
        rig.mouse(Action::Press, TALK, y);
        rig.mouse(Action::Release, TALK, y);
        let spot = rig.state.conversation.window.rows[usize::from(y) - 1].spot();
        assert_eq!(Some(rig.focus()), spot);
    }
    assert_eq!(rig.copied, None);
}

#[test]
fn a_click_on_the_sign_folds_and_unfolds() {
    let mut rig = Rig::with(39);
    let place = |rig: &Rig| {
        let lines = rig.text();
        let y = lines
            .iter()
            .rposition(|line| line.ends_with(['▸', '▾']))
            .expect("the call is on the screen");
        let sign = lines[y].chars().position(|c| matches!(c, '▸' | '▾')).expect("it can be folded");
        let x = usize::from(rig.state.areas().conversation.x) + 1 + sign;
        (u16::try_from(x).expect("on the screen"), u16::try_from(y + 1).expect("on the screen"))
    };
    let folded = rig.text();
    let (x, y) = place(&rig);
    rig.mouse(Action::Press, x - 3, y);
    assert_eq!(rig.text(), folded, "only the sign");
    rig.mouse(Action::Press, x, y);
    assert!(rig.shows("▾"));
    let (x, y) = place(&rig);
    rig.mouse(Action::Press, x, y);
    assert_eq!(rig.text(), folded);
}

#[test]
fn lines_over_which_it_is_drawn_are_copied() {
    for (from, to) in [(3, 6), (6, 3)] {
        let mut rig = Rig::with(40);
        let wanted = rig.text()[2..6]
            .iter()
            .map(|line| line.trim_end().to_owned())
            .collect::<Vec<_>>()
            .join("\n");
        rig.mouse(Action::Press, TALK, from);
        rig.mouse(Action::Drag, TALK + 3, to);
        assert_eq!(rig.state.pointer.selected(), Some(2..=5));
        rig.mouse(Action::Release, TALK + 3, to);
        assert_eq!(rig.copied.as_deref(), Some(wanted.as_str()));
        assert_eq!(rig.state.pointer.selected(), None);
    }
    let mut rig = Rig::with(40);
    rig.mouse(Action::Drag, TALK, 5);
    rig.mouse(Action::Release, TALK, 5);
    assert_eq!(rig.copied, None, "it was pressed elsewhere");
}

#[test]
fn whose_the_mouse_is_can_be_configured_and_turned_by_key() {
    for configured in [true, false] {
        let config =
            || Event::Config(Ok(Box::new(Config { mouse: configured, ..Config::default() })));
        let mut rig = Rig::with(9);
        rig.event(config());
        assert_eq!(rig.state.has_mouse(), configured);
        rig.key("M");
        assert_eq!(rig.state.has_mouse(), !configured);
        let saved = rig.save();
        let mut next = Rig::empty();
        next.event(config());
        next.event(Event::Held { name: "main".to_owned(), saved: true, state: Some(saved) });
        assert_eq!(next.state.has_mouse(), !configured);
    }
}

#[test]
fn nothing_happens_where_nothing_is() {
    let mut rig = Rig::with(1);
    let there = rig.text();
    for action in [Action::Press, Action::Drag, Action::Release, Action::WheelUp, Action::WheelDown]
    {
        for (x, y) in [(0, 0), (u16::MAX, u16::MAX), (AGENTS, 20), (TALK, 20), (80, 23), (24, 5)] {
            rig.mouse(action, x, y);
            assert_eq!(rig.text(), there, "{action:?} at {x}, {y}");
        }
    }
}

#[test]
fn an_entry_of_the_palette_is_run_by_a_click_and_one_beside_it_closes_it() {
    for (width, height) in [(100, 24), (60, 15), (300, 100)] {
        let mut rig = Rig::with(9);
        rig.event(Event::Resize { width, height });
        rig.key("ctrl-p");
        rig.type_text("open a tab");
        let area = rig.state.palette_area();
        assert_eq!(rig.state.palette_entries()[0].what, "open a tab, which begins as this one");
        for (x, y) in [
            (area.x + 5, area.y),
            (area.x + 5, area.y + 1),
            (area.x, area.y + 2),
            (area.x + 5, area.y + area.height - 1),
        ] {
            rig.mouse(Action::Press, x, y);
            assert!(
                rig.state.prompt.open.is_some() && rig.state.tabs.count() == 1,
                "the border, and what is typed"
            );
        }
        rig.mouse(Action::Press, area.x + 5, area.y + 2);
        assert!(rig.state.prompt.open.is_none() && rig.state.tabs.count() == 2);
        rig.key("ctrl-p");
        rig.mouse(Action::Press, 0, 0);
        assert!(rig.state.prompt.open.is_none() && rig.state.tabs.count() == 2);
    }
}

#[test]
fn of_a_palette_that_is_scrolled_the_entry_under_the_pointer_is_run() {
    let mut rig = Rig::with(9);
    rig.event(Event::Resize { width: 60, height: 15 });
    rig.key("ctrl-p");
    (0..20).for_each(|_| rig.mouse(Action::WheelDown, 30, 7));
    let entries = rig.state.palette_entries();
    let first = rig.state.palette_first(entries.len());
    assert!(first > 0 && rig.state.palette.chosen > 0);
    let area = rig.state.palette_area();
    rig.mouse(Action::Press, area.x + 3, area.y + 2 + 3);
    assert_eq!(rig.state.palette.chosen, first + 3);
    assert!(rig.state.prompt.open.is_none());
}

#[test]
fn a_click_beside_the_help_closes_it_and_hints_in_the_last_line_are_clicked() {
    let mut rig = Rig::with(40);
    let click = |rig: &mut Rig, what: &str| {
        let hint = rig
            .state
            .footer()
            .hints
            .into_iter()
            .find(|hint| hint.what == what)
            .expect("it is there");
        rig.mouse(Action::Press, hint.columns.start + 1, 23);
        rig.mouse(Action::Release, hint.columns.start + 1, 23);
    };
    click(&mut rig, "help");
    assert_eq!(rig.state.help, Some(0));
    let area = rig.state.help_area();
    rig.mouse(Action::Press, area.x + 1, area.y + 1);
    assert_eq!(rig.state.help, Some(0));
    rig.mouse(Action::Press, area.x - 1, area.y + 1);
    assert_eq!(rig.state.help, None);
    click(&mut rig, "help");
    click(&mut rig, "close");
    assert_eq!(rig.state.help, None);
    let before = rig.text();
    click(&mut rig, "move");
    click(&mut rig, "search");
    assert!(rig.state.prompt.open.is_some());
    rig.mouse(Action::Press, 40, 5);
    assert!(rig.state.prompt.open.is_some(), "what is typed is left by key");
    rig.key("esc");
    assert_eq!(rig.text(), before);
    click(&mut rig, "quit");
    assert!(rig.left);
}
