//! What the daemon says: news of the record, of what streams, and the view state that it kept.

use ccdump_client::{
    text::{clean_line, units},
    words,
};
use ccdump_model::record::Live;
use ccdump_provider::{header, provider::Provider};
use ccdump_record::{Detail, Event as LogEvent, Exchange, Side, SystemSection};
use ccdump_wire::v1::SearchHit;

use super::{Chosen, Connection, DaemonEvent, Moment, State, Weight, component::Saved};

impl State {
    pub(super) fn daemon_event(&mut self, event: DaemonEvent) {
        let now = self.now_us;
        match event {
            DaemonEvent::Connected { build, proxy, started_ms } => {
                if matches!(self.daemon.connection, Connection::Lost { .. }) {
                    self.notices.say(now, Weight::Good, "the daemon is back");
                }
                self.daemon.connection = Connection::Connected;
                // What was asked of the connection before will not come.
                self.contents.interrupted();
                self.sections.interrupted();
                self.search.ask_again();
                self.sheet.material.interrupted();
                self.daemon.build = clean_line(&build);
                self.daemon.proxy = clean_line(&proxy);
                self.daemon.started_ms = started_ms;
                self.reloads.daemon_started(started_ms);
            }
            DaemonEvent::Lacks(words) => self.notices.say(now, Weight::Warning, clean_line(&words)),
            DaemonEvent::Lost(reason) => {
                self.daemon.connection =
                    Connection::Lost { reason: clean_line(&reason), since_us: now };
                self.contents.interrupted();
                self.sheet.material.interrupted();
            }
            DaemonEvent::Failed(reason) => {
                self.daemon.connection = Connection::Failed(clean_line(&reason))
            }
            DaemonEvent::Rows(rows) => {
                self.rows(rows);
                self.daemon.answered = true;
            }
            DaemonEvent::SnapshotEnd => self.daemon.caught_up = true,
            DaemonEvent::Reset(reason) => {
                self.roster.clear();
                self.contents.clear();
                self.labels.clear();
                self.sections.clear();
                self.conversation.forget();
                self.tabs.close_others();
                self.close_sheet();
                self.chosen = Chosen::default();
                self.errand = None;
                self.search.forget();
                self.moment.iter_mut().for_each(Moment::forget);
                self.daemon.caught_up = false;
                self.notices.say(
                    now,
                    Weight::Warning,
                    format!("the record is another one now: {}", clean_line(&reason)),
                );
            }
            DaemonEvent::LogGap { events } => {
                let events = usize::try_from(events).unwrap_or(usize::MAX);
                self.notices.say(
                    now,
                    Weight::Warning,
                    format!("{} no longer kept", units::plural(events, "event")),
                );
            }
            DaemonEvent::Paused(reason) => {
                let reason = reason.map(|reason| clean_line(&reason));
                if reason.is_none() && self.daemon.paused.is_some() {
                    self.notices.say(now, Weight::Good, "recording goes on");
                }
                self.daemon.paused = reason;
            }
            DaemonEvent::Mending(notice) => {
                self.daemon.mending = notice.map(|notice| clean_line(&notice))
            }
            DaemonEvent::Mended(words) => self.notices.say(now, Weight::Warning, words),
            DaemonEvent::Gap { bytes, exchanges } => {
                self.daemon.gap_bytes = self.daemon.gap_bytes.saturating_add(bytes);
                let missing = words::missing(bytes, exchanges);
                self.notices.say(
                    now,
                    Weight::Warning,
                    format!("recording was incomplete: {missing}"),
                );
            }
        }
    }

    /// Rows of the index, in any order.
    pub(super) fn rows(&mut self, rows: Vec<Exchange>) {
        match self.moment {
            Some(_) => self.moment_rows(rows),
            None => rows.into_iter().for_each(|row| self.roster.upsert(row)),
        }
    }

    /// The sections of a session's system prompts. A daemon that cannot tell of them is named once.
    pub(super) fn told_sections(
        &mut self,
        session: Option<&str>,
        answer: Result<Vec<SystemSection>, String>,
    ) {
        let answer = answer.map_err(|why| clean_line(&why));
        let sections = &mut self.sections;
        let lacks = answer.as_ref().err().filter(|_| sections.lacking().is_none()).cloned();
        sections.arrived(session, answer);
        if let Some(why) = lacks {
            self.notices.say(
                self.now_us,
                Weight::Warning,
                format!("sp-1 … count what was shown here: {why}"),
            );
        }
    }

    /// Where it stands what is looked for. A daemon that cannot tell is named once.
    pub(super) fn hinted(
        &mut self,
        number: u64,
        answer: Result<Vec<SearchHit>, String>,
        is_over: bool,
    ) {
        if is_over {
            self.search.told_all(number);
        }
        let lacks = self.search.told(number, answer.map_err(|why| clean_line(&why)), &self.roster);
        if let Some(why) = lacks {
            self.notices.say(
                self.now_us,
                Weight::Warning,
                format!("what is far away is found late: {why}"),
            );
        }
    }

    /// An event of an exchange that is followed.
    pub(super) fn live(&mut self, exchange: u64, event: &LogEvent) {
        let provider = self
            .roster
            .row(exchange)
            .and_then(|row| row.provider.parse().ok())
            .unwrap_or(Provider::Unknown);
        if let Detail::Ended(_) = event.detail {
            return self.contents.live_ended(exchange);
        }
        let Some((live, side)) = self.contents.live(exchange, || Live::new(provider)) else {
            return;
        };
        match &event.detail {
            Detail::ResponseHead(head) => {
                live.head(head.status, header::find(&head.headers, "content-type"))
            }
            Detail::ResponseData(data) => {
                if data.payload.undecodable.is_some() {
                    live.break_off();
                }
                live.push(&data.payload.bytes, side);
            }
            Detail::Gap(gap) if gap.side == Some(Side::Response) => live.break_off(),
            _ => {}
        }
    }

    /// The daemon gave a name for the view state, and what was saved under it.
    pub(super) fn held(&mut self, name: String, saved: bool, state: Option<Vec<u8>>) {
        let is_first = self.view.name.is_empty();
        self.view.name = clean_line(&name);
        self.view.is_saved = saved;
        if !saved {
            let text =
                format!("another viewer is {}: the place of this one is not kept", self.view.name);
            self.notices.say(self.now_us, Weight::Warning, text);
        }
        // After the daemon was away what is on the screen is newer than what it has.
        if !is_first {
            self.touch();
        } else if let Some(bytes) = state {
            self.restore(&bytes);
        }
    }

    fn restore(&mut self, bytes: &[u8]) {
        match Saved::read(bytes) {
            Ok(saved) => {
                self.saved = saved;
                for trouble in self.give_all() {
                    let text = format!(
                        "part of the saved place was not restored ({})",
                        clean_line(&trouble)
                    );
                    self.notices.say(self.now_us, Weight::Warning, text);
                }
                self.check_theme();
                self.settle_moment();
            }
            Err(why) => {
                let text = format!("the saved place was not restored ({})", clean_line(&why));
                self.notices.say(self.now_us, Weight::Warning, text);
            }
        }
    }
}
