//! Jumps to what is named: exchanges by number, marks; levels and presets; commands by what they
//! do.

use ccdump_model::{blocks::Category, line::Detail};
use ccdump_state::{
    Event, Prompt,
    conversation::{CATEGORIES, Preset},
    keymap::Command,
};

use super::rig::Rig;

fn said(rig: &Rig, wanted: &str) -> bool {
    rig.state.notices.iter().any(|notice| notice.text.contains(wanted))
}

pub(super) fn relaunched(rig: &mut Rig) -> Rig {
    let saved = rig.save();
    let mut next = Rig::empty();
    next.event(Event::Held { name: "main".to_owned(), saved: true, state: Some(saved) });
    next.rows(40);
    next
}

#[test]
fn an_exchange_is_gone_to_by_its_number_whosever_it_is() {
    let mut rig = Rig::with(40);
    rig.keys(&["#", "1", "x", "7", "enter"]);
    assert_eq!(rig.focus().exchange, 17);
    assert!(rig.text()[..2].concat().contains("#17") && !rig.follows());
    rig.keys(&[":", "1", "0", "0", "0", "enter"]);
    assert_eq!(rig.focus().exchange, 1000);
    assert!(rig.shows("answer 1000"), "of a subagent");
    rig.keys(&["'", "'"]);
    assert_eq!(rig.focus().exchange, 17, "and back");
    rig.keys(&["#", "9", "9", "enter"]);
    assert!(said(&rig, "there is no exchange #99"));
    rig.keys(&["#", "5", "esc"]);
    assert_eq!((rig.focus().exchange, rig.state.prompt.open), (17, None));
}

#[test]
fn marks_are_places_in_any_conversation_and_survive_a_relaunch() {
    let mut rig = Rig::with(40);
    rig.keys(&["pgup", "pgup", "J", "J", "m", "a"]);
    let (place, text) = (rig.focus(), rig.text());
    rig.keys(&["G", ".", "m", "b", "m", "?"]);
    assert!(said(&rig, "mark b set") && said(&rig, "a mark is a letter"));
    let mut next = relaunched(&mut rig);
    next.keys(&["'", "a"]);
    assert_eq!(next.focus(), place);
    assert!(next.text().iter().filter(|line| text.contains(line)).count() > 5);
    next.keys(&["'", "b"]);
    assert!(next.focus().exchange >= 1000);
    next.keys(&["'", "z"]);
    assert!(said(&next, "there is no such mark; there are 'ab"));
    assert_eq!(next.state.prompt.open, None);
}

#[test]
fn what_the_user_said_is_jumped_to() {
    let mut rig = Rig::with(40);
    rig.key("g");
    for turn in [1, 2, 3] {
        rig.key("u");
        assert_eq!(rig.focus().exchange, turn);
        assert!(rig.focus().item.0.starts_with("request/"), "{:?}", rig.focus());
    }
    rig.keys(&["U", "x", "a"]);
    assert_eq!(rig.focus().exchange, 2, "nothing went wrong, and there are no subagents");
}

#[test]
fn levels_go_round_by_key_and_survive_a_relaunch() {
    let mut rig = Rig::with(40);
    let level = |rig: &Rig| rig.state.conversation.show.level(Category::Tools);
    let mut seen = vec![level(&rig)];
    for _ in 0..3 {
        rig.key("alt-3");
        seen.push(level(&rig));
    }
    assert_eq!(seen, [Detail::Summary, Detail::Full, Detail::Hidden, Detail::Summary]);
    rig.keys(&["alt-3", "3"]);
    assert_eq!(level(&rig), Detail::Hidden);
    rig.key("3");
    assert_eq!(level(&rig), Detail::Full, "as it was shown before it was hidden");
    let next = relaunched(&mut rig);
    assert_eq!((level(&next), next.text()), (Detail::Full, rig.text()));
}

#[test]
fn presets_set_all_levels_at_once() {
    let mut rig = Rig::with(40);
    let levels = |rig: &Rig| CATEGORIES.map(|category| rig.state.conversation.show.level(category));
    let as_a_rule = levels(&rig);
    assert_eq!(rig.state.conversation.show.preset(), Some(Preset::Conversation));
    for (key, preset) in [
        ("f4", Preset::Tools),
        ("f3", Preset::All),
        ("f5", Preset::Quiet),
        ("f2", Preset::Conversation),
    ] {
        rig.key(key);
        assert_eq!(rig.state.conversation.show.preset(), Some(preset));
        assert!(said(&rig, &format!("shown: {}", preset.name())));
    }
    assert_eq!(levels(&rig), as_a_rule);
    for preset in [Preset::All, Preset::Tools, Preset::Quiet, Preset::Conversation] {
        rig.key("v");
        assert_eq!(rig.state.conversation.show.preset(), Some(preset));
    }
    rig.keys(&["f5", "alt-1"]);
    assert_eq!(rig.state.conversation.show.preset(), None);
    assert!(!rig.shows("ls ") && !rig.shows("question"));
}

#[test]
fn commands_are_found_by_what_they_do_and_run_where_one_was() {
    let mut rig = Rig::with(40);
    rig.key("ctrl-p");
    let all = rig.state.palette_entries();
    assert!(all.len() > 30 && all.iter().all(|entry| entry.command != Command::Palette));
    rig.type_text("another theme");
    let first = rig.state.palette_entries().into_iter().next().expect("there is one");
    assert_eq!((first.command, first.key.to_string()), (Command::NextTheme, "Ctrl-T".to_owned()));
    let theme = rig.state.theme().name().to_owned();
    rig.key("enter");
    assert!(rig.state.theme().name() != theme && rig.state.prompt.open.is_none());
    rig.key("ctrl-p");
    assert_eq!(rig.state.palette.input.text(), "another theme", "what was typed is kept");
    rig.keys(&["ctrl-u", "p", "r", "e", "v", "t", "o", "o", "l", "down", "up", "enter"]);
    assert!(rig.focus().item.0.contains("/content/1"), "{:?}", rig.focus());
    rig.keys(&["ctrl-p", "ctrl-u"]);
    rig.type_text("zzzz");
    assert!(rig.state.palette_entries().is_empty());
    rig.keys(&["down", "enter"]);
    assert_eq!(rig.state.prompt.open, None);
    rig.keys(&["tab", "ctrl-p", "ctrl-u"]);
    assert!(
        rig.state.palette_entries().iter().all(|entry| entry.command != Command::NextTool),
        "not among the agents"
    );
    let next = relaunched(&mut rig);
    assert_eq!(next.state.prompt.open, Some(Prompt::Palette));
}

#[test]
fn help_lies_over_what_is_asked_for() {
    let mut rig = Rig::with(9);
    rig.key("/");
    rig.type_text("q?1");
    assert_eq!((rig.state.search.input.text(), rig.state.help), ("q?1", None), "letters are typed");
}
