//! An item: one thing of a conversation that is displayed, folded and jumped to on its own.

use std::{ops::Range, sync::Arc};

use ccdump_provider::content::Content;
use ccdump_record::{BlockState, Header, Usage};
use serde::{Deserialize, Serialize};

use super::Wanted;
use crate::record::{AgentName, Callee};

/// What an item is of: each category is hidden, or shown at its level. In the order of the keys 1
/// to 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    User,
    Assistant,
    Tools,
    System,
    Budget,
    Metadata,
    Headers,
}

impl Category {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tools => "tools",
            Self::System => "system",
            Self::Budget => "budget",
            Self::Metadata => "metadata",
            Self::Headers => "headers",
        }
    }
}

/// Names an item within its exchange, whatever stands before it: `request/messages/3/content/1`,
/// `response/content/0`, or a name of our own such as `turn`, `tools`, `usage`. Places and folds
/// are kept by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ItemKey(pub Arc<str>);

impl ItemKey {
    /// Of the first item of each exchange that is a turn.
    pub const HEAD: &str = "turn";
    /// What keys of blocks of an answer begin with, before the pointer.
    pub const RESPONSE: &str = "response";

    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// Of the part with that number of an item's text.
    pub fn part(&self, number: usize) -> Self {
        Self::new(&format!("{}{PART}{number}", self.0))
    }

    /// Whether `other` is of a part of this item, at whatever depth.
    pub fn holds(&self, other: &Self) -> bool {
        other.0.strip_prefix(&*self.0).is_some_and(|rest| rest.starts_with(PART))
    }
}

/// Between the key of an item and the number of a part of its text.
const PART: char = '<';

#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub key: ItemKey,
    pub category: Category,
    pub body: ItemBody,
    /// The pieces of it whose content nobody has asked for ([`Pending::NotAsked`]): to be fetched
    /// when it is unfolded.
    pub wants: Vec<Wanted>,
    /// What stood in its place in the request before, where it was changed and that is known.
    pub was: Option<Arc<Content>>,
    /// The item whose text it is a part of: it is shown where that is shown in full.
    pub parent: Option<ItemKey>,
    /// The bytes of its text that it shows itself, where all that stands behind them are parts of
    /// their own.
    pub own: Option<usize>,
}

impl Item {
    /// The first item of an exchange, which is always shown.
    pub fn is_head(&self) -> bool {
        matches!(self.body, ItemBody::Turn(_))
    }

    /// What is folded, and unfolded, where somebody wants to fold this item.
    pub fn folds(&self) -> &ItemKey {
        match (&self.body, &self.parent) {
            (ItemBody::Beside { .. }, Some(parent)) => parent,
            _ => &self.key,
        }
    }

    /// It is shown in full whatever the level of its category, unless somebody folds it.
    pub fn is_unfolded_as_a_rule(&self) -> bool {
        matches!(self.body, ItemBody::Beside { .. } | ItemBody::Tag { is_long: false, .. })
    }
}

/// Texts are as they came: the second stage makes them harmless.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemBody {
    /// First item of each exchange: who speaks to whom, when, how it stands.
    Turn(TurnHead),
    /// One line for an exchange that is no turn of the conversation: a title, a token count, a
    /// model list. `error`: how it ended where that was not as it should, in words.
    Aside {
        id: u64,
        speaker: Speaker,
        what: String,
        usage: Option<Usage>,
        numbers: Numbers,
        state: TurnState,
        error: Option<String>,
    },
    Text {
        voice: Voice,
        text: Arc<Content>,
        change: Change,
        open: bool,
    },
    /// A tag in a text, with what stands in it. `voice`: whose words they are; nobody's, if a tool
    /// has given them.
    Tag {
        name: String,
        attributes: String,
        /// With the tags at both ends.
        text: Arc<str>,
        /// The bytes of it between these.
        inside: Range<usize>,
        /// It is long, and none of what was said: it is shown at the level of its category.
        is_long: bool,
        voice: Option<Voice>,
        /// How many items it stands in.
        depth: usize,
    },
    /// What stands beside the tags of a text.
    Beside {
        text: Arc<str>,
        voice: Option<Voice>,
        depth: usize,
    },
    Thinking {
        text: Arc<Content>,
        open: bool,
    },
    RedactedThinking {
        bytes: u64,
    },
    /// A call (`Content::ToolUse`), and what came of it.
    ToolUse {
        name: String,
        call: Part,
        on_server: bool,
        result: Option<Part>,
        /// The agent that it has started.
        callee: Option<Callee>,
    },
    /// A call whose arguments are still streaming: the JSON so far.
    ToolUseOpening {
        name: String,
        partial: Arc<str>,
        on_server: bool,
    },
    /// A result whose call stands elsewhere. `name`: the tool's, where it is known.
    ToolResult {
        name: Option<String>,
        result: Part,
        change: Change,
    },
    /// A section of the system prompt. `number` counts from 1; `of` is known where all sections are
    /// new. `tag` is the number of what it says, in its session.
    System {
        tag: Option<usize>,
        number: usize,
        of: Option<usize>,
        text: Part,
        change: Change,
    },
    /// All tool definitions that are new here or changed, and the names of those that are gone.
    Tools {
        definitions: Vec<ToolDefinition>,
        removed: Vec<String>,
        bytes: u64,
        change: Change,
    },
    /// Parameters that are new here or changed, and the names of those that are gone.
    Parameters {
        parameters: Vec<Parameter>,
        removed: Vec<String>,
    },
    /// An image or a document.
    Attachment {
        content: Arc<Content>,
        voice: Voice,
    },
    /// The history is not what it was: it breaks the prompt cache. Counts of message blocks.
    Rewritten {
        changed: usize,
        moved: usize,
        removed: Vec<Gone>,
    },
    /// The history begins anew with a summary of what was said so far. `blocks`, `bytes`: what the
    /// summary stands for, as far as known.
    Compacted {
        blocks: Option<usize>,
        bytes: Option<u64>,
        summary: u64,
    },
    /// The request was sent before, and failed. Oldest first; the last one is this one.
    Tries(Vec<Try>),
    /// Blocks of a long history that is new here, before the ones that are shown.
    Earlier {
        blocks: usize,
        bytes: u64,
    },
    Headers(Headers),
    Usage {
        usage: Usage,
        numbers: Numbers,
    },
    /// How it ended where that was not as it should, or an error that was answered. In words.
    Error(String),
    /// A reason to stop that is not usual: `max_tokens`, `refusal`, …
    Stop(String),
    /// A type that this version does not know.
    Unknown {
        wire_type: String,
        content: Arc<Content>,
    },
    /// A body that is not understood.
    Raw {
        content: Arc<Content>,
        bytes: u64,
    },
    /// Known to be there, but its content is not here (yet).
    Absent {
        what: &'static str,
        bytes: u64,
        pending: Pending,
    },
    /// Something of our own about the record: bytes that are missing, and the like.
    Notice(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnHead {
    pub id: u64,
    pub speaker: Speaker,
    pub model: Option<String>,
    /// Of the viewer's place, such as `14:02:11`.
    pub time: String,
    pub state: TurnState,
    /// Why it stopped, in the provider's word.
    pub stop: Option<String>,
}

/// The usual reasons to stop: they are told by the head of the turn alone.
pub fn is_usual_stop(reason: &str) -> bool {
    matches!(
        reason,
        "end_turn" | "tool_use" | "stop_sequence" | "stop" | "tool_calls" | "completed" | "STOP"
    )
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speaker {
    Main,
    Agent(AgentName),
    /// No agent is known: the provider's name.
    Provider(String),
}

/// How an exchange stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnState {
    /// The request is on its way, or nothing has come back yet.
    Waiting,
    Streaming,
    Complete,
    Truncated,
    Cancelled,
    Failed,
    /// It failed, and the same request was sent again.
    TriedAgain,
    DaemonStopped,
}

/// Whose words a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    User,
    /// Put into a user's message by the agent: reminders, command output, hooks.
    Injected,
    Assistant,
    /// A message of role `system`.
    System,
}

/// Against the request before in the thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    New,
    Changed,
    /// The same stood elsewhere.
    Moved,
    Same,
}

impl From<BlockState> for Change {
    fn from(state: BlockState) -> Self {
        match state {
            BlockState::Changed => Self::Changed,
            BlockState::Same => Self::Same,
            BlockState::New => Self::New,
        }
    }
}

/// A content that may not be here (yet).
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Here { content: Arc<Content>, bytes: u64 },
    Absent { bytes: u64, pending: Pending },
}

impl Part {
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Here { bytes, .. } | Self::Absent { bytes, .. } => *bytes,
        }
    }
}

/// Why a content is not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pending {
    /// It is fetched when the item is unfolded.
    NotAsked,
    Loading,
    /// It cannot be had: why.
    Failed(String),
}

/// One time that a request was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    pub id: u64,
    /// How it ended: `529`, `no answer`.
    pub outcome: String,
    /// What was said of the error.
    pub error: Option<String>,
}

/// A block of the history that is gone.
#[derive(Debug, Clone, PartialEq)]
pub struct Gone {
    /// In words.
    pub what: &'static str,
    pub bytes: u64,
    /// If it is here still.
    pub content: Option<Arc<Content>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ToolDefinition {
    pub name: String,
    pub bytes: u64,
    pub change: Change,
    /// `Content::ToolDefinition`, once it is here.
    pub content: Option<Arc<Content>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    pub name: String,
    pub bytes: u64,
    pub change: Change,
    /// Once it is here.
    pub value: Option<Arc<Content>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Headers {
    pub of_request: bool,
    /// `POST /v1/messages?beta=true`, or `200`.
    pub first_line: String,
    pub fields: Vec<Header>,
    pub trailers: Vec<Header>,
}

/// Of one exchange. Times in microseconds. Unknown is `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Numbers {
    pub cost_usd: Option<f64>,
    pub duration_us: Option<u64>,
    pub ttft_us: Option<u64>,
    pub request_bytes: u64,
    pub response_bytes: u64,
}
