//! What was fetched of exchanges. Bounded: what was not looked at for longest is forgotten, and
//! fetched again when it is needed.

mod former;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use ccdump_provider::content::Content;
use ccdump_record::{Block, Heads, Side};

pub use self::former::FormerWanted;
use super::Live;
use crate::blocks::Source;

/// Bytes of content that are kept over all exchanges.
const KEPT: u64 = 12 << 20;
/// Exchanges that are kept whatever their size, and that are kept at most.
const FEWEST: usize = 24;
const MOST: usize = 400;

/// Fetches under way at once on behalf of the screen: what is nearest to the eye does not wait for
/// what is far from it.
const AT_ONCE: usize = 4;

/// The content of a block.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Held {
    /// It is fetched when it is shown in full.
    #[default]
    NotAsked,
    Loading,
    Here(Arc<Content>),
    /// Arguments of a tool call that are still coming: the JSON so far.
    Opening(Arc<str>),
    /// It cannot be had: why.
    Failed(String),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Piece {
    pub block: Block,
    pub content: Held,
}

/// What a request adds to the one before it in its thread.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RequestSide {
    /// New and changed blocks only.
    pub pieces: Vec<Piece>,
    /// Blocks of the request before that are gone.
    pub removed: Vec<Block>,
    /// The request it continues, with which it was compared.
    pub previous: Option<u64>,
    /// Where it continues none: the agent's request before, with which only what stands before the
    /// messages was compared.
    pub setting_of: Option<u64>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResponseSide {
    pub pieces: Vec<Piece>,
    /// More is coming.
    pub open: bool,
    /// An error that the response spoke of while it streamed.
    pub error: Option<String>,
    /// Why there is less here than there was, in words.
    pub broken: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub enum Fetched<T> {
    #[default]
    NotYet,
    Here(T),
    Failed(String),
}

impl<T> Fetched<T> {
    pub fn here(&self) -> Option<&T> {
        match self {
            Self::Here(value) => Some(value),
            Self::NotYet | Self::Failed(_) => None,
        }
    }

    fn here_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Here(value) => Some(value),
            Self::NotYet | Self::Failed(_) => None,
        }
    }

    pub fn is_settled(&self) -> bool {
        !matches!(self, Self::NotYet)
    }
}

/// One exchange, as far as it was fetched.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Headers of both sides, as far as they were known when they were asked for.
    pub heads: Option<Heads>,
    pub heads_are_final: bool,
    pub request: Fetched<RequestSide>,
    pub response: Fetched<ResponseSide>,
    /// The response is what was taken in while it streamed, and not all of it: it is fetched again.
    pub response_is_partial: bool,
    /// Blocks of the request before that were asked for, as [`crate::blocks::Wanted`] names them.
    pub former: BTreeMap<(Source, String), Piece>,
    /// While the response streams.
    pub live: Option<Live>,
    /// Grows with every change, so that what was made of it is known to be old.
    pub version: u64,
}

impl Loaded {
    /// Whether all that stands still is here: there is something to lay out.
    pub fn is_settled(&self) -> bool {
        self.request.is_settled() && (self.live.is_some() || self.response.is_settled())
    }

    fn bytes(&self) -> u64 {
        let size = |piece: &Piece| {
            200 + if matches!(piece.content, Held::Here(_)) { piece.block.length() } else { 0 }
        };
        let request = self.request.here().into_iter().flat_map(|side| &side.pieces);
        let response = self.response.here().into_iter().flat_map(|side| &side.pieces);
        request.chain(response).chain(self.former.values()).map(size).sum()
    }
}

/// By exchange.
#[derive(Default)]
pub struct Contents {
    known: HashMap<u64, Entry>,
    /// Counts up with every look.
    clock: u64,
}

#[derive(Default)]
struct Entry {
    loaded: Loaded,
    /// What is being fetched.
    asked: Option<Wanted>,
    looked_at: u64,
}

/// What is to be fetched about an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    pub request: bool,
    pub response: bool,
    /// It is known to have ended: what is fetched now is final.
    pub has_ended: bool,
}

/// What was fetched about an exchange, all at once.
#[derive(Debug, Default)]
pub struct Fetch {
    pub heads: Option<Heads>,
    pub heads_are_final: bool,
    /// `NotYet`: it has not all arrived.
    pub request: Fetched<RequestSide>,
    pub response: Fetched<ResponseSide>,
}

impl Contents {
    pub fn get(&self, exchange: u64) -> Option<&Loaded> {
        self.known.get(&exchange).map(|entry| &entry.loaded)
    }

    /// How many more fetches may be begun now. One of an exchange that has not ended may take long,
    /// and does not count.
    pub fn room(&self) -> usize {
        let under_way = self
            .known
            .values()
            .filter(|entry| entry.asked.is_some_and(|wanted| wanted.has_ended))
            .count();
        AT_ONCE.saturating_sub(under_way)
    }

    /// Marks it as looked at: it is not forgotten so soon.
    pub fn look_at(&mut self, exchange: u64) {
        self.clock += 1;
        self.known.entry(exchange).or_default().looked_at = self.clock;
    }

    /// Marks it as looked at; gives what of it has to be fetched, which is then taken to be under
    /// way.
    pub fn wants(&mut self, exchange: u64, has_ended: bool) -> Option<Wanted> {
        self.look_at(exchange);
        let entry = self.known.entry(exchange).or_default();
        let Loaded { request, response, response_is_partial, live, heads_are_final, .. } =
            &entry.loaded;
        let wanted = Wanted {
            request: !request.is_settled(),
            // One that streams is followed; it is fetched only when that did not get all of it.
            response: has_ended
                && live.is_none()
                && (*response_is_partial || !response.is_settled()),
            has_ended,
        };
        let wants = entry.asked.is_none()
            && (wanted.request || wanted.response || (has_ended && !heads_are_final));
        if wants {
            entry.asked = Some(wanted);
        }
        wants.then_some(wanted)
    }

    /// Takes in what was fetched.
    pub fn arrived(&mut self, exchange: u64, fetch: Fetch) {
        let Some(entry) = self.known.get_mut(&exchange) else { return };
        entry.asked = None;
        let loaded = &mut entry.loaded;
        loaded.version += 1;
        loaded.heads_are_final |= fetch.heads_are_final;
        if fetch.heads.is_some() {
            loaded.heads = fetch.heads;
        }
        if fetch.request.is_settled() && loaded.request.here().is_none() {
            loaded.request = fetch.request;
        }
        if fetch.response.is_settled() && loaded.live.is_none() {
            loaded.response_is_partial = false;
            loaded.response = fetch.response;
        }
        self.forget_oldest();
    }

    /// The exchange has not ended any more: its response is that of an earlier moment, and comes
    /// anew.
    pub fn rewind(&mut self, exchange: u64) {
        let Some(loaded) = self.known.get_mut(&exchange).map(|entry| &mut entry.loaded) else {
            return;
        };
        loaded.version += 1;
        loaded.live = None;
        loaded.response = Fetched::NotYet;
        loaded.response_is_partial = false;
        loaded.heads_are_final = false;
        if let Some(heads) = &mut loaded.heads {
            heads.response.clear();
            heads.response_trailers.clear();
        }
    }

    /// The daemon went away: what is under way will not come.
    pub fn interrupted(&mut self) {
        for entry in self.known.values_mut() {
            entry.asked = None;
            entry.loaded.former.retain(|_, piece| piece.content != Held::Loading);
            for piece in pieces_of(&mut entry.loaded) {
                if piece.content == Held::Loading {
                    piece.content = Held::NotAsked;
                }
            }
        }
    }

    pub fn clear(&mut self) {
        self.known.clear();
    }

    /// The response of an exchange that is followed while it streams; begun when it is not yet.
    pub fn live(
        &mut self,
        exchange: u64,
        begin: impl FnOnce() -> Live,
    ) -> Option<(&mut Live, &mut ResponseSide)> {
        let loaded = &mut self.known.entry(exchange).or_default().loaded;
        loaded.version += 1;
        if loaded.live.is_none() && !loaded.response.is_settled() {
            loaded.live = Some(begin());
            loaded.response = Fetched::Here(ResponseSide { open: true, ..ResponseSide::default() });
        }
        match (&mut loaded.live, &mut loaded.response) {
            (Some(live), Fetched::Here(side)) => Some((live, side)),
            _ => None,
        }
    }

    /// The response has ended. What was not all taken in while it streamed is fetched anew.
    pub fn live_ended(&mut self, exchange: u64) {
        let Some(loaded) = self.known.get_mut(&exchange).map(|entry| &mut entry.loaded) else {
            return;
        };
        let Some(live) = loaded.live.take() else { return };
        loaded.version += 1;
        let is_whole = match &mut loaded.response {
            Fetched::Here(side) => live.finish(side),
            Fetched::NotYet | Fetched::Failed(_) => false,
        };
        // It stays on the screen until the whole one is here.
        match &loaded.response {
            Fetched::Here(side) if !side.pieces.is_empty() => {
                loaded.response_is_partial = !is_whole
            }
            _ if is_whole => {}
            _ => loaded.response = Fetched::NotYet,
        }
    }

    /// The exchange is not followed any more, before it has ended.
    pub fn live_left(&mut self, exchange: u64) {
        if let Some(loaded) = self.known.get_mut(&exchange).map(|entry| &mut entry.loaded)
            && loaded.live.take().is_some()
        {
            loaded.response = Fetched::NotYet;
            loaded.version += 1;
        }
    }

    /// Blocks of one side whose content is to be fetched now, out of those named; they are then
    /// taken to be under way.
    pub fn ask(&mut self, exchange: u64, side: Side, pointers: &[&str]) -> Vec<Block> {
        let Some(loaded) = self.known.get_mut(&exchange).map(|entry| &mut entry.loaded) else {
            return Vec::new();
        };
        let mut blocks = Vec::new();
        for piece in side_of(loaded, side) {
            if piece.content == Held::NotAsked && pointers.contains(&piece.block.pointer.as_str()) {
                piece.content = Held::Loading;
                blocks.push(piece.block.clone());
            }
        }
        if !blocks.is_empty() {
            loaded.version += 1;
        }
        blocks
    }

    /// Contents that were asked for.
    pub fn told(&mut self, exchange: u64, side: Side, contents: Vec<(String, Held)>) {
        let Some(loaded) = self.known.get_mut(&exchange).map(|entry| &mut entry.loaded) else {
            return;
        };
        loaded.version += 1;
        let mut contents: HashMap<String, Held> = contents.into_iter().collect();
        for piece in side_of(loaded, side) {
            if let Some(content) = contents.remove(&piece.block.pointer) {
                piece.content = content;
            }
        }
        self.forget_oldest();
    }

    fn forget_oldest(&mut self) {
        let mut bytes: u64 = self.known.values().map(|entry| entry.loaded.bytes()).sum();
        let fits = |bytes: u64, count: usize| count <= FEWEST || (bytes <= KEPT && count <= MOST);
        if fits(bytes, self.known.len()) {
            return;
        }
        let mut oldest: Vec<(u64, u64)> =
            self.known.iter().map(|(id, entry)| (entry.looked_at, *id)).collect();
        oldest.sort_unstable();
        for (_, id) in oldest {
            if fits(bytes, self.known.len()) {
                return;
            }
            if self
                .known
                .get(&id)
                .is_some_and(|entry| entry.asked.is_none() && entry.loaded.live.is_none())
                && let Some(entry) = self.known.remove(&id)
            {
                bytes = bytes.saturating_sub(entry.loaded.bytes());
            }
        }
    }
}

fn side_of(loaded: &mut Loaded, side: Side) -> &mut [Piece] {
    match side {
        Side::Request => {
            loaded.request.here_mut().map_or(&mut [], |side| side.pieces.as_mut_slice())
        }
        Side::Response => {
            loaded.response.here_mut().map_or(&mut [], |side| side.pieces.as_mut_slice())
        }
    }
}

fn pieces_of(loaded: &mut Loaded) -> impl Iterator<Item = &mut Piece> {
    let Loaded { request, response, .. } = loaded;
    let request = request.here_mut().into_iter().flat_map(|side| &mut side.pieces);
    let response = response.here_mut().into_iter().flat_map(|side| &mut side.pieces);
    request.chain(response)
}
