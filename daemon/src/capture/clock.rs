//! What time it is, and whether somebody has set the clock.
//!
//! Two clocks: the *wall clock*, which people, NTP and virtual machines set as they like, and the
//! *steady* one ([`Steady`]), which nobody sets and which goes on while the machine sleeps. The
//! times of an exchange are the wall clock at its opening, carried on by the steady clock
//! ([`Anchor`]): however the wall clock is set meanwhile, they grow as time did, and after a sleep
//! they are right.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::steady::Steady;

/// Readings of both clocks within this time are of one moment. Microseconds.
const ONE_MOMENT: i64 = 1_000;
/// Tries to read them so. A thread may be held up in between each time.
const TRIES: usize = 8;

/// Both clocks, in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    source: Source,
}

#[derive(Debug, Clone, Copy)]
enum Source {
    System,
    #[cfg(test)]
    Set(&'static tests::SetClock),
}

/// The wall clock at one moment, to be carried on by the steady one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// What the wall clock shows when the steady one shows 0. Microseconds since the Unix epoch.
    lead_us: i64,
}

impl Clock {
    /// The system's.
    pub fn system() -> Self {
        Self { source: Source::System }
    }

    /// What the wall clock shows. Microseconds since the Unix epoch.
    pub fn now_us(&self) -> i64 {
        match self.source {
            Source::System => {
                let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX)
            }
            #[cfg(test)]
            Source::Set(clock) => clock.wall_us(),
        }
    }

    /// The wall clock as it is set now.
    pub fn anchor(&self) -> Anchor {
        let mut anchor = Anchor { lead_us: 0 };
        for _ in 0..TRIES {
            let before = self.steady_us();
            let wall = self.now_us();
            anchor.lead_us = wall.saturating_sub(before);
            if self.steady_us().saturating_sub(before) < ONE_MOMENT {
                break;
            }
        }
        anchor
    }

    /// Now, as counted from `anchor`. Microseconds since the Unix epoch.
    pub fn since(&self, anchor: Anchor) -> i64 {
        anchor.lead_us.saturating_add(self.steady_us())
    }

    fn steady_us(&self) -> i64 {
        match self.source {
            Source::System => Steady::now().micros(),
            #[cfg(test)]
            Source::Set(clock) => clock.steady_us(),
        }
    }
}

impl Anchor {
    /// By how much the wall clock was set forward from here to `later`; less than nothing where it
    /// was set back.
    pub fn set_forward(self, later: Self) -> i64 {
        later.lead_us.saturating_sub(self.lead_us)
    }
}

#[cfg(test)]
pub mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    /// Clocks that a test sets.
    #[derive(Debug)]
    pub struct SetClock {
        lead_us: AtomicI64,
        steady_us: AtomicI64,
    }

    impl SetClock {
        pub fn at(wall_us: i64) -> &'static Self {
            Box::leak(Box::new(Self {
                lead_us: AtomicI64::new(wall_us),
                steady_us: AtomicI64::new(0),
            }))
        }

        pub fn clock(&'static self) -> Clock {
            Clock { source: Source::Set(self) }
        }

        /// Time passes, in sleep or not.
        pub fn pass(&self, us: i64) {
            self.steady_us.fetch_add(us, Ordering::Relaxed);
        }

        /// Somebody sets the wall clock.
        pub fn set_forward(&self, us: i64) {
            self.lead_us.fetch_add(us, Ordering::Relaxed);
        }

        pub fn wall_us(&self) -> i64 {
            self.lead_us.load(Ordering::Relaxed) + self.steady_us()
        }

        pub fn steady_us(&self) -> i64 {
            self.steady_us.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn times_go_on_as_time_does_however_the_clock_is_set() {
        let set = SetClock::at(1_000);
        let clock = set.clock();
        let anchor = clock.anchor();
        for jump in [0, 3_600_000_000, -7_200_000_000] {
            let before = clock.since(anchor);
            set.set_forward(jump);
            set.pass(10);
            assert_eq!(clock.since(anchor) - before, 10);
        }
        assert_eq!(anchor.set_forward(clock.anchor()), -3_600_000_000);
        assert_eq!(
            clock.since(clock.anchor()),
            clock.now_us(),
            "what begins now has the time that the clock shows"
        );
    }

    #[test]
    fn the_systems_clocks_agree() {
        let clock = Clock::system();
        let anchor = clock.anchor();
        let difference = clock.now_us() - clock.since(anchor);
        assert!(difference.abs() < 1_000_000, "{difference} µs apart");
        assert!(anchor.set_forward(clock.anchor()).abs() < 1_000_000);
    }
}
