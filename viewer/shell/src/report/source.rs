//! Where a report's screens get what they show: from the daemon while the report is made, and from
//! the report afterwards.

use std::collections::BTreeMap;

use ccdump_client::link::{Link, LinkError};
use ccdump_model::record::{Fetch, Held};
use ccdump_record::Event as LogEvent;
use ccdump_state::{Effect, Event};

use super::{Had, SectionsHad};
use crate::screen::{fetch, former};

/// Once this much was fetched, the rest is left out of the report. Bytes.
const MOST: u64 = 32 << 20;

pub struct Source {
    daemon: Option<Link>,
    had: BTreeMap<u64, Had>,
    sections: BTreeMap<Option<String>, SectionsHad>,
    bytes: u64,
}

impl Source {
    /// Asks the daemon, and remembers what it said.
    pub(super) fn daemon(link: Link) -> Self {
        Self { daemon: Some(link), had: BTreeMap::new(), sections: BTreeMap::new(), bytes: 0 }
    }

    /// Says what was had once.
    pub fn of(had: Vec<Had>, sections: Vec<SectionsHad>) -> Self {
        Self {
            daemon: None,
            had: had.into_iter().map(|had| (had.exchange, had)).collect(),
            sections: sections.into_iter().map(|had| (had.session.clone(), had)).collect(),
            bytes: 0,
        }
    }

    pub(super) fn into_had(self) -> (Vec<Had>, Vec<SectionsHad>) {
        (self.had.into_values().collect(), self.sections.into_values().collect())
    }

    /// Does what an effect asks for, if it asks for something to be fetched.
    pub(super) async fn answer(&mut self, effect: Effect) -> Result<Option<Event>, LinkError> {
        let link = self.daemon.clone().filter(|_| self.bytes < MOST);
        let event = match (effect, link) {
            (Effect::Fetch { exchange, wanted }, Some(link)) => {
                fetch::exchange(link, exchange, wanted).await
            }
            (Effect::FetchBlocks { exchange, side, blocks }, Some(link)) => {
                fetch::blocks(link, exchange, side, blocks).await
            }
            (Effect::FetchFormer(wanted), Some(link)) => former::fetch(link, wanted).await,
            (Effect::FetchFormer(wanted), None) => {
                let contents = self.had_of(wanted.exchange).former(&wanted.blocks);
                return Ok(Some(Event::Former { exchange: wanted.exchange, contents }));
            }
            (Effect::Sections { session, after }, Some(link)) => {
                fetch::sections(link, session, after).await
            }
            (Effect::Sections { session, after }, None) => {
                let answer =
                    self.sections.get(&session).map(|had| had.after(after)).unwrap_or_default();
                return Ok(Some(Event::Sections { session, answer: Ok(answer) }));
            }
            (Effect::Fetch { exchange, wanted }, None) => {
                return Ok(Some(Event::Fetched {
                    exchange,
                    fetch: Box::new(self.had_of(exchange).fetch(wanted)),
                }));
            }
            (Effect::FetchBlocks { exchange, side, blocks }, None) => {
                let contents = self.had_of(exchange).blocks(side, &blocks);
                return Ok(Some(Event::Blocks { exchange, side, contents }));
            }
            // A report is searched as it is.
            (Effect::Search(Some(question)), _) => {
                return Ok(Some(Event::Hinted {
                    number: question.number,
                    answer: Ok(Vec::new()),
                    is_over: true,
                }));
            }
            (Effect::Bring(need), _) => {
                let why = "a report has conversations only: what was sent can be seen in the viewer that it was made of".to_owned();
                return Ok(Some(Event::Brought { need, brought: Err(why) }));
            }
            _ => return Ok(None),
        };
        match &event {
            Some(Event::Fetched { exchange, fetch }) => {
                self.bytes = self.bytes.saturating_add(size(fetch));
                self.had_of(*exchange).take(fetch);
            }
            Some(Event::Blocks { exchange, side, contents }) => {
                self.had_of(*exchange).take_blocks(*side, contents)
            }
            Some(Event::Former { exchange, contents }) => {
                self.had_of(*exchange).take_former(contents)
            }
            Some(Event::Sections { session, answer }) => {
                let had = self
                    .sections
                    .entry(session.clone())
                    .or_insert_with(|| SectionsHad::of(session.clone()));
                had.take(answer.as_deref().unwrap_or_default());
            }
            _ => return Err(LinkError::Lost("it went away while the report was made".to_owned())),
        }
        Ok(event)
    }

    /// What has streamed so far of an exchange that goes on.
    pub(super) async fn stream(&mut self, exchange: u64) -> Result<Event, LinkError> {
        if let Some(link) = self.daemon.clone() {
            let events = so_far(link, exchange).await?;
            self.had_of(exchange).take_stream(&events);
        }
        Ok(Event::Live { exchange, events: self.had_of(exchange).stream() })
    }

    fn had_of(&mut self, exchange: u64) -> &mut Had {
        self.had.entry(exchange).or_insert_with(|| Had::of(exchange))
    }
}

async fn so_far(mut link: Link, exchange: u64) -> Result<Vec<LogEvent>, LinkError> {
    let until = link.hello().head_seq;
    let mut stream = link.follow(exchange, 0, Some(until)).await?;
    let mut events = Vec::new();
    while let Some(batch) = stream.next().await? {
        events.extend(batch);
    }
    Ok(events)
}

fn size(fetch: &Fetch) -> u64 {
    let request = fetch.request.here().map_or(&[][..], |side| side.pieces.as_slice());
    let response = fetch.response.here().map_or(&[][..], |side| side.pieces.as_slice());
    let here =
        request.iter().chain(response).filter(|piece| matches!(piece.content, Held::Here(_)));
    here.fold(0, |sum, piece| sum.saturating_add(piece.block.length()))
}
