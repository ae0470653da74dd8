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
    reader::Reader,
    search::{Outward, Scope},
};

/// Exchanges of one answer at most.
const MOST: usize = 1000;
/// How long the record is read at a time, but for the last exchange.
const TURN: Duration = Duration::from_millis(5);
/// Length of the text that is looked for. Bytes.
const LONGEST: usize = 4 << 10;

type Sender = mpsc::Sender<Result<v1::SearchResponse, Status>>;

pub fn search(
    service: &Service,
    request: v1::SearchRequest,
) -> Result<ReceiverStream<Result<v1::SearchResponse, Status>>, Status> {
    let search = Search {
        pattern: pattern(&request.pattern.unwrap_or_default())?,
        scope: scope(request.scope)?,
        origin: if request.origin == 0 { u64::MAX } else { request.origin },
        most: usize::try_from(request.limit)
            .ok()
            .filter(|limit| (1..MOST).contains(limit))
            .unwrap_or(MOST),
    };
    let (sender, receiver) = mpsc::channel(1);
    let service = service.clone();
    tokio::spawn(async move {
        if let Err(failed) = search.run(&service, &sender).await {
            // Nobody may be there any more to be told.
            sender.send(Err(failed)).await.ok();
        }
    });
    Ok(ReceiverStream::new(receiver))
}

fn pattern(wanted: &v1::Pattern) -> Result<Pattern, Status> {
    if wanted.text.is_empty() || wanted.text.len() > LONGEST {
        return Err(Status::invalid_argument(format!(
            "say what to look for, in {LONGEST} bytes at most"
        )));
    }
    let switches = Switches { case: wanted.case, word: wanted.word, regex: wanted.regex };
    Pattern::new(&wanted.text, switches)
        .map_err(|error| Status::invalid_argument(format!("cannot look for that: {error}")))
}

fn scope(scope: Option<v1::SearchScope>) -> Result<Scope, Status> {
    match scope.and_then(|scope| scope.within) {
        Some(Within::Agent(v1::AgentScope { session, agent, provider })) => {
            Ok(Scope::Agent { session, agent, provider })
        }
        Some(Within::Session(v1::SessionScope { session })) => Ok(Scope::Session(session)),
        Some(Within::Record(v1::RecordScope {})) => Ok(Scope::Record),
        None => Err(Status::invalid_argument(
            "say where to look: in an agent's exchanges, a session's, or all of the record",
        )),
    }
}

struct Search {
    pattern: Pattern,
    scope: Scope,
    origin: u64,
    most: usize,
}

impl Search {
    /// Looks until all is looked through, enough was found, or nobody listens any more. A viewer
    /// that does not read holds no thread.
    async fn run(self, service: &Service, sender: &Sender) -> Result<(), Status> {
        let Self { pattern, scope, origin, most } = self;
        let mut walk = Outward::new(scope, origin);
        let mut looking = Looking::for_pattern(pattern);
        let mut left = most;
        loop {
            // One more than may be named tells whether there are more.
            let next = service.look(move |reader| {
                go_on(reader, &mut walk, &mut looking, left + 1).map(|turn| (walk, looking, turn))
            });
            let turn;
            (walk, looking, turn) = tokio::select! {
                next = next => next?,
                () = sender.closed() => return Ok(()),
            };
            let Turn { mut hits, is_over } = turn;
            let more = hits.len() > left;
            hits.truncate(left);
            left -= hits.len();
            let is_last = is_over || more;
            if is_last || !hits.is_empty() {
                let found = v1::SearchResponse { hits, complete: is_over && !more };
                if sender.send(Ok(found)).await.is_err() || is_last {
                    return Ok(());
                }
            }
        }
    }
}

/// What was found in a while.
struct Turn {
    hits: Vec<v1::SearchHit>,
    /// There are no more exchanges to look into.
    is_over: bool,
}

/// Looks until `most` are found, but not for long: a reading that goes on stands in the way of the
/// log's upkeep.
fn go_on(
    reader: &Reader,
    walk: &mut Outward,
    looking: &mut Looking,
    most: usize,
) -> Result<Turn, StoreError> {
    let until = Instant::now() + TURN;
    let mut hits = Vec::new();
    while hits.len() < most && Instant::now() < until {
        let Some(exchange) = walk.next(&reader.index)? else {
            return Ok(Turn { hits, is_over: true });
        };
        let sides = match looking.sides(reader, exchange) {
            // What is damaged cannot be looked into; the others can.
            Err(error) if error.is_damage() => Vec::new(),
            sides => sides?,
        };
        if !sides.is_empty() {
            hits.push(v1::SearchHit {
                exchange,
                sides: sides.into_iter().map(|side| v1::Side::from(side).into()).collect(),
            });
        }
    }
    Ok(Turn { hits, is_over: false })
}
