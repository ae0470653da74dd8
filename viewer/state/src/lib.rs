//! The state of the viewer, and the one place that changes it: [`State::update`]. What is on the
//! screen is a function of it.

mod appearance;
mod areas;
pub mod at;
pub mod component;
pub mod config;
mod contexts;
pub mod conversation;
mod copy;
mod daemon;
mod effect;
mod errand;
mod event;
pub mod footer;
pub mod input;
pub mod journal;
pub mod keymap;
mod kin;
mod labels;
pub mod marks;
pub mod moment;
pub mod mouse;
mod news;
mod notices;
pub mod palette;
pub mod prompt;
mod reloads;
pub mod search;
pub mod sheet;
mod sidebar;
pub mod tabs;
mod update;
pub mod welcome;

use ccdump_model::{
    blocks::Item,
    line::{Detail, Line},
    record::{AgentKey, Contents, Node, Roster, Sections},
};
use jiff::tz::TimeZone;

pub use self::{
    appearance::Appearance,
    areas::{Area, Areas, MARGIN},
    component::Saved,
    conversation::Conversation,
    daemon::{Connection, Daemon},
    effect::{Effect, Program},
    errand::Errand,
    event::{DaemonEvent, Event},
    input::Input,
    journal::{Journal, Pressed},
    labels::Labels,
    marks::Marks,
    moment::Moment,
    mouse::{Mouse, Pointer},
    notices::{Notices, Weight},
    palette::Palette,
    prompt::{Prompt, Prompts},
    reloads::Reloads,
    search::Search,
    sheet::{Chosen, MakeRows, Sheet},
    sidebar::Sidebar,
    tabs::Tabs,
    welcome::Welcome,
};
use self::{component::Restored, conversation::Sources};
use crate::config::Config;

/// After a change the view state is kept this soon. Microseconds.
const SAVE_AFTER: i64 = 100_000;

/// The name under which the view state is kept.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Empty until the daemon gave it.
    pub name: String,
    /// False when another viewer holds the name: nothing is kept.
    pub is_saved: bool,
}

/// How an item becomes lines of a width: none of this crate's business.
pub type MakeLines = fn(&Item, Detail, u16) -> Vec<Line>;

pub struct State {
    pub width: u16,
    pub height: u16,
    /// Microseconds since the Unix epoch.
    pub now_us: i64,
    pub zone: TimeZone,
    pub lines: MakeLines,
    pub rows: MakeRows,
    /// Themes and keys.
    pub config: Config,
    pub appearance: Appearance,
    pub daemon: Daemon,
    pub view: View,
    pub roster: Roster,
    pub contents: Contents,
    /// The sections of system prompts, with the numbers that the daemon gave them.
    pub sections: Sections,
    pub labels: Labels,
    pub sidebar: Sidebar,
    pub conversation: Conversation,
    /// Other conversations that are open.
    pub tabs: Tabs,
    /// In the place of the conversation, while it is open.
    pub sheet: Sheet,
    /// What is chosen to be compared.
    pub chosen: Chosen,
    errand: Option<Errand>,
    pub welcome: Welcome,
    /// The help is open; its first line on the screen.
    pub help: Option<u16>,
    pub notices: Notices,
    /// What is asked for in the last line.
    pub prompt: Prompts,
    pub search: Search,
    pub marks: Marks,
    pub palette: Palette,
    pub pointer: Pointer,
    /// A moment of the past is shown.
    pub moment: Option<Moment>,
    /// How the person came here.
    pub journal: Journal,
    pub reloads: Reloads,
    /// The one at the top of the tree.
    newest_session: Option<Node>,
    /// Whose rows were asked for before the index was here, and whose have come.
    rows_asked: Option<AgentKey>,
    rows_here: Option<AgentKey>,
    /// What was saved last, with the parts of components that are unknown here.
    saved: Saved,
    save_at_us: Option<i64>,
}

impl State {
    pub fn new(
        width: u16,
        height: u16,
        now_us: i64,
        zone: TimeZone,
        lines: MakeLines,
        rows: MakeRows,
    ) -> Self {
        Self {
            width,
            height,
            now_us,
            zone,
            lines,
            rows,
            config: Config::default(),
            appearance: Appearance::default(),
            daemon: Daemon::default(),
            view: View::default(),
            roster: Roster::default(),
            contents: Contents::default(),
            sections: Sections::default(),
            labels: Labels::default(),
            sidebar: Sidebar::default(),
            conversation: Conversation::new(),
            tabs: Tabs::default(),
            sheet: Sheet::default(),
            chosen: Chosen::default(),
            errand: None,
            welcome: Welcome::default(),
            help: None,
            notices: Notices::default(),
            prompt: Prompts::default(),
            search: Search::default(),
            marks: Marks::default(),
            palette: Palette::default(),
            pointer: Pointer::default(),
            moment: None,
            journal: Journal::default(),
            reloads: Reloads::default(),
            newest_session: None,
            rows_asked: None,
            rows_here: None,
            saved: Saved::default(),
            save_at_us: None,
        }
    }

    /// Keys of the components that were restored.
    pub fn restored(&self) -> Vec<String> {
        self.saved.keys()
    }

    /// Restores every component from what was saved. Gives what could not be, in words.
    fn give_all(&mut self) -> Vec<String> {
        let Self {
            saved,
            appearance,
            sidebar,
            conversation,
            tabs,
            sheet,
            chosen,
            prompt,
            search,
            marks,
            palette,
            pointer,
            journal,
            moment,
            ..
        } = self;
        let moment = moment.as_mut().map(|moment| saved.give(moment));
        let parts = [
            saved.give(appearance),
            saved.give(sidebar),
            saved.give(conversation),
            saved.give(tabs),
            saved.give(sheet),
            saved.give(chosen),
            saved.give(prompt),
            saved.give(search),
            saved.give(marks),
            saved.give(palette),
            saved.give(pointer),
            saved.give(journal),
        ];
        let trouble = |part| match part {
            Ok(Restored::Partly(trouble)) | Err(trouble) => Some(trouble),
            Ok(Restored::Nothing | Restored::Whole) => None,
        };
        parts.into_iter().chain(moment).filter_map(trouble).collect()
    }

    /// Takes what every component saves.
    fn put_all(&mut self) {
        let at = self.now_us / 1000;
        let mut saved = std::mem::take(&mut self.saved);
        self.put_places(&mut saved);
        saved.put(&self.journal, at);
        self.moment.iter().for_each(|moment| saved.put(moment, at));
        self.saved = saved;
    }

    /// What a person sees and has set, without how it came to that.
    fn put_places(&self, saved: &mut Saved) {
        let at = self.now_us / 1000;
        saved.put(&self.appearance, at);
        saved.put(&self.sidebar, at);
        saved.put(&self.conversation, at);
        saved.put(&self.tabs, at);
        saved.put(&self.sheet, at);
        saved.put(&self.chosen, at);
        saved.put(&self.prompt, at);
        saved.put(&self.search, at);
        saved.put(&self.marks, at);
        saved.put(&self.palette, at);
        saved.put(&self.pointer, at);
    }

    pub fn areas(&self) -> Areas {
        let sidebar = self.sidebar.open && !self.roster.is_empty();
        Areas::of(self.width, self.height, self.has_tab_line(), sidebar, self.sidebar.focused)
    }

    /// When [`Event::Tick`] may change something. Microseconds.
    pub fn deadline(&self) -> Option<i64> {
        let waits = matches!(self.daemon.connection, Connection::Lost { .. });
        let next_second = waits.then(|| self.now_us.saturating_add(1_000_000));
        let picture = self.moment.as_ref().and_then(|moment| moment.deadline(self.now_us));
        let search = (self.search.is_busy() || self.sheet.find.is_busy()).then_some(self.now_us);
        let hints = self.search.comes_until_us().filter(|until_us| *until_us > self.now_us);
        let sheet = self.sheet.is_open().then(|| self.sheet.material.deadline()).flatten();
        [self.notices.deadline(), self.save_at_us, next_second, picture, search, hints, sheet]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether everything that belongs on the screen is there.
    pub fn is_whole(&self) -> bool {
        if self.sheet.is_open() {
            return self.sheet.is_whole();
        }
        let rows = &self.conversation.window.rows;
        match rows.is_empty() {
            true => self.roster.is_empty() && self.daemon.answered && self.moment.is_none(),
            false if self.moment.is_some() && !self.has_rows() => false,
            false => rows.iter().all(|row| row.turn.is_loaded),
        }
    }

    /// To be called before drawing: finds what is on the screen. Gives what has to be fetched for
    /// it.
    pub fn arrange(&mut self) -> Vec<Effect> {
        self.roster.plant();
        self.choose_liveliest();
        let early = self.early_rows();
        let areas = self.areas();
        let chosen = self.conversation.agent.as_ref();
        let row = self
            .roster
            .nodes()
            .iter()
            .position(|node| matches!(node, Node::Agent { key, .. } if Some(key) == chosen));
        self.sidebar.reveal(row, self.roster.nodes().len(), usize::from(areas.sidebar.height));
        let before = (self.conversation.place().cloned(), self.conversation.focus.clone());
        let is_complete = self.has_rows();
        let searched = self.go_on_searching();
        let mut effects = self.conversation.arrange(Sources {
            roster: &self.roster,
            contents: &mut self.contents,
            sections: &mut self.sections,
            zone: &self.zone,
            lines: self.lines,
            width: areas.conversation.width.saturating_sub(MARGIN),
            height: areas.conversation.height,
            is_complete,
            pattern: self.search.pattern(),
        });
        effects.extend(self.arrange_sheet());
        let asked = self.sections.ask().into_iter();
        effects.extend(asked.map(|(session, after)| Effect::Sections { session, after }));
        effects.extend(self.go_on_errand());
        if let Some(moment) = &mut self.moment {
            let newest = self.conversation.exchanges(&self.roster).last().copied();
            for effect in &mut effects {
                if let Effect::Follow(exchanges) = effect {
                    moment.follow(exchanges, newest);
                }
            }
        }
        // A jump may have waited for its target.
        if before != (self.conversation.place().cloned(), self.conversation.focus.clone()) {
            self.touch();
        }
        let seen = self
            .roster
            .nodes()
            .iter()
            .skip(self.sidebar.first)
            .take(usize::from(areas.sidebar.height));
        let agents = seen.filter_map(|node| match node {
            Node::Agent { key, .. } => Some(key),
            Node::Session { .. } => None,
        });
        effects.extend(early);
        effects.extend(searched);
        let shown = self.conversation.agent.iter().filter(|_| self.tabs.count() > 1);
        let agents = agents.chain(shown).chain(self.tabs.agents());
        effects.extend(self.labels.find(agents, &self.roster, &mut self.contents));
        if self.labels.tell(&mut self.roster) {
            effects.extend(self.arrange());
        }
        effects
    }

    /// Until the person chooses, the agent that was heard last is shown, then each one that begins
    /// a session.
    fn choose_liveliest(&mut self) {
        let newest = self.roster.nodes().first();
        if self.newest_session.as_ref() != newest {
            let is_news = self.newest_session.is_some() && self.daemon.caught_up;
            self.newest_session = newest.cloned();
            if is_news && !self.conversation.by_hand && self.conversation.follow {
                let agent = self.roster.agents().next().cloned();
                agent.into_iter().for_each(|agent| self.conversation.choose(agent));
            }
        }
        let is_there = self
            .conversation
            .agent
            .as_ref()
            .is_some_and(|agent| self.roster.agent(agent).is_some());
        // What was chosen at an earlier time may come yet while the index is still arriving, or
        // with the time that is shown.
        let may_come =
            self.conversation.agent.is_some() && (!self.has_rows() || self.moment.is_some());
        if !is_there
            && !may_come
            && let Some(agent) = self.roster.liveliest()
        {
            self.conversation.choose(agent.clone());
        }
    }

    /// Whether the rows that the screen needs are here, or will never be.
    fn has_rows(&self) -> bool {
        self.daemon.caught_up
            || (self.rows_here.is_some() && self.rows_here == self.conversation.agent)
    }

    /// Rows that the first frame takes and that are not among the newest.
    fn early_rows(&mut self) -> Option<Effect> {
        let agent = self
            .conversation
            .agent
            .as_ref()
            .filter(|agent| self.rows_asked.as_ref() != Some(*agent))?;
        let past = self.moment.as_ref().map(Moment::exchange);
        let around = self
            .conversation
            .place()
            .filter(|_| !self.conversation.follow)
            .map(|place| place.exchange)
            .or(past);
        let is_here = around.is_some_and(|exchange| self.roster.row(exchange).is_some())
            || (around.is_none() && self.roster.agent(agent).is_some());
        if self.daemon.caught_up || (is_here && past.is_none()) {
            return None;
        }
        self.rows_asked = Some(agent.clone());
        Some(Effect::Rows { agent: agent.clone(), around })
    }

    /// Something changed that is kept for the next start.
    fn touch(&mut self) {
        if self.view.is_saved {
            self.save_at_us.get_or_insert(self.now_us.saturating_add(SAVE_AFTER));
        }
    }
}
