//! Calls by which one agent starts another one, and which agent each of them started. Derived, in
//! `index.db`.

use ccdump_record::StartedBy;
use rusqlite::{Connection, Row, Transaction, params};

use super::{Database, IndexError, StoreError, index};

/// The newest calls of an agent among which is looked for one.
const MOST: usize = 200;

#[derive(Debug, Clone, PartialEq)]
pub struct AgentCall {
    pub session: String,
    /// The agent that calls: `main`, or its own id.
    pub caller: String,
    /// A fingerprint of what the agent is told.
    pub prompt: u64,
    /// The agent that it has started, as far as known.
    pub agent: Option<String>,
    pub call: StartedBy,
}

impl AgentCall {
    /// Whether `other` speaks of the same call.
    pub fn is(&self, other: &Self) -> bool {
        let place = |of: &Self| (of.call.exchange, of.call.pointer.clone());
        self.session == other.session && self.caller == other.caller && place(self) == place(other)
    }
}

/// Takes a call in, in the place of what was known of it.
pub(super) fn put(tx: &Transaction<'_>, call: &AgentCall) -> Result<(), IndexError> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO agent_call (session, caller, exchange, pointer, prompt, agent, call) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        call.session,
        call.caller,
        call.call.exchange,
        call.call.pointer,
        call.prompt.cast_signed(),
        call.agent,
        index::to_json(&call.call),
    ])?;
    Ok(())
}

/// The newest calls of an agent, the newest first.
pub fn of_caller(
    connection: &Connection,
    session: &str,
    caller: &str,
) -> Result<Vec<AgentCall>, IndexError> {
    let mut select = connection.prepare_cached(
        "SELECT session, caller, prompt, agent, call FROM agent_call WHERE session = ?1 AND caller = ?2
         ORDER BY exchange DESC, pointer DESC LIMIT ?3",
    )?;
    let mut rows = select.query(params![session, caller, MOST])?;
    let mut calls = Vec::new();
    while let Some(row) = rows.next()? {
        calls.push(read(row)?);
    }
    Ok(calls)
}

fn read(row: &Row<'_>) -> Result<AgentCall, IndexError> {
    let call: String = row.get(4)?;
    let call = serde_json::from_str(&call).map_err(|_| StoreError::Damaged {
        database: Database::Index,
        what: "a call of an agent".to_owned(),
    })?;
    let prompt: i64 = row.get(2)?;
    Ok(AgentCall {
        session: row.get(0)?,
        caller: row.get(1)?,
        prompt: prompt.cast_unsigned(),
        agent: row.get(3)?,
        call,
    })
}
