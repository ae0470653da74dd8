//! Search in a sheet: all of its rows, folded ones included, in small steps from the top.

use std::collections::BTreeMap;

use ccdump_model::rows::Rows;
use ccdump_provider::pattern::{NoPattern, Pattern, Switches};
use serde::{Deserialize, Serialize};

use crate::{
    State, Weight,
    input::Input,
    keymap::Key,
    prompt::Prompt,
    search::{self, counted},
};

/// As many are kept; who finds more looks for something else.
const MOST: usize = 10_000;
/// Bytes that one step looks at.
const STEP: usize = 512 << 10;
/// Rows of one text that are looked at together.
const TOGETHER: usize = 2_000;

#[derive(Debug, Default)]
pub struct Find {
    pub input: Input,
    pub switches: Switches,
    last: String,
    is_on: bool,
    /// `None`: nothing was typed. `Err`: why it cannot be looked for.
    pattern: Option<Result<Pattern, NoPattern>>,
    /// On which row each of them begins.
    hits: Vec<usize>,
    /// What is to be marked, by row.
    marks: BTreeMap<usize, Vec<Mark>>,
    /// The one that one is at.
    current: Option<usize>,
    /// Rows that were looked at.
    looked: usize,
    is_done: bool,
    goal: Option<Goal>,
    /// The marked row, and the first one on the screen, when typing began.
    before: Option<(usize, usize)>,
}

/// A piece of a row's line, in bytes, and which of the matches it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub from: usize,
    pub to: usize,
    pub hit: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// The first one from this row on.
    From(usize),
    Next {
        forward: bool,
    },
}

impl Find {
    pub fn pattern(&self) -> Option<&Pattern> {
        self.pattern.as_ref().filter(|_| self.is_on)?.as_ref().ok()
    }

    /// Why what was typed cannot be looked for.
    pub fn trouble(&self) -> Option<NoPattern> {
        self.pattern.as_ref()?.as_ref().err().copied()
    }

    pub fn count(&self) -> usize {
        self.hits.len()
    }

    /// The number of the match one is at, from 1.
    pub fn number(&self) -> Option<usize> {
        self.current.map(|current| current + 1)
    }

    /// How often it was found, in words; nothing while nothing is looked for.
    pub fn counted(&self) -> String {
        self.pattern()
            .map(|_| counted(self.number(), self.count(), self.is_going_on()))
            .unwrap_or_default()
    }

    /// There may be more than are known.
    pub fn is_going_on(&self) -> bool {
        self.pattern().is_some() && (!self.is_done || self.hits.len() >= MOST)
    }

    /// What is to be marked on a row; `true`: it is the match one is at.
    pub fn marks(&self, row: usize) -> impl Iterator<Item = (Mark, bool)> {
        self.marks
            .get(&row)
            .into_iter()
            .flatten()
            .map(|mark| (*mark, Some(mark.hit) == self.current))
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.pattern().is_some() && !self.is_done
    }

    /// The rows are others.
    pub(super) fn forget(&mut self) {
        self.hits.clear();
        self.marks.clear();
        (self.current, self.looked, self.is_done) = (None, 0, false);
    }

    pub(super) fn put_away(&mut self) {
        self.is_on = false;
        self.goal = None;
        self.before = None;
        self.forget();
    }

    fn changed(&mut self) {
        let text = self.input.text();
        self.pattern = (!text.is_empty()).then(|| Pattern::new(text, self.switches));
        self.is_on = self.pattern.is_some();
        self.goal = None;
        self.forget();
    }

    /// Looks at some more rows.
    fn step(&mut self, rows: &Rows) {
        let Some(Ok(pattern)) = self.pattern.as_ref().filter(|_| self.is_on && !self.is_done)
        else {
            return;
        };
        let mut bytes = 0_usize;
        while bytes < STEP && self.hits.len() < MOST {
            let rest = rows.all().get(self.looked..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            let more = rest.iter().skip(1).take(TOGETHER).take_while(|row| row.goes_on).count();
            let lines = || rest.iter().take(more + 1).map(|row| &row.line);
            bytes +=
                lines().flat_map(|line| &line.spans).map(|span| span.text.len() + 8).sum::<usize>()
                    + 8;
            for found in search::find(pattern, lines()).into_iter().take(MOST - self.hits.len()) {
                let Some((line, _)) = found.start() else { continue };
                let hit = self.hits.len();
                self.hits.push(self.looked + line);
                for piece in found.pieces {
                    let mark = Mark { from: piece.from, to: piece.to, hit };
                    self.marks.entry(self.looked + piece.line).or_default().push(mark);
                }
            }
            self.looked += more + 1;
        }
        self.is_done = self.looked >= rows.len() || self.hits.len() >= MOST;
    }

    /// The match to go to, once it is known; and whether it stands beyond the last one.
    fn found(&self, cursor: usize) -> Option<(usize, bool)> {
        let of_row = |row: usize| self.hits.partition_point(|hit| *hit < row);
        let current = self.current.filter(|current| self.hits.get(*current) == Some(&cursor));
        let (next, forward) = match self.goal? {
            Goal::From(row) => (Some(of_row(row)), true),
            Goal::Next { forward: true } => {
                (Some(current.map_or_else(|| of_row(cursor), |current| current + 1)), true)
            }
            Goal::Next { forward: false } if self.looked <= cursor && !self.is_done => return None,
            Goal::Next { forward: false } => {
                (current.unwrap_or_else(|| of_row(cursor)).checked_sub(1), false)
            }
        };
        match next.filter(|next| *next < self.hits.len()) {
            Some(next) => Some((next, false)),
            None if !self.is_done => None,
            None if forward => (!self.hits.is_empty()).then_some((0, true)),
            None => self.hits.len().checked_sub(1).map(|last| (last, true)),
        }
    }

    pub(super) fn saved(&self) -> SavedFind {
        SavedFind {
            text: self.input.clone(),
            last: self.last.clone(),
            switches: self.switches,
            is_on: self.is_on,
        }
    }
}

impl State {
    pub(super) fn open_find(&mut self) {
        self.sheet.find.before = Some((self.sheet.cursor, self.sheet.first));
        self.sheet.find.input.clear();
        self.sheet.find.changed();
        self.prompt.open = Some(Prompt::Find);
    }

    /// A key of what is typed. Says whether it did anything.
    pub(crate) fn type_find(&mut self, key: Key) -> bool {
        let before = self.sheet.find.input.clone();
        if self.sheet.find.input.press(key) {
            self.find_changed();
        }
        self.sheet.find.input != before
    }

    pub(crate) fn turn_find_switch(&mut self, switch: impl FnOnce(&mut Switches) -> &mut bool) {
        let on = switch(&mut self.sheet.find.switches);
        *on = !*on;
        self.find_changed();
    }

    fn find_changed(&mut self) {
        let sheet = &mut self.sheet;
        sheet.find.changed();
        if let Some((cursor, first)) = sheet.find.before {
            (sheet.cursor, sheet.first) = (cursor, first);
        }
        sheet.find.goal = Some(Goal::From(sheet.cursor));
    }

    /// What was typed holds. Nothing: what was looked for last.
    pub(crate) fn accept_find(&mut self) {
        self.prompt.open = None;
        let find = &mut self.sheet.find;
        if find.input.text().is_empty() {
            find.input = Input::from(find.last.clone());
            self.find_changed();
        }
        let find = &mut self.sheet.find;
        find.last = find.input.text().to_owned();
        find.before = None;
    }

    /// Back to where one was.
    pub(crate) fn cancel_find(&mut self) {
        self.prompt.open = None;
        let sheet = &mut self.sheet;
        if let Some((cursor, first)) = sheet.find.before.take() {
            (sheet.cursor, sheet.first) = (cursor, first);
        }
        sheet.find.put_away();
    }

    pub(crate) fn next_found(&mut self, forward: bool) {
        let find = &mut self.sheet.find;
        if !find.is_on {
            find.input = Input::from(find.last.clone());
            find.changed();
        }
        if find.pattern().is_none() {
            return self.notices.say(self.now_us, Weight::Plain, "nothing was looked for");
        }
        find.goal = Some(Goal::Next { forward });
    }

    /// One step of the search; goes to the match that is wanted.
    pub(super) fn go_on_finding(&mut self, height: u16) {
        self.sheet.find.step(&self.sheet.rows);
        let Some(goal) = self.sheet.find.goal else { return };
        let Some((hit, is_around)) = self.sheet.find.found(self.sheet.cursor) else {
            if self.sheet.find.is_done {
                self.sheet.find.goal = None;
                if matches!(goal, Goal::Next { .. }) {
                    self.notices.say(self.now_us, Weight::Plain, "nothing was found");
                }
            }
            return;
        };
        let sheet = &mut self.sheet;
        sheet.find.goal = None;
        sheet.find.current = Some(hit);
        if let Some(row) = sheet.find.hits.get(hit).copied() {
            sheet.go_to(row, height);
        }
        if is_around && let Goal::Next { forward } = goal {
            let end = if forward { "beginning" } else { "end" };
            self.notices.say(
                self.now_us,
                Weight::Plain,
                format!("the search goes on at the {end}"),
            );
        }
        self.touch();
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedFind {
    text: Input,
    last: String,
    #[serde(flatten)]
    switches: Switches,
    is_on: bool,
}

impl From<SavedFind> for Find {
    fn from(saved: SavedFind) -> Self {
        let SavedFind { text, last, switches, is_on } = saved;
        let mut find =
            Self { input: text, last: Input::from(last).into(), switches, ..Self::default() };
        find.changed();
        find.is_on &= is_on;
        find
    }
}
