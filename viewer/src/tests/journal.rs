//! How one came to a screen is kept.

use ccdump_model::toml_file::TomlFile;
use ccdump_state::{
    Event, Journal, Saved,
    journal::{KEYS, LARGEST},
    keymap::{Change, Command, Key, Keymap},
};

use super::rig::Rig;

fn keys(journal: &Journal) -> Vec<(usize, &str)> {
    let chapters = journal.chapters.iter().enumerate();
    chapters
        .flat_map(|(number, chapter)| {
            chapter.keys.iter().map(move |pressed| (number, pressed.key.as_str()))
        })
        .collect()
}

/// Nothing was pressed yet.
fn rig(turns: u64) -> Rig {
    let mut rig = Rig::with(turns);
    rig.state.journal = Journal::default();
    rig
}

#[test]
fn it_says_how_one_came_here_and_survives_a_relaunch() {
    let mut rig = rig(40);
    rig.keys(&["pgup", "Z", "ctrl-d", "J"]);
    assert_eq!(
        keys(&rig.state.journal),
        [(0, "pgup"), (0, "ctrl-d"), (0, "J")],
        "keys that do nothing are left out"
    );
    let saved = rig.save();
    let mut next = Rig::empty();
    next.event(Event::Held { name: "main".to_owned(), saved: true, state: Some(saved) });
    next.rows(40);
    next.keys(&["enter", "q"]);
    assert_eq!(keys(&next.state.journal), [(0, "pgup"), (0, "ctrl-d"), (0, "J"), (0, "enter")]);
    assert_eq!(
        (next.state.journal.width, next.state.journal.height),
        (next.state.width, next.state.height)
    );
}

#[test]
fn a_key_of_ones_own_is_told_as_the_built_in_one() {
    let mut rig = rig(9);
    let place = TomlFile { name: "view.toml", text: "" }.place(&(0..0));
    let key = |name| Key::parse(name).expect("a key");
    let change =
        Change { context: None, command: Command::NextTurn, keys: vec![key("x"), key("]")], place };
    rig.state.config.keymap = Keymap::with(&[change]).expect("no conflict");
    rig.keys(&["x", "]", "}"]);
    assert_eq!(keys(&rig.state.journal), [(0, "}"), (0, "]")]);
}

#[test]
fn it_is_bounded_and_each_chapter_begins_with_the_state_it_goes_on_from() {
    let mut rig = rig(40);
    (0..KEYS).for_each(|_| rig.key("k"));
    let there = rig.text();
    rig.key("J");
    assert_eq!(rig.state.journal.chapters.len(), 2);
    let state = rig.state.journal.chapters[1].state.bytes();
    let mut next = Rig::empty();
    next.event(Event::Held { name: "main".to_owned(), saved: true, state: Some(state) });
    next.rows(40);
    assert_eq!(next.text(), there);
    (0..2 * KEYS).for_each(|_| rig.key("j"));
    let lengths: Vec<_> =
        rig.state.journal.chapters.iter().map(|chapter| chapter.keys.len()).collect();
    assert_eq!(lengths, [KEYS, 1]);
}

#[test]
fn a_state_that_is_too_large_begins_no_chapter() {
    let mut rig = rig(3);
    let large = format!(r#"{{"conversation":"{}"}}"#, "x".repeat(LARGEST));
    let large = Saved::read(large.as_bytes()).expect("JSON");
    rig.state.journal.begin(0, large);
    assert!(rig.state.journal.chapters.is_empty());
    rig.key("k");
    assert_eq!(keys(&rig.state.journal), [(0, "k")]);
}
