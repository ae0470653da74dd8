//! Recording beside the stream: the proxy says what it sees, a thread of its own writes it down.
//!
//! Nothing here may hold traffic back. [`Recorder`] puts observations into a queue of bounded size
//! ([`queue`]) and returns; when the queue is full, body bytes are counted instead of kept, and the
//! count becomes a gap event.

mod clock;
mod queue;
mod recorder;
pub mod redact;
mod thread;

pub use clock::Clock;
pub use queue::Queue;
pub use recorder::{BodyRecorder, EndOf, ExchangeRecorder, Recorder, RequestHead};
pub use thread::{Recording, start};
