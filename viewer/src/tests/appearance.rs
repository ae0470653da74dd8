//! Themes and keys that change while a viewer runs.

use std::collections::BTreeMap;

use ccdump_model::{
    theme::{Depth, Layer, Themes},
    toml_file::TomlFile,
};
use ccdump_state::{
    Event,
    config::Config,
    keymap::{Change, Command, Context, Key, Keymap},
};

use super::rig::Rig;

fn with_theme(theme: Option<&str>) -> Box<Config> {
    Box::new(Config { theme: theme.map(str::to_owned), ..Config::default() })
}

fn said(rig: &Rig, wanted: &str) -> bool {
    rig.state.notices.iter().any(|notice| notice.text.contains(wanted))
}

fn back(saved: Vec<u8>, config: Box<Config>) -> Rig {
    let mut rig = Rig::empty();
    rig.event(Event::Config(Ok(config)));
    rig.event(Event::Held { name: "main".to_owned(), saved: true, state: Some(saved) });
    rig
}

#[test]
fn a_configuration_changes_what_keys_do_and_what_is_said_of_them() {
    let mut rig = Rig::with(9);
    rig.event(Event::Config(Ok(Box::default())));
    assert_eq!(rig.state.notices.iter().count(), 0, "nobody asked whether all is well");

    let place = TomlFile { name: "view.toml", text: "" }.place(&(0..0));
    let keys = vec![Key::parse("x").expect("a key")];
    let keymap = Keymap::with(&[Change { context: None, command: Command::Follow, keys, place }])
        .expect("no conflict");
    rig.event(Event::Config(Ok(Box::new(Config { keymap, ..Config::default() }))));
    assert!(said(&rig, "keys and theme read again"));
    assert!(rig.follows());
    rig.key("f");
    assert!(rig.follows(), "this key does nothing any more");
    rig.key("x");
    assert!(!rig.follows());
    let shown = rig
        .state
        .config
        .keymap
        .key(Context::Conversation, Command::Follow)
        .map(|key| key.to_string());
    assert_eq!(shown.as_deref(), Some("x"));
    assert!(rig.state.config.keymap.footer(Context::Conversation).any(|(_, key, what)| (
        key.to_string().as_str(),
        what
    ) == (
        "x", "follow"
    )));
}

#[test]
fn what_is_broken_is_said_and_changes_nothing() {
    let mut rig = Rig::with(3);
    rig.event(Event::Config(Ok(with_theme(Some("dusk")))));
    rig.event(Event::Config(Err("view.toml:3: “x\u{1b}[2J” is not a key".to_owned())));
    assert_eq!(rig.state.theme().name(), "dusk");
    assert!(said(&rig, "view.toml:3: “x") && said(&rig, "the old settings stay"));
    assert!(!said(&rig, "\u{1b}"));
    rig.event(Event::Config(Ok(with_theme(Some("dusk")))));
    assert!(said(&rig, "keys and theme read again"));
}

#[test]
fn themes_are_gone_through_by_key_and_the_choice_is_kept() {
    let mut rig = Rig::with(3);
    rig.event(Event::Config(Ok(Box::default())));
    let all: Vec<String> =
        rig.state.config.themes.iter().map(|theme| theme.name().to_owned()).collect();
    let mut seen = Vec::new();
    for _ in &all {
        seen.push(rig.state.theme().name().to_owned());
        rig.command(Command::NextTheme);
    }
    assert_eq!(seen, all);
    assert_eq!(rig.state.theme().name(), all[0], "after the last one comes the first");
    rig.command(Command::NextTheme);
    assert!(said(&rig, &format!("theme {}", all[1])));
    assert_eq!(back(rig.save(), Box::default()).state.theme().name(), all[1]);
}

#[test]
fn the_latest_wish_holds() {
    let mut rig = Rig::with(3);
    rig.event(Event::Config(Ok(with_theme(Some("dark")))));
    rig.command(Command::NextTheme);
    assert_eq!(rig.state.theme().name(), "light");
    let saved = rig.save();
    assert_eq!(back(saved.clone(), with_theme(Some("dark"))).state.theme().name(), "light");
    assert_eq!(
        back(saved, with_theme(Some("paper"))).state.theme().name(),
        "paper",
        "it was written after the choice"
    );
    rig.event(Event::Config(Ok(with_theme(Some("paper")))));
    assert_eq!(rig.state.theme().name(), "paper");
}

#[test]
fn a_theme_that_is_not_there_any_more_is_said() {
    let own = BTreeMap::from([("mine".to_owned(), Layer::default())]);
    let themes = Themes::with(Depth::True, own).expect("it is sound");
    let mut rig = Rig::with(3);
    rig.event(Event::Config(Ok(Box::new(Config {
        themes,
        theme: Some("plain".to_owned()),
        ..Config::default()
    }))));
    rig.command(Command::NextTheme);
    assert_eq!(rig.state.theme().name(), "mine");
    let rig = back(rig.save(), with_theme(Some("plain")));
    assert_eq!(rig.state.theme().name(), "terminal");
    assert!(said(&rig, "“mine” is not a theme"));
}
