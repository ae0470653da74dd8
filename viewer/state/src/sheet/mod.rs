//! A sheet: a page of rows that fold, in the place of the conversation. What its rows are made of
//! is fetched for it, whole; how they are made is none of this crate's business ([`MakeRows`]).

mod command;
mod compare;
mod find;
mod inspect;
mod place;
mod subject;

use std::collections::BTreeMap;

use ccdump_model::{record::has_ended, rows::Rows};
use serde::{Deserialize, Serialize};

use self::place::Place;
pub use self::{
    compare::{Chosen, section, section_need, version_before},
    find::{Find, SavedFind},
    inspect::part_at,
    subject::{Brought, LARGEST_LOG, Material, Need, Part, Subject},
};
use crate::{Effect, Errand, MARGIN, Prompt, State, component::Component};

/// The rows of the open sheet, none of them wider than so many columns with its indentation
/// ([`INDENT`]).
pub type MakeRows = fn(&State, u16) -> Rows;

/// Columns before a row's line: so many for each row above it, and for its sign.
pub const INDENT: u16 = 2;
/// Lines above the rows: what the sheet is of.
pub const BAR: u16 = 1;
/// Pages whose places are kept.
const PLACES: usize = 20;

#[derive(Debug, Default)]
pub struct Sheet {
    /// `None`: it is closed.
    pub subject: Option<Subject>,
    pub rows: Rows,
    /// The marked row, and the first one on the screen.
    pub cursor: usize,
    pub first: usize,
    pub find: Find,
    pub material: Material,
    /// The row that was marked when the rows were put here.
    put_at: usize,
    /// By page.
    places: BTreeMap<String, Place>,
    /// What the rows were made of; they are made anew when it is another.
    made_of: Option<MadeOf>,
    /// All that the rows are made of has come: where one is on them is worth keeping.
    is_whole: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct MadeOf {
    subject: Subject,
    width: u16,
    material: u64,
    /// How far the index knows these exchanges, and those after them.
    rows: Vec<Option<u64>>,
    /// Of the numbers of system sections, and which of them is chosen.
    sections: (u64, Option<u64>),
}

impl Sheet {
    pub fn is_open(&self) -> bool {
        self.subject.is_some()
    }

    /// Whether the screen can be drawn as it belongs.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole && self.made_of.as_ref().map(|made| &made.subject) == self.subject.as_ref()
    }

    pub(super) fn open(&mut self, subject: Subject) {
        self.keep_place();
        self.subject = Some(subject);
    }

    /// Where one is on its pages is kept; what was fetched is not.
    pub(super) fn close(&mut self) {
        self.keep_place();
        let (places, find) = (std::mem::take(&mut self.places), std::mem::take(&mut self.find));
        *self = Self { places, find, ..Self::default() };
        self.find.put_away();
    }

    /// Back to where one came from: two versions were chosen from the list.
    pub(super) fn leave(&mut self) {
        match self.subject.take() {
            Some(Subject::CompareSections { session, .. }) => {
                self.open(Subject::Versions { session })
            }
            _ => self.close(),
        }
    }

    /// The place on the page that is shown.
    fn place(&mut self) -> Option<&mut Place> {
        let page = self.made_of.as_ref()?.subject.page();
        Some(self.places.entry(page.to_owned()).or_default())
    }

    /// Whether where one is says more than the place that is kept: on rows that wait for more, only
    /// once one has moved.
    fn is_somewhere(&self) -> bool {
        self.is_whole || self.cursor != self.put_at
    }

    fn keep_place(&mut self) {
        if !self.is_somewhere() {
            return;
        }
        let rows = std::mem::take(&mut self.rows);
        let (cursor, first) = (self.cursor, self.first);
        if let Some(place) = self.place() {
            place.stand(&rows, cursor, first);
        }
        self.rows = rows;
        while self.places.len() > PLACES {
            self.places.pop_first();
        }
    }

    fn take(&mut self, rows: Rows, made_of: MadeOf) {
        self.rows = rows;
        let place = self.places.get(made_of.subject.page()).cloned().unwrap_or_default();
        (self.cursor, self.first) = place.put(&mut self.rows);
        self.put_at = self.cursor;
        self.made_of = Some(made_of);
        self.find.forget();
    }

    /// Brings the marked row onto the screen, and the last one to its bottom at the highest.
    fn settle(&mut self, height: u16) {
        let rows = &self.rows;
        let up = |from: usize, by: usize| {
            std::iter::successors(Some(from), |at| rows.previous(*at)).take(by + 1).last()
        };
        let below = usize::from(height).saturating_sub(1);
        self.cursor = rows.shown(self.cursor.min(rows.len().saturating_sub(1)));
        let lowest = up(rows.last(), below).unwrap_or(0);
        let highest = up(self.cursor, below).unwrap_or(0);
        self.first = rows.shown(self.first).min(lowest).max(highest).min(self.cursor);
    }
}

impl State {
    /// Back to the conversation, whatever was asked for on the sheet.
    pub(super) fn close_sheet(&mut self) {
        if self.prompt.open == Some(Prompt::Find) {
            self.prompt.open = None;
        }
        self.sheet.close();
    }

    /// Makes the rows of the sheet if they have to be made. Gives what has to be fetched for it.
    pub(super) fn arrange_sheet(&mut self) -> Vec<Effect> {
        let Some(subject) = self.sheet.subject.clone() else { return Vec::new() };
        self.sheet.material.keep(Some(&subject), self.errand.map(Errand::exchange));
        let area = self.areas().conversation;
        let (width, height) = (area.width.saturating_sub(MARGIN), area.height.saturating_sub(BAR));
        if let Some(session) = subject.sections_of() {
            self.sections.want(session);
        }
        let made_of = self.made_of(subject.clone(), width);
        if self.sheet.made_of.as_ref() != Some(&made_of) {
            self.sheet.keep_place();
            let rows = (self.rows)(self, width);
            self.sheet.take(rows, made_of);
            self.sheet.is_whole = false;
        }
        self.go_on_finding(height);
        self.sheet.settle(height);
        let (mut needs, is_missing) = match &subject {
            Subject::Versions { session } => self.versions_needs(session.as_deref(), height.into()),
            Subject::CompareSections { session, left, right } => {
                let (needs, is_awaited) = self.sections_needs(session.as_deref(), [*left, *right]);
                let is_missing = needs.iter().any(|need| !self.sheet.material.has(*need));
                (needs, is_awaited || is_missing)
            }
            Subject::Inspect { .. } | Subject::Compare { .. } => {
                let needs = subject.needs();
                let is_missing = needs.iter().any(|need| !self.sheet.material.has(*need));
                (needs, is_missing)
            }
        };
        if is_missing && self.sheet.is_whole {
            // What comes will change the rows: one was somewhere before.
            self.sheet.keep_place();
        }
        self.sheet.is_whole = !is_missing;
        self.sheet.material.forget_others(&needs);
        needs.retain(|need| {
            let has_ended = self.have_ended(&need.exchanges());
            self.sheet.material.ask(*need, has_ended, self.now_us)
        });
        needs.into_iter().map(Effect::Bring).collect()
    }

    fn made_of(&self, subject: Subject, width: u16) -> MadeOf {
        let row = |exchange| self.roster.row(exchange);
        let after = |exchange| self.roster.after(row(exchange)?);
        let through = |exchange| {
            [row(exchange).map(|row| row.through_seq), after(exchange).map(|row| row.through_seq)]
        };
        let ended =
            |exchange| row(exchange).filter(|row| has_ended(row)).map(|row| row.through_seq);
        let rows = match subject {
            // Its requests are what they are: while an answer streams nothing has to be compared
            // again.
            Subject::Compare { left, right } => [left, right].map(ended).to_vec(),
            _ => subject.exchanges().into_iter().flat_map(through).collect(),
        };
        let chosen = subject.sections_of().and_then(|session| self.chosen.section_of(session));
        let sections =
            if matches!(subject, Subject::Inspect { .. }) { 0 } else { self.sections.version() };
        MadeOf {
            subject,
            width,
            material: self.sheet.material.version,
            rows,
            sections: (sections, chosen),
        }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedSheet {
    subject: Option<Subject>,
    places: BTreeMap<String, Place>,
    find: SavedFind,
}

impl Component for Sheet {
    const KEY: &'static str = "sheet";
    const SCHEMA: u32 = 1;
    type Saved = SavedSheet;

    fn extract(&self) -> SavedSheet {
        let mut places = self.places.clone();
        if let Some(made_of) = self.made_of.as_ref().filter(|_| self.is_somewhere()) {
            places.entry(made_of.subject.page().to_owned()).or_default().stand(
                &self.rows,
                self.cursor,
                self.first,
            );
        }
        SavedSheet { subject: self.subject.clone(), places, find: self.find.saved() }
    }

    fn restore(&mut self, saved: SavedSheet) {
        let SavedSheet { subject, places, find } = saved;
        let places =
            places.into_iter().take(PLACES).map(|(page, place)| (page, place.bounded())).collect();
        *self = Self { subject, places, find: find.into(), ..Self::default() };
    }
}
