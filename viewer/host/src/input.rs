//! What was typed and no viewer has been given yet: between two viewers, and when one reads slower
//! than somebody pastes.

use std::{
    io,
    time::{Duration, Instant},
};

/// Ctrl-C, as a raw terminal sends it.
pub(super) const CTRL_C: u8 = 3;

/// More than this, in bytes, is not held: what comes then is lost, which is said in the log.
const MOST: usize = 64 * 1024;

#[derive(Debug, Default)]
pub(super) struct Hold {
    bytes: Vec<u8>,
}

impl Hold {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Holds what was typed, all of it or nothing, so that no key is cut in two; says whether there
    /// was room.
    #[must_use]
    pub(super) fn add(&mut self, typed: &[u8]) -> bool {
        let fits = self.bytes.len().saturating_add(typed.len()) <= MOST;
        if fits {
            self.bytes.extend_from_slice(typed);
        }
        fits
    }

    /// Holds what a viewer had been given and did not read: it was typed before all that is held.
    pub(super) fn put_first(&mut self, unread: Vec<u8>) {
        let later = std::mem::replace(&mut self.bytes, unread);
        self.bytes.extend_from_slice(&later);
    }

    /// Gives it to a viewer as far as `write` takes it.
    pub(super) fn give(
        &mut self,
        mut write: impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<()> {
        while !self.bytes.is_empty() {
            match write(&self.bytes)? {
                0 => break,
                written => drop(self.bytes.drain(..written.min(self.bytes.len()))),
            }
        }
        Ok(())
    }

    /// There is nobody any more whom it was meant for.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }
}

/// Ctrl-C is the viewer's, which leaves. Three of them in a second are for the host: that viewer
/// does not.
#[derive(Debug, Default)]
pub(super) struct Insistence {
    presses: Vec<Instant>,
}

impl Insistence {
    /// Whether what was `typed` is enough to end the host.
    pub(super) fn ends(&mut self, typed: &[u8], now: Instant) -> bool {
        if typed.iter().any(|byte| *byte != CTRL_C) {
            // Not by hand: pasted, or typed about something else.
            self.presses.clear();
            return false;
        }
        self.presses.retain(|press| now.duration_since(*press) < Duration::from_secs(1));
        self.presses.extend(typed.iter().take(3).map(|_| now));
        self.presses.len() >= 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_typing_is_kept_through_a_viewer_that_reads_slowly_and_dies() {
        let mut hold = Hold::default();
        assert!(hold.add(b"abcdef"));
        let mut room = 4;
        hold.give(|bytes| Ok(std::mem::take(&mut room).min(bytes.len()))).expect("no error");
        assert!(hold.add(b"g"));
        hold.put_first(b"cd".to_vec());
        let mut given = Vec::new();
        hold.give(|bytes| {
            given.extend_from_slice(&bytes[..1]);
            Ok(1)
        })
        .expect("no error");
        assert_eq!(given, b"cdefg");
        assert!(hold.is_empty());
    }

    #[test]
    fn it_is_bounded_and_never_holds_half_a_key() {
        let mut hold = Hold::default();
        assert!(hold.add(&[b'x'; MOST - 2]));
        assert!(!hold.add(b"\x1b[A"));
        assert!(hold.add(b"yy"));
        assert!(!hold.add(b"z"));
    }

    #[test]
    fn only_an_impatient_user_ends_the_host() {
        let start = Instant::now();
        let presses = |typed: &[(u64, &[u8])]| {
            let mut insistence = Insistence::default();
            typed
                .iter()
                .any(|(at, bytes)| insistence.ends(bytes, start + Duration::from_millis(*at)))
        };
        assert!(presses(&[(0, b"\x03"), (300, b"\x03"), (900, b"\x03")]));
        assert!(presses(&[(0, b"\x03\x03\x03")]));
        assert!(!presses(&[(0, b"\x03"), (600, b"\x03"), (1200, b"\x03"), (1800, b"\x03")]));
        assert!(!presses(&[(0, b"\x03"), (10, b"\x03"), (20, b"j"), (30, b"\x03")]));
        assert!(!presses(&[(0, b"a\x03\x03\x03")]));
    }
}
