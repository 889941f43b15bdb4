//! How fast a snapshot leaves.
//!
//! Whoever receives it shares a machine or a line with somebody, often a disk with a voter. What comes evenly is hardly
//! noticed there; as much as goes at once would be waited for by everybody.

use std::time::{Duration, Instant};

/// So an empty node has a gibibyte in some seven seconds.
const BYTES_PER_S: u64 = 160 << 20;
/// What was missed while waiting for others is made up for, but for no more than this.
const BEHIND_MAX: Duration = Duration::from_millis(20);

/// When the next piece may leave.
#[derive(Debug)]
pub(super) struct Pace {
    next: Instant,
}

impl Pace {
    pub(super) fn begin(now: Instant) -> Self {
        Self { next: now }
    }

    /// Notes that so many bytes leave now; returns when others may follow.
    pub(super) fn leaves(&mut self, now: Instant, bytes: usize) -> Instant {
        let takes = Duration::from_nanos(bytes as u64 * 1_000_000_000 / BYTES_PER_S);
        let earliest = now.checked_sub(BEHIND_MAX).unwrap_or(now);
        self.next = self.next.max(earliest) + takes;
        self.next
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{BEHIND_MAX, BYTES_PER_S, Pace};

    const PIECE: usize = 256 << 10;

    /// Sends pieces for so long as `until`, each as soon as it may, and then `late` later.
    fn sent_within(until: Duration, late: Duration) -> u64 {
        let begun = Instant::now();
        let (mut pace, mut now, mut sent) = (Pace::begin(begun), begun, 0);
        while now < begun + until {
            now = pace.leaves(now, PIECE).max(now) + late;
            sent += PIECE as u64;
        }
        sent
    }

    #[test]
    fn pieces_leave_evenly() {
        let second = sent_within(Duration::from_secs(1), Duration::ZERO);
        let most = BYTES_PER_S + PIECE as u64;
        assert!((BYTES_PER_S..=most).contains(&second), "{second}");
    }

    #[test]
    fn waking_late_costs_nothing_while_it_is_made_up_for() {
        let second = sent_within(Duration::from_secs(1), Duration::from_micros(1_000));
        assert!(second >= BYTES_PER_S, "{second}");
    }

    #[test]
    fn a_long_wait_is_not_followed_by_a_burst() {
        let begun = Instant::now();
        let mut pace = Pace::begin(begun);
        let now = begun + Duration::from_secs(10);
        let mut at_once = 0;
        while pace.leaves(now, PIECE) <= now {
            at_once += PIECE as u64;
        }
        let most = BYTES_PER_S * BEHIND_MAX.as_millis() as u64 / 1_000;
        assert!(at_once <= most, "{at_once}");
    }
}
