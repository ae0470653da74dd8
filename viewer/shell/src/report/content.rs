//! Blocks and what they say, as reports keep them.

use std::sync::Arc;

use ccdump_model::record::{Held, Piece};
use ccdump_provider::content::Content;
use ccdump_record::Block;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// JSON values are kept as texts: they may be nested as deeply as a reader of the whole file would
/// allow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ContentHad {
    Text(String),
    Thinking(String),
    RedactedThinking {
        bytes: u64,
    },
    ToolUse {
        name: String,
        input: String,
    },
    ToolResult {
        is_error: bool,
        text: String,
        other: Vec<String>,
    },
    ToolDefinition {
        name: String,
        description: String,
        /// An object; empty in older reports.
        #[serde(default)]
        rest: String,
    },
    Parameter(String),
    Image {
        media_type: Option<String>,
        bytes: u64,
    },
    Document {
        title: Option<String>,
        media_type: Option<String>,
        bytes: u64,
    },
    Other {
        wire_type: String,
        json: String,
    },
    Raw(String),
    /// It could not be had: why.
    Failed(String),
}

impl ContentHad {
    /// `None`: it was not fetched.
    pub(super) fn of(held: &Held) -> Option<Self> {
        match held {
            Held::Here(content) => Some(content.as_ref().clone().into()),
            Held::Failed(reason) => Some(Self::Failed(reason.clone())),
            Held::NotAsked | Held::Loading | Held::Opening(_) => None,
        }
    }

    pub(super) fn held(&self) -> Held {
        let json = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
        let content = match self.clone() {
            Self::Text(text) => Content::Text(text),
            Self::Thinking(text) => Content::Thinking(text),
            Self::RedactedThinking { bytes } => Content::RedactedThinking { bytes },
            Self::ToolUse { name, input } => Content::ToolUse { name, input: json(input) },
            Self::ToolResult { is_error, text, other } => {
                Content::ToolResult { is_error, text, other }
            }
            Self::ToolDefinition { name, description, rest } => Content::ToolDefinition {
                name,
                description,
                rest: serde_json::from_str(&rest).unwrap_or_default(),
            },
            Self::Parameter(value) => Content::Parameter(json(value)),
            Self::Image { media_type, bytes } => Content::Image { media_type, bytes },
            Self::Document { title, media_type, bytes } => {
                Content::Document { title, media_type, bytes }
            }
            Self::Other { wire_type, json: text } => Content::Other { wire_type, json: json(text) },
            Self::Raw(text) => Content::Raw(text),
            Self::Failed(reason) => return Held::Failed(reason),
        };
        Held::Here(Arc::new(content))
    }
}

impl From<Content> for ContentHad {
    fn from(content: Content) -> Self {
        match content {
            Content::Text(text) => Self::Text(text),
            Content::Thinking(text) => Self::Thinking(text),
            Content::RedactedThinking { bytes } => Self::RedactedThinking { bytes },
            Content::ToolUse { name, input } => Self::ToolUse { name, input: input.to_string() },
            Content::ToolResult { is_error, text, other } => {
                Self::ToolResult { is_error, text, other }
            }
            Content::ToolDefinition { name, description, rest } => {
                Self::ToolDefinition { name, description, rest: Value::Object(rest).to_string() }
            }
            Content::Parameter(value) => Self::Parameter(value.to_string()),
            Content::Image { media_type, bytes } => Self::Image { media_type, bytes },
            Content::Document { title, media_type, bytes } => {
                Self::Document { title, media_type, bytes }
            }
            Content::Other { wire_type, json } => Self::Other { wire_type, json: json.to_string() },
            Content::Raw(text) => Self::Raw(text),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct PieceHad {
    pub(super) block: Block,
    pub(super) content: Option<ContentHad>,
    /// It was asked for only when it was to be seen in full.
    pub(super) is_late: bool,
}

impl From<&Piece> for PieceHad {
    fn from(piece: &Piece) -> Self {
        Self { block: piece.block.clone(), content: ContentHad::of(&piece.content), is_late: false }
    }
}

impl From<&PieceHad> for Piece {
    fn from(piece: &PieceHad) -> Self {
        let content = piece.content.as_ref().filter(|_| !piece.is_late);
        Self {
            block: piece.block.clone(),
            content: content.map_or(Held::NotAsked, ContentHad::held),
        }
    }
}
