//! What is known here of the daemon's record: the rows of the index, who speaks in them, and the
//! contents that were fetched.

mod agent;
mod as_of;
mod body;
mod contents;
mod live;
mod name;
mod roster;
mod sections;
mod tries;

pub use agent::{Agent, AgentKey, Callee, Standing};
pub use as_of::{Stage, answered_at, as_of, ended_at, stage};
pub use body::{Body, LARGEST_BODY};
pub use contents::{
    Contents, Fetch, Fetched, FormerWanted, Held, Loaded, Piece, RequestSide, ResponseSide, Wanted,
};
pub use live::Live;
pub use name::AgentName;
pub use roster::{Node, Roster, has_ended, is_turn};
pub use sections::Sections;
