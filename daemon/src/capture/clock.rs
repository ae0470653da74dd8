//! Wall-clock time that never runs backwards while the daemon lives.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Microseconds since the Unix epoch, read once and then carried on by the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start_us: i64,
    start: Instant,
}

impl Clock {
    pub fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start_us: i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX), start: Instant::now() }
    }

    pub fn now_us(&self) -> i64 {
        self.start_us.saturating_add(i64::try_from(self.start.elapsed().as_micros()).unwrap_or(i64::MAX))
    }
}
