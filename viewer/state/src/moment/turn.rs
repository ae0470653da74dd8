//! How the state becomes that of another moment.

use ccdump_model::record::{Fetch, Fetched, Stage, as_of, ended_at, stage};
use ccdump_record::{Event as LogEvent, Exchange, Side};

use super::Moment;
use crate::{State, keymap::Command};

/// What `>` and `<` go. Microseconds.
const STEP: i64 = 1_000_000;

impl State {
    /// Shows a moment instead of what is going on now. To be called before anything else happens.
    pub fn show_moment(&mut self, mut moment: Moment) {
        let first = moment.first.take();
        self.moment = Some(moment);
        self.moment_rows(first.into_iter().collect());
    }

    /// What was saved of another moment is not where to begin.
    pub fn settle_moment(&mut self) {
        let Some(Moment { agent: Some(agent), is_restored, .. }) = &self.moment else { return };
        if !is_restored {
            self.conversation.choose(agent.clone());
            self.conversation.bottom();
        }
        self.conversation.by_hand = true;
    }

    /// Time went by.
    pub fn play(&mut self) {
        let now_us = self.now_us;
        if let Some(at_us) = self.moment.as_mut().map(|moment| moment.advance(now_us)) {
            self.turn_to(at_us);
        }
    }

    /// The commands of a moment.
    pub fn time_command(&mut self, command: Command) {
        let agent = self.conversation.agent.clone();
        let Some(moment) = &mut self.moment else { return };
        let at_us = moment.shown_us;
        match command {
            Command::Play => {
                moment.clock.set(at_us);
                moment.clock.play(!moment.is_playing());
            }
            Command::SecondOn => moment.go(at_us.saturating_add(STEP)),
            Command::SecondBack => moment.go(at_us.saturating_sub(STEP)),
            Command::NextEvent | Command::PreviousEvent => {
                moment.clock.play(false);
                let exchanges = moment.exchanges_of(agent.as_ref());
                let event = moment.event(command == Command::NextEvent, &exchanges);
                moment.clock.set(event.unwrap_or(at_us));
            }
            Command::Faster => moment.clock.faster(1),
            Command::Slower => moment.clock.faster(-1),
            _ => {}
        }
        self.play();
    }

    /// Rows of the index came.
    pub fn moment_rows(&mut self, rows: Vec<Exchange>) {
        let Some(moment) = &mut self.moment else { return };
        let mut is_new = false;
        for row in rows {
            if moment.rows.get(&row.id).is_some_and(|known| known.through_seq > row.through_seq) {
                continue;
            }
            if row.id == moment.at.exchange && moment.agent.is_none() {
                moment.know(&row, self.now_us);
                is_new = true;
            } else if row.id == moment.at.exchange {
                moment.end_us = ended_at(&row).unwrap_or(moment.end_us);
            }
            if let Some(row) = as_of(&row, moment.shown_us) {
                self.roster.put(row);
            }
            moment.rows.insert(row.id, row);
        }
        if is_new {
            self.settle_moment();
        }
        self.play();
        self.give_streams();
    }

    /// Events of an exchange that is followed: those of the moment are taken in, others wait.
    pub fn moment_events(&mut self, exchange: u64, events: Vec<LogEvent>) {
        if let Some(moment) = &mut self.moment {
            moment.take(exchange, events);
        }
        self.give_streams();
    }

    /// What was fetched is of now: what came after the moment is taken out.
    pub fn cut_fetch(&self, exchange: u64, fetch: &mut Fetch) {
        let Some(stage) = self.moment.as_ref().map(|moment| moment.stage(exchange)) else { return };
        if stage < Stage::Ended {
            fetch.response = Fetched::NotYet;
            fetch.heads_are_final = false;
            if let Some(heads) = &mut fetch.heads {
                heads.response_trailers.clear();
                if stage < Stage::Answering {
                    heads.response.clear();
                }
            }
        }
    }

    /// Whether blocks of that side are all of the moment or before.
    pub fn has_come(&self, exchange: u64, side: Side) -> bool {
        side == Side::Request
            || self.moment.as_ref().is_none_or(|moment| moment.stage(exchange) == Stage::Ended)
    }

    /// Makes the state that of the moment `at_us`.
    fn turn_to(&mut self, at_us: i64) {
        let Some(moment) = &mut self.moment else { return };
        let from_us = std::mem::replace(&mut moment.shown_us, at_us);
        if from_us == at_us {
            return;
        }
        let back = at_us < from_us;
        if back {
            self.roster.clear();
        }
        for row in moment.rows.values() {
            let (was, is) = (stage(row, from_us), stage(row, at_us));
            if back && is < Stage::Ended && was > Stage::NotBegun {
                self.contents.rewind(row.id);
                moment.streams.get_mut(&row.id).into_iter().for_each(super::Stream::rewind);
            }
            if (back || is != was)
                && let Some(row) = as_of(row, at_us)
            {
                self.roster.put(row);
            }
        }
        self.give_streams();
    }

    /// Gives the state what has streamed up to the moment.
    fn give_streams(&mut self) {
        // Out of the way while the rest of the state changes.
        let Some(mut moment) = self.moment.take() else { return };
        let until_us = moment.shown_us;
        for (exchange, stream) in &mut moment.streams {
            let until_us =
                match moment.rows.get(exchange).map_or(Stage::NotBegun, |row| stage(row, until_us))
                {
                    Stage::NotBegun => continue,
                    Stage::Waiting | Stage::Answering => until_us,
                    // One that had ended before it was looked at is fetched as a whole.
                    Stage::Ended if !stream.is_begun() => continue,
                    Stage::Ended => i64::MAX,
                };
            stream.due(until_us).iter().for_each(|event| self.live(*exchange, event));
        }
        self.moment = Some(moment);
    }
}
