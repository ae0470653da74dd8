//! Search: which exchanges hold a text, told as they are found.

mod own;

use std::time::{Duration, Instant};

use ccdump_provider::pattern::{Pattern, Switches};
use ccdump_wire::v1::{self, search_scope::Within};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use self::own::Looking;
use super::Service;
use crate::store::{
    StoreError,
    event::Side,
    reader::{Reader, Readers},
    search::{Outward, Scope},
};

/// Exchanges of one answer at most. All of it finds room on its way even if the viewer does not read: no thread waits for one.
const MOST: usize = 1000;
/// How long the record is read at a time, but for the last exchange.
const TURN: Duration = Duration::from_millis(5);
/// Length of the text that is looked for. Bytes.
const LONGEST: usize = 4 << 10;

type Sender = mpsc::Sender<Result<v1::SearchResponse, Status>>;

pub fn search(service: &Service, request: v1::SearchRequest) -> Result<ReceiverStream<Result<v1::SearchResponse, Status>>, Status> {
    let search = Search {
        pattern: pattern(&request.pattern.unwrap_or_default())?,
        scope: scope(request.scope)?,
        origin: if request.origin == 0 { u64::MAX } else { request.origin },
        most: usize::try_from(request.limit).ok().filter(|limit| (1..MOST).contains(limit)).unwrap_or(MOST),
    };
    let (sender, receiver) = mpsc::channel(16);
    let readers = service.readers.clone();
    tokio::task::spawn_blocking(move || {
        let last = search.run(&readers, &sender).unwrap_or_else(|error| Some(Err(Status::unavailable(error.to_string()))));
        if let Some(last) = last {
            // Nobody may be there any more to be told.
            sender.blocking_send(last).ok();
        }
    });
    Ok(ReceiverStream::new(receiver))
}

fn pattern(wanted: &v1::Pattern) -> Result<Pattern, Status> {
    if wanted.text.is_empty() || wanted.text.len() > LONGEST {
        return Err(Status::invalid_argument(format!("say what to look for, in {LONGEST} bytes at most")));
    }
    let switches = Switches { case: wanted.case, word: wanted.word, regex: wanted.regex };
    Pattern::new(&wanted.text, switches).map_err(|error| Status::invalid_argument(format!("cannot look for that: {error}")))
}

fn scope(scope: Option<v1::SearchScope>) -> Result<Scope, Status> {
    match scope.and_then(|scope| scope.within) {
        Some(Within::Agent(v1::AgentScope { session, agent, provider })) => Ok(Scope::Agent { session, agent, provider }),
        Some(Within::Session(v1::SessionScope { session })) => Ok(Scope::Session(session)),
        Some(Within::Record(v1::RecordScope {})) => Ok(Scope::Record),
        None => Err(Status::invalid_argument("say where to look: in an agent's exchanges, a session's, or all of the record")),
    }
}

struct Search {
    pattern: Pattern,
    scope: Scope,
    origin: u64,
    most: usize,
}

impl Search {
    /// Looks until all is looked through, enough was found, or nobody listens any more. Gives what is to be said last.
    fn run(self, readers: &Readers, sender: &Sender) -> Result<Option<Result<v1::SearchResponse, Status>>, StoreError> {
        let Self { pattern, scope, origin, most } = self;
        let mut walk = Outward::new(scope, origin);
        let mut looking = Looking::for_pattern(pattern);
        let mut found = 0;
        while !sender.is_closed() {
            let hit = match readers.with(|reader| go_on(reader, &mut walk, &mut looking))? {
                Step::More => continue,
                Step::Over => return Ok(Some(Ok(v1::SearchResponse { complete: true, ..v1::SearchResponse::default() }))),
                Step::Hit(_) if found == most => return Ok(Some(Ok(v1::SearchResponse::default()))),
                Step::Hit(hit) => hit,
            };
            found += 1;
            if sender.blocking_send(Ok(v1::SearchResponse { hits: vec![hit], complete: false })).is_err() {
                break;
            }
        }
        Ok(None)
    }
}

enum Step {
    Hit(v1::SearchHit),
    More,
    Over,
}

/// Looks until something is found, but not for long: a reading that goes on stands in the way of the log's upkeep.
fn go_on(reader: &Reader, walk: &mut Outward, looking: &mut Looking) -> Result<Step, StoreError> {
    let until = Instant::now() + TURN;
    while let Some(exchange) = walk.next(&reader.index)? {
        let sides = match looking.sides(reader, exchange) {
            // What is damaged cannot be looked into; the others can.
            Err(error) if error.is_damage() => Vec::new(),
            sides => sides?,
        };
        if !sides.is_empty() {
            let sides = sides.into_iter().map(wire_side).collect();
            return Ok(Step::Hit(v1::SearchHit { exchange, sides }));
        }
        if Instant::now() >= until {
            return Ok(Step::More);
        }
    }
    Ok(Step::Over)
}

fn wire_side(side: Side) -> i32 {
    match side {
        Side::Request => v1::Side::Request.into(),
        Side::Response => v1::Side::Response.into(),
    }
}
