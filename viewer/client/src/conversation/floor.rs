//! Who may speak: when several exchanges stream at once, one of them has the floor and the others
//! wait.

/// The floor is given up after so long without a word, if someone else waits. Microseconds.
const SILENCE: i64 = 1_500_000;

#[derive(Debug, Default)]
pub(super) struct Floor {
    holder: Option<Holder>,
}

#[derive(Debug)]
struct Holder {
    exchange: u64,
    /// When it last said something. Microseconds.
    spoke_at: i64,
}

impl Floor {
    /// Decides who may speak at `now`. `waiting`: the exchange that has been waiting to speak
    /// longest.
    pub(super) fn decide(&mut self, now: i64, waiting: Option<u64>) -> Option<u64> {
        let Some(waiting) = waiting else { return self.holder() };
        let free = self
            .holder
            .as_ref()
            .is_none_or(|holder| now.saturating_sub(holder.spoke_at) >= SILENCE);
        if free {
            self.holder = Some(Holder { exchange: waiting, spoke_at: now });
        }
        self.holder()
    }

    /// The holder said something.
    pub(super) fn spoke(&mut self, now: i64) {
        if let Some(holder) = &mut self.holder {
            holder.spoke_at = holder.spoke_at.max(now);
        }
    }

    /// The holder has nothing more to say.
    pub(super) fn release(&mut self) {
        self.holder = None;
    }

    pub(super) fn holder(&self) -> Option<u64> {
        self.holder.as_ref().map(|holder| holder.exchange)
    }

    /// When the floor goes to the next one if the holder stays silent. Microseconds.
    pub(super) fn until(&self) -> Option<i64> {
        self.holder.as_ref().map(|holder| holder.spoke_at.saturating_add(SILENCE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_changes_hands_at_the_end_or_after_silence_only() {
        let mut floor = Floor::default();
        assert_eq!(floor.decide(0, None), None);
        assert_eq!(floor.decide(0, Some(1)), Some(1));
        floor.spoke(1_000_000);
        assert_eq!(floor.decide(2_400_000, Some(2)), Some(1), "spoke 1.4 s ago");
        assert_eq!(floor.until(), Some(2_500_000));
        assert_eq!(floor.decide(2_500_000, None), Some(1), "nobody else waits");
        assert_eq!(floor.decide(2_500_000, Some(2)), Some(2));
        floor.release();
        assert_eq!(floor.decide(2_500_001, Some(1)), Some(1));
    }
}
