use serde::{Deserialize, Serialize};

use crate::Block;

/// The blocks of one body, compared with those of the request before it in its thread.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outline {
    pub blocks: Vec<Block>,
    /// The exchange it was compared with.
    pub previous: Option<u64>,
    /// Blocks of the one it was compared with that are gone, with their pointers there.
    pub removed: Vec<Block>,
    /// Of a request that continues none, as after a compaction: the agent's request before it in
    /// the session, with which what stands before the messages was compared. `removed` are then
    /// blocks of that one.
    pub setting_of: Option<u64>,
    /// Of what derived it.
    pub version: u32,
}
