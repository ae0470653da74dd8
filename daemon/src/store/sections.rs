//! The sections of system prompts that each session has had, numbered in the order in which they
//! came up. Derived, in `index.db`.

use ccdump_record::{Block, BlockKind, Exchange, SystemSection};
use rusqlite::{Connection, Row, Transaction, params};

use super::{Database, IndexError, StoreError, index};

/// Sections of one request that are told apart; agents send two or three. More are in its outline
/// all the same.
const MOST: usize = 256;

/// What the system prompt of one request consists of.
#[derive(Debug)]
pub struct SystemPrompt {
    session: String,
    agent: Option<String>,
    exchange: u64,
    at_us: i64,
    sections: Vec<Block>,
}

impl SystemPrompt {
    /// `None` where there is no system prompt.
    pub fn of(row: &Exchange, blocks: &[Block]) -> Option<Self> {
        let is_section = |block: &&Block| block.kind == BlockKind::System;
        let sections: Vec<Block> = blocks.iter().filter(is_section).take(MOST).cloned().collect();
        (!sections.is_empty()).then(|| Self {
            session: row.session.clone().unwrap_or_default(),
            agent: row.agent.clone(),
            exchange: row.id,
            at_us: row.started_at_us,
            sections,
        })
    }
}

/// Takes in what a request had. Prompts come in the order of the log, each once: so numbers are the
/// same whenever they are made again.
pub(super) fn put(tx: &Transaction<'_>, prompt: &SystemPrompt) -> Result<(), IndexError> {
    let SystemPrompt { session, agent, exchange, at_us, sections } = prompt;
    // Nearly all are known: a history is sent again with every request, and its system prompt with
    // it.
    let mut known = tx.prepare_cached(
        "UPDATE system_section SET exchanges = exchanges + (last_exchange <> ?3), last_exchange = ?3, last_at = ?4
         WHERE session = ?1 AND hash = ?2",
    )?;
    for (position, section) in sections.iter().enumerate() {
        let hash = section.hash.cast_signed();
        if known.execute(params![session, hash, exchange, at_us])? > 0 {
            continue;
        }
        let block = index::to_json(section);
        tx.prepare_cached(
            "INSERT INTO system_section (session, number, hash, block, position, agent, first_exchange, first_at, last_exchange, last_at,
             exchanges) VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM system_section WHERE session = ?1), ?2, ?3, ?4, ?5,
             ?6, ?7, ?6, ?7, 1)",
        )?
        .execute(params![session, hash, block, position, agent, exchange, at_us])?;
    }
    Ok(())
}

/// At most `limit` sections of a session after number `after`, in order.
pub fn page(
    connection: &Connection,
    session: Option<&str>,
    after: u64,
    limit: usize,
) -> Result<Vec<SystemSection>, IndexError> {
    let mut select = connection.prepare_cached(
        "SELECT number, block, position, agent, first_exchange, first_at, last_exchange, last_at, exchanges
         FROM system_section WHERE session = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
    )?;
    let [after, limit] =
        [after, limit as u64].map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    let mut rows = select.query(params![session.unwrap_or_default(), after, limit])?;
    let mut sections = Vec::new();
    while let Some(row) = rows.next()? {
        sections.push(section(row)?);
    }
    Ok(sections)
}

fn section(row: &Row<'_>) -> Result<SystemSection, IndexError> {
    let number = row.get(0)?;
    let block: String = row.get(1)?;
    let block = serde_json::from_str(&block).map_err(|_| StoreError::Damaged {
        database: Database::Index,
        what: format!("section {number} of a system prompt"),
    })?;
    Ok(SystemSection {
        number,
        block,
        position: row.get(2)?,
        agent: row.get(3)?,
        first_exchange: row.get(4)?,
        first_at_us: row.get(5)?,
        last_exchange: row.get(6)?,
        last_at_us: row.get(7)?,
        exchanges: row.get(8)?,
    })
}
