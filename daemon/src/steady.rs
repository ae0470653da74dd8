//! A clock that nobody sets, and that goes on while the machine sleeps.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

#[cfg(any(target_os = "linux", target_os = "android"))]
const CLOCK: ClockId = ClockId::Boottime;
/// Where the system has only one; macOS lets it go on in sleep.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const CLOCK: ClockId = ClockId::Monotonic;

/// A moment of it. To be used for ages that others count, too: [`std::time::Instant`] stands still
/// while Linux sleeps, so what was begun before seems younger than it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steady {
    micros: i64,
}

impl Steady {
    pub fn now() -> Self {
        let now = clock_gettime(CLOCK);
        Self { micros: now.tv_sec.saturating_mul(1_000_000).saturating_add(now.tv_nsec / 1_000) }
    }

    /// Microseconds since a moment that is the same for all.
    pub fn micros(self) -> i64 {
        self.micros
    }

    /// The time since then.
    pub fn elapsed(self) -> Duration {
        Duration::from_micros(
            u64::try_from(Self::now().micros.saturating_sub(self.micros)).unwrap_or(0),
        )
    }
}
