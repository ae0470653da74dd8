//! What one viewer gets to see of the log: filtered, with payload where it asked for it.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use ccdump_record::{BodyData, Detail, Side};
use ccdump_wire::v1;
use prost::Message as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::payload::Payload;
use crate::store::{
    StoreError, index,
    reader::{Reader, events_after, events_of_after},
};

/// Events read at once.
const EVENTS: usize = 512;
/// A batch of this many bytes takes no more events. With one more event of [`PAYLOAD`] it is still
/// below gRPC's 4 MiB.
const BATCH: usize = 1 << 20;
/// Inline payload of one event at most; the rest is had with `Body`.
const PAYLOAD: usize = 2 << 20;
/// Bodies that are being decoded for one viewer; the one unused longest is decoded from its start
/// again when it is needed.
const DECODERS: usize = 64;
/// Exchanges of which it is remembered whether they are of the session that the filter names.
const REMEMBERED: usize = 4096;

/// A viewer's filter, and what is kept between batches.
pub struct Reading {
    filter: v1::Filter,
    payloads: Payloads,
    of_session: HashMap<u64, bool>,
}

/// Events, and how far the log was read for them.
pub struct Batch {
    pub events: Vec<v1::Event>,
    pub through_seq: u64,
}

impl Reading {
    /// `decoders`: places for decoders, over all viewers.
    pub fn new(filter: v1::Filter, decoders: Arc<Semaphore>) -> Self {
        let payloads = Payloads { open: Vec::new(), given_up: HashSet::new(), decoders };
        Self { filter, payloads, of_session: HashMap::new() }
    }

    pub fn filter(&self) -> &v1::Filter {
        &self.filter
    }

    /// The next events after `after` and up to `newest` that the filter lets through. `None`:
    /// whether it does is not derived yet.
    pub fn next(
        &mut self,
        reader: &Reader,
        after: u64,
        newest: u64,
    ) -> Result<Option<Batch>, StoreError> {
        let mut through_seq = after;
        let mut events = Vec::new();
        let mut size = 0;
        // Who follows a single exchange does not pay for the length of the log.
        let only = match self.filter.exchanges.as_slice() {
            [only] if self.filter.session.is_none() => Some(*only),
            _ => None,
        };
        let found = match only {
            Some(only) => events_of_after(&reader.log, only, after, newest, EVENTS)?,
            None => events_after(&reader.log, after, EVENTS)?,
        };
        let mut is_all = only.is_some() && found.len() < EVENTS;
        for mut event in found {
            if event.seq > newest || size >= BATCH {
                is_all = false;
                break;
            }
            let Some(lets_through) = self.lets_through(reader, event.exchange)? else {
                return Ok((through_seq > after).then_some(Batch { events, through_seq }));
            };
            through_seq = event.seq;
            if !lets_through {
                continue;
            }
            let exchange = event.exchange;
            let body = match &mut event.detail {
                Detail::RequestData(data) => Some((Side::Request, data)),
                Detail::ResponseData(data) => Some((Side::Response, data)),
                Detail::Ended(_) => {
                    self.payloads.forget(exchange);
                    None
                }
                _ => None,
            };
            if let Some((side, data)) = body
                && self.wants_payload(exchange, side)
            {
                self.payloads.fill(reader, exchange, side, data)?;
            }
            let event = v1::Event::from(event);
            size += event.encoded_len();
            events.push(event);
        }
        // Nothing read means nothing there: numbers have no holes of their own, but what is no
        // longer kept leaves one.
        let through_seq = if is_all || through_seq == after { newest } else { through_seq };
        Ok(Some(Batch { events, through_seq }))
    }

    /// `None` when the exchange's session is not known yet.
    fn lets_through(&mut self, reader: &Reader, exchange: u64) -> Result<Option<bool>, StoreError> {
        let is_named =
            self.filter.exchanges.is_empty() || self.filter.exchanges.contains(&exchange);
        let Some(session) = &self.filter.session else {
            return Ok(Some(is_named));
        };
        if exchange == 0 || !is_named {
            return Ok(Some(is_named));
        }
        if let Some(&known) = self.of_session.get(&exchange) {
            return Ok(Some(known));
        }
        let row = index::exchange(&reader.index, exchange)?.unwrap_or_default();
        // The session may stand in the body only, so until the request was read there may be one to
        // come.
        if row.session.is_none()
            && index::outline(&reader.index, exchange, Side::Request)?.is_none()
        {
            return Ok(None);
        }
        let is_of_session = row.session.as_ref() == Some(session);
        if self.of_session.len() >= REMEMBERED {
            self.of_session.clear();
        }
        self.of_session.insert(exchange, is_of_session);
        Ok(Some(is_of_session))
    }

    fn wants_payload(&self, exchange: u64, side: Side) -> bool {
        let filter = &self.filter;
        let named = filter.payload_all || filter.payload_exchanges.contains(&exchange);
        named && (side == Side::Response || !filter.payload_response_only)
    }
}

/// Bodies in the middle of being decoded.
struct Payloads {
    /// The one used last at the end.
    open: Vec<OpenPayload>,
    /// Bodies of which the viewer was told that they cannot be decoded.
    given_up: HashSet<(u64, Side)>,
    decoders: Arc<Semaphore>,
}

struct OpenPayload {
    key: (u64, Side),
    payload: Payload,
    decoder_place: Option<OwnedSemaphorePermit>,
}

impl Payloads {
    fn fill(
        &mut self,
        reader: &Reader,
        exchange: u64,
        side: Side,
        data: &mut BodyData,
    ) -> Result<(), StoreError> {
        let key = (exchange, side);
        let wire_end = data.offset + data.length();
        let known = self.open.iter().position(|open| open.key == key);
        let mut open = match known {
            Some(index) => self.open.remove(index),
            None => {
                let mut payload = Payload::open(reader, exchange, side, true)?;
                payload.catch_up(reader, data.offset)?;
                OpenPayload { key, payload, decoder_place: None }
            }
        };
        let mut bytes = Vec::new();
        let mut offset = None;
        while let Some(decoded) = open.payload.next(reader, wire_end)? {
            offset.get_or_insert(decoded.offset);
            let room = PAYLOAD.saturating_sub(bytes.len()).min(decoded.bytes.len());
            bytes.extend_from_slice(decoded.bytes.get(..room).unwrap_or_default());
            if decoded.undecodable.is_some() && self.given_up.insert(key) {
                data.payload.undecodable = decoded.undecodable;
            }
        }
        data.payload.offset = offset.unwrap_or_default();
        data.payload.bytes = bytes.into();
        if self.open.len() >= DECODERS {
            self.open.remove(0);
        }
        if open.payload.is_coded() && open.decoder_place.is_none() {
            match self.decoders.clone().try_acquire_owned() {
                Ok(place) => open.decoder_place = Some(place),
                // It is decoded from its start again when more of it comes.
                Err(_) => return Ok(()),
            }
        }
        self.open.push(open);
        Ok(())
    }

    fn forget(&mut self, exchange: u64) {
        self.open.retain(|open| open.key.0 != exchange);
        self.given_up.retain(|(given_up, _)| *given_up != exchange);
    }
}
