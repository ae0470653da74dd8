//! What a person asked for and what has to be fetched first: an exchange in other programs' words.

use ccdump_model::record::has_ended;
use ccdump_record::Side;

use crate::{
    Effect, State, Weight, copy,
    search::Text,
    sheet::{Need, Subject},
};

/// So often something is fetched for it; what is not here then is left out.
const TRIES: u8 = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Errand {
    exchange: u64,
    what: What,
    tries: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Curl,
    Markdown,
}

impl Errand {
    pub(crate) fn exchange(self) -> u64 {
        self.exchange
    }
}

impl State {
    pub(crate) fn send_for(&mut self, what: What) {
        self.errand = self.exchange_at_hand().map(|exchange| Errand { exchange, what, tries: 0 });
    }

    /// The one that the sheet is of, that of the marked block, or the first one on the screen.
    pub fn exchange_at_hand(&self) -> Option<u64> {
        let marked = || self.conversation.focus.as_ref().map(|spot| spot.exchange);
        let first = || self.conversation.window.rows.first().map(|row| row.turn.exchange);
        match self.sheet.subject {
            Some(Subject::Inspect { exchange, .. } | Subject::Compare { right: exchange, .. }) => {
                Some(exchange)
            }
            Some(Subject::Versions { .. } | Subject::CompareSections { .. }) => None,
            None => marked().or_else(first),
        }
    }

    /// Fetches what the errand needs, or does it.
    pub(super) fn go_on_errand(&mut self) -> Vec<Effect> {
        let Some(errand) = self.errand else { return Vec::new() };
        match errand.what {
            What::Curl => self.fetch_curl(errand.exchange),
            What::Markdown => self.fetch_markdown(errand),
        }
    }

    fn fetch_curl(&mut self, exchange: u64) -> Vec<Effect> {
        let has_ended = self.roster.row(exchange).is_some_and(has_ended);
        let needs = [Need::Heads(exchange), Need::Body(exchange, Side::Request)];
        let effects: Vec<Effect> = needs
            .into_iter()
            .filter(|need| self.sheet.material.ask(*need, has_ended, self.now_us))
            .map(Effect::Bring)
            .collect();
        let material = &self.sheet.material;
        let (Some(heads), Some(body)) =
            (material.heads(exchange), material.body(exchange, Side::Request))
        else {
            return effects;
        };
        let command = match (heads, body) {
            (Ok((row, heads)), Ok(body)) => copy::curl(row, heads, body),
            (Err(why), _) | (_, Err(why)) => Err(why.to_owned()),
        };
        self.errand = None;
        if !self.sheet.is_open() {
            self.sheet.material.keep(None, None);
        }
        match command {
            Ok(command) => effects.into_iter().chain([Effect::Copy(command)]).collect(),
            Err(why) => {
                self.notices.say(self.now_us, Weight::Warning, why);
                effects
            }
        }
    }

    fn fetch_markdown(&mut self, errand: Errand) -> Vec<Effect> {
        let Self { roster, contents, conversation, zone, lines, .. } = self;
        let Some(row) = roster.row(errand.exchange) else {
            self.errand = None;
            return Vec::new();
        };
        if !has_ended(row) {
            self.errand = None;
            self.notices.say(
                self.now_us,
                Weight::Warning,
                "it is still under way: copy it when it has ended",
            );
            return Vec::new();
        }
        let exchanges = conversation.exchanges(roster);
        let mut parts = Text { roster, contents, exchanges, zone, lines: *lines };
        let wanted = parts.wants(errand.exchange);
        if errand.tries < TRIES && !(parts.is_here(errand.exchange) && wanted.is_empty()) {
            let tries = errand.tries + u8::from(!wanted.is_empty());
            self.errand = Some(Errand { tries, ..errand });
            return wanted;
        }
        let text = copy::markdown(row, &parts.items(errand.exchange), *lines);
        self.errand = None;
        wanted.into_iter().chain([Effect::Copy(text)]).collect()
    }
}
