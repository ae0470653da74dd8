//! Time of the record, which stands still, is moved by hand, or goes by at some multiple of its
//! speed.

/// Powers of two: from a sixteenth of the recorded speed to 64 times.
const SLOWEST: i8 = -4;
const FASTEST: i8 = 6;

/// A clock that shows a moment of the record. All times in microseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clock {
    at_us: i64,
    /// Two to the power of this is how many times faster than it was recorded time goes by.
    speed: i8,
    is_playing: bool,
    /// While it plays: a moment, and when it was shown. From there time is counted, so that no
    /// fraction of it gets lost.
    since: Option<(i64, i64)>,
}

impl Clock {
    pub(super) fn new(at_us: i64, is_playing: bool) -> Self {
        Self { at_us, speed: 0, is_playing, since: None }
    }

    pub(super) fn at_us(&self) -> i64 {
        self.at_us
    }

    pub(super) fn speed(&self) -> i8 {
        self.speed
    }

    pub(super) fn is_playing(&self) -> bool {
        self.is_playing
    }

    /// It is `now_us` where the person is.
    pub(super) fn advance(&mut self, now_us: i64) {
        if !self.is_playing {
            return;
        }
        let (moment, shown) = *self.since.get_or_insert((self.at_us, now_us));
        let passed = now_us.saturating_sub(shown).max(0);
        let factor = 1_i64 << self.speed.unsigned_abs();
        let passed = if self.speed < 0 { passed / factor } else { passed.saturating_mul(factor) };
        self.at_us = moment.saturating_add(passed);
    }

    pub(super) fn set(&mut self, at_us: i64) {
        self.at_us = at_us;
        self.since = None;
    }

    pub(super) fn play(&mut self, is_playing: bool) {
        self.is_playing = is_playing;
        self.since = None;
    }

    /// Goes by faster by so many powers of two, or slower.
    pub(super) fn faster(&mut self, by: i8) {
        self.speed = self.speed.saturating_add(by).clamp(SLOWEST, FASTEST);
        self.since = None;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_goes_by_at_its_speed_while_it_plays() {
        let mut clock = Clock::new(1_000, false);
        clock.advance(50);
        assert_eq!(clock.at_us(), 1_000);
        clock.play(true);
        clock.advance(100);
        clock.advance(150);
        assert_eq!(clock.at_us(), 1_050);
        clock.faster(2);
        clock.advance(150);
        clock.advance(160);
        assert_eq!((clock.at_us(), clock.speed()), (1_090, 2));
        clock.faster(i8::MIN);
        clock.advance(160);
        clock.advance(160 + 32);
        assert_eq!((clock.at_us(), clock.speed()), (1_092, SLOWEST));
        clock.faster(i8::MAX);
        clock.set(7);
        clock.advance(300);
        clock.advance(200);
        assert_eq!(
            (clock.at_us(), clock.speed()),
            (7, FASTEST),
            "a wall clock that goes back stops it"
        );
        clock.advance(i64::MAX);
        assert_eq!(clock.at_us(), i64::MAX);
    }

    proptest! {
        #[test]
        fn no_time_gets_lost_however_often_it_is_looked_at(speed in SLOWEST..=FASTEST, steps in prop::collection::vec(0_i64..100_000, 1..50)) {
            let mut often = Clock::new(0, true);
            often.faster(speed);
            let mut once = often.clone();
            once.advance(0);
            let mut now = 0;
            often.advance(now);
            for step in steps {
                now += step;
                often.advance(now);
            }
            once.advance(now);
            prop_assert_eq!(often.at_us(), once.at_us());
        }
    }
}
