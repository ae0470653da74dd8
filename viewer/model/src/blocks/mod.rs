//! First stage: what was fetched about an exchange → items to display. Knows no colours and no
//! widths.

mod aside;
mod compaction;
mod ending;
mod fences;
mod former;
mod headers;
mod injected;
mod item;
mod list;
mod messages;
mod parts;
mod piece;
mod repeats;
mod request;
mod response;
#[cfg(any(test, feature = "samples"))]
pub mod samples;
mod setting;
mod tags;
#[cfg(test)]
mod tests;
mod tries;
mod turn;
mod wanted;

pub use injected::{Segment, segments};
pub use item::{
    Category, Change, Gone, Headers, Item, ItemBody, ItemKey, Numbers, Parameter, Part, Pending,
    Speaker, ToolDefinition, Try, TurnHead, TurnState, Voice, is_usual_stop,
};
pub use turn::{Turn, items};
pub use wanted::{Source, Wanted};
