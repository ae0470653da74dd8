//! The conversation as text: turns the log's events, and what is fetched about them, into lines.
//!
//! Pure: it asks for what it needs ([`Ask`]) and is given it ([`Answer`]); time comes with the
//! events and with [`Conversation::tick`].

mod floor;
mod piece;
mod reply;
mod request;
mod screen;
#[cfg(test)]
mod tests;
mod turn;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use ccdump_provider::provider::Provider;
use ccdump_record::{Detail, Event, Exchange, Outline, Side};

use self::{
    floor::Floor,
    screen::Screen,
    turn::{Turn, Words},
};
pub use self::{
    piece::Tone,
    request::{SHOWN, is_new_message},
    screen::Span,
};
use crate::{
    link::BlockContent,
    text::{clean_line, units::duration},
    words::{missing, replaced, salvaged},
};

/// Something the conversation needs to know about an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Its row and what its request adds.
    Request { exchange: u64 },
    /// Its row and response headers: it was joined in the middle.
    Joined { exchange: u64 },
    /// Its row, as derived through this event.
    Row { exchange: u64, through_seq: u64 },
}

#[derive(Debug)]
pub enum Answer {
    /// New and changed blocks, with the content of the last new message blocks; or why there are
    /// none, in words.
    Request {
        row: Option<Exchange>,
        request: Result<(Outline, Vec<BlockContent>), String>,
    },
    Joined {
        row: Option<Exchange>,
        content_type: Option<String>,
    },
    Row(Option<Exchange>),
}

/// Exchanges whose answers are remembered to have been shown.
const REMEMBERED: usize = 4096;

/// Bytes of a response that are read at once; well below what may wait.
const PIECE: usize = 32 * 1024;

#[derive(Default)]
pub struct Conversation {
    turns: BTreeMap<u64, Turn>,
    /// Exchanges whose answers were shown as they came: the next request repeats them.
    shown: BTreeSet<u64>,
    floor: Floor,
    screen: Screen,
    /// Whose words stand last on the screen.
    last_speaker: Option<u64>,
    /// Microseconds since the Unix epoch, in the log's time.
    now: i64,
}

impl Conversation {
    /// Takes the next event; may need something to go on with its exchange.
    pub fn event(&mut self, event: &Event) -> Option<Ask> {
        self.tick(event.at_us);
        let ask = if event.exchange == 0 {
            self.notice_of(event);
            None
        } else {
            self.exchange_event(event)
        };
        self.pump();
        ask
    }

    /// What was asked for about an exchange.
    pub fn answer(&mut self, exchange: u64, answer: Answer) {
        let Some(turn) = self.turns.get_mut(&exchange) else { return };
        match answer {
            Answer::Request { row, request } => {
                let previous = request.as_ref().ok().and_then(|(outline, _)| outline.previous);
                let answer_shown = previous.is_some_and(|previous| self.shown.contains(&previous));
                let request =
                    request.as_ref().map(|(outline, messages)| (outline, messages.as_slice()));
                turn.request(row, request.map_err(|reason| clean_line(reason)), answer_shown);
            }
            Answer::Joined { row, content_type } => turn.joined(row, content_type),
            Answer::Row(row) => turn.finish(row),
        }
        self.pump();
    }

    /// It is `now` in the log's time, microseconds since the Unix epoch: the floor may change
    /// hands.
    pub fn tick(&mut self, now: i64) {
        self.now = self.now.max(now);
        self.pump();
    }

    /// The log's time so far.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// When a [`Conversation::tick`] may change something.
    pub fn next_tick(&self) -> Option<i64> {
        self.waiting().and(self.floor.until())
    }

    /// Another log is followed from here on.
    pub fn reset(&mut self, reason: &str) {
        self.turns.clear();
        self.shown.clear();
        self.floor.release();
        self.now = 0;
        self.notice(&format!("the record is another one now: {}", clean_line(reason)));
    }

    /// A line that belongs to nobody; must be sanitised.
    pub fn notice(&mut self, text: &str) {
        self.screen.notice(text);
        self.last_speaker = None;
    }

    /// Nothing more will come: lets everybody speak who still waits.
    pub fn finish(&mut self) {
        let waiting: Vec<u64> =
            self.turns.values().filter(|turn| turn.waits()).map(|turn| turn.id).collect();
        for id in waiting {
            self.speak(id);
        }
    }

    /// What is to be printed now.
    pub fn take(&mut self) -> Vec<Span> {
        self.screen.take()
    }

    fn notice_of(&mut self, event: &Event) {
        match &event.detail {
            Detail::Paused(paused) => {
                self.notice(&format!(
                    "recording is paused: {}; traffic goes on",
                    clean_line(&paused.reason)
                ));
            }
            Detail::Resumed(resumed) => {
                self.notice(&format!(
                    "recording goes on: {}",
                    missing(resumed.gap_bytes, resumed.lost_exchanges)
                ));
            }
            Detail::ClockJumped(jumped) => {
                let by = jumped.to_us.saturating_sub(jumped.from_us);
                let direction = if by < 0 { "back" } else { "forward" };
                self.notice(&format!(
                    "the clock was set {direction} by {}",
                    duration(by.unsigned_abs())
                ));
            }
            Detail::Gap(gap) => {
                self.notice(&format!(
                    "recording was incomplete: {}",
                    missing(gap.bytes, gap.exchanges)
                ));
            }
            Detail::Replaced(event) => self.notice(&replaced(event)),
            Detail::Salvaged(event) => self.notice(&salvaged(event)),
            _ => {}
        }
    }

    fn exchange_event(&mut self, event: &Event) -> Option<Ask> {
        let exchange = event.exchange;
        let detail = &event.detail;
        if let Detail::Opened(opened) = detail {
            let provider = opened.provider.parse().unwrap_or(Provider::Unknown);
            self.turns.insert(exchange, Turn::new(exchange, Some(provider)));
            return None;
        }
        let is_new = !self.turns.contains_key(&exchange);
        let turn = self.turns.entry(exchange).or_insert_with(|| Turn::new(exchange, None));
        match detail {
            Detail::RequestEnd(_) => {
                turn.asked();
                return Some(Ask::Request { exchange });
            }
            Detail::ResponseHead(head) => {
                turn.response_head(head);
                self.remember(exchange);
            }
            Detail::ResponseData(data) => {
                if is_new && data.payload.offset > 0 {
                    turn.break_off();
                }
                if let Some(reason) = &data.payload.undecodable {
                    turn.undecodable(reason);
                }
                self.remember(exchange);
                self.response_data(exchange, &data.payload.bytes);
            }
            Detail::Gap(gap) => {
                turn.gap(gap.bytes, gap.exchanges);
                if gap.side == Some(Side::Response) {
                    turn.break_off();
                }
            }
            Detail::Ended(_) => {
                turn.ended();
                return Some(Ask::Row { exchange, through_seq: event.seq });
            }
            // A request that is still being sent: its end is waited for.
            Detail::RequestData(_) => return None,
            // Seen above, and what is about no exchange.
            Detail::Opened(_)
            | Detail::Paused(_)
            | Detail::Resumed(_)
            | Detail::Replaced(_)
            | Detail::Salvaged(_)
            | Detail::ClockJumped(_)
            | Detail::Unknown(_) => {}
        }
        is_new.then(|| {
            self.turns.get_mut(&exchange).into_iter().for_each(Turn::asked);
            Ask::Joined { exchange }
        })
    }

    /// What has the floor is printed piece by piece: a large payload must not count as something
    /// that waits.
    fn response_data(&mut self, exchange: u64, payload: &[u8]) {
        for piece in payload.chunks(PIECE) {
            self.turns.get_mut(&exchange).into_iter().for_each(|turn| turn.push(piece));
            self.pump();
        }
    }

    fn remember(&mut self, exchange: u64) {
        self.shown.insert(exchange);
        if self.shown.len() > REMEMBERED {
            self.shown.pop_first();
        }
    }

    /// Prints what may be printed: all that the holder of the floor has, then the next one's, until
    /// one is not over.
    fn pump(&mut self) {
        while let Some(id) = self.floor.decide(self.now, self.waiting()) {
            if self.turns.get(&id).is_some_and(Turn::waits) {
                self.speak(id);
                self.floor.spoke(self.now);
            }
            if self.turns.contains_key(&id) {
                return;
            }
            self.floor.release();
        }
    }

    /// The exchange that waits longest for the floor.
    fn waiting(&self) -> Option<u64> {
        let holder = self.floor.holder();
        self.turns.values().find(|turn| Some(turn.id) != holder && turn.waits()).map(|turn| turn.id)
    }

    /// Prints what one exchange has to say; forgets it when that was all.
    fn speak(&mut self, id: u64) {
        let Some(turn) = self.turns.get_mut(&id) else { return };
        let over = turn.is_over();
        match turn.speak() {
            Words::Aside(line) => {
                self.screen.aside(&line);
                self.last_speaker = None;
            }
            Words::Turn(pieces) => {
                if self.last_speaker.replace(id) != Some(id) {
                    self.screen.speaker(&turn.speaker());
                }
                pieces.iter().for_each(|piece| self.screen.piece(piece));
            }
        }
        if over {
            self.turns.remove(&id);
        }
    }
}
