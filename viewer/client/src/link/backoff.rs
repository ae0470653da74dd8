//! How long to wait before the next attempt to reach a daemon.

use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// Doubles from attempt to attempt, from 100 ms to 5 s. Up to half of a wait is left to chance, so
/// that many viewers of one daemon do not all come back at once.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after another failure. `chance` is any random number.
    pub(super) fn after_failure(&mut self, chance: u32) -> Duration {
        let longest = SHORTEST
            .saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX))
            .min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let half = longest / 2;
        (half + half.mul_f64(f64::from(chance) / f64::from(u32::MAX))).max(SHORTEST)
    }

    /// It worked: the next failure is a first one again.
    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_start_over_after_a_success() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> =
            (0..8).map(|_| backoff.after_failure(u32::MAX).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        backoff.succeeded();
        assert_eq!(backoff.after_failure(u32::MAX).as_millis(), 100);
    }

    proptest! {
        #[test]
        fn no_wait_is_ever_out_of_bounds(chances in proptest::collection::vec(any::<u32>(), 1..200)) {
            let mut backoff = Backoff::default();
            for chance in chances {
                let wait = backoff.after_failure(chance);
                prop_assert!((SHORTEST..=LONGEST).contains(&wait), "{wait:?}");
            }
        }

        #[test]
        fn after_many_failures_half_the_cap_is_the_least(chance in any::<u32>()) {
            let mut backoff = Backoff { failures: u32::MAX };
            prop_assert!(backoff.after_failure(chance) >= LONGEST / 2);
        }
    }
}
