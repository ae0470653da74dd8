//! Who speaks in a session.

use ccdump_record::{EndState, Exchange, StartedBy};
use serde::{Deserialize, Serialize};

use super::AgentName;

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
        Self {
            session: row.session.clone(),
            agent: row.agent.clone(),
            provider: row.provider.clone(),
        }
    }

    /// Another agent of the same session.
    pub fn beside(&self, agent: &str) -> Self {
        Self { agent: Some(agent.to_owned()), ..self.clone() }
    }

    pub fn is_main(&self) -> bool {
        self.agent.as_deref() == Some("main")
    }
}

/// What is known of an agent.
#[derive(Debug, Clone, Default)]
pub struct Agent {
    /// By what its call says of it, else by its first words, else by its number.
    pub name: AgentName,
    /// The first words of what it was told, if somebody has looked for them.
    pub(super) words: Option<AgentName>,
    /// Its parent's id, for a subagent.
    pub parent: Option<String>,
    /// The call that started it, and the number of the exchange that told of it.
    pub(super) started_by: Option<(u64, StartedBy)>,
    /// Its exchanges, oldest first.
    pub exchanges: Vec<u64>,
    /// Those that are under way.
    pub open: Vec<u64>,
    /// How many of them are turns.
    pub turns: usize,
    /// Tokens that it was answered.
    pub output: i64,
    /// When it last began an exchange. Microseconds.
    pub last_at_us: i64,
}

impl Agent {
    /// The call that started it, as far as that is known.
    pub fn started_by(&self) -> Option<&StartedBy> {
        self.started_by.as_ref().map(|(_, call)| call)
    }

    /// Whether its name is what its call says of it.
    pub fn is_described(&self) -> bool {
        self.started_by().is_some_and(|call| AgentName::of_call(call).is_some())
    }
}

/// How an agent stands, by its newest exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// An exchange of it is under way.
    Live,
    Complete,
    Failed,
    /// It was cut off.
    Broken,
    Unknown,
}

impl Standing {
    pub(super) fn of(agent: &Agent, newest: Option<&Exchange>) -> Self {
        match newest.and_then(|newest| newest.end_state) {
            _ if !agent.open.is_empty() => Self::Live,
            Some(EndState::Complete) => Self::Complete,
            Some(EndState::UpstreamError) => Self::Failed,
            Some(EndState::Truncated | EndState::ClientCancelled | EndState::DaemonStopped) => {
                Self::Broken
            }
            None => Self::Unknown,
        }
    }
}

/// An agent that was started by a call, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callee {
    pub agent: AgentKey,
    pub name: AgentName,
    /// Of the call's block, in the answer.
    pub pointer: String,
    /// It may have been another call that says the same.
    pub is_probable: bool,
    pub standing: Standing,
    pub turns: usize,
    /// Tokens that it was answered.
    pub output: i64,
}
