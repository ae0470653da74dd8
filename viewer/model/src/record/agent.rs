//! Who speaks in a session.

use serde::{Deserialize, Serialize};

use ccdump_wire::v1::Exchange;

/// An agent of a session.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AgentKey {
    pub session: Option<String>,
    /// `main`, or the agent's own id.
    pub agent: Option<String>,
    /// Tells apart what has no session.
    pub provider: String,
}

impl AgentKey {
    pub fn of(row: &Exchange) -> Self {
        Self { session: row.session.clone(), agent: row.agent.clone(), provider: row.provider.clone() }
    }
}

/// What is known of an agent.
#[derive(Debug, Clone, Default)]
pub struct Agent {
    /// Its parent's id, for a subagent.
    pub parent: Option<String>,
    /// Its exchanges, oldest first.
    pub exchanges: Vec<u64>,
    /// Those that are under way.
    pub open: Vec<u64>,
    /// How many of them are turns.
    pub turns: usize,
    /// When it last began an exchange. Microseconds.
    pub last_at_us: i64,
}
