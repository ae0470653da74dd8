//! What a search goes by: which exchanges there are around one, and which blocks of theirs are
//! their own.

use std::collections::VecDeque;

use ccdump_record::{Block, Side};
use rusqlite::{Connection, ToSql};

use super::{IndexError, index};

/// Ids that are read at once, in each direction.
const PAGE: usize = 256;

/// Whose exchanges are looked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Absent: its exchanges name none.
    Agent {
        session: Option<String>,
        agent: Option<String>,
        provider: String,
    },
    Session(Option<String>),
    Record,
}

impl Scope {
    fn condition(&self) -> (&'static str, Vec<&dyn ToSql>) {
        match self {
            Self::Agent { session, agent, provider } => (
                "session IS ? AND agent IS ? AND provider = ?",
                vec![session as _, agent as _, provider as _],
            ),
            Self::Session(session) => ("session IS ?", vec![session as _]),
            Self::Record => ("TRUE", Vec::new()),
        }
    }
}

/// Walks outward over the exchanges of a scope, the nearest first.
#[derive(Debug)]
pub struct Outward {
    scope: Scope,
    origin: u64,
    up: Direction,
    down: Direction,
}

/// The walk in one direction.
#[derive(Debug)]
struct Direction {
    is_up: bool,
    /// The last one that was read.
    read: u64,
    next: VecDeque<u64>,
    is_over: bool,
}

impl Outward {
    pub fn new(scope: Scope, origin: u64) -> Self {
        let direction =
            |is_up, read| Direction { is_up, read, next: VecDeque::new(), is_over: false };
        // The origin itself is met on the way down to the older ones.
        Self {
            scope,
            origin,
            up: direction(true, origin),
            down: direction(false, origin.saturating_add(1)),
        }
    }

    /// The next exchange; of two that are as far the older one. `None`: those were all.
    pub fn next(&mut self, connection: &Connection) -> Result<Option<u64>, IndexError> {
        self.up.read_on(connection, &self.scope)?;
        self.down.read_on(connection, &self.scope)?;
        let is_up_nearer = match (self.up.next.front(), self.down.next.front()) {
            (Some(up), Some(down)) => up.abs_diff(self.origin) < down.abs_diff(self.origin),
            (up, _) => up.is_some(),
        };
        let direction = if is_up_nearer { &mut self.up } else { &mut self.down };
        Ok(direction.next.pop_front())
    }
}

impl Direction {
    fn read_on(&mut self, connection: &Connection, scope: &Scope) -> Result<(), IndexError> {
        if self.is_over || !self.next.is_empty() {
            return Ok(());
        }
        let (condition, mut values) = scope.condition();
        let order = if self.is_up { "id > ? ORDER BY id" } else { "id < ? ORDER BY id DESC" };
        let read = i64::try_from(self.read).unwrap_or(i64::MAX);
        values.push(&read);
        let sql = format!("SELECT id FROM exchange WHERE {condition} AND {order} LIMIT {PAGE}");
        let mut select = connection.prepare_cached(&sql)?;
        let ids = select
            .query_map(&values[..], |row| row.get(0))?
            .collect::<Result<VecDeque<u64>, _>>()?;
        self.is_over = ids.len() < PAGE;
        self.read = ids.back().copied().unwrap_or(self.read);
        self.next = ids;
        Ok(())
    }
}

/// The own blocks of a side, in the order of the body, and the exchange before in its thread.
/// Nothing where it is not derived (yet).
pub fn own_outline(
    connection: &Connection,
    exchange: u64,
    side: Side,
) -> Result<OwnOutline, IndexError> {
    let Some(outline) = index::own_outline(connection, exchange, side)? else {
        return Ok(OwnOutline::default());
    };
    let mut own = OwnOutline { blocks: outline.blocks, previous: outline.previous };
    own.blocks.sort_by_key(|block| block.range.start);
    Ok(own)
}

/// What of an outline is the exchange's own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OwnOutline {
    /// Those that are new or changed, in the order of the body.
    pub blocks: Vec<Block>,
    /// The exchange before in its thread.
    pub previous: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index_of(rows: &[(u64, Option<&str>, &str)]) -> Connection {
        let connection = Connection::open_in_memory().expect("SQLite");
        connection.execute_batch(super::super::schema::DERIVED).expect("tables");
        for (id, session, agent) in rows {
            let insert = "INSERT INTO exchange (id, session, agent, provider, method, path, started_at, request_bytes, response_bytes, \
                          gap_bytes, role, through_seq) VALUES (?1, ?2, ?3, 'anthropic', 'POST', '/', 0, 0, 0, 0, 'turn', ?1)";
            connection.execute(insert, rusqlite::params![id, session, agent]).expect("a row");
        }
        connection
    }

    fn walk(connection: &Connection, scope: Scope, origin: u64) -> Vec<u64> {
        let mut outward = Outward::new(scope, origin);
        std::iter::from_fn(|| outward.next(connection).expect("readable")).collect()
    }

    #[test]
    fn exchanges_of_a_scope_come_nearest_first() {
        let rows = [
            (1, Some("s"), "main"),
            (2, Some("t"), "main"),
            (3, Some("s"), "sub"),
            (5, Some("s"), "main"),
            (9, Some("s"), "main"),
        ];
        let index = index_of(&[&rows[..], &[(10, None, "main")]].concat());
        let main = || Scope::Agent {
            session: Some("s".to_owned()),
            agent: Some("main".to_owned()),
            provider: "anthropic".to_owned(),
        };
        assert_eq!(walk(&index, main(), 5), [5, 1, 9], "of two that are as far the older one");
        assert_eq!(walk(&index, main(), 8), [9, 5, 1]);
        assert_eq!(walk(&index, main(), u64::MAX), [9, 5, 1]);
        assert_eq!(walk(&index, main(), 0), [1, 5, 9]);
        assert_eq!(walk(&index, Scope::Session(Some("s".to_owned())), 3), [3, 1, 5, 9]);
        assert_eq!(walk(&index, Scope::Session(None), 1), [10]);
        assert_eq!(walk(&index, Scope::Record, 2), [2, 1, 3, 5, 9, 10]);
    }

    #[test]
    fn more_exchanges_than_are_read_at_once_come_each_once() {
        let rows: Vec<_> = (1..=1000).map(|id| (id, Some("s"), "main")).collect();
        let index = index_of(&rows);
        let mut walked = walk(&index, Scope::Record, 700);
        assert!(walked.is_sorted_by_key(|id| id.abs_diff(700)));
        walked.sort_unstable();
        assert_eq!(walked, (1..=1000).collect::<Vec<_>>());
    }
}
