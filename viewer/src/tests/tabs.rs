//! Several conversations open at once.

use ccdump_state::{
    Chosen, DaemonEvent, Event, Prompt, Saved,
    component::Component as _,
    keymap::Command,
    mouse::{Action, Mouse},
    tabs::MOST,
};
use proptest::prelude::*;
use serde_json::Value;

use super::rig::{Rig, row};

impl Rig {
    fn names(&self) -> Vec<String> {
        let name = |tab: ccdump_state::tabs::Title| {
            let mark = if tab.is_shown { "*" } else { "" };
            format!("{mark}{}{}{}", tab.number, if tab.has_news { "!" } else { " " }, tab.name)
        };
        self.state.tab_titles().into_iter().map(name).collect()
    }
}

/// The main agent scrolled far up with an unfolded call and the user's words in short; the subagent
/// at its end, in full.
fn two_tabs() -> (Rig, Vec<String>, Vec<String>) {
    let mut rig = Rig::with(30);
    rig.keys(&["alt-t", "."]);
    let sub = rig.text();
    assert!(rig.shows("answer 1001"), "{sub:#?}");
    rig.keys(&["<", "pgup", "pgup", "T", "enter", "alt-1"]);
    let main = rig.text();
    (rig, main, sub)
}

#[test]
fn each_has_its_own_agent_place_levels_and_folds() {
    let (mut rig, main, sub) = two_tabs();
    assert_eq!(rig.names(), ["*1 question 1", "2 question 1000"]);
    let marked = rig.focus();
    rig.key(">");
    assert_eq!(rig.text(), sub);
    assert!(rig.follows());
    assert_eq!(rig.names(), ["1 question 1", "*2 question 1000"]);
    rig.key("ctrl-pgdn");
    assert_eq!(
        (rig.text(), rig.focus(), rig.follows()),
        (main.clone(), marked, false),
        "behind the last comes the first"
    );
    rig.keys(&["`", "2"]);
    assert_eq!(rig.text(), sub);
    rig.keys(&["`", "7"]);
    assert_eq!(rig.text(), sub, "there is no such tab");
    rig.keys(&["ctrl-pgup"]);
    assert_eq!(rig.text(), main);
}

#[test]
fn there_is_a_line_of_them_only_where_there_are_several() {
    let mut rig = Rig::with(30);
    let (height, before) = (rig.state.areas().conversation.height, rig.text());
    assert!(rig.names().is_empty());
    rig.key("alt-t");
    assert_eq!(rig.state.areas().conversation.height, height - 1);
    rig.key("ctrl-w");
    assert_eq!((rig.state.areas().conversation.height, rig.text()), (height, before.clone()));
    rig.keys(&["ctrl-w", ">", "<"]);
    assert_eq!(rig.text(), before, "the only one stays");
}

#[test]
fn a_dot_tells_of_what_came_since_it_was_last_seen() {
    let (mut rig, ..) = two_tabs();
    rig.event(Event::Daemon(DaemonEvent::Rows(vec![row(1002, "sub")])));
    assert_eq!(rig.names(), ["*1 question 1", "2!question 1000"]);
    rig.event(Event::Daemon(DaemonEvent::Rows(vec![row(31, "main")])));
    assert_eq!(
        rig.names(),
        ["*1 question 1", "2!question 1000"],
        "the one that is shown is being seen"
    );
    rig.key(">");
    assert_eq!(rig.names(), ["1 question 1", "*2 question 1000"]);
    assert!(rig.shows("answer 1002"));
}

#[test]
fn all_of_them_are_there_after_a_relaunch() {
    let (mut rig, main, sub) = two_tabs();
    rig.key("alt-t");
    rig.keys(&["alt-2"]);
    let third = rig.text();
    rig.event(Event::Daemon(DaemonEvent::Rows(vec![row(1002, "sub")])));
    let names = rig.names();
    assert_eq!(
        names,
        ["1 question 1", "*2 question 1", "3!question 1000"],
        "a new one stands behind the one it came from"
    );
    let saved = rig.save();
    let mut next = Rig::empty();
    next.event(Event::Held { name: "main".to_owned(), saved: true, state: Some(saved.clone()) });
    next.rows(30);
    next.event(Event::Daemon(DaemonEvent::Rows(vec![row(1002, "sub")])));
    assert_eq!((next.names(), next.text()), (names, third.clone()));
    next.key("<");
    assert_eq!(next.text(), main);
    next.keys(&["`", "3"]);
    assert!(next.shows("answer 1002") && next.follows());
    assert_ne!(next.text(), sub, "it went on");

    // One that knows no tabs shows the one that was shown, and keeps the others for those that know
    // them.
    let mut parts: Value = serde_json::from_slice(&saved).expect("JSON");
    let tabs = parts.as_object_mut().expect("an object").remove("tabs").expect("they are saved");
    let mut older = Rig::empty();
    older.event(Event::Held {
        name: "main".to_owned(),
        saved: true,
        state: Some(parts.to_string().into_bytes()),
    });
    older.rows(30);
    assert!(older.names().is_empty(), "a state without tabs is one tab");
    assert_eq!(older.text()[1..], third[..], "a line more has room above");
    assert!(tabs["state"]["before"].as_array().is_some_and(|before| before.len() == 1));
}

#[test]
fn there_are_nine_at_most_and_none_is_made_of_a_state_with_more() {
    let mut rig = Rig::with(3);
    (0..MOST + 3).for_each(|_| rig.key("alt-t"));
    assert_eq!(rig.names().len(), MOST);
    let saved = rig.save();
    let mut parts: Value = serde_json::from_slice(&saved).expect("JSON");
    let before = parts["tabs"]["state"]["before"].as_array_mut().expect("a list");
    let one = before[0].clone();
    before.extend((0..100).map(|_| one.clone()));
    let mut tabs = ccdump_state::Tabs::default();
    Saved::read(parts.to_string().as_bytes())
        .expect("an object")
        .give(&mut tabs)
        .expect("it can be read");
    assert_eq!(tabs.count(), MOST);
    (0..MOST + 3).for_each(|_| rig.key("ctrl-w"));
    assert!(rig.names().is_empty());
    assert_eq!(ccdump_state::Tabs::KEY, "tabs");
}

#[test]
fn another_record_has_no_tabs() {
    let (mut rig, ..) = two_tabs();
    rig.event(Event::Daemon(DaemonEvent::Reset("it was deleted".to_owned())));
    assert_eq!(rig.state.tabs.count(), 1);
}

#[test]
fn no_sheet_and_nothing_asked_on_it_stays_over_another_conversation() {
    for change in ["ctrl-w", ">", "<"] {
        let (mut rig, ..) = two_tabs();
        rig.key("i");
        assert!(rig.state.sheet.is_open());
        (rig.state.sidebar.open, rig.state.sidebar.focused) = (true, true);
        rig.key(change);
        assert!(!rig.state.sheet.is_open(), "{change}");
    }
}

#[test]
fn nothing_that_was_chosen_holds_for_another_record() {
    let (mut rig, ..) = two_tabs();
    rig.keys(&["R", "i", "/", "a"]);
    assert!(rig.state.chosen != Chosen::default() && rig.state.prompt.open == Some(Prompt::Find));
    rig.event(Event::Daemon(DaemonEvent::Reset("it was deleted".to_owned())));
    assert_eq!((&rig.state.chosen, rig.state.prompt.open), (&Chosen::default(), None));
    assert!(!rig.state.sheet.is_open());
}

#[test]
fn a_click_shows_a_tab_and_the_rest_of_the_screen_is_one_line_lower() {
    let (mut rig, main, sub) = two_tabs();
    let click = |rig: &mut Rig, x, y| {
        for action in [Action::Press, Action::Release] {
            rig.event(Event::Mouse(Mouse { action, x, y }));
        }
    };
    let columns: Vec<_> = rig.state.tab_titles().into_iter().map(|tab| tab.columns).collect();
    click(&mut rig, columns[1].start + 2, 1);
    assert_eq!(rig.text(), sub);
    click(&mut rig, columns[0].end - 1, 1);
    assert_eq!(rig.text(), main);
    click(&mut rig, 99, 1);
    assert_eq!(rig.text(), main, "there is no tab");
    click(&mut rig, 40, 2);
    assert_eq!(Some(rig.focus()), rig.state.conversation.window.rows[0].spot());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_pressed_the_tabs_come_back_as_they_were(keys in proptest::collection::vec(0_usize..10, 0..25)) {
        let names = ["alt-t", "alt-t", "ctrl-w", ">", "<", ".", ",", "pgup", "G", "`"];
        let mut rig = Rig::with(12);
        for at in keys {
            rig.key(names[at]);
            if names[at] == "`" {
                rig.key("3");
            }
            prop_assert!((1..=MOST).contains(&rig.state.tabs.count()));
        }
        rig.command(Command::Follow);
        let (titles, text) = (rig.state.tab_titles(), rig.text());
        let mut next = Rig::empty();
        next.event(Event::Held { name: "main".to_owned(), saved: true, state: Some(rig.save()) });
        next.event(Event::Daemon(DaemonEvent::Rows((1..=12).map(|id| row(id, "main")).chain([row(1000, "sub"), row(1001, "sub")]).collect())));
        next.event(Event::Daemon(DaemonEvent::SnapshotEnd));
        prop_assert_eq!((next.state.tab_titles(), next.text()), (titles, text));
    }
}
