use serde::{Deserialize, Serialize};

use crate::Block;

/// One section of a session's system prompts: blocks with one hash are one section, whatever
/// exchange, agent or place they are in. Derived, and the same when it is derived again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SystemSection {
    /// From 1, in the order of first appearance in the log. It never changes.
    pub number: u64,
    /// As it stood where it was sent first. What its state was there says nothing of the section.
    pub block: Block,
    /// Where it was sent first and last, and when those exchanges began (microseconds since the
    /// Unix epoch).
    pub first_exchange: u64,
    pub first_at_us: i64,
    pub last_exchange: u64,
    pub last_at_us: i64,
    /// How many exchanges had it.
    pub exchanges: u64,
    /// Who sent it first, as in [`crate::Exchange`]; nothing when unknown.
    pub agent: Option<String>,
    /// Its place among the sections of the request that had it first, from 0.
    pub position: u32,
}
