//! What is to be done outside of the state.

use std::collections::BTreeSet;

use ccdump_model::record::{AgentKey, FormerWanted, Wanted};
use ccdump_record::{Block, Side};

use crate::{search::Question, sheet::Need};

/// A person's own program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    Pager,
    Editor,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Fetch what an exchange adds, its answer, its headers.
    Fetch {
        exchange: u64,
        wanted: Wanted,
    },
    /// Fetch rows of this agent now, before the rest of the index is here: those around an
    /// exchange, or the newest.
    Rows {
        agent: AgentKey,
        around: Option<u64>,
    },
    /// Fetch the content of these blocks.
    FetchBlocks {
        exchange: u64,
        side: Side,
        blocks: Vec<Block>,
    },
    /// Fetch blocks of the request before an exchange.
    FetchFormer(FormerWanted),
    /// Fetch the sections of a session's system prompts with a number greater than `after`.
    Sections {
        session: Option<String>,
        after: u64,
    },
    /// Ask the daemon where a text stands, and nothing that was asked before any more; `None`:
    /// nothing at all.
    Search(Option<Question>),
    /// Fetch what a sheet is made of.
    Bring(Need),
    /// These exchanges, and no others, are to be followed as they stream.
    Follow(BTreeSet<u64>),
    /// The view state, to be kept.
    Save(Vec<u8>),
    /// To the clipboard.
    Copy(String),
    /// Draw every cell anew.
    Redraw,
    /// Give the terminal to the shell for a while.
    Suspend,
    Leave,
    /// Make room for the viewer that replaces this one.
    HandOver,
    /// Open a text in another program; it is gone when that has ended.
    Open {
        text: String,
        /// What the name of its file ends with.
        suffix: &'static str,
        program: Program,
    },
    /// Open a file in the person's editor.
    Edit {
        file: String,
        line: u32,
    },
}
