//! What is known here of the daemon's record: the rows of the index, who speaks in them, and the contents that were fetched.

mod agent;
mod as_of;
mod contents;
mod live;
mod roster;

pub(crate) use agent::{Agent, AgentKey};
pub(crate) use as_of::{Stage, answered_at, as_of, ended_at, stage};
pub(crate) use contents::{Contents, Fetch, Fetched, Held, Loaded, Piece, RequestSide, ResponseSide, Wanted};
pub(crate) use live::Live;
pub(crate) use roster::{Node, Roster, is_turn};
