//! Requests that are answered by us instead of an upstream are recorded, so that it can be seen
//! what was refused and why. A flood of garbage is not to fill the disk, so only so many of them
//! are.

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
            warn!(
                "many requests are refused; for {} s the rest of them is counted and not recorded",
                PERIOD.as_secs()
            );
        }
        period.refused <= RECORDED
    }
}

/// A refused target as it may be recorded: without segments that are ours (`~t=…`), or were meant
/// to be. One that stands in the wrong place is refused for want of a token, and holds it all the
/// same.
pub fn recorded_target(target: &str) -> String {
    let path = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/"),
        None => target,
    };
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let is_ours = |segment: &&str| {
        prefix::percent_decode(segment).starts_with(b"~") && segment.contains(['=', '%'])
    };
    let kept: Vec<&str> = path.split('/').filter(|segment| !is_ours(segment)).collect();
    let kept = kept.join("/");
    if kept.is_empty() { format!("/{query}") } else { kept + query }
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
            ("/openai/~t=secret/v1?a=~b", "/openai/v1?a=~b"),
            ("/v1/~t%3Dsecret", "/v1"),
            ("/~user/v1", "/~user/v1"),
            ("/a?b=~c", "/a?b=~c"),
            ("*", "*"),
        ] {
            assert_eq!(recorded_target(target), expected);
        }
    }
}
