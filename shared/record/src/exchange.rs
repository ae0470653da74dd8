use serde::{Deserialize, Serialize};

use crate::{ClosedBy, EndState, Usage};

/// A row of the index: one HTTP request and its response. All of it is derived and can be made
/// again from the log.
///
/// Times are microseconds since the Unix epoch, durations microseconds, sizes bytes as they went
/// over the wire.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Exchange {
    pub id: u64,
    pub session: Option<String>,
    /// `main`, or the agent's own id for a subagent.
    pub agent: Option<String>,
    pub parent_agent: Option<String>,
    /// The vendor that it went to.
    pub provider: String,
    pub method: String,
    pub path: String,
    pub status: Option<u16>,
    /// Nothing while it is open.
    pub end_state: Option<EndState>,
    /// Nothing while it is open, and in rows of older daemons.
    pub closed_by: Option<ClosedBy>,
    pub model: Option<String>,
    pub started_at_us: i64,
    pub duration_us: Option<u64>,
    /// Time from the request head to the first token.
    pub ttft_us: Option<u64>,
    pub request_bytes: u64,
    pub response_bytes: u64,
    pub usage: Option<Usage>,
    /// Nothing when the model or the usage is unknown.
    pub cost_usd: Option<f64>,
    pub stop_reason: Option<String>,
    /// Bytes of either body that were not recorded; 0 means recorded in full.
    pub gap_bytes: u64,
    /// First exchange of the thread that this one belongs to; nothing for what is no conversation
    /// turn.
    pub thread: Option<u64>,
    /// The exchange before in that thread.
    pub previous: Option<u64>,
    pub role: RequestRole,
    /// Derived through this event.
    pub through_seq: u64,
    /// First message of an API error or of the proxy's own, in words.
    pub error: Option<String>,
    /// The call that started the agent which sent this: on turns of subagents, as soon as it is
    /// known. Of an agent's turns the newest that has it knows best.
    pub started_by: Option<StartedBy>,
}

/// What an agent asks for with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestRole {
    /// A turn of a conversation.
    Turn,
    /// A call beside the conversation: a title, a token count, a batch.
    Auxiliary,
    /// No call of a model.
    #[default]
    Other,
}

impl RequestRole {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::Auxiliary => "auxiliary",
            Self::Other => "other",
        }
    }

    /// The one of that name; `Other` where there is none. Who says nothing is taken to speak of a
    /// turn: rather too much than too little.
    pub fn of_name(name: &str) -> Self {
        match name {
            "turn" | "" => Self::Turn,
            "auxiliary" => Self::Auxiliary,
            _ => Self::Other,
        }
    }
}

/// A call of a tool, by which one agent has started another one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StartedBy {
    /// The exchange whose answer has the call, and the pointer of its block there.
    pub exchange: u64,
    pub pointer: String,
    pub tool_use_id: String,
    /// What sort of agent it should be, and what it should do, in the caller's words.
    pub kind: Option<String>,
    pub description: Option<String>,
    /// Calls that are alike were under way at the same time: it may have been another one of them.
    pub is_probable: bool,
}
