//! The queue between the traffic and the recording thread, bounded in bytes over all exchanges.

use std::{
    collections::VecDeque,
    mem,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use ccdump_record::Header;

use crate::store::record::{Record, What};

/// What capture holds at most, the batch that is being written included. Pieces of large bodies
/// keep a read buffer alive that may be larger than they are, so this stays below the 32 MiB that
/// it may take.
const CAPACITY: usize = 28 << 20;
/// Body bytes leave this much for heads and ends, which are small, and without which the rest means
/// nothing.
const DATA_CAPACITY: usize = CAPACITY - (2 << 20);
/// A batch of this size does not wait for company.
const LARGE: usize = 256 << 10;
/// What is taken at once: more would only be published later.
const COMMIT: usize = 8 << 20;
/// What a record costs beyond its bytes.
const OVERHEAD: usize = mem::size_of::<Record>();
/// What a header field costs beyond its bytes: two strings, and what the allocator adds to each.
const HEADER: usize = mem::size_of::<Header>() + 32;

/// See the module.
pub struct Queue {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    /// With what each costs.
    records: VecDeque<(Record, usize)>,
    /// Cost of `records`.
    queued: usize,
    /// Cost of the batches that were taken and not released yet.
    held: usize,
    /// The queued cost from which the recording thread wants to be woken.
    wake_at: usize,
    lost: Lost,
    /// All that was lost since the start.
    all_lost: Lost,
    closed: bool,
}

/// What is not on record.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// Of which nothing is.
    pub exchanges: u64,
    pub bytes: u64,
}

/// What the recording thread gets.
#[derive(Debug, Default)]
pub struct Batch {
    pub records: Vec<Record>,
    /// To be given back with [`Queue::release`].
    pub cost: usize,
    pub closed: bool,
}

impl Default for Queue {
    fn default() -> Self {
        Self { state: Mutex::new(State::default()), wake: Condvar::new() }
    }
}

impl Queue {
    /// Never waits. `false`: there was no room, the record was dropped.
    pub fn push(&self, record: Record) -> bool {
        let (cost, capacity) = match &record.what {
            What::Data { bytes, .. } => (bytes.len() + OVERHEAD, DATA_CAPACITY),
            What::Opened(opened) => {
                (headers_cost(&opened.headers) + opened.path.len() + OVERHEAD, CAPACITY)
            }
            What::ResponseHead(head) => (headers_cost(&head.headers) + OVERHEAD, usize::MAX),
            // These are few: as many as exchanges were let in. They tell the truth about the rest.
            What::RequestEnd { .. }
            | What::Ended { .. }
            | What::Lost { .. }
            | What::Paused(_)
            | What::Resumed(_)
            | What::ClockJumped(_)
            | What::Fact(_) => (OVERHEAD, usize::MAX),
        };
        let mut state = self.lock();
        if state.queued + state.held + cost > capacity {
            return false;
        }
        state.queued += cost;
        state.records.push_back((record, cost));
        let wake = state.queued >= state.wake_at;
        if wake {
            state.wake_at = usize::MAX;
        }
        drop(state);
        if wake {
            self.wake.notify_one();
        }
        true
    }

    /// An exchange whose head found no room.
    pub fn lose_exchange(&self) {
        let mut state = self.lock();
        state.lost.exchanges += 1;
        state.all_lost.exchanges += 1;
    }

    /// Body bytes that found no room; `untold` if no event of their exchange will tell so.
    pub fn lose_bytes(&self, bytes: u64, untold: bool) {
        let mut state = self.lock();
        state.all_lost.bytes += bytes;
        if untold {
            state.lost.bytes += bytes;
        }
    }

    /// All that was lost since the start.
    pub fn lost_since_start(&self) -> Lost {
        self.lock().all_lost
    }

    /// No more will come; the recording thread is to write the rest and end.
    pub fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_one();
    }

    /// Waits until there is something, then until `not_before` or for a large batch; takes what one
    /// commit takes. Gives up waiting at `idle_until`.
    pub fn take(
        &self,
        not_before: Instant,
        idle_until: Option<Instant>,
        now_us: impl Fn() -> i64,
    ) -> Batch {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let deadline = if state.records.is_empty() {
                state.wake_at = 1;
                idle_until
            } else {
                state.wake_at = LARGE;
                Some(not_before)
            };
            let ready = !state.records.is_empty() && (now >= not_before || state.queued >= LARGE);
            let given_up = deadline.is_some_and(|deadline| now >= deadline);
            if ready || given_up || state.closed {
                break;
            }
            let timeout = deadline.map_or(Duration::from_secs(3600), |deadline| deadline - now);
            state =
                self.wake.wait_timeout(state, timeout).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.wake_at = usize::MAX;
        let (mut records, mut cost) = (Vec::new(), 0);
        while cost < COMMIT
            && let Some((record, of_record)) = state.records.pop_front()
        {
            records.push(record);
            cost += of_record;
        }
        state.queued -= cost;
        state.held += cost;
        let Lost { exchanges, bytes } = mem::take(&mut state.lost);
        if exchanges > 0 || bytes > 0 {
            records.push(Record {
                exchange: 0,
                at_us: now_us(),
                what: What::Lost { exchanges, bytes },
            });
        }
        Batch { records, cost, closed: state.closed }
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Whether something waits to be taken.
    pub fn is_empty(&self) -> bool {
        self.lock().records.is_empty()
    }

    /// The batch is written: its room is free again.
    pub fn release(&self, cost: usize) {
        let mut state = self.lock();
        state.held = state.held.saturating_sub(cost);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn headers_cost(headers: &[Header]) -> usize {
    headers.iter().map(|header| header.name.len() + header.value.len() + HEADER).sum()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use ccdump_record::Side;

    fn data(length: usize) -> Record {
        let bytes = Bytes::from(vec![0; length]);
        Record {
            exchange: 1,
            at_us: 0,
            what: What::Data { side: Side::Response, offset: 0, missing_before: 0, bytes },
        }
    }

    #[test]
    fn memory_is_bounded_until_what_was_taken_is_released() {
        let queue = Queue::default();
        let mut pushed = 0;
        while queue.push(data(1 << 20)) {
            pushed += 1;
        }
        assert_eq!(pushed, 25, "25 MiB and a bit of overhead of 26");
        let batch = queue.take(Instant::now(), None, || 0);
        assert_eq!(batch.records.len(), 8, "one commit does not take all");
        assert!(!queue.push(data(1 << 20)), "a batch that is being written still counts");
        queue.release(batch.cost);
        assert!(queue.push(data(1 << 20)));
    }

    #[test]
    fn what_found_no_room_is_told() {
        let queue = Queue::default();
        queue.lose_exchange();
        queue.lose_bytes(7, true);
        queue.lose_bytes(9, false);
        assert!(queue.push(data(1)));
        let batch = queue.take(Instant::now(), None, || 5);
        assert!(matches!(
            batch.records.last(),
            Some(Record { at_us: 5, what: What::Lost { exchanges: 1, bytes: 7 }, .. })
        ));
        assert_eq!(queue.lost_since_start(), Lost { exchanges: 1, bytes: 16 });
    }
}
