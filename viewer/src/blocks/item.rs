//! An item: one thing of a conversation that is displayed, folded and jumped to on its own.

use std::sync::Arc;

use ccdump_provider::content::Content;
use ccdump_wire::v1::{BlockState, Header, Usage};
use serde::{Deserialize, Serialize};

/// What an item is of: each category is hidden, or shown at its level. In the order of the keys 1 to 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Category {
    User,
    Assistant,
    Tools,
    System,
    Budget,
    Metadata,
    Headers,
}

impl Category {
    pub(crate) fn as_str(self) -> &'static str {
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

/// Names an item within its exchange, whatever stands before it: `request/messages/3/content/1`, `response/content/0`, or a name of our
/// own such as `turn`, `tools`, `usage`. Places and folds are kept by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ItemKey(pub(crate) Arc<str>);

impl ItemKey {
    /// Of the first item of each exchange that is a turn.
    pub(crate) const HEAD: &str = "turn";

    pub(crate) fn new(name: &str) -> Self {
        Self(name.into())
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) key: ItemKey,
    pub(crate) category: Category,
    pub(crate) body: ItemBody,
    /// The pieces of it whose content nobody has asked for ([`Pending::NotAsked`]): to be fetched when it is unfolded.
    pub(crate) wants: Vec<Wanted>,
}

impl Item {
    /// The first item of an exchange, which is always shown.
    pub(crate) fn is_head(&self) -> bool {
        matches!(self.body, ItemBody::Turn(_))
    }
}

/// Where a piece is had from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Wanted {
    pub(crate) source: Source,
    /// `Block::pointer` of the piece.
    pub(crate) pointer: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    Request,
    Response,
    /// The request of the exchange after in the thread: it brings the results of this one's tool calls.
    NextRequest,
}

/// Texts are as they came: the second stage makes them harmless.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ItemBody {
    /// First item of each exchange: who speaks to whom, when, how it stands.
    Turn(TurnHead),
    /// One line for an exchange that is no turn of the conversation: a title, a token count, a model list.
    /// `error`: how it ended where that was not as it should, in words.
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
    /// A section of the system prompt. `number` counts from 1; `of` is known where all sections are new.
    System {
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
        removed: usize,
    },
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
pub(crate) struct TurnHead {
    pub(crate) id: u64,
    pub(crate) speaker: Speaker,
    pub(crate) model: Option<String>,
    /// Of the viewer's place, such as `14:02:11`.
    pub(crate) time: String,
    pub(crate) state: TurnState,
    /// Why it stopped, in the provider's word.
    pub(crate) stop: Option<String>,
}

/// The usual reasons to stop: they are told by the head of the turn alone.
pub(crate) fn is_usual_stop(reason: &str) -> bool {
    matches!(reason, "end_turn" | "tool_use" | "stop_sequence" | "stop" | "tool_calls" | "completed" | "STOP")
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Speaker {
    Main,
    Agent(String),
    /// No agent is known: the provider's name.
    Provider(String),
}

/// How an exchange stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TurnState {
    /// The request is on its way, or nothing has come back yet.
    Waiting,
    Streaming,
    Complete,
    Truncated,
    Cancelled,
    Failed,
    DaemonStopped,
}

/// Whose words a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    User,
    /// Put into a user's message by the agent: reminders, command output, hooks.
    Injected,
    Assistant,
    /// A message of role `system`.
    System,
}

/// Against the request before in the thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    New,
    Changed,
    Same,
}

impl From<BlockState> for Change {
    fn from(state: BlockState) -> Self {
        match state {
            BlockState::Changed => Self::Changed,
            BlockState::Same => Self::Same,
            BlockState::New | BlockState::Unspecified => Self::New,
        }
    }
}

/// A content that may not be here (yet).
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    Here { content: Arc<Content>, bytes: u64 },
    Absent { bytes: u64, pending: Pending },
}

impl Part {
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Here { bytes, .. } | Self::Absent { bytes, .. } => *bytes,
        }
    }
}

/// Why a content is not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pending {
    /// It is fetched when the item is unfolded.
    NotAsked,
    Loading,
    /// It cannot be had: why.
    Failed(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ToolDefinition {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) change: Change,
    /// `Content::ToolDefinition`, once it is here.
    pub(crate) content: Option<Arc<Content>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) change: Change,
    /// Once it is here.
    pub(crate) value: Option<Arc<Content>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Headers {
    pub(crate) of_request: bool,
    /// `POST /v1/messages?beta=true`, or `200`.
    pub(crate) first_line: String,
    pub(crate) fields: Vec<Header>,
    pub(crate) trailers: Vec<Header>,
}

/// Of one exchange. Times in microseconds. Unknown is `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Numbers {
    pub(crate) cost_usd: Option<f64>,
    pub(crate) duration_us: Option<u64>,
    pub(crate) ttft_us: Option<u64>,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
}
