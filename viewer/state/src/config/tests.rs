//! What people write, and what becomes of it.

use std::fs;

use ccdump_model::theme::Role;
use ratatui::style::{Color, Style};
use tempfile::TempDir;

use super::*;
use crate::keymap::{
    Command,
    Context::{self, Conversation, Help, Sidebar},
    HelpLine, Key, TABLE,
};

fn wish() -> Wish {
    Wish { theme: None, depth: Depth::True }
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("themes")).expect("a folder can be made");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a file can be written");
    }
    folder
}

fn good(files: &[(&str, &str)]) -> Config {
    read(folder(files).path(), &wish()).unwrap_or_else(|fault| panic!("{fault}"))
}

fn fault(files: &[(&str, &str)]) -> String {
    let fault = read(folder(files).path(), &wish()).expect_err("it is broken").to_string();
    assert!(!fault.contains('\n'), "one line: {fault}");
    fault
}

fn command(config: &Config, context: Context, key: &str) -> Option<Command> {
    config.keymap.command(context, Key::parse(key).expect("a key"))
}

#[test]
fn nothing_there_is_nothing_wished_for() {
    let nowhere = folder(&[]).path().join("nowhere");
    assert_eq!(read(&nowhere, &wish()).expect("no file is no fault"), Config::default());
    assert_eq!(
        good(&[
            ("view.toml", ""),
            ("themes/.dark.toml.swp", "what?"),
            ("themes/notes.txt", "what?")
        ]),
        Config::default()
    );
}

#[test]
fn the_flag_beats_the_file() {
    let folder = folder(&[("view.toml", "theme = \"dark\"")]);
    let wish = Wish { theme: Some("light".to_owned()), depth: Depth::True };
    assert_eq!(read(folder.path(), &wish).expect("good").theme.as_deref(), Some("light"));
}

#[test]
fn own_keys_take_the_place_of_the_tables() {
    let config = good(&[(
        "view.toml",
        "[keys]\nhalf-page-down = [\"ctrl-d\", \"ctrl-j\"]\nfold = [\"x\"]\nredraw = []\n",
    )]);
    for (context, key, expected) in [
        (Conversation, "ctrl-j", Some(Command::HalfPageDown)),
        (Conversation, "ctrl-d", Some(Command::HalfPageDown)),
        (Help, "ctrl-j", Some(Command::HalfPageDown)),
        (Conversation, "x", Some(Command::Fold)),
        (Conversation, "enter", None),
        (Sidebar, "enter", Some(Command::Choose)),
        (Conversation, "ctrl-l", None),
        (Conversation, "j", Some(Command::LineDown)),
    ] {
        assert_eq!(command(&config, context, key), expected, "{key} in {context:?}");
    }
    let shown: Vec<HelpLine> = config.keymap.help(&[]).collect();
    let keys = |wanted: &str| {
        shown.iter().find_map(|line| match line {
            HelpLine::Keys { keys, what } if what == wanted => {
                Some(keys.iter().map(Key::to_string).collect::<Vec<_>>())
            }
            _ => None,
        })
    };
    assert_eq!(keys("half a page down").expect("it is there"), ["Ctrl-D", "Ctrl-J"]);
    assert_eq!(keys("draw the screen anew"), None, "what has no key is not offered");
    assert!(
        config
            .keymap
            .footer(Conversation)
            .any(|(command, key, _)| command == Command::Fold && key.to_string() == "x")
    );
}

#[test]
fn a_key_that_is_given_away_is_not_shown_where_it_was() {
    let config = good(&[("view.toml", "[keys]\nfollow = [\"j\"]\n")]);
    assert_eq!(command(&config, Context::Conversation, "j"), Some(Command::Follow));
    assert_eq!(
        command(&config, Context::Sidebar, "j"),
        Some(Command::LineDown),
        "following is of the conversation only"
    );
    let down = |context| {
        config
            .keymap
            .footer(context)
            .find(|(command, ..)| *command == Command::LineDown)
            .map(|(_, key, _)| key.to_string())
    };
    assert_eq!(down(Context::Conversation).as_deref(), Some("↓"));
    assert_eq!(down(Context::Sidebar).as_deref(), Some("j"));
}

#[test]
fn keys_of_one_part_of_the_screen() {
    let config = good(&[(
        "view.toml",
        "[keys]\nline-down = [\"e\"]\n[keys.sidebar]\nline-down = [\"s\"]\ntop = []\n",
    )]);
    for (context, key, expected) in [
        (Context::Sidebar, "s", Some(Command::LineDown)),
        (Context::Sidebar, "e", None),
        (Context::Sidebar, "j", None),
        (Context::Conversation, "e", Some(Command::LineDown)),
        (Context::Conversation, "s", None),
        (Context::Sidebar, "home", None),
        (Context::Conversation, "home", Some(Command::Top)),
    ] {
        assert_eq!(command(&config, context, key), expected, "{key} in {context:?}");
    }
    assert!(config.keymap.help(&[]).any(
        |line| matches!(line, HelpLine::Keys { what, .. } if what == "one line down (sidebar)")
    ));
}

#[test]
fn the_mouse_is_the_viewers_unless_it_is_said_otherwise() {
    assert!(good(&[]).mouse && good(&[("view.toml", "mouse = true")]).mouse);
    assert!(!good(&[("view.toml", "mouse = false")]).mouse);
}

#[test]
fn rows_that_became_the_same_are_shown_once() {
    let config = good(&[("view.toml", "[keys]\ndetach = [\"ctrl-q\"]\n")]);
    let ways = config
        .keymap
        .help(&[])
        .filter(|line| matches!(line, HelpLine::Keys { what, .. } if what.starts_with("leave")));
    assert_eq!(ways.count(), 1);
    assert_eq!(command(&config, Context::Help, "ctrl-q"), Some(Command::Detach));
}

#[test]
fn what_is_wrong_with_keys_is_said_with_its_line() {
    for (text, why) in [
        (
            "[keys]\nfold = [\"X\"]\ncopy = [\"X\"]\n",
            "view.toml:3: X cannot be both fold and copy in the conversation",
        ),
        ("[keys]\nfold = [\"X\"]\n[keys.conversation]\ncopy = [\"X\"]\n", "X cannot be both"),
        (
            "[keys]\nhalf-page-dwn = [\"x\"]\n",
            "view.toml:2: “half-page-dwn” is not a command; did you mean “half-page-down”?",
        ),
        ("[keys]\nfold = [\"strg-x\"]\n", "view.toml:2: “strg-x” is not a key; keys are written"),
        ("[keys]\nfold = [\n\"x\",\n\"ctrl-i\"]\n", "view.toml:4: terminals send Ctrl-I as Tab"),
        ("\nmouse = \"on\"\n", "view.toml:2: true or false is expected"),
        ("[keys]\nfold = \"x\"\n", "view.toml:2: a list of keys is expected"),
        ("[keys]\nfold = [1]\n", "view.toml:2: a key is expected"),
        ("keys = 1\n", "view.toml:1: a table of commands is expected"),
        (
            "[keys.sidebr]\nfold = [\"x\"]\n",
            "view.toml:1: “sidebr” is not a part of the screen; did you mean “sidebar”?",
        ),
        ("[keys.sidebar]\nfold = [\"x\"]\n", "view.toml:2: fold does nothing in the sidebar"),
        ("[keys]\nhelp = []\n", "view.toml:2: help needs a key in the conversation"),
        ("[keys]\ndetach = []\n", "view.toml:2: detach needs a key in the conversation"),
        ("[keys.help]\ndetach = []\n", "view.toml:2: detach needs a key in the help"),
        ("[keys]\nfold = [\"?\", \"f1\"]\n", "view.toml:2: help needs a key in the conversation"),
        ("thme = \"dark\"\n", "view.toml:1: “thme” is not a setting; did you mean “theme”?"),
        ("theme = \"drak\"\n", "view.toml:1: “drak” is not a theme; did you mean “dark”?"),
        ("theme = 3\n", "view.toml:1: the name of a theme is expected, in quotes"),
        ("theme = \"dark\n", "view.toml:1: "),
    ] {
        let said = fault(&[("view.toml", text)]);
        assert!(said.contains(why), "{text} → {said}");
    }
}

#[test]
fn own_themes_extend_others() {
    let config = good(&[
        ("themes/a.toml", "extends = \"b\"\n[palette]\nblue = \"#010203\"\n"),
        (
            "themes/b.toml",
            "extends = \"dark\"\n[roles]\nuser = { fg = \"blue\", bold = true }\ntool-result = { fg = 208, bg = \"red\" }\n",
        ),
    ]);
    let (a, b) = (config.themes.get("a").expect("a"), config.themes.get("b").expect("b"));
    let dark = config.themes.get("dark").expect("dark");
    assert_eq!(a.style(Role::User), Style::new().fg(Color::Rgb(1, 2, 3)).bold());
    assert_eq!(b.style(Role::User).fg, dark.style(Role::Heading).fg, "its blue");
    assert_eq!(b.style(Role::ToolResult).fg, Some(Color::Indexed(208)));
    assert_eq!(b.style(Role::ToolResult).bg, dark.style(Role::Error).fg, "its red");
    assert_eq!((a.ground(), a.style(Role::Error)), (dark.ground(), dark.style(Role::Error)));
    let names: Vec<&str> = config.themes.iter().map(|theme| theme.name()).collect();
    assert_eq!(&names[names.len() - 2..], ["a", "b"]);
    assert_eq!(config.themes.after("b").name(), "terminal");
    assert_eq!(config.themes.after("plain").name(), "a");
}

#[test]
fn what_is_wrong_with_a_theme_is_said_with_its_line() {
    for (text, why) in [
        ("\n[roles]\nusr = {}\n", "themes/mine.toml:3: “usr” is not a role; did you mean “user”?"),
        (
            "[roles]\nuser = { fg = \"bleu\" }\n",
            "themes/mine.toml:2: “bleu” is not a colour; did you mean “blue”?",
        ),
        ("[roles]\nuser = { fg = \"#88c0d\" }\n", "themes/mine.toml:2: a colour has six digits"),
        ("[roles]\nuser = { fg = \"#é8c0d\" }\n", "themes/mine.toml:2: a colour has six digits"),
        (
            "[roles]\nuser = { fg = 256 }\n",
            "themes/mine.toml:2: colours have numbers from 0 to 255",
        ),
        ("[roles]\nuser = { fg = -1 }\n", "themes/mine.toml:2: colours have numbers from 0 to 255"),
        ("[roles]\nuser = { fg = true }\n", "themes/mine.toml:2: a colour is a name"),
        (
            "[roles]\nuser = { blod = true }\n",
            "themes/mine.toml:2: “blod” is not part of a style; did you mean “bold”?",
        ),
        ("[roles]\nuser = { bold = 1 }\n", "themes/mine.toml:2: true or false is expected"),
        ("[roles]\nuser = \"blue\"\n", "themes/mine.toml:2: a style such as"),
        ("[palette]\nbleu = \"#000000\"\n", "themes/mine.toml:2: “bleu” is not a colour"),
        ("[palette]\nblue = \"red\"\n", "themes/mine.toml:2: a palette takes colours such as"),
        ("extends = \"drk\"\n", "themes/mine.toml:1: “drk” is not a theme; did you mean “dark”?"),
        ("extends = \"mine\"\n", "themes/mine.toml:1: “mine” extends itself"),
        (
            "extnds = \"dark\"\n",
            "themes/mine.toml:1: “extnds” is not an entry of a theme; did you mean “extends”?",
        ),
        ("[roles", "themes/mine.toml:1: "),
    ] {
        let said = fault(&[("themes/mine.toml", text)]);
        assert!(said.contains(why), "{text} → {said}");
    }
    let circle =
        fault(&[("themes/a.toml", "extends = \"b\""), ("themes/b.toml", "extends = \"a\"")]);
    assert!(circle.contains("extends itself"), "{circle}");
    let taken = fault(&[("themes/dark.toml", "")]);
    assert!(taken.starts_with("themes/dark.toml:1: “dark” is built in"), "{taken}");
}

#[test]
fn what_is_no_text_is_no_configuration() {
    let place = folder(&[]);
    fs::write(place.path().join("view.toml"), [0xff, 0xfe]).expect("it can be written");
    assert_eq!(
        read(place.path(), &wish()).expect_err("broken").to_string(),
        "view.toml:1: it is not UTF-8"
    );
    fs::write(place.path().join("view.toml"), " ".repeat(1 << 20)).expect("it can be written");
    assert_eq!(
        read(place.path(), &wish()).expect_err("broken").to_string(),
        "view.toml:1: it is too long"
    );
}

const README: &str = include_str!("../../../../README.md");

#[test]
fn what_the_readme_shows_is_true() {
    let part = README.split("## Make it yours").nth(1).expect("the part");
    let blocks: Vec<&str> = part
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .take(2)
        .collect();
    let [view, theme] = blocks[..] else { panic!("two files") };
    assert!(view.contains("/view.toml") && theme.contains("/themes/mine.toml"));
    let config = good(&[("view.toml", view), ("themes/mine.toml", theme)]);
    assert_eq!(config.theme.as_deref(), Some("mine"));
    assert_eq!(command(&config, Sidebar, "o"), Some(Command::Choose));

    let commands = TABLE.iter().map(|binding| binding.command.name());
    let themes = config.themes.iter().map(|theme| theme.name()).filter(|name| *name != "mine");
    for name in commands.chain(Role::ALL.iter().map(|role| role.name())).chain(themes) {
        assert!(part.contains(&format!("`{name}`")), "the readme does not name {name}");
    }
}

proptest::proptest! {
    #[test]
    fn whatever_is_written_there_is_an_answer(text in "(\\[(keys|roles|palette|keys\\.help)\\]\n|[a-z-]{0,9} = |\\[?\"[ -~é]{0,6}\"\\]?|\\{ fg = |\\}|[0-9]{1,4}|\n){0,12}") {
        let folder = folder(&[("view.toml", &text), ("themes/x.toml", &text)]);
        if let Err(fault) = read(folder.path(), &wish()) {
            proptest::prop_assert!(!fault.to_string().contains('\n'));
        }
    }
}
