//! Search in the conversation that is shown: all of it, from where one is outwards, while one
//! types.
//!
//! What is searched is the text of each item as it is shown in full and as it is copied, on lines
//! that are not broken, whether it is folded, hidden or far away. Exchanges that are under way are
//! searched when they have ended.

mod asking;
mod found;
mod goal;
mod hints;
mod hits;
mod scan;
mod text;

use ccdump_provider::pattern::{NoPattern, Pattern, Switches};
use serde::{Deserialize, Serialize};

pub(crate) use self::text::Text;
use self::{asking::Asking, goal::Goal, hints::Hints, scan::Scan};
pub use self::{
    asking::Question,
    found::{Found, Piece, find},
    hits::{Hits, Match},
};
use crate::{
    Connection, Effect, State, Weight,
    component::Component,
    conversation::{Spot, Stand},
    input::Input,
    prompt::Prompt,
};

#[derive(Debug, Default)]
pub struct Search {
    pub input: Input,
    pub switches: Switches,
    /// What was looked for last.
    last: String,
    /// Matches are looked for, and shown.
    pub is_on: bool,
    /// The match one is at.
    pub current: Option<Match>,
    pub hits: Hits,
    /// `None`: nothing was typed. `Err`: why it cannot be looked for.
    pattern: Option<Result<Pattern, NoPattern>>,
    /// Where it begins, and how one stood there.
    origin: Option<Spot>,
    before: Option<Stand>,
    goal: Option<Goal>,
    scan: Scan,
    /// What the daemon was asked, and what it said.
    asking: Asking,
    hints: Hints,
}

impl Search {
    /// What is to be marked on the screen.
    pub fn pattern(&self) -> Option<&Pattern> {
        self.pattern.as_ref().filter(|_| self.is_on)?.as_ref().ok()
    }

    /// Why what was typed cannot be looked for.
    pub fn trouble(&self) -> Option<NoPattern> {
        self.pattern.as_ref()?.as_ref().err().copied()
    }

    /// There may be more matches than are known.
    pub fn is_going_on(&self) -> bool {
        self.pattern().is_some() && (!self.scan.is_done || self.hits.is_full())
    }

    /// How often it was found, in words; nothing while nothing is looked for.
    pub fn counted(&self) -> String {
        let number = self.current.as_ref().and_then(|current| self.hits.number(current));
        self.pattern()
            .map(|_| counted(number, self.hits.count(), self.is_going_on()))
            .unwrap_or_default()
    }

    /// There is something to be done at once, without waiting for anything.
    pub(super) fn is_busy(&self) -> bool {
        self.pattern().is_some() && !self.scan.is_done && !self.scan.waits
    }

    /// Other matches are looked for, from the beginning.
    fn changed(&mut self) {
        let text = self.input.text();
        self.pattern = (!text.is_empty()).then(|| Pattern::new(text, self.switches));
        self.is_on = self.pattern.is_some();
        self.current = None;
        self.goal = self.is_on.then_some(Goal::Nearest);
        self.forget();
    }

    /// What was found is of other exchanges than there are now.
    pub(super) fn forget(&mut self) {
        self.hits.clear();
        self.scan = Scan::of(self.scan.agent.take());
        self.hints = Hints::default();
        self.asking.forget();
    }

    /// Whatever else is done, a match that is not found yet is waited for no more.
    pub(super) fn stop_seeking(&mut self) {
        self.goal = None;
    }
}

impl State {
    pub(super) fn open_search(&mut self) {
        self.search.before = Some(self.conversation.stand());
        self.search.origin = self.conversation.focus.clone();
        self.search.input.clear();
        self.search.changed();
        self.conversation.raise(None);
        self.prompt.open = Some(Prompt::Search);
    }

    /// Something else was typed, or is to be read otherwise: the search begins anew, from where one
    /// was.
    pub(super) fn search_changed(&mut self) {
        self.conversation.raise(None);
        if self.prompt.open == Some(Prompt::Search)
            && let Some(before) = self.search.before.clone()
        {
            self.conversation.stand_at(before);
        }
        self.search.changed();
    }

    pub(super) fn turn_switch(&mut self, switch: impl FnOnce(&mut Switches) -> &mut bool) {
        let on = switch(&mut self.search.switches);
        *on = !*on;
        self.search_changed();
    }

    /// What was typed holds. Nothing: what was looked for last.
    pub(super) fn accept_search(&mut self) {
        self.prompt.open = None;
        if self.search.input.text().is_empty() {
            self.search.input = Input::from(self.search.last.clone());
            self.search.changed();
        }
        self.search.last = self.search.input.text().to_owned();
    }

    /// Back to where one was.
    pub(super) fn cancel_search(&mut self) {
        self.prompt.open = None;
        self.conversation.raise(None);
        if let Some(before) = self.search.before.take() {
            self.conversation.stand_at(before);
        }
        self.put_search_away();
    }

    /// Matches are shown no more. One stays where one is.
    pub(super) fn put_search_away(&mut self) {
        self.conversation.lower();
        self.search.is_on = false;
        self.search.current = None;
        self.search.goal = None;
        self.search.forget();
    }

    pub(super) fn next_match(&mut self, forward: bool) {
        if !self.search.is_on {
            self.search.input = Input::from(self.search.last.clone());
            self.search.changed();
            self.search.before = None;
        }
        if self.search.pattern().is_none() {
            let key = self
                .config
                .keymap
                .key(crate::keymap::Context::Conversation, crate::keymap::Command::Search);
            let how = key.map(|key| format!(": {key} begins a search")).unwrap_or_default();
            self.notices.say(self.now_us, Weight::Plain, format!("nothing was looked for{how}"));
            return;
        }
        self.search.origin = self.conversation.focus.clone();
        self.search.goal = Some(Goal::Next { forward });
    }

    /// What the daemon named is looked at as soon as it is here, not with the next frame: on the
    /// way to a match every fetch waits for the one before it.
    pub(super) fn look_where_it_stands(&mut self) -> Vec<Effect> {
        let mut effects = self.save_when_due();
        if self.search.pattern().is_some()
            && self.search.goal.is_some()
            && self.search.hints.are_open()
        {
            effects.extend(self.go_on_searching());
        }
        effects
    }

    /// One step of the search. Gives what has to be fetched for the next ones.
    pub(super) fn go_on_searching(&mut self) -> Vec<Effect> {
        let Self { search, conversation, roster, contents, zone, lines, .. } = self;
        if search.pattern().is_none() {
            return search.takes_back().then_some(Effect::Search(None)).into_iter().collect();
        }
        if search.scan.agent != conversation.agent {
            search.forget();
            search.scan = Scan::of(conversation.agent.clone());
            search.current = search.current.take().filter(|_| conversation.raised().is_some());
        }
        if search.origin.is_none() {
            search.origin = conversation
                .focus
                .clone()
                .or_else(|| conversation.place().map(|place| place.spot()));
        }
        let Some(origin) = search.origin.as_ref().map(|origin| origin.exchange) else {
            return Vec::new();
        };
        // Of a moment of the past the daemon knows nothing.
        let may_ask = self.moment.is_none() && self.daemon.connection == Connection::Connected;
        let agent = conversation.agent.as_ref().filter(|_| may_ask);
        let question = agent.and_then(|agent| search.question(agent, origin, self.now_us));
        search.hints.are_coming =
            search.comes_until_us().is_some_and(|until_us| self.now_us < until_us);
        let Some(Ok(pattern)) = &search.pattern else { return Vec::new() };
        let forward = match search.goal {
            Some(Goal::Next { forward }) => Some(forward),
            _ => None,
        };
        let exchanges = conversation.exchanges(roster);
        let mut text = Text { roster, contents, exchanges, zone, lines: *lines };
        let mut effects = search.scan.step(
            &mut text,
            pattern,
            &mut search.hits,
            &mut search.hints,
            (origin, forward),
        );
        effects.extend(question.map(|question| Effect::Search(Some(question))));
        if let Some((found, is_around)) = search.found(exchanges) {
            search.goal = None;
            if is_around {
                let end = if forward == Some(true) { "beginning" } else { "end" };
                self.notices.say(
                    self.now_us,
                    Weight::Plain,
                    format!("the search goes on at the {end}"),
                );
            }
            self.go_to_match(found);
        } else if search.scan.is_done && matches!(search.goal.take(), Some(Goal::Next { .. })) {
            self.notices.say(self.now_us, Weight::Plain, "nothing was found");
        }
        effects
    }

    fn go_to_match(&mut self, found: Match) {
        self.conversation.reach(found.spot.clone(), found.nth);
        self.search.current = Some(found);
        self.touch();
    }

    /// Lines are made anew: the match is looked for on them.
    pub(super) fn find_match_again(&mut self) {
        if self.search.is_on
            && let Some(current) = &self.search.current
        {
            self.conversation.reach(current.spot.clone(), current.nth);
        }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedSearch {
    text: Input,
    last: String,
    #[serde(flatten)]
    switches: Switches,
    is_on: bool,
    current: Option<Match>,
    before: Option<Stand>,
}

/// `3/41`, and `3/41+` while there may be more. `number`: that of the match one is at.
pub(crate) fn counted(number: Option<usize>, count: usize, is_going_on: bool) -> String {
    let more = if is_going_on { "+" } else { "" };
    match (count, number) {
        (0, _) if is_going_on => "…".to_owned(),
        (0, _) => "not found".to_owned(),
        (_, Some(number)) => format!("{number}/{count}{more}"),
        (_, None) => format!("{count}{more} found"),
    }
}

impl Component for Search {
    const KEY: &'static str = "search";
    const SCHEMA: u32 = 1;
    type Saved = SavedSearch;

    fn extract(&self) -> SavedSearch {
        SavedSearch {
            text: self.input.clone(),
            last: self.last.clone(),
            switches: self.switches,
            is_on: self.is_on,
            current: self.current.clone(),
            before: self.before.clone(),
        }
    }

    fn restore(&mut self, saved: SavedSearch) {
        let SavedSearch { text, last, switches, is_on, current, before } = saved;
        *self = Self {
            input: text,
            last: Input::from(last).into(),
            switches,
            before,
            ..Self::default()
        };
        self.changed();
        // Where one was is restored by itself.
        self.goal = None;
        self.is_on &= is_on;
        self.origin = current.as_ref().map(|current| current.spot.clone());
        self.current = current;
    }
}
