//! Keys become commands before anything else sees them. One table says which, and a person's own
//! keys change it; the help and the footer are made of the result.

mod command;
mod key;
mod map;

pub use command::Command;
pub use key::{Code, Key};
pub use map::{Change, HelpLine, Keymap};

use ccdump_model::blocks::Category;

use crate::{conversation::Preset, sheet::Part};

/// Where keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    Conversation,
    /// Comes before the conversation where that is shown at a moment of the past.
    Moment,
    Sidebar,
    /// A page of rows in the place of the conversation.
    Sheet,
    /// Comes before the sheet where that is a list of versions.
    Versions,
    /// Nothing was recorded yet: the ways to connect an agent are on the screen.
    Welcome,
    Help,
    /// A search is typed.
    Search,
    /// The number of an exchange is typed.
    Number,
    /// The letter of a mark is waited for.
    Mark,
    /// A command is looked for.
    Palette,
}

impl Context {
    /// As it is called in `view.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Moment => "moment",
            Self::Sidebar => "sidebar",
            Self::Sheet => "sheet",
            Self::Versions => "versions",
            Self::Welcome => "welcome",
            Self::Help => "help",
            Self::Search => "search",
            Self::Number => "number",
            Self::Mark => "mark",
            Self::Palette => "palette",
        }
    }
}

impl Context {
    /// The section that is about it, where the first ones are not.
    pub(super) fn section(self) -> Option<Section> {
        match self {
            Self::Sidebar => Some(Section::Agents),
            Self::Moment => Some(Section::Time),
            Self::Welcome => Some(Section::Program),
            _ => None,
        }
    }
}

/// Headings of the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Section {
    Move,
    Jump,
    Search,
    Show,
    Inspect,
    Compare,
    Agents,
    Time,
    Program,
    Develop,
}

impl Section {
    pub const ALL: [Self; 10] = [
        Self::Move,
        Self::Jump,
        Self::Search,
        Self::Show,
        Self::Inspect,
        Self::Compare,
        Self::Agents,
        Self::Time,
        Self::Program,
        Self::Develop,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Move => "Move",
            Self::Jump => "Jump",
            Self::Search => "Search",
            Self::Show => "Show and hide",
            Self::Inspect => "Inspect an exchange",
            Self::Compare => "Compare",
            Self::Agents => "Sessions, agents and tabs",
            Self::Time => "Time, where a moment is shown (--at)",
            Self::Program => "Program",
            Self::Develop => "While it is being changed (ccdump-view dev)",
        }
    }
}

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Binding {
    pub command: Command,
    /// As [`Key::parse`] reads them; the first one is shown in the footer.
    pub keys: &'static [&'static str],
    /// What it does, for the help.
    pub what: &'static str,
    pub section: Section,
    pub contexts: &'static [Context],
    /// The word for it in the footer, for commands that stand there.
    pub footer: Option<&'static str>,
}

use Context::{
    Conversation, Help, Mark, Moment, Number, Palette, Search, Sheet, Sidebar, Versions, Welcome,
};

const EVERYWHERE: &[Context] = &[Conversation, Sidebar, Sheet, Welcome, Help];
const MAIN: &[Context] = &[Conversation, Sidebar, Welcome];
const SCREENS: &[Context] = &[Conversation, Sidebar, Sheet, Welcome];
const LISTS: &[Context] = &[Conversation, Sidebar, Sheet, Welcome, Help];
const TEXT: &[Context] = &[Conversation, Sheet, Help];
const TALK: &[Context] = &[Conversation];
const PAGES: &[Context] = &[Sheet];
const BOTH: &[Context] = &[Conversation, Sheet];
const PAGED: &[Context] = &[Conversation, Help];
const SEARCHED: &[Context] = &[Conversation, Sheet];
const PANES: &[Context] = &[Conversation, Sidebar];
const PAST: &[Context] = &[Moment];
const TYPED: &[Context] = &[Search];
const ALL: &[Context] =
    &[Conversation, Sidebar, Sheet, Welcome, Help, Search, Number, Mark, Palette];

const fn row(
    command: Command,
    keys: &'static [&'static str],
    what: &'static str,
    section: Section,
    contexts: &'static [Context],
    footer: Option<&'static str>,
) -> Binding {
    Binding { command, keys, what, section, contexts, footer }
}

/// All that keys do, where nobody has other wishes.
pub static TABLE: &[Binding] = &[
    row(Command::LineDown, &["j", "down"], "one line down", Section::Move, LISTS, Some("move")),
    row(Command::LineUp, &["k", "up"], "one line up", Section::Move, LISTS, None),
    row(Command::HalfPageDown, &["ctrl-d"], "half a page down", Section::Move, TEXT, None),
    row(Command::HalfPageUp, &["ctrl-u"], "half a page up", Section::Move, TEXT, None),
    row(Command::PageDown, &["pgdn", "ctrl-f"], "a page down", Section::Move, TEXT, None),
    row(Command::PageDown, &["space"], "a page down", Section::Move, PAGED, None),
    row(Command::PageUp, &["pgup", "ctrl-b"], "a page up", Section::Move, TEXT, None),
    row(Command::Top, &["g", "home"], "to the first line", Section::Move, LISTS, None),
    row(Command::Bottom, &["G", "end"], "to the last line, and follow", Section::Move, LISTS, None),
    row(Command::NextTurn, &["}", "]"], "next turn", Section::Jump, TALK, Some("turn")),
    row(Command::PreviousTurn, &["{", "["], "previous turn", Section::Jump, TALK, None),
    row(Command::NextTool, &["t"], "next tool call", Section::Jump, TALK, None),
    row(Command::PreviousTool, &["T"], "previous tool call", Section::Jump, TALK, None),
    row(Command::NextBlock, &["J"], "next block", Section::Jump, TALK, Some("block")),
    row(Command::PreviousBlock, &["K"], "previous block", Section::Jump, TALK, None),
    row(Command::NextUser, &["u"], "next words of the user", Section::Jump, TALK, None),
    row(Command::PreviousUser, &["U"], "previous words of the user", Section::Jump, TALK, None),
    row(
        Command::NextFailure,
        &["x"],
        "next error, of an exchange or a tool",
        Section::Jump,
        TALK,
        None,
    ),
    row(Command::PreviousFailure, &["X"], "previous error", Section::Jump, TALK, None),
    row(Command::NextSubagent, &["a"], "next call of a subagent", Section::Jump, TALK, None),
    row(
        Command::PreviousSubagent,
        &["A"],
        "previous call of a subagent",
        Section::Jump,
        TALK,
        None,
    ),
    row(
        Command::Inward,
        &["l", "right"],
        "to the agent that the marked call has started",
        Section::Jump,
        TALK,
        Some("agent"),
    ),
    row(
        Command::Outward,
        &["h", "left"],
        "back to the call that has started the agent",
        Section::Jump,
        TALK,
        Some("caller"),
    ),
    row(
        Command::GoTo,
        &["#", ":"],
        "to an exchange, by its number",
        Section::Jump,
        &[Conversation, Sidebar, Sheet],
        None,
    ),
    row(Command::SetMark, &["m"], "give the marked block a letter", Section::Jump, TALK, None),
    row(
        Command::GoToMark,
        &["'"],
        "to the block of a letter; again ': back",
        Section::Jump,
        PANES,
        None,
    ),
    row(Command::Search, &["/"], "search what is shown", Section::Search, SEARCHED, Some("search")),
    row(Command::NextMatch, &["n"], "next match", Section::Search, SEARCHED, None),
    row(Command::PreviousMatch, &["N"], "previous match", Section::Search, SEARCHED, None),
    row(Command::NextMatch, &["down"], "next match, while typing", Section::Search, TYPED, None),
    row(
        Command::PreviousMatch,
        &["up"],
        "previous match, while typing",
        Section::Search,
        TYPED,
        None,
    ),
    row(
        Command::MatchCase,
        &["alt-c"],
        "tell capitals from small letters",
        Section::Search,
        TYPED,
        Some("case"),
    ),
    row(Command::MatchWord, &["alt-w"], "whole words only", Section::Search, TYPED, Some("word")),
    row(
        Command::MatchRegex,
        &["alt-r"],
        "what is typed is a regular expression",
        Section::Search,
        TYPED,
        Some("regex"),
    ),
    row(Command::Accept, &["enter"], "keep what was found", Section::Search, TYPED, None),
    row(Command::Cancel, &["esc"], "back to where one was", Section::Search, TYPED, None),
    row(Command::Cancel, &["esc"], "show the matches no more", Section::Search, TALK, None),
    row(
        Command::Fold,
        &["enter", "o"],
        "unfold the marked block, or fold it",
        Section::Show,
        TALK,
        Some("unfold"),
    ),
    row(
        Command::FoldAll,
        &["O"],
        "unfold all blocks of the exchange, or fold them",
        Section::Show,
        TALK,
        None,
    ),
    row(
        Command::Follow,
        &["f"],
        "follow what streams in, or stop following",
        Section::Show,
        TALK,
        Some("follow"),
    ),
    row(Command::Category(Category::User), &["1"], "user", Section::Show, TALK, None),
    row(Command::Category(Category::Assistant), &["2"], "assistant", Section::Show, TALK, None),
    row(Command::Category(Category::Tools), &["3"], "tools", Section::Show, TALK, None),
    row(
        Command::Category(Category::System),
        &["4"],
        "system prompt and tool definitions",
        Section::Show,
        TALK,
        None,
    ),
    row(
        Command::Category(Category::Budget),
        &["5"],
        "tokens, cost and time",
        Section::Show,
        TALK,
        None,
    ),
    row(
        Command::Category(Category::Metadata),
        &["6"],
        "parameters, stop reasons, side requests",
        Section::Show,
        TALK,
        None,
    ),
    row(Command::Category(Category::Headers), &["7"], "HTTP headers", Section::Show, TALK, None),
    row(
        Command::Level(Category::User),
        &["alt-1"],
        "user: hidden, summary, full",
        Section::Show,
        TALK,
        None,
    ),
    row(
        Command::Level(Category::Assistant),
        &["alt-2"],
        "assistant: hidden, summary, full",
        Section::Show,
        TALK,
        None,
    ),
    row(
        Command::Level(Category::Tools),
        &["alt-3"],
        "tools: hidden, summary, full",
        Section::Show,
        TALK,
        None,
    ),
    row(
        Command::Level(Category::System),
        &["alt-4"],
        "system prompt: hidden, summary, full",
        Section::Show,
        TALK,
        None,
    ),
    row(
        Command::Level(Category::Budget),
        &["alt-5"],
        "tokens, cost and time: hidden, summary, full",
        Section::Show,
        TALK,
        None,
    ),
    row(
        Command::Level(Category::Metadata),
        &["alt-6"],
        "parameters and the like: hidden, summary, full",
        Section::Show,
        TALK,
        None,
    ),
    row(
        Command::Level(Category::Headers),
        &["alt-7"],
        "HTTP headers: hidden, summary, full",
        Section::Show,
        TALK,
        None,
    ),
    row(
        Command::Preset(Preset::Conversation),
        &["f2"],
        "the conversation, and what goes with it in short",
        Section::Show,
        TALK,
        None,
    ),
    row(Command::Preset(Preset::All), &["f3"], "everything in full", Section::Show, TALK, None),
    row(
        Command::Preset(Preset::Tools),
        &["f4"],
        "tool calls in full, what is said in short",
        Section::Show,
        TALK,
        None,
    ),
    row(
        Command::Preset(Preset::Quiet),
        &["f5"],
        "what is said, and nothing else",
        Section::Show,
        TALK,
        None,
    ),
    row(Command::NextPreset, &["v"], "the next of these", Section::Show, TALK, None),
    row(
        Command::Inspect,
        &["i"],
        "the exchange of the marked block, as it was sent",
        Section::Inspect,
        TALK,
        Some("inspect"),
    ),
    row(
        Command::NextPart,
        &["tab"],
        "next part of the exchange",
        Section::Inspect,
        PAGES,
        Some("part"),
    ),
    row(Command::PreviousPart, &["shift-tab"], "previous part", Section::Inspect, PAGES, None),
    row(Command::Part(Part::Request), &["1"], "request", Section::Inspect, PAGES, None),
    row(Command::Part(Part::Response), &["2"], "response", Section::Inspect, PAGES, None),
    row(Command::Part(Part::Headers), &["3"], "headers", Section::Inspect, PAGES, None),
    row(Command::Part(Part::Events), &["4"], "events of the stream", Section::Inspect, PAGES, None),
    row(Command::Part(Part::Timing), &["5"], "times", Section::Inspect, PAGES, None),
    row(
        Command::NextExchange,
        &["]", "}", "J"],
        "the agent's next exchange",
        Section::Inspect,
        PAGES,
        Some("next"),
    ),
    row(
        Command::PreviousExchange,
        &["[", "{", "K"],
        "the agent's previous exchange",
        Section::Inspect,
        PAGES,
        None,
    ),
    row(
        Command::Fold,
        &["enter", "space", "o"],
        "unfold the marked row, or fold it",
        Section::Inspect,
        PAGES,
        Some("unfold"),
    ),
    row(
        Command::Inward,
        &["l", "right"],
        "unfold it, or go into it",
        Section::Inspect,
        PAGES,
        None,
    ),
    row(
        Command::Outward,
        &["h", "left"],
        "fold it, or go to what it belongs to",
        Section::Inspect,
        PAGES,
        None,
    ),
    row(Command::FoldAll, &["O"], "fold all rows, or unfold them", Section::Inspect, PAGES, None),
    row(
        Command::CopyAll,
        &["Y"],
        "copy all of the page, JSON laid out",
        Section::Inspect,
        PAGES,
        None,
    ),
    row(
        Command::CopyCurl,
        &["C"],
        "copy the request as a command of curl",
        Section::Inspect,
        SEARCHED,
        None,
    ),
    row(
        Command::CopyMarkdown,
        &["W"],
        "copy what was said in the exchange, as Markdown",
        Section::Inspect,
        SEARCHED,
        None,
    ),
    row(
        Command::Pager,
        &["P"],
        "the page, or the marked block, in $PAGER",
        Section::Inspect,
        SEARCHED,
        None,
    ),
    row(Command::Editor, &["V"], "the same in $EDITOR", Section::Inspect, SEARCHED, None),
    row(
        Command::Cancel,
        &["esc"],
        "show the matches no more; then close it",
        Section::Inspect,
        PAGES,
        None,
    ),
    row(Command::Back, &["q"], "back to the conversation", Section::Inspect, PAGES, Some("back")),
    row(
        Command::Compare,
        &["c"],
        "compare with the exchange before, or that of R",
        Section::Compare,
        BOTH,
        Some("compare"),
    ),
    row(
        Command::CompareFrom,
        &["R"],
        "compare others with this one, or no longer",
        Section::Compare,
        BOTH,
        None,
    ),
    row(
        Command::CompareWith,
        &["D"],
        "compare the exchange with another, by its number",
        Section::Compare,
        BOTH,
        None,
    ),
    row(
        Command::Versions,
        &["S"],
        "versions of the session's system prompt",
        Section::Compare,
        BOTH,
        None,
    ),
    row(
        Command::Choose,
        &["space"],
        "choose a version to compare others with",
        Section::Compare,
        &[Versions],
        Some("choose"),
    ),
    row(
        Command::Compare,
        &["c"],
        "compare with the chosen one, or the one before",
        Section::Compare,
        &[Versions],
        Some("compare"),
    ),
    row(Command::NextAgent, &[".", "L"], "next agent", Section::Agents, PANES, None),
    row(Command::PreviousAgent, &[",", "H"], "previous agent", Section::Agents, PANES, None),
    row(
        Command::OtherPane,
        &["tab", "shift-tab"],
        "between the agents and the conversation",
        Section::Agents,
        PANES,
        Some("agents"),
    ),
    row(
        Command::Choose,
        &["enter", "l", "right"],
        "go to its conversation",
        Section::Agents,
        &[Sidebar],
        Some("open"),
    ),
    row(
        Command::NewTab,
        &["alt-t"],
        "open a tab, which begins as this one",
        Section::Agents,
        TALK,
        None,
    ),
    row(
        Command::NewTab,
        &["t", "alt-t"],
        "open a tab for the chosen agent",
        Section::Agents,
        &[Sidebar],
        None,
    ),
    row(Command::CloseTab, &["ctrl-w"], "close the tab", Section::Agents, PANES, None),
    row(Command::NextTab, &["ctrl-pgdn", ">"], "next tab", Section::Agents, PANES, None),
    row(Command::PreviousTab, &["ctrl-pgup", "<"], "previous tab", Section::Agents, PANES, None),
    row(Command::GoToTab, &["`"], "to a tab, by its number", Section::Agents, PANES, None),
    row(
        Command::Sidebar,
        &["b"],
        "show or hide the agents",
        Section::Agents,
        &[Conversation, Sidebar, Sheet],
        None,
    ),
    row(
        Command::Play,
        &["p"],
        "play at the recorded speed, or stand still",
        Section::Time,
        PAST,
        Some("play"),
    ),
    row(Command::SecondOn, &[">"], "a second on", Section::Time, PAST, Some("second on")),
    row(Command::SecondBack, &["<"], "a second back", Section::Time, PAST, Some("back")),
    row(
        Command::NextEvent,
        &["e"],
        "next event: a piece, a beginning, an end",
        Section::Time,
        PAST,
        Some("event"),
    ),
    row(Command::PreviousEvent, &["E"], "previous event", Section::Time, PAST, None),
    row(Command::Faster, &["+", "="], "play twice as fast", Section::Time, PAST, None),
    row(Command::Slower, &["-"], "play half as fast", Section::Time, PAST, None),
    row(
        Command::Copy,
        &["y", "enter"],
        "copy the marked line",
        Section::Program,
        &[Welcome],
        Some("copy"),
    ),
    row(Command::Copy, &["y"], "copy the marked block", Section::Program, TALK, None),
    row(
        Command::Copy,
        &["y"],
        "copy the marked row and what belongs to it",
        Section::Inspect,
        PAGES,
        Some("copy"),
    ),
    row(
        Command::Palette,
        &["ctrl-p"],
        "find a command by what it does",
        Section::Program,
        SCREENS,
        None,
    ),
    row(
        Command::Mouse,
        &["M"],
        "give the mouse to the terminal, or take it",
        Section::Program,
        SCREENS,
        None,
    ),
    row(Command::LineDown, &["down", "ctrl-n"], "next command", Section::Program, &[Palette], None),
    row(Command::LineUp, &["up", "ctrl-p"], "previous command", Section::Program, &[Palette], None),
    row(Command::Accept, &["enter"], "go there", Section::Program, &[Number], None),
    row(
        Command::Accept,
        &["enter"],
        "run the chosen command",
        Section::Program,
        &[Palette],
        Some("run"),
    ),
    row(
        Command::Cancel,
        &["esc"],
        "do nothing",
        Section::Program,
        &[Number, Mark, Palette],
        Some("close"),
    ),
    row(Command::NextTheme, &["ctrl-t"], "another theme", Section::Program, EVERYWHERE, None),
    row(Command::Help, &["?", "f1"], "this help", Section::Program, EVERYWHERE, Some("help")),
    row(Command::Redraw, &["ctrl-l"], "draw the screen anew", Section::Program, EVERYWHERE, None),
    row(
        Command::Suspend,
        &["ctrl-z"],
        "to the shell; fg comes back",
        Section::Program,
        EVERYWHERE,
        None,
    ),
    row(
        Command::Reloads,
        &["ctrl-r"],
        "what was reloaded, and how long it took",
        Section::Develop,
        EVERYWHERE,
        None,
    ),
    row(
        Command::NextError,
        &["ctrl-n"],
        "next error of the build",
        Section::Develop,
        EVERYWHERE,
        None,
    ),
    row(
        Command::PreviousError,
        &["alt-n"],
        "previous error of the build",
        Section::Develop,
        EVERYWHERE,
        None,
    ),
    row(
        Command::EditError,
        &["ctrl-e"],
        "open the error's file in $EDITOR",
        Section::Develop,
        EVERYWHERE,
        None,
    ),
    row(
        Command::PutErrorsAway,
        &["ctrl-x"],
        "put the errors away until the next build",
        Section::Develop,
        EVERYWHERE,
        None,
    ),
    row(Command::Back, &["esc", "q", "enter"], "close", Section::Program, &[Help], Some("close")),
    row(
        Command::Detach,
        &["q"],
        "leave; the daemon goes on recording",
        Section::Program,
        MAIN,
        Some("quit"),
    ),
    row(Command::Detach, &["ctrl-c"], "leave", Section::Program, ALL, None),
];

/// A key that does the same as `pressed` does where it is `command`, where nobody has other wishes.
pub fn built_in_key(contexts: &[Context], command: Command, pressed: Key) -> Option<Key> {
    let has = |binding: &&Binding| {
        binding.command == command && binding.contexts.iter().any(|at| contexts.contains(at))
    };
    let keys = || {
        TABLE
            .iter()
            .filter(has)
            .flat_map(|binding| binding.keys)
            .filter_map(|name| Key::parse(name))
    };
    keys().find(|key| *key == pressed).or_else(|| keys().next())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_is_a_key_and_no_key_has_two_meanings_in_one_place() {
        let mut taken = HashSet::new();
        for binding in TABLE {
            assert!(!binding.contexts.is_empty() && !binding.keys.is_empty(), "{binding:?}");
            for name in binding.keys {
                let key = Key::parse(name).unwrap_or_else(|| panic!("{name} is no key"));
                for context in binding.contexts {
                    assert!(
                        taken.insert((*context, key)),
                        "{name} means two things in {context:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn help_and_leaving_are_at_hand_everywhere() {
        let keymap = Keymap::default();
        for context in EVERYWHERE {
            let leaves = Key::parse("ctrl-c").and_then(|key| keymap.command(*context, key));
            assert_eq!(leaves, Some(Command::Detach), "{context:?}");
            assert!(
                keymap.footer(*context).any(|(_, key, _)| key.to_string() == "?"),
                "{context:?}"
            );
        }
    }

    #[test]
    fn the_help_begins_with_what_is_about_the_place_and_ends_with_what_does_nothing_there() {
        let titles = |contexts: &[Context]| -> Vec<&str> {
            let keymap = Keymap::default();
            let titles = keymap.help(contexts).filter_map(|line| match line {
                HelpLine::Title(title) => Some(title),
                _ => None,
            });
            titles.collect()
        };
        let all: Vec<&str> = Section::ALL.iter().map(|section| section.title()).collect();
        for (contexts, first, last) in [
            (&[Conversation][..], "Move", "Time, where a moment is shown (--at)"),
            (
                &[Moment, Conversation],
                "Time, where a moment is shown (--at)",
                "While it is being changed (ccdump-view dev)",
            ),
            (&[Sidebar], "Sessions, agents and tabs", "Time, where a moment is shown (--at)"),
            (&[Welcome], "Program", "Time, where a moment is shown (--at)"),
        ] {
            let mut titles = titles(contexts);
            assert_eq!(
                (titles.first().copied(), titles.last().copied()),
                (Some(first), Some(last)),
                "{contexts:?}"
            );
            titles.sort_by_key(|title| all.iter().position(|other| other == title));
            assert_eq!(titles, all, "none is left out");
        }
    }

    #[test]
    fn no_two_commands_have_one_name() {
        let mut names = std::collections::HashMap::new();
        for binding in TABLE {
            let other = names.insert(binding.command.name(), binding.command);
            assert!(
                other.is_none_or(|other| other == binding.command),
                "{}",
                binding.command.name()
            );
        }
    }
}
