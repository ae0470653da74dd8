//! Several conversations open at once, each as it was left: its agent, its place, what is folded.
//! One of them is shown, and is [`State::conversation`]; the others are kept beside it and cost
//! nothing until they are shown again.

use std::{collections::VecDeque, ops::Range};

use ccdump_model::{
    line::width,
    record::{AgentKey, AgentName, Roster},
};
use serde::{Deserialize, Serialize};

use super::{Conversation, State, Weight, component::Component, conversation::SavedConversation};
use crate::keymap::Command;

/// Tabs at most: as many as have a digit.
pub const MOST: usize = 9;
/// Columns that a tab takes at most.
const WIDEST: usize = 28;

/// The tabs before the one that is shown, and those after it.
#[derive(Default)]
pub struct Tabs {
    before: Vec<Tab>,
    after: Vec<Tab>,
}

/// A tab that is not shown.
#[derive(Default)]
struct Tab {
    talk: Conversation,
    /// How far its agent had come when it was last seen: [`newest`].
    seen: u64,
}

/// A tab in the line of tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title {
    /// From 1.
    pub number: usize,
    pub name: String,
    pub is_shown: bool,
    /// Something came since it was last seen.
    pub has_news: bool,
    /// Its columns.
    pub columns: Range<u16>,
}

impl Tabs {
    pub fn count(&self) -> usize {
        self.before.len() + 1 + self.after.len()
    }

    /// The number of the one that is shown, from 0.
    pub fn shown(&self) -> usize {
        self.before.len()
    }

    /// Whose conversations the others are.
    pub(super) fn agents(&self) -> impl Iterator<Item = &AgentKey> {
        self.before.iter().chain(&self.after).filter_map(|tab| tab.talk.agent.as_ref())
    }

    /// All but the one that is shown are gone.
    pub(super) fn close_others(&mut self) {
        *self = Self::default();
    }

    /// Puts `shown` away and gives the tab of that number, from 0; a number that is too large is
    /// the last one's.
    fn change(&mut self, number: usize, shown: Tab) -> Tab {
        let mut all: VecDeque<Tab> =
            self.before.drain(..).chain([shown]).chain(self.after.drain(..)).collect();
        self.before = all.drain(..number.min(all.len() - 1)).collect();
        let chosen = all.pop_front();
        self.after = all.into();
        chosen.unwrap_or_default()
    }
}

/// How far an agent has come, as a number of the log that grows.
fn newest(roster: &Roster, agent: Option<&AgentKey>) -> u64 {
    let Some(agent) = agent.and_then(|key| roster.agent(key)) else { return 0 };
    let ids = agent.open.iter().chain(agent.exchanges.last());
    ids.filter_map(|id| roster.row(*id)).map(|row| row.through_seq).max().unwrap_or_default()
}

impl State {
    pub(super) fn tab_command(&mut self, command: Command) {
        let (shown, count) = (self.tabs.shown(), self.tabs.count());
        match command {
            Command::NewTab => self.open_tab(),
            Command::CloseTab => self.close_tab(),
            Command::NextTab => self.show_tab((shown + 1) % count),
            Command::PreviousTab => self.show_tab((shown + count - 1) % count),
            _ => {}
        }
        if count == 1 && matches!(command, Command::NextTab | Command::PreviousTab) {
            self.notices.say(self.now_us, Weight::Plain, self.only_tab());
        }
    }

    /// Shows the tab of that number, from 0, as it was left.
    pub(super) fn show_tab(&mut self, number: usize) {
        if number == self.tabs.shown() || number >= self.tabs.count() {
            return;
        }
        let seen = newest(&self.roster, self.conversation.agent.as_ref());
        let mut talk = std::mem::take(&mut self.conversation);
        talk.rest();
        let chosen = self.tabs.change(number, Tab { talk, seen });
        self.put_up(chosen);
    }

    /// The conversation of a tab takes the place of the one that was shown; what spoke of that goes
    /// with it.
    fn put_up(&mut self, tab: Tab) {
        self.close_sheet();
        self.conversation = tab.talk;
        self.pointer.let_go();
    }

    /// Shows the tab with that digit.
    pub(super) fn go_to_tab(&mut self, digit: char) {
        let count = self.tabs.count();
        let number = digit
            .to_digit(10)
            .and_then(|digit| usize::try_from(digit).ok())
            .and_then(|digit| digit.checked_sub(1));
        match number.filter(|number| *number < count) {
            Some(number) => self.show_tab(number),
            None => self.notices.say(
                self.now_us,
                Weight::Warning,
                format!("there are the tabs 1 to {count}"),
            ),
        }
    }

    /// One more behind the one that is shown, which begins as that is.
    fn open_tab(&mut self) {
        if self.conversation.agent.is_none() {
            return;
        }
        if self.tabs.count() >= MOST {
            return self.notices.say(
                self.now_us,
                Weight::Warning,
                format!("there are {MOST} tabs, and room for no more"),
            );
        }
        self.conversation.by_hand = true;
        let mut talk = Conversation::new();
        talk.restore(self.conversation.extract());
        let seen = newest(&self.roster, self.conversation.agent.as_ref());
        self.tabs.after.insert(0, Tab { talk, seen });
        self.show_tab(self.tabs.shown() + 1);
    }

    /// The one after it is shown then, or the last.
    fn close_tab(&mut self) {
        let next = if self.tabs.after.is_empty() {
            self.tabs.before.pop()
        } else {
            Some(self.tabs.after.remove(0))
        };
        match next {
            Some(tab) => self.put_up(tab),
            None => self.notices.say(self.now_us, Weight::Plain, self.only_tab()),
        }
    }

    fn only_tab(&self) -> String {
        let key = self.config.keymap.key(crate::keymap::Context::Conversation, Command::NewTab);
        format!(
            "this is the only tab{}",
            key.map(|key| format!("; {key} opens another one")).unwrap_or_default()
        )
    }

    /// Whether there is a line of tabs.
    pub fn has_tab_line(&self) -> bool {
        self.tabs.count() > 1 && !self.roster.is_empty()
    }

    /// What stands in the line of tabs. Nothing where there is none.
    pub fn tab_titles(&self) -> Vec<Title> {
        if !self.has_tab_line() {
            return Vec::new();
        }
        let Tabs { before, after } = &self.tabs;
        let others = |tab: &Tab| {
            (tab.talk.agent.clone(), newest(&self.roster, tab.talk.agent.as_ref()) > tab.seen)
        };
        let shown = (self.conversation.agent.clone(), false);
        let tabs = before.iter().map(others).chain([shown]).chain(after.iter().map(others));
        let room = (usize::from(self.width) / self.tabs.count()).min(WIDEST);
        let mut from = 0_u16;
        let title = |(number, (agent, has_news)): (usize, (Option<AgentKey>, bool))| {
            // A blank or a bracket at each end, the number with what stands behind it, and a blank.
            let name = agent
                .map(|agent| self.agent_name(&agent).fit(room.saturating_sub(5)))
                .unwrap_or_default();
            let columns = u16::try_from(width(&name) + 5).unwrap_or(u16::MAX);
            let start = from;
            from = from.saturating_add(columns);
            Title {
                number: number + 1,
                name,
                is_shown: number == before.len(),
                has_news,
                columns: start..from,
            }
        };
        tabs.enumerate().map(title).collect()
    }

    /// What an agent is called where it stands alone: the main one by what its session is about.
    fn agent_name(&self, key: &AgentKey) -> AgentName {
        let label = self.labels.get(key).filter(|_| key.is_main()).map(AgentName::plain);
        label
            .or_else(|| Some(self.roster.agent(key)?.name.clone()))
            .unwrap_or_else(|| AgentName::plain(&key.provider))
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedTabs {
    before: Vec<SavedTab>,
    after: Vec<SavedTab>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct SavedTab {
    conversation: SavedConversation,
    seen: u64,
}

/// The one that is shown is the component `conversation`: versions that know no tabs find it there.
impl Component for Tabs {
    const KEY: &'static str = "tabs";
    const SCHEMA: u32 = 1;
    type Saved = SavedTabs;

    fn extract(&self) -> SavedTabs {
        let saved = |tab: &Tab| SavedTab { conversation: tab.talk.extract(), seen: tab.seen };
        SavedTabs {
            before: self.before.iter().map(saved).collect(),
            after: self.after.iter().map(saved).collect(),
        }
    }

    fn restore(&mut self, saved: SavedTabs) {
        let restored = |tab: SavedTab| {
            let mut talk = Conversation::new();
            talk.restore(tab.conversation);
            Tab { talk, seen: tab.seen }
        };
        let SavedTabs { before, after } = saved;
        let before: Vec<Tab> = before.into_iter().take(MOST - 1).map(restored).collect();
        let after = after.into_iter().take(MOST - 1 - before.len()).map(restored).collect();
        *self = Self { before, after };
    }
}
