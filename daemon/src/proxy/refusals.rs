//! Requests that are answered by us instead of an upstream are recorded, so that it can be seen what was refused and why. A flood of
//! garbage is not to fill the disk, so only so many of them are.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tracing::warn;

use super::prefix;

/// Recorded per [`PERIOD`] at most; the others are counted.
const RECORDED: u32 = 50;
const PERIOD: Duration = Duration::from_secs(10);

/// Says which refusals are recorded.
pub struct Refusals {
    period: Mutex<Period>,
}

struct Period {
    begun: Instant,
    refused: u32,
}

impl Refusals {
    pub fn new() -> Self {
        Self { period: Mutex::new(Period { begun: Instant::now(), refused: 0 }) }
    }

    /// Whether one more is recorded in full.
    pub fn admit(&self) -> bool {
        self.admit_at(Instant::now())
    }

    fn admit_at(&self, now: Instant) -> bool {
        let mut period = self.period.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(period.begun) >= PERIOD {
            *period = Period { begun: now, refused: 0 };
        }
        period.refused = period.refused.saturating_add(1);
        if period.refused == RECORDED + 1 {
            warn!("many requests are refused; for {} s the rest of them is counted and not recorded", PERIOD.as_secs());
        }
        period.refused <= RECORDED
    }
}

/// A refused target as it may be recorded: a first segment that is ours (`~t=…`) may hold a token, and so may one that was meant to be.
pub fn recorded_target(target: &str) -> &str {
    let path = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/"),
        None => target,
    };
    let Some(first) = path.strip_prefix('/') else { return path };
    let end = first.find(['/', '?']).unwrap_or(first.len());
    let is_ours = first.get(..end).is_some_and(|segment| prefix::percent_decode(segment).starts_with(b"~"));
    if !is_ours {
        return path;
    }
    first.get(end..).filter(|rest| !rest.is_empty()).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_recorded_in_part() {
        let refusals = Refusals::new();
        let begun = Instant::now();
        let recorded = |at: Duration| (0..1000).filter(|_| refusals.admit_at(begun + at)).count();
        assert_eq!(recorded(Duration::from_secs(1)), RECORDED as usize);
        assert_eq!(recorded(Duration::from_secs(2)), 0);
        assert_eq!(recorded(PERIOD * 2), RECORDED as usize, "it begins anew");
    }

    #[test]
    fn tokens_are_no_part_of_a_target() {
        for (target, expected) in [
            ("/~t=secret/v1/a?b", "/v1/a?b"),
            ("/~t=secret", "/"),
            ("/%7Et=secret/a b", "/a b"),
            ("http://a/~t=secret/v1", "/v1"),
            ("http://a:1/v1", "/v1"),
            ("/v1/~t=a", "/v1/~t=a"),
            ("/a?b=~c", "/a?b=~c"),
            ("*", "*"),
        ] {
            assert_eq!(recorded_target(target), expected);
        }
    }
}
