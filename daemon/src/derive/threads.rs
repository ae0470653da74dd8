//! Which request continues which.
//!
//! An agent sends its whole history with every request, so the request before is the one whose
//! messages this one begins with.

use std::sync::Arc;

use ccdump_provider::outline::common_prefix;
use ccdump_record::{Block, Side};

use crate::store::{
    StoreError,
    index::{outline, recent_turns},
    reader::Reader,
};

/// Threads whose newest request is kept in memory; older ones are read back.
const KEPT: usize = 64;
/// Requests of an agent that are read back at most, to find the one that is continued.
const READ_BACK: usize = 16;

/// The newest request of each thread, the one used last at the end.
#[derive(Default)]
pub struct Threads {
    heads: Vec<Head>,
}

#[derive(Clone)]
struct Head {
    session: Option<String>,
    agent: Option<String>,
    /// The thread's first exchange.
    thread: u64,
    exchange: u64,
    blocks: Arc<Vec<Block>>,
}

/// Where a request belongs.
pub struct Place {
    pub thread: u64,
    pub before: Before,
}

/// What a request is compared with: another one, with its blocks.
pub enum Before {
    /// It continues this one.
    Continued(u64, Arc<Vec<Block>>),
    /// It continues none; this is the newest one of the agent.
    Anew(u64, Arc<Vec<Block>>),
    Nothing,
}

impl Threads {
    /// Finds the thread that a request continues, or starts one.
    pub fn place(
        &mut self,
        reader: &Reader,
        session: Option<&str>,
        agent: Option<&str>,
        exchange: u64,
        blocks: Arc<Vec<Block>>,
    ) -> Result<Place, StoreError> {
        let is_of_agent =
            |head: &Head| head.session.as_deref() == session && head.agent.as_deref() == agent;
        if !self.heads.iter().any(is_of_agent) {
            for head in read_back(reader, session, agent, exchange)? {
                self.keep(head);
            }
        }
        let continued = self
            .heads
            .iter()
            .enumerate()
            .filter(|(_, head)| is_of_agent(head))
            .map(|(index, head)| (common_prefix(&head.blocks, &blocks), index))
            .filter(|&(common, _)| common > 0)
            .max();
        let (thread, before) = match continued.map(|(_, index)| self.heads.remove(index)) {
            Some(head) => (head.thread, Before::Continued(head.exchange, head.blocks)),
            None => (exchange, self.newest(is_of_agent)),
        };
        let head = Head {
            session: session.map(Into::into),
            agent: agent.map(Into::into),
            thread,
            exchange,
            blocks,
        };
        self.keep(head);
        Ok(Place { thread, before })
    }

    /// What a request of an agent that continues none is compared with. Requests of no session need
    /// not have to do with each other.
    fn newest(&self, is_of_agent: impl Fn(&Head) -> bool) -> Before {
        let newest =
            self.heads.iter().rev().find(|head| is_of_agent(head) && head.session.is_some());
        newest.map_or(Before::Nothing, |head| Before::Anew(head.exchange, head.blocks.clone()))
    }

    fn keep(&mut self, head: Head) {
        if self.heads.len() >= KEPT {
            self.heads.remove(0);
        }
        self.heads.push(head);
    }
}

/// The newest request of each recent thread of an agent, the newest last.
fn read_back(
    reader: &Reader,
    session: Option<&str>,
    agent: Option<&str>,
    before: u64,
) -> Result<Vec<Head>, StoreError> {
    let mut heads: Vec<Head> = Vec::new();
    for (exchange, thread) in recent_turns(&reader.index, session, agent, before, READ_BACK)? {
        if heads.iter().any(|head| head.thread == thread) {
            continue;
        }
        let Some(outline) = outline(&reader.index, exchange, Side::Request)? else {
            continue;
        };
        let blocks = Arc::new(outline.blocks);
        heads.push(Head {
            session: session.map(Into::into),
            agent: agent.map(Into::into),
            thread,
            exchange,
            blocks,
        });
    }
    heads.reverse();
    Ok(heads)
}
