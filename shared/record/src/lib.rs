//! What is on record, in the words that all the rest speaks: each enum and struct of it stands
//! here, once.
//!
//! An agent's request and its answer are an [`Exchange`]. What happened of it are [`Event`]s, facts
//! that never change; all else is derived from them: the row of the exchange, and the [`Outline`]
//! of each of its bodies, which names the [`Block`]s that a person sees.
//!
//! Pure types: no I/O, no clock, and nothing of ours beneath. How they go over the wire is
//! `ccdump-wire`'s, and how they are stored is the store's.

mod block;
mod end;
mod event;
mod exchange;
mod header;
mod outline;
mod section;
mod side;
mod usage;

pub use block::{Block, BlockKind, BlockState, Role};
pub use end::{ClosedBy, EndState};
pub use event::{
    BodyData, ClockJumped, Detail, Ended, Event, Gap, Opened, Paused, Payload, Piece, Replaced,
    RequestEnd, ResponseHead, Resumed, Salvaged, SeqRange,
};
pub use exchange::{Exchange, RequestRole, StartedBy};
pub use header::{Header, Headers, Heads};
pub use outline::Outline;
pub use section::SystemSection;
pub use side::Side;
pub use usage::Usage;
